#include "maps_view.h"

#include <string.h>

#include "../preload/core/text_column.h"
#include "listing_modules.h"

bool maps_view_writable_code(const struct listing_row *row)
{
	return (row->line.perms & (MAPS_WRITE | MAPS_EXEC)) == (MAPS_WRITE | MAPS_EXEC);
}

struct maps_totals maps_view_totals(const struct maps_view *view)
{
	struct maps_totals totals = {0};

	for (size_t i = 0; i < view->count; i++) {
		const struct listing_row *row = view->row[i];
		totals.size += row->line.end - row->line.start;
		totals.rss += row->smaps.rss;
		totals.pss += row->smaps.pss;
		totals.dirty += row->smaps.private_dirty + row->smaps.shared_dirty;
		totals.swap += row->smaps.swap;
		totals.live_blocks += row->live.blocks;
		totals.live_bytes += row->live.bytes;
		totals.writable_code += maps_view_writable_code(row);
	}
	return totals;
}

void maps_view_title(const struct maps_view *view)
{
	const struct listing *listing = view->listing;

	if (listing->pid) {
		text_dec(view->text, (uint64_t)listing->pid);
		text_str(view->text, ":   ");
	}
	if (listing->title)
		text_printable(view->text, listing->title, strlen(listing->title));
	text_char(view->text, '\n');
}

void maps_view_device(struct text *text, const struct maps_line *line)
{
	text_hex_wide(text, line->major, 2);
	text_char(text, ':');
	text_hex_wide(text, line->minor, 2);
}

void maps_view_mode(struct text *text, unsigned perms)
{
	char letters[5];

	maps_letters(perms, letters);
	letters[3] = perms & MAPS_SHARED ? 's' : '-';
	text_str(text, letters);
	text_char(text, '-');
}

/* -- Names ---------------------------------------------------------------------------------- */

/* "[anon:name]" without its brackets. */
static void put_marker(struct text *text, const struct maps_line *line)
{
	size_t length = line->path_length;
	bool closed = length > 1 && line->path[length - 1] == ']';

	text_printable(text, line->path + 1, length - 1 - closed);
}

/* "bss of main" and "thread 17 worker" say it all. */
static bool owner_suffices(const struct listing_row *row)
{
	return row->owner && (row->kind == KIND_BSS || row->kind == KIND_THREAD_STACK ||
				     row->kind == KIND_VMATLAS);
}

static void put_what(struct text *text, const struct listing_row *row)
{
	if (owner_suffices(row))
		return;
	if (row->line.path_length)
		put_marker(text, &row->line);
	else
		text_str(text, kind_name(row->kind));
}

/* The inode of System V shared memory is its id (ipc/shm.c). */
void maps_view_name(struct text *text, const struct listing_row *row)
{
	const struct maps_line *line = &row->line;
	size_t length;
	const char *base = listing_base(row, &length);

	if (row->kind == KIND_SYSV && line->inode) {
		text_str(text, "  [ shmid=");
		text_address(text, line->inode);
		text_str(text, " ]");
		return;
	}
	if (line->path_length && line->path[0] != '[') {
		text_printable(text, base, length);
		return;
	}
	text_str(text, "  [ ");
	put_what(text, row);
	if (row->owner && !owner_suffices(row))
		text_str(text, ": ");
	if (row->owner)
		text_printable(text, row->owner, strlen(row->owner));
	text_str(text, " ]");
}

void maps_view_guards(struct text *text, const struct listing_row *row)
{
	if (!row->guards)
		return;
	text_str(text, "  ");
	if (row->guard_bytes)
		text_put_column(text, row->guard_bytes, 0);
	else
		text_str(text, "with a");
	text_str(text, " guard");
}

void maps_view_more(const struct maps_view *view, const struct listing_row *row, size_t blanks)
{
	if (row->parts <= MAPS_VIEW_PARTS)
		return;
	text_repeat(view->text, ' ', blanks);
	text_str(view->text, "and ");
	text_dec(view->text, row->parts - MAPS_VIEW_PARTS);
	text_str(view->text, " more parts\n");
}

static void put_load(struct text *text, const struct listing_load *load)
{
	text_str(text, load->number < 10 ? " 0" : " ");
	text_dec(text, load->number);
	text_char(text, ' ');
	text_char(text, load->flags & 4 ? 'R' : ' ');
	text_char(text, load->flags & 2 ? 'W' : ' ');
	text_char(text, load->flags & 1 ? 'E' : ' ');
}

void maps_view_sections(struct text *text, const struct listing_row *row)
{
	const struct listing_load *load = listing_module_load(row);
	const struct listing_section *section;
	size_t at = 0;

	if (!load)
		return;
	put_load(text, load);
	text_char(text, ':');
	while ((section = listing_module_section(row, &at)) != NULL) {
		text_char(text, ' ');
		text_printable(text, section->name, strlen(section->name));
	}
}

/* -- Colours -------------------------------------------------------------------------------- */

/* Numbers of select graphic rendition (ECMA-48): code green, data blue, what malloc uses yellow,
 * stacks magenta, the kernel's cyan, what takes no memory dim. */
static const char *color_of(enum kind kind)
{
	static const char *const colors[KIND_COUNT] = {
		[KIND_TEXT] = "32",
		[KIND_RODATA] = "36",
		[KIND_RELRO] = "34",
		[KIND_DATA] = "34",
		[KIND_BSS] = "34",
		[KIND_PADDING] = "2",
		[KIND_HEAP] = "33",
		[KIND_ARENA] = "33",
		[KIND_MALLOC_MMAP] = "33",
		[KIND_MAIN_STACK] = "35",
		[KIND_THREAD_STACK] = "35",
		[KIND_GUARD] = "2",
		[KIND_VDSO] = "36",
		[KIND_VVAR] = "36",
		[KIND_VSYSCALL] = "36",
		[KIND_JIT] = "1;32",
		[KIND_RESERVE] = "2",
		[KIND_VMATLAS] = "2",
	};

	return colors[kind];
}

static void put_color(const struct maps_view *view, const char *color)
{
	if (!view->color || !color)
		return;
	text_str(view->text, "\033[");
	text_str(view->text, color);
	text_char(view->text, 'm');
}

void maps_view_color(const struct maps_view *view, const struct listing_row *row)
{
	put_color(view, maps_view_writable_code(row) ? "1;31" : color_of(row->kind));
}

void maps_view_color_kind(const struct maps_view *view, enum kind kind)
{
	put_color(view, color_of(kind));
}

void maps_view_plain(const struct maps_view *view)
{
	if (view->color)
		text_str(view->text, "\033[0m");
}
