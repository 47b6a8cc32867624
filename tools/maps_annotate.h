/* maps_annotate.h - the very text of maps, and one column more. */
#ifndef VMATLAS_MAPS_ANNOTATE_H
#define VMATLAS_MAPS_ANNOTATE_H

#include "maps_view.h"

/* Each line, a tab, the kind: what is before the tab is what the kernel wrote. Sources in other
 * forms are written as the kernel would. Errors are those of the view's text. */
void maps_annotate(const struct maps_view *view);

/* The line of one row, without kind and newline. */
void maps_annotate_line(const struct maps_view *view, const struct listing_row *row);

#endif
