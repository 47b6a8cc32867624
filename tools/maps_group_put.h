/* maps_group_put.h - groups of rows, written. */
#ifndef VMATLAS_MAPS_GROUP_PUT_H
#define VMATLAS_MAPS_GROUP_PUT_H

#include "maps_group.h"

/* Each writes the groups to the view's text, whose errors are theirs: a table in KiB with the
 * totals below it, JSON and CSV in bytes. */
void maps_group_table(const struct maps_view *view, const struct maps_group *group, size_t count);
void maps_group_json(const struct maps_view *view, const struct maps_group *group, size_t count);
void maps_group_csv(const struct maps_view *view, const struct maps_group *group, size_t count);

#endif
