#include "command.h"
#include "complain.h"
#include "listing.h"
#include "maps_annotate.h"
#include "maps_csv.h"
#include "maps_explain.h"
#include "maps_extended.h"
#include "maps_gdb.h"
#include "maps_group_put.h"
#include "maps_json.h"
#include "maps_options.h"
#include "maps_picture.h"
#include "maps_pmap.h"
#include "maps_table.h"
#include "outfile.h"
#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>

/* -- What it needs -------------------------------------------------------------------------- */

static unsigned needs_of(const struct maps_options *options)
{
	static const unsigned needs[] = {
		[MAPS_PMAP] = LISTING_RSS,
		[MAPS_EXTENDED] = LISTING_SMAPS,
		[MAPS_EXTENDED_ALL] = LISTING_SMAPS,
		[MAPS_GDB] = LISTING_OFFSET,
		[MAPS_ANNOTATE] = LISTING_FILE,
		[MAPS_CSV] = 0,
	};
	unsigned perms = options->filter.perms_mask ? LISTING_PERMS : 0;

	return needs[options->form] | maps_order_needs(&options->order) | perms;
}

/* smaps costs ten times what maps costs: only for who wants its figures. */
static bool wants_smaps(const struct maps_options *options)
{
	return (needs_of(options) & (LISTING_RSS | LISTING_SMAPS)) || options->group ||
	       options->form == MAPS_JSON || options->form == MAPS_CSV ||
	       options->form == MAPS_PICTURE;
}

/* These forms say where there are guards that maps does not show. */
static bool wants_guards(const struct maps_options *options)
{
	return !options->group &&
	       (options->form == MAPS_TABLE || options->form == MAPS_EXPLAIN ||
		       options->form == MAPS_PICTURE || options->form == MAPS_JSON);
}

static int check_listing(const struct maps_options *options, const struct listing *listing)
{
	unsigned missing = needs_of(options) & ~listing->known;

	if (!missing)
		return 0;
	return complain_cannot(options->target, "it does not say %s",
		missing & LISTING_PERMS    ? "which permissions mappings have"
		: missing & LISTING_OFFSET ? "which offset mappings have"
		: missing & LISTING_FILE   ? "which device and inode mappings have"
		: missing & LISTING_RSS    ? "what is resident: that is in smaps"
		: missing & LISTING_SMAPS  ? "what smaps says"
					   : "what is live: that is in snapshots");
}

/* -- Showing -------------------------------------------------------------------------------- */

static void select_rows(const struct maps_options *options, struct maps_view *view)
{
	const struct listing *listing = view->listing;

	for (size_t i = 0; i < listing->count; i++)
		if (maps_filter_passes(&options->filter, &listing->row[i]))
			view->row[view->count++] = &listing->row[i];
	maps_order_sort(&options->order, view->row, view->count);
}

static void show_groups(const struct maps_options *options, const struct maps_view *view)
{
	size_t count;
	struct maps_group *group = maps_group_make(view, options->group, &count);

	if (!group)
		view->text->error = ENOMEM;
	else if (options->form == MAPS_JSON)
		maps_group_json(view, group, count);
	else if (options->form == MAPS_CSV)
		maps_group_csv(view, group, count);
	else
		maps_group_table(view, group, count);
	free(group);
}

static void show_picture(const struct maps_options *options, const struct maps_view *view)
{
	const struct maps_paper paper = {
		.columns = terminal_columns(),
		.ascii = !terminal_utf8(),
		.downwards = options->order.reverse,
	};

	maps_picture(view, &paper);
}

static void show_rows(const struct maps_options *options, const struct maps_view *view)
{
	switch (options->form) {
	case MAPS_TABLE:
		return maps_table(view);
	case MAPS_PMAP:
		return maps_pmap(view);
	case MAPS_EXTENDED:
	case MAPS_EXTENDED_ALL:
		return maps_extended(view, options->form == MAPS_EXTENDED_ALL);
	case MAPS_GDB:
		return maps_gdb(view);
	case MAPS_ANNOTATE:
		return maps_annotate(view);
	case MAPS_EXPLAIN:
		return maps_explain(view);
	case MAPS_PICTURE:
		return show_picture(options, view);
	case MAPS_JSON:
		return maps_json(view);
	case MAPS_CSV:
		return maps_csv(view);
	}
}

static int show(const struct maps_options *options, const struct listing *listing)
{
	const struct maps_filter *filter = &options->filter;
	char buffer[8192];
	struct text text;
	struct maps_view view = {
		.listing = listing,
		.row = calloc(listing->count, sizeof(struct listing_row *)),
		.text = &text,
		.kinds = filter->kinds,
		.filtered =
			filter->perms_mask || filter->kinds || filter->path || filter->addressed,
		.color = color_wanted(options->color, NULL),
		.elf = options->elf,
	};
	int error;

	if (!view.row)
		return complain_errno(options->target, ENOMEM);
	text_init(&text, buffer, sizeof(buffer), outfile_sink, stdout);
	select_rows(options, &view);
	if (options->group)
		show_groups(options, &view);
	else
		show_rows(options, &view);
	free(view.row);
	error = text_flush(&text);
	return error ? complain_errno("standard output", error) : 0;
}

int maps_main(int argc, char **argv)
{
	struct maps_options options = {0};
	struct listing *listing;
	int status;

	maps_options_parse(&options, argc, argv);
	options.how.smaps = wants_smaps(&options);
	options.how.guards = wants_guards(&options);
	status = listing_open(options.target, &options.how, &listing);
	if (status)
		return status;
	status = check_listing(&options, listing);
	if (!status)
		status = show(&options, listing);
	listing_free(listing);
	return status;
}
