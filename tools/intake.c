#include "intake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "relic.h"
#include "vmatlas_snapshot.h"

/* So much is read before more memory is asked for: a file that only says that it is large costs no
 * more than this. */
enum { STEP = 1 << 20 };

enum form {
	ONE,     /* one record, once */
	TEXT,    /* once */
	TEXTS,   /* any number of texts */
	RECORDS, /* any number of chunks with any number of records */
};

static const struct spec {
	uint32_t tag, record_size;
	enum form form;
} specs[INTAKE_TABLES] = {
	[INTAKE_FACTS] = {VMATLAS_TAG_FACTS, sizeof(struct vmatlas_facts), ONE},
	[INTAKE_EXE] = {VMATLAS_TAG_EXE, 1, TEXT},
	[INTAKE_NAME] = {VMATLAS_TAG_NAME, 1, TEXT},
	[INTAKE_KERNEL] = {VMATLAS_TAG_KERNEL, 1, TEXT},
	[INTAKE_REASON] = {VMATLAS_TAG_REASON, 1, TEXT},
	[INTAKE_ARGV] = {VMATLAS_TAG_ARGV, 1, TEXT},
	[INTAKE_NOTICES] = {VMATLAS_TAG_NOTICE, 1, TEXTS},
	[INTAKE_LOST] = {VMATLAS_TAG_LOST, 1, TEXTS},
	[INTAKE_OWN] = {VMATLAS_TAG_OWN, sizeof(struct vmatlas_range), RECORDS},
	[INTAKE_BLOCKS] = {VMATLAS_TAG_BLOCKS, sizeof(struct vmatlas_placed), RECORDS},
	[INTAKE_BIGS] = {VMATLAS_TAG_BIGS, sizeof(struct vmatlas_big), RECORDS},
	[INTAKE_WEIGHTS] = {VMATLAS_TAG_WEIGHTS, sizeof(struct vmatlas_weight), RECORDS},
	[INTAKE_ORIGINS] = {VMATLAS_TAG_ORIGINS, sizeof(struct vmatlas_origin), RECORDS},
	[INTAKE_MOMENTS] = {VMATLAS_TAG_MOMENTS, sizeof(struct vmatlas_moment), RECORDS},
	[INTAKE_BIRTHS] = {VMATLAS_TAG_BIRTHS, sizeof(struct vmatlas_birth), RECORDS},
	[INTAKE_REGIONS] = {VMATLAS_TAG_REGIONS, sizeof(struct vmatlas_region), RECORDS},
	[INTAKE_THREADS] = {VMATLAS_TAG_THREADS, sizeof(struct vmatlas_thread), RECORDS},
	[INTAKE_PHASES] = {VMATLAS_TAG_PHASES, sizeof(struct vmatlas_phase), RECORDS},
	[INTAKE_FREED] = {VMATLAS_TAG_FREED, sizeof(struct vmatlas_freed), RECORDS},
	[INTAKE_FRAMES] = {VMATLAS_TAG_FRAMES, sizeof(struct vmatlas_frame), RECORDS},
	[INTAKE_MODULES] = {VMATLAS_TAG_MODULES, sizeof(struct vmatlas_module), RECORDS},
	[INTAKE_EXTENTS] = {VMATLAS_TAG_EXTENTS, sizeof(struct vmatlas_extent), RECORDS},
	[INTAKE_SIGHTINGS] = {VMATLAS_TAG_SIGHTINGS, sizeof(struct vmatlas_sighting), RECORDS},
	[INTAKE_HELD] = {VMATLAS_TAG_HELD, sizeof(struct vmatlas_range), RECORDS},
	[INTAKE_IMAGES] = {VMATLAS_TAG_IMAGES, sizeof(struct vmatlas_image), RECORDS},
	[INTAKE_STRINGS] = {VMATLAS_TAG_STRINGS, VMATLAS_STRING_RECORD, RECORDS},
	[INTAKE_SMAPS] = {VMATLAS_TAG_SMAPS, 1, RECORDS},
	[INTAKE_RUNS] = {VMATLAS_TAG_RUNS, sizeof(struct vmatlas_run), RECORDS},
	[INTAKE_END] = {VMATLAS_TAG_END, sizeof(struct vmatlas_end), ONE},
};

