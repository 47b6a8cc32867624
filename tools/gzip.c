#include "gzip.h"

#include <errno.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, WRITE_MOST = 1 << 30 };

/* zlib's word for what went wrong; it leaves errno where it comes from the system. */
static int errno_of(int code)
{
	if (code == Z_OK)
		return 0;
	if (code == Z_MEM_ERROR)
		return ENOMEM;
	return code == Z_ERRNO && errno ? errno : EIO;
}

int gzip_open(struct gzip *gzip, FILE *stream)
{
	int descriptor = fflush(stream) == 0 ? dup(fileno(stream)) : -1;

	if (descriptor < 0)
		return errno;
	gzip->file = gzdopen(descriptor, "wb");
	if (!gzip->file) {
		close(descriptor);
		return ENOMEM;
	}
	gzbuffer(gzip->file, BUFFER);
	return 0;
}

int gzip_write(struct gzip *gzip, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		unsigned part = length < WRITE_MOST ? (unsigned)length : WRITE_MOST;
		int code;

		errno = 0;
		if (gzwrite(gzip->file, at, part) != (int)part) {
			gzerror(gzip->file, &code);
			return errno_of(code);
		}
		at += part;
		length -= part;
	}
	return 0;
}

int gzip_close(struct gzip *gzip)
{
	errno = 0;
	return errno_of(gzclose(gzip->file));
}
