/* span.h - stretches of addresses, in order: what of one sort lies where. */
#ifndef VMATLAS_SPAN_H
#define VMATLAS_SPAN_H

#include <stdint.h>

struct span {
	uint64_t start, end;
	uint32_t id;   /* whose: what it counts is the list's owner's affair */
	uint32_t kind; /* enum kind, of what lies there */
};

struct spans {
	struct span *span;
	uint32_t count, room;
	uint32_t at; /* where a reader who walks up the addresses is; 0 to begin */
};

/* Appends one that is not empty; the list has to be put in order before it is read. False when
 * there is no room. Anywhere, as all here. */
static inline _Bool spans_add(struct spans *spans, struct span span)
{
	if (spans->count == spans->room)
		return 0;
	if (span.start < span.end)
		spans->span[spans->count++] = span;
	return 1;
}

/* Puts them in order and apart: where two overlap, the one that begins later begins where the other
 * ends, and is dropped when nothing is left of it. */
void spans_order(struct spans *spans);

/* The first that ends behind the address, NULL for none. Later calls must not ask for a lower one.
 */
const struct span *spans_past(struct spans *spans, uint64_t address);

/* The one that holds the address, in whatever order they are asked for; NULL for none. */
const struct span *spans_holding(const struct spans *spans, uint64_t address);

#endif
