#include "evidence.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "evidence_json.h"
#include "evidence_listing.h"
#include "evidence_snapshot.h"
#include "listing_bytes.h"
#include "listing_snapshot.h"

/* -- Filling in ----------------------------------------------------------------------------- */

void evidence_set(struct evidence *evidence, unsigned figure, uint64_t value)
{
	evidence->value[figure] = value;
	evidence->known[figure] = true;
}

void evidence_add(struct evidence *evidence, unsigned figure, uint64_t value)
{
	evidence_set(evidence, figure, evidence->value[figure] + value);
}

void evidence_know_kinds(struct evidence *evidence, bool resident)
{
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		evidence->known[FIGURE_KIND + kind] = true;
		evidence->known[FIGURE_KIND_RSS + kind] = resident;
	}
}

static int put_code(struct evidence *evidence, const struct evidence_mapping *mapping)
{
	struct evidence_code *code =
		reallocarray(evidence->code, evidence->codes + 1, sizeof(*code));

	if (!code)
		return ENOMEM;
	evidence->code = code;
	code += evidence->codes;
	code->start = mapping->start;
	code->end = mapping->end;
	code->name = mapping->path_length ? strndup(mapping->path, mapping->path_length)
					  : strdup(kind_name(mapping->kind));
	if (!code->name)
		return ENOMEM;
	evidence->codes++;
	return 0;
}

int evidence_put_mapping(struct evidence *evidence, const struct evidence_mapping *mapping)
{
	const unsigned both = MAPS_WRITE | MAPS_EXEC;

	evidence_add(evidence, FIGURE_MAPPINGS, 1);
	return (mapping->perms & both) == both ? put_code(evidence, mapping) : 0;
}

void evidence_put_kind(struct evidence *evidence, enum kind kind, uint64_t size, uint64_t rss)
{
	evidence->value[FIGURE_KIND + (unsigned)kind] += size;
	evidence->value[FIGURE_KIND_RSS + (unsigned)kind] += rss;
}

int evidence_put_lost(struct evidence *evidence, const char *name, uint64_t count)
{
	struct evidence_lost *lost =
		reallocarray(evidence->lost, evidence->losts + 1, sizeof(*lost));

	if (!lost)
		return ENOMEM;
	evidence->lost = lost;
	lost += evidence->losts++;
	*lost = (struct evidence_lost){.count = count};
	strncpy(lost->name, name, sizeof(lost->name) - 1);
	evidence_add(evidence, FIGURE_LOST, count);
	return 0;
}

void evidence_free(struct evidence *evidence)
{
	if (!evidence)
		return;
	for (size_t i = 0; i < evidence->codes; i++)
		free(evidence->code[i].name);
	free(evidence->code);
	free(evidence->lost);
	free(evidence);
}

/* -- A file --------------------------------------------------------------------------------- */

static bool is_json(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && isspace((unsigned char)bytes[at]))
		at++;
	return at < length && bytes[at] == '{';
}

static int from_listing(
	const char *what, int status, struct listing *listing, struct evidence *evidence)
{
	if (!status)
		status = evidence_listing(what, listing, evidence);
	listing_free(listing);
	return status;
}

static int from_bytes(const char *what, char *bytes, size_t length, struct evidence *evidence)
{
	const struct listing_how how = {.smaps = true};
	struct listing *listing = NULL;
	bool json = is_json(bytes, length);
	int status;

	if (!json && !listing_is_snapshot(bytes, length)) {
		status = listing_take(what, bytes, length, &how, &listing);
		return from_listing(what, status, listing, evidence);
	}
	status = json ? evidence_json(what, bytes, length, evidence)
		      : evidence_snapshot(what, bytes, length, evidence);
	free(bytes);
	return status;
}

static int from_file(const char *path, struct evidence *evidence)
{
	const char *what;
	size_t length;
	char *bytes;
	int status = listing_bytes_of(path, &what, &bytes, &length);

	return status ? status : from_bytes(what, bytes, length, evidence);
}

static int from_process(const char *target, struct evidence *evidence)
{
	const struct listing_how how = {.smaps = true};
	struct listing *listing = NULL;
	int status = listing_open(target, &how, &listing);

	return from_listing(target, status, listing, evidence);
}

int evidence_open(const char *target, struct evidence **out)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));
	int status;

	if (!evidence)
		return complain_errno(target, ENOMEM);
	status = (listing_is_process(target) ? from_process : from_file)(target, evidence);
	if (status)
		evidence_free(evidence);
	else
		*out = evidence;
	return status;
}
