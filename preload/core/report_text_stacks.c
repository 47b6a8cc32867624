#include "report_text_stacks.h"
#include "place.h"
#include "text_column.h"

#include <string.h>

enum {
	STACKS = 20,
	DEPTH = 16,
	/* A function's name may take so many columns before its file and module. */
	FUNCTION_COLUMNS = 64,
	/* Mappings that are named for a call stack, and for how many call stacks this is asked:
	 * each costs a word per mapping. */
	SHARES = 3,
	SHARED_RANKS = 64,
};

uint32_t report_text_most(const struct report_options *options)
{
	return options->stacks ? options->stacks : STACKS;
}

/* -- Errors --------------------------------------------------------------------------------- */

void report_text_size_error(struct text *text, const struct atlas *atlas, uint64_t error)
{
	if (!atlas->view->sample_mean)
		return;
	text_str(text, " ± ");
	text_size(text, error);
}

void report_text_count_error(struct text *text, const struct atlas *atlas, uint64_t error)
{
	if (!atlas->view->sample_mean)
		return;
	text_str(text, " ± ");
	text_put_grouped(text, error, 0);
}

/* -- Frames --------------------------------------------------------------------------------- */

static void put_module(struct text *text, const struct place *place)
{
	size_t length;
	const char *module = place_module(place, &length);

	text_printable(text, module, length);
}

/* "table.c:12": directories are in the JSON report. */
static void put_source(struct text *text, const struct name *name)
{
	size_t length = strlen(name->file);
	const char *base = place_base(name->file, &length);

	text_str(text, "  ");
	text_printable(text, base, length);
	if (name->line) {
		text_char(text, ':');
		text_dec(text, name->line);
	}
}

static void put_function(struct text *text, const struct place *place, const struct name *name)
{
	char shorter[4 * FUNCTION_COLUMNS];

	names_shorten(name->function, FUNCTION_COLUMNS, shorter, sizeof shorter);
	text_printable(text, shorter, strlen(shorter));
	if (name->file)
		put_source(text, name);
	if (!place->module)
		return;
	text_str(text, "  (");
	put_module(text, place);
	text_char(text, ')');
}

static void put_address(struct text *text, const struct place *place)
{
	if (place->module) {
		put_module(text, place);
		text_char(text, '+');
	}
	text_address(text, place->module ? place->offset : place->pc);
}

static void put_level(
	struct text *text, const struct place *place, const struct name *name, bool inlined)
{
	if (name->function)
		put_function(text, place, name);
	else
		put_address(text, place);
	text_str(text, inlined ? "  inlined\n" : "\n");
}

static void put_frame(
	const struct report *report, uint32_t frame, const struct place *place, size_t indent)
{
	struct name levels[NAMES_LEVELS];
	size_t count = names_get(report->names, frame, levels);

	for (size_t i = 0; i < count; i++) {
		text_repeat(report->text, ' ', indent);
		put_level(report->text, place, &levels[i], i + 1 < count);
	}
}

static void put_rest(const struct report *report, uint32_t frame, size_t indent)
{
	struct place place;
	uint32_t rest = 0;

	for (; rest < PLACE_DEPTH && place_of(report->view, frame, &place); rest++)
		frame = place.parent;
	if (!rest)
		return;
	text_repeat(report->text, ' ', indent);
	text_str(report->text, "… ");
	text_dec(report->text, rest);
	text_str(report->text, " more\n");
}

void report_text_frames(const struct report *report, uint32_t frame, size_t indent)
{
	uint32_t most = report->options->depth ? report->options->depth : DEPTH;
	struct place place;

	if (!place_of(report->view, frame, &place)) {
		text_repeat(report->text, ' ', indent);
		text_str(report->text, "call stack not known\n");
		return;
	}
	for (uint32_t depth = 0; depth < most && place_of(report->view, frame, &place); depth++) {
		put_frame(report, frame, &place, indent);
		frame = place.parent;
	}
	put_rest(report, frame, indent);
}

/* -- Where their blocks live ---------------------------------------------------------------- */

static uint32_t listed(const struct atlas *atlas, const struct report_options *options)
{
	uint32_t most = report_text_most(options);

	return most < atlas->stacks ? most : atlas->stacks;
}

static uint32_t shared(const struct atlas *atlas, const struct report_options *options)
{
	uint32_t ranks = listed(atlas, options);

	return ranks < SHARED_RANKS ? ranks : SHARED_RANKS;
}

static size_t shares_words(uint32_t ranks)
{
	return (size_t)ranks * SHARES * sizeof(struct atlas_share) / sizeof(uint64_t);
}

size_t report_text_stacks_words(const struct atlas *atlas, const struct report_options *options)
{
	uint32_t ranks = shared(atlas, options);

	return shares_words(ranks) + (size_t)ranks * atlas->mappings;
}

static const struct atlas_share *find_shares(struct report *report)
{
	uint32_t ranks = shared(report->atlas, report->options);
	struct atlas_share *shares = (struct atlas_share *)report_take(report, shares_words(ranks));
	double *memory = (void *)report_take(report, (size_t)ranks * report->atlas->mappings);

	if (!ranks || !shares || !memory || !report->atlas->mappings)
		return NULL;
	atlas_shares(report->atlas, ranks, SHARES, shares, memory);
	return shares;
}