static int fault_at(struct intake *intake, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fault_at(struct intake *intake, uint64_t offset, const char *format, ...)
{
	va_list arguments;

	intake->fault->offset = offset;
	va_start(arguments, format);
	vsnprintf(intake->fault->reason, SNAPSHOT_REASON, format, arguments);
	va_end(arguments);
	return EILSEQ;
}

/* Reads as much as there is, up to size. */
static size_t fetch_some(struct intake *intake, void *buffer, size_t size)
{
	size_t got = fread(buffer, 1, size, intake->file);

	intake->offset += got;
	return got;
}

static int fetch(struct intake *intake, void *buffer, size_t size)
{
	errno = 0;
	if (fetch_some(intake, buffer, size) == size)
		return 0;
	if (ferror(intake->file))
		return errno ? errno : EIO;
	return fault_at(intake, intake->offset, "the file is cut short here");
}

/* -- Records -------------------------------------------------------------------------------- */

static int reserve(struct intake_records *records, size_t more)
{
	size_t capacity = records->capacity;
	char *bytes;

	if (more <= capacity - records->used)
		return 0;
	capacity = 2 * capacity > records->used + more ? 2 * capacity : records->used + more;
	bytes = realloc(records->bytes, capacity);
	if (!bytes)
		return ENOMEM;
	records->bytes = bytes;
	records->capacity = capacity;
	return 0;
}

/* One byte more than asked for has always room: the NUL of a text. */
static int append(struct intake *intake, struct intake_records *records, uint64_t size)
{
	int error = reserve(records, 1);

	while (!error && size) {
		size_t step = size < STEP ? size : STEP;

		error = reserve(records, step + 1);
		if (!error)
			error = fetch(intake, records->bytes + records->used, step);
		if (!error)
			records->used += step;
		size -= step;
	}
	if (!error)
		records->bytes[records->used] = '\0';
	return error;
}

static int skip_padding(struct intake *intake)
{
	char padding[8];

	return fetch(intake, padding, -intake->offset & 7);
}

/* -- What a chunk may say ------------------------------------------------------------------- */

static bool follows(const struct vmatlas_placed *placed, const struct vmatlas_placed *before)
{
	return placed->window > before->window ||
	       (placed->window == before->window &&
		       VMATLAS_WORD_EIGHTH(placed->word) > VMATLAS_WORD_EIGHTH(before->word));
}

static int check_blocks(
	struct intake *intake, const struct vmatlas_placed *placed, size_t count, uint64_t offset)
{
	const struct intake_records *all = &intake->records[INTAKE_BLOCKS];
	const struct vmatlas_placed *first = (const void *)all->bytes;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = offset + i * sizeof(*placed);

		if (placed[i].window >> (BLOCKS_ADDRESS_BITS - BLOCKS_WINDOW_BITS))
			return fault_at(intake, at, "a block beyond all addresses");
		if (&placed[i] > first && !follows(&placed[i], &placed[i] - 1))
			return fault_at(intake, at, "blocks are not in order");
	}
	return 0;
}

static int check_runs(
	struct intake *intake, const struct vmatlas_run *runs, size_t count, uint64_t offset)
{
	const uint32_t states = VIEW_PRESENT | VIEW_SWAPPED | VIEW_HUGE | VIEW_ZERO;

	for (size_t i = 0; i < count; i++) {
		const struct vmatlas_run *run = &runs[i];

		if (run->start >= run->end || (run->start | run->end) % intake->page_size ||
			run->state & ~states)
			return fault_at(
				intake, offset + i * sizeof(*run), "a run of pages that is none");
	}
	return 0;
}

/* The shim numbers no more arenas, and reports pass all extents for each. */
static int check_extents(
	struct intake *intake, const struct vmatlas_extent *extents, size_t count, uint64_t offset)
{
	for (size_t i = 0; i < count; i++) {
		if (extents[i].arena > VMATLAS_ARENAS_MOST)
			return fault_at(intake, offset + i * sizeof *extents,
				"an arena beyond the last number");
	}
	return 0;
}

