#include "check_json.h"
#include "check_judge.h"
#include "check_options.h"
#include "command.h"
#include "complain.h"
#include "outfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- Lines ---------------------------------------------------------------------------------- */

/* "--max-rss 100M" */
static void put_rule(struct text *text, const struct check_rule *rule)
{
	text_str(text, "--");
	text_str(text, rule->name);
	if (!rule->argument)
		return;
	text_char(text, ' ');
	text_printable(text, rule->argument, strlen(rule->argument));
}

/* "a.snapshot: rule --max-rss 100M: RSS is 123.4 MiB (129,394,688)" */
static void put_finding(struct text *text, const char *file, const struct check_rule *rule,
	const struct check_finding *finding, bool colored)
{
	if (colored)
		text_str(text, finding->verdict == CHECK_HELD ? "\033[32m" : "\033[31m");
	text_printable(text, file, strlen(file));
	text_str(text, ": rule ");
	put_rule(text, rule);
	text_str(text, finding->verdict == CHECK_HELD ? " holds: " : ": ");
	text_str(text, finding->why);
	text_str(text, colored ? "\033[m\n" : "\n");
}

/* A rule that could not be judged is no finding: it goes where all goes that could not be done. */
static void complain(
	const char *file, const struct check_rule *rule, const struct check_finding *finding)
{
	char line[200];
	struct text text;

	text_init(&text, line, sizeof(line) - 1, NULL, NULL);
	put_rule(&text, rule);
	line[text.used] = 0;
	complain_cannot(file, "rule %s: %s", line, finding->why);
}

static void put_findings(struct text *text, const struct check_options *options,
	const struct check_finding *findings)
{
	bool colored = color_wanted(options->color, NULL);

	for (size_t i = 0; i < options->rules.count; i++) {
		const struct check_rule *rule = &options->rules.rule[i];
		if (findings[i].verdict == CHECK_UNKNOWN)
			complain(options->target, rule, &findings[i]);
		else if (findings[i].verdict == CHECK_BROKEN || options->verbose)
			put_finding(text, options->target, rule, &findings[i], colored);
	}
}

/* -- The command ---------------------------------------------------------------------------- */

static int show(const struct check_options *options, const struct check_finding *findings)
{
	char buffer[8192];
	struct text text;
	int error;

	text_init(&text, buffer, sizeof(buffer), outfile_sink, stdout);
	if (options->json)
		check_json(&text, options, findings);
	else
		put_findings(&text, options, findings);
	error = text_flush(&text);
	return error ? complain_errno("standard output", error) : 0;
}

static int judge(const struct check_options *options, const struct evidence *evidence,
	const struct evidence *before)
{
	size_t count = options->rules.count;
	struct check_finding *findings = calloc(count, sizeof(*findings));
	int status;

	if (!findings)
		return complain_errno(options->target, ENOMEM);
	for (size_t i = 0; i < count; i++)
		findings[i] = check_judge(&options->rules.rule[i], evidence, before);
	status = show(options, findings);
	for (size_t i = 0; i < count; i++)
		if (findings[i].verdict != CHECK_HELD)
			status = COMPLAIN_COULD_NOT;
	free(findings);
	return status;
}

static int check(const struct check_options *options)
{
	struct evidence *evidence = NULL, *before = NULL;
	int status = evidence_open(options->target, &evidence);

	if (!status && options->since)
		status = evidence_open(options->since, &before);
	if (!status)
		status = judge(options, evidence, before);
	evidence_free(before);
	evidence_free(evidence);
	return status;
}

int check_main(int argc, char **argv)
{
	struct check_options options = {0};
	int status;

	check_options_parse(&options, argc, argv);
	status = check(&options);
	check_rules_free(&options.rules);
	return status;
}
