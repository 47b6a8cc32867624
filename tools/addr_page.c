#include "addr_page.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "../preload/core/pagemap.h"

/* No page of a process lies above; maps may list [vsyscall] there. */
#define USER_END (1ull << 63)

struct addr_page addr_page_frozen(const struct view *view, uint64_t address)
{
	uint64_t start = address & ~((uint64_t)view->page_size - 1), from = start;
	struct addr_page page = {.start = start, .size = view->page_size};
	struct view_run run;

	if (!view->runs || address >= USER_END)
		return page;
	if (view->runs(view->context, &from, start + page.size, &run, 1))
		page.state = run.state;
	page.known = from != UINT64_MAX;
	return page;
}

/* Linux 6.7. A guard page passes for swapped where guards are not known to the scan (before 6.15),
 * as there are none then. False where the kernel has no such scan. */
static bool scan(int pagemap, struct addr_page *page)
{
	const uint64_t any = PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED;
	struct pagemap_region region = {0};
	struct pagemap_scan argument = {
		.size = sizeof(argument),
		.start = page->start,
		.end = page->start + page->size,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_inverted = PAGEMAP_IS_GUARD,
		.category_mask = PAGEMAP_IS_GUARD,
		.category_anyof_mask = any,
		.return_mask = any | PAGEMAP_IS_PFNZERO | PAGEMAP_IS_HUGE,
	};
	int found = ioctl(pagemap, PAGEMAP_SCAN, &argument);

	if (found < 0) {
		argument.category_inverted = argument.category_mask = 0;
		found = ioctl(pagemap, PAGEMAP_SCAN, &argument);
	}
	if (found > 0)
		page->state = pagemap_scan_state(region.categories);
	return found >= 0;
}

static bool read_entry(int pagemap, struct addr_page *page)
{
	off_t at = (off_t)(page->start / page->size * sizeof(uint64_t));
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry), at) != sizeof(entry))
		return false;
	page->state = pagemap_entry_state(entry);
	page->by_entry = true;
	return true;
}

struct addr_page addr_page_live(int pagemap, uint64_t address)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);
	struct addr_page page = {.start = address & ~(size - 1), .size = size};

	if (pagemap >= 0 && address < USER_END)
		page.known = scan(pagemap, &page) || read_entry(pagemap, &page);
	return page;
}

enum addr_dirty addr_page_dirty(const struct addr_page *page, const struct smaps *smaps)
{
	uint64_t dirty = smaps->private_dirty + smaps->shared_dirty;

	if (!page->known || !(page->state & VIEW_PRESENT) || !smaps->rss)
		return ADDR_DIRTY_UNKNOWN;
	if (!dirty)
		return ADDR_CLEAN;
	return dirty == smaps->rss ? ADDR_DIRTY : ADDR_DIRTY_UNKNOWN;
}
