/* What files say, by figures that were counted by hand, and the same process told in two ways. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "evidence.h"

static struct evidence *opened(const char *path)
{
	struct evidence *evidence = NULL;

	assert_int_equal(evidence_open(path, &evidence), 0);
	assert_non_null(evidence);
	return evidence;
}

/* The evidence of a text, by way of a file, or NULL and its exit status. */
static struct evidence *read_text(const char *text, int *status)
{
	char path[] = "/tmp/vmatlas-evidence.XXXXXX";
	struct evidence *evidence = NULL;
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	close(descriptor);
	*status = evidence_open(path, &evidence);
	unlink(path);
	return evidence;
}

static void saved_maps(void **state)
{
	struct evidence *evidence = opened("tests/fixtures/x86_64-centos7-main.maps");

	(void)state;
	assert_int_equal(evidence->value[FIGURE_MAPPINGS], 18);
	assert_int_equal(evidence->value[FIGURE_SIZE], 4304 * 1024);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_HEAP], 135168);
	assert_true(evidence->known[FIGURE_KIND + KIND_JIT]);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_JIT], 0);
	assert_true(evidence->perms_known);
	assert_int_equal(evidence->codes, 0);
	assert_false(evidence->known[FIGURE_RSS]);
	assert_false(evidence->known[FIGURE_KIND_RSS + KIND_HEAP]);
	assert_false(evidence->known[FIGURE_LIVE_BYTES]);
	assert_false(evidence->dump_known);
	assert_false(evidence->shim);
	evidence_free(evidence);
}

static void saved_smaps(void **state)
{
	int status;
	struct evidence *evidence = read_text(
		"00400000-00402000 rwxp 00000000 00:00 0 [heap]\nRss: 8 kB\nPss: 6 kB\nSwap: 4 kB\n"
		"00500000-00501000 rwxp 00000000 00:00 0 \nRss: 4 kB\nPss: 4 kB\nSwap: 0 kB\n",
		&status);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(evidence->value[FIGURE_RSS], 12288);
	assert_int_equal(evidence->value[FIGURE_PSS], 10240);
	assert_int_equal(evidence->value[FIGURE_SWAP], 4096);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_HEAP], 8192);
	assert_int_equal(evidence->codes, 2);
	assert_string_equal(evidence->code[0].name, "[heap]");
	assert_string_equal(evidence->code[1].name, "jit");
	evidence_free(evidence);
}

static void process(void **state)
{
	struct evidence *evidence;
	char pid[20];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", getpid());
	evidence = opened(pid);
	assert_true(evidence->value[FIGURE_RSS] > 4096);
	assert_true(evidence->value[FIGURE_KIND + KIND_MAIN_STACK] > 4096);
	evidence_free(evidence);
}

static const char report[] =
	"{\"version\":1,\"dump\":{\"complete\":false,\"lost\":{\"old_frees\":12,\"full\":3}},"
	"\"totals\":{\"size\":18446744073709551615,\"rss\":100,\"live_bytes\":7,\"pinned\":5},"
	"\"ledger\":[{\"row\":\"live\",\"bytes\":60},{\"row\":\"retained\",\"bytes\":40},"
	"{\"row\":\"of tomorrow\",\"bytes\":1},{\"row\":\"rss\",\"bytes\":1}],"
	"\"mappings\":[{\"start\":\"0x1000\",\"end\":\"0x3000\",\"perms\":\"rwxp\","
	"\"path\":\"/a\\\\u\\udc80\\ud83d\\ude00\",\"kind\":\"heap\",\"rss\":100},"
	"{\"start\":\"0x5000\",\"end\":\"0x6000\",\"perms\":\"r--p\",\"kind\":\"of tomorrow\"}],"
	"\"threads\":[{\"ended\":true},{\"ended\":false},{}]}";

static void report_in_json(void **state)
{
	int status;
	struct evidence *evidence = read_text(report, &status);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(evidence->value[FIGURE_RSS], 100);
	assert_int_equal(evidence->value[FIGURE_LIVE_BYTES], 7);
	assert_int_equal(evidence->value[FIGURE_ROW + ATLAS_RETAINED], 40);
	assert_false(evidence->known[FIGURE_ROW + ATLAS_UNEXPLAINED]);
	assert_int_equal(evidence->value[FIGURE_LOST], 15);
	assert_int_equal(evidence->losts, 2);
	assert_false(evidence->complete);
	assert_int_equal(evidence->value[FIGURE_MAPPINGS], 2);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_HEAP], 0x2000);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_HEAP], 100);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_OTHER], 0x1000);
	assert_int_equal(evidence->value[FIGURE_THREADS], 2);
	assert_int_equal(evidence->codes, 1);
	/* What was no UTF-8 is replaced, what was is not. */
	assert_string_equal(evidence->code[0].name, "/a\\u\xef\xbf\xbd\xf0\x9f\x98\x80");
	/* A size of 64 bits is none. */
	assert_false(evidence->known[FIGURE_SIZE]);
	evidence_free(evidence);
}

