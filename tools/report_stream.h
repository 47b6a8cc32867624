/* report_stream.h - a report, written to a stream or to what else takes bytes. */
#ifndef VMATLAS_REPORT_STREAM_H
#define VMATLAS_REPORT_STREAM_H

#include "../preload/core/report.h"

/* report_text or report_json. */
typedef int report_writer(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);

/* Writes it with the memory that it needs; options without scratch. 0 or an errno. */
int report_stream(report_writer *writer, const struct atlas *atlas, const struct names *names,
	const struct report_options *options, text_sink *sink, void *context);

#endif
