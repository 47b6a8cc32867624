/* fuzz_listing.c - any text is a listing or has a fault in it, and any listing can be shown. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "listing_guards.h"
#include "listing_kinds.h"
#include "maps_annotate.h"
#include "maps_csv.h"
#include "maps_explain.h"
#include "maps_extended.h"
#include "maps_gdb.h"
#include "maps_group_put.h"
#include "maps_json.h"
#include "maps_picture.h"
#include "maps_pmap.h"
#include "maps_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing that a stranger wrote may reach a terminal as it is: of what moves a cursor, only
 * newlines and the tab of maps_annotate are ours. */
static int check_bytes(void *context, const char *bytes, size_t length)
{
	(void)context;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t')
			abort();
	return 0;
}

static void show_groups(const struct maps_view *view, enum maps_group_by by)
{
	size_t count;
	struct maps_group *group = maps_group_make(view, by, &count);

	maps_group_table(view, group, count);
	maps_group_json(view, group, count);
	maps_group_csv(view, group, count);
	free(group);
}

static void show(const struct listing *listing)
{
	char buffer[512];
	struct text text;
	struct maps_view view = {.listing = listing, .text = &text, .count = listing->count};

	text_init(&text, buffer, sizeof(buffer), check_bytes, NULL);
	view.row = calloc(listing->count, sizeof(*view.row));
	for (size_t i = 0; i < listing->count; i++)
		view.row[i] = &listing->row[i];
	maps_table(&view);
	maps_pmap(&view);
	maps_extended(&view, false);
	maps_extended(&view, true);
	maps_gdb(&view);
	maps_annotate(&view);
	maps_explain(&view);
	maps_json(&view);
	maps_csv(&view);
	maps_picture(&view, &(const struct maps_paper){.columns = 60});
	maps_picture(&view, &(const struct maps_paper){.ascii = true});
	show_groups(&view, MAPS_GROUP_FILE);
	show_groups(&view, MAPS_GROUP_KIND);
	free(view.row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct listing_how how = {.pasted = size && data[0] & 1};
	char *bytes = malloc(size + 1);
	struct listing_fault fault = {0};
	struct listing *listing;

	memcpy(bytes, data, size);
	bytes[size] = 0;
	if (listing_parse(bytes, size, &how, &listing, &fault)) {
		if (!fault.reason || !fault.line || !fault.column)
			abort();
		return 0;
	}
	listing_guards_find(listing);
	if (!listing_kinds_find(listing))
		show(listing);
	listing_free(listing);
	return 0;
}
