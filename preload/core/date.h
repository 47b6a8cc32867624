/* date.h - a moment as people write it, without libc's time functions, which take locks. */
#ifndef VMATLAS_DATE_H
#define VMATLAS_DATE_H

#include "text.h"

#include <stdint.h>

/* UTC, by the Gregorian calendar. */
struct date {
	uint32_t year, month, day; /* month and day from 1 */
	uint32_t hour, minute, second;
};

/* The date of a time in nanoseconds since 1970; the rest of the second is cut off. Anywhere. */
struct date date_of(uint64_t realtime_ns);

/* Writes "2026-11-22 07:55:12 UTC". Anywhere. */
void date_write(struct text *text, uint64_t realtime_ns);

#endif
