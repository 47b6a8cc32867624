/* strings.h - texts that are kept for ever: paths of modules, names.
 *
 * A text lies in neighbouring records of one lane: four bytes of length, then its bytes, over as
 * many records as it takes. Its number is that of the first. */
#ifndef VMATLAS_STRINGS_H
#define VMATLAS_STRINGS_H

#include "core/lane.h"

enum { STRINGS_RECORD = 64, STRINGS_LONGEST = 4096 };

struct strings_text {
	uint32_t length;
	char bytes[];
};

/* Keeps a copy of the text, cut to STRINGS_LONGEST bytes, and returns its number; 0 when there is
 * no memory. Equal texts get different numbers. Under the guard; takes a lock. */
uint32_t strings_add(const char *text, size_t length);

/* The text with this number, no NUL behind it; NULL where there is none. Anywhere. */
const struct strings_text *strings_get(uint32_t number);

const struct lane *strings_lane(void);

#endif
