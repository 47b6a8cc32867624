/* top_mark.h - the moment since which growth is told. */
#ifndef VMATLAS_TOP_MARK_H
#define VMATLAS_TOP_MARK_H

#include "top_table.h"

struct top_marked {
	uint64_t key, value;
};

struct top_mark {
	uint64_t time_ns; /* since 1970 */
	uint64_t rss, live_bytes;
	struct {
		struct top_marked *entry; /* by key */
		size_t count;
		uint64_t total;
	} view[TOP_VIEWS];
};

/* Notes what each row of each view measures now. 0, or ENOMEM and the mark stays. To be given to
 * top_mark_free; zeros are a mark, too. */
int top_mark_set(struct top_mark *mark, struct top_moment *moment);
void top_mark_free(struct top_mark *mark);

/* Fills in how the table's rows grew since. What was not there then grew from 0; what is not known
 * did not grow. */
void top_mark_compare(const struct top_mark *mark, enum top_view view, struct top_table *table);

/* How one thing of a view grew that measures `now`. */
int64_t top_mark_growth(
	const struct top_mark *mark, enum top_view view, uint64_t key, uint64_t now);

#endif
