#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "dice.h"
#include "store.h"

enum { PIECES = 3000, THREADS = 4 };

struct piece {
	unsigned char *memory;
	size_t size;
};

static bool all_bytes_are(const unsigned char *memory, size_t size, unsigned char value)
{
	return size == 0 || (memory[0] == value && !memcmp(memory, memory + 1, size - 1));
}

static void take(struct piece *piece, size_t size, unsigned char mark)
{
	piece->memory = store_take(size);
	piece->size = size;
	assert_non_null(piece->memory);
	assert_int_equal((uintptr_t)piece->memory % 64, 0);
	assert_true(store_owns((uintptr_t)piece->memory));
	assert_true(size == 0 || store_owns((uintptr_t)piece->memory + size - 1));
	assert_true(all_bytes_are(piece->memory, size, 0));
	memset(piece->memory, mark, size);
}

static void pieces_are_zero_aligned_and_apart(void **state)
{
	static struct piece piece[PIECES];
	struct dice dice = {3};

	(void)state;
	for (int i = 0; i < PIECES; i++)
		take(&piece[i], dice_below(&dice, i % 100 ? 5000 : 3000000), (unsigned char)i);
	for (int i = 0; i < PIECES; i++)
		assert_true(all_bytes_are(piece[i].memory, piece[i].size, (unsigned char)i));
}

/* The line VmFlags of the mapping that it is in: proc_pid_smaps(5). */
static void flags_of(const void *address, char *line, size_t size)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool inside = false;

	assert_non_null(smaps);
	while (fgets(line, (int)size, smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (uintptr_t)address >= start && (uintptr_t)address < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			break;
	}
	fclose(smaps);
}

/* A page that is touched is not two megabytes. */
static void no_page_is_huge(void **state)
{
	char flags[512];

	(void)state;
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK))
		skip();
	flags_of(store_take(1), flags, sizeof flags);
	assert_non_null(strstr(flags, " nh"));
}

/* How many of the pages are there; those of private memory tell it truly. */
static unsigned pages_there(const void *start, size_t size)
{
	uintptr_t first = ((uintptr_t)start + 4095) & ~(uintptr_t)4095;
	unsigned char there[64] = {0};
	unsigned count = 0;

	assert_in_range(size, 2 * 4096, sizeof there * 4096);
	assert_int_equal(mincore((void *)first, size - 4096, there), 0);
	for (size_t i = 0; i < size / 4096 - 1; i++)
		count += there[i] & 1;
	return count;
}

static bool kernel_fills(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	assert_int_equal(uname(&name), 0);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major > 5 || (major == 5 && minor >= 14);
}

static void what_is_written_all_over_is_there_before(void **state)
{
	char *later = store_take(256 << 10), *whole = store_take_whole(128 << 10);

	(void)state;
	if (!kernel_fills()) {
		puts("not tried: MADV_POPULATE_WRITE needs Linux 5.14");
		return;
	}
	assert_int_equal(pages_there(whole, 128 << 10), 31);
	assert_int_equal(pages_there(later, 256 << 10), 0);
	store_fill(later + 100, 2 * 4096);
	assert_in_range(pages_there(later, 256 << 10), 2, 3);
	assert_true(all_bytes_are((unsigned char *)whole, 128 << 10, 0));
}

/* What is filled in ahead is at most as much as is used. */
static void a_lane_that_grows_is_filled_in_ahead(void **state)
{
	struct lane lane = {.record_size = 64};
	char *last;

	(void)state;
	for (int i = 0; i < 8192; i++)
		assert_int_equal(store_append(&lane, 1 << 20), i + 1);
	last = lane_get(&lane, 4096 - 31); /* the first of the segment of 4,096 records */
	if (kernel_fills())
		assert_in_range(pages_there(last, 256 << 10), 62, 63);
	assert_int_equal(lane_get(&lane, 8192 - 32), last + 4095 * 64);
}

