/* Whether rules hold, at their very limits, and what is said. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check_judge.h"

static struct evidence *made(void)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));

	assert_non_null(evidence);
	evidence->form = "a snapshot";
	evidence->shim = evidence->perms_known = true;
	evidence_set(evidence, FIGURE_RSS, 100000);
	evidence_set(evidence, FIGURE_ROW + ATLAS_RETAINED, 20000);
	return evidence;
}

static struct check_finding judge(const char *name, const char *argument,
	const struct evidence *evidence, const struct evidence *before)
{
	struct check_rule rule = {0};
	struct check_finding finding;

	assert_null(check_rule_parse(&rule, check_form_find(name), argument));
	finding = check_judge(&rule, evidence, before);
	free(rule.argument);
	return finding;
}

static void expect(enum check_verdict verdict, const char *why, struct check_finding finding)
{
	assert_string_equal(finding.why, why);
	assert_int_equal(finding.verdict, verdict);
}

static void limits_are_allowed(void **state)
{
	struct evidence *evidence = made();

	(void)state;
	expect(CHECK_HELD, "RSS is 97.7 KiB (100,000)", judge("max-rss", "100000", evidence, NULL));
	expect(CHECK_BROKEN, "RSS is 97.7 KiB (100,000)",
		judge("max-rss", "99999", evidence, NULL));
	expect(CHECK_HELD, "retained is 19.5 KiB (20,000), 20.0% of RSS",
		judge("max-retained", "20%", evidence, NULL));
	expect(CHECK_BROKEN, "retained is 19.5 KiB (20,000), 20.0% of RSS",
		judge("max-retained", "19.999%", evidence, NULL));
	evidence_free(evidence);
}

static void shares_are_exact_where_products_are_large(void **state)
{
	struct evidence *evidence = made();

	(void)state;
	evidence_set(evidence, FIGURE_RSS, UINT64_MAX);
	evidence_set(evidence, FIGURE_ROW + ATLAS_RETAINED, UINT64_MAX / 2 + 1);
	assert_int_equal(judge("max-retained", "50%", evidence, NULL).verdict, CHECK_BROKEN);
	evidence_set(evidence, FIGURE_ROW + ATLAS_RETAINED, UINT64_MAX / 2);
	assert_int_equal(judge("max-retained", "50%", evidence, NULL).verdict, CHECK_HELD);
	/* Nothing of nothing is no breach; something of nothing is. */
	evidence_set(evidence, FIGURE_RSS, 0);
	assert_int_equal(judge("max-retained", "50%", evidence, NULL).verdict, CHECK_BROKEN);
	evidence_set(evidence, FIGURE_ROW + ATLAS_RETAINED, 0);
	assert_int_equal(judge("max-retained", "0%", evidence, NULL).verdict, CHECK_HELD);
	evidence_free(evidence);
}

static void growth(void **state)
{
	struct evidence *old = made(), *new = made();

	(void)state;
	evidence_set(new, FIGURE_RSS, 110000);
	expect(CHECK_HELD,
		"RSS grew by 9.8 KiB (10,000), from 97.7 KiB (100,000) to 107.4 KiB (110,000)",
		judge("max-growth", "rss=10%", new, old));
	assert_int_equal(judge("max-growth", "rss=9999", new, old).verdict, CHECK_BROKEN);
	assert_int_equal(judge("max-growth", "rss=9999", new, old).figure, 10000);
	expect(CHECK_HELD,
		"RSS shrank by 9.8 KiB (10,000), from 107.4 KiB (110,000) to 97.7 KiB (100,000)",
		judge("max-growth", "rss=0", old, new));
	expect(CHECK_HELD, "retained did not change: 19.5 KiB (20,000)",
		judge("max-growth", "retained=0", new, old));
	expect(CHECK_UNKNOWN, "it needs --since, a file of an earlier time",
		judge("max-growth", "rss=0", new, NULL));
	evidence_free(old);
	evidence_free(new);
}

static void growth_of_kinds_that_two_files_tell_differently(void **state)
{
	struct evidence *old = made(), *new = made();

	(void)state;
	evidence_know_kinds(old, true);
	evidence_know_kinds(new, true);
	assert_int_equal(judge("max-growth", "heap=0", new, old).verdict, CHECK_HELD);
	old->shim = false;
	assert_int_equal(judge("max-growth", "heap=0", new, old).verdict, CHECK_UNKNOWN);
	assert_int_equal(judge("max-growth", "rss=0", new, old).verdict, CHECK_HELD);
	old->known[FIGURE_RSS] = false;
	old->form = "a list of mappings";
	expect(CHECK_UNKNOWN,
		"it needs to know what is resident, which the file of --since, a list of mappings, "
		"does not say",
		judge("max-growth", "rss=0", new, old));
	evidence_free(old);
	evidence_free(new);
}

