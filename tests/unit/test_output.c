#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "apart.h"
#include "filter.h"
#include "output.h"
#include "sys.h"

enum { DESCRIPTOR = 77, MUCH = 1 << 20 };

static const struct output_facts facts = {
	.pid = 4711, .number = 3, .name = "a/b..c", .time_s = 1795326072};
static char directory[] = "/tmp/vmatlas-outputXXXXXX";
static char much[MUCH];

/* -- Templates ------------------------------------------------------------------------------ */

static void assert_expands(const char *format, const char *wanted)
{
	char path[200];

	memset(path, 'x', sizeof path);
	assert_true(output_expand(format, &facts, path, sizeof path));
	assert_string_equal(path, wanted);
}

static void letters_of_a_template_are_put_in(void **state)
{
	struct utsname host;
	char wanted[200];

	(void)state;
	assert_expands("", "");
	assert_expands("/tmp/plain", "/tmp/plain");
	assert_expands("%p-%n-%t", "4711-3-1795326072");
	assert_expands("%e", "a_b..c"); /* no way out of the directory */
	assert_expands("100%%", "100%");
	assert_expands("%q%P", "%q%P");
	assert_expands("end%", "end%");
	assert_expands("%%p%p", "%p4711");
	uname(&host);
	snprintf(wanted, sizeof wanted, "/%s/", host.nodename);
	assert_expands("/%h/", wanted);
}

static void a_template_that_does_not_fit_is_refused(void **state)
{
	char path[8] = "1234567";

	(void)state;
	assert_true(output_expand("1234567", &facts, path, sizeof path));
	assert_false(output_expand("12345678", &facts, path, sizeof path));
	assert_false(output_expand("%p%p", &facts, path, sizeof path));
	assert_true(memchr(path, 0, sizeof path));
}

/* -- In a process of its own ---------------------------------------------------------------- */

/* As the dump does it: all signals blocked. */
static void begin(const char *template)
{
	static char entry[CONFIG_PATH];
	char *environment[] = {entry, NULL};
	uint64_t before;

	snprintf(entry, sizeof entry, "VMATLAS_OUTPUT=%s", template);
	CHECK(chdir(directory) == 0);
	config_boot(environment);
	output_boot();
	sys_signals_block(&before);
	sys_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&(uint64_t){1 << (SIGALRM - 1)}, 0,
		SYS_SIGSET_BYTES, 0, 0);
}

static bool is_pending(int number)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, number);
}

/* Opens, writes and closes; the first errno. */
static int write_report(const char *bytes, size_t length)
{
	static struct output output;
	int error = output_open(&output, &facts), closing;

	if (error)
		return error;
	error = output_write(&output, bytes, length);
	closing = output_close(&output, !error);
	return error ? error : closing;
}

static bool file_says(const char *name, const char *bytes, size_t length)
{
	char *found = malloc(length + 1);
	int fd = open(name, O_RDONLY | O_NOFOLLOW);
	ssize_t got = fd < 0 ? -1 : read(fd, found, length + 1);
	bool same = got == (ssize_t)length && !memcmp(found, bytes, length);

	close(fd);
	free(found);
	return same;
}

static void make(const char *name, const char *bytes)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes));
	close(fd);
}

/* Nothing but what the test names may be left in the directory. */
static unsigned files(void)
{
	DIR *all = opendir(directory);
	unsigned count = 0;

	while (readdir(all))
		count++;
	closedir(all);
	return count - 2;
}

