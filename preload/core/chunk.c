#include "chunk.h"

#include <string.h>

uint64_t chunk_offset(const struct chunk_writer *writer)
{
	return writer->text->written - writer->begun;
}

void chunk_begin(
	struct chunk_writer *writer, enum vmatlas_tag tag, uint32_t record_size, uint64_t count)
{
	struct vmatlas_chunk chunk = {tag, record_size, count};

	text_bytes(writer->text, (const char *)&chunk, sizeof(chunk));
}

void chunk_end(struct chunk_writer *writer)
{
	text_repeat(writer->text, '\0', -chunk_offset(writer) & 7);
}

void chunk_put(struct chunk_writer *writer, enum vmatlas_tag tag, uint32_t record_size,
	uint64_t count, const void *records)
{
	chunk_begin(writer, tag, record_size, count);
	text_bytes(writer->text, records, record_size * count);
	chunk_end(writer);
}

void chunk_put_text(struct chunk_writer *writer, enum vmatlas_tag tag, const char *string)
{
	chunk_put(writer, tag, 1, string ? strlen(string) : 0, string);
}

void chunk_batch_begin(struct chunk_batch *batch, struct chunk_writer *writer, enum vmatlas_tag tag,
	uint32_t record_size, void *memory, size_t size)
{
	*batch = (struct chunk_batch){writer, tag, record_size, memory, size / record_size, 0};
}

void chunk_batch_put(struct chunk_batch *batch, const void *record)
{
	if (batch->count == batch->capacity)
		chunk_batch_end(batch);
	memcpy(batch->records + batch->count++ * batch->record_size, record, batch->record_size);
}

void chunk_batch_end(struct chunk_batch *batch)
{
	if (batch->count)
		chunk_put(batch->writer, batch->tag, batch->record_size, batch->count,
			batch->records);
	batch->count = 0;
}
