#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "same_block.h"
#include "store_file.h"
#include "tools/snapshot.h"

struct world {
	struct model *model;
	struct store_file file;
	struct snapshot *snapshot;
	struct snapshot_fault fault;
};

static int make(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->model = model_make();
	model_freed(world->model);
	world->file = store_file_make(world->model);
	*state = world;
	return 0;
}

static int destroy(void **state)
{
	struct world *world = *state;

	snapshot_free(world->snapshot);
	model_free(world->model);
	free(world->file.bytes);
	free(world);
	return 0;
}

static int take(struct world *world, size_t size)
{
	FILE *file = fmemopen(world->file.bytes, size, "rb");
	int error;

	error = snapshot_read(file, &world->snapshot, &world->fault);
	fclose(file);
	return error;
}

static const struct view *thaw(struct world *world)
{
	int error = take(world, STORE_FILE_SIZE);

	if (error)
		fail_msg("error %d at %lu: %s", error, (unsigned long)world->fault.offset,
			world->fault.reason);
	return snapshot_view(world->snapshot);
}

static bool notes(const struct view *view, const char *part)
{
	for (unsigned i = 0; i < view->notices; i++) {
		if (strstr(view->notice[i], part))
			return true;
	}
	return false;
}

static void blocks_come_back(void **state)
{
	struct world *world = *state;
	const struct view *view = thaw(world), *was = &world->model->view;
	struct blocks_tables tables = view_tables(view), old_tables = view_tables(was);
	struct blocks_cursor cursor, old;
	struct block block, old_block;
	int count = 0;

	blocks_begin(&cursor, view->blocks, &tables);
	blocks_begin(&old, was->blocks, &old_tables);
	while (blocks_next(&old, &old_block)) {
		assert_true(blocks_next(&cursor, &block));
		assert_true(same_block(&old_block, &block));
		count++;
	}
	assert_false(blocks_next(&cursor, &block));
	assert_int_equal(count, 6);
}

static void counters_are_sums_of_threads(void **state)
{
	const struct view *view = thaw(*state);

	assert_int_equal(view->allocations, 7);
	assert_int_equal(view->allocated_bytes, 109500);
	assert_int_equal(view->frees, 1);
	assert_int_equal(view->freed_bytes, 4);
	assert_int_equal(view->failed, 2);
	assert_int_equal(view->peak_live_bytes, 109600);
	assert_int_equal(view->peak_error, 2 * 16384);
	assert_int_equal(view->resolution_ticks, 10);
}

static void names_and_tables_come_back(void **state)
{
	const struct view *view = thaw(*state);
	size_t length;

	assert_string_equal(view->exe, "/usr/bin/model");
	assert_int_equal(view->pid, 4711);
	assert_int_equal(lane_count(view->frames), 3);
	assert_int_equal(lane_count(view->regions), 2);
	assert_int_equal(view->history, 4);
	assert_int_equal(lane_count(view->freed), 2);
	assert_memory_equal(view_string(view, 1, &length), "/usr/bin/model", 14);
	assert_true(view->complete);
	assert_true(notes(view, "was killed, or is still at work"));
	assert_true(notes(view, "of report 3"));
	assert_true(notes(view, "The signal is the program's own."));
}

static void time_ends_with_the_last_birth(void **state)
{
	const struct view *view = thaw(*state);

	assert_int_equal(view->now.ticks, 1021);
	assert_int_equal(view->now.realtime_ns, 1700000000000000521ull);
}

static void what_is_resident_is_not_known(void **state)
{
	const struct view *view = thaw(*state);

	assert_true(view->maps_only);
	assert_null(view->runs);
	assert_int_equal(view->helds, 0);
	assert_int_equal(snapshot_mappings(((struct world *)*state)->snapshot), 4);
}

/* Births lie beyond the heap of the list, and where it has nothing. */
static void mappings_of_live_blocks_are_there(void **state)
{
	struct world *world = *state;
	struct vmatlas_birth *birth;
	const struct lane *births =
		store_file_at(&world->file, world->file.head->table[VMATLAS_STOREFILE_BIRTHS]);
	const struct view *view;
	char text[4096] = "";

	birth = store_file_at(&world->file, (uintptr_t)births->segment[0]);
	birth[0].end = MODEL_HEAP + 0x40000;
	birth[1] = (struct vmatlas_birth){MODEL_FAR, MODEL_FAR + 0x180000};
	view = thaw(world);
	view->smaps_rewind(view->context);
	assert_true(view->smaps_read(view->context, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "555555600000-555555640000 rw-p 00000000 00:00 0  [heap]"));
	assert_non_null(strstr(text, "7ffff0100000-7ffff0180000 rw-p 00000000 00:00 0"));
}

/* -- Ends in the midst of things ------------------------------------------------------------ */

static void an_account_that_is_half_written(void **state)
{
	struct world *world = *state;

	world->file.bytes[world->file.head->account[0].offset + 99] ^= 1;
	assert_true(thaw(world)->complete);
}

static void no_account_that_is_whole(void **state)
{
	struct world *world = *state;
	const struct view *view;

	world->file.head->account[0].turn = 0;
	world->file.bytes[world->file.head->account[1].offset + 99] ^= 1;
	view = thaw(world);
	assert_false(view->complete);
	assert_true(notes(view, "list of mappings is damaged"));
	assert_int_equal(view->allocations, 7);
	assert_int_equal(snapshot_mappings(world->snapshot), 2);
}

