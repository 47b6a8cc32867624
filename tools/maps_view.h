/* maps_view.h - the rows that `vmatlas maps` shows, and what its forms of output share. */
#ifndef VMATLAS_MAPS_VIEW_H
#define VMATLAS_MAPS_VIEW_H

#include "../preload/core/text.h"
#include "listing.h"

struct maps_view {
	const struct listing *listing;
	const struct listing_row **row; /* those that pass, in order */
	size_t count;
	struct text *text; /* where to write */
	uint64_t kinds;    /* asked for: bit for each enum kind; 0: any */
	bool filtered;     /* some rows may be missing */
	bool color;
	bool elf; /* segments and sections too */
};

/* Sums over the rows shown, in bytes. */
struct maps_totals {
	uint64_t size, rss, pss, dirty, swap, live_blocks, live_bytes;
	uint64_t writable_code; /* rows that may be written and executed */
};

struct maps_totals maps_view_totals(const struct maps_view *view);

/* "1234:   sleep 600", as pmap begins. */
void maps_view_title(const struct maps_view *view);

/* "fd:01", as maps has it. */
void maps_view_device(struct text *text, const struct maps_line *line);

/* "r-x--", as pmap has it. */
void maps_view_mode(struct text *text, unsigned perms);

/* As pmap's last column: the file's name, or "  [ anon ]" for memory without one, but with our
 * kind or owner for "anon". */
void maps_view_name(struct text *text, const struct listing_row *row);

/* "  4.0K guard" behind a name, where pages of the row are guards that maps does not show. */
void maps_view_guards(struct text *text, const struct listing_row *row);

/* A mapping can be a thousand things; forms for people show so many of them, and then
 * maps_view_more. */
enum { MAPS_VIEW_PARTS = 12 };

/* "and 988 more parts" and a newline, behind so many blanks; nothing where there are no more. */
void maps_view_more(const struct maps_view *view, const struct listing_row *row, size_t blanks);

/* " 02 R E: .init .text": the segment and the sections of the row, where they are known. */
void maps_view_sections(struct text *text, const struct listing_row *row);

/* Colours what follows, by the kind of a row, w+x before all; and back again. Nothing without
 * colour. */
void maps_view_color(const struct maps_view *view, const struct listing_row *row);
void maps_view_color_kind(const struct maps_view *view, enum kind kind);
void maps_view_plain(const struct maps_view *view);

bool maps_view_writable_code(const struct listing_row *row);

#endif
