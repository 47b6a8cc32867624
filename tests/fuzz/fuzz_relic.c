/* fuzz_relic.c - the store of a killed process with any words written over: an error that tells
 * where, or a view that holds.
 *
 * The input is a list of 12 bytes each: where (32 bits, modulo the file) and what (64 bits). A
 * first word behind the end cuts the file. The store itself is that of the unit tests: a real one
 * is too large to be an input.
 *
 * libFuzzer: clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Ipreload -I.
 *            -Itests/unit tests/fuzz/fuzz_relic.c
 *            tools/{snapshot,intake,placed,pageruns,complain,relic*}.c preload/core/[a-z]*.c
 *            tools/{core_*,listing_elf}.c
 * Without it (-DFUZZ_DICE, any compiler) the program makes up as many inputs as it is told. */

#include "core/atlas.h"
#include "core/report.h"
#include "store_file.h"
#include "tools/snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MOST = 64, WORD = 12 };

struct spoiled {
	uint32_t at;
	uint64_t former;
};

static struct store_file file;

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void swap(uint32_t at, uint64_t value, uint64_t *former)
{
	memcpy(former, file.bytes + at, sizeof(*former));
	memcpy(file.bytes + at, &value, sizeof(value));
}

/* Writes the words of the input over the store; where it ends is returned. */
static size_t spoil(const uint8_t *data, size_t size, struct spoiled *spoiled, unsigned *count)
{
	size_t end = STORE_FILE_SIZE;

	for (; size >= WORD && *count < WORDS_MOST; data += WORD, size -= WORD) {
		uint64_t value;
		uint32_t at;

		memcpy(&at, data, sizeof(at));
		memcpy(&value, data + sizeof(at), sizeof(value));
		if (at >> 31 && end == STORE_FILE_SIZE) {
			end = 1 + value % STORE_FILE_SIZE;
			continue;
		}
		at %= STORE_FILE_SIZE - sizeof(value);
		spoiled[*count].at = at;
		swap(at, value, &spoiled[(*count)++].former);
	}
	return end;
}

static int count_bytes(void *context, const char *bytes, size_t length)
{
	(void)bytes;
	*(size_t *)context += length;
	return 0;
}

static void make_report(const struct snapshot *snapshot)
{
	const struct view *view = snapshot_view(snapshot);
	uint32_t mappings = snapshot_mappings(snapshot);
	size_t size = atlas_memory(view, mappings), bytes = 0;
	struct report_options options = {.blocks = true};
	const struct names names = {NULL, NULL};
	void *memory = calloc(1, size);
	char buffer[4096];
	struct atlas atlas;
	struct text text;

	must(view->maps_only && !view->runs);
	atlas_make(&atlas, view, memory, size, mappings);
	options.scratch_words = report_scratch(&atlas, &options);
	options.scratch = calloc(options.scratch_words + 1, sizeof(uint64_t));
	text_init(&text, buffer, sizeof(buffer), count_bytes, &bytes);
	must(report_json(&atlas, &names, &options, &text) == 0 && bytes > 0);
	free(options.scratch);
	free(memory);
}

static void make_file(void)
{
	struct model *model = model_make();

	model_freed(model);
	file = store_file_make(model);
	model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spoiled spoiled[WORDS_MOST];
	struct snapshot_fault fault = {0, ""};
	struct snapshot *snapshot = NULL;
	unsigned count = 0;
	size_t end;
	FILE *stream;
	int error;

	if (!file.bytes)
		make_file();
	end = spoil(data, size, spoiled, &count);
	stream = fmemopen(file.bytes, end, "r");
	error = snapshot_read(stream, &snapshot, &fault);
	fclose(stream);
	must(!error == !!snapshot);
	must(error != EILSEQ || fault.reason[0]);
	/* Without its magic it is something else. */
	if (snapshot && !memcmp(file.bytes, VMATLAS_STOREFILE_MAGIC, 8))
		make_report(snapshot);
	snapshot_free(snapshot);
	while (count--)
		memcpy(file.bytes + spoiled[count].at, &spoiled[count].former, 8);
	return 0;
}

#ifdef FUZZ_DICE
static uint64_t state = 88172645463325252u;

static uint64_t roll(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* Small numbers, bits, addresses of the store, anything. */
static uint64_t make_value(void)
{
	switch (roll() % 4) {
	case 0:
		return roll() % 70000;
	case 1:
		return (uint64_t)1 << roll() % 64;
	case 2:
		return STORE_FILE_BASE + (roll() % file.used & ~(uint64_t)7);
	}
	return roll();
}

/* Mostly into the head and the first tables, which all the rest hangs on. */
static uint32_t make_place(void)
{
	static const uint32_t tops[] = {4096, 4096, 16384, 65536, STORE_FILE_SIZE};

	return (uint32_t)(roll() % tops[roll() % 5]) & ~7u;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 1000;
	uint8_t input[WORDS_MOST * WORD];

	for (long i = 0; i < rounds; i++) {
		size_t words = 1 + roll() % (roll() % 8 ? 3 : WORDS_MOST);

		for (size_t j = 0; j < words; j++) {
			uint32_t at = make_place() | (roll() % 64 ? 0 : 1u << 31);
			uint64_t value = file.bytes ? make_value() : roll();

			memcpy(input + j * WORD, &at, sizeof(at));
			memcpy(input + j * WORD + sizeof(at), &value, sizeof(value));
		}
		LLVMFuzzerTestOneInput(input, words * WORD);
	}
	printf("%ld stores\n", rounds);
	return 0;
}
#endif
