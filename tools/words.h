/* words.h - texts, each kept once and numbered from 1. */
#ifndef VMATLAS_WORDS_H
#define VMATLAS_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Zeros are an empty list. */
struct words {
	struct word {
		size_t at, length; /* in bytes */
	} * word;
	uint32_t count, room;
	uint32_t slots; /* as in a pool */
	uint32_t *slot;
	char *bytes;
	size_t used, size;
};

/* The number of the text; 0 when memory is out. Any bytes may be in it. */
uint32_t words_put(struct words *words, const char *bytes, size_t length);

/* The text of that number, with a NUL behind it. It moves when another is put. */
const char *words_at(const struct words *words, uint32_t number, size_t *length);

void words_free(struct words *words);

#endif