/* It would lead into itself for as long as the file is. */
static void an_account_that_is_a_store(void **state)
{
	struct world *world = *state;
	struct vmatlas_account *account = &world->file.head->account[0];

	account->offset = 0;
	account->length = STORE_FILE_SIZE / 2;
	account->check = vmatlas_storefile_check(0, world->file.bytes, account->length);
	world->file.head->account[1].turn = 0;
	assert_false(thaw(world)->complete);
}

static void a_segment_that_is_not_there(void **state)
{
	struct world *world = *state;
	struct lane *origins =
		store_file_at(&world->file, world->file.head->table[VMATLAS_STOREFILE_ORIGINS]);
	const struct view *view;

	origins->segment[0] = (char *)0x1000;
	view = thaw(world);
	assert_int_equal(lane_count(view->origins), 0);
	assert_false(view->complete);
	assert_true(notes(view, "tables go on where the file does not"));
}

static void memory_that_found_no_room(void **state)
{
	struct world *world = *state;
	const struct view *view;

	world->file.head->piece[1] = (struct vmatlas_piece){0x500000000000, 12288, 0};
	world->file.head->pieces = 2;
	view = thaw(world);
	assert_string_equal(view->lost[view->losts - 1].name, "store_missing");
	assert_int_equal(view->lost[view->losts - 1].count, 12288);
}

/* -- Damage --------------------------------------------------------------------------------- */

static void refused(struct world *world, size_t size, const char *part)
{
	assert_int_equal(take(world, size), EILSEQ);
	if (!strstr(world->fault.reason, part))
		fail_msg("'%s' where '%s' was to be said", world->fault.reason, part);
}

static void a_file_that_is_cut(void **state)
{
	refused(*state, 3000, "cut short");
	refused(*state, 1 << 20, "not in the file");
}

static void pieces_that_are_none(void **state)
{
	struct world *world = *state;
	struct vmatlas_piece *piece = world->file.head->piece;
	static const struct vmatlas_piece wrong[] = {
		{0x500000000001, 4096, 8192},
		{0x500000000000, 4095, 8192},
		{0x500000000000, 4096, 8193},
		{0x500000000000, 0, 8192},
		{0xfffffffffffff000, 4096, 8192},
		{0x7ffffffff000, 8192, 8192},
		{STORE_FILE_BASE + 4096, 4096, 8192},
	};

	world->file.head->pieces = 2;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		piece[1] = wrong[i];
		refused(world, STORE_FILE_SIZE, "a piece of memory that is none");
	}
	piece[1] = (struct vmatlas_piece){0x500000000000, 4096, STORE_FILE_SIZE};
	refused(world, STORE_FILE_SIZE, "not in the file");
	world->file.head->pieces = VMATLAS_PIECES_MOST + 1;
	refused(world, STORE_FILE_SIZE, "more pieces than there can be");
}

/* The same bytes as memory many times over: no more memory than the file has. */
static void pieces_that_share_their_bytes(void **state)
{
	struct world *world = *state;

	for (int i = 1; i < 4; i++)
		world->file.head->piece[i] = (struct vmatlas_piece){
			0x500000000000 + ((uint64_t)i << 32), STORE_FILE_SIZE / 2, 4096};
	world->file.head->pieces = 4;
	refused(world, STORE_FILE_SIZE, "not in the file");
}

static void other_versions(void **state)
{
	struct world *world = *state;

	world->file.head->leaf_bytes++;
	refused(world, STORE_FILE_SIZE, "of another version");
	world->file.head->byte_order = __builtin_bswap32(VMATLAS_BYTE_ORDER);
	refused(world, STORE_FILE_SIZE, "other byte order");
}

/* A page of words for each of 2^13 leaves that are one and the same: not read 2^13 times. */
static void leaves_that_are_one(void **state)
{
	struct world *world = *state;
	struct blocks *blocks = store_file_at(&world->file, world->file.head->blocks);
	struct blocks_branch *branch = NULL;
	struct timespec before, after;
	uint64_t leaf = 0;

	for (size_t i = 0; i < 1u << BLOCKS_ROOT_BITS; i++)
		branch = blocks->branch[i]
				 ? store_file_at(&world->file, (uintptr_t)blocks->branch[i])
				 : branch;
	for (size_t i = 0; i < 1u << BLOCKS_BRANCH_BITS; i++)
		leaf = branch->leaf[i] ? branch->leaf[i] : leaf;
	for (size_t i = 0; i < 1u << BLOCKS_BRANCH_BITS; i++)
		branch->leaf[i] = leaf;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_false(thaw(world)->complete);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 10);
}

static void lanes_that_lead_astray(void **state)
{
	struct world *world = *state;
	const struct view *view;

	for (unsigned i = 0; i < VMATLAS_STOREFILE_TABLES; i++) {
		struct lane *lane = store_file_at(&world->file, world->file.head->table[i]);

		if (world->file.head->table[i])
			lane->count = UINT32_MAX;
	}
	view = thaw(world);
	assert_true(lane_count(view->frames) <= STORE_FILE_SIZE / sizeof(struct vmatlas_frame));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocks_come_back),
		TEST(counters_are_sums_of_threads),
		TEST(names_and_tables_come_back),
		TEST(time_ends_with_the_last_birth),
		TEST(what_is_resident_is_not_known),
		TEST(mappings_of_live_blocks_are_there),
		TEST(an_account_that_is_half_written),
		TEST(no_account_that_is_whole),
		TEST(an_account_that_is_a_store),
		TEST(a_segment_that_is_not_there),
		TEST(memory_that_found_no_room),
		TEST(a_file_that_is_cut),
		TEST(pieces_that_are_none),
		TEST(pieces_that_share_their_bytes),
		TEST(other_versions),
		TEST(leaves_that_are_one),
		TEST(lanes_that_lead_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
