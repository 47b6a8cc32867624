#include "report_text_regions.h"
#include "region_groups.h"
#include "report_text_stacks.h"
#include "text_column.h"

/* -- Arenas --------------------------------------------------------------------------------- */

/* So many of an arena's threads are named. */
enum { THREADS_SHOWN = 4 };

/* Those that are not named, or not known: of a process that samples, a block without a sample may
 * be any thread's. */
static void put_others(struct text *text, const struct view *view, const struct atlas_arena *arena)
{
	bool more = arena->more_threads && !view->sample_mean;

	if (arena->threads > THREADS_SHOWN) {
		text_str(text, more ? " and over " : " and ");
		text_dec(text, arena->threads - THREADS_SHOWN);
		text_str(text, " more");
	}
	if (arena->more_threads && !more)
		text_str(text, ", perhaps others");
}

void report_text_arena_users(
	struct text *text, const struct view *view, const struct atlas_arena *arena)
{
	if (!arena->threads) {
		text_str(text, arena->more_threads ? "of threads without a sample"
						   : "of no thread that holds blocks");
		return;
	}
	for (uint32_t i = 0; i < arena->threads && i < THREADS_SHOWN; i++) {
		if (i)
			text_str(text, ", ");
		text_dec(text, view_tid(view, arena->thread[i]));
	}
	put_others(text, view, arena);
}

/* What the state of pages tells. */
static void put_known(const struct report *report, uint64_t bytes, size_t width)
{
	if (report->atlas->pages_known)
		text_put_column(report->text, bytes, width);
	else
		text_right(report->text, "?", width);
}

static void put_arena(const struct report *report, const struct atlas_arena *arena)
{
	struct text *text = report->text;

	text_put_grouped(text, arena->number, 5);
	text_put_grouped(text, arena->heaps, 7);
	text_put_column(text, arena->reserved, 10);
	text_put_column(text, arena->committed, 11);
	put_known(report, arena->sums.rss, 7);
	text_put_column(text, arena->sums.live_bytes, 7);
	put_known(report, arena->sums.retained, 10);
	put_known(report, arena->sums.trimmable, 11);
	text_str(text, "  ");
	report_text_arena_users(text, report->view, arena);
	text_char(text, '\n');
}

void report_text_arenas(const struct report *report)
{
	struct atlas_arena arena = {.number = 0};

	for (bool first = true; atlas_arena_next(report->atlas, &arena); first = false) {
		if (first)
			text_str(report->text,
				"\nArenas: malloc's heaps for threads\n"
				"   no  heaps  reserved  committed    rss   live  retained"
				"  trimmable  threads with live blocks\n");
		put_arena(report, &arena);
	}
}

/* -- Who mapped what ------------------------------------------------------------------------ */

static void put_group_figures(
	struct text *text, const struct region_group *group, const struct region_groups *groups)
{
	text_str(text, "\n  ");
	text_size(text, group->bytes);
	text_str(text, "  ");
	text_percent(text, group->bytes, groups->bytes);
	text_str(text, "  in ");
	text_put_grouped(text, group->count, 0);
	text_str(text, group->count == 1 ? " region" : " regions");
}

static void put_group(const struct report *report, const struct region_group *group,
	const struct region_groups *groups)
{
	put_group_figures(report->text, group, groups);
	if (group->frame) {
		text_str(report->text, "; call stack ");
		text_dec(report->text, group->frame);
	}
	text_char(report->text, '\n');
	report_text_frames(report, group->frame, 8);
}

static void put_title(struct text *text, const struct region_groups *groups)
{
	text_str(text, "\nWho mapped what: ");
	text_size(text, groups->bytes);
	text_str(text, " in ");
	text_put_grouped(text, groups->count, 0);
	text_str(text, groups->count == 1 ? " region\n" : " regions\n");
}

void report_text_regions(struct report *report)
{
	uint32_t most = report_text_most(report->options);
	const struct region_group *group;
	struct region_groups groups;
	size_t words = report->scratch_words;
	struct region_group rest;

	region_groups_make(&groups, report->view, report_take(report, words), words);
	if (!groups.count)
		return;
	put_title(report->text, &groups);
	rest = (struct region_group){.count = (uint32_t)groups.count, .bytes = groups.bytes};
	group = region_groups_next(&groups, NULL);
	for (; group && most--; group = region_groups_next(&groups, group)) {
		put_group(report, group, &groups);
		rest.count -= group->count;
		rest.bytes -= group->bytes;
	}
	if (!rest.count)
		return;
	put_group_figures(report->text, &rest, &groups);
	text_str(report->text, " by others\n");
}
