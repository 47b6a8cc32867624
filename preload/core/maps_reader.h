/* maps_reader.h - lines of /proc/PID/maps from a stream that comes in any pieces. */
#ifndef VMATLAS_MAPS_READER_H
#define VMATLAS_MAPS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "maps.h"

/* Every function of this file may be called from where the read callback may be, signal handlers
 * included; each keeps under 300 bytes of stack. */

/* Gives up to size bytes: how many, 0 at the end, or a negative errno. */
typedef ssize_t maps_read(void *context, void *buffer, size_t size);

/* Lines out of a stream, whatever the pieces in which it comes. Counters may be read at any time.
 */
struct maps_reader {
	maps_read *read;
	void *context;
	char *buffer; /* the caller's */
	size_t capacity;
	size_t start, next, end; /* in buffer: the line given out, the one behind it, the end of
				    what was read */
	bool ended;              /* read has said 0 */
	bool skipping;           /* within a line that is too long */
	bool keep_long;          /* give out the beginning of a line that is too long; set after
				    maps_reader_init */
	bool cut;                /* the line given out last is such a beginning */
	int error;               /* a negative errno of read, kept for ever */
	uint64_t lines;          /* given out by maps_reader_next */
	uint64_t damaged;        /* refused by maps_parse in maps_reader_take */
	uint64_t too_long;       /* longer than the buffer */
	uint64_t disorder; /* taken although they begin before the end of the one before: the map
			      changed */
	uint64_t last_end; /* end of the mapping taken last */
};

/* Reads from callback into buffer, which stays the caller's and must outlive the reader. A line
 * with its newline must fit in it, and two must for maps_reader_peek; 16 KiB hold any the kernel
 * writes with names of up to PATH_MAX, 4 KiB nearly all. */
void maps_reader_init(
	struct maps_reader *reader, char *buffer, size_t capacity, maps_read *read, void *context);

/* The next line, without its newline (the last may lack one), in the reader's buffer until the next
 * call. Lines longer than the buffer are skipped, or cut with keep_long, and counted. EINTR is
 * retried. Returns 1 for a line, 0 at the end, or what read answered, a negative errno. */
int maps_reader_next(struct maps_reader *reader, const char **line, size_t *length);

/* The next line that maps_parse accepts; others are counted as damaged and skipped. Returns as
 * maps_reader_next does; out->path lives until the next call of it or of this. */
int maps_reader_take(struct maps_reader *reader, struct maps_line *out);

/* The mapping behind the one given out last, without moving on, its path in the reader's buffer as
 * well. Returns 1, or 0 if there is none, or if it is damaged or does not fit in the buffer beside
 * the present line. */
int maps_reader_peek(const struct maps_reader *reader, struct maps_line *out);

#endif
