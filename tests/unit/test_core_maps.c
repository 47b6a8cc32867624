/* The mappings of a core, as lines of /proc/PID/maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "core/maps.h"
#include "core_forge.h"
#include "core_maps.h"
#include "relic_core.h"

struct world {
	struct core_forge *forge;
	FILE *file;
	struct core_file core;
	struct relic_memory memory;
	struct snapshot_fault fault;
	char *text;
};

static int make(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->forge = core_forge_make();
	*state = world;
	return 0;
}

static int destroy(void **state)
{
	struct world *world = *state;

	relic_memory_free(&world->memory);
	core_file_free(&world->core);
	if (world->file)
		fclose(world->file);
	free(world->text);
	free(world->forge);
	free(world);
	return 0;
}

static int open_memory(struct world *world)
{
	world->file = fmemopen(world->forge->bytes, CORE_FORGE_SIZE, "rb");
	assert_int_equal(core_file_read(&world->core, world->file, &world->fault), 0);
	return relic_core_open(&world->memory, world->file, &world->core, &world->fault);
}

static const char *list(struct world *world)
{
	size_t length;

	open_memory(world);
	assert_int_equal(core_maps_make(&world->core, &world->memory, &world->text, &length), 0);
	return world->text;
}

static void has_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no '%s' in\n%s", line, text);
}

/* -- The lines ------------------------------------------------------------------------------ */

static void each_segment_is_a_line(void **state)
{
	struct world *world = *state;
	const char *text = list(world);
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, world->core.segments);
	has_line(text, "555555555000-555555557000 r-xp 00001000 00:00 1  /bin/sh\n");
	has_line(text, "7ffff7d00000-7ffff7d01000 ---p 00000000 00:00 2  /usr/lib/left-out.so\n");
	has_line(text,
		"7ffff7f01000-7ffff7f03000 rw-p 00001000 00:00 3  " CORE_FORGE_SHIM_PATH "\n");
	has_line(text, "7ffff7f03000-7ffff7f05000 rw-p 00000000 00:00 0  \n");
}

