#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ask.h"
#include "core/maps.h"
#include "kernel_maps.h"

enum { LINES = 4000, PAGE = 4096, SPLITS = 300 };

static struct kernel_line lines[LINES];

/* Mappings of many sorts: split, shared, of files, reserved, with names that need care. */
static void map_much(void)
{
	char *block = mmap(NULL, SPLITS * 2 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[] = "/tmp/vmatlas ask\nXXXXXX";
	int fd = mkstemp(name);

	for (int i = 0; i < SPLITS; i++)
		mprotect(block + i * 2 * PAGE, PAGE, i % 3 ? PROT_NONE : PROT_READ);
	assert_true(fd >= 0 && !ftruncate(fd, 16 * PAGE));
	mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 4 * PAGE);
	mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unlink(name);
	close(fd);
}

static void assert_answer(const struct ask_answer *answer, const struct kernel_line *line)
{
	assert_int_equal(answer->start, line->start);
	assert_int_equal(answer->end, line->end);
	assert_int_equal(answer->offset, line->offset);
	assert_int_equal(answer->inode, line->inode);
	assert_int_equal(answer->major, line->major);
	assert_int_equal(answer->minor, line->minor);
	assert_int_equal(!!(answer->perms & MAPS_READ), line->perms[0] == 'r');
	assert_int_equal(!!(answer->perms & MAPS_WRITE), line->perms[1] == 'w');
	assert_int_equal(!!(answer->perms & MAPS_EXEC), line->perms[2] == 'x');
	assert_int_equal(!!(answer->perms & MAPS_SHARED), line->perms[3] == 's');
}

/* The stack grows while we look, and vsyscall belongs to no process. */
static bool comparable(const struct kernel_line *line)
{
	return strcmp(line->name, "[stack]") && strcmp(line->name, "[vsyscall]");
}

static void assert_line(const struct kernel_line *line)
{
	struct ask_answer answer;
	char name[512];

	assert_int_equal(ask_mapping(line->start, &answer, name, sizeof name), 0);
	assert_answer(&answer, line);
	if (!strstr(line->name, "\\012")) /* maps writes a newline as \012, the query does not */
		assert_string_equal(name, line->name);
	assert_int_equal(ask_mapping(line->end - 1, &answer, NULL, 0), 0);
	assert_answer(&answer, line);
}

static void every_line_of_maps_is_answered(void **state)
{
	unsigned count = kernel_maps(lines, LINES);
	struct ask_answer answer;

	(void)state;
	assert_in_range(count, SPLITS, LINES - 1);
	for (unsigned i = 0; i < count; i++) {
		if (!comparable(&lines[i]))
			continue;
		assert_line(&lines[i]);
		if (i + 1 < count && lines[i].end < lines[i + 1].start && comparable(&lines[i + 1]))
			assert_int_equal(ask_mapping(lines[i].end, &answer, NULL, 0), ENOENT);
	}
}

static void no_mapping_is_ENOENT_and_leaves_the_answer(void **state)
{
	struct ask_answer answer = {.start = 5};
	struct ask_counts before = ask_counts(), after;

	(void)state;
	assert_int_equal(ask_mapping(16, &answer, NULL, 0), ENOENT);
	assert_int_equal(ask_mapping(UINTPTR_MAX, &answer, NULL, 0), ENOENT);
	assert_int_equal(answer.start, 5);
	after = ask_counts();
	assert_int_equal(after.failures, before.failures);
	assert_int_equal(after.queries + after.readings, before.queries + before.readings + 2);
}

static void a_name_that_does_not_fit_is_no_name(void **state)
{
	struct ask_answer answer;
	char name[8] = "unset";

	(void)state;
	for (unsigned i = 0, count = kernel_maps(lines, LINES); i < count; i++) {
		if (!comparable(&lines[i]) || strlen(lines[i].name) < sizeof name)
			continue;
		assert_int_equal(ask_mapping(lines[i].start, &answer, name, sizeof name), 0);
		assert_answer(&answer, &lines[i]);
		assert_string_equal(name, "");
	}
}

static void a_name_with_just_enough_room_is_whole(void **state)
{
	char *heap = sbrk(PAGE), name[7] = "unset";
	struct ask_answer answer;

	(void)state;
	assert_int_equal(ask_mapping((uintptr_t)heap, &answer, name, sizeof name), 0);
	assert_string_equal(name, "[heap]");
	assert_int_equal(ask_mapping((uintptr_t)heap, &answer, name, sizeof name - 1), 0);
	assert_string_equal(name, "");
}

static void no_descriptor_is_an_error_that_is_counted(void **state)
{
	struct rlimit before, none;
	struct ask_answer answer;
	uint64_t failures = ask_counts().failures;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){0, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(ask_mapping((uintptr_t)&before, &answer, NULL, 0), EMFILE);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(ask_counts().failures, failures + 1);
}

static void no_descriptor_stays_open_and_errno_stays(void **state)
{
	int before = dup(0), after;
	struct ask_answer answer;

	(void)state;
	close(before);
	errno = 1234;
	ask_mapping((uintptr_t)&answer, &answer, NULL, 0);
	ask_mapping(16, &answer, NULL, 0);
	assert_int_equal(errno, 1234);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static int set_up(void **state)
{
	(void)state;
	map_much();
	return 0;
}

static int set_up_text(void **state)
{
	(void)state;
	ask_by_text();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_maps_is_answered),
		cmocka_unit_test(no_mapping_is_ENOENT_and_leaves_the_answer),
		cmocka_unit_test(a_name_that_does_not_fit_is_no_name),
		cmocka_unit_test(a_name_with_just_enough_room_is_whole),
		cmocka_unit_test(no_descriptor_is_an_error_that_is_counted),
		cmocka_unit_test(no_descriptor_stays_open_and_errno_stays),
	};
	int failed = cmocka_run_group_tests_name("by query", tests, set_up, NULL);

	return failed + cmocka_run_group_tests_name("by text", tests, set_up_text, NULL);
}
