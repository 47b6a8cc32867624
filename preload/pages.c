#include "pages.h"
#include "sys.h"

#include <errno.h>
#include <sys/ioctl.h>

/* include/uapi/linux/fs.h of Linux 6.7; PAGE_IS_GUARD of 6.15. */
struct page_region {
	uint64_t start, end, categories;
};

struct pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)

enum {
	PAGE_IS_PRESENT = 1 << 3,
	PAGE_IS_SWAPPED = 1 << 4,
	PAGE_IS_PFNZERO = 1 << 5,
	PAGE_IS_HUGE = 1 << 6,
	PAGE_IS_GUARD = 1 << 8,
	PAGE_SHIFT = 12,
	SCAN_MOST = 64,
	ENTRIES_MOST = 128,
	MINCORE_MOST = 512,
};

/* Bits of a pagemap entry: Documentation/admin-guide/mm/pagemap.rst. */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_GUARD (1ull << 58)
/* Above this are no pages of the process, though maps may list [vsyscall] there. */
#define USER_END (1ull << 63)

void pages_open(struct pages *pages)
{
	*pages = (struct pages){.fd = sys_open("/proc/thread-self/pagemap", O_RDONLY)};
	if (pages->fd < 0)
		pages->way = PAGES_MINCORE;
}

void pages_close(struct pages *pages)
{
	if (pages->fd >= 0)
		sys_close(pages->fd);
}

static uint32_t state_of(uint64_t categories)
{
	uint32_t state = 0;

	if (categories & PAGE_IS_PFNZERO)
		return VIEW_ZERO;
	if (categories & PAGE_IS_PRESENT)
		state |= VIEW_PRESENT;
	if (categories & PAGE_IS_SWAPPED)
		state |= VIEW_SWAPPED;
	if (categories & PAGE_IS_HUGE)
		state |= VIEW_HUGE;
	return state;
}

static size_t scan(
	struct pages *pages, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	struct page_region regions[SCAN_MOST];
	struct pm_scan_arg argument = {
		.size = sizeof argument,
		.start = *from,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = capacity < SCAN_MOST ? capacity : SCAN_MOST,
		/* A guard page passes for swapped, and holds nothing. */
		.category_inverted = pages->no_guards ? 0 : PAGE_IS_GUARD,
		.category_mask = pages->no_guards ? 0 : PAGE_IS_GUARD,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | PAGE_IS_HUGE,
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
		runs[i] = (struct view_run){
			regions[i].start, regions[i].end, state_of(regions[i].categories)};
	*from = argument.walk_end;
	return (size_t)found;
}

static uint32_t state_of_entry(uint64_t entry)
{
	if (entry & ENTRY_GUARD)
		return 0;
	return (entry & ENTRY_PRESENT ? VIEW_PRESENT : 0) |
	       (entry & ENTRY_SWAPPED ? VIEW_SWAPPED : 0);
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

/* The shared page of zeros cannot be told from others here: it counts as present. */
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
			uint32_t state = state_of_entry(entries[i]);

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
