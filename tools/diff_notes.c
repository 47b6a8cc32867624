#include "diff_notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/text_human.h"

__attribute__((format(printf, 2, 3))) static void note(
	struct diff_model *model, const char *format, ...)
{
	va_list values;

	if (model->notes == DIFF_NOTES)
		return;
	va_start(values, format);
	if (vasprintf(&model->note[model->notes], format, values) >= 0)
		model->notes++;
	va_end(values);
}

/* -- What is compared with what ------------------------------------------------------------- */

static bool same_program(const struct diff_model *model)
{
	size_t old, new;
	const char *before = diff_side_program(model->side[DIFF_OLD], &old);
	const char *after = diff_side_program(model->side[DIFF_NEW], &new);

	return old == new && !memcmp(before, after, old);
}

static void note_programs(struct diff_model *model)
{
	size_t old, new;
	const char *before = diff_side_program(model->side[DIFF_OLD], &old);
	const char *after = diff_side_program(model->side[DIFF_NEW], &new);

	note(model, "These are different programs: %.*s and %.*s.", (int)old, before, (int)new,
		after);
}

static void note_processes(struct diff_model *model)
{
	if (model->same_process)
		return;
	if (!same_program(model))
		note_programs(model);
	else if (model->deep)
		note(model, "These are different processes of one program: pid %u and pid %u.",
			model->side[DIFF_OLD]->view.pid, model->side[DIFF_NEW]->view.pid);
	if (!model->same_space)
		note(model, "Their addresses have nothing in common: mappings are matched by what "
			    "they are for.");
	if (model->deep)
		note(model, "Blocks of one cannot be found again in the other: newly live and "
			    "newly touched cannot be told apart.");
}

static void note_level(struct diff_model *model)
{
	bool old = model->side[DIFF_OLD]->snapshot, new = model->side[DIFF_NEW]->snapshot;

	if (old != new)
		note(model, "%s is a snapshot, %s a list of mappings: only mappings are compared.",
			model->side[old ? DIFF_OLD : DIFF_NEW]->name,
			model->side[old ? DIFF_NEW : DIFF_OLD]->name);
	if (!model->rss)
		note(model, "What is resident is not known of both: sizes are compared.");
}

static void note_sampling(struct diff_model *model)
{
	char mean[TEXT_HUMAN];

	if (!model->sampled)
		return;
	for (int side = 0; side < DIFF_SIDES; side++) {
		const struct diff_side *of = model->side[side];

		if (of->view.sample_mean)
			note(model, "Call stacks of %s are sampled: one in %s of allocated bytes.",
				of->name, text_size_human(of->view.sample_mean, mean));
		else
			note(model, "Of %s all call stacks were recorded.", of->name);
	}
	note(model, "What call stacks hold is estimated by samples; ± is one standard error.");
}

/* -- What is missing ------------------------------------------------------------------------ */

static uint64_t lost_before(const struct view *view, const char *name)
{
	for (unsigned i = 0; i < view->losts; i++)
		if (!strcmp(view->lost[i].name, name))
			return view->lost[i].count;
	return 0;
}

/* Since the other moment of the same process; else ever. */
static void note_lost(
	struct diff_model *model, const struct diff_side *side, const struct view *before)
{
	for (unsigned i = 0; i < side->view.losts; i++) {
		const struct view_lost *lost = &side->view.lost[i];
		uint64_t earlier = before ? lost_before(before, lost->name) : 0;

		if (lost->count > earlier)
			note(model, "Not seen%s%s: %" PRIu64 " %s.",
				before ? " in between" : " in ", before ? "" : side->name,
				lost->count - earlier,
				*lost->explanation ? lost->explanation : lost->name);
	}
}

static void note_losses(struct diff_model *model)
{
	const struct diff_side *old = model->side[DIFF_OLD], *new = model->side[DIFF_NEW];

	if (model->same_process) {
		note_lost(model, new, &old->view);
		note_lost(model, old, &new->view);
	} else if (model->deep) {
		note_lost(model, old, NULL);
		note_lost(model, new, NULL);
	}
}

static void note_side(struct diff_model *model, const struct diff_side *side)
{
	if (side->snapshot && !side->view.complete)
		note(model, "%s is not complete: something could not be read.", side->name);
	if (model->deep && diff_side_knows_rss(side) && !diff_side_knows_pages(side))
		note(model,
			"%s does not say which pages are in memory: live and retained cannot be "
			"told apart.",
			side->name);
	if (side->listing && side->listing->disorder)
		note(model, "%s changed while it was read: its mappings overlap.", side->name);
}

void diff_notes_make(struct diff_model *model)
{
	note_processes(model);
	note_level(model);
	if (model->deep)
		note_sampling(model);
	if (model->timed && model->ns < 0)
		note(model, "%s is older than %s.", model->side[DIFF_NEW]->name,
			model->side[DIFF_OLD]->name);
	note_side(model, model->side[DIFF_OLD]);
	note_side(model, model->side[DIFF_NEW]);
	note_losses(model);
}
