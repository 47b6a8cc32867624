/* core_elf.h - what the ELF files that a core names say of mappings that it left out or blurs.
 *
 * The files as they are on this machine now: a core has no more of them than their names. */
#ifndef VMATLAS_CORE_ELF_H
#define VMATLAS_CORE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PF_R, PF_W and PF_X as enum maps_perm. */
unsigned core_elf_perms(uint32_t flags);

/* How the loader maps the file at this offset, enum maps_perm; 0 where the file does not tell. */
unsigned core_elf_mapped(const char *path, uint64_t offset);

/* Bytes of addresses from the file's first to the last one, zeroed variables included, in whole
 * pages; 0 where it does not tell. */
uint64_t core_elf_span(const char *path);

/* Which file that is, by stat(2). */
struct core_elf_file {
	unsigned major, minor;
	uint64_t inode;
};

/* False, and *found untouched, where it does not begin any more as it does in the core, or cannot
 * be read. The first page, which has the build-id, is in most cores: core(5), "coredump_filter",
 * bit 4.
 */
bool core_elf_identify(
	const char *path, const char *begin, size_t length, struct core_elf_file *found);

#endif
