/* pages.h - which pages of this process are in memory. */
#ifndef VMATLAS_PAGES_H
#define VMATLAS_PAGES_H

#include "core/view.h"

/* Answers kept between two calls, and by which way they come. */
struct pages {
	int fd;         /* /proc/thread-self/pagemap, or negative */
	bool by_text;   /* no PAGEMAP_SCAN here */
	bool no_guards; /* this kernel's scan does not know guard pages: Linux before 6.15 */
	bool failed;
};

/* Opens; what cannot be opened answers "not known" to every question. Anywhere, as the others. */
void pages_open(struct pages *pages);
void pages_close(struct pages *pages);

/* See view_runs. By ioctl(PAGEMAP_SCAN) (Linux 6.7), else by reading pagemap. */
size_t pages_runs(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity);

#endif
