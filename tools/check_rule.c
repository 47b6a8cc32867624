#include "check_rule.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

#define FORM(name, argument, help) {name, argument, help},
const struct check_form check_forms[CHECK_FORMS] = {CHECK_RULES(FORM)};
#undef FORM

const struct check_form *check_form_find(const char *name)
{
	for (size_t i = 0; i < CHECK_FORMS; i++)
		if (!strcmp(check_forms[i].name, name))
			return &check_forms[i];
	return NULL;
}

/* What the rules with a name of their own are about. */
static const struct {
	const char *name;
	unsigned figure;
} plain[] = {
	{"max-rss", FIGURE_RSS},
	{"max-live", FIGURE_LIVE_BYTES},
	{"max-unexplained", FIGURE_ROW + ATLAS_UNEXPLAINED},
	{"max-retained", FIGURE_ROW + ATLAS_RETAINED},
	{"max-mappings", FIGURE_MAPPINGS},
	{"max-threads", FIGURE_THREADS},
	{"max-lost", FIGURE_LOST},
};

static bool is(const struct check_rule *rule, const char *name)
{
	return !strcmp(rule->name, name);
}

/* -- Limits --------------------------------------------------------------------------------- */

/* "1%", "0.125%": a number with up to three digits behind the point. */
static bool parse_share(const char *text, uint64_t *thousandths)
{
	size_t length = strlen(text), digits = strspn(text, "0123456789"), decimals = 0;
	uint64_t value = 0;

	if (!digits || digits > 9 || text[length - 1] != '%')
		return false;
	if (text[digits] == '.')
		decimals = strspn(text + digits + 1, "0123456789");
	if (length != digits + 1 + (decimals ? decimals + 1 : 0) || decimals > 3)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 1; i <= 3; i++)
		value = value * 10 + (uint64_t)(i <= decimals ? text[digits + i] - '0' : 0);
	*thousandths = value;
	return true;
}

static const char *parse_limit(struct check_rule *rule, const char *text)
{
	size_t length = strlen(text);
	bool shared = rule->about == CHECK_GROWTH || figure_in_rss(rule->figure);

	rule->share = length && text[length - 1] == '%';
	if (rule->share && !shared)
		return "no percentage: this is no part of RSS";
	if (rule->share)
		return parse_share(text, &rule->limit) ? NULL : "expected a percentage: 1%, 0.5%";
	if (figure_in_bytes(rule->figure))
		return size_bytes(text, &rule->limit);
	return size_number(text, UINT64_MAX, &rule->limit) ? NULL : "expected a number";
}

/* -- Names ---------------------------------------------------------------------------------- */

/* The part before the equals sign into `name`; returns what is behind it, or NULL. */
static const char *split(const char *argument, char *name, size_t capacity)
{
	size_t length = strcspn(argument, "=");

	if (!argument[length] || length >= capacity)
		return NULL;
	memcpy(name, argument, length);
	name[length] = 0;
	return argument + length + 1;
}

static const char *parse_named(struct check_rule *rule, const char *argument)
{
	char name[FIGURE_NAME];
	const char *limit = split(argument, name, sizeof(name));

	if (!limit)
		return "expected NAME=SIZE: heap=1M, retained=20%";
	rule->figure = figure_find(name);
	if (rule->figure == FIGURE_COUNT)
		return "no such row, kind or total; vmatlas-check(1) lists them";
	return parse_limit(rule, limit);
}

static const char *parse_lost(struct check_rule *rule, const char *argument)
{
	const char *limit = split(argument, rule->lost, sizeof(rule->lost));

	if (limit)
		rule->about = CHECK_LOST;
	return parse_limit(rule, limit ? limit : argument);
}

const char *check_rule_parse(
	struct check_rule *rule, const struct check_form *form, const char *argument)
{
	rule->name = form->name;
	if (!form->argument) {
		rule->about = is(rule, "no-wx") ? CHECK_NO_WX : CHECK_COMPLETE;
		return argument ? "this rule takes nothing behind it" : NULL;
	}
	if (!argument || !*argument)
		return "this rule takes a limit";
	rule->argument = strdup(argument);
	if (!rule->argument)
		return "out of memory";
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (is(rule, plain[i].name))
			rule->figure = plain[i].figure;
	if (is(rule, "max-lost"))
		return parse_lost(rule, argument);
	if (is(rule, "max-growth"))
		rule->about = CHECK_GROWTH;
	if (is(rule, "max-growth") || is(rule, "max-row"))
		return parse_named(rule, argument);
	return parse_limit(rule, argument);
}
