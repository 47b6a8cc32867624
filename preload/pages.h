/* pages.h - which pages of this process are in memory. */
#ifndef VMATLAS_PAGES_H
#define VMATLAS_PAGES_H

#include "core/view.h"
#include "descriptor.h"

/* How the kernel is asked, the best first. Each that fails for good makes way for the next. */
enum pages_way {
	PAGES_SCAN,    /* ioctl(PAGEMAP_SCAN), Linux 6.7 */
	PAGES_ENTRIES, /* reading pagemap; the shared page of zeros passes for one that is present
			*/
	/* mincore(2), where pagemap cannot be read: the process is not dumpable, or has no /proc.
	 * Knows nothing of swap, huge pages and zeros, and of files says what is in the cache. */
	PAGES_MINCORE,
	PAGES_NONE,
};

/* What is kept between two calls. */
struct pages {
	int fd; /* /proc/thread-self/pagemap, or negative */
	struct descriptor_identity identity;
	enum pages_way way;
	bool no_guards; /* this kernel's scan does not know guard pages: Linux before 6.15 */
};

/* Opens; what cannot be opened answers "not known" to every question. Anywhere, as the others. */
void pages_open(struct pages *pages);
void pages_close(struct pages *pages);

/* See view_runs. */
size_t pages_runs(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity);

#endif
