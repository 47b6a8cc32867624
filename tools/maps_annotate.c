#include "maps_annotate.h"

#include <inttypes.h>
#include <stdio.h>

/* The kernel pads to 25 + 6 * sizeof(void *) - 1 columns before a path (fs/proc/task_mmu.c). */
enum { PATH_COLUMN = 73 };

static void make_line(const struct maps_view *view, const struct listing_row *row)
{
	const struct maps_line *line = &row->line;
	char fixed[120], perms[5];
	int width = snprintf(fixed, sizeof(fixed),
		"%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 " ", line->start,
		line->end, maps_letters(line->perms, perms), line->offset, line->major, line->minor,
		line->inode);

	text_bytes(view->text, fixed, (size_t)width);
	if (!line->path_length)
		return;
	if (width < PATH_COLUMN)
		text_repeat(view->text, ' ', (size_t)(PATH_COLUMN - width));
	text_printable(view->text, line->path, line->path_length);
}

void maps_annotate_line(const struct maps_view *view, const struct listing_row *row)
{
	if (row->text)
		text_printable(view->text, row->text, row->text_length);
	else
		make_line(view, row);
}

void maps_annotate(const struct maps_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct listing_row *row = view->row[i];
		maps_annotate_line(view, row);
		text_char(view->text, '\t');
		maps_view_color(view, row);
		text_str(view->text, kind_name(row->kind));
		maps_view_plain(view);
		text_char(view->text, '\n');
	}
}