static void markers_stand_where_they_belong(void **state)
{
	const char *text = list(*state);

	has_line(text, "555555600000-555555621000 rw-p 00000000 00:00 0  [heap]\n");
	has_line(text, "7ffff7fc5000-7ffff7fc7000 r--p 00000000 00:00 0  [vvar]\n");
	has_line(text, "7ffff7fc7000-7ffff7fc9000 r--p 00000000 00:00 0  [vvar]\n");
	has_line(text, "7ffff7fc9000-7ffff7fcb000 r-xp 00000000 00:00 0  [vdso]\n");
	has_line(text, "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack]\n");
	has_line(text, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n");
}

static void only_what_touches_the_vdso_is_vvar(void **state)
{
	struct world *world = *state;

	for (unsigned i = 1; i < core_forge_elf(world->forge)->e_phnum; i++) {
		Elf64_Phdr *header = core_forge_segment(world->forge, i);

		if (header->p_vaddr == CORE_FORGE_VDSO - 0x2000)
			header->p_memsz -= 0x1000;
	}
	assert_null(strstr(list(world), "[vvar]"));
}

static void without_its_file_no_heap_is_told(void **state)
{
	struct world *world = *state;
	char *path = memmem(world->forge->bytes, CORE_FORGE_SIZE, "/bin/sh", 7);

	for (; path; path = memmem(path, 64, "/bin/sh", 7))
		memcpy(path, "/bin/NO", 7);
	assert_null(strstr(list(world), "[heap]"));
}

static void a_newline_in_a_path_ends_no_line(void **state)
{
	struct world *world = *state;
	char *path = memmem(world->forge->bytes, CORE_FORGE_SIZE, "/left-out", 9);

	path[5] = '\n';
	has_line(list(world), " /usr/lib/left\\012out.so\n");
}

/* -- Files that are there ------------------------------------------------------------------- */

/* The program's first page is the memory that the heap has in the forge. */
static void hold_first_page(struct world *world, const char *path)
{
	Elf64_Phdr *program = core_forge_segment(world->forge, 1);
	FILE *file = fopen(path, "rb");

	core_forge_segment(world->forge, 4)->p_filesz = 0;
	program->p_offset = CORE_FORGE_MEMORY;
	program->p_filesz = 0x1000;
	assert_int_equal(fread(world->forge->bytes + CORE_FORGE_MEMORY, 1, 0x1000, file), 0x1000);
	fclose(file);
}

static void a_file_that_begins_alike_is_that_file(void **state)
{
	struct world *world = *state;
	struct stat file;
	char line[200];

	assert_int_equal(stat("/bin/sh", &file), 0);
	hold_first_page(world, "/bin/sh");
	snprintf(line, sizeof(line),
		"555555554000-555555555000 r--p 00000000 %02x:%02x %lu  /bin/sh\n",
		major(file.st_dev), minor(file.st_dev), (unsigned long)file.st_ino);
	has_line(list(world), line);
}

static void a_file_that_is_another_by_now(void **state)
{
	struct world *world = *state;

	hold_first_page(world, "/bin/sh");
	world->forge->bytes[CORE_FORGE_MEMORY + 0xfff] ^= 1;
	has_line(list(world), "555555554000-555555555000 r--p 00000000 00:00 1  /bin/sh\n");
}

/* -- Without end ---------------------------------------------------------------------------- */

/* Each page below the vdso as a segment of its own: passed once, not once for each. */
static void very_many_segments_take_no_time(void **state)
{
	enum { MANY = 200000 };
	struct core_file core = {.segment = calloc(MANY, sizeof(*core.segment)), .segments = MANY};
	struct world *world = *state;
	struct timespec before, after;
	size_t length;

	for (uint64_t i = 0; i < MANY; i++)
		core.segment[i] = (struct core_segment){
			.start = 4096 * i, .end = 4096 * (i + 1), .perms = MAPS_READ};
	core.vdso = 4096 * (uint64_t)MANY + 4096;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(core_maps_make(&core, &world->memory, &world->text, &length), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 5);
	free(core.segment);
}

/* -- The shim's variables ------------------------------------------------------------------- */

static void refused(struct world *world, const char *part)
{
	assert_int_equal(open_memory(world), EILSEQ);
	if (!strstr(world->fault.reason, part))
		fail_msg("'%s' where '%s' was to be said", world->fault.reason, part);
}

static void the_head_is_found(void **state)
{
	struct world *world = *state;

	assert_int_equal(open_memory(world), 0);
	assert_int_equal(world->memory.head.pid, 4711);
}

static void a_program_without_the_shim(void **state)
{
	struct world *world = *state;
	char *path = memmem(world->forge->bytes, CORE_FORGE_SIZE, "/libvmatlas", 11);

	for (; path; path = memmem(path, 64, "/libvmatlas", 11))
		memcpy(path, "/libnothing", 11);
	refused(world, "the core of a program without the shim");
}

static void variables_that_the_core_has_not(void **state)
{
	struct world *world = *state;

	core_forge_head(world->forge)->magic[0] ^= 1;
	refused(world, "a core without the shim's variables");
}

static void tables_that_are_in_a_store(void **state)
{
	static const char store[] = "/t/vmatlas.a.1.store";
	struct world *world = *state;

	memcpy(memmem(world->forge->bytes, CORE_FORGE_SIZE, "/usr/lib/left-out.so", 20), store, 20);
	refused(world, "but in its store: report /t/vmatlas.a.1.store");
}

/* It must be whole before the segment's bytes end. */
static void variables_that_are_cut(void **state)
{
	struct world *world = *state;
	size_t at = CORE_FORGE_SIZE - VMATLAS_STOREFILE_KNOWN + 8;

	memmove(world->forge->bytes + at, core_forge_head(world->forge),
		VMATLAS_STOREFILE_KNOWN - 8);
	memset(core_forge_head(world->forge), 0, 8);
	refused(world, "a core without the shim's variables");
}

static void another_version(void **state)
{
	struct world *world = *state;

	core_forge_head(world->forge)->version++;
	refused(world, "of another version");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_segment_is_a_line),
		TEST(markers_stand_where_they_belong),
		TEST(only_what_touches_the_vdso_is_vvar),
		TEST(without_its_file_no_heap_is_told),
		TEST(a_newline_in_a_path_ends_no_line),
		TEST(a_file_that_begins_alike_is_that_file),
		TEST(a_file_that_is_another_by_now),
		TEST(very_many_segments_take_no_time),
		TEST(the_head_is_found),
		TEST(a_program_without_the_shim),
		TEST(variables_that_the_core_has_not),
		TEST(tables_that_are_in_a_store),
		TEST(variables_that_are_cut),
		TEST(another_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
