#include "command.h"
#include "complain.h"
#include "outfile.h"
#include "question.h"
#include "top_live.h"
#include "top_options.h"
#include "top_print.h"

#include <errno.h>
#include <string.h>

static int print(const struct top_options *options, struct top_moment *moment)
{
	const struct top_form *form = top_form(options->view);
	struct top_order order = {
		.column = options->sort < 0 ? form->sort : (unsigned)options->sort,
		.reversed = options->reversed,
		.filter = options->filter};
	struct top_table table;
	char buffer[8192];
	struct text text;
	int error = top_table_make(&table, options->view, moment);

	text_init(&text, buffer, sizeof(buffer), outfile_sink, stdout);
	error = error ? error : top_table_arrange(&table, &order);
	if (!error)
		error = options->json ? top_print_json(&text, &table, options->rows)
				      : top_print_text(&text, &table, order.column, options->rows);
	top_table_free(&table);
	return error ? complain_errno("standard output", error) : 0;
}

static int print_named(const struct top_options *options, struct top_moment *moment)
{
	struct framenames *framenames = framenames_open(&moment->view, !options->plain_names);
	int status;

	if (!framenames)
		return complain_errno(options->pid, ENOMEM);
	top_moment_name(moment, framenames);
	status = print(options, moment);
	framenames_close(framenames);
	return status;
}

static int print_snapshot(const struct top_options *options, const char *path)
{
	FILE *file = fopen(path, "re");
	struct top_moment moment;
	char reason[TOP_REASON];
	int status, error;

	if (!file)
		return complain_errno(path, errno);
	error = top_moment_open(&moment, file, reason);
	fclose(file);
	if (error)
		return complain_cannot(options->pid, "%s", reason);
	status = print_named(options, &moment);
	top_moment_close(&moment);
	return status;
}

static int once(const struct top_options *options)
{
	struct question question;
	int error = question_ask(&question, options->pid, false), status;

	if (error)
		return complain_errno("vmatlas dump", error);
	status = question_wait(&question);
	if (!status)
		status = print_snapshot(options, question.path);
	question_end(&question);
	return status;
}

int top_main(int argc, char **argv)
{
	struct top_options options;

	top_options_parse(&options, argc, argv);
	return options.once ? once(&options) : top_live(&options);
}
