#include "maps_csv.h"

#include <string.h>

void maps_csv_field(struct text *text, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	if (!memchr(bytes, '"', length) && !memchr(bytes, ',', length)) {
		text_printable(text, bytes, length);
		return;
	}
	text_char(text, '"');
	while (bytes < end) {
		const char *quote = memchr(bytes, '"', (size_t)(end - bytes));
		const char *part = quote ? quote : end;
		text_printable(text, bytes, (size_t)(part - bytes));
		if (quote)
			text_str(text, "\"\"");
		bytes = quote ? quote + 1 : end;
	}
	text_char(text, '"');
}

static void put_number(struct text *text, uint64_t value, bool known)
{
	text_char(text, ',');
	if (known)
		text_dec(text, value);
}

static void put_file(struct text *text, const struct listing_row *row, unsigned known)
{
	char perms[5];

	text_char(text, ',');
	if (known & LISTING_PERMS)
		text_str(text, maps_letters(row->line.perms, perms));
	put_number(text, row->line.offset, known & LISTING_OFFSET);
	text_char(text, ',');
	if (known & LISTING_FILE)
		maps_view_device(text, &row->line);
	put_number(text, row->line.inode, known & LISTING_FILE);
}

static void put_names(struct text *text, const struct listing_row *row)
{
	text_char(text, ',');
	maps_csv_field(text, row->line.path, row->line.path_length);
	text_char(text, ',');
	text_str(text, kind_name(row->kind));
	text_char(text, ',');
	if (row->owner)
		maps_csv_field(text, row->owner, strlen(row->owner));
}

static void put_figures(struct text *text, const struct listing_row *row, unsigned known)
{
	put_number(text, row->line.end - row->line.start, true);
	put_number(text, row->smaps.rss, known & LISTING_RSS);
	put_number(text, row->smaps.pss, known & LISTING_SMAPS);
	put_number(text, row->smaps.private_dirty, known & LISTING_SMAPS);
	put_number(text, row->smaps.swap, known & LISTING_SMAPS);
	put_number(text, row->live.blocks, known & LISTING_LIVE);
	put_number(text, row->live.bytes, known & LISTING_LIVE);
	put_number(text, row->live.resident, row->live.pages_known);
	put_number(text, row->live.retained, row->live.pages_known);
	put_number(text, row->live.trimmable, row->live.pages_known);
	put_number(text, row->live.pinned, row->live.pages_known);
}

void maps_csv(const struct maps_view *view)
{
	unsigned known = view->listing->known;
	struct text *text = view->text;

	text_str(text, "start,end,perms,offset,dev,inode,path,kind,owner,size,rss,pss,"
		       "private_dirty,swap,live_blocks,live_bytes,live_resident,retained,"
		       "trimmable,pinned\n");
	for (size_t i = 0; i < view->count; i++) {
		const struct listing_row *row = view->row[i];
		text_address(text, row->line.start);
		text_char(text, ',');
		text_address(text, row->line.end);
		put_file(text, row, known);
		put_names(text, row);
		put_figures(text, row, known);
		text_char(text, '\n');
	}
}
