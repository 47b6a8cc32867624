/* Core files: what stands in a good one, and that of a bad one nothing is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "core/maps.h"
#include "core_file.h"
#include "core_forge.h"
#include "dice.h"

struct world {
	struct core_forge *forge;
	struct core_file core;
	struct snapshot_fault fault;
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

	core_file_free(&world->core);
	free(world->forge);
	free(world);
	return 0;
}

/* A copy of that very size, so that a sanitizer sees a byte too many. */
static int take_bytes(struct world *world, const void *bytes, size_t size)
{
	char *copy = malloc(size);
	FILE *file;
	int error;

	memcpy(copy, bytes, size);
	file = fmemopen(copy, size, "rb");
	core_file_free(&world->core);
	world->fault = (struct snapshot_fault){0, ""};
	error = core_file_read(&world->core, file, &world->fault);
	fclose(file);
	free(copy);
	return error;
}

static int take(struct world *world)
{
	return take_bytes(world, world->forge->bytes, CORE_FORGE_SIZE);
}

static void refused(struct world *world, const char *part)
{
	assert_int_equal(take(world), EILSEQ);
	if (!strstr(world->fault.reason, part))
		fail_msg("'%s' where '%s' was to be said", world->fault.reason, part);
}

/* What holds of whatever was read. */
static void check_sound(const struct core_file *core)
{
	uint64_t held = 0;

	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		assert_true(segment->start < segment->end);
		assert_true(!i || segment->start >= core->segment[i - 1].end);
		assert_true(segment->held <= segment->end - segment->start);
		assert_true(!segment->held || segment->offset + segment->held <= core->size);
		assert_true(!segment->path || segment->path + strlen(segment->path) <
						      core->notes + core->notes_length);
		held += segment->held;
	}
	assert_true(held <= core->size);
}

/* -- A good one ----------------------------------------------------------------------------- */

static void what_begins_as_a_core(void **state)
{
	struct core_forge *forge = ((struct world *)*state)->forge;
	const char *bytes = (const char *)forge->bytes;

	assert_true(core_file_begins(bytes, 18));
	assert_false(core_file_begins(bytes, 17));
	core_forge_elf(forge)->e_type = ET_DYN;
	assert_false(core_file_begins(bytes, 18));
}

static void the_process_is_told(void **state)
{
	struct world *world = *state;

	assert_int_equal(take(world), 0);
	assert_int_equal(world->core.pid, 4711);
	assert_int_equal(world->core.signal, 11);
	assert_string_equal(world->core.name, "made-up");
	assert_string_equal(world->core.arguments, "made-up --of nothing");
	assert_int_equal(world->core.stack, CORE_FORGE_STACK + 0x10009);
	assert_int_equal(world->core.vdso, CORE_FORGE_VDSO);
	assert_int_equal(world->core.entry, CORE_FORGE_PROGRAM + 0x1040);
	assert_int_equal(world->core.size, CORE_FORGE_SIZE);
	assert_true(world->core.named);
}

static void segments_are_in_order(void **state)
{
	struct world *world = *state;
	Elf64_Phdr *first = core_forge_segment(world->forge, 1), *other = first + 3,
		   swapped = *first;

	*first = *other;
	*other = swapped;
	assert_int_equal(take(world), 0);
	check_sound(&world->core);
	/* One more than there are headers: the one that was left out. */
	assert_int_equal(world->core.segments, 13);
	assert_int_equal(world->core.segment[0].start, CORE_FORGE_PROGRAM);
	assert_int_equal(world->core.segment[3].start, CORE_FORGE_HEAP);
	assert_int_equal(world->core.segment[3].held, 0x1000);
	assert_int_equal(world->core.segment[3].offset, CORE_FORGE_MEMORY);
	assert_int_equal(world->core.segment[3].perms, MAPS_READ | MAPS_WRITE);
	assert_int_equal(world->core.segment[4].start, CORE_FORGE_LEFT_OUT);
}

static void addresses_are_found(void **state)
{
	struct world *world = *state;
	const struct core_file *core = &world->core;

	assert_int_equal(take(world), 0);
	assert_ptr_equal(core_file_find(core, CORE_FORGE_HEAP), &core->segment[3]);
	assert_ptr_equal(core_file_find(core, CORE_FORGE_HEAP + 0x20fff), &core->segment[3]);
	assert_null(core_file_find(core, CORE_FORGE_HEAP + 0x21000));
	assert_null(core_file_find(core, 0));
	assert_null(core_file_find(core, UINT64_MAX));
}