static void what_the_file_does_not_say(void **state)
{
	static const char *const rules[][2] = {{"max-live", "1"}, {"max-threads", "1"},
		{"max-mappings", "1"}, {"max-unexplained", "1%"}, {"max-lost", "0"},
		{"max-lost", "old_frees=0"}, {"complete", NULL}, {"no-wx", NULL},
		{"max-row", "heap=1"}, {"max-row", "pss=1"}, {"max-row", "trimmable=1"}};
	struct evidence *evidence = made();

	(void)state;
	evidence->perms_known = false;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct check_finding finding = judge(rules[i][0], rules[i][1], evidence, NULL);
		assert_int_equal(finding.verdict, CHECK_UNKNOWN);
		assert_false(finding.figured);
		assert_non_null(strstr(finding.why, "which this file, a snapshot, does not say"));
	}
	evidence_free(evidence);
}

static void put_code(struct evidence *evidence, uint64_t start, unsigned perms, const char *path)
{
	const struct evidence_mapping mapping = {.start = start,
		.end = start + 4096,
		.perms = perms,
		.kind = KIND_JIT,
		.path = path,
		.path_length = strlen(path)};

	assert_int_equal(evidence_put_mapping(evidence, &mapping), 0);
}

static void code_that_may_be_written(void **state)
{
	struct evidence *evidence = made();

	(void)state;
	put_code(evidence, 0x1000, MAPS_READ | MAPS_EXEC, "/x");
	put_code(evidence, 0x2000, MAPS_READ | MAPS_WRITE, "/w");
	expect(CHECK_HELD, "0 mappings are writable and executable",
		judge("no-wx", NULL, evidence, NULL));
	put_code(evidence, 0x3000, MAPS_WRITE | MAPS_EXEC, "");
	expect(CHECK_BROKEN, "1 mapping is writable and executable: 3000-4000 jit",
		judge("no-wx", NULL, evidence, NULL));
	for (uint64_t i = 4; i < 9; i++)
		put_code(evidence, i << 12, MAPS_READ | MAPS_WRITE | MAPS_EXEC, "/\033[31m");
	expect(CHECK_BROKEN,
		"6 mappings are writable and executable: 3000-4000 jit, 4000-5000 /\\x1b[31m, "
		"5000-6000 /\\x1b[31m, 6000-7000 /\\x1b[31m, and 2 more",
		judge("no-wx", NULL, evidence, NULL));
	evidence_free(evidence);
}

static void what_was_not_seen(void **state)
{
	struct evidence *evidence = made();

	(void)state;
	evidence->dump_known = true;
	evidence_set(evidence, FIGURE_LOST, 0);
	assert_int_equal(evidence_put_lost(evidence, "old_frees", 12), 0);
	assert_int_equal(evidence_put_lost(evidence, "nested", 0), 0);
	assert_int_equal(evidence_put_lost(evidence, "full", 3), 0);
	expect(CHECK_HELD, "lost: 15", judge("max-lost", "15", evidence, NULL));
	expect(CHECK_BROKEN, "lost: 15, of which old_frees 12, full 3",
		judge("max-lost", "14", evidence, NULL));
	expect(CHECK_HELD, "nested: 0", judge("max-lost", "nested=0", evidence, NULL));
	expect(CHECK_BROKEN, "full: 3", judge("max-lost", "full=2", evidence, NULL));
	expect(CHECK_UNKNOWN, "this file has no such count",
		judge("max-lost", "nothing=2", evidence, NULL));
	expect(CHECK_BROKEN, "the report is not complete", judge("complete", NULL, evidence, NULL));
	evidence->complete = true;
	expect(CHECK_HELD, "the report is complete", judge("complete", NULL, evidence, NULL));
	evidence_free(evidence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_allowed),
		cmocka_unit_test(shares_are_exact_where_products_are_large),
		cmocka_unit_test(growth),
		cmocka_unit_test(growth_of_kinds_that_two_files_tell_differently),
		cmocka_unit_test(what_the_file_does_not_say),
		cmocka_unit_test(code_that_may_be_written),
		cmocka_unit_test(what_was_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
