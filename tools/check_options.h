/* check_options.h - the command line of `vmatlas check`. */
#ifndef VMATLAS_CHECK_OPTIONS_H
#define VMATLAS_CHECK_OPTIONS_H

#include "check_rules.h"
#include "color.h"

struct check_options {
	const char *target;
	const char *since; /* NULL: no file of before */
	bool verbose, json;
	enum color color;
	struct check_rules rules;
};

/* Reads the command line into zeros. What is wrong with it is said on stderr and ends the process
 * with COMPLAIN_USAGE, as --help does with 0. The arguments must outlive the options; the rules are
 * to be given to check_rules_free. */
void check_options_parse(struct check_options *options, int argc, char **argv);

#endif