static void segments_of_nothing_are_none(void **state)
{
	struct world *world = *state;

	core_forge_load(world->forge, 0x1000, 0, PF_R, 0);
	assert_int_equal(take(world), 0);
	assert_int_equal(world->core.segment[0].start, CORE_FORGE_PROGRAM);
}

/* elf(5), PN_XNUM. */
static void more_headers_than_the_field_holds(void **state)
{
	struct world *world = *state;
	Elf64_Ehdr *elf = core_forge_elf(world->forge);
	Elf64_Shdr section = {.sh_info = elf->e_phnum};

	elf->e_phnum = PN_XNUM;
	elf->e_shoff = 0xf00;
	memcpy(world->forge->bytes + elf->e_shoff, &section, sizeof(section));
	assert_int_equal(take(world), 0);
	assert_int_equal(world->core.segments, 13);
	section.sh_info = UINT32_MAX;
	memcpy(world->forge->bytes + elf->e_shoff, &section, sizeof(section));
	refused(world, "more segments than there can be");
	elf->e_shoff = CORE_FORGE_SIZE - 8;
	refused(world, "cut short");
	elf->e_shoff = UINT64_MAX;
	refused(world, "nothing can be there");
}

/* -- Damage --------------------------------------------------------------------------------- */

static void other_machines_are_refused(void **state)
{
	struct world *world = *state;
	Elf64_Ehdr *elf = core_forge_elf(world->forge);

	elf->e_ident[EI_CLASS] = ELFCLASS32;
	refused(world, "another machine");
	elf->e_ident[EI_CLASS] = ELFCLASS64;
	elf->e_ident[EI_DATA] = ELFDATA2MSB;
	refused(world, "another machine");
	elf->e_ident[EI_DATA] = ELFDATA2LSB;
	elf->e_machine = EM_AARCH64;
	refused(world, "another machine");
	elf->e_machine = EM_X86_64;
	elf->e_phentsize--;
	refused(world, "another machine");
}

static void segments_that_are_none(void **state)
{
	struct world *world = *state;
	Elf64_Phdr *heap = core_forge_segment(world->forge, 4), whole = *heap;

	heap->p_vaddr++;
	refused(world, "a segment of memory that is none");
	assert_int_equal(world->fault.offset, CORE_FORGE_HEADERS + 4 * sizeof(*heap));
	*heap = whole;
	heap->p_memsz += 8;
	refused(world, "a segment of memory that is none");
	*heap = whole;
	heap->p_memsz = 0 - heap->p_vaddr + 0x1000;
	refused(world, "a segment of memory that is none");
}

static void segments_at_one_address(void **state)
{
	struct world *world = *state;
	Elf64_Phdr *heap = core_forge_segment(world->forge, 4), whole = *heap;

	heap->p_memsz = CORE_FORGE_STACK - heap->p_vaddr;
	refused(world, "two segments at one address");
	*heap = whole;
	heap->p_vaddr = CORE_FORGE_STACK + 0x20000;
	refused(world, "two segments at one address");
	heap->p_vaddr = CORE_FORGE_STACK;
	refused(world, "two segments at one address");
}

/* The same bytes as memory many times over would take more memory than the file. */
static void segments_that_share_their_bytes(void **state)
{
	struct world *world = *state;

	for (unsigned i = 1; i < core_forge_elf(world->forge)->e_phnum; i++) {
		core_forge_segment(world->forge, i)->p_filesz = 0x1000;
		core_forge_segment(world->forge, i)->p_offset = CORE_FORGE_MEMORY;
	}
	refused(world, "segments hold more than there is");
}

/* The disk was full, or a limit was reached. */
static void what_is_cut_off_is_not_held(void **state)
{
	struct world *world = *state;

	assert_int_equal(take_bytes(world, world->forge->bytes, CORE_FORGE_MEMORY + 0x1800), 0);
	assert_int_equal(core_file_find(&world->core, CORE_FORGE_HEAP)->held, 0x1000);
	assert_int_equal(core_file_find(&world->core, CORE_FORGE_SHIM + 0x3000)->held, 0);
	assert_int_equal(take_bytes(world, world->forge->bytes, CORE_FORGE_MEMORY), 0);
	assert_int_equal(core_file_find(&world->core, CORE_FORGE_HEAP)->held, 0);
}

static void more_is_held_than_the_segment_has(void **state)
{
	struct world *world = *state;

	core_forge_segment(world->forge, 1)->p_filesz = 0x2000;
	assert_int_equal(take(world), 0);
	assert_int_equal(world->core.segment[0].held, 0x1000);
}

