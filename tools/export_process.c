#include "export_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/place.h"
#include "complain.h"

/* A byte is at most \xNN. */
enum { PRINTED_MOST = 4 };

char *export_printable(const char *bytes, size_t length)
{
	size_t size = PRINTED_MOST * length + 1;
	char *printed = malloc(size);
	struct text text;

	if (!printed)
		return NULL;
	text_init(&text, printed, size, NULL, NULL);
	text_printable(&text, bytes, length);
	printed[text.used] = '\0';
	return printed;
}

static char *service_of(const struct view *view, const char *given)
{
	const char *name = *view->exe ? view->exe : view->name;
	size_t length = strlen(name);

	if (given)
		return export_printable(given, strlen(given));
	name = place_base(name, &length);
	return export_printable(name, length);
}

/* 0 or ENOMEM. Where smaps could not be read to its end, the view is not complete. */
static int work_out(struct export_process *process)
{
	uint32_t mappings = snapshot_mappings(process->snapshot);
	size_t size = atlas_memory(&process->view, mappings);

	process->memory = calloc(1, size);
	if (!process->memory)
		return ENOMEM;
	process->view.complete &=
		atlas_make(&process->atlas, &process->view, process->memory, size, mappings) == 0;
	return 0;
}

static int name(struct export_process *process, bool source)
{
	struct report_options *options = &process->options;

	process->framenames = framenames_open(&process->view, source);
	options->scratch_words = REPORT_PATH_WORDS;
	options->scratch = calloc(options->scratch_words, sizeof(uint64_t));
	if (!process->framenames || !options->scratch)
		return ENOMEM;
	process->names = framenames_names(process->framenames);
	report_begin(&process->report, &process->atlas, &process->names, options, NULL);
	return 0;
}

int export_process_open(
	struct export_process *process, const char *path, const char *service, bool source)
{
	int status, error;

	*process = (struct export_process){.path = path};
	status = snapshot_open(path, &process->snapshot);
	if (status)
		return status;
	process->view = *snapshot_view(process->snapshot);
	process->service = service_of(&process->view, service);
	error = process->service ? work_out(process) : ENOMEM;
	error = error ? error : name(process, source);
	return error ? complain_errno(path, error) : 0;
}

void export_process_close(struct export_process *process)
{
	framenames_close(process->framenames);
	free(process->options.scratch);
	free(process->memory);
	free(process->service);
	snapshot_free(process->snapshot);
}

void export_put_command(struct text *text, const struct view *view)
{
	const char *at = view->argv, *end = at + view->argv_length;

	while (at < end) {
		size_t length = strnlen(at, (size_t)(end - at));

		if (at != view->argv)
			text_char(text, ' ');
		text_printable(text, at, length);
		at += length + 1;
	}
}

uint64_t export_elapsed_ns(const struct view *view)
{
	uint64_t start = view->start.monotonic_ns, now = view->now.monotonic_ns;

	return now > start ? now - start : 0;
}

void export_put_build_id(struct text *text, const struct vmatlas_module *module)
{
	for (uint32_t i = 0; i < module->build_id_length && i < sizeof(module->build_id); i++)
		text_hex_wide(text, module->build_id[i], 2);
}
