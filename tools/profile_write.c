/* The numbers of fields are those of proto/profile.proto. */
#include "profile.h"

#include <errno.h>
#include <string.h>

#include "../preload/core/place.h"
#include "gzip.h"
#include "protobuf.h"

enum { VALUE_TYPE = 1, VALUE_UNIT };
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE,
	PROFILE_MAPPING,
	PROFILE_LOCATION,
	PROFILE_FUNCTION,
	PROFILE_STRING,
	PROFILE_TIME_NS = 9,
	PROFILE_DURATION_NS,
	PROFILE_PERIOD_TYPE,
	PROFILE_PERIOD,
	PROFILE_COMMENT,
	PROFILE_DEFAULT_SAMPLE_TYPE,
};
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STRING, LABEL_NUMBER };
enum {
	MAPPING_ID = 1,
	MAPPING_START,
	MAPPING_LIMIT,
	MAPPING_OFFSET,
	MAPPING_FILE,
	MAPPING_BUILD_ID,
	MAPPING_HAS_FUNCTIONS,
	MAPPING_HAS_FILES,
	MAPPING_HAS_LINES,
	MAPPING_HAS_INLINED,
};
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
/* Field 3 is the mangled name, which is not known; pprof shortens names that have none, and leaves
 * alone what is there. */
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_FILE = 4 };

/* In the order of enum export_value, as Go's heap profiles call what they have, too. */
static const struct {
	const char *type, *unit;
} sample_types[EXPORT_VALUES] = {
	[EXPORT_LIVE_BYTES] = {"inuse_space", "bytes"},
	[EXPORT_LIVE_BLOCKS] = {"inuse_objects", "count"},
	[EXPORT_RESIDENT] = {"resident", "bytes"},
	[EXPORT_PINNED] = {"pinned", "bytes"},
	[EXPORT_RETAINED] = {"retained", "bytes"},
	[EXPORT_ALLOCATED_BYTES] = {"alloc_space", "bytes"},
	[EXPORT_ALLOCATIONS] = {"alloc_objects", "count"},
};

/* Words and comments have the numbers from 1, and "" is 0; what is named here comes behind. */
enum string {
	STRING_SERVICE,
	STRING_KIND,
	STRING_MAPPING,
	STRING_THREAD,
	STRING_TID,
	STRING_PID,
	STRING_SPACE,
	STRING_TYPES,
	STRING_UNITS = STRING_TYPES + EXPORT_VALUES,
	STRINGS = STRING_UNITS + EXPORT_VALUES,
};

struct output {
	const struct profile *profile;
	struct gzip gzip;
	struct protobuf message, inner, line, top;
	int error;
};

static const char *string_text(unsigned string)
{
	static const char *const keys[] = {
		"service", "kind", "mapping", "thread", "tid", "pid", "space"};

	if (string < STRING_TYPES)
		return keys[string];
	return string < STRING_UNITS ? sample_types[string - STRING_TYPES].type
				     : sample_types[string - STRING_UNITS].unit;
}

static uint64_t string_number(const struct output *output, unsigned string)
{
	return (uint64_t)output->profile->words.count + output->profile->comments.count + string +
	       1;
}

/* -- Bytes ---------------------------------------------------------------------------------- */

/* Writes what `top` has. */
static void put_top(struct output *output)
{
	if (output->top.failed && !output->error)
		output->error = ENOMEM;
	if (!output->error)
		output->error = gzip_write(&output->gzip, output->top.bytes, output->top.used);
	protobuf_clear(&output->top);
}

/* Writes `message` as a field of the profile. */
static void put_field(struct output *output, uint32_t field)
{
	protobuf_message(&output->top, field, &output->message);
	put_top(output);
	protobuf_clear(&output->message);
}

/* -- Fields --------------------------------------------------------------------------------- */

static void put_sample_types(struct output *output)
{
	for (unsigned i = 0; i < EXPORT_VALUES; i++) {
		protobuf_number(
			&output->message, VALUE_TYPE, string_number(output, STRING_TYPES + i));
		protobuf_number(
			&output->message, VALUE_UNIT, string_number(output, STRING_UNITS + i));
		put_field(output, PROFILE_SAMPLE_TYPE);
	}
}

static void put_label(struct output *output, enum string key, uint32_t field, uint32_t value)
{
	if (!value)
		return;
	protobuf_clear(&output->inner);
	protobuf_number(&output->inner, LABEL_KEY, string_number(output, key));
	protobuf_number(&output->inner, field, value);
	protobuf_message(&output->message, SAMPLE_LABEL, &output->inner);
}

static void put_locations(struct output *output, uint32_t node)
{
	uint64_t location[PLACE_DEPTH + 4];
	size_t count = 0;

	while (node && count < sizeof(location) / sizeof(location[0])) {
		const struct profile_node *at = pool_at(&output->profile->nodes, node);

		location[count++] = at->location;
		node = at->caller;
	}
	protobuf_packed(&output->message, SAMPLE_LOCATION, location, count);
}

static bool is_empty(const struct export_figures *figures)
{
	uint64_t any = 0;

	for (int i = 0; i < EXPORT_VALUES; i++)
		any |= figures->value[i];
	return !any;
}

