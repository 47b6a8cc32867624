/* maps_pmap.h - rows as procps 4's pmap -x has them. */
#ifndef VMATLAS_MAPS_PMAP_H
#define VMATLAS_MAPS_PMAP_H

#include "maps_view.h"

/* The same columns, rows and totals; but where pmap says [ anon ], what it is. Errors are those of
 * the view's text. */
void maps_pmap(const struct maps_view *view);

#endif
