/* Rules as they are written: each form, and each thing that is wrong with an argument. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check_rule.h"

static const char *parse(struct check_rule *rule, const char *name, const char *argument)
{
	const struct check_form *form = check_form_find(name);

	assert_non_null(form);
	*rule = (struct check_rule){0};
	return check_rule_parse(rule, form, argument);
}

static struct check_rule right(const char *name, const char *argument)
{
	struct check_rule rule;

	assert_null(parse(&rule, name, argument));
	assert_string_equal(rule.name, name);
	if (argument)
		assert_string_equal(rule.argument, argument);
	else
		assert_null(rule.argument);
	free(rule.argument);
	return rule;
}

static void refuse(const char *name, const char *argument, const char *part)
{
	struct check_rule rule;
	const char *fault = parse(&rule, name, argument);

	assert_non_null(fault);
	if (!strstr(fault, part))
		fail_msg("--%s %s: %s", name, argument, fault);
	free(rule.argument);
}

static void forms_have_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHECK_FORMS; i++)
		assert_ptr_equal(check_form_find(check_forms[i].name), &check_forms[i]);
	assert_null(check_form_find("max"));
	assert_null(check_form_find(""));
}

static void sizes_and_numbers(void **state)
{
	struct check_rule rule = right("max-rss", "100M");

	(void)state;
	assert_int_equal(rule.about, CHECK_FIGURE);
	assert_int_equal(rule.figure, FIGURE_RSS);
	assert_int_equal(rule.limit, 100 << 20);
	assert_false(rule.share);
	rule = right("max-mappings", "65530");
	assert_int_equal(rule.figure, FIGURE_MAPPINGS);
	assert_int_equal(rule.limit, 65530);
	refuse("max-rss", "100X", "expected bytes");
	refuse("max-rss", "", "takes a limit");
	refuse("max-rss", NULL, "takes a limit");
	refuse("max-mappings", "1K", "expected a number");
	refuse("max-threads", "-1", "expected a number");
}

static void shares(void **state)
{
	static const char *const refused[] = {
		"%", ".5%", "1.%", "1.2345%", "1,5%", "1 %", "-1%", "1%%", "9999999999%", "1.2.3%"};
	struct check_rule rule = right("max-unexplained", "1%");

	(void)state;
	assert_true(rule.share);
	assert_int_equal(rule.figure, FIGURE_ROW + ATLAS_UNEXPLAINED);
	assert_int_equal(rule.limit, 1000);
	assert_int_equal(right("max-retained", "0.125%").limit, 125);
	assert_int_equal(right("max-retained", "20.5%").limit, 20500);
	assert_int_equal(right("max-row", "heap.rss=100%").limit, 100000);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		refuse("max-retained", refused[i], "expected a percentage");
	refuse("max-rss", "1%", "no part of RSS");
	refuse("max-live", "1%", "no part of RSS");
	refuse("max-row", "heap=1%", "no part of RSS");
}

static void named_figures(void **state)
{
	struct check_rule rule = right("max-growth", "heap=1M");

	(void)state;
	assert_int_equal(rule.about, CHECK_GROWTH);
	assert_int_equal(rule.figure, FIGURE_KIND + KIND_HEAP);
	assert_int_equal(rule.limit, 1 << 20);
	rule = right("max-growth", "rss=10%");
	assert_true(rule.share);
	rule = right("max-row", "live_blocks=1000");
	assert_int_equal(rule.figure, FIGURE_LIVE_BLOCKS);
	refuse("max-row", "heap", "expected NAME=SIZE");
	refuse("max-row", "heep=1M", "no such row");
	refuse("max-row", "=1M", "no such row");
	refuse("max-row", "heap=", "expected bytes");
	refuse("max-row", "live_blocks=1M", "expected a number");
	refuse("max-row", "a-name-that-is-longer-than-any-figure-has=1M", "expected NAME=SIZE");
}

static void counts_of_what_was_not_seen(void **state)
{
	struct check_rule rule = right("max-lost", "0");

	(void)state;
	assert_int_equal(rule.about, CHECK_FIGURE);
	assert_int_equal(rule.figure, FIGURE_LOST);
	rule = right("max-lost", "old_frees=12");
	assert_int_equal(rule.about, CHECK_LOST);
	assert_string_equal(rule.lost, "old_frees");
	assert_int_equal(rule.limit, 12);
	refuse("max-lost", "old_frees=", "expected a number");
	refuse("max-lost", "1%", "no part of RSS");
}

static void rules_without_argument(void **state)
{
	(void)state;
	assert_int_equal(right("no-wx", NULL).about, CHECK_NO_WX);
	assert_int_equal(right("complete", NULL).about, CHECK_COMPLETE);
	refuse("no-wx", "1", "takes nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_have_names),
		cmocka_unit_test(sizes_and_numbers),
		cmocka_unit_test(shares),
		cmocka_unit_test(named_figures),
		cmocka_unit_test(counts_of_what_was_not_seen),
		cmocka_unit_test(rules_without_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
