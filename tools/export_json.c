/* The report's own JSON; see vmatlas(7). */
#include "export_format.h"
#include "outfile.h"
#include "report_stream.h"

static int add(struct export_job *job, const struct export_process *process)
{
	const struct report_options options = {.blocks = job->options->blocks};

	return report_stream(
		report_json, &process->atlas, &process->names, &options, outfile_sink, job->stream);
}

const struct export_format export_json = {
	.name = "json",
	.suffix = ".json",
	.summary = "the report, as vmatlas report --json",
	.add = add,
};
