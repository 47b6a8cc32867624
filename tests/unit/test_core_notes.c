/* The notes of a core: the process, and the files that it had mapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maps.h"
#include "core_forge.h"
#include "core_notes.h"

enum { ROOM = 64 << 10, PAGE = 4096 };

/* A core of which only the notes are made. */
struct world {
	struct core_file core;
	unsigned char notes[ROOM];
	size_t used;
};

static int make(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return 0;
}

static int destroy(void **state)
{
	struct world *world = *state;

	core_file_free(&world->core);
	free(world);
	return 0;
}

static void note(struct world *world, uint32_t type, const void *bytes, size_t size)
{
	core_forge_put(world->notes, &world->used, type, bytes, size);
}

static void segment(struct world *world, uint64_t start, uint64_t end)
{
	struct core_file *core = &world->core;

	core->segment = reallocarray(core->segment, core->segments + 1, sizeof(*core->segment));
	core->segment[core->segments++] = (struct core_segment){.start = start, .end = end};
}

/* A copy of that very size, as core_file_read makes it. */
static void take_some(struct world *world, size_t size)
{
	free(world->core.notes);
	world->core.notes = malloc(size + 1);
	memcpy(world->core.notes, world->notes, size);
	world->core.notes[size] = '\0';
	world->core.notes_length = size;
	core_notes_take(&world->core);
}

static void take(struct world *world)
{
	take_some(world, world->used);
}

static void files(struct world *world, const struct core_forge_mapped *mapped, size_t count,
	const char *paths, size_t length)
{
	char *bytes = malloc(ROOM);

	note(world, NT_FILE, bytes, core_forge_describe(bytes, mapped, count, paths, length));
	free(bytes);
}

/* -- The process ---------------------------------------------------------------------------- */

static void names_that_fill_their_fields(void **state)
{
	struct world *world = *state;
	struct elf_prpsinfo process = {.pr_pid = 7};

	memset(process.pr_fname, 'n', sizeof(process.pr_fname));
	memset(process.pr_psargs, 'a', sizeof(process.pr_psargs));
	note(world, NT_PRPSINFO, &process, sizeof(process));
	take(world);
	assert_int_equal(world->core.pid, 7);
	assert_int_equal(strlen(world->core.name), 16);
	assert_int_equal(strlen(world->core.arguments), 80);
}

static void blanks_behind_arguments_are_none(void **state)
{
	struct world *world = *state;
	struct elf_prpsinfo process = {.pr_pid = 7};

	memset(process.pr_fname, ' ', sizeof(process.pr_fname));
	memcpy(process.pr_psargs, "a b   ", 6);
	note(world, NT_PRPSINFO, &process, sizeof(process));
	take(world);
	assert_string_equal(world->core.name, "");
	assert_string_equal(world->core.arguments, "a b");
}

static void notes_that_are_too_short_tell_nothing(void **state)
{
	struct world *world = *state;
	char filled[sizeof(struct elf_prstatus)];

	memset(filled, 1, sizeof(filled));
	note(world, NT_PRPSINFO, filled, sizeof(struct elf_prpsinfo) - 1);
	note(world, NT_PRSTATUS, filled, sizeof(struct elf_prstatus) - 1);
	note(world, NT_AUXV, filled, sizeof(Elf64_auxv_t) - 1);
	note(world, NT_FILE, filled, 15);
	take(world);
	assert_int_equal(world->core.pid, 0);
	assert_int_equal(world->core.signal, 0);
	assert_false(world->core.named);
}

static void status(struct world *world, int signal)
{
	struct elf_prstatus thread = {.pr_cursig = (short)signal};

	note(world, NT_PRSTATUS, &thread, sizeof(thread));
}

static void the_signal_is_that_of_the_first_thread(void **state)
{
	struct world *world = *state;

	status(world, 6);
	status(world, 11);
	take(world);
	assert_int_equal(world->core.signal, 6);
}

static void signals_that_there_are_not(void **state)
{
	struct world *world = *state;

	status(world, 65);
	status(world, -3);
	take(world);
	assert_int_equal(world->core.signal, 0);
}

static void a_vector_that_ends_in_an_entry(void **state)
{
	struct world *world = *state;
	Elf64_auxv_t vector[] = {{AT_ENTRY, {0x1000}}, {AT_RANDOM, {0x2000}}};

	note(world, NT_AUXV, vector, sizeof(vector) - 1);
	take(world);
	assert_int_equal(world->core.entry, 0x1000);
	assert_int_equal(world->core.stack, 0);
}

/* -- One after the other -------------------------------------------------------------------- */

