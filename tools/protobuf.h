/* protobuf.h - writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding).
 *
 * profile.proto needs four kinds of fields. protobuf-c would bring a compiler into the build and
 * hold the whole profile in memory, as objects and then as bytes; this is shorter than its use. */
#ifndef VMATLAS_PROTOBUF_H
#define VMATLAS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is being written; zeros are an empty one. */
struct protobuf {
	char *bytes;
	size_t used, room;
	bool failed; /* memory was out; what is written is of no use */
};

/* A number that is 0 is left out, as proto3 does. */
void protobuf_number(struct protobuf *message, uint32_t field, uint64_t value);
void protobuf_bytes(struct protobuf *message, uint32_t field, const void *bytes, size_t length);
void protobuf_message(struct protobuf *message, uint32_t field, const struct protobuf *inner);
void protobuf_packed(
	struct protobuf *message, uint32_t field, const uint64_t *values, size_t count);

/* Empties it and keeps its memory; gives that back. */
void protobuf_clear(struct protobuf *message);
void protobuf_free(struct protobuf *message);

#endif
