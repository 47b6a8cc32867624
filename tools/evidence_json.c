#include "evidence_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/report.h"
#include "complain.h"

/* -- What the parser would refuse ----------------------------------------------------------- */

static bool is_surrogate(const char *escape, const char *leads)
{
	return escape[0] == '\\' && escape[1] == 'u' && (escape[2] | 0x20) == 'd' &&
	       strchr(leads, escape[3] | 0x20);
}

/* Reports keep bytes that are no UTF-8 as lone surrogates, \udcXX (text_json_string), which the
 * parser refuses. Names are of no account here: U+FFFD takes their place. */
static void replace_lone_surrogates(char *bytes, size_t length)
{
	for (size_t i = 0; i + 6 <= length; i++) {
		if (bytes[i] != '\\')
			continue;
		if (is_surrogate(bytes + i, "89ab") && i + 12 <= length) {
			i += 11;
			continue;
		}
		if (is_surrogate(bytes + i, "cdef"))
			memcpy(bytes + i + 2, (const char[]){'f', 'f', 'f', 'd'}, 4);
		i++;
	}
}

/* -- Values --------------------------------------------------------------------------------- */

/* Numbers come as doubles, since the parser refuses what is larger than 63 bits; sizes are exact up
 * to 2^53, which is 8 PiB. */
static bool read_number(const json_t *value, uint64_t *number)
{
	double real = json_real_value(value);

	if (!json_is_real(value) || real < 0 || real >= 0x1p64)
		return false;
	*number = (uint64_t)real;
	return true;
}

static bool number_of(const json_t *object, const char *key, uint64_t *number)
{
	return read_number(json_object_get(object, key), number);
}

/* "" where it is none. */
static const char *string_of(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string ? string : "";
}

/* "0x7f00" */
static uint64_t address_of(const json_t *object, const char *key)
{
	return strtoull(string_of(object, key), NULL, 16);
}

/* -- The parts ------------------------------------------------------------------------------ */

static void put_totals(struct evidence *evidence, const json_t *totals)
{
	char name[FIGURE_NAME];
	uint64_t number;

	for (unsigned figure = 0; figure < FIGURE_ROW; figure++)
		if (number_of(totals, figure_name(figure, name), &number))
			evidence_set(evidence, figure, number);
}

/* Without a word on pages nobody knows which part of the allocator's memory is live. */
static void put_ledger(struct evidence *evidence, const json_t *ledger)
{
	for (size_t i = 0; i < json_array_size(ledger); i++) {
		const json_t *entry = json_array_get(ledger, i);
		unsigned figure = figure_find(string_of(entry, "row"));
		uint64_t bytes;
		if (figure >= FIGURE_ROW && figure < FIGURE_KIND &&
			number_of(entry, "bytes", &bytes))
			evidence_set(evidence, figure, bytes);
	}
	if (evidence->known[FIGURE_PINNED])
		return;
	evidence->known[FIGURE_ROW + ATLAS_LIVE] = false;
	evidence->known[FIGURE_ROW + ATLAS_RETAINED] = false;
}

/* Kinds of tomorrow are none of ours. */
static enum kind kind_of_entry(const json_t *entry)
{
	enum kind kind = KIND_OTHER;

	kind_find(string_of(entry, "kind"), &kind);
	return kind;
}

static void put_kind(struct evidence *evidence, const json_t *entry, uint64_t rss)
{
	uint64_t start = address_of(entry, "start"), end = address_of(entry, "end");

	evidence_put_kind(evidence, kind_of_entry(entry), end > start ? end - start : 0, rss);
}

/* A mapping's parts, where it is several things; all that is resident is the largest's where nobody
 * has looked at pages, and the mapping has its kind. */