static int check_lost(struct intake *intake, const char *lost, size_t size, uint64_t offset)
{
	const char *name = lost + sizeof(uint64_t), *end = lost + size, *stop;

	if (size < sizeof(uint64_t) + 2)
		return fault_at(intake, offset, "a count without its name");
	stop = memchr(name, '\0', (size_t)(end - name));
	if (!stop || memchr(stop + 1, '\0', (size_t)(end - stop - 1)) != end - 1)
		return fault_at(intake, offset, "a count without its name and explanation");
	return 0;
}

static int check_chunk(struct intake *intake, enum intake_table table, const char *start,
	uint64_t count, uint64_t offset)
{
	switch (table) {
	case INTAKE_BLOCKS:
		return check_blocks(intake, (const void *)start, count, offset);
	case INTAKE_RUNS:
		return check_runs(intake, (const void *)start, count, offset);
	case INTAKE_EXTENTS:
		return check_extents(intake, (const void *)start, count, offset);
	case INTAKE_LOST:
		return check_lost(intake, start, count, offset);
	default:
		return 0;
	}
}

/* -- Chunks --------------------------------------------------------------------------------- */

static enum intake_table table_of(uint32_t tag)
{
	enum intake_table table = 0;

	while (table < INTAKE_TABLES && specs[table].tag != tag)
		table++;
	return table;
}

static bool is_first_right(const struct intake *intake, enum intake_table table)
{
	return (table == INTAKE_FACTS) == (intake->records[INTAKE_FACTS].chunks == 0);
}

static int check_head(struct intake *intake, enum intake_table table,
	const struct vmatlas_chunk *chunk, uint64_t offset)
{
	const struct intake_records *records = &intake->records[table];
	const struct spec *spec = &specs[table];

	if (!is_first_right(intake, table))
		return fault_at(intake, offset, "the facts must come first, and once");
	if (chunk->record_size != spec->record_size)
		return fault_at(intake, offset, "records of %u bytes where %u are right",
			chunk->record_size, spec->record_size);
	if (spec->form == ONE && chunk->count != 1)
		return fault_at(
			intake, offset, "%" PRIu64 " records where 1 is right", chunk->count);
	if ((spec->form == ONE || spec->form == TEXT) && records->chunks)
		return fault_at(intake, offset, "what may stand here once stands here twice");
	if (spec->record_size > 1 && chunk->count > UINT32_MAX - 1 - records->count)
		return fault_at(intake, offset, "more records than numbers");
	if (chunk->count > INT64_MAX - records->used)
		return fault_at(intake, offset, "more bytes than addresses");
	return 0;
}

static int take_records(struct intake *intake, enum intake_table table, uint64_t count)
{
	struct intake_records *records = &intake->records[table];
	size_t before = records->used;
	uint64_t offset = intake->offset;
	int error = append(intake, records, count * specs[table].record_size);

	if (error)
		return error;
	records->count += count;
	records->chunks++;
	error = check_chunk(intake, table, records->bytes + before, count, offset);
	/* append has made room for it. */
	if (specs[table].form == TEXTS)
		records->used++;
	return error ? error : skip_padding(intake);
}

/* Whether these can be the letters of a tag that a later version has. */
static bool is_tag(uint32_t tag)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ";

	for (int i = 0; i < 4; i++) {
		char letter = (char)(tag >> 8 * i);

		if (!letter || !strchr(letters, letter))
			return false;
	}
	return true;
}

static int pass_over(struct intake *intake, const struct vmatlas_chunk *chunk, uint64_t offset)
{
	char buffer[4096];
	uint64_t size;
	int error = 0;

	if (!is_tag(chunk->tag) || !intake->records[INTAKE_FACTS].chunks)
		return fault_at(intake, offset, "no chunk begins here");
	if (__builtin_mul_overflow(chunk->count, (uint64_t)chunk->record_size, &size))
		return fault_at(intake, offset, "more bytes than addresses");
	while (!error && size) {
		size_t step = size < sizeof(buffer) ? size : sizeof(buffer);

		error = fetch(intake, buffer, step);
		size -= step;
	}
	return error ? error : skip_padding(intake);
}

