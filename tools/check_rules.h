/* check_rules.h - the rules that one call of `vmatlas check` has to judge. */
#ifndef VMATLAS_CHECK_RULES_H
#define VMATLAS_CHECK_RULES_H

#include "check_rule.h"

/* Zeros: none yet. */
struct check_rules {
	struct check_rule *rule;
	size_t count;
};

/* Adds a rule at the end. `name` is without dashes. NULL, or what is wrong, as a constant text. */
const char *check_rules_add(struct check_rules *rules, const char *name, const char *argument);

/* Adds the rules of a file: one in a line, "max-rss 100M" or "--max-rss=100M"; from # to the end of
 * the line nothing counts. What is wrong is said on stderr: 0 or an exit status. */
int check_rules_read(struct check_rules *rules, const char *path);

/* Whether one of them asks for what was before. */
bool check_rules_compare(const struct check_rules *rules);

void check_rules_free(struct check_rules *rules);

#endif
