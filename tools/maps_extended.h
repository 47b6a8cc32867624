/* maps_extended.h - rows as procps 4's pmap -X and -XX have them. */
#ifndef VMATLAS_MAPS_EXTENDED_H
#define VMATLAS_MAPS_EXTENDED_H

#include "maps_view.h"

/* The same columns, rows and totals, with every key that the kernel's smaps has (`all`: -XX), or
 * those that pmap holds to be important (-X). Errors are those of the view's text. */
void maps_extended(const struct maps_view *view, bool all);

#endif