static void counts_without_end(void **state)
{
	struct world *world = *state;

	core_forge_elf(world->forge)->e_phnum = PN_XNUM - 1;
	refused(world, "more segments than there can be");
	core_forge_elf(world->forge)->e_phnum = CORE_FORGE_SIZE / sizeof(Elf64_Phdr);
	refused(world, "cut short");
	core_forge_elf(world->forge)->e_phoff = UINT64_MAX - 8;
	refused(world, "nothing can be there");
}

static void notes_that_are_not_there(void **state)
{
	struct world *world = *state;
	Elf64_Phdr *notes = core_forge_segment(world->forge, 0);
	uint64_t size = notes->p_filesz;

	notes->p_filesz = UINT64_MAX;
	refused(world, "more notes than there can be");
	notes->p_filesz = CORE_FORGE_SIZE;
	refused(world, "cut short");
	notes->p_filesz = size;
	notes->p_offset = UINT64_MAX;
	refused(world, "nothing can be there");
	notes->p_offset = CORE_FORGE_SIZE;
	refused(world, "cut short");
}

/* The same notes over and over: no more of them than the file has bytes. */
static void notes_that_share_their_bytes(void **state)
{
	struct world *world = *state;
	Elf64_Phdr notes = {.p_type = PT_NOTE, .p_offset = 0, .p_filesz = CORE_FORGE_SIZE / 2};

	core_forge_add(world->forge, notes);
	assert_int_equal(take(world), 0);
	core_forge_add(world->forge, notes);
	refused(world, "more notes than there can be");
}

static void a_pipe_is_no_core(void **state)
{
	struct world *world = *state;
	int ends[2];
	FILE *file;

	assert_int_equal(pipe(ends), 0);
	file = fdopen(ends[0], "rb");
	assert_int_equal(core_file_read(&world->core, file, &world->fault), EILSEQ);
	assert_non_null(strstr(world->fault.reason, "must be a file"));
	fclose(file);
	close(ends[1]);
}

/* Where headers and notes are all there it is read; before that, it is said where it ends. */
static void cut_at_every_byte(void **state)
{
	struct world *world = *state;
	size_t known = CORE_FORGE_NOTES + world->forge->notes;

	for (size_t size = 1; size < CORE_FORGE_SIZE; size++) {
		int error = take_bytes(world, world->forge->bytes, size);

		if (size >= known)
			assert_int_equal(error, 0);
		else
			assert_int_equal(error, EILSEQ);
		assert_true(!error == !world->fault.reason[0]);
		if (!error)
			check_sound(&world->core);
	}
}

static void damage_the_headers(struct core_forge *forge, struct dice *dice)
{
	static const unsigned char values[] = {0, 1, 0x10, 0x7f, 0x80, 0xff};
	size_t reach = dice_below(dice, 2) ? 0x400 : CORE_FORGE_NOTES + forge->notes;

	for (unsigned i = 0; i < 1 + dice_below(dice, 4); i++)
		forge->bytes[16 + dice_below(dice, reach - 16)] =
			values[dice_below(dice, sizeof(values))];
}

static void damage_is_an_error_or_sound(void **state)
{
	struct world *world = *state;
	struct core_forge *whole = malloc(sizeof(*whole));
	struct dice dice = {6};
	unsigned read = 0;

	*whole = *world->forge;
	for (int round = 0; round < 20000; round++) {
		int error;

		*world->forge = *whole;
		damage_the_headers(world->forge, &dice);
		error = take(world);
		assert_true(error == 0 || (error == EILSEQ && world->fault.reason[0]));
		if (!error)
			check_sound(&world->core);
		read += !error;
	}
	assert_in_range(read, 1000, 19000);
	free(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_begins_as_a_core),
		TEST(the_process_is_told),
		TEST(segments_are_in_order),
		TEST(addresses_are_found),
		TEST(segments_of_nothing_are_none),
		TEST(more_headers_than_the_field_holds),
		TEST(other_machines_are_refused),
		TEST(segments_that_are_none),
		TEST(segments_at_one_address),
		TEST(segments_that_share_their_bytes),
		TEST(what_is_cut_off_is_not_held),
		TEST(more_is_held_than_the_segment_has),
		TEST(counts_without_end),
		TEST(notes_that_are_not_there),
		TEST(notes_that_share_their_bytes),
		TEST(a_pipe_is_no_core),
		TEST(cut_at_every_byte),
		TEST(damage_is_an_error_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
