#include "figure.h"

#include <string.h>

/* As in the JSON report. */
static const char *const totals[FIGURE_ROW] = {
	[FIGURE_SIZE] = "size",
	[FIGURE_RSS] = "rss",
	[FIGURE_PSS] = "pss",
	[FIGURE_SWAP] = "swap",
	[FIGURE_LIVE_BYTES] = "live_bytes",
	[FIGURE_PEAK_LIVE_BYTES] = "peak_live_bytes",
	[FIGURE_PINNED] = "pinned",
	[FIGURE_TRIMMABLE] = "trimmable",
	[FIGURE_LIVE_BLOCKS] = "live_blocks",
	[FIGURE_MAPPINGS] = "mappings",
	[FIGURE_THREADS] = "threads",
	[FIGURE_LOST] = "lost",
};

static const char of_size[] = ".size", of_rss[] = ".rss";

static bool row_has(const char *name)
{
	for (unsigned row = 0; row < ATLAS_ROWS; row++)
		if (!strcmp(name, atlas_row_name((enum atlas_row)row)))
			return true;
	return false;
}

const char *figure_name(unsigned figure, char out[FIGURE_NAME])
{
	const char *kind;

	if (figure < FIGURE_ROW)
		return strcpy(out, totals[figure]);
	if (figure < FIGURE_KIND)
		return strcpy(out, atlas_row_name((enum atlas_row)(figure - FIGURE_ROW)));
	kind = kind_name((enum kind)((figure - FIGURE_KIND) % KIND_COUNT));
	strcpy(out, kind);
	if (figure >= FIGURE_KIND_RSS)
		strcat(out, of_rss);
	else if (row_has(kind))
		strcat(out, of_size);
	return out;
}

/* "heap.size", though "heap" suffices. */
static unsigned find_size(const char *name)
{
	size_t length = strlen(name), suffix = sizeof(of_size) - 1;
	char bare[FIGURE_NAME] = "";
	enum kind kind;

	if (length <= suffix || length >= sizeof(bare) ||
		strcmp(name + length - suffix, of_size) != 0)
		return FIGURE_COUNT;
	memcpy(bare, name, length - suffix);
	return kind_find(bare, &kind) ? FIGURE_KIND + (unsigned)kind : FIGURE_COUNT;
}

unsigned figure_find(const char *name)
{
	char known[FIGURE_NAME];

	for (unsigned figure = 0; figure < FIGURE_COUNT; figure++)
		if (!strcmp(name, figure_name(figure, known)))
			return figure;
	return find_size(name);
}

bool figure_in_bytes(unsigned figure)
{
	return figure < FIGURE_LIVE_BLOCKS || figure >= FIGURE_ROW;
}

bool figure_in_rss(unsigned figure)
{
	return figure == FIGURE_PINNED || figure == FIGURE_TRIMMABLE ||
	       (figure >= FIGURE_ROW && figure < FIGURE_KIND) || figure >= FIGURE_KIND_RSS;
}

const char *figure_needs(unsigned figure)
{
	switch (figure) {
	case FIGURE_RSS:
		return "what is resident";
	case FIGURE_PSS:
	case FIGURE_SWAP:
		return "what smaps says";
	case FIGURE_LIVE_BYTES:
	case FIGURE_LIVE_BLOCKS:
	case FIGURE_PEAK_LIVE_BYTES:
		return "which blocks are live";
	case FIGURE_PINNED:
	case FIGURE_TRIMMABLE:
		return "which pages are resident";
	case FIGURE_THREADS:
		return "which threads there are";
	case FIGURE_LOST:
		return "what was not seen";
	}
	if (figure >= FIGURE_KIND_RSS)
		return "what is resident";
	return figure < FIGURE_KIND ? "what RSS is made of" : "what is mapped";
}
