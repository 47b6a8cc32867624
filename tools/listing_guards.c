#include "listing_guards.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../preload/core/pagemap.h"

enum { RUNS = 32 };

bool listing_guards_impossible(const char *release)
{
	unsigned major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor < 13));
}

/* Bytes of guards in [from, end) of a process's pagemap; false where the kernel does not know. */
static bool scan(int pagemap, uint64_t from, uint64_t end, uint64_t *bytes)
{
	struct pagemap_region run[RUNS];
	struct pagemap_scan scan = {
		.size = sizeof(scan),
		.end = end,
		.vec = (uintptr_t)run,
		.vec_len = RUNS,
		.category_mask = PAGEMAP_IS_GUARD,
		.return_mask = PAGEMAP_IS_GUARD,
	};

	*bytes = 0;
	while (from < end) {
		int count;
		scan.start = from;
		count = ioctl(pagemap, PAGEMAP_SCAN, &scan);
		if (count < 0)
			return false;
		for (int i = 0; i < count; i++)
			*bytes += run[i].end - run[i].start;
		if (scan.walk_end <= from)
			break;
		from = scan.walk_end;
	}
	return true;
}

static void scan_rows(struct listing *listing, int pagemap)
{
	uint64_t bytes;

	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		/* [vsyscall] lies where there are no tables of pages to be read. */
		if (row->line.start >> 63 || !scan(pagemap, row->line.start, row->line.end, &bytes))
			continue;
		row->guard_bytes = bytes;
		row->guards = bytes != 0;
	}
}

/* Sets errno to EINVAL where the kernel does not know of guards. */
static bool can_scan(int pagemap)
{
	uint64_t bytes;

	return scan(pagemap, 0, 4096, &bytes);
}

static void find_live(struct listing *listing)
{
	struct utsname kernel;
	char path[60];
	int pagemap;

	if (!uname(&kernel) && listing_guards_impossible(kernel.release)) {
		listing->known |= LISTING_GUARDS;
		return;
	}
	snprintf(path, sizeof(path), "/proc/%ld/pagemap", listing->pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return;
	if (can_scan(pagemap)) {
		listing->known |= LISTING_GUARDS;
		scan_rows(listing, pagemap);
	}
	close(pagemap);
}

void listing_guards_find(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		row->guards = smaps_flag(&row->smaps, "gu");
		if (row->guards)
			listing->known |= LISTING_GUARDS;
	}
	if (listing->alive)
		find_live(listing);
}
