/* chunk.h - the chunks of a snapshot on their way out. */
#ifndef VMATLAS_CHUNK_H
#define VMATLAS_CHUNK_H

#include <stddef.h>

#include "text.h"
#include "vmatlas_snapshot.h"

/* All functions of this file may be called anywhere, signal handlers included, if the text's sink
 * may. Errors are kept by the text. */

/* Where chunks go. */
struct chunk_writer {
	struct text *text;
	uint64_t begun; /* what the text had accepted before the file began */
};

/* Bytes of the file so far. */
uint64_t chunk_offset(const struct chunk_writer *writer);

/* A chunk's head; then the caller writes count records to the text, and ends the chunk. */
void chunk_begin(
	struct chunk_writer *writer, enum vmatlas_tag tag, uint32_t record_size, uint64_t count);
void chunk_end(struct chunk_writer *writer);

/* A whole chunk; records may be NULL if there are none. */
void chunk_put(struct chunk_writer *writer, enum vmatlas_tag tag, uint32_t record_size,
	uint64_t count, const void *records);

/* A chunk that is a text, up to its NUL; NULL is an empty one. */
void chunk_put_text(struct chunk_writer *writer, enum vmatlas_tag tag, const char *string);

/* Records of one tag that wait until a chunk of them is worth it. */
struct chunk_batch {
	struct chunk_writer *writer;
	enum vmatlas_tag tag;
	uint32_t record_size;
	char *records;
	size_t capacity, count; /* in records */
};

/* The memory, for one record at least, stays the caller's. */
void chunk_batch_begin(struct chunk_batch *batch, struct chunk_writer *writer, enum vmatlas_tag tag,
	uint32_t record_size, void *memory, size_t size);
void chunk_batch_put(struct chunk_batch *batch, const void *record);

/* Writes what waits. */
void chunk_batch_end(struct chunk_batch *batch);

#endif