static void put_samples(struct output *output)
{
	const struct pool *samples = &output->profile->samples;

	for (uint32_t number = 1; number <= samples->count && !output->error; number++) {
		const struct profile_sample *sample = pool_at(samples, number);

		if (is_empty(&sample->figures))
			continue;
		put_locations(output, sample->node);
		protobuf_packed(
			&output->message, SAMPLE_VALUE, sample->figures.value, EXPORT_VALUES);
		put_label(output, STRING_SERVICE, LABEL_STRING, sample->service);
		put_label(output, STRING_KIND, LABEL_STRING, sample->kind);
		put_label(output, STRING_MAPPING, LABEL_STRING, sample->mapping);
		put_label(output, STRING_THREAD, LABEL_STRING, sample->thread);
		put_label(output, STRING_TID, LABEL_NUMBER, sample->tid);
		put_label(output, STRING_PID, LABEL_NUMBER, sample->pid);
		put_field(output, PROFILE_SAMPLE);
	}
}

static void put_mappings(struct output *output)
{
	const struct pool *mappings = &output->profile->mappings;

	for (uint32_t number = 1; number <= mappings->count; number++) {
		const struct profile_mapping *mapping = pool_at(mappings, number);
		struct protobuf *message = &output->message;

		protobuf_number(message, MAPPING_ID, number);
		protobuf_number(message, MAPPING_START, mapping->start);
		protobuf_number(message, MAPPING_LIMIT, mapping->end);
		protobuf_number(message, MAPPING_FILE, mapping->path);
		protobuf_number(message, MAPPING_BUILD_ID, mapping->build_id);
		protobuf_number(message, MAPPING_HAS_FUNCTIONS, mapping->has_functions);
		protobuf_number(message, MAPPING_HAS_FILES, mapping->has_files);
		protobuf_number(message, MAPPING_HAS_LINES, mapping->has_lines);
		protobuf_number(message, MAPPING_HAS_INLINED, mapping->has_inlined);
		put_field(output, PROFILE_MAPPING);
	}
}

static void put_locations_table(struct output *output)
{
	const struct pool *locations = &output->profile->locations;

	for (uint32_t number = 1; number <= locations->count; number++) {
		const struct profile_location *location = pool_at(locations, number);

		protobuf_number(&output->message, LOCATION_ID, number);
		protobuf_number(&output->message, LOCATION_MAPPING, location->mapping);
		protobuf_number(&output->message, LOCATION_ADDRESS, location->address);
		for (uint32_t i = 0; i < location->lines; i++) {
			const struct profile_line *line =
				&output->profile->line[location->line + i];

			protobuf_clear(&output->line);
			protobuf_number(&output->line, LINE_FUNCTION, line->function);
			protobuf_number(&output->line, LINE_LINE, line->line);
			protobuf_message(&output->message, LOCATION_LINE, &output->line);
		}
		put_field(output, PROFILE_LOCATION);
	}
}

static void put_functions(struct output *output)
{
	const struct pool *functions = &output->profile->functions;

	for (uint32_t number = 1; number <= functions->count; number++) {
		const struct profile_function *function = pool_at(functions, number);

		protobuf_number(&output->message, FUNCTION_ID, number);
		protobuf_number(&output->message, FUNCTION_NAME, function->name);
		protobuf_number(&output->message, FUNCTION_FILE, function->file);
		put_field(output, PROFILE_FUNCTION);
	}
}

static void put_string(struct output *output, const char *bytes, size_t length)
{
	protobuf_bytes(&output->top, PROFILE_STRING, bytes, length);
	put_top(output);
}

static void put_words(struct output *output, const struct words *words)
{
	for (uint32_t number = 1; number <= words->count; number++) {
		size_t length;
		const char *word = words_at(words, number, &length);

		put_string(output, word, length);
	}
}

static void put_strings(struct output *output)
{
	put_string(output, "", 0);
	put_words(output, &output->profile->words);
	put_words(output, &output->profile->comments);
	for (unsigned i = 0; i < STRINGS; i++)
		put_string(output, string_text(i), strlen(string_text(i)));
}

static void put_rest(struct output *output)
{
	const struct profile *profile = output->profile;

	protobuf_number(&output->top, PROFILE_TIME_NS, profile->time_ns);
	protobuf_number(&output->top, PROFILE_DURATION_NS, profile->duration_ns);
	for (uint32_t i = 1; i <= profile->comments.count; i++)
		protobuf_number(&output->top, PROFILE_COMMENT, profile->words.count + i);
	protobuf_number(&output->top, PROFILE_DEFAULT_SAMPLE_TYPE,
		string_number(output, STRING_TYPES + EXPORT_LIVE_BYTES));
	put_top(output);
	if (!profile->period)
		return;
	protobuf_number(&output->message, VALUE_TYPE, string_number(output, STRING_SPACE));
	protobuf_number(&output->message, VALUE_UNIT,
		string_number(output, STRING_UNITS + EXPORT_LIVE_BYTES));
	put_field(output, PROFILE_PERIOD_TYPE);
	protobuf_number(&output->top, PROFILE_PERIOD, profile->period);
	put_top(output);
}

/* -- The file ------------------------------------------------------------------------------- */

static void free_messages(struct output *output)
{
	protobuf_free(&output->message);
	protobuf_free(&output->inner);
	protobuf_free(&output->line);
	protobuf_free(&output->top);
}

int profile_write(const struct profile *profile, FILE *stream)
{
	struct output output = {.profile = profile};
	int error = profile->failed ? ENOMEM : gzip_open(&output.gzip, stream);

	if (error)
		return error;
	put_sample_types(&output);
	put_samples(&output);
	put_mappings(&output);
	put_locations_table(&output);
	put_functions(&output);
	put_strings(&output);
	put_rest(&output);
	free_messages(&output);
	error = gzip_close(&output.gzip);
	return output.error ? output.error : error;
}
