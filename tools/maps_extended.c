#include "maps_extended.h"

#include <stdlib.h>
#include <string.h>

/* Columns before the keys of smaps: pmap's headings, each right above its column. */
enum column { ADDRESS, PERM, OFFSET, DEVICE, INODE, COLUMNS };

static const char *const headings[COLUMNS] = {"Address", "Perm", "Offset", "Device", "Inode"};

enum { FIELD = 64 };

struct layout {
	const struct maps_view *view;
	bool all;
	size_t width[COLUMNS], key_width[LISTING_KEYS], flags_width;
	uint64_t total[LISTING_KEYS];
};

/* What -X leaves out: procps' own choice. */
static bool is_important(const struct listing_key *key)
{
	static const char *const others[] = {"AnonHugePages", "KernelPageSize", "MMUPageSize",
		"Shared_Dirty", "Private_Dirty", "Shared_Clean", "Private_Clean"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strlen(others[i]) == key->length && !memcmp(others[i], key->name, key->length))
			return false;
	return true;
}

static bool is_shown(const struct layout *layout, size_t key)
{
	return layout->all || is_important(&layout->view->listing->key[key]);
}

static bool shows_flags(const struct layout *layout)
{
	return layout->all && layout->flags_width;
}

/* -- Fields --------------------------------------------------------------------------------- */

static void put_field(struct text *text, const struct listing_row *row, enum column column)
{
	const struct maps_line *line = &row->line;
	char perms[5];

	switch (column) {
	case ADDRESS:
		text_hex_wide(text, line->start, 8);
		return;
	case PERM:
		text_str(text, maps_letters(line->perms, perms));
		return;
	case OFFSET:
		text_hex_wide(text, row->written_offset, 8);
		return;
	case DEVICE:
		maps_view_device(text, line);
		return;
	case INODE:
		text_dec(text, line->inode);
		return;
	case COLUMNS:
		return;
	}
}

static const char *field(const struct listing_row *row, enum column column, char out[FIELD])
{
	struct text text;

	text_init(&text, out, FIELD - 1, NULL, NULL);
	put_field(&text, row, column);
	out[text.used] = 0;
	return out;
}

static size_t digits(uint64_t value)
{
	size_t count = 1;

	for (; value > 9; value /= 10)
		count++;
	return count;
}

/* -- Widths --------------------------------------------------------------------------------- */

static void widen(size_t *width, size_t wanted)
{
	if (wanted > *width)
		*width = wanted;
}

static void measure_row(struct layout *layout, const struct listing_row *row)
{
	char out[FIELD];
	size_t flags = strlen(row->smaps.vm_flags);

	for (size_t i = 0; i < COLUMNS; i++)
		widen(&layout->width[i], strlen(field(row, (enum column)i, out)));
	for (size_t i = 0; i < layout->view->listing->keys; i++)
		layout->total[i] += row->value[i];
	if (flags)
		widen(&layout->flags_width, flags > 7 ? flags : 7);
}

static void measure(struct layout *layout)
{
	const struct listing *listing = layout->view->listing;

	for (size_t i = 0; i < COLUMNS; i++)
		layout->width[i] = strlen(headings[i]);
	for (size_t i = 0; i < layout->view->count; i++)
		measure_row(layout, layout->view->row[i]);
	for (size_t i = 0; i < listing->keys; i++) {
		widen(&layout->key_width[i], listing->key[i].length);
		widen(&layout->key_width[i], digits(layout->total[i]));
	}
}

/* -- Lines ---------------------------------------------------------------------------------- */

static void put_heading(const struct layout *layout)
{
	const struct listing *listing = layout->view->listing;
	struct text *text = layout->view->text;

	for (size_t i = 0; i < COLUMNS; i++) {
		text_right(text, headings[i], layout->width[i]);
		text_char(text, ' ');
	}
	for (size_t i = 0; i < listing->keys; i++) {
		const struct listing_key *key = &listing->key[i];
		if (!is_shown(layout, i))
			continue;
		text_repeat(text, ' ', layout->key_width[i] - key->length);
		text_bytes(text, key->name, key->length);
		text_char(text, ' ');
	}
	if (shows_flags(layout)) {
		text_right(text, "VmFlags", layout->flags_width);
		text_char(text, ' ');
	}
	text_str(text, "Mapping\n");
}

static void put_row(const struct layout *layout, const struct listing_row *row)
{
	struct text *text = layout->view->text;
	char out[FIELD];
	size_t length;

	for (size_t i = 0; i < COLUMNS; i++) {
		text_right(text, field(row, (enum column)i, out), layout->width[i]);
		text_char(text, ' ');
	}
	for (size_t i = 0; i < layout->view->listing->keys; i++)
		if (is_shown(layout, i)) {
			text_dec_right(text, row->value[i], layout->key_width[i]);
			text_char(text, ' ');
		}
	if (shows_flags(layout)) {
		text_right(text, row->smaps.vm_flags, layout->flags_width);
		text_char(text, ' ');
	}
	const char *name = listing_base(row, &length);
	maps_view_color(layout->view, row);
	text_printable(text, name, length);
	maps_view_plain(layout->view);
	text_char(text, '\n');
}

static void put_totals(const struct layout *layout)
{
	struct text *text = layout->view->text;
	size_t keys = layout->view->listing->keys, gap = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		gap += layout->width[i] + 1;
	text_repeat(text, ' ', gap);
	for (size_t i = 0; i < keys; i++)
		if (is_shown(layout, i)) {
			text_repeat(text, '=', layout->key_width[i]);
			text_char(text, ' ');
		}
	text_char(text, '\n');
	text_repeat(text, ' ', gap);
	for (size_t i = 0; i < keys; i++)
		if (is_shown(layout, i)) {
			text_dec_right(text, layout->total[i], layout->key_width[i]);
			text_char(text, ' ');
		}
	text_str(text, "KB \n");
}

void maps_extended(const struct maps_view *view, bool all)
{
	struct layout layout = {.view = view, .all = all};

	measure(&layout);
	maps_view_title(view);
	put_heading(&layout);
	for (size_t i = 0; i < view->count; i++)
		put_row(&layout, view->row[i]);
	put_totals(&layout);
}
