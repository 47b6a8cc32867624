/* heaptrack's interpreted file, version 3 (heaptrack's accumulatedtracedata.cpp reads it), not
 * compressed. Its readers count allocations one by one, so it has the live blocks, each made when
 * it was and never freed: what they call leaked is what lives. What was freed is not in it. */
#include "complain.h"
#include "export_figures.h"
#include "export_format.h"
#include "export_frames.h"

#include "../preload/core/place.h"
#include "pool.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* heaptrack 1.4.0. */
#define WRITER_VERSION 0x10400u
enum { FILE_VERSION = 3, STEP_MS = 10 };

/* A code address; a live block's size and call stack. */
struct instruction {
	uint64_t pc;
	uint32_t module, rest;
};
struct allocation {
	uint64_t size;
	uint32_t trace, rest;
};
struct birth {
	uint64_t ms, size;
	uint32_t frame, rest;
};

struct tracking {
	const struct export_process *process;
	struct text *text;
	struct words words;
	uint32_t told; /* so many of them are written */
	struct pool instructions, allocations;
	uint32_t *trace; /* by frame: its number in the file; 0: none yet */
	uint32_t traces, unknown;
	struct birth *birth;
	uint32_t births;
	int error;
};

/* -- Strings -------------------------------------------------------------------------------- */

static void tell_words(struct tracking *tracking)
{
	while (tracking->told < tracking->words.count) {
		size_t length;
		const char *word = words_at(&tracking->words, ++tracking->told, &length);

		text_str(tracking->text, "s ");
		text_hex(tracking->text, length);
		text_char(tracking->text, ' ');
		text_bytes(tracking->text, word, length);
		text_char(tracking->text, '\n');
	}
}

/* The number of a string, 0 for none. A line ends a record, so nothing in it may. */
static uint32_t string_of(struct tracking *tracking, const char *bytes, size_t length)
{
	char *printed = length ? export_printable(bytes, length) : NULL;
	uint32_t number = printed ? words_put(&tracking->words, printed, strlen(printed)) : 0;

	if (length && !number)
		tracking->error = ENOMEM;
	free(printed);
	return number;
}

static uint32_t string(struct tracking *tracking, const char *text)
{
	return text ? string_of(tracking, text, strlen(text)) : 0;
}

/* -- Call stacks ---------------------------------------------------------------------------- */

static void put_numbers(struct text *text, const char *tag, const uint64_t *number, size_t count)
{
	text_str(text, tag);
	for (size_t i = 0; i < count; i++) {
		text_char(text, ' ');
		text_hex(text, number[i]);
	}
	text_char(text, '\n');
}

/* Address and module, then function, file and line of each level, innermost first. */
static void put_instruction(struct tracking *tracking, const struct place *place,
	const struct name *level, size_t levels)
{
	uint64_t number[2 + 3 * NAMES_LEVELS];
	size_t count = 2;

	number[0] = place->pc;
	number[1] = string_of(tracking, place->module, place->module_length);
	for (size_t i = 0; i < levels && level[i].function; i++) {
		number[count++] = string(tracking, level[i].function);
		number[count++] = string(tracking, level[i].file);
		number[count++] = level[i].line;
	}
	tell_words(tracking);
	put_numbers(tracking->text, "i", number, count);
}

static uint32_t instruction_of(struct tracking *tracking, uint32_t frame, const struct place *place)
{
	const struct vmatlas_frame *record = lane_find(tracking->process->view.frames, frame);
	const struct instruction key = {.pc = place->pc, .module = record->module};
	uint32_t before = tracking->instructions.count;
	uint32_t number = pool_put(&tracking->instructions, &key);
	struct name levels[NAMES_LEVELS];

	if (!number)
		tracking->error = ENOMEM;
	if (number > before)
		put_instruction(tracking, place, levels,
			names_get(&tracking->process->names, frame, levels));
	return number;
}

static uint32_t put_trace(struct tracking *tracking, uint32_t instruction, uint32_t parent)
{
	const uint64_t number[] = {instruction, parent};

	put_numbers(tracking->text, "t", number, 2);
	return ++tracking->traces;
}

/* Of one that is not known. */
static uint32_t unknown_trace(struct tracking *tracking)
{
	static const struct place nowhere = {.pc = 0};
	static const struct name name = {.function = EXPORT_UNKNOWN};
	const struct instruction key = {.pc = 0};

	if (tracking->unknown)
		return tracking->unknown;
	put_instruction(tracking, &nowhere, &name, 1);
	tracking->unknown = put_trace(tracking, pool_put(&tracking->instructions, &key), 0);
	return tracking->unknown;
}

