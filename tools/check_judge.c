#include "check_judge.h"

#include <string.h>

#include "../preload/core/text.h"
#include "../preload/core/text_column.h"

/* Mappings and counts that are named before "and N more". */
enum { NAMED = 4 };

/* -- Figures as people read them ------------------------------------------------------------ */

/* "RSS", "retained", "heap" */
static void put_name(struct text *text, unsigned figure)
{
	char name[FIGURE_NAME];

	text_str(text, figure == FIGURE_RSS ? "RSS" : figure_name(figure, name));
}

/* "123.4 MiB (129,394,688)", "131" */
static void put_value(struct text *text, unsigned figure, uint64_t value)
{
	if (figure_in_bytes(figure) && value >= 1024) {
		text_size(text, value);
		text_str(text, " (");
		text_put_grouped(text, value, 0);
		text_char(text, ')');
	} else {
		text_put_grouped(text, value, 0);
		if (figure_in_bytes(figure) && value)
			text_str(text, " B");
	}
}

static void put_share(struct text *text, uint64_t part, uint64_t whole, const char *of)
{
	text_str(text, ", ");
	text_percent(text, part, whole);
	text_str(text, of);
}

/* Is it more than so many thousandths of a percent of the whole? Products may pass 64 bits. */
static bool exceeds(const struct check_rule *rule, uint64_t value, uint64_t whole)
{
	if (!rule->share)
		return value > rule->limit;
	return (unsigned __int128)value * 100000 > (unsigned __int128)whole * rule->limit;
}

/* -- What cannot be judged ------------------------------------------------------------------ */

static void put_lack(
	struct text *text, const struct evidence *evidence, const char *file, const char *needs)
{
	text_str(text, "it needs to know ");
	text_str(text, needs);
	text_str(text, ", which ");
	text_str(text, file);
	text_str(text, ", ");
	text_str(text, evidence->form);
	text_str(text, ", does not say");
}

static enum check_verdict lacks(
	struct text *text, const struct evidence *evidence, const char *needs)
{
	put_lack(text, evidence, "this file", needs);
	return CHECK_UNKNOWN;
}

/* -- Each kind of rule ---------------------------------------------------------------------- */

static enum check_verdict judge_figure(const struct check_rule *rule,
	const struct evidence *evidence, struct check_finding *finding, struct text *text)
{
	uint64_t value = evidence->value[rule->figure], rss = evidence->value[FIGURE_RSS];

	if (!evidence->known[rule->figure])
		return lacks(text, evidence, figure_needs(rule->figure));
	finding->figured = true;
	finding->figure = value;
	put_name(text, rule->figure);
	text_str(text, figure_in_bytes(rule->figure) ? " is " : ": ");
	put_value(text, rule->figure, value);
	if (figure_in_rss(rule->figure))
		put_share(text, value, rss, " of RSS");
	return exceeds(rule, value, rss) ? CHECK_BROKEN : CHECK_HELD;
}

/* "heap grew by 2.0 MiB (2,097,152), from 1.0 MiB (1,048,576) to 3.0 MiB (3,145,728)" */
static void put_growth(struct text *text, unsigned figure, uint64_t old, uint64_t new)
{
	put_name(text, figure);
	if (old == new) {
		text_str(text, " did not change: ");
		put_value(text, figure, new);
		return;
	}
	text_str(text, new > old ? " grew by " : " shrank by ");
	put_value(text, figure, new > old ? new - old : old - new);
	text_str(text, ", from ");
	put_value(text, figure, old);
	text_str(text, " to ");
	put_value(text, figure, new);
}

/* A list of mappings and the shim do not tell kinds alike: malloc's large blocks are anonymous in
 * the one and malloc-mmap in the other. */
static bool comparable(unsigned figure, const struct evidence *now, const struct evidence *before)
{
	return figure < FIGURE_KIND || now->shim == before->shim;
}

static enum check_verdict judge_growth(const struct check_rule *rule, const struct evidence *now,
	const struct evidence *before, struct check_finding *finding, struct text *text)
{
	unsigned figure = rule->figure;
	uint64_t new = now->value[figure], old;

	if (!before) {
		text_str(text, "it needs --since, a file of an earlier time");
		return CHECK_UNKNOWN;
	}
	if (!now->known[figure])
		return lacks(text, now, figure_needs(figure));
	if (!before->known[figure]) {
		put_lack(text, before, "the file of --since", figure_needs(figure));
		return CHECK_UNKNOWN;
	}
	if (!comparable(figure, now, before)) {
		text_str(text, "one file has kinds as the shim knows them, the other has not");
		return CHECK_UNKNOWN;
	}
	old = before->value[figure];
	finding->figured = true;
	finding->figure = new > old ? new - old : 0;
	put_growth(text, figure, old, new);
	return exceeds(rule, finding->figure, old) ? CHECK_BROKEN : CHECK_HELD;
}

