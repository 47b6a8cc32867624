#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"
#include "storefile.h"

/* What a table begins in, and what every child finds wiped. */
static struct {
	uint64_t word;
} STOREFILE_PAGES table = {17}, wiped = {23};

static struct storefile_plan plan;
static char folder[] = "/tmp/vmatlas-unit.XXXXXX";
static int told;

static void opened(void)
{
	told++;
}

static void make_plan(const char *directory)
{
	strcpy(plan.directory, directory);
	strcpy(plan.name, "unit");
	plan.tables = (struct storefile_range){(uintptr_t)&table, sizeof table};
	plan.wiped = (struct storefile_range){(uintptr_t)&wiped, sizeof wiped};
	plan.opened = opened;
	storefile_plan(&plan);
}

static void name_of(char *path)
{
	sprintf(path, "%s/vmatlas.unit.%d.store", folder, (int)getpid());
}

/* The word that lay at the address, by the file alone. */
static uint64_t word_in_file(const void *address)
{
	struct vmatlas_storefile head;
	uint64_t word = 0;
	char path[4096];
	int fd;

	name_of(path);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &head, sizeof head), sizeof head);
	assert_memory_equal(head.magic, VMATLAS_STOREFILE_MAGIC, 8);
	for (uint32_t i = 0; i < head.pieces; i++) {
		uint64_t at = (uintptr_t)address - head.piece[i].address;

		if (at < head.piece[i].size && head.piece[i].offset)
			assert_int_equal(
				pread(fd, &word, 8, (off_t)(head.piece[i].offset + at)), 8);
	}
	close(fd);
	return word;
}

/* Each test is a process: there is one file in each. */
static void in_a_process(void (*test)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void must(bool fact)
{
	if (!fact)
		abort();
}

static uint64_t *open_one(void)
{
	uint64_t *taken = store_take(4096);

	*taken = 4711;
	make_plan(folder);
	must(storefile_wanted() && !storefile_is());
	store_move();
	must(storefile_is() && !storefile_wanted() && told == 1);
	return taken;
}

static void moves(void)
{
	uint64_t *taken = open_one(), *more;
	char path[4096];

	must(*taken == 4711 && table.word == 17 && wiped.word == 23);
	must(word_in_file(taken) == 4711 && word_in_file(&table) == 17);
	*taken = 1;
	table.word = 2;
	wiped.word = 3;
	storefile_mirror(&wiped.word, sizeof wiped.word);
	more = store_take(5 << 20); /* another chunk */
	more[1000] = 4;
	must(word_in_file(taken) == 1 && word_in_file(&table) == 2 && word_in_file(&wiped) == 3);
	must(word_in_file(&more[1000]) == 4 && storefile_missing() == 0);
	name_of(path);
	storefile_end();
	must(access(path, F_OK) && errno == ENOENT);
	must(*taken == 1 && table.word == 2);
}

static void what_it_has_is_in_the_file(void **state)
{
	(void)state;
	in_a_process(moves);
}

static void forks(void)
{
	uint64_t *taken = open_one();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		must(wiped.word == 0 && *taken == 4711);
		storefile_forked();
		must(wiped.word == 23 && *taken == 4711 && table.word == 17);
		must(!storefile_is() && storefile_inherited_late());
		*taken = table.word = 5;
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0);
	must(*taken == 4711 && table.word == 17 && wiped.word == 23);
	must(word_in_file(taken) == 4711);
	storefile_end();
}

static void a_child_has_its_own(void **state)
{
	(void)state;
	in_a_process(forks);
}

/* The child that a parent waits for, and what it gets with its next growth. */
static void settles(void)
{
	uint32_t token;
	uint64_t *taken = open_one();
	int status;
	pid_t pid;

	token = storefile_fork_begin();
	pid = fork();
	if (pid == 0) {
		storefile_forked();
		storefile_fork_settled(token);
		must(!storefile_inherited_late() && storefile_wanted());
		store_take(64);
		must(storefile_is() && told == 2 && word_in_file(taken) == 4711);
		storefile_end();
		_exit(0);
	}
	storefile_fork_end(token, true);
	must(waitpid(pid, &status, 0) == pid && status == 0);
	storefile_end();
}

static void a_child_that_grows_gets_a_file(void **state)
{
	(void)state;
	in_a_process(settles);
}

static void lacks_room(void)
{
	struct rlimit limit = {6 << 20, 6 << 20};
	uint64_t *more;

	setrlimit(RLIMIT_FSIZE, &limit);
	open_one();
	more = store_take(5 << 20);
	must(more && storefile_missing() >= 5 << 20);
	more[0] = 1;
	storefile_end();
}

static void without_room_it_goes_on_in_memory(void **state)
{
	(void)state;
	in_a_process(lacks_room);
}

static void has_no_folder(void)
{
	uint64_t *taken = store_take(64);

	*taken = 1;
	make_plan("/nowhere/at/all");
	store_move();
	must(!storefile_is() && !storefile_wanted() && storefile_error() == ENOENT && told == 0);
	must(*taken == 1 && store_take(10 << 20));
}

static void without_a_folder_there_is_none(void **state)
{
	(void)state;
	in_a_process(has_no_folder);
}

static void finds_its_name_taken(void)
{
	char path[4096], second[4096];
	struct stat status;

	name_of(path);
	must(symlink("/nowhere", path) == 0);
	open_one();
	sprintf(second, "%s/vmatlas.unit.%d.1.store", folder, (int)getpid());
	must(stat(second, &status) == 0 && (status.st_mode & 0777) == 0600);
	storefile_end();
	must(lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && stat(second, &status) != 0);
	unlink(path);
}

static void what_has_its_name_stays(void **state)
{
	(void)state;
	in_a_process(finds_its_name_taken);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : 1;
}

/* Fails where a test has left a file. */
static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_has_is_in_the_file),
		cmocka_unit_test(a_child_has_its_own),
		cmocka_unit_test(a_child_that_grows_gets_a_file),
		cmocka_unit_test(without_room_it_goes_on_in_memory),
		cmocka_unit_test(without_a_folder_there_is_none),
		cmocka_unit_test(what_has_its_name_stays),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
