/* top_stack.h - one call stack of `vmatlas top`, with all that is known of it, as lines. */
#ifndef VMATLAS_TOP_STACK_H
#define VMATLAS_TOP_STACK_H

#include "top_moment.h"

/* Writes it to a text: what it holds, how that grew (`growth`, since), what its blocks are like and
 * where they lie, and its frames with their source lines. frame 0: blocks whose call stack is not
 * known. */
void top_stack_put(struct text *text, struct top_moment *moment, uint32_t frame, int64_t growth);

#endif
