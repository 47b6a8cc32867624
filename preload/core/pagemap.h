/* pagemap.h - what /proc/PID/pagemap says of pages: its ioctl and its entries. */
#ifndef VMATLAS_PAGEMAP_H
#define VMATLAS_PAGEMAP_H

#include "view.h"

#include <sys/ioctl.h>

/* include/uapi/linux/fs.h of Linux 6.7; PAGEMAP_IS_GUARD of 6.15. */
struct pagemap_region {
	uint64_t start, end, categories;
};

struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pagemap_scan)

enum {
	PAGEMAP_IS_PRESENT = 1 << 3,
	PAGEMAP_IS_SWAPPED = 1 << 4,
	PAGEMAP_IS_PFNZERO = 1 << 5,
	PAGEMAP_IS_HUGE = 1 << 6,
	PAGEMAP_IS_GUARD = 1 << 8,
};

/* Bits of an entry: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_ENTRY_PRESENT (1ull << 63)
#define PAGEMAP_ENTRY_SWAPPED (1ull << 62)
#define PAGEMAP_ENTRY_GUARD (1ull << 58)

/* The enum view_page bits of what the scan found. Anywhere, as all here. */
static inline uint32_t pagemap_scan_state(uint64_t categories)
{
	uint32_t state = 0;

	if (categories & PAGEMAP_IS_PFNZERO)
		return VIEW_ZERO;
	if (categories & PAGEMAP_IS_PRESENT)
		state |= VIEW_PRESENT;
	if (categories & PAGEMAP_IS_SWAPPED)
		state |= VIEW_SWAPPED;
	if (categories & PAGEMAP_IS_HUGE)
		state |= VIEW_HUGE;
	return state;
}

/* The same of an entry, where the shared page of zeros cannot be told from others: it counts as
 * present. Huge pages cannot, either. */
static inline uint32_t pagemap_entry_state(uint64_t entry)
{
	if (entry & PAGEMAP_ENTRY_GUARD)
		return 0;
	return (entry & PAGEMAP_ENTRY_PRESENT ? VIEW_PRESENT : 0) |
	       (entry & PAGEMAP_ENTRY_SWAPPED ? VIEW_SWAPPED : 0);
}

#endif
