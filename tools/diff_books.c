#include "diff_books.h"

uint64_t diff_resident(const struct view *view, uint64_t start, uint64_t end)
{
	struct view_run run[16];
	uint64_t from = start, bytes = 0;
	size_t count;

	if (!view->runs || start >= end)
		return 0;
	do {
		count = view->runs(view->context, &from, end, run, sizeof(run) / sizeof(run[0]));
		for (size_t i = 0; i < count; i++)
			if (run[i].state & VIEW_PRESENT)
				bytes += run[i].end - run[i].start;
	} while (count && from < end);
	return bytes;
}
