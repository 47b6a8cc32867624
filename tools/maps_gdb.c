#include "maps_gdb.h"

/* gdb 13's columns: addresses are wide where the program's are 64 bits. */
struct columns {
	const char *indent;
	size_t address, number;
	bool perms; /* gdb before 12 has none */
};

static void put_number(struct text *text, uint64_t value, size_t width)
{
	char out[32];
	struct text number;

	text_init(&number, out, sizeof(out) - 1, NULL, NULL);
	text_address(&number, value);
	out[number.used] = 0;
	text_right(text, out, width);
	text_char(text, ' ');
}

static void put_heading(const struct maps_view *view, const struct columns *columns)
{
	struct text *text = view->text;

	if (view->listing->pid) {
		text_str(text, "process ");
		text_dec(text, (uint64_t)view->listing->pid);
		text_char(text, '\n');
	}
	text_str(text, "Mapped address spaces:\n\n");
	text_str(text, columns->indent);
	text_right(text, "Start Addr", columns->address);
	text_char(text, ' ');
	text_right(text, "End Addr", columns->address);
	text_char(text, ' ');
	text_right(text, "Size", columns->number);
	text_char(text, ' ');
	text_right(text, "Offset", columns->number);
	text_str(text, columns->perms ? "  Perms  objfile\n" : " objfile\n");
}

static void put_row(
	const struct maps_view *view, const struct columns *columns, const struct listing_row *row)
{
	const struct maps_line *line = &row->line;
	struct text *text = view->text;
	char perms[5];

	text_str(text, columns->indent);
	put_number(text, line->start, columns->address);
	put_number(text, line->end, columns->address);
	put_number(text, line->end - line->start, columns->number);
	put_number(text, row->written_offset, columns->number);
	if (columns->perms) {
		text_char(text, ' ');
		text_left(text, maps_letters(line->perms, perms), 5);
		text_str(text, "  ");
	}
	maps_view_color(view, row);
	text_printable(text, line->path, line->path_length);
	maps_view_plain(view);
	text_char(text, '\n');
}

/* Every 64-bit program has its stack above 4 GiB, but for a listing that is only a part. */
static bool is_wide(const struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		if (listing->row[i].line.start > UINT32_MAX)
			return true;
	return false;
}

void maps_gdb(const struct maps_view *view)
{
	bool wide = is_wide(view->listing);
	const struct columns columns = {
		.indent = wide ? "  " : "\t",
		.address = wide ? 18 : 10,
		.number = 10,
		.perms = view->listing->known & LISTING_PERMS,
	};

	put_heading(view, &columns);
	for (size_t i = 0; i < view->count; i++)
		put_row(view, &columns, view->row[i]);
}