static void clear(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s/* %s/.[!.]*", directory, directory);
	CHECK(system(command) == 0);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 200; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* A filter that allows everything but giving a nameless file its name. */
static const struct sock_filter no_links[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void refuse_links(void)
{
	static struct filter filter = {.code = no_links, .length = 4};

	filter_stands(&filter, false);
}

static bool can_be_nameless(void)
{
	int fd = filter_flags.stand ? -1 : open(".", O_TMPFILE | O_WRONLY, 0600);

	close(fd);
	return fd >= 0;
}

/* -- Files ---------------------------------------------------------------------------------- */

static void write_a_file(const void *unused)
{
	unsigned before = open_descriptors();
	struct stat status;

	(void)unused;
	begin("%e.%p.%n");
	CHECK(write_report(much, MUCH) == 0);
	CHECK(file_says("a_b..c.4711.3", much, MUCH) && files() == 1);
	CHECK(stat("a_b..c.4711.3", &status) == 0 && (status.st_mode & 0777) == 0600);
	CHECK(write_report("again", 5) == 0);
	CHECK(file_says("a_b..c.4711.3", "again", 5) && files() == 1);
	CHECK(open_descriptors() == before);
}

static void see_it_only_when_whole(const void *unused)
{
	static struct output output;

	(void)unused;
	begin("report");
	make("report", "old");
	CHECK(output_open(&output, &facts) == 0);
	CHECK(!strcmp(output.path + strlen(output.path) - 7, "/report") && !output.fallback);
	CHECK(output_write(&output, "new", 3) == 0);
	CHECK(file_says("report", "old", 3) && files() == (can_be_nameless() ? 1 : 2));
	CHECK(output_close(&output, true) == 0);
	CHECK(file_says("report", "new", 3) && files() == 1);
}

static void keep_the_old_one(const void *unused)
{
	static struct output output;

	(void)unused;
	begin("report");
	make("report", "old");
	CHECK(output_open(&output, &facts) == 0 && output_write(&output, "new", 3) == 0);
	CHECK(output_close(&output, false) == 0);
	CHECK(file_says("report", "old", 3) && files() == 1);
}

static void reach_the_size_limit(const void *unused)
{
	struct rlimit limit = {65536, 65536};

	(void)unused;
	begin("report");
	make("report", "old");
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(write_report(much, MUCH) == EFBIG);
	CHECK(is_pending(SIGXFSZ)); /* for the dump to swallow */
	CHECK(file_says("report", "old", 3) && files() == 1);
}

static void write_into_no_directory(const void *unused)
{
	(void)unused;
	begin("not/there/report");
	CHECK(write_report("new", 3) == ENOENT);
	CHECK(files() == 0);
}

static void write_into_a_directory_of_others(const void *unused)
{
	(void)unused;
	CHECK(chmod(directory, 0555) == 0);
	begin("report");
	CHECK(setgid(65534) == 0 && setuid(65534) == 0);
	CHECK(write_report("new", 3) == EACCES);
}

static void write_over_a_directory(const void *unused)
{
	(void)unused;
	begin("report");
	CHECK(mkdir("report", 0700) == 0);
	CHECK(write_report("new", 3) == EISDIR);
	CHECK(files() == 1);
}

static void meet_links(const void *unused)
{
	(void)unused;
	begin("report");
	make("victim", "precious");
	CHECK(symlink("victim", "report.part-4711") == 0);
	CHECK(symlink("victim", "report") == 0);
	CHECK(write_report("new", 3) == 0);
	CHECK(file_says("victim", "precious", 8) && file_says("report", "new", 3));
	CHECK(files() == 2);
}

static void name_it_too_long(const void *unused)
{
	char name[CONFIG_PATH - 100];

	(void)unused;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = 0;
	begin(name);
	CHECK(write_report("new", 3) == ENAMETOOLONG);
}

static void prove_files(void)
{
	static void (*const works[])(const void *) = {write_a_file, see_it_only_when_whole,
		keep_the_old_one, reach_the_size_limit, write_into_no_directory,
		write_over_a_directory, meet_links, name_it_too_long,
		write_into_a_directory_of_others};

	for (unsigned i = 0; i < sizeof works / sizeof works[0]; i++) {
		assert_int_equal(chmod(directory, 0700), 0);
		clear();
		assert_int_equal(apart(works[i], NULL), 0);
	}
	assert_int_equal(chmod(directory, 0700), 0);
	clear();
}

static void files_appear_whole_or_not_at_all(void **state)
{
	(void)state;
	prove_files();
}

/* The last test: what it sets holds from then on. */
static void so_they_do_under_a_name_of_their_own(void **state)
{
	(void)state;
	refuse_links();
	prove_files();
}

/* The kernel says no, and we did not know. */
static void be_refused(const void *unused)
{
	struct sock_fprog program = {4, (struct sock_filter *)no_links};

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	write_a_file(unused);
}

static void a_name_that_is_refused_costs_no_report(void **state)
{
	(void)state;
	clear();
	assert_int_equal(apart(be_refused, NULL), 0);
	clear();
}

/* -- What is no file ------------------------------------------------------------------------ */

static void fill_the_disk(const void *unused)
{
	(void)unused;
	begin("/dev/full");
	CHECK(write_report("new", 3) == ENOSPC);
}

static void find_no_reader(const void *unused)
{
	(void)unused;
	begin("fifo");
	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK(write_report("new", 3) == ENXIO);
	CHECK(files() == 1);
}

static void *read_slowly(void *fd)
{
	char bytes[10000];
	size_t total = 0;
	ssize_t got;

	while ((got = read((int)(intptr_t)fd, bytes, sizeof bytes)) > 0) {
		total += (size_t)got;
		usleep(100);
	}
	return (void *)total;
}

static void read_a_fifo(const void *unused)
{
	pthread_t reader;
	void *total;
	int fd, writer;

	(void)unused;
	begin("fifo");
	CHECK(mkfifo("fifo", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	writer = open("fifo", O_WRONLY); /* or the reader is at the end before the report comes */
	CHECK(fd >= 0 && writer >= 0 && fcntl(fd, F_SETFL, 0) == 0);
	CHECK(pthread_create(&reader, NULL, read_slowly, (void *)(intptr_t)fd) == 0);
	CHECK(write_report(much, MUCH) == 0);
	close(writer);
	CHECK(pthread_join(reader, &total) == 0 && total == (void *)MUCH);
}

static void specials_are_written_to_and_stay(void **state)
{
	static void (*const works[])(const void *) = {fill_the_disk, find_no_reader, read_a_fifo};

	(void)state;
	for (unsigned i = 0; i < sizeof works / sizeof works[0]; i++) {
		clear();
		assert_int_equal(apart(works[i], NULL), 0);
	}
}

/* -- Descriptors ---------------------------------------------------------------------------- */

static void put_at(int fd)
{
	CHECK(dup2(fd, DESCRIPTOR) == DESCRIPTOR);
	close(fd);
}

static void write_to_a_log(const void *unused)
{
	(void)unused;
	CHECK(chdir(directory) == 0);
	put_at(open("log", O_WRONLY | O_CREAT, 0600));
	CHECK(write(DESCRIPTOR, "before ", 7) == 7);
	begin("fd:77");
	CHECK(write_report("report", 6) == 0);
	CHECK(write(DESCRIPTOR, " after", 6) == 6); /* one file position */
	CHECK(file_says("log", "before report after", 19));
}

/* The report goes to a file of the name that the documentation tells. */
static void fall_back(void)
{
	static struct output output;

	CHECK(output_open(&output, &facts) == 0 && output.fallback);
	CHECK(!strcmp(output.path, "/tmp/vmatlas.a_b..c.4711.3"));
	CHECK(output_write(&output, "report", 6) == 0 && output_close(&output, true) == 0);
	CHECK(file_says("/tmp/vmatlas.a_b..c.4711.3", "report", 6));
	CHECK(unlink("/tmp/vmatlas.a_b..c.4711.3") == 0);
}

static void lose_the_descriptor(const void *how)
{
	CHECK(chdir(directory) == 0);
	put_at(open("log", O_WRONLY | O_CREAT, 0600));
	begin("fd:77");
	if (!strcmp(how, "closed"))
		close(DESCRIPTOR);
	else
		put_at(open("data", O_WRONLY | O_CREAT, 0600));
	fall_back();
	CHECK(!strcmp(how, "closed") || file_says("data", "", 0));
	CHECK(file_says("log", "", 0));
}

static void write_to_a_broken_pipe(const void *unused)
{
	int ends[2];

	(void)unused;
	CHECK(pipe(ends) == 0);
	put_at(ends[1]);
	begin("fd:77");
	close(ends[0]);
	CHECK(write_report("report", 6) == EPIPE);
}

static void spare_the_readers_end(const void *unused)
{
	int ends[2];

	(void)unused;
	CHECK(pipe(ends) == 0);
	put_at(ends[0]);
	begin("fd:77");
	fall_back();
	CHECK(fcntl(DESCRIPTOR, F_SETFL, O_NONBLOCK) == 0);
	CHECK(read(DESCRIPTOR, much, 10) == -1 && errno == EAGAIN);
}

static void read_from(int reading_end)
{
	unsigned before = open_descriptors();
	pthread_t reader;
	void *total;

	CHECK(pthread_create(&reader, NULL, read_slowly, (void *)(intptr_t)reading_end) == 0);
	CHECK(write_report(much, MUCH) == 0);
	CHECK(open_descriptors() == before);
	CHECK(!(fcntl(DESCRIPTOR, F_GETFL) & O_NONBLOCK));
	close(DESCRIPTOR);
	CHECK(pthread_join(reader, &total) == 0 && total == (void *)MUCH);
}

static void feed_a_pipe(const void *unused)
{
	int ends[2];

	(void)unused;
	CHECK(pipe(ends) == 0);
	put_at(ends[1]);
	begin("fd:77");
	read_from(ends[0]);
}

static void feed_a_socket(const void *unused)
{
	int ends[2];

	(void)unused;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	put_at(ends[1]);
	begin("fd:77");
	read_from(ends[0]);
}

static void descriptors_are_written_to_while_they_are_what_they_were(void **state)
{
	static void (*const works[])(const void *) = {write_to_a_log, write_to_a_broken_pipe,
		spare_the_readers_end, feed_a_pipe, feed_a_socket};

	(void)state;
	for (unsigned i = 0; i < sizeof works / sizeof works[0]; i++) {
		clear();
		assert_int_equal(apart(works[i], NULL), 0);
	}
	clear();
	assert_int_equal(apart(lose_the_descriptor, "closed"), 0);
	clear();
	assert_int_equal(apart(lose_the_descriptor, "another file"), 0);
	clear();
}

/* -- Readers that do not read: 5 seconds each, all at once ---------------------------------- */

static void fill_up(int fd)
{
	uint64_t start = sys_time_ns(CLOCK_MONOTONIC), took;

	put_at(fd);
	begin("fd:77");
	CHECK(write_report(much, MUCH) == EAGAIN);
	took = sys_time_ns(CLOCK_MONOTONIC) - start;
	CHECK(took > 3000000000u && took < 15000000000u);
}

static void fill_a_pipe(const void *unused)
{
	int ends[2];

	(void)unused;
	CHECK(pipe(ends) == 0);
	fill_up(ends[1]);
}

static void fill_a_socket(const void *type)
{
	int ends[2];

	CHECK(socketpair(AF_UNIX, *(const int *)type, 0, ends) == 0);
	fill_up(ends[1]);
}

/* Whose screen is stopped: poll says it is writable all the while. */
static void fill_a_terminal(const void *unused)
{
	int master, slave;

	(void)unused;
	CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	fill_up(slave);
}

static void fill_a_terminal_with_lines(const void *unused)
{
	memset(much, '\n', MUCH);
	fill_a_terminal(unused);
}

static pid_t start(void (*work)(const void *), const void *argument)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(apart(work, argument) != 0);
	return pid;
}

static void a_reader_that_does_not_read_is_given_up(void **state)
{
	static const int stream = SOCK_STREAM, packets = SOCK_DGRAM;
	pid_t pid[] = {start(fill_a_pipe, NULL), start(fill_a_socket, &stream),
		start(fill_a_socket, &packets), start(fill_a_terminal, NULL),
		start(fill_a_terminal_with_lines, NULL)};
	unsigned failed = 0;
	int status;

	(void)state;
	for (unsigned i = 0; i < sizeof pid / sizeof pid[0]; i++) {
		waitpid(pid[i], &status, 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
}

static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 1000);
	return !mkdtemp(directory);
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_a_template_are_put_in),
		cmocka_unit_test(a_template_that_does_not_fit_is_refused),
		cmocka_unit_test(files_appear_whole_or_not_at_all),
		cmocka_unit_test(a_name_that_is_refused_costs_no_report),
		cmocka_unit_test(specials_are_written_to_and_stay),
		cmocka_unit_test(descriptors_are_written_to_while_they_are_what_they_were),
		cmocka_unit_test(a_reader_that_does_not_read_is_given_up),
		cmocka_unit_test(so_they_do_under_a_name_of_their_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
