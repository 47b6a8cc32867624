/* maps_table.h - rows for people: pmap's columns, and what each row is for. */
#ifndef VMATLAS_MAPS_TABLE_H
#define VMATLAS_MAPS_TABLE_H

#include "maps_view.h"

/* As `pmap` without options shows them, with the kind before the name; of a snapshot also resident
 * and live bytes. Ends with totals, and with what a reader should not have to count: rows that are
 * writable and executable, a heap that is not there. Errors are those of the view's text. */
void maps_table(const struct maps_view *view);

/* Its last two lines. */
void maps_table_totals(const struct maps_view *view);

#endif
