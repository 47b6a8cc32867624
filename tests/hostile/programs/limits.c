/* Descriptors and limits: few, none, somebody else's, and memory that the kernel refuses. */
#include "hostile.h"

#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void churn(void)
{
	for (size_t i = 0; i < 3000; i++) {
		char *block = malloc(i % 5000 + 1);

		must(block != NULL);
		block[i % 5000] = 1;
		free(block);
		if (i == 1500)
			ask();
	}
}

static void pause_ms(int ms)
{
	struct timespec span = {0, ms * 1000000l};

	while (nanosleep(&span, &span))
		;
}

static void limit(int what, rlim_t value)
{
	struct rlimit limit;

	must(getrlimit(what, &limit) == 0);
	limit.rlim_cur = value;
	must(setrlimit(what, &limit) == 0);
}

/* -- Descriptors ---------------------------------------------------------------------------- */

/* As daemons do; then opens its own file, which must get 0, and stay as it is. */
static void close_all(void)
{
	int fd, out = dup(1);

	for (fd = 0; fd < 4096; fd++) {
		if (fd != out)
			close(fd);
	}
	ask();
	churn();
	fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd == 0 && write(fd, "data\n", 5) == 5);
	ask();
	must(lseek(fd, 0, SEEK_END) == 5);
	dup2(out, 1);
	tell("done");
}

static void close_everything_by_range(void)
{
	int out = fcntl(1, F_DUPFD, 100);

	must(out == 100);
	must(syscall(SYS_close_range, 0, 99, 0) == 0 && syscall(SYS_close_range, 101, ~0u, 0) == 0);
	ask();
	churn();
	ask();
	dup2(out, 1);
	tell("done");
}

/* One file of the program's stands at every descriptor; nothing but its own words may come there.
 */
static void dup_onto_everything(void)
{
	int out = fcntl(1, F_DUPFD, 1000), file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[100];

	must(out == 1000 && file >= 0 && write(file, "mine\n", 5) == 5);
	for (int fd = 0; fd < 900; fd++)
		must(dup2(file, fd) == fd);
	ask();
	churn();
	ask();
	pause_ms(100);
	must(pread(0, text, sizeof text, 0) == 5 && !memcmp(text, "mine\n", 5));
	must(dup2(out, 1) == 1 && syscall(SYS_close_range, 2, 999, 0) == 0);
	tell("only mine");
}

