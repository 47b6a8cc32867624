#include "packed.h"

#include <errno.h>

#include "outfile.h"

/* Of zlib: 32 KiB of window, and a head and tail as gzip(1) has them. */
enum { WINDOW_GZIP = 15 + 16, LEVEL = 6, MEMORY = 8, WRITE_MOST = 1 << 30 };

int packed_open(struct packed *packed, FILE *stream)
{
	*packed = (struct packed){.stream = stream};
	packed->zlib.next_out = packed->out;
	packed->zlib.avail_out = PACKED_ROOM;
	return deflateInit2(&packed->zlib, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY,
		       Z_DEFAULT_STRATEGY) == Z_OK
		       ? 0
		       : ENOMEM;
}

static void put_three(char *to, const uint8_t *from, size_t count)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)from[0] << 16;

	bits |= count > 1 ? (uint32_t)from[1] << 8 : 0;
	bits |= count > 2 ? from[2] : 0;
	to[0] = digits[bits >> 18];
	to[1] = digits[bits >> 12 & 63];
	to[2] = count > 1 ? digits[bits >> 6 & 63] : '=';
	to[3] = count > 2 ? digits[bits & 63] : '=';
}

/* Writes what is in `out`, and empties it. */
static int spill(struct packed *packed)
{
	char text[4 * (PACKED_ROOM / 3)];
	size_t count = PACKED_ROOM - packed->zlib.avail_out, used = 0;

	for (size_t i = 0; i < count; i += 3, used += 4)
		put_three(text + used, packed->out + i, count - i);
	packed->zlib.next_out = packed->out;
	packed->zlib.avail_out = PACKED_ROOM;
	return outfile_sink(packed->stream, text, used);
}

/* Until all that was given is compressed; with Z_FINISH, until all is written. */
static int press(struct packed *packed, int flush)
{
	int code, error = 0;

	do {
		code = deflate(&packed->zlib, flush);
		if (code == Z_STREAM_ERROR)
			return EIO;
		if (!packed->zlib.avail_out || code == Z_STREAM_END)
			error = spill(packed);
	} while (!error && (packed->zlib.avail_in || (flush && code != Z_STREAM_END)));
	return error;
}

int packed_write(struct packed *packed, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	int error = 0;

	while (length && !error) {
		unsigned part = length < WRITE_MOST ? (unsigned)length : WRITE_MOST;

		packed->zlib.next_in = (uint8_t *)(uintptr_t)at;
		packed->zlib.avail_in = part;
		error = press(packed, Z_NO_FLUSH);
		at += part;
		length -= part;
	}
	return error;
}

int packed_close(struct packed *packed)
{
	int error = press(packed, Z_FINISH);

	deflateEnd(&packed->zlib);
	return error;
}

int packed_sink(void *packed, const char *bytes, size_t length)
{
	return packed_write(packed, bytes, length);
}
