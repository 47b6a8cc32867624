/* maps_options.h - the command line of `vmatlas maps`. */
#ifndef VMATLAS_MAPS_OPTIONS_H
#define VMATLAS_MAPS_OPTIONS_H

#include "color.h"
#include "listing.h"
#include "maps_filter.h"
#include "maps_group.h"
#include "maps_sort.h"

/* How rows are shown. */
enum maps_form {
	MAPS_TABLE,
	MAPS_PMAP,         /* -x */
	MAPS_EXTENDED,     /* -X */
	MAPS_EXTENDED_ALL, /* -XX */
	MAPS_GDB,
	MAPS_ANNOTATE,
	MAPS_EXPLAIN,
	MAPS_PICTURE,
	MAPS_JSON,
	MAPS_CSV,
};

struct maps_options {
	const char *target; /* a process or a file */
	enum maps_form form;
	bool formed; /* a form was asked for */
	enum color color;
	bool elf;
	enum maps_group_by group;
	struct listing_how how;
	struct maps_filter filter;
	struct maps_order order;
};

/* Reads the command line into zeros. What is wrong with it is said on stderr and ends the process
 * with COMPLAIN_USAGE, as --help does with 0. The arguments must outlive the options. */
void maps_options_parse(struct maps_options *options, int argc, char **argv);

#endif