static int take_chunk(struct intake *intake)
{
	uint64_t offset = intake->offset;
	struct vmatlas_chunk chunk;
	enum intake_table table;
	int error = fetch(intake, &chunk, sizeof(chunk));

	if (error)
		return error;
	table = table_of(chunk.tag);
	if (table == INTAKE_TABLES && !intake->records[INTAKE_FACTS].chunks)
		return fault_at(intake, offset, "the facts must come first, and once");
	if (table == INTAKE_TABLES)
		return pass_over(intake, &chunk, offset);
	error = check_head(intake, table, &chunk, offset);
	if (!error)
		error = take_records(intake, table, chunk.count);
	if (!error && table == INTAKE_END &&
		((const struct vmatlas_end *)intake->records[table].bytes)->offset != offset)
		return fault_at(intake, offset, "something before the end is missing");
	return error;
}

/* -- The header ----------------------------------------------------------------------------- */

/* What people hand in by mistake. */
static const char *guess(const unsigned char *head, size_t size)
{
	size_t text = 0;

	while (text < size && (head[text] >= 0x20 || strchr("\t\n\r", head[text])) && head[text])
		text++;
	if (size == 0)
		return "the file is empty";
	if (size > 3 && !memcmp(head, "\x1f\x8b", 2))
		return "not a snapshot, but compressed by gzip: unpack it first";
	if (size > 3 && !memcmp(head, "\x28\xb5\x2f\xfd", 4))
		return "not a snapshot, but compressed by zstd: unpack it first";
	if (size > 3 && !memcmp(head, "\177ELF", 4))
		return "not a snapshot, but a program or library";
	if (head[strspn((const char *)head, " \t\r\n")] == '{')
		return "not a snapshot, but JSON: a report that is ready to be read "
		       "(snapshots come from VMATLAS_FORMAT=snapshot)";
	return text == size ? "not a snapshot, but text: a report that is ready to be read "
			      "(snapshots come from VMATLAS_FORMAT=snapshot)"
			    : "not a snapshot";
}

static int check_header(struct intake *intake, const struct vmatlas_header *header)
{
	uint32_t page = header->page_size;

	if (header->byte_order == __builtin_bswap32(VMATLAS_BYTE_ORDER))
		return fault_at(intake, 0, "from a machine of the other byte order");
	if (header->byte_order != VMATLAS_BYTE_ORDER)
		return fault_at(intake, 8, "no byte order");
	if (header->version != VMATLAS_STORE_VERSION)
		return fault_at(intake, 0,
			"a snapshot of version %u; this vmatlas reads version %u", header->version,
			VMATLAS_STORE_VERSION);
	if (header->word_size != sizeof(uint64_t))
		return fault_at(intake, 0, "from a machine of %u-byte words", header->word_size);
	/* From 4 KiB to the 2 MiB that some kernels could be built with. */
	if (page < 4096 || page > 2 << 20 || (page & (page - 1)))
		return fault_at(intake, 16, "pages of %u bytes", page);
	return 0;
}

static int take_header(struct intake *intake)
{
	union {
		struct vmatlas_header header;
		unsigned char bytes[sizeof(struct vmatlas_header) + 1];
	} head = {.bytes = {0}};
	size_t got;
	int error;

	errno = 0;
	got = fetch_some(intake, head.bytes, sizeof(head.header));
	if (ferror(intake->file))
		return errno ? errno : EIO;
	if (relic_begins((const char *)head.bytes, got))
		return INTAKE_STORE;
	if (got < 8 || memcmp(head.header.magic, VMATLAS_STORE_MAGIC, 8) != 0)
		return fault_at(intake, 0, "%s", guess(head.bytes, got));
	if (got < sizeof(head.header))
		return fault_at(intake, got, "the file is cut short here");
	error = check_header(intake, &head.header);
	if (!error)
		intake->page_size = head.header.page_size;
	return error;
}

/* -- The whole ------------------------------------------------------------------------------ */

int intake_read(struct intake *intake, FILE *file, struct snapshot_fault *fault)
{
	char behind;
	int error;

	*intake = (struct intake){.file = file, .fault = fault};
	for (int i = 0; i < INTAKE_TABLES; i++)
		intake->records[i].record_size = specs[i].record_size;
	error = take_header(intake);
	while (!error && !intake->records[INTAKE_END].chunks)
		error = take_chunk(intake);
	if (!error && fetch_some(intake, &behind, 1))
		error = fault_at(intake, intake->offset - 1, "something follows its end");
	return error;
}

void intake_free(struct intake *intake)
{
	for (int i = 0; i < INTAKE_TABLES; i++)
		free(intake->records[i].bytes);
}
