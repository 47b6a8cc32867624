/* top_page.h - what of a watched process is looked at, and what keys do to that.
 *
 * Knows nothing of terminals: keys come as characters or enum top_key, and what is to be drawn is
 * here for whoever draws. */
#ifndef VMATLAS_TOP_PAGE_H
#define VMATLAS_TOP_PAGE_H

#include "top_key.h"
#include "top_lines.h"
#include "top_watch.h"

enum top_mode { TOP_LIST, TOP_STACK, TOP_HELP };

enum { TOP_FILTER = 64 };

struct top_page {
	struct top_watch *watch;
	enum top_mode mode;
	enum top_view view;
	struct top_order order[TOP_VIEWS];
	char filter[TOP_FILTER];
	bool typing;        /* of the filter */
	const char *remark; /* on the last key; NULL for none */

	struct top_table table; /* of the newest picture; empty before the first */
	bool holds;             /* somebody has chosen a row; else it is the first */
	uint64_t chosen;        /* the key of the row that is */
	size_t at, first;       /* its place among those shown, and that of the first on screen */
	size_t room;            /* rows on screen, as the drawer found it, */
	uint16_t columns;       /* and columns, a bit for each; 0: not yet */

	uint32_t frame;         /* of TOP_STACK */
	struct top_lines lines; /* of TOP_STACK and TOP_HELP */
};

void top_page_begin(
	struct top_page *page, struct top_watch *watch, const struct top_options *options);
void top_page_end(struct top_page *page);

/* There is a new picture. */
void top_page_renew(struct top_page *page);

/* False when it is to end. */
bool top_page_press(struct top_page *page, int key);

/* There is so much room for rows: what is chosen comes into sight. */
void top_page_fit(struct top_page *page, size_t room);

#endif