/* "[heap]", or "arena 7f1234000000" where the mapping has no name. */
static void put_mapping(const struct report *report, const struct atlas_mapping *mapping)
{
	size_t length;
	const char *path = report_path(report, mapping, &length);

	if (length) {
		path = *path == '/' ? place_base(path, &length) : path;
		text_printable(report->text, path, length);
		return;
	}
	text_str(report->text, kind_name((enum kind)mapping->kind));
	text_char(report->text, ' ');
	text_hex(report->text, mapping->start);
}

/* The shares end at the first that names no mapping. */
static void put_shares(
	const struct report *report, const struct atlas_share *share, uint64_t live_bytes)
{
	const struct atlas *atlas = report->atlas;
	uint64_t told = 0, rounded = atlas->view->sample_mean ? SHARES : 0;

	for (unsigned i = 0; i < SHARES && share[i].mapping < atlas->mappings; i++) {
		text_str(report->text, i ? ", " : "     in ");
		put_mapping(report, &atlas->mapping[share[i].mapping]);
		text_char(report->text, ' ');
		text_put_column(report->text, share[i].bytes, 0);
		told += share[i].bytes;
	}
	if (!told)
		return;
	if (told + rounded < live_bytes) {
		text_str(report->text, ", elsewhere ");
		text_put_column(report->text, live_bytes - told, 0);
	}
	text_char(report->text, '\n');
}

/* -- Call stacks ---------------------------------------------------------------------------- */

/* What malloc rounds up is told where it is more than this part of what was asked for. */
enum { SLACK_SHOWN = 8 };

static void put_blocks(
	struct text *text, const struct atlas *atlas, const struct atlas_stack *stack)
{
	text_put_grouped(text, stack->live_blocks, 0);
	report_text_count_error(text, atlas, stack->error[ATLAS_LIVE_BLOCKS]);
	text_str(text, stack->live_blocks == 1 ? " block" : " blocks");
}

static void put_beyond(
	struct text *text, const struct atlas *atlas, const struct atlas_stack *stack)
{
	if (atlas->pages_known && stack->pinned) {
		text_str(text, ", pins ");
		text_size(text, stack->pinned);
		report_text_size_error(text, atlas, stack->error[ATLAS_PINNED]);
	}
	if (stack->slack > stack->live_bytes / SLACK_SHOWN) {
		text_str(text, ", has over ");
		text_size(text, stack->slack);
		report_text_size_error(text, atlas, stack->error[ATLAS_SLACK]);
		text_str(text, " more than it asked for");
	}
}

static void put_ever(struct text *text, const struct atlas *atlas, const struct atlas_stack *stack)
{
	text_str(text, "; ever ");
	text_size(text, stack->allocated_bytes);
	report_text_size_error(text, atlas, stack->error[ATLAS_ALLOCATED_BYTES]);
	text_str(text, " in ");
	text_put_grouped(text, stack->allocations, 0);
	report_text_count_error(text, atlas, stack->error[ATLAS_ALLOCATIONS]);
}

static void put_samples(
	struct text *text, const struct atlas *atlas, const struct atlas_stack *stack)
{
	if (!atlas->view->sample_mean)
		return;
	text_str(text, "; ");
	text_put_grouped(text, stack->samples, 0);
	text_str(text, stack->samples == 1 ? " sample" : " samples");
}

static void put_held(struct text *text, const struct atlas *atlas, const struct atlas_stack *stack)
{
	text_size(text, stack->live_bytes);
	report_text_size_error(text, atlas, stack->error[ATLAS_LIVE_BYTES]);
	text_str(text, "  ");
	text_percent(text, stack->live_bytes, atlas->live_bytes);
	text_str(text, "  in ");
	put_blocks(text, atlas, stack);
	put_beyond(text, atlas, stack);
	put_ever(text, atlas, stack);
	put_samples(text, atlas, stack);
	text_str(text, "; call stack ");
	text_dec(text, stack->frame);
	text_char(text, '\n');
}

static void put_stack(const struct report *report, const struct atlas_stack *stack,
	const struct atlas_share *shares)
{
	text_str(report->text, "\n#");
	text_dec(report->text, stack->rank);
	text_str(report->text, stack->rank < 10 ? "   " : "  ");
	put_held(report->text, report->atlas, stack);
	if (shares)
		put_shares(report, shares, stack->live_bytes);
	report_text_frames(report, stack->frame, 8);
}

static void put_heading(struct text *text, const struct atlas *atlas, uint32_t count)
{
	uint32_t holders = 0;

	while (holders < atlas->stacks && atlas->stack[holders].live_blocks)
		holders++;
	text_str(text, "\nCall stacks with the most live bytes");
	if (count < holders) {
		text_str(text, " (");
		text_dec(text, count);
		text_str(text, " of ");
		text_put_grouped(text, holders, 0);
		text_char(text, ')');
	}
	text_char(text, '\n');
}

void report_text_stacks(struct report *report)
{
	const struct atlas *atlas = report->atlas;
	uint32_t count = listed(atlas, report->options);
	uint32_t with_shares = shared(atlas, report->options);
	const struct atlas_share *shares;

	if (!count || !atlas->stack[0].live_blocks)
		return;
	shares = find_shares(report);
	put_heading(report->text, atlas, count);
	for (uint32_t i = 0; i < count && atlas->stack[i].live_blocks; i++)
		put_stack(report, &atlas->stack[i],
			shares && i < with_shares ? shares + (size_t)i * SHARES : NULL);
}
