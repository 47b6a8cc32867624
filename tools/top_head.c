#include "top_head.h"

#include <string.h>

#include "../preload/core/text_column.h"
#include "top_cell.h"

void top_head_put_title(struct text *text, const struct top_moment *moment)
{
	const struct view *view = &moment->view;

	text_str(text, "vmatlas top: ");
	text_printable(text, view->name, strlen(view->name));
	text_str(text, " (pid ");
	text_dec(text, view->pid);
	text_str(text, ")  running ");
	text_duration(text, view->now.monotonic_ns - view->start.monotonic_ns);
}

static void put_growing(struct text *text, const char *what, uint64_t now, const uint64_t *then)
{
	text_str(text, what);
	text_size(text, now);
	if (!then || now == *then)
		return;
	text_char(text, ' ');
	top_cell_put_growth(text, (int64_t)(now - *then));
}

void top_head_put_figures(
	struct text *text, const struct top_moment *moment, const struct top_mark *mark)
{
	const struct atlas *atlas = &moment->atlas;
	uint64_t peak = report_peak(&moment->report);

	put_growing(text, "RSS ", atlas->rss, mark ? &mark->rss : NULL);
	put_growing(text, "  live ", atlas->live_bytes, mark ? &mark->live_bytes : NULL);
	text_str(text, " in ");
	text_put_grouped(text, atlas->live_blocks, 0);
	text_str(text, atlas->live_blocks == 1 ? " block" : " blocks");
	text_str(text, "  peak ");
	if (peak == VIEW_UNKNOWN)
		text_char(text, '?');
	else
		text_size(text, peak);
	if (atlas->swap) {
		text_str(text, "  swapped ");
		text_size(text, atlas->swap);
	}
}

static void put_sampling(struct text *text, const struct top_moment *moment)
{
	text_str(text, "call stacks are sampled, one in ");
	text_size(text, moment->view.sample_mean);
	text_str(text, ": figures with ~ are estimates");
}

/* The sentence of that index among those that hold. */
bool top_head_put_notice(struct text *text, const struct top_moment *moment, unsigned index)
{
	const struct view *view = &moment->view;

	if (view->sample_mean && !index--) {
		put_sampling(text, moment);
		return true;
	}
	if (!view->complete && !index--) {
		text_str(text, "this picture is not complete: something could not be read");
		return true;
	}
	if (!moment->atlas.pages_known && !index--) {
		text_str(text, "the kernel does not say which pages are in memory");
		return true;
	}
	if (index >= view->notices || index >= VIEW_NOTICES)
		return false;
	text_printable(text, view->notice[index], strlen(view->notice[index]));
	return true;
}
