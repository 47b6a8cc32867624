#include "diff_text.h"

#include "../preload/core/report_text_stacks.h"

enum { TOP = 20 };

static void put_doubt(const struct diff_show *show)
{
	if (show->model->sampled)
		text_str(show->text,
			"  By samples, each grew by more than two standard errors: chance "
			"alone makes one call\n  stack of forty do so.\n");
}

static void put_claim(const struct diff_show *show)
{
	struct text *text = show->text;

	text_str(text, "\nSuspected leaks");
	if (!show->leaks->count)
		text_str(text, ": none");
	if (show->leaks->survived) {
		text_str(text, "\n  Each grew in all ");
		text_dec(text, show->leaks->sides - 1);
		text_str(text, " intervals, and keeps what it allocated or mapped in the first "
			       "one.\n  A cache that is still filling looks the same.\n");
	} else {
		text_str(text, "\n  Each grew, and freed nothing in between. Two snapshots do not "
			       "say more: what is\n  freed later, or grows only once, looks the "
			       "same. Take a third one.\n");
	}
	put_doubt(show);
}

static void put_series(const struct diff_show *show, const struct diff_leak *leak)
{
	const struct diff_leaks *leaks = show->leaks;
	struct text *text = show->text;

	text_str(text, leak->mapped ? "     mapped: " : "     live: ");
	for (unsigned i = 0; i < leaks->sides; i++) {
		text_str(text, i ? " → " : "");
		text_size(text, leak->live[i]);
	}
	if (show->model->sampled && !leak->mapped) {
		text_str(text, "; grew by ");
		text_size(text, leak->live[leaks->sides - 1] - leak->live[0]);
		diff_put_size_error(show, poisson_error(leak->growth_variance));
	}
	text_char(text, '\n');
}

static void put_evidence(
	struct text *text, const struct diff_leak *leak, bool survived, bool sampled)
{
	if (leak->mapped) {
		diff_put_count(text, leak->blocks, "region");
		text_str(text, survived ? " that it mapped in the first interval, still there"
					: " that it mapped in between");
		return;
	}
	diff_put_count(text, leak->blocks, sampled ? "sample" : "block");
	text_str(text, " of ");
	diff_put_count(text, leak->allocations, sampled ? "sampled allocation" : "allocation");
	text_str(text, survived ? " of the first interval, still live" : " in between");
}

static void put_leak(const struct diff_show *show, const struct diff_leak *leak, uint32_t rank)
{
	struct text *text = show->text;

	text_str(text, "\n#");
	text_dec(text, rank);
	text_str(text, rank < 10 ? "   " : "  ");
	text_size(text, leak->bytes);
	if (!leak->mapped)
		diff_put_size_error(show, poisson_error(leak->variance));
	text_str(text, " in ");
	put_evidence(text, leak, show->leaks->survived, show->model->sampled);
	text_str(text, "; call stack ");
	text_dec(text, leak->frame);
	text_char(text, '\n');
	put_series(show, leak);
	report_text_frames(&show->report[DIFF_NEW], leak->frame, 8);
}

void diff_text_leaks(const struct diff_show *show)
{
	const struct diff_leaks *leaks = show->leaks;
	uint32_t top = show->options->top ? show->options->top : TOP, told = 0;

	put_claim(show);
	while (told < leaks->count && told < top &&
		leaks->leak[told].bytes >= show->options->least) {
		put_leak(show, &leaks->leak[told], told + 1);
		told++;
	}
	if (told == leaks->count)
		return;
	text_str(show->text, "\n     and ");
	diff_put_count(show->text, leaks->count - told, "other call stack");
	text_str(show->text, " with less\n");
}
