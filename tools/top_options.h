/* top_options.h - the command line of `vmatlas top`. */
#ifndef VMATLAS_TOP_OPTIONS_H
#define VMATLAS_TOP_OPTIONS_H

#include "top_table.h"

struct top_options {
	const char *pid;
	unsigned wanted_ms; /* between two pictures */
	enum top_view view;
	int sort; /* a column, -1 for the view's own */
	bool reversed;
	const char *filter; /* "" for none */
	size_t rows;        /* at most so many, of --once; 0: all */
	bool once, json;
	bool plain_names; /* no files, lines and inlined functions */
};

/* Reads them; ends the process where they are wrong or ask for help. */
void top_options_parse(struct top_options *options, int argc, char **argv);

#endif
