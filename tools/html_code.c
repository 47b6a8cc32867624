/* Frames and call stacks in the page; see html_moment.h. */
#include "../preload/core/owner.h"
#include "../preload/core/place.h"
#include "html_moment.h"

/* -- Frames --------------------------------------------------------------------------------- */

static void put_frame(
	struct html_moment *moment, struct sheet *sheet, uint32_t id, const struct place *place)
{
	bool known = place->module != NULL;

	sheet_put(sheet, id);
	sheet_put(sheet, place->parent);
	sheet_put(sheet, place->pc);
	sheet_put(sheet, known ? html_moment_word(moment, place->module, place->module_length) : 0);
	sheet_put_known(sheet, place->offset, known);
}

static void put_levels(struct html_moment *moment, struct sheet *sheet, uint32_t id)
{
	struct name levels[NAMES_LEVELS];
	size_t count = names_get(&moment->process->names, id, levels);

	for (size_t i = 0; i < count; i++) {
		if (!levels[i].function && !levels[i].file)
			continue;
		sheet_put(sheet, id);
		sheet_put(sheet, html_moment_string(moment, levels[i].function));
		sheet_put(sheet, html_moment_string(moment, levels[i].file));
		sheet_put(sheet, levels[i].line);
	}
}

static void put_frames(struct html_moment *moment)
{
	static const char *const frame_columns[] = {"id", "parent", "pc", "module", "offset", NULL};
	static const char *const level_columns[] = {"frame", "function", "file", "line", NULL};
	const struct view *view = &moment->process->view;
	struct sheet frames, levels;

	sheet_begin(&frames, "frames", frame_columns);
	sheet_begin(&levels, "levels", level_columns);
	for (uint32_t id = 1; !moment->error && id <= lane_count(view->frames); id++) {
		struct place place;

		if (!place_of(view, id, &place))
			continue;
		put_frame(moment, &frames, id, &place);
		put_levels(moment, &levels, id);
	}
	html_moment_sheet(moment, &frames);
	html_moment_sheet(moment, &levels);
}

/* -- Call stacks ---------------------------------------------------------------------------- */

static void put_figures(
	struct html_moment *moment, struct sheet *sheet, const struct atlas_stack *stack)
{
	const struct atlas *atlas = &moment->process->atlas;
	bool pages = atlas->pages_known;

	sheet_put(sheet, stack->live_blocks);
	sheet_put(sheet, stack->live_bytes);
	sheet_put_known(sheet, stack->live_resident, pages);
	sheet_put_known(sheet, stack->pinned, pages);
	sheet_put(sheet, stack->allocations);
	sheet_put(sheet, stack->allocated_bytes);
	sheet_put_known(sheet, stack->slack, atlas->slack_known);
	for (unsigned i = 0; i < ATLAS_HELDS; i++)
		sheet_put(sheet, stack->error[i]);
}

static void put_stacks(struct html_moment *moment)
{
	/* Those behind `owner` in the order of enum atlas_held. */
	static const char *const columns[] = {"id", "owner", "live_blocks", "live_bytes",
		"live_resident", "pinned", "allocations", "allocated_bytes", "slack_least",
		"live_blocks_error", "live_bytes_error", "live_resident_error", "pinned_error",
		"allocations_error", "allocated_bytes_error", "slack_least_error", NULL};
	const struct export_process *process = moment->process;
	struct sheet sheet;

	sheet_begin(&sheet, "stacks", columns);
	for (uint32_t i = 0; i < process->atlas.stacks; i++) {
		const struct atlas_stack *stack = &process->atlas.stack[i];
		char owner[OWNER_BYTES];
		size_t length = owner_of_stack(&process->report, stack->frame, owner);

		sheet_put(&sheet, stack->frame);
		sheet_put(&sheet, html_moment_word(moment, owner, length));
		put_figures(moment, &sheet, stack);
	}
	html_moment_sheet(moment, &sheet);
}

void html_code(struct html_moment *moment)
{
	put_frames(moment);
	put_stacks(moment);
}