static void no_descriptor_left(void)
{
	limit(RLIMIT_NOFILE, 3);
	ask();
	churn();
	must(open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
	ask();
	limit(RLIMIT_NOFILE, 0);
	ask();
	churn();
	must(open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
	limit(RLIMIT_NOFILE, 100);
	ask();
	tell("done");
}

/* Takes every descriptor there is, so that a report finds none. */
static void all_descriptors_taken(void)
{
	int fd, last = -1;

	limit(RLIMIT_NOFILE, 256);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	must(errno == EMFILE && last == 255);
	ask();
	churn();
	ask();
	for (fd = 128; fd < 256; fd++)
		must(close(fd) == 0);
	ask();
	must(open("/dev/null", O_RDONLY) == 128 || last < 0);
	tell("done");
}

static volatile bool over;

/* The lowest descriptor is always this thread's: what a report opens must not come between. */
static void *open_and_close(void *unused)
{
	for (int i = 0; !over && i < 1 << 20; i++) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		must(fd >= 0 && close(fd) == 0);
	}
	return unused;
}

static void *close_foreign(void *unused)
{
	while (!over) {
		for (int fd = 20; fd < 64; fd++)
			close(fd);
	}
	return unused;
}

static void descriptors_beside_reports(void)
{
	pthread_t thread[2];

	must(pthread_create(&thread[0], NULL, open_and_close, NULL) == 0);
	must(pthread_create(&thread[1], NULL, close_foreign, NULL) == 0);
	for (int i = 0; i < 50; i++)
		ask();
	over = true;
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	tell("done");
}

/* -- Memory --------------------------------------------------------------------------------- */

static rlim_t address_space(void)
{
	unsigned long pages = 0;
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	must(read(fd, text, sizeof text - 1) > 0);
	pages = strtoul(text, NULL, 10);
	close(fd);
	return pages * 4096;
}

/* Allocates until it fails, in steps of `size`; everything that it got can be written and freed. */
static void fill_up(size_t size)
{
	void **list = NULL, **block;

	for (;;) {
		errno = 0;
		block = malloc(size);
		if (!block)
			break;
		memset(block, 1, size < 65536 ? size : 65536);
		*block = list;
		list = block;
	}
	must(errno == ENOMEM);
	ask();
	errno = 0;
	must(realloc(list, 1ul << 40) == NULL && errno == ENOMEM);
	must(calloc(1, 64 << 20) == NULL);
	void *unused;
	must(posix_memalign(&unused, 64, 64 << 20) == ENOMEM);
	while (list) {
		block = *list;
		free(list);
		list = (void **)block;
	}
	ask();
}

static void fill_at(int what)
{
	static const size_t steps[] = {24, 1000, 60000, 200000, 3 << 20};

	limit(what, address_space() + (24 << 20));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		fill_up(steps[i]);
	limit(what, RLIM_INFINITY);
	churn();
	ask();
	tell("done");
}

static void address_space_at_its_edge(void)
{
	fill_at(RLIMIT_AS);
}

static void data_at_its_edge(void)
{
	fill_at(RLIMIT_DATA);
}

/* Nothing more may be mapped at all, from now on. */
static void no_address_space(void)
{
	char *block[100];

	for (int i = 0; i < 100; i++)
		block[i] = malloc(5000);
	limit(RLIMIT_AS, 1);
	ask();
	for (int i = 0; i < 100; i++) {
		free(block[i]);
		block[i] = malloc(3000);
	}
	must(malloc(1 << 20) == NULL && errno == ENOMEM);
	ask();
	for (int i = 0; i < 100; i++)
		free(block[i]);
	tell("done");
}

/* A limit that this program keeps with ease, as a shell's `ulimit -v` before its own next line. */
static void small_address_space(void)
{
	char *block[40];
	struct rlimit64 now = {0, 0}, small = {20 << 20, RLIM_INFINITY};

	must(setrlimit64(RLIMIT_AS, &small) == 0);
	must(prlimit(0, RLIMIT_AS, NULL, (struct rlimit *)&now) == 0 && now.rlim_cur == 20 << 20);
	for (int i = 0; i < 40; i++) {
		block[i] = malloc(100000);
		must(block[i] != NULL);
		block[i][0] = 1;
	}
	ask();
	for (int i = 0; i < 40; i++)
		free(block[i]);
	must(malloc(32 << 20) == NULL && errno == ENOMEM);
	small.rlim_cur = RLIM_INFINITY;
	must(prlimit64(getpid(), RLIMIT_AS, &small, &now) == 0 && now.rlim_cur == 20 << 20);
	churn();
	tell("done");
}

/* The limit of a vfork child, in whose memory its parent goes on. */
static void limit_of_a_child(void)
{
	struct rlimit low = {20 << 20, RLIM_INFINITY};
	unsigned long before = address_space();
	int status;
	pid_t child = vfork();

	if (child == 0)
		_exit(setrlimit(RLIMIT_AS, &low) ? 1 : 2);
	must(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 2);
	must(address_space() == before);
	ask();
	churn();
	tell("done");
}

/* Memory that ends between any two calls of ours: the limit rises page by page. */
static void page_by_page(void)
{
	rlim_t base = address_space();

	for (int i = 0; i < 600; i++) {
		char *block;

		limit(RLIMIT_AS, base + (rlim_t)i * 4096 * (i < 300 ? 1 : 16));
		block = malloc((size_t)(i * 1000) % 250000 + 1);
		if (block)
			block[0] = 1;
		if (i % 10 == 0)
			ask();
		free(block);
	}
	limit(RLIMIT_AS, RLIM_INFINITY);
	churn();
	tell("done");
}

static void *allocate(void *unused)
{
	for (int i = 0; i < 200; i++)
		free(malloc((size_t)i * 100));
	return unused;
}

/* Threads whose own tables cannot be had. */
static void threads_without_memory(void)
{
	int made = 0;

	limit(RLIMIT_AS, address_space() + (40 << 20));
	for (int i = 0; i < 40; i++) {
		pthread_attr_t attributes;
		pthread_t thread;

		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, 65536);
		if (!pthread_create(&thread, &attributes, allocate, NULL))
			made += pthread_join(thread, NULL) == 0;
		if (i % 10 == 0)
			ask();
	}
	limit(RLIMIT_AS, RLIM_INFINITY);
	ask();
	tell("some threads ran: %d", made > 0);
}

/* -- Files ---------------------------------------------------------------------------------- */

static volatile int exceeded;

static void count_exceeded(int number)
{
	exceeded += number == SIGXFSZ;
}

/* SIGXFSZ is the program's alone. */
static void file_size(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (rlim_t most = 0; most < 20000; most += 3000) {
		limit(RLIMIT_FSIZE, most);
		ask();
	}
	churn();
	signal(SIGXFSZ, count_exceeded);
	limit(RLIMIT_FSIZE, 100);
	ask();
	must(exceeded == 0);
	must(ftruncate(fd, 100) == 0 && lseek(fd, 100, SEEK_SET) == 100);
	must(write(fd, "more", 4) == -1 && errno == EFBIG && exceeded == 1);
	ask();
	must(exceeded == 1);
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
	ask();
	tell("done");
}

