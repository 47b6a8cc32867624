/* fuzz_evidence.c - any bytes are a report in JSON or are refused, and rules can be judged by what
 * they say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check_judge.h"
#include "evidence_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const rules[][2] = {{"max-rss", "1M"}, {"max-unexplained", "0.125%"},
	{"max-retained", "20%"}, {"max-row", "heap=1M"}, {"max-row", "heap.rss=1%"},
	{"max-growth", "rss=1%"}, {"max-growth", "mappings=1"}, {"max-threads", "1"},
	{"max-lost", "0"}, {"max-lost", "old_frees=1"}, {"no-wx", NULL}, {"complete", NULL}};

static void judge(const struct evidence *evidence)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct check_rule rule = {0};
		struct check_finding finding;
		if (check_rule_parse(&rule, check_form_find(rules[i][0]), rules[i][1]))
			abort();
		finding = check_judge(&rule, evidence, evidence);
		for (const char *at = finding.why; *at; at++)
			if ((unsigned char)*at < ' ')
				abort();
		free(rule.argument);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));
	char *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	bytes[size] = 0;
	if (!evidence_json("input", bytes, size, evidence))
		judge(evidence);
	evidence_free(evidence);
	free(bytes);
	return 0;
}
