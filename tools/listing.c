#include "listing.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "complain.h"
#include "core_file.h"
#include "listing_ask.h"
#include "listing_bytes.h"
#include "listing_gdb.h"
#include "listing_guards.h"
#include "listing_kinds.h"
#include "listing_live.h"
#include "listing_maps.h"
#include "listing_modules.h"
#include "listing_pmap.h"
#include "listing_snapshot.h"

/* -- The list ------------------------------------------------------------------------------- */

struct listing *listing_new(void)
{
	return calloc(1, sizeof(struct listing));
}

struct listing_row *listing_add(struct listing *listing)
{
	if (listing->count == listing->capacity) {
		size_t wanted = listing->capacity ? 2 * listing->capacity : 64;
		struct listing_row *row = reallocarray(listing->row, wanted, sizeof(*row));
		if (!row)
			return NULL;
		listing->row = row;
		listing->capacity = wanted;
	}
	return memset(&listing->row[listing->count++], 0, sizeof(struct listing_row));
}

static void free_row(struct listing_row *row)
{
	for (size_t i = 0; i < row->parts; i++)
		free(row->part[i].owner);
	free(row->part);
	free(row->owner);
}

void listing_free(struct listing *listing)
{
	if (!listing)
		return;
	listing_modules_free(listing);
	snapshot_free(listing->snapshot);
	for (size_t i = 0; i < listing->count; i++)
		free_row(&listing->row[i]);
	free(listing->row);
	free(listing->bytes);
	free(listing->title);
	free(listing);
}

static const struct listing_row *scan(const struct listing *listing, uint64_t address)
{
	for (size_t i = 0; i < listing->count; i++)
		if (address >= listing->row[i].line.start && address < listing->row[i].line.end)
			return &listing->row[i];
	return NULL;
}

