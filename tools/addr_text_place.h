/* addr_text_place.h - what the kernel, the files and the calls know of an address, for people. */
#ifndef VMATLAS_ADDR_TEXT_PLACE_H
#define VMATLAS_ADDR_TEXT_PLACE_H

#include "addr_answer.h"

/* Region, symbol, page and mapping, or the mappings nearby; a line each. */
void addr_text_place(const struct addr_source *source, const struct addr_answer *answer);

#endif
