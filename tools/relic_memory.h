/* relic_memory.h - the memory of a process that is no more, as far as a file has it. */
#ifndef VMATLAS_RELIC_MEMORY_H
#define VMATLAS_RELIC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot.h"
#include "vmatlas_storefile.h"

struct relic_piece {
	uint64_t address, size;
	uint64_t offset; /* in the file */
	char *bytes;     /* NULL: not read yet */
	bool absent;     /* it cannot be read */
};

struct relic_memory {
	FILE *file;         /* the caller's */
	uint64_t file_size; /* bytes */
	struct vmatlas_storefile head;
	struct relic_piece *piece; /* by address, once all are known */
	size_t pieces;
	uint64_t size;    /* bytes of all pieces: no more than the file has */
	uint64_t missing; /* bytes of memory that the file had no room for */
	struct snapshot_fault *fault;
};

/* Reads the head and all pieces. Nothing in the file is believed: a piece lies in the file, and no
 * two overlap. Memory and time follow what the file has, holes not counted. 0, ENOMEM, EILSEQ and
 * the fault, or the errno of reading; to be freed in any case. */
int relic_memory_read(struct relic_memory *memory, FILE *file, struct snapshot_fault *fault);
void relic_memory_free(struct relic_memory *memory);

/* For who knows the pieces by himself, and has made room for them: one more, behind all others, to
 * be read when it is asked for. */
struct relic_piece *relic_memory_add(
	struct relic_memory *memory, uint64_t address, uint64_t size, uint64_t offset);

/* Whether the head is one that this vmatlas reads: 0, or EILSEQ and the fault. */
int relic_memory_check(const struct relic_memory *memory);

/* The `size` bytes that lay at the address, aligned to 8, or NULL where they are not all there. */
const void *relic_memory_at(const struct relic_memory *memory, uint64_t address, uint64_t size);

/* The bytes of the file from `offset` on, from malloc, or NULL. */
char *relic_memory_bytes(const struct relic_memory *memory, uint64_t offset, uint64_t length);

/* Says in the fault what is wrong there; returns EILSEQ. */
int relic_memory_fault(const struct relic_memory *memory, uint64_t offset, const char *reason);

#endif
