/* addr_page.h - the state of the page that an address lies in. */
#ifndef VMATLAS_ADDR_PAGE_H
#define VMATLAS_ADDR_PAGE_H

#include "../preload/core/view.h"
#include "listing.h"

enum addr_dirty { ADDR_DIRTY_UNKNOWN, ADDR_CLEAN, ADDR_DIRTY };

struct addr_page {
	bool known;
	bool by_entry; /* huge pages and the page of zeros could not be told from others */
	uint64_t start, size;
	uint32_t state; /* enum view_page; 0: not in memory */
	enum addr_dirty dirty;
};

/* As a snapshot has it. */
struct addr_page addr_page_frozen(const struct view *view, uint64_t address);

/* As the kernel says now; `pagemap` is the process's, open, or negative: not known. */
struct addr_page addr_page_live(int pagemap, uint64_t address);

/* Whether it was written to, where smaps tells of all resident pages of its mapping the same: the
 * kernel says it of no single page. */
enum addr_dirty addr_page_dirty(const struct addr_page *page, const struct smaps *smaps);

#endif
