/* report_text_ledger.h - what RSS is made of, in the text report. */
#ifndef VMATLAS_REPORT_TEXT_LEDGER_H
#define VMATLAS_REPORT_TEXT_LEDGER_H

#include "atlas.h"
#include "text.h"

/* A line for each row that is not 0, most bytes first; `unexplained` and the sum always. */
void report_text_ledger(struct text *text, const struct atlas *atlas);

/* What a row is called for people: "live blocks". */
const char *report_text_row(enum atlas_row row);

#endif