static void what_is_not_ours_is_not_owned(void **state)
{
	int here;
	void *heap = malloc(100);

	(void)state;
	assert_false(store_owns((uintptr_t)&here));
	assert_false(store_owns((uintptr_t)heap));
	assert_false(store_owns(0));
	assert_false(store_owns(UINTPTR_MAX));
	free(heap);
}

static void chunks_hold_every_piece(void **state)
{
	struct store_chunk chunk[STORE_CHUNKS];
	unsigned count = store_chunks(chunk, STORE_CHUNKS);
	uintptr_t memory = (uintptr_t)store_take(1000);
	bool held = false;

	(void)state;
	assert_in_range(count, 1, STORE_CHUNKS - 1);
	for (unsigned i = 0; i < count; i++)
		held = held || (memory >= chunk[i].start &&
				       memory + 1000 <= chunk[i].start + chunk[i].size);
	assert_true(held);
	assert_int_equal(store_chunks(chunk, 1), 1);
	assert_int_equal(store_chunks(chunk, 0), 0);
}

struct record {
	uint64_t value[3];
};

static void numbers_follow_each_other_up_to_the_limit(void **state)
{
	struct lane lane = {.record_size = sizeof(struct record)};

	(void)state;
	for (uint32_t id = 1; id <= 5000; id++) {
		assert_int_equal(store_append(&lane, 5000), id);
		assert_int_equal(((struct record *)lane_get(&lane, id))->value[2], 0);
		((struct record *)lane_get(&lane, id))->value[2] = id;
	}
	assert_int_equal(store_append(&lane, 5000), 0);
	for (uint32_t id = 1; id <= 5000; id++)
		assert_int_equal(((struct record *)lane_get(&lane, id))->value[2], id);
	assert_int_equal(store_append(&lane, 5001), 5001);
}

/* Each thread takes pieces and writes its mark; a shared byte would show. */
static void *take_many(void *mark)
{
	static _Atomic unsigned wrong;
	struct dice dice = {(uintptr_t)mark + 1};
	unsigned char *memory[500];

	for (int i = 0; i < 500; i++) {
		memory[i] = store_take(64 + dice_below(&dice, 2000));
		if (memory[i])
			memset(memory[i], (int)(uintptr_t)mark, 64);
	}
	for (int i = 0; i < 500; i++) {
		if (!memory[i] || !all_bytes_are(memory[i], 64, (unsigned char)(uintptr_t)mark))
			wrong++;
	}
	return (void *)(uintptr_t)wrong;
}

static void threads_never_get_the_same_piece(void **state)
{
	pthread_t thread[THREADS];
	void *wrong;

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, take_many, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
}

/* Last: it takes address space away for a moment. */
static void what_the_kernel_refuses_is_counted(void **state)
{
	struct rlimit none = {0, RLIM_INFINITY}, before;
	uint64_t refused = store_refused();
	struct lane lane = {.record_size = 1 << 20};

	(void)state;
	getrlimit(RLIMIT_AS, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_AS, &none);
	assert_null(store_take((size_t)1 << 30));
	assert_int_equal(store_refused(), refused + 1);
	assert_int_equal(store_append(&lane, 100), 0);
	assert_int_equal(lane_count(&lane), 0);
	assert_int_equal(store_refused(), refused + 2);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(store_append(&lane, 100), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zero_aligned_and_apart),
		cmocka_unit_test(no_page_is_huge),
		cmocka_unit_test(what_is_written_all_over_is_there_before),
		cmocka_unit_test(a_lane_that_grows_is_filled_in_ahead),
		cmocka_unit_test(what_is_not_ours_is_not_owned),
		cmocka_unit_test(chunks_hold_every_piece),
		cmocka_unit_test(numbers_follow_each_other_up_to_the_limit),
		cmocka_unit_test(threads_never_get_the_same_piece),
		cmocka_unit_test(what_the_kernel_refuses_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
