#include "export_format.h"

#include <string.h>

static const struct export_format *const formats[] = {
	&export_pprof,
	&export_folded,
	&export_speedscope,
	&export_dhat,
	&export_heaptrack,
	&export_csv,
	&export_json,
	&export_sqlite,
	&export_openmetrics,
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

const struct export_format *export_format_at(unsigned index)
{
	return index < FORMATS ? formats[index] : NULL;
}

const struct export_format *export_format_find(const char *name)
{
	for (unsigned i = 0; i < FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static bool ends(const char *path, const char *suffix)
{
	size_t length = strlen(path), tail = strlen(suffix);

	return length > tail && !strcmp(path + length - tail, suffix);
}

/* "a.speedscope.json" is no JSON report: the longest that fits. */
const struct export_format *export_format_of_file(const char *path)
{
	const struct export_format *found = NULL;

	for (unsigned i = 0; i < FORMATS; i++) {
		const struct export_format *format = formats[i];

		if (ends(path, format->suffix) &&
			(!found || strlen(format->suffix) > strlen(found->suffix)))
			found = format;
	}
	return found;
}
