/* core_file.h - a core file, as the kernel and gdb write it: segments of memory, and notes.
 *
 * core(5), elf(5); the notes are those of Linux's fs/binfmt_elf.c. */
#ifndef VMATLAS_CORE_FILE_H
#define VMATLAS_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot.h"

struct core_segment {
	uint64_t start, end;
	uint64_t offset, held; /* where in the core its first `held` bytes are; the rest is not */
	unsigned perms;        /* enum maps_perm, but for MAPS_SHARED, which no core tells */
	const char *path;      /* of the file that was mapped, or NULL */
	uint64_t path_offset;  /* where in that file it begins */
	unsigned path_number;  /* from 1; the same for neighbours with the same path */
};

struct core_file {
	struct core_segment *segment; /* by start, and none touching another's addresses */
	size_t segments;
	uint32_t pid;
	int signal;                   /* that it stopped at; 0: none, or not known */
	char name[17], arguments[81]; /* as ps shows them; the latter are cut */
	/* Addresses in what they tell of, or 0: the main stack, the vdso, the program. */
	uint64_t stack, vdso, entry;
	uint64_t size; /* of the file */
	bool named;    /* the note of files was read */
	char *notes;   /* paths lie in it */
	size_t notes_length;
};

/* Whether a file that begins so is a core. 18 bytes tell. */
bool core_file_begins(const char *bytes, size_t length);

/* Reads all but the segments' bytes. Nothing in it is believed: what segments hold lies in the
 * file, and is no more than that has. Returns as snapshot_read does; to be freed in any case. */
int core_file_read(struct core_file *core, FILE *file, struct snapshot_fault *fault);
void core_file_free(struct core_file *core);

/* Puts the segments in order; then, the number of the first that begins at `start` or behind. */
void core_file_sort(struct core_file *core);
size_t core_file_from(const struct core_file *core, uint64_t start);

/* The segment that holds the address, or NULL. */
const struct core_segment *core_file_find(const struct core_file *core, uint64_t address);

#endif
