#include "command.h"
#include "complain.h"
#include "diff_json.h"
#include "diff_options.h"
#include "diff_show.h"
#include "diff_text.h"
#include "framenames.h"
#include "outfile.h"
#include "paint.h"

#include <errno.h>
#include <stdlib.h>

/* -- Names ---------------------------------------------------------------------------------- */

/* What a report needs to name the frames and owners of one side. */
struct naming {
	struct framenames *framenames; /* NULL: it is no snapshot */
	struct names names;
	struct report_options options;
};

static int open_names(struct naming *naming, struct diff_show *show, enum diff_then side)
{
	const struct diff_side *of = show->model->side[side];

	*naming = (struct naming){.framenames = NULL};
	if (!of->snapshot)
		return 0;
	naming->framenames = framenames_open(&of->view, !show->options->plain_names);
	naming->options.scratch_words = REPORT_PATH_WORDS;
	naming->options.scratch = calloc(REPORT_PATH_WORDS, sizeof(uint64_t));
	if (!naming->framenames || !naming->options.scratch)
		return ENOMEM;
	naming->names = framenames_names(naming->framenames);
	report_begin(&show->report[side], &of->atlas, &naming->names, &naming->options, show->text);
	return 0;
}

static void close_names(struct naming *naming)
{
	if (naming->framenames)
		framenames_close(naming->framenames);
	free(naming->options.scratch);
}

/* Once for both sides, which mostly have the same files. */
static void tell_names(const struct naming *naming)
{
	for (int side = DIFF_NEW; side >= DIFF_OLD; side--)
		if (naming[side].framenames) {
			framenames_tell(naming[side].framenames);
			return;
		}
}

/* -- Writing -------------------------------------------------------------------------------- */

/* 0 or an errno. */
static int write_all(struct diff_show *show, FILE *stream)
{
	const struct diff_options *options = show->options;
	struct paint paint = {.stream = stream,
		.wanted = !options->json && color_wanted(options->color, options->output),
		.growths = true};
	struct naming naming[DIFF_SIDES];
	char buffer[8192];
	struct text text;
	int error, other;

	text_init(&text, buffer, sizeof(buffer), paint_sink, &paint);
	show->text = &text;
	error = open_names(&naming[DIFF_OLD], show, DIFF_OLD);
	other = open_names(&naming[DIFF_NEW], show, DIFF_NEW);
	error = error ? error : other;
	if (!error)
		error = (show->options->json ? diff_json : diff_text)(show);
	if (!error)
		tell_names(naming);
	close_names(&naming[DIFF_OLD]);
	close_names(&naming[DIFF_NEW]);
	show->text = NULL;
	return error;
}

static int write_named(struct diff_show *show)
{
	const char *output = show->options->output;
	struct outfile outfile;
	int status = outfile_open(&outfile, output), error, closing;

	if (status)
		return status;
	error = write_all(show, outfile.stream);
	if (error)
		status = complain_errno(output ? output : "standard output", error);
	closing = outfile_close(&outfile, !status);
	return status ? status : closing;
}

/* -- Comparing ------------------------------------------------------------------------------ */

/* With three snapshots and more, leaks are looked for unless other parts were asked for. */
static bool wants_leaks(const struct diff_show *show)
{
	return show->options->sections ? show->options->sections & DIFF_SECTION_LEAKS
				       : show->sides > 2;
}

static int find_leaks(struct diff_show *show, struct diff_leaks *leaks)
{
	const char *fault = diff_leaks_cannot(show->side, show->sides);
	int error;

	if (!wants_leaks(show))
		return 0;
	if (fault && show->options->sections)
		return complain_cannot(show->side[show->sides - 1].name, "%s", fault);
	if (fault)
		return 0;
	error = diff_leaks_make(leaks, show->side, show->sides);
	if (error)
		return complain_errno("leaks", error);
	show->leaks = leaks;
	return 0;
}

static int compare(const struct diff_options *options, struct diff_side *side)
{
	struct diff_leaks leaks = {.leak = NULL};
	struct diff_model model;
	struct diff_show show = {
		.options = options, .model = &model, .side = side, .sides = options->targets};
	struct diff_side *last = &side[options->targets - 1];
	int error = diff_model_make(&model, &side[0], last);
	int status = error ? complain_errno(last->name, error) : find_leaks(&show, &leaks);

	if (!status)
		status = write_named(&show);
	diff_leaks_free(&leaks);
	diff_model_free(&model);
	return status;
}

int diff_main(int argc, char **argv)
{
	struct diff_options options = {.targets = 0};
	struct diff_side *side;
	unsigned opened = 0;
	int status = 0;

	diff_options_parse(&options, argc, argv);
	side = calloc(options.targets, sizeof(*side));
	if (!side)
		return complain_errno("diff", ENOMEM);
	while (!status && opened < options.targets) {
		status = diff_side_open(&side[opened], options.target[opened], &options.how);
		opened++;
	}
	if (!status)
		status = compare(&options, side);
	while (opened)
		diff_side_close(&side[--opened]);
	free(side);
	return status;
}
