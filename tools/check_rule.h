/* check_rule.h - a rule of `vmatlas check`, as it is written. */
#ifndef VMATLAS_CHECK_RULE_H
#define VMATLAS_CHECK_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figure.h"

enum check_about {
	CHECK_FIGURE, /* a figure is no larger than the limit */
	CHECK_GROWTH, /* it is no larger than the limit beyond what it was */
	CHECK_LOST,   /* one count of what was not seen */
	CHECK_NO_WX,
	CHECK_COMPLETE,
};

struct check_rule {
	const char *name; /* "max-rss" */
	char *argument;   /* as typed, from malloc; NULL where the rule takes none */
	enum check_about about;
	unsigned figure;
	char lost[48];  /* the name of a count */
	bool share;     /* limit is in thousandths of a percent */
	uint64_t limit; /* bytes, or a number */
};

/* X(name, argument, for the help): every rule there is. `argument` NULL: none. */
#define CHECK_RULES(X)                                                                          \
	X("max-rss", "SIZE", "What is in memory")                                               \
	X("max-live", "SIZE", "Bytes of live blocks")                                           \
	X("max-unexplained", "SIZE|N%", "Resident memory that nobody is known to have made")    \
	X("max-retained", "SIZE|N%", "What the allocator has resident and no live block fills") \
	X("max-row", "NAME=SIZE|N%", "A row of the ledger, a kind of mapping, or a total")      \
	X("max-growth", "NAME=SIZE|N%", "By so much more than in the file of --since")          \
	X("max-mappings", "N", "Mappings")                                                      \
	X("max-threads", "N", "Threads that have not ended")                                    \
	X("max-lost", "N|NAME=N", "What was not seen: all of it, or one count")                 \
	X("no-wx", NULL, "No mapping is writable and executable")                               \
	X("complete", NULL, "Everything could be read that belongs into a report")

struct check_form {
	const char *name, *argument, *help;
};

#define CHECK_ONE(name, argument, help) +1
enum { CHECK_FORMS = CHECK_RULES(CHECK_ONE) };
#undef CHECK_ONE

/* All of them, in that order. */
extern const struct check_form check_forms[CHECK_FORMS];

/* The form called so, or NULL. */
const struct check_form *check_form_find(const char *name);

/* Makes a rule of zeros from a form and its argument, which is copied. NULL, or what is wrong with
 * the argument, as a constant text; free rule->argument in any case. */
const char *check_rule_parse(
	struct check_rule *rule, const struct check_form *form, const char *argument);

#endif
