#include "html.h"

#include <errno.h>

#include "complain.h"
#include "html_bundle.h"
#include "html_moment.h"
#include "outfile.h"

bool html_available(void)
{
	struct html_bundle bundle;

	return html_bundle_get(&bundle);
}

static int say(const char *output, int error)
{
	return error ? complain_errno(output ? output : "standard output", error) : 0;
}

static int add(
	const struct outfile *outfile, const char *path, uint32_t number, bool last, bool source)
{
	struct export_process process;
	int status = export_process_open(&process, path, NULL, source);

	if (!status)
		status = say(
			outfile->path, html_moment_write(outfile->stream, &process, number, last));
	if (!status && last)
		framenames_tell(process.framenames);
	export_process_close(&process);
	return status;
}

int html_write(char *const *paths, uint32_t count, const char *output, bool source)
{
	struct html_bundle bundle;
	struct outfile outfile;
	int status, closing;

	if (!html_bundle_get(&bundle))
		return COMPLAIN_COULD_NOT;
	status = outfile_open(&outfile, output);
	if (status)
		return status;
	status = say(output, outfile_sink(outfile.stream, bundle.head, bundle.head_length));
	for (uint32_t i = 0; i < count && !status; i++)
		status = add(&outfile, paths[i], i, i + 1 == count, source);
	if (!status)
		status = say(output, outfile_sink(outfile.stream, bundle.tail, bundle.tail_length));
	closing = outfile_close(&outfile, !status);
	return status ? status : closing;
}
