/* diff_options.h - the command line of `vmatlas diff`. */
#ifndef VMATLAS_DIFF_OPTIONS_H
#define VMATLAS_DIFF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "color.h"
#include "listing.h"

/* What lists are sorted by, and which mappings are large enough to be listed. */
enum diff_sort {
	DIFF_SORT_EACH, /* mappings by rss, call stacks by live */
	DIFF_SORT_RSS,
	DIFF_SORT_LIVE,
	DIFF_SORT_SIZE,
};

enum diff_section {
	DIFF_SECTION_ROWS = 1,
	DIFF_SECTION_MAPPINGS = 2,
	DIFF_SECTION_STACKS = 4,
	DIFF_SECTION_LEAKS = 8,
};

/* More than a person compares, and each of them is held in memory. */
enum { DIFF_TARGETS = 64 };

struct diff_options {
	const char *target[DIFF_TARGETS];
	unsigned targets;
	const char *output;
	bool json, plain_names;
	enum color color;
	unsigned sections; /* those asked for; 0: what there is */
	enum diff_sort sort;
	uint64_t least; /* bytes */
	bool least_given;
	uint32_t top; /* 0: not given */
	struct listing_how how;
};

/* Reads the command line into zeros. What is wrong with it is said on stderr and ends the process
 * with COMPLAIN_USAGE, as --help does with 0. The arguments must outlive the options. */
void diff_options_parse(struct diff_options *options, int argc, char **argv);

/* Is the section to be shown? */
bool diff_options_shows(const struct diff_options *options, enum diff_section section);

#endif
