/* segment.h - which part of an ELF file a mapping is.
 *
 * Permissions are PF_R | PF_W | PF_X, offsets and sizes are in bytes. All functions may be called
 * anywhere, signal handlers included. */
#ifndef VMATLAS_SEGMENT_H
#define VMATLAS_SEGMENT_H

#include "elf.h"

/* What a range of a loaded file is for. */
enum part {
	PART_NONE, /* in no segment: the padding between two, or not of this file */
	PART_TEXT,
	PART_RODATA,
	PART_RELRO,
	PART_DATA,
	PART_BSS,
};

/* The segment that a file mapping belongs to, or NULL: `offset` is the mapping's offset in the
 * file, in bytes, and `perms` its permissions as PF_R | PF_W | PF_X. Segments may share a page of
 * the file (lld packs them so), which is then mapped twice with different permissions; those
 * decide. A mapping without permissions is padding and belongs to none. The mapping's own offset
 * must be given, not that of an address in it: the first page is where segments tell apart. One
 * case stays open: GNU ld lets rodata end and relro begin in the same page of the file, and two
 * mappings then show this offset and r--; the answer is rodata for both. */
const struct elf_segment *segment_find(
	const struct elf_image *image, uint64_t offset, uint32_t perms);

/* The vaddr that stands at `offset` of the file in the segment of segment_find. 0 or ENOENT. */
int segment_vaddr_of(
	const struct elf_image *image, uint64_t offset, uint32_t perms, uint64_t *vaddr);

/* The load bias, modulo 2^64, from one mapping of the file: address = vaddr + bias holds for the
 * whole module. `start` is the mapping's first address, the others as for segment_find: give the
 * module's executable mapping, or its lowest, which are never in doubt. 0, or ENOENT where the
 * mapping is of no segment. */
int segment_bias(const struct elf_image *image, uint64_t start, uint64_t offset, uint32_t perms,
	uint64_t *bias);

/* What the pages from vaddr `start` to `end` are for, by the segment that holds the first. They are
 * relro when they lie wholly in the pages that the loader write-protects after relocation, whether
 * or not that has happened; a last page of data that ends in zeros is data; bss is what has no
 * page in the file. */
enum part segment_part(const struct elf_image *image, uint64_t start, uint64_t end);

#endif
