#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "listing.h"
#include "listing_modules.h"

/* This process is its own example: what its addresses are for is known to it. */
static char zeros[1 << 20];
static int with_value = 1;
static const int constant = 2;

static struct listing *listing;

static int read_self(void **state)
{
	const struct listing_how how = {.smaps = true};
	char pid[20];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	return listing_open(pid, &how, &listing);
}

static int free_self(void **state)
{
	(void)state;
	listing_free(listing);
	return 0;
}

static const struct listing_row *row_at(const void *address)
{
	const struct listing_row *row = listing_find(listing, (uint64_t)(uintptr_t)address);

	assert_non_null(row);
	return row;
}

static bool has_section(const struct listing_row *row, const char *name)
{
	const struct listing_section *section;
	size_t at = 0;

	while ((section = listing_module_section(row, &at)) != NULL)
		if (!strcmp(section->name, name))
			return true;
	return false;
}

static void own_addresses_are_in_their_sections(void **state)
{
	const struct {
		const void *address;
		const char *section;
		enum kind kind;
		uint32_t flags;
	} cases[] = {
		{(const void *)(uintptr_t)row_at, ".text", KIND_TEXT, 5},
		{&constant, ".rodata", KIND_RODATA, 4},
		{&with_value, ".data", KIND_DATA, 6},
		{zeros + sizeof(zeros) / 2, ".bss", KIND_BSS, 6},
		{stdout, ".data", KIND_DATA, 6},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct listing_row *row = row_at(cases[i].address);
		assert_int_equal(row->kind, cases[i].kind);
		assert_true(has_section(row, cases[i].section));
		assert_non_null(listing_module_load(row));
		assert_int_equal(listing_module_load(row)->flags, cases[i].flags);
	}
}

static void bss_says_whose(void **state)
{
	const struct listing_row *row = row_at(zeros + sizeof(zeros) / 2);

	(void)state;
	assert_non_null(row->owner);
	assert_int_equal(strncmp(row->owner, "bss of ", 7), 0);
	assert_non_null(strstr(row->owner, program_invocation_short_name));
}

static void what_is_no_module_has_no_section(void **state)
{
	const struct listing_row *row = row_at(&state);
	size_t at = 0;

	assert_int_equal(row->kind, KIND_MAIN_STACK);
	assert_null(row->module);
	assert_null(listing_module_load(row));
	assert_null(listing_module_section(row, &at));
}

static void figures_are_the_kernels(void **state)
{
	const struct listing_row *row = row_at(&state);

	assert_true(listing->alive);
	assert_int_equal(listing->pid, getpid());
	assert_true(row->smaps.rss >= 4096);
	assert_int_equal(row->smaps.size, row->line.end - row->line.start);
	assert_true(listing->keys > 15);
}

/* Neither a file that is not there any more nor one of another inode is believed. */
static void another_file_is_not_believed(void **state)
{
	const struct listing_how how = {0};
	struct listing_fault fault = {0};
	struct listing *saved;
	char text[4200], exe[4000];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(length > 0);
	exe[length] = 0;
	snprintf(text, sizeof(text), "00400000-00401000 r--p 00000000 00:01 1 %s\n", exe);
	assert_int_equal(listing_parse(strdup(text), strlen(text), &how, &saved, &fault), 0);
	listing_modules_find(saved);
	assert_null(saved->row[0].module);
	listing_free(saved);
}

/* The same file, its inode right, but not loaded: no segment stands where it must. */
static void a_file_that_is_only_read_is_no_module(void **state)
{
	const struct listing_row *text = row_at((const void *)(uintptr_t)row_at);
	const struct listing_how how = {0};
	struct listing_fault fault = {0};
	struct listing *saved;
	char line[4500];

	(void)state;
	snprintf(line, sizeof(line), "00400000-00401000 r--p 00000000 %02x:%02x %lu %.*s\n",
		text->line.major, text->line.minor, (unsigned long)text->line.inode,
		(int)text->line.path_length, text->line.path);
	assert_int_equal(listing_parse(strdup(line), strlen(line), &how, &saved, &fault), 0);
	listing_modules_find(saved);
	assert_null(saved->row[0].module);
	listing_free(saved);
}

/* -- Threads -------------------------------------------------------------------------------- */

static void *wait_for_end(void *pipe)
{
	char byte;

	pthread_setname_np(pthread_self(), "sleeper");
	return read(((int *)pipe)[0], &byte, 1) < 0 ? pipe : NULL;
}

static void a_sleeping_thread_is_found(void **state)
{
	const struct listing_how how = {0};
	struct listing *now;
	pthread_t thread;
	int pipes[2];
	bool found = false;
	char pid[20];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_end, pipes), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	for (unsigned i = 0; i < 500 && !found; i++) {
		usleep(10000);
		assert_int_equal(listing_open(pid, &how, &now), 0);
		for (size_t k = 0; k < now->count; k++)
			found |= now->row[k].kind == KIND_THREAD_STACK && now->row[k].owner &&
				 strstr(now->row[k].owner, "sleeper");
		listing_free(now);
	}
	assert_true(found);
	assert_int_equal(write(pipes[1], "", 1), 1);
	pthread_join(thread, NULL);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_addresses_are_in_their_sections),
		cmocka_unit_test(bss_says_whose),
		cmocka_unit_test(what_is_no_module_has_no_section),
		cmocka_unit_test(figures_are_the_kernels),
		cmocka_unit_test(another_file_is_not_believed),
		cmocka_unit_test(a_file_that_is_only_read_is_no_module),
		cmocka_unit_test(a_sleeping_thread_is_found),
	};

	return cmocka_run_group_tests(tests, read_self, free_self);
}
