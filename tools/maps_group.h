/* maps_group.h - rows that belong together, as one row. */
#ifndef VMATLAS_MAPS_GROUP_H
#define VMATLAS_MAPS_GROUP_H

#include "maps_view.h"

enum maps_group_by { MAPS_GROUP_NONE, MAPS_GROUP_FILE, MAPS_GROUP_KIND };

/* Rows of one file, or of one kind. Bytes. */
struct maps_group {
	const char *name; /* the path, the marker, or the kind; not terminated */
	size_t length;
	size_t count;
	uint64_t size, rss, pss, dirty, swap, live_bytes;
	/* Of size: by the three letters r--, r-x, rw-, and all else; .bss is counted as rw-. */
	uint64_t constant, code, data, other;
	uint64_t bss; /* of data: in anonymous memory behind the file's */
};

/* Makes the groups of the rows shown, those with most bytes first. NULL if memory is out; to be
 * freed. A file's .bss is in the file's group. */
struct maps_group *maps_group_make(
	const struct maps_view *view, enum maps_group_by by, size_t *count);

#endif
