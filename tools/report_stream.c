#include "report_stream.h"

#include <errno.h>
#include <stdlib.h>

int report_stream(report_writer *writer, const struct atlas *atlas, const struct names *names,
	const struct report_options *options, text_sink *sink, void *context)
{
	struct report_options all = *options;
	char buffer[8192];
	struct text text;
	int error;

	all.scratch_words = report_scratch(atlas, options);
	all.scratch = calloc(all.scratch_words + 1, sizeof(uint64_t));
	if (!all.scratch)
		return ENOMEM;
	text_init(&text, buffer, sizeof(buffer), sink, context);
	error = writer(atlas, names, &all, &text);
	free(all.scratch);
	return error;
}