/* Writes what of a call stack is not written yet, callers first. */
static uint32_t trace_of(struct tracking *tracking, uint32_t frame)
{
	uint32_t list[PLACE_DEPTH], trace = 0;
	unsigned depth = 0;
	struct place place;

	while (depth < PLACE_DEPTH && place_of(&tracking->process->view, frame, &place)) {
		trace = tracking->trace[frame];
		if (trace)
			break;
		list[depth++] = frame;
		frame = place.parent;
	}
	while (depth) {
		uint32_t at = list[--depth], instruction;

		place_of(&tracking->process->view, at, &place);
		instruction = instruction_of(tracking, at, &place);
		trace = tracking->trace[at] = put_trace(tracking, instruction, trace);
	}
	return trace ? trace : unknown_trace(tracking);
}

/* -- Blocks --------------------------------------------------------------------------------- */

static uint64_t since_start_ms(const struct view *view, uint64_t ticks)
{
	return ticks > view->start.ticks ? view_span_ns(view, ticks - view->start.ticks) / 1000000
					 : 0;
}

static int compare_births(const void *a, const void *b)
{
	uint64_t one = ((const struct birth *)a)->ms, other = ((const struct birth *)b)->ms;

	return one < other ? -1 : one > other;
}

static int list_births(struct tracking *tracking)
{
	const struct export_process *process = tracking->process;
	struct blocks_tables tables = view_tables(&process->view);
	uint64_t room = process->atlas.live_blocks;
	struct blocks_cursor cursor;
	struct block block;

	tracking->birth = room < UINT32_MAX ? calloc(room + 1, sizeof(*tracking->birth)) : NULL;
	if (!tracking->birth)
		return ENOMEM;
	blocks_begin(&cursor, process->view.blocks, &tables);
	while (tracking->births < room && blocks_next(&cursor, &block)) {
		struct birth *birth = &tracking->birth[tracking->births++];

		*birth = (struct birth){
			.ms = since_start_ms(&process->view, block.time),
			.size = block.size,
			.frame = report_block_frame(&process->report, &block),
		};
	}
	qsort(tracking->birth, tracking->births, sizeof(*tracking->birth), compare_births);
	return 0;
}

static void put_birth(struct tracking *tracking, const struct birth *birth)
{
	const struct allocation key = {
		.size = birth->size, .trace = trace_of(tracking, birth->frame)};
	uint32_t before = tracking->allocations.count;
	uint32_t number = pool_put(&tracking->allocations, &key);
	const uint64_t made[] = {key.size, key.trace}, index = number - 1;

	if (!number)
		tracking->error = ENOMEM;
	if (number > before)
		put_numbers(tracking->text, "a", made, 2);
	put_numbers(tracking->text, "+", &index, 1);
}

static void put_blocks(struct tracking *tracking)
{
	uint64_t told_ms = 0;

	for (uint32_t i = 0; i < tracking->births && !tracking->error; i++) {
		const struct birth *birth = &tracking->birth[i];

		if (birth->ms - told_ms >= STEP_MS) {
			told_ms = birth->ms;
			put_numbers(tracking->text, "c", &told_ms, 1);
		}
		put_birth(tracking, birth);
	}
}

/* -- The file ------------------------------------------------------------------------------- */

static void put_head(struct tracking *tracking)
{
	const struct view *view = &tracking->process->view;
	const uint64_t version[] = {WRITER_VERSION, FILE_VERSION}, system[] = {view->page_size, 0};

	put_numbers(tracking->text, "v", version, 2);
	text_str(tracking->text, "X ");
	export_put_command(tracking->text, view);
	text_char(tracking->text, '\n');
	put_numbers(tracking->text, "I", system, 2); /* how much the machine has is not known */
}

static void put_end(struct tracking *tracking)
{
	const struct view *view = &tracking->process->view;
	uint64_t pages = tracking->process->atlas.rss / view->page_size;
	uint64_t ms = export_elapsed_ns(view) / 1000000;

	put_numbers(tracking->text, "c", &ms, 1);
	put_numbers(tracking->text, "R", &pages, 1);
}

static int put_file(struct tracking *tracking)
{
	uint32_t frames = lane_count(tracking->process->view.frames);
	int error = list_births(tracking);

	tracking->trace = calloc((size_t)frames + 1, sizeof(*tracking->trace));
	if (error || !tracking->trace)
		return ENOMEM;
	put_head(tracking);
	put_blocks(tracking);
	put_end(tracking);
	return tracking->error;
}

static int add(struct export_job *job, const struct export_process *process)
{
	struct tracking tracking = {
		.process = process,
		.text = job->text,
		.instructions = POOL_WHOLE(struct instruction),
		.allocations = POOL_WHOLE(struct allocation),
	};
	int error;

	if (process->view.sample_mean) {
		complain_cannot(process->path,
			"call stacks are sampled, and heaptrack's file has no estimates");
		return EXPORT_TOLD;
	}
	error = put_file(&tracking);
	free(tracking.birth);
	free(tracking.trace);
	pool_free(&tracking.instructions);
	pool_free(&tracking.allocations);
	words_free(&tracking.words);
	return error;
}

const struct export_format export_heaptrack = {
	.name = "heaptrack",
	.suffix = ".heaptrack",
	.summary = "heaptrack's, with the live blocks",
	.add = add,
};
