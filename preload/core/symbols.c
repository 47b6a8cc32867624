#include "symbols.h"
#include "symtab.h"

#include <errno.h>
#include <string.h>

/* Comparisons of a symbol with a query that it contains. A sane file needs about one per query;
 * one made of symbols that all span everything could ask for billions. 64 million take 0.2 s. */
enum { STEPS_MAX = 64 << 20 };

/* Ties settled by reading both names, at two reads each. libc.so.6 has some 700 aliases. */
enum { TIES_MAX = 4096 };

/* Bytes of two tied names that are compared. */
enum { TIE_NAME_MAX = 128 };

enum { TABLE_SYMTAB, TABLE_DYNSYM, TABLES };

static const uint32_t table_type[TABLES] = {SHT_SYMTAB, SHT_DYNSYM};

/* One call of symbols_resolve. */
struct search {
	const struct elf_source *source;
	const struct elf_image *image;
	struct symbols_request *request;
	struct elf_section strings[TABLES];
	uint64_t steps;
	unsigned ties;
};

static bool in_code(const struct elf_image *image, uint64_t vaddr)
{
	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *segment = &image->loads[i];

		if ((segment->flags & PF_X) && vaddr - segment->vaddr < segment->memsz)
			return true;
	}
	return false;
}

/* Where local untyped labels are mapping symbols ($x, $d), which mark code and data and name
 * nothing: the ELF supplements of Arm and RISC-V. */
static bool has_mapping_symbols(uint16_t machine)
{
	return machine == EM_ARM || machine == EM_AARCH64 || machine == EM_RISCV;
}

/* How much a symbol is worth as the name of code: 0 none, more is better. */
static uint8_t rank_of(const struct elf_image *image, const struct symtab_entry *entry)
{
	bool local = entry->bind == STB_LOCAL;

	if (!symtab_is_defined(entry))
		return 0;
	if (symtab_is_function(entry))
		return local ? 3 : 4;
	if (entry->type != STT_NOTYPE || !in_code(image, entry->value))
		return 0;
	if (local && has_mapping_symbols(image->machine))
		return 0;
	return local ? 1 : 2;
}

