#include "pages.h"
#include "sys.h"

#include "core/pagemap.h"

#include <errno.h>

enum {
	PAGE_SHIFT = 12,
	SCAN_MOST = 64,
	ENTRIES_MOST = 128,
	MINCORE_MOST = 512,
};

/* Above this are no pages of the process, though maps may list [vsyscall] there. */
#define USER_END (1ull << 63)

void pages_open(struct pages *pages)
{
	*pages = (struct pages){.fd = descriptor_open("/proc/thread-self/pagemap", O_RDONLY)};
	pages->identity = descriptor_identify(pages->fd);
	if (pages->fd < 0)
		pages->way = PAGES_MINCORE;
}

void pages_close(struct pages *pages)
{
	descriptor_close(pages->fd, &pages->identity);
}

static size_t scan(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	struct pagemap_region regions[SCAN_MOST];
	struct pagemap_scan argument = {
		.size = sizeof argument,
		.start = *from,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = capacity < SCAN_MOST ? capacity : SCAN_MOST,
		/* A guard page passes for swapped, and holds nothing. */
		.category_inverted = pages->no_guards ? 0 : PAGEMAP_IS_GUARD,
		.category_mask = pages->no_guards ? 0 : PAGEMAP_IS_GUARD,
		.category_anyof_mask = PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED,
		.return_mask = PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED | PAGEMAP_IS_PFNZERO |
			       PAGEMAP_IS_HUGE,
	};
	int found = sys_ioctl(pages->fd, PAGEMAP_SCAN, &argument);

	if (found == -EINVAL && !pages->no_guards) {
		pages->no_guards = true;
		return scan(pages, from, end, runs, capacity);
	}
	if (found < 0) {
		pages->way = PAGES_ENTRIES;
		return 0;
	}
	for (int i = 0; i < found; i++)
		runs[i] = (struct view_run){regions[i].start, regions[i].end,
			pagemap_scan_state(regions[i].categories)};
	*from = argument.walk_end;
	return (size_t)found;
}

/* Adds one page to the runs; false when they are full. */
static bool extend(
	struct view_run *runs, size_t *count, size_t capacity, uint64_t page, uint32_t state)
{
	struct view_run *last = *count ? &runs[*count - 1] : NULL;

	if (last && last->end == page << PAGE_SHIFT && last->state == state) {
		last->end += 1u << PAGE_SHIFT;
		return true;
	}
	if (*count == capacity)
		return false;
	runs[(*count)++] = (struct view_run){page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT, state};
	return true;
}

static size_t read_entries(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	uint64_t entries[ENTRIES_MOST], page = *from >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
	size_t count = 0;

	while (page < last) {
		uint64_t most = last - page < ENTRIES_MOST ? last - page : ENTRIES_MOST;
		ssize_t bytes = sys_pread(pages->fd, entries, most * 8, page * 8);

		if (bytes < 8) {
			pages->way = PAGES_MINCORE;
			return 0;
		}
		for (ssize_t i = 0; i < bytes / 8; i++, page++) {
			uint32_t state = pagemap_entry_state(entries[i]);

			if (state && !extend(runs, &count, capacity, page, state)) {
				*from = page << PAGE_SHIFT;
				return count;
			}
		}
	}
	*from = end;
	return count;
}

/* What was unmapped meanwhile has no pages. */
static size_t ask_mincore(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	uint8_t present[MINCORE_MOST];
	uint64_t page = *from >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
	size_t count = 0;

	while (page < last) {
		uint64_t most = last - page < MINCORE_MOST ? last - page : MINCORE_MOST;
		long error = sys_call(SYS_mincore, (long)(page << PAGE_SHIFT),
			(long)(most << PAGE_SHIFT), (long)present, 0, 0, 0);

		if (error && error != -ENOMEM) {
			pages->way = PAGES_NONE;
			return 0;
		}
		for (uint64_t i = 0; i < most; i++, page++) {
			if (!error && present[i] & 1 &&
				!extend(runs, &count, capacity, page, VIEW_PRESENT)) {
				*from = page << PAGE_SHIFT;
				return count;
			}
		}
	}
	*from = end;
	return count;
}

size_t pages_runs(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	size_t count = 0;

	if (*from >= USER_END) {
		*from = end;
		return 0;
	}
	if (pages->way == PAGES_SCAN)
		count = scan(pages, from, end, runs, capacity);
	if (pages->way == PAGES_ENTRIES)
		count = read_entries(pages, from, end, runs, capacity);
	if (pages->way == PAGES_MINCORE)
		count = ask_mincore(pages, from, end, runs, capacity);
	if (pages->way == PAGES_NONE)
		*from = UINT64_MAX;
	return count;
}