static void notes_of_others_are_passed_over(void **state)
{
	struct world *world = *state;
	size_t name = sizeof(Elf64_Nhdr);

	status(world, 6);
	memcpy(world->notes + name, "LINU", 4);
	status(world, 11);
	note(world, 0x53494749, "12345", 5); /* NT_SIGINFO, of odd length */
	status(world, 9);
	take(world);
	assert_int_equal(world->core.signal, 11);
}

/* Each size of the head as large as it can be, and a little too large. */
static void sizes_that_lead_out(void **state)
{
	static const uint32_t sizes[] = {UINT32_MAX, UINT32_MAX - 3, INT32_MAX, 0x1000};
	struct world *world = *state;
	Elf64_Nhdr *head = (void *)world->notes;

	status(world, 6);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		Elf64_Nhdr whole = *head;

		head->n_descsz = sizes[i];
		take(world);
		*head = whole;
		head->n_namesz = sizes[i];
		take(world);
		*head = whole;
	}
	assert_int_equal(world->core.signal, 0);
	take(world);
	assert_int_equal(world->core.signal, 6);
}

static void cut_at_every_byte(void **state)
{
	static const struct core_forge_mapped mapped[] = {{0, PAGE, 0}};
	struct world *world = *state;
	size_t first;

	segment(world, 0, PAGE);
	status(world, 6);
	first = world->used;
	files(world, mapped, 1, "/a", 3);
	for (size_t size = 0; size < world->used; size++) {
		take_some(world, size);
		assert_int_equal(world->core.signal, size < first ? 0 : 6);
		assert_false(world->core.named);
	}
	take(world);
	assert_string_equal(world->core.segment[0].path, "/a");
}

/* -- Files ---------------------------------------------------------------------------------- */

static void segments_have_the_names_of_their_files(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x10000, 0x13000, 2}, {0x13000, 0x14000, 9}, {0x20000, 0x21000, 0}};
	struct world *world = *state;
	const struct core_segment *found;

	segment(world, 0x10000, 0x11000);
	segment(world, 0x11000, 0x13000); /* a part of the same mapping */
	segment(world, 0x13000, 0x14000);
	segment(world, 0x14000, 0x15000);
	segment(world, 0x20000, 0x21000);
	files(world, mapped, 3, "/a\0/a\0/b", 9);
	take(world);
	found = world->core.segment;
	assert_int_equal(world->core.segments, 5);
	assert_string_equal(found[0].path, "/a");
	assert_int_equal(found[0].path_offset, 2 * PAGE);
	assert_int_equal(found[1].path_offset, 3 * PAGE);
	assert_int_equal(found[2].path_offset, 9 * PAGE);
	assert_null(found[3].path);
	assert_string_equal(found[4].path, "/b");
	assert_int_equal(found[0].path_number, 1);
	assert_int_equal(found[2].path_number, 1);
	assert_int_equal(found[4].path_number, 2);
}

/* It is a file's, and no other's. */
static void a_name_of_no_letters_has_a_number(void **state)
{
	static const struct core_forge_mapped mapped[] = {{0x10000, 0x11000, 0}};
	struct world *world = *state;

	files(world, mapped, 1, "", 1);
	take(world);
	assert_string_equal(world->core.segment[0].path, "");
	assert_int_equal(world->core.segment[0].path_number, 1);
}

/* gdb leaves out what was not written to: the program file tells how it is mapped. */
static void mappings_that_were_left_out(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x10000, 0x11000, 0}, {0x20000, 0x21000, 0}, {0x30000, 0x31000, 1 << 20}};
	struct world *world = *state;
	char paths[3 * PATH_MAX], self[PATH_MAX] = "";
	int length;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	length = snprintf(paths, sizeof(paths), "/no/such/file%c%s%c%s", 0, self, 0, self);
	segment(world, 0x18000, 0x19000);
	files(world, mapped, 3, paths, (size_t)length + 1);
	take(world);
	assert_int_equal(world->core.segments, 4);
	assert_int_equal(world->core.segment[0].start, 0x10000);
	assert_int_equal(world->core.segment[0].perms, 0);
	assert_int_equal(world->core.segment[1].start, 0x18000);
	assert_int_equal(world->core.segment[2].start, 0x20000);
	assert_int_equal(world->core.segment[2].perms, MAPS_READ);
	assert_int_equal(world->core.segment[2].held, 0);
	assert_int_equal(world->core.segment[3].perms, 0);
	assert_string_equal(world->core.segment[3].path, self);
}

