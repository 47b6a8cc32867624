#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, DELIMITED = 2, VARINT_MOST = 10 };

static bool has_room(struct protobuf *message, size_t length)
{
	size_t room = message->room + message->room / 2 + length + 64;
	char *bytes;

	if (message->failed || message->room - message->used >= length)
		return !message->failed;
	bytes = realloc(message->bytes, room);
	message->failed = !bytes;
	if (!bytes)
		return false;
	message->bytes = bytes;
	message->room = room;
	return true;
}

static void put_varint(struct protobuf *message, uint64_t value)
{
	if (!has_room(message, VARINT_MOST))
		return;
	for (; value >= 0x80; value >>= 7)
		message->bytes[message->used++] = (char)(value | 0x80);
	message->bytes[message->used++] = (char)value;
}

static size_t varint_length(uint64_t value)
{
	size_t length = 1;

	while (value >>= 7)
		length++;
	return length;
}

void protobuf_number(struct protobuf *message, uint32_t field, uint64_t value)
{
	if (!value)
		return;
	put_varint(message, (uint64_t)field << 3 | VARINT);
	put_varint(message, value);
}

void protobuf_bytes(struct protobuf *message, uint32_t field, const void *bytes, size_t length)
{
	put_varint(message, (uint64_t)field << 3 | DELIMITED);
	put_varint(message, length);
	if (!length || !has_room(message, length))
		return;
	memcpy(message->bytes + message->used, bytes, length);
	message->used += length;
}

void protobuf_message(struct protobuf *message, uint32_t field, const struct protobuf *inner)
{
	message->failed = message->failed || inner->failed;
	protobuf_bytes(message, field, inner->bytes, inner->used);
}

void protobuf_packed(struct protobuf *message, uint32_t field, const uint64_t *values, size_t count)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		length += varint_length(values[i]);
	put_varint(message, (uint64_t)field << 3 | DELIMITED);
	put_varint(message, length);
	for (size_t i = 0; i < count; i++)
		put_varint(message, values[i]);
}

void protobuf_clear(struct protobuf *message)
{
	message->used = 0;
	message->failed = false;
}

void protobuf_free(struct protobuf *message)
{
	free(message->bytes);
	*message = (struct protobuf){.bytes = NULL};
}
