/* The shim's own tables: bounded, deep in blocks, and written over by the program. */
#include "hostile.h"

#include <sys/mman.h>

static size_t resident(void)
{
	unsigned long size, pages = 0;
	char text[100] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	must(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	must(sscanf(text, "%lu %lu", &size, &pages) == 2);
	return pages * 4096;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* -- Bounds --------------------------------------------------------------------------------- */

enum { SLOTS = 1024 };
static char *slot[SLOTS];

static void exchange(size_t times, size_t most, uint32_t *state)
{
	for (size_t i = 0; i < times; i++) {
		uint32_t random = next_random(state), at = random % SLOTS;

		free(slot[at]);
		slot[at] = malloc((random >> 10) % most);
		if (slot[at])
			slot[at][0] = 1;
	}
}

static void free_all(void)
{
	for (int i = 0; i < SLOTS; i++) {
		free(slot[i]);
		slot[i] = NULL;
	}
}

static void hundred_million(void)
{
	uint32_t state = 1;
	size_t before;

	exchange(1000000, 2000, &state);
	before = resident();
	for (int i = 0; i < 100; i++) {
		exchange(1000000, 2000, &state);
		if (i % 25 == 0)
			ask();
	}
	tell("grew by less than 8 MiB: %d", resident() - before < 8 << 20 || resident() < before);
	free_all();
	ask();
}

/* Blocks that the allocator maps one by one. */
static void many_big_ones(void)
{
	uint32_t state = 1;
	size_t before;

	exchange(10000, 4 << 20, &state);
	before = resident();
	exchange(200000, 4 << 20, &state);
	tell("grew by less than 16 MiB: %d", resident() < before + (16 << 20));
	ask();
	free_all();
	ask();
}

/* Mappings that come and go for ever. */
static void many_mappings(void)
{
	size_t before = 0;

	for (int i = 0; i < 60000; i++) {
		char *start = mmap(NULL, (size_t)(i % 7 + 1) * 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(start != MAP_FAILED && munmap(start, (size_t)(i % 7 + 1) * 4096) == 0);
		if (i == 6000)
			before = resident();
		if (i % 20000 == 0)
			ask();
	}
	tell("grew by less than 4 MiB: %d", resident() < before + (4 << 20));
}

static void millions_alive(void)
{
	void **list = NULL, **block;
	size_t count = 0;

	for (int i = 0; i < 10000000; i++) {
		must((block = malloc(24)) != NULL);
		*block = list;
		list = block;
		if (i % 5000000 == 4999999)
			ask();
	}
	for (; list; list = block, count++) {
		block = *list;
		free(list);
	}
	ask();
	tell("%zu blocks", count);
}

/* -- Wild writes ---------------------------------------------------------------------------- */

struct range {
	uintptr_t start, end;
};

/* Anonymous memory that is read at random (VmFlags rr): a mark that only the shim's carries here.
 * Plain, there is none. */
static size_t find_tables(struct range *ranges, size_t most)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	struct range range = {0, 0};
	char line[1000];
	size_t count = 0;

	while (fgets(line, sizeof line, smaps)) {
		struct range next;

		if (sscanf(line, "%lx-%lx ", &next.start, &next.end) == 2)
			range = next;
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " rr") && count < most)
			ranges[count++] = range;
	}
	fclose(smaps);
	return count;
}

/* Nothing, everything, small numbers, and numbers near what stood there. */
static uint64_t damage(uint64_t old, uint32_t *state)
{
	uint32_t random = next_random(state);

	switch (random % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return random >> 8 & 0xfff;
	case 3:
		return old + (random >> 8 & 0xff);
	case 4:
		return old ^ 1ull << (random >> 8) % 64;
	}
	return (uint64_t)random << 32 | next_random(state);
}

/* One word in `share` of the pages that are there, each time another. */
static void write_over(uint32_t share, uint32_t *state)
{
	static struct range ranges[64];
	static unsigned char there[1 << 16];
	size_t count = find_tables(ranges, 64);

	for (size_t i = 0; i < count; i++) {
		size_t pages = (ranges[i].end - ranges[i].start) / 4096;

		if (pages > sizeof there || mincore((void *)ranges[i].start, pages * 4096, there))
			continue;
		for (size_t page = 0; page < pages; page++) {
			uint64_t *word = (uint64_t *)(ranges[i].start + page * 4096);

			word += next_random(state) % 512;
			if (there[page] & 1 && next_random(state) % share == 0)
				*word = damage(*word, state);
		}
	}
}

static void wild_writes(uint32_t seed, uint32_t share)
{
	uint32_t state = seed * 2654435761u | 1;

	for (int i = 0; i < 20; i++) {
		exchange(3000, i % 2 ? 3000 : 200000, &state);
		write_over(share, &state);
		exchange(3000, 2000, &state);
		char *start = mmap(NULL, 40960, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(start != MAP_FAILED && munmap(start + 8192, 4096) == 0);
		if (i % 4 == 0)
			ask();
	}
	free_all();
	ask();
}

static void a_wild_write_now_and_then(void)
{
	wild_writes(1, 100);
	tell("done");
}

/* With a seed from outside, to search for more: SEED=5 SHARE=10 memory wild_writes_by_seed */
static void wild_writes_by_seed(void)
{
	const char *seed = getenv("SEED"), *share = getenv("SHARE");

	wild_writes(seed ? (uint32_t)atoi(seed) : 3, share ? (uint32_t)atoi(share) : 20);
	tell("done");
}

SCENARIOS({"hundred_million", hundred_million}, {"many_big_ones", many_big_ones},
	{"many_mappings", many_mappings}, {"millions_alive", millions_alive},
	{"a_wild_write_now_and_then", a_wild_write_now_and_then},
	{"wild_writes_by_seed", wild_writes_by_seed})
