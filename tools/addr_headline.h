/* addr_headline.h - what an address is, in one line. */
#ifndef VMATLAS_ADDR_HEADLINE_H
#define VMATLAS_ADDR_HEADLINE_H

#include "../preload/core/text.h"
#include "addr_answer.h"

/* "0x7f12...: 28 bytes into a live block of 100 bytes", and a newline. */
void addr_headline(struct text *text, const struct addr_answer *answer);

/* "on the stack of thread 1234 NAME, 200 bytes below its top". */
void addr_headline_stack(struct text *text, const struct addr_answer *answer);

/* "1 byte", "3,145,728 bytes". */
void addr_headline_bytes(struct text *text, uint64_t bytes);

#endif
