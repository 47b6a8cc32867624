/* image.h - what kind of program an ELF file is, as far as the loader cares. */
#ifndef VMATLAS_IMAGE_H
#define VMATLAS_IMAGE_H

#include <limits.h>
#include <stdbool.h>

struct image {
	int machine;  /* EM_X86_64, see elf(5) */
	int width;    /* 32 or 64; an x32 program is EM_X86_64 with 32 */
	int data;     /* ELFDATA2LSB or ELFDATA2MSB */
	int type;     /* ET_EXEC, ET_DYN, ... */
	bool dynamic; /* has a dynamic section; a static-pie has one too, without an interpreter */
	bool library; /* has a DT_SONAME: the loader itself, started as a program, is one */
	char interpreter[PATH_MAX]; /* the loader that the kernel starts; "" for none */
};

/* Reads the headers of the file at path. Returns 0, or
 *	ENOEXEC  not an ELF file
 *	EBADMSG  damaged: its headers point nowhere, or contradict each other
 *	or what open(2) said. The image is untouched then. */
int image_read(const char *path, struct image *image);

/* The processor and word size, as people write them: "x86-64", "32-bit x86", "AArch64". The text is
 * constant, but for a processor that has no name here it lies in a buffer that the next call
 * reuses. */
const char *image_machine_name(const struct image *image);

/* Whether both can live in one process. */
bool image_same_machine(const struct image *one, const struct image *other);

#endif
