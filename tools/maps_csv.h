/* maps_csv.h - rows for spreadsheets, as CSV. */
#ifndef VMATLAS_MAPS_CSV_H
#define VMATLAS_MAPS_CSV_H

#include "maps_view.h"

/* RFC 4180 but for its line ends: a line of names, then a line per row; what the source did not say
 * is empty. Errors are those of the view's text. */
void maps_csv(const struct maps_view *view);

/* A field that holds a string, with quotes where it needs them. */
void maps_csv_field(struct text *text, const char *bytes, size_t length);

#endif