static void put_kinds(struct evidence *evidence, const json_t *mapping)
{
	const json_t *parts = json_object_get(mapping, "parts");
	uint64_t rss = 0;

	number_of(mapping, "rss", &rss);
	if (!json_array_size(parts)) {
		put_kind(evidence, mapping, rss);
		return;
	}
	for (size_t i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);
		uint64_t of_part = 0;
		if (!number_of(part, "rss", &of_part) &&
			kind_of_entry(part) == kind_of_entry(mapping)) {
			of_part = rss;
			rss = 0;
		}
		put_kind(evidence, part, of_part);
	}
}

static int put_mapping(struct evidence *evidence, const json_t *entry)
{
	const char *perms = string_of(entry, "perms");
	struct evidence_mapping mapping = {
		.start = address_of(entry, "start"),
		.end = address_of(entry, "end"),
		.kind = kind_of_entry(entry),
		.path = string_of(entry, "path"),
	};

	mapping.perms =
		(strchr(perms, 'w') ? MAPS_WRITE : 0) | (strchr(perms, 'x') ? MAPS_EXEC : 0);
	mapping.path_length = strlen(mapping.path);
	put_kinds(evidence, entry);
	return evidence_put_mapping(evidence, &mapping);
}

static int put_mappings(struct evidence *evidence, const json_t *mappings)
{
	int error = 0;

	if (!json_is_array(mappings))
		return 0;
	evidence->perms_known = true;
	evidence_know_kinds(evidence, true);
	evidence_set(evidence, FIGURE_MAPPINGS, 0);
	for (size_t i = 0; i < json_array_size(mappings) && !error; i++)
		error = put_mapping(evidence, json_array_get(mappings, i));
	return error;
}

static void put_threads(struct evidence *evidence, const json_t *threads)
{
	if (!json_is_array(threads))
		return;
	evidence_set(evidence, FIGURE_THREADS, 0);
	for (size_t i = 0; i < json_array_size(threads); i++)
		if (!json_is_true(json_object_get(json_array_get(threads, i), "ended")))
			evidence_add(evidence, FIGURE_THREADS, 1);
}

static int put_lost(struct evidence *evidence, json_t *lost)
{
	int error = 0;

	for (void *at = json_object_iter(lost); at && !error;
		at = json_object_iter_next(lost, at)) {
		uint64_t count;
		if (read_number(json_object_iter_value(at), &count))
			error = evidence_put_lost(evidence, json_object_iter_key(at), count);
	}
	return error;
}

static int put_dump(struct evidence *evidence, json_t *dump)
{
	json_t *lost = json_object_get(dump, "lost");

	if (!json_is_object(lost))
		return 0;
	evidence->dump_known = true;
	evidence->complete = json_is_true(json_object_get(dump, "complete"));
	evidence_set(evidence, FIGURE_LOST, 0);
	return put_lost(evidence, lost);
}

static int put_report(const char *what, struct evidence *evidence, const json_t *report)
{
	uint64_t version;
	int error;

	if (!number_of(report, "version", &version) ||
		!json_is_array(json_object_get(report, "ledger")))
		return complain_cannot(what, "this JSON is no report of vmatlas");
	if (version != REPORT_VERSION)
		return complain_cannot(what, "a report of version %llu; this command knows %d",
			(unsigned long long)version, REPORT_VERSION);
	put_totals(evidence, json_object_get(report, "totals"));
	put_ledger(evidence, json_object_get(report, "ledger"));
	put_threads(evidence, json_object_get(report, "threads"));
	error = put_mappings(evidence, json_object_get(report, "mappings"));
	if (!error)
		error = put_dump(evidence, json_object_get(report, "dump"));
	return error ? complain_errno(what, error) : 0;
}

int evidence_json(const char *what, char *bytes, size_t length, struct evidence *evidence)
{
	json_error_t fault;
	json_t *report;
	int status;

	evidence->form = "a JSON report";
	evidence->shim = true;
	replace_lone_surrogates(bytes, length);
	report = json_loadb(bytes, length, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &fault);
	if (!report)
		return complain_cannot(
			what, "line %d, column %d: %s", fault.line, fault.column, fault.text);
	status = put_report(what, evidence, report);
	json_decref(report);
	return status;
}