/* A watchdog's device starts when it is opened; a FIFO stands for it. */
static void what_is_no_file_is_not_opened(void **state)
{
	static const struct core_forge_mapped mapped[] = {{0x10000, 0x11000, 0}};
	struct world *world = *state;
	char folder[] = "/tmp/test_core.XXXXXX", path[40], event[64];
	int watch = inotify_init1(IN_NONBLOCK);

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
	files(world, mapped, 1, path, strlen(path) + 1);
	take(world);
	assert_string_equal(world->core.segment[0].path, path);
	assert_int_equal(read(watch, event, sizeof(event)), -1);
	unlink(path);
	rmdir(folder);
	close(watch);
}

/* None of these is added: they are no pages, or at addresses that others have. */
static void mappings_that_cannot_be(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x8000, 0x8801, 0},   /* half a page */
		{0x9001, 0xa000, 0},   /* nor does it begin with one */
		{0xf000, 0x11000, 0},  /* into a segment from below */
		{0x11000, 0x13000, 0}, /* out of one */
		{0x13000, 0x15000, 0}, /* around one */
	};
	struct world *world = *state;

	segment(world, 0x10000, 0x12000);
	segment(world, 0x14000, 0x15000);
	files(world, mapped, 5, "/a\0/b\0/c\0/d\0/e", 15);
	take(world);
	assert_int_equal(world->core.segments, 2);
}

static void mappings_out_of_order_end_the_list(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x10000, 0x11000, 0}, {0x10000, 0x12000, 0}, {0x20000, 0x21000, 0}};
	struct world *world = *state;

	files(world, mapped, 3, "/a\0/b\0/c", 9);
	take(world);
	assert_int_equal(world->core.segments, 1);
}

static void more_mappings_than_the_note_has(void **state)
{
	static const struct core_forge_mapped mapped[] = {{0x10000, 0x11000, 0}};
	static const uint64_t counts[] = {2, UINT64_MAX, UINT64_MAX / sizeof(*mapped) + 2};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		world->used = 0;
		files(world, mapped, 1, "/a", 3);
		memcpy(world->notes + sizeof(Elf64_Nhdr) + 8, &counts[i], sizeof(counts[i]));
		take(world);
		assert_int_equal(world->core.segments, 0);
		assert_false(world->core.named);
	}
}

static void paths_that_do_not_end(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x10000, 0x11000, 0}, {0x20000, 0x21000, 0}};
	struct world *world = *state;

	segment(world, 0x10000, 0x11000);
	segment(world, 0x20000, 0x21000);
	files(world, mapped, 2, "/a\0/b", 5);
	take(world);
	assert_string_equal(world->core.segment[0].path, "/a");
	assert_null(world->core.segment[1].path);
}

/* The kernel names none with more bytes; many segments with a name as long as the file would be a
 * list of mappings without end. */
static void paths_that_are_too_long(void **state)
{
	static const struct core_forge_mapped mapped[] = {
		{0x10000, 0x11000, 0}, {0x20000, 0x21000, 0}};
	struct world *world = *state;
	char paths[2 * PATH_MAX + 1];

	segment(world, 0x10000, 0x11000);
	segment(world, 0x20000, 0x21000);
	memset(paths, 'p', sizeof(paths));
	paths[PATH_MAX - 1] = paths[2 * PATH_MAX] = '\0';
	files(world, mapped, 2, paths, sizeof(paths));
	take(world);
	assert_int_equal(strlen(world->core.segment[0].path), PATH_MAX - 1);
	assert_null(world->core.segment[1].path);
}

static void a_second_note_of_files_is_not_taken(void **state)
{
	static const struct core_forge_mapped mapped[] = {{0x10000, 0x11000, 0}},
					      other[] = {{0x20000, 0x21000, 0}};
	struct world *world = *state;

	files(world, mapped, 1, "/a", 3);
	files(world, other, 1, "/b", 3);
	take(world);
	assert_int_equal(world->core.segments, 1);
	assert_string_equal(world->core.segment[0].path, "/a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_that_fill_their_fields),
		TEST(blanks_behind_arguments_are_none),
		TEST(notes_that_are_too_short_tell_nothing),
		TEST(the_signal_is_that_of_the_first_thread),
		TEST(signals_that_there_are_not),
		TEST(a_vector_that_ends_in_an_entry),
		TEST(notes_of_others_are_passed_over),
		TEST(sizes_that_lead_out),
		TEST(cut_at_every_byte),
		TEST(segments_have_the_names_of_their_files),
		TEST(a_name_of_no_letters_has_a_number),
		TEST(mappings_that_were_left_out),
		TEST(what_is_no_file_is_not_opened),
		TEST(mappings_that_cannot_be),
		TEST(mappings_out_of_order_end_the_list),
		TEST(more_mappings_than_the_note_has),
		TEST(paths_that_do_not_end),
		TEST(paths_that_are_too_long),
		TEST(a_second_note_of_files_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