static void file_size_default(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	pid_t child = fork();

	if (child == 0) {
		limit(RLIMIT_FSIZE, 100);
		ask();
		churn();
		(void)!pwrite(fd, "more", 4, 100);
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	ask();
	tell("killed by %d", WTERMSIG(status) == SIGXFSZ);
}

/* Signals, locked memory, processes: nothing is left of what a report could wish for. */
static void nothing_allowed(void)
{
	limit(RLIMIT_SIGPENDING, 0);
	limit(RLIMIT_MEMLOCK, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_STACK, 65536);
	limit(RLIMIT_MSGQUEUE, 0);
	limit(RLIMIT_CPU, 100);
	ask();
	churn();
	ask();
	tell("done");
}

/* -- What stands where the report goes ------------------------------------------------------ */

/* Descriptor 2 becomes the program's data file. */
static void data_at_stderr(void)
{
	int file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[100];

	must(write(file, "mine\n", 5) == 5 && dup2(file, 2) == 2);
	ask();
	churn();
	ask();
	pause_ms(100);
	must(pread(file, text, sizeof text, 0) == 5 && !memcmp(text, "mine\n", 5));
	must(lseek(file, 0, SEEK_CUR) == 5);
	close(2);
	ask();
	tell("mine");
}

/* Just works, and is asked: the case decides where the reports go. */
static void work(void)
{
	for (int i = 0; i < 3; i++) {
		churn();
		pause_ms(20);
	}
	ask();
	tell("done");
}

/* Asked once; the reader has stopped, and the program loses its patience's time and no more. */
static void work_once(void)
{
	ask();
	for (int i = 0; i < 1000; i++)
		free(malloc((size_t)i));
	tell("done");
}

/* No signal can be queued: neither a timer made nor what a signal says kept. */
static void no_queued_signals(void)
{
	struct rlimit none = {0, 0};

	must(!setrlimit(RLIMIT_SIGPENDING, &none));
	must(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){0}) == -1 && errno == EAGAIN);
	work();
	tell("done");
}

/* Nothing may be locked, and all that comes must be. */
static void nothing_locked(void)
{
	struct rlimit none = {0, 0};

	must(!setrlimit(RLIMIT_MEMLOCK, &none));
	tell("lock all: %s", mlockall(MCL_FUTURE) ? errno_name(errno) : "done");
	work();
	tell("done");
}

/* As much as may be locked is enough for this program. */
static void all_locked(void)
{
	struct rlimit most = {8 << 20, 8 << 20};

	must(setrlimit(RLIMIT_MEMLOCK, &most) == 0 && setuid(65534) == 0);
	tell("lock all: %s", mlockall(MCL_CURRENT) ? errno_name(errno) : "done");
	ask();
	must(munlockall() == 0);
	churn();
	tell("done");
}

static volatile int pipes_broken;

static void count_pipe(int number)
{
	pipes_broken += number == SIGPIPE;
}

/* SIGPIPE is the program's alone, too; and one that was pending before stays so. */
static void broken_pipe(void)
{
	int ends[2];
	sigset_t set;

	signal(SIGPIPE, count_pipe);
	must(pipe(ends) == 0);
	close(ends[0]);
	work();
	must(pipes_broken == 0);
	must(write(ends[1], "x", 1) == -1 && errno == EPIPE && pipes_broken == 1);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	must(write(ends[1], "x", 1) == -1 && errno == EPIPE);
	ask();
	sigpending(&set);
	must(sigismember(&set, SIGPIPE));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	must(pipes_broken == 2);
	close(ends[1]);
	tell("two of its own");
}

static int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 2048; fd++)
		count += syscall(SYS_fcntl, fd, F_GETFD, 0) >= 0;
	return count;
}

/* All but the first three, by the newer ways: now, at the next exec, and in a child. */
static void closes_the_rest(void)
{
	enum { AT_EXEC = 4 }; /* CLOSE_RANGE_CLOEXEC */
	char command[] = "true", *arguments[] = {command, NULL};
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	for (int i = 0; i < 5; i++) {
		must(open("/dev/null", O_RDONLY) >= 3);
		must(dup2(0, 700 + i) == 700 + i);
	}
	must(!syscall(SYS_close_range, 3, ~0u, AT_EXEC));
	churn();
	ask();
	must(!posix_spawn_file_actions_init(&actions));
	must(!posix_spawn_file_actions_addclosefrom_np(&actions, 3));
	must(!posix_spawnp(&pid, command, &actions, NULL, arguments, environ));
	must(waitpid(pid, &status, 0) == pid && status == 0);
	posix_spawn_file_actions_destroy(&actions);
	closefrom(3);
	tell("open: %d", count_open());
	churn();
	ask();
	tell("done");
}

SCENARIOS({"close_all", close_all}, {"close_everything_by_range", close_everything_by_range},
	{"dup_onto_everything", dup_onto_everything}, {"no_descriptor_left", no_descriptor_left},
	{"all_descriptors_taken", all_descriptors_taken},
	{"descriptors_beside_reports", descriptors_beside_reports},
	{"address_space_at_its_edge", address_space_at_its_edge},
	{"data_at_its_edge", data_at_its_edge}, {"no_address_space", no_address_space},
	{"page_by_page", page_by_page}, {"threads_without_memory", threads_without_memory},
	{"small_address_space", small_address_space}, {"limit_of_a_child", limit_of_a_child},
	{"all_locked", all_locked}, {"file_size", file_size},
	{"file_size_default", file_size_default}, {"nothing_allowed", nothing_allowed},
	{"data_at_stderr", data_at_stderr}, {"work", work},
	{"no_queued_signals", no_queued_signals}, {"nothing_locked", nothing_locked},
	{"work_once", work_once}, {"broken_pipe", broken_pipe},
	{"closes_the_rest", closes_the_rest})
