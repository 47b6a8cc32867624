/* packed.h - bytes, compressed by gzip and written in base64 (RFC 4648), so that they may stand in
 * a text: nothing that they say can end it. */
#ifndef VMATLAS_PACKED_H
#define VMATLAS_PACKED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

/* Of each three bytes come four characters; so only the last part is padded. */
enum { PACKED_ROOM = 3 * 16384 };

struct packed {
	FILE *stream;
	z_stream zlib;
	uint8_t out[PACKED_ROOM]; /* compressed, and not written yet */
};

/* Each returns 0 or an errno. One that was opened must be closed, whatever went wrong between. */
int packed_open(struct packed *packed, FILE *stream);
int packed_write(struct packed *packed, const void *bytes, size_t length);
int packed_close(struct packed *packed);

/* A text_sink that writes to a struct packed. */
int packed_sink(void *packed, const char *bytes, size_t length);

#endif
