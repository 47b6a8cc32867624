/* Modules, frames and call stacks; see export_sqlite.h. */
#include "export_figures.h"
#include "export_sqlite.h"

#include <string.h>

#include "../preload/core/place.h"

static void put_build_id(struct sqlite_file *file, const struct vmatlas_module *module)
{
	char hex[2 * sizeof(module->build_id)];
	struct text text;

	text_init(&text, hex, sizeof(hex), NULL, NULL);
	export_put_build_id(&text, module);
	sqlite_put_text(file, text.used ? hex : NULL, text.used);
}

static void put_modules(struct export_sqlite *self)
{
	const struct view *view = &self->process->view;

	for (uint32_t id = 1; id <= lane_count(view->modules); id++) {
		const struct vmatlas_module *module = lane_find(view->modules, id);
		size_t length;
		const char *path;

		if (!module)
			continue;
		path = view_string(view, module->path, &length);
		export_sqlite_row(self, SQLITE_MODULES);
		sqlite_put_number(&self->file, id);
		sqlite_put_text(&self->file, path, length);
		put_build_id(&self->file, module);
		sqlite_put_number(&self->file, module->start);
		sqlite_put_number(&self->file, module->end);
		sqlite_row_end(&self->file);
	}
}

static void put_levels(struct export_sqlite *self, uint32_t frame)
{
	struct name levels[NAMES_LEVELS];
	size_t count = names_get(&self->process->names, frame, levels);

	for (size_t i = 0; i < count; i++) {
		export_sqlite_row(self, SQLITE_LEVELS);
		sqlite_put_number(&self->file, frame);
		sqlite_put_number(&self->file, i);
		sqlite_put_string(&self->file, levels[i].function);
		sqlite_put_string(&self->file, levels[i].file);
		sqlite_put_known(&self->file, levels[i].line, levels[i].line != 0);
		sqlite_row_end(&self->file);
	}
}

static void put_frames(struct export_sqlite *self)
{
	const struct view *view = &self->process->view;

	for (uint32_t id = 1; !self->file.error && id <= lane_count(view->frames); id++) {
		const struct vmatlas_frame *record = lane_find(view->frames, id);
		struct place place;

		if (!place_of(view, id, &place))
			continue;
		export_sqlite_row(self, SQLITE_FRAMES);
		sqlite_put_number(&self->file, id);
		sqlite_put_number(&self->file, place.parent);
		sqlite_put_number(&self->file, place.pc);
		sqlite_put_known(&self->file, record->module, place.module != NULL);
		sqlite_put_known(&self->file, place.offset, place.module != NULL);
		sqlite_row_end(&self->file);
		put_levels(self, id);
	}
}

static void put_stack(struct export_sqlite *self, const struct atlas_stack *stack)
{
	bool known = self->process->atlas.pages_known;
	struct sqlite_file *file = &self->file;
	struct export_figures figures;

	export_figures_of_stack(&figures, self->process, stack);
	export_sqlite_row(self, SQLITE_CALLSTACKS);
	sqlite_put_number(file, stack->frame);
	sqlite_put_number(file, figures.value[EXPORT_LIVE_BLOCKS]);
	sqlite_put_number(file, figures.value[EXPORT_LIVE_BYTES]);
	sqlite_put_known(file, figures.value[EXPORT_RESIDENT], known);
	sqlite_put_known(file, figures.value[EXPORT_PINNED], known);
	sqlite_put_number(file, figures.value[EXPORT_ALLOCATIONS]);
	sqlite_put_number(file, figures.value[EXPORT_ALLOCATED_BYTES]);
	sqlite_put_known(file, stack->samples, self->process->view.sample_mean != 0);
	sqlite_put_number(file, stack->error[ATLAS_LIVE_BYTES]);
	sqlite_put_number(file, stack->error[ATLAS_ALLOCATED_BYTES]);
	sqlite_row_end(file);
}

void export_sqlite_code(struct export_sqlite *self)
{
	const struct atlas *atlas = &self->process->atlas;

	put_modules(self);
	put_frames(self);
	for (uint32_t i = 0; i < atlas->stacks; i++)
		put_stack(self, &atlas->stack[i]);
}
