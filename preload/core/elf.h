/* elf.h - the parts of an ELF file: what of it is loaded where, and where its tables lie.
 *
 * A file is read in small pieces through a callback and never mapped: a file that is cut short
 * under a mapping kills its reader with SIGBUS, a short read does not. Nothing that stands in a
 * file is believed: every offset is checked, every count has a cap. 32-bit and 64-bit files in
 * little-endian order (elf(5)); the machine that reads is little-endian too.
 *
 * All functions of this file may be called anywhere, signal handlers included, if the callback
 * may; none needs more than 512 bytes of stack. */

/* The system's <elf.h> shares our name, and `-Ipreload/core` puts ours before it: whoever wants
 * the system's (<link.h> does) must get it too, also when this file was read before. */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winclude-next-absolute-path"
#endif
#include_next <elf.h>
#ifdef __clang__
#pragma clang diagnostic pop
#endif

#ifndef VMATLAS_ELF_H
#define VMATLAS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Loadable segments kept of one file. Binaries on a Debian 12 system have 2 to 5; a kernel image
 * has 5, and a linker script that asks for more than a dozen is a curiosity. */
enum { ELF_LOADS_MAX = 32 };

/* The longest build-id kept, in bytes. Linkers write 8 (xxhash), 16 (md5, uuid) or 20 (sha1). */
enum { ELF_BUILD_ID_MAX = 64 };

/* Where the bytes of a file come from. The callback reads up to `size` bytes at `offset` like
 * pread(2), repeats what a signal interrupted, and returns how many it read (fewer only at the
 * end of the file) or a negative errno. */
struct elf_source {
	ssize_t (*read)(void *context, void *buffer, size_t size, uint64_t offset);
	void *context;
};

/* One PT_LOAD: `filesz` bytes at `offset` of the file, followed by zeros up to `memsz` bytes. */
struct elf_segment {
	uint64_t vaddr, memsz;
	uint64_t offset, filesz;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

/* What the headers say. About 1.4 KiB: too large for a handler's stack. Addresses are the file's
 * own ("vaddr"); the load bias of a process is added by whoever knows it. */
struct elf_image {
	bool is64;
	bool has_interp;  /* asks for a dynamic loader: a program, or a library that can be run */
	bool has_dynamic; /* without one, nothing can be preloaded into it */
	uint16_t type;    /* ET_EXEC or ET_DYN */
	uint16_t machine; /* EM_... */
	uint16_t load_count;
	uint16_t loads_lost;    /* damaged, or more than ELF_LOADS_MAX */
	uint16_t section_count; /* 0: no section headers, or more than the plain field can say */
	uint16_t build_id_length;
	uint64_t page_size;
	uint64_t base; /* lowest vaddr of any segment, rounded down to a page */
	uint64_t section_headers;
	uint64_t relro_start, relro_end; /* equal: the file has no PT_GNU_RELRO */
	struct elf_segment loads[ELF_LOADS_MAX];
	uint8_t build_id[ELF_BUILD_ID_MAX];
};

/* One section header. */
struct elf_section {
	uint64_t flags, vaddr, offset, size, entry_size;
	uint32_t name, type, link;
};

/* The first address of the page that holds vaddr. */
static inline uint64_t elf_page_down(const struct elf_image *image, uint64_t vaddr)
{
	return vaddr & ~(image->page_size - 1);
}

/* Reads exactly `size` bytes at `offset`. 0, ENOEXEC where the file ends before, or the errno of
 * the callback. The buffer may be partly written on error. */
int elf_fetch(const struct elf_source *source, void *buffer, size_t size, uint64_t offset);

/* Fills `image` from the headers. `page_size` is that of the process in question, in bytes, a
 * power of two. Returns 0; ENOEXEC for what is no little-endian ELF program or library, or is
 * damaged or cut short; or the errno of the callback. On error the image is all zeros (it is too
 * large to be prepared on a handler's stack and copied). */
int elf_read(const struct elf_source *source, uint64_t page_size, struct elf_image *image);

/* Reads section header number `index`. 0, ENOENT where there is none of that number, or as
 * elf_fetch; the section is untouched on error. */
int elf_section_read(const struct elf_source *source, const struct elf_image *image, uint32_t index,
	struct elf_section *section);

/* Finds the first section of `type` (SHT_...). At most 65,279 small reads. Same errors; a header
 * that cannot be read ends the search with its error. */
int elf_section_find(const struct elf_source *source, const struct elf_image *image, uint32_t type,
	struct elf_section *section);

#endif