/* Kinds are those of the parts; without a word on pages the largest, whose kind is the mapping's,
 * has all that is resident. */
static void parts_of_a_mapping(void **state)
{
	static const char text[] =
		"{\"version\":1,\"ledger\":[],\"mappings\":[{\"start\":\"0x1000\",\"end\":"
		"\"0x9000\","
		"\"kind\":\"malloc-mmap\",\"rss\":100,\"parts\":["
		"{\"start\":\"0x1000\",\"end\":\"0x2000\",\"kind\":\"anon\",\"rss\":%s},"
		"{\"start\":\"0x2000\",\"end\":\"0x9000\",\"kind\":\"malloc-mmap\",\"rss\":%s}]}]}";
	char made[sizeof(text) + 20];
	struct evidence *evidence;
	int status;

	(void)state;
	snprintf(made, sizeof(made), text, "30", "70");
	evidence = read_text(made, &status);
	assert_int_equal(evidence->value[FIGURE_MAPPINGS], 1);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_ANON], 0x1000);
	assert_int_equal(evidence->value[FIGURE_KIND + KIND_MALLOC_MMAP], 0x7000);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_ANON], 30);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_MALLOC_MMAP], 70);
	evidence_free(evidence);
	snprintf(made, sizeof(made), text, "null", "null");
	evidence = read_text(made, &status);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_ANON], 0);
	assert_int_equal(evidence->value[FIGURE_KIND_RSS + KIND_MALLOC_MMAP], 100);
	evidence_free(evidence);
}

static void without_a_word_on_pages_live_is_not_known(void **state)
{
	int status;
	struct evidence *evidence =
		read_text("{\"version\":1,\"totals\":{\"rss\":100,\"pinned\":null},\"ledger\":["
			  "{\"row\":\"live\",\"bytes\":0},{\"row\":\"retained\",\"bytes\":0},"
			  "{\"row\":\"unexplained\",\"bytes\":100}]}",
			&status);

	(void)state;
	assert_int_equal(status, 0);
	assert_false(evidence->known[FIGURE_ROW + ATLAS_LIVE]);
	assert_false(evidence->known[FIGURE_ROW + ATLAS_RETAINED]);
	assert_true(evidence->known[FIGURE_ROW + ATLAS_UNEXPLAINED]);
	assert_false(evidence->known[FIGURE_MAPPINGS]);
	assert_false(evidence->known[FIGURE_THREADS]);
	assert_false(evidence->perms_known);
	evidence_free(evidence);
}

static void what_is_no_report(void **state)
{
	static const char *const texts[] = {"{", "{}", "{\"version\":1}",
		"{\"version\":1,\"ledger\":3}", "{\"version\":2,\"ledger\":[]}",
		"{\"version\":\"1\",\"ledger\":[]}", "[]", "", "{\"version\":1,\"ledger\":[]} x",
		"vmatlas\n"};
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_null(read_text(texts[i], &status));
		assert_int_equal(status, 1);
	}
}

/* Whatever the types are, nothing crashes and nothing is believed. */
static void report_of_nonsense(void **state)
{
	int status;
	struct evidence *evidence = read_text(
		"{\"version\":1,\"ledger\":[1,null,{\"row\":7,\"bytes\":\"x\"},{\"row\":\"live\","
		"\"bytes\":-1}],"
		"\"totals\":[],\"threads\":{},\"dump\":{\"lost\":{\"a\":\"b\",\"c\":-3}},"
		"\"mappings\":[null,{\"start\":5,\"perms\":null,\"kind\":[],\"rss\":1e300}]}",
		&status);

	(void)state;
	assert_int_equal(status, 0);
	assert_false(evidence->known[FIGURE_RSS]);
	assert_false(evidence->known[FIGURE_ROW + ATLAS_LIVE]);
	assert_false(evidence->known[FIGURE_THREADS]);
	assert_int_equal(evidence->losts, 0);
	evidence_free(evidence);
}

static void snapshot(void **state)
{
	struct evidence *evidence = opened("tests/fuzz/corpus/snapshot/model");
	uint64_t sum = 0;

	(void)state;
	assert_string_equal(evidence->form, "a snapshot");
	for (unsigned row = 0; row < ATLAS_ROWS; row++)
		sum += evidence->value[FIGURE_ROW + row];
	assert_int_equal(sum, evidence->value[FIGURE_RSS]);
	assert_true(evidence->value[FIGURE_LIVE_BYTES] > 0);
	assert_true(evidence->dump_known);
	assert_true(evidence->shim);
	evidence_free(evidence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_maps),
		cmocka_unit_test(saved_smaps),
		cmocka_unit_test(process),
		cmocka_unit_test(report_in_json),
		cmocka_unit_test(parts_of_a_mapping),
		cmocka_unit_test(without_a_word_on_pages_live_is_not_known),
		cmocka_unit_test(what_is_no_report),
		cmocka_unit_test(report_of_nonsense),
		cmocka_unit_test(snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
