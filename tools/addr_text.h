/* addr_text.h - the answer about one address, for people. */
#ifndef VMATLAS_ADDR_TEXT_H
#define VMATLAS_ADDR_TEXT_H

#include "addr_answer.h"

/* A line that says what it is, and below it a line for each thing that is known. */
void addr_text(const struct addr_source *source, const struct addr_answer *answer);

#endif