/* The first query at or above vaddr, or the count of queries. */
static size_t query_from(const struct symbols_request *request, uint64_t vaddr)
{
	size_t low = 0, high = request->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (request->queries[middle].vaddr < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Whether `a` is the name that a person would rather read: see symbols.h. */
static bool reads_better(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (underscores(a) != underscores(b))
		return underscores(a) < underscores(b);
	if (a_length != b_length)
		return a_length < b_length;
	return memcmp(a, b, a_length) < 0;
}

/* Settles a tie by the names, as far as they are allowed to be read. */
static bool name_wins(
	struct search *search, const struct symbols_match *a, const struct symbols_match *b)
{
	char names[2][TIE_NAME_MAX];
	size_t lengths[2];
	bool truncated;

	if (search->ties >= TIES_MAX)
		return false;
	search->ties++;
	lengths[0] = symtab_name(search->source, &search->strings[a->table], a->name, names[0],
		TIE_NAME_MAX, &truncated);
	lengths[1] = symtab_name(search->source, &search->strings[b->table], b->name, names[1],
		TIE_NAME_MAX, &truncated);
	if (lengths[0] == 0 || lengths[1] == 0)
		return lengths[0] > 0;
	return reads_better(names[0], lengths[0], names[1], lengths[1]);
}

/* Puts the better of the two into `held`. */
static void offer(
	struct search *search, struct symbols_match *held, const struct symbols_match *match)
{
	bool better = false;

	if (held->rank == 0 || match->start != held->start)
		better = held->rank == 0 || match->start > held->start;
	else if (match->rank != held->rank)
		better = match->rank > held->rank;
	else if (match->size != held->size)
		better = match->size < held->size;
	else
		better = name_wins(search, match, held);
	if (better)
		*held = *match;
}

/* Offers a symbol to every query that it contains, and tells the first one behind it where it
 * ended. */
static void sized_offer(struct search *search, const struct symbols_match *match)
{
	struct symbols_query *queries = search->request->queries;
	size_t i = query_from(search->request, match->start);

	while (i < search->request->count && queries[i].vaddr - match->start < match->size &&
		search->steps++ < STEPS_MAX)
		offer(search, &queries[i++].sized, match);
	if (i < search->request->count && queries[i].fence < match->start + match->size)
		queries[i].fence = match->start + match->size;
}

/* Offers a symbol without size to the first query from it on. Those behind get it when the
 * table's end is reached: what is nearest below one query is so for the next, if nothing lies
 * between. */
static void bare_offer(struct search *search, const struct symbols_match *match)
{
	size_t i = query_from(search->request, match->start);

	if (i < search->request->count)
		offer(search, &search->request->queries[i].bare, match);
}

static void entry_offer(struct search *search, const struct symtab_entry *entry, unsigned table)
{
	struct symbols_match match = {
		.start = entry->value,
		.size = entry->size,
		.name = entry->name,
		.section = entry->section,
		.table = (uint8_t)table,
		.rank = rank_of(search->image, entry),
	};

	if (match.rank == 0 || match.start + match.size < match.start)
		return;
	/* The lowest bit of a function's value says "Thumb" (ELF for the Arm Architecture). */
	if (search->image->machine == EM_ARM)
		match.start &= ~(uint64_t)1;
	if (match.size)
		sized_offer(search, &match);
	else
		bare_offer(search, &match);
}

static int table_search(struct search *search, unsigned table)
{
	struct symbols_request *request = search->request;
	struct symtab symtab;
	struct symtab_entry entry;
	int error = symtab_open(&symtab, search->source, search->image, table_type[table],
		request->buffer, request->buffer_size);

	if (error)
		return error;
	search->strings[table] = symtab.strings;
	while (search->steps < STEPS_MAX && symtab_next(&symtab, &entry))
		entry_offer(search, &entry, table);
	request->skipped += symtab.left + symtab.skipped;
	return 0;
}

static bool is_open(const struct symbols_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->queries[i].sized.rank == 0)
			return true;
	return false;
}

/* 0 if one of the tables could be searched; else why not, where ENOENT says least. */
static int tables_search(struct search *search)
{
	int error = table_search(search, TABLE_SYMTAB), second;

	if (!error && !is_open(search->request))
		return 0;
	second = table_search(search, TABLE_DYNSYM);
	if (!error || !second)
		return 0;
	return error == ENOENT ? second : error;
}

static bool section_holds(struct search *search, uint16_t index, uint64_t vaddr)
{
	struct elf_section section;

	return elf_section_read(search->source, search->image, index, &section) == 0 &&
	       vaddr - section.vaddr < section.size;
}

/* Whether a symbol without size reaches as far as the query. */
static bool bare_reaches(struct search *search, const struct symbols_query *query)
{
	const struct symbols_match *bare = &query->bare;

	if (bare->rank == 0 || bare->start < query->fence)
		return false;
	if (bare->start == query->vaddr)
		return true;
	return bare->table == TABLE_SYMTAB && section_holds(search, bare->section, query->vaddr);
}

/* Hands symbols without size, and the ends of those with one, on from query to query, and fills
 * with them what is still open. */
static void bare_settle(struct search *search)
{
	struct symbols_query *queries = search->request->queries;

	for (size_t i = 0; i < search->request->count; i++) {
		struct symbols_query *query = &queries[i];

		if (i > 0 && query[-1].bare.rank)
			offer(search, &query->bare, &query[-1].bare);
		if (i > 0 && query->fence < query[-1].fence)
			query->fence = query[-1].fence;
		if (query->sized.rank == 0 && bare_reaches(search, query))
			query->sized = query->bare;
	}
}

/* Takes the name of the query before, if it was for the same function. */
static bool name_share(const struct symbols_request *request, struct symbols_query *query)
{
	const struct symbols_query *before = query - 1;

	if (query == request->queries || !before->name || before->start != query->start ||
		before->sized.name != query->sized.name ||
		before->sized.table != query->sized.table)
		return false;
	query->name = before->name;
	query->truncated = before->truncated;
	return true;
}

static void name_copy(struct search *search, struct symbols_query *query)
{
	struct symbols_request *request = search->request;
	size_t room = request->names_size - request->names_used;
	char *name = request->names + request->names_used;
	size_t length;

	if (room < 2) {
		request->names_skipped++;
		return;
	}
	length =
		symtab_name(search->source, &search->strings[query->sized.table], query->sized.name,
			name, room < SYMBOLS_NAME_MAX ? room : SYMBOLS_NAME_MAX, &query->truncated);
	if (length == 0)
		return;
	query->name = name;
	request->names_used += length + 1;
}

static void names_copy(struct search *search)
{
	struct symbols_request *request = search->request;

	for (size_t i = 0; i < request->count; i++) {
		struct symbols_query *query = &request->queries[i];

		if (query->sized.rank == 0)
			continue;
		query->start = query->sized.start;
		query->size = query->sized.size;
		if (!name_share(request, query))
			name_copy(search, query);
	}
}

static bool is_sorted(const struct symbols_request *request)
{
	for (size_t i = 1; i < request->count; i++)
		if (request->queries[i].vaddr < request->queries[i - 1].vaddr)
			return false;
	return true;
}

static void queries_clear(struct symbols_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		request->queries[i] = (struct symbols_query){.vaddr = request->queries[i].vaddr};
	request->skipped = 0;
	request->names_skipped = 0;
}

int symbols_resolve(const struct elf_source *source, const struct elf_image *image,
	struct symbols_request *request)
{
	struct search search = {.source = source, .image = image, .request = request};
	int error;

	queries_clear(request);
	if (request->buffer_size < SYMBOLS_BUFFER_MIN ||
		request->names_used > request->names_size || !is_sorted(request))
		return EINVAL;
	error = tables_search(&search);
	if (error)
		return error;
	bare_settle(&search);
	names_copy(&search);
	return 0;
}