const struct listing_row *listing_find(const struct listing *listing, uint64_t address)
{
	size_t from = 0, to = listing->count;

	if (listing->disorder)
		return scan(listing, address);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct maps_line *line = &listing->row[middle].line;
		if (address >= line->start && address < line->end)
			return &listing->row[middle];
		if (address < line->start)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

const char *listing_base(const struct listing_row *row, size_t *length)
{
	const char *path = row->line.path, *slash = NULL;

	*length = row->line.path_length;
	if (*length && path[0] == '/')
		slash = memrchr(path, '/', *length);
	/* A name that ends in a slash has no last part. */
	if (!slash || slash + 1 == path + *length)
		return path;
	*length -= (size_t)(slash + 1 - path);
	return slash + 1;
}

/* -- A text --------------------------------------------------------------------------------- */

static int parse(
	struct listing *listing, const struct listing_how *how, struct listing_fault *fault)
{
	if (listing_is_gdb(listing->bytes, listing->length))
		return listing_gdb(listing, fault);
	if (listing_is_pmap(listing->bytes, listing->length))
		return listing_pmap(listing, fault);
	return listing_maps(listing, how->pasted, fault);
}

static size_t count_disorder(const struct listing *listing)
{
	size_t disorder = 0;

	for (size_t i = 1; i < listing->count; i++)
		disorder += listing->row[i].line.start < listing->row[i - 1].line.end;
	return disorder;
}

int listing_parse(char *bytes, size_t length, const struct listing_how *how, struct listing **out,
	struct listing_fault *fault)
{
	struct listing *listing = listing_new();
	int error;

	if (!listing) {
		free(bytes);
		return ENOMEM;
	}
	listing->bytes = bytes;
	listing->length = length;
	error = parse(listing, how, fault);
	if (!error && !listing->count) {
		*fault = (struct listing_fault){1, 1, "no mappings in it"};
		error = EILSEQ;
	}
	listing->disorder = count_disorder(listing);
	if (error)
		listing_free(listing);
	else
		*out = listing;
	return error;
}

/* -- A file --------------------------------------------------------------------------------- */

static int complain_text(const char *what, int error, const struct listing_fault *fault)
{
	if (error != EILSEQ)
		return complain_errno(what, error);
	return complain_cannot(
		what, "line %zu, column %zu: %s", fault->line, fault->column, fault->reason);
}

static int from_snapshot(const char *what, char *bytes, size_t length, struct listing **listing)
{
	struct snapshot_fault fault = {0};
	int error = listing_snapshot(bytes, length, listing, &fault);

	free(bytes);
	return error ? snapshot_complain(what, error, &fault) : 0;
}

static int from_bytes(const char *what, char *bytes, size_t length, const struct listing_how *how,
	struct listing **listing)
{
	struct listing_fault fault = {0};
	int error;

	if (listing_is_snapshot(bytes, length))
		return from_snapshot(what, bytes, length, listing);
	error = listing_parse(bytes, length, how, listing, &fault);
	if (error)
		return complain_text(what, error, &fault);
	if (!(*listing)->title)
		(*listing)->title = strdup(what);
	return 0;
}

/* A core has the size of a process: of one nothing is read but what is needed. */
static FILE *open_core(const char *path)
{
	struct stat status;
	char begin[20];
	FILE *file;

	/* Who writes to a pipe would notice that it is opened twice. */
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (!core_file_begins(begin, fread(begin, 1, sizeof(begin), file))) {
		fclose(file);
		return NULL;
	}
	rewind(file);
	return file;
}

static int from_core(const char *path, FILE *file, struct listing **listing)
{
	struct snapshot_fault fault = {0};
	int error = listing_snapshot_file(file, listing, &fault);

	fclose(file);
	return error ? snapshot_complain(path, error, &fault) : 0;
}

static int from_file(const char *path, const struct listing_how *how, struct listing **listing)
{
	FILE *core = open_core(path);
	const char *what;
	size_t length;
	char *bytes;
	int status;

	if (core)
		return from_core(path, core, listing);
	status = listing_bytes_of(path, &what, &bytes, &length);
	return status ? status : from_bytes(what, bytes, length, how, listing);
}

/* -- A process ------------------------------------------------------------------------------ */

bool listing_is_process(const char *target)
{
	size_t digits = strspn(target, "0123456789");

	return digits && !target[digits];
}

static int from_process(const char *target, const struct listing_how *how, struct listing **listing)
{
	long pid;
	int error;

	errno = 0;
	pid = strtol(target, NULL, 10);
	error = errno || pid <= 0 || pid > INT32_MAX ? ESRCH
						     : listing_live(pid, how->smaps, listing);
	if (error == ENODATA)
		return complain_cannot(target, "it has no memory of its own: a thread of the "
					       "kernel, or a process that has ended");
	return error ? complain_errno(target, error) : 0;
}

static int from_shim(const char *target, struct listing **listing)
{
	char *bytes;
	size_t length;
	int status = listing_ask(target, &bytes, &length);

	if (!status)
		status = from_snapshot(target, bytes, length, listing);
	if (!status)
		(*listing)->alive = true;
	return status;
}

/* What the rows alone do not say. A snapshot's come with their kinds. */
static int complete(const char *target, const struct listing_how *how, struct listing *listing)
{
	if (how->guards)
		listing_guards_find(listing);
	listing_modules_find(listing);
	if (listing->form == LISTING_SNAPSHOT)
		return 0;
	if (listing_kinds_find(listing))
		return complain_errno(target, ENOMEM);
	if (listing->alive)
		listing_live_threads(listing);
	return 0;
}

static int read_target(const char *target, const struct listing_how *how, struct listing **listing)
{
	if (!listing_is_process(target) && how->ask)
		return complain_usage(target, "only a process can be asked");
	if (!listing_is_process(target))
		return from_file(target, how, listing);
	return how->ask ? from_shim(target, listing) : from_process(target, how, listing);
}

static int finish(const char *what, int status, const struct listing_how *how, struct listing *made,
	struct listing **listing)
{
	if (!made)
		return status;
	if (!status)
		status = complete(what, how, made);
	if (!status && made->disorder)
		complain_note(what,
			"%zu of its mappings begin before the one above ends: it "
			"changed while it was read",
			made->disorder);
	if (status)
		listing_free(made);
	else
		*listing = made;
	return status;
}

int listing_take(const char *what, char *bytes, size_t length, const struct listing_how *how,
	struct listing **listing)
{
	struct listing *made = NULL;
	int status = from_bytes(what, bytes, length, how, &made);

	return finish(what, status, how, made, listing);
}

int listing_open(const char *target, const struct listing_how *how, struct listing **listing)
{
	struct listing *made = NULL;
	int status = read_target(target, how, &made);

	return finish(target, status, how, made, listing);
}
