#include "top_moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int work_out(struct top_moment *moment)
{
	struct report_options *options = &moment->options;
	uint32_t mappings = snapshot_mappings(moment->snapshot);
	size_t size = atlas_memory(&moment->view, mappings);

	options->scratch_words = REPORT_PATH_WORDS;
	options->scratch = calloc(options->scratch_words, sizeof(uint64_t));
	moment->memory = calloc(1, size);
	if (!moment->memory || !options->scratch)
		return ENOMEM;
	moment->view.complete &=
		atlas_make(&moment->atlas, &moment->view, moment->memory, size, mappings) == 0;
	report_begin(&moment->report, &moment->atlas, &moment->names, options, NULL);
	return 0;
}

int top_moment_open(struct top_moment *moment, FILE *file, char reason[TOP_REASON])
{
	struct snapshot_fault fault = {0};
	int error;

	*moment = (struct top_moment){0};
	error = snapshot_read(file, &moment->snapshot, &fault);
	if (!error) {
		moment->view = *snapshot_view(moment->snapshot);
		error = work_out(moment);
	}
	if (!error)
		return 0;
	snprintf(reason, TOP_REASON, "the snapshot: %.400s",
		error == EILSEQ ? fault.reason : strerror(error));
	top_moment_close(moment);
	return error;
}

void top_moment_close(struct top_moment *moment)
{
	free(moment->memory);
	free(moment->options.scratch);
	snapshot_free(moment->snapshot);
	*moment = (struct top_moment){0};
}

void top_moment_name(struct top_moment *moment, struct framenames *framenames)
{
	moment->names = framenames_names(framenames);
}

bool top_moment_same(const struct top_moment *a, const struct top_moment *b)
{
	return a->view.pid == b->view.pid &&
	       a->view.start.monotonic_ns == b->view.start.monotonic_ns &&
	       a->view.start.realtime_ns == b->view.start.realtime_ns;
}