/* "2 mappings are writable and executable: 7f00-7f10 jit, ..." */
static enum check_verdict judge_code(
	const struct evidence *evidence, struct check_finding *finding, struct text *text)
{
	if (!evidence->perms_known)
		return lacks(text, evidence, "which permissions mappings have");
	finding->figured = true;
	finding->figure = evidence->codes;
	text_put_grouped(text, evidence->codes, 0);
	text_str(text, evidence->codes == 1 ? " mapping is" : " mappings are");
	text_str(text, " writable and executable");
	for (size_t i = 0; i < evidence->codes && i < NAMED; i++) {
		const struct evidence_code *code = &evidence->code[i];
		text_str(text, i ? ", " : ": ");
		text_hex(text, code->start);
		text_char(text, '-');
		text_hex(text, code->end);
		text_char(text, ' ');
		text_printable(text, code->name, strnlen(code->name, CHECK_WHY / NAMED / 8));
	}
	if (evidence->codes > NAMED) {
		text_str(text, ", and ");
		text_put_grouped(text, evidence->codes - NAMED, 0);
		text_str(text, " more");
	}
	return evidence->codes ? CHECK_BROKEN : CHECK_HELD;
}

static enum check_verdict judge_complete(
	const struct evidence *evidence, struct check_finding *finding, struct text *text)
{
	if (!evidence->dump_known)
		return lacks(text, evidence, "what could not be read");
	finding->figured = true;
	finding->figure = !evidence->complete;
	text_str(
		text, evidence->complete ? "the report is complete" : "the report is not complete");
	return evidence->complete ? CHECK_HELD : CHECK_BROKEN;
}

/* ": unknown_frees 12, table_full 3" */
static void put_losts(struct text *text, const struct evidence *evidence)
{
	unsigned named = 0;

	for (size_t i = 0; i < evidence->losts; i++) {
		if (!evidence->lost[i].count)
			continue;
		text_str(text, named++ ? ", " : ", of which ");
		text_printable(text, evidence->lost[i].name, strlen(evidence->lost[i].name));
		text_char(text, ' ');
		text_put_grouped(text, evidence->lost[i].count, 0);
	}
}

static enum check_verdict judge_lost(const struct check_rule *rule, const struct evidence *evidence,
	struct check_finding *finding, struct text *text)
{
	if (!evidence->dump_known)
		return lacks(text, evidence, "what was not seen");
	for (size_t i = 0; i < evidence->losts; i++) {
		if (strcmp(evidence->lost[i].name, rule->lost) != 0)
			continue;
		finding->figured = true;
		finding->figure = evidence->lost[i].count;
		text_str(text, rule->lost);
		text_str(text, ": ");
		text_put_grouped(text, finding->figure, 0);
		return exceeds(rule, finding->figure, 0) ? CHECK_BROKEN : CHECK_HELD;
	}
	text_str(text, "this file has no such count");
	return CHECK_UNKNOWN;
}

/* -- All of them ---------------------------------------------------------------------------- */

static enum check_verdict judge(const struct check_rule *rule, const struct evidence *evidence,
	const struct evidence *before, struct check_finding *finding, struct text *text)
{
	enum check_verdict verdict;

	switch (rule->about) {
	case CHECK_NO_WX:
		return judge_code(evidence, finding, text);
	case CHECK_COMPLETE:
		return judge_complete(evidence, finding, text);
	case CHECK_LOST:
		return judge_lost(rule, evidence, finding, text);
	case CHECK_GROWTH:
		return judge_growth(rule, evidence, before, finding, text);
	case CHECK_FIGURE:
		break;
	}
	verdict = judge_figure(rule, evidence, finding, text);
	if (rule->figure == FIGURE_LOST && verdict == CHECK_BROKEN)
		put_losts(text, evidence);
	return verdict;
}

struct check_finding check_judge(const struct check_rule *rule, const struct evidence *evidence,
	const struct evidence *before)
{
	struct check_finding finding = {0};
	struct text text;

	text_init(&text, finding.why, CHECK_WHY - 1, NULL, NULL);
	finding.verdict = judge(rule, evidence, before, &finding, &text);
	finding.why[text.used] = 0;
	return finding;
}
