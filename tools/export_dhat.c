/* DHAT's file, version 2 (valgrind's docs/dh-manual and dhat/dh_view.js): for dh_view.html and the
 * Firefox Profiler. A snapshot knows the end and what was allocated ever, no maxima and lifetimes:
 * so the file calls the snapshot's moment that of the global maximum, too, and its mode says so. */
#include "export_figures.h"
#include "export_format.h"
#include "export_frames.h"

#include "../preload/core/json.h"

#include <string.h>

static const char mode[] = "vmatlas: t-gmax and maxima are the snapshot's, lifetimes not known";
static const char sampled_mode[] =
	"vmatlas: call stacks are sampled, figures estimated; t-gmax and "
	"maxima are the snapshot's, lifetimes not known";

enum { SHORT_LIVED_US = 500 }; /* as DHAT has it; needed, and of no use without lifetimes */

/* Valgrind has no column behind the line; dhat-rs has, and the Firefox Profiler takes a frame apart
 * only with one. 0 is DWARF's for a column that is not known. */
static void put_frame(struct text *text, const struct place *place, const struct name *name)
{
	text_address(text, place->pc);
	text_str(text, ": ");
	if (name->function)
		text_printable(text, name->function, strlen(name->function));
	else
		text_str(text, "???");
	if (name->file) {
		text_str(text, " (");
		text_printable(text, name->file, strlen(name->file));
		text_char(text, ':');
		text_dec(text, name->line);
		text_str(text, ":0)");
	} else if (place->module) {
		text_str(text, " (in ");
		text_printable(text, place->module, place->module_length);
		text_char(text, ')');
	}
}

static void put_command(struct json *json, const struct view *view)
{
	char command[4096];
	struct text text;

	text_init(&text, command, sizeof(command), NULL, NULL);
	export_put_command(&text, view);
	json_put_bytes(json, "cmd", command, text.used);
}

static void put_head(struct json *json, const struct view *view)
{
	uint64_t elapsed_us = export_elapsed_ns(view) / 1000;

	json_put_number(json, "dhatFileVersion", 2);
	json_put_string(json, "mode", view->sample_mean ? sampled_mode : mode);
	json_put_string(json, "verb", "Allocated");
	json_put_bool(json, "bklt", true);
	json_put_bool(json, "bkacc", false);
	json_put_string(json, "tu", "µs");
	json_put_string(json, "Mtu", "s");
	json_put_number(json, "tuth", SHORT_LIVED_US);
	put_command(json, view);
	json_put_number(json, "pid", view->pid);
	json_put_number(json, "te", elapsed_us);
	json_put_number(json, "tg", elapsed_us);
}

static void put_figures(struct json *json, const struct export_figures *figures)
{
	static const struct {
		const char *key;
		enum export_value value;
	} fields[] = {
		{"tb", EXPORT_ALLOCATED_BYTES},
		{"tbk", EXPORT_ALLOCATIONS},
		{"mb", EXPORT_LIVE_BYTES},
		{"mbk", EXPORT_LIVE_BLOCKS},
		{"gb", EXPORT_LIVE_BYTES},
		{"gbk", EXPORT_LIVE_BLOCKS},
		{"eb", EXPORT_LIVE_BYTES},
		{"ebk", EXPORT_LIVE_BLOCKS},
	};

	json_put_number(json, "tl", 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_put_number(json, fields[i].key, figures->value[fields[i].value]);
}

/* The file's frame 0 is "[root]", and so the others have the numbers of their words. */
static int put_stack(
	struct json *json, struct export_frames *frames, const struct atlas_stack *stack)
{
	struct export_figures figures;
	uint32_t list[EXPORT_FRAMES_MOST];
	int error = 0;
	size_t count = export_frames_list(frames, stack->frame, list, &error);

	export_figures_of_stack(&figures, frames->process, stack);
	json_line(json);
	json_object_begin(json);
	put_figures(json, &figures);
	json_put_array(json, "fs");
	for (size_t i = 0; i < count; i++)
		json_number(json, list[i]);
	if (!count) /* readers want a frame */
		json_number(
			json, words_put(&frames->words, EXPORT_UNKNOWN, strlen(EXPORT_UNKNOWN)));
	json_array_end(json);
	json_object_end(json);
	return error;
}

static void put_table(struct json *json, const struct words *words)
{
	json_put_array(json, "ftbl");
	json_str(json, "[root]");
	for (uint32_t number = 1; number <= words->count; number++) {
		size_t length;
		const char *word = words_at(words, number, &length);

		json_line(json);
		json_bytes(json, word, length);
	}
	json_array_end(json);
}

static int put_file(struct json *json, struct export_frames *frames)
{
	const struct atlas *atlas = &frames->process->atlas;
	int error = 0;

	json_object_begin(json);
	put_head(json, atlas->view);
	json_put_array(json, "pps");
	for (uint32_t i = 0; !error && i < atlas->stacks; i++)
		error = put_stack(json, frames, &atlas->stack[i]);
	json_array_end(json);
	put_table(json, &frames->words);
	json_object_end(json);
	text_char(json->text, '\n');
	return error;
}

static int add(struct export_job *job, const struct export_process *process)
{
	struct export_frames frames;
	struct json json;
	int error = export_frames_begin(&frames, process, put_frame);

	json_init(&json, job->text);
	if (!error)
		error = put_file(&json, &frames);
	export_frames_free(&frames);
	return error;
}

const struct export_format export_dhat = {
	.name = "dhat",
	.suffix = ".dhat.json",
	.summary = "DHAT's, which Firefox Profiler takes, too",
	.add = add,
};
