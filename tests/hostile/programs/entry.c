/* Everything in libc that allocates for its caller, asked in its midst, and pointers that go past
 * the wrappers one way or the other. */
#include "hostile.h"

#include <aio.h>
#include <argz.h>
#include <dirent.h>
#include <dlfcn.h>
#include <envz.h>
#include <execinfo.h>
#include <fmtmsg.h>
#include <fstab.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <ifaddrs.h>
#include <langinfo.h>
#include <locale.h>
#include <malloc.h>
#include <mntent.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <wchar.h>
#include <wordexp.h>

extern void *__libc_malloc(size_t), *__libc_realloc(void *, size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static int seen(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)path, (void)status, (void)kind, (void)where;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int passed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* -- Files, names, texts -------------------------------------------------------------------- */

static void folders(void)
{
	for (int i = 0; i < 20; i++) {
		struct dirent **names = NULL;
		glob_t found;
		wordexp_t words;
		int count = scandir("/usr/bin", &names, passed, alphasort);

		must(count > 10);
		while (count-- > 0)
			free(names[count]);
		free(names);
		must(glob("/usr/*b*/*a*", GLOB_MARK, NULL, &found) == 0 && found.gl_pathc > 3);
		ask();
		globfree(&found);
		must(wordexp("$HOME 'a b' ~root *", &words, 0) == 0 && words.we_wordc > 2);
		wordfree(&words);
		must(nftw("/etc/apt", seen, 3, FTW_PHYS) <= 0);
	}
	tell("done");
}

static void texts(void)
{
	for (int i = 0; i < 200; i++) {
		char *text = NULL, *more = NULL;
		size_t size = 0, length = 0;
		FILE *stream = open_memstream(&text, &size);
		wchar_t *wide;

		for (int j = 0; j < 500; j++)
			fprintf(stream, "%d %s %f\n", j, "text", j * 0.1);
		fclose(stream);
		stream = fmemopen(text, size, "r");
		while (getline(&more, &length, stream) > 0)
			;
		if (i % 20 == 0)
			ask();
		fclose(stream);
		free(more);
		free(text);
		must(asprintf(&text, "%*d%s", 10000, i, "x") == 10001);
		free(text);
		must(sscanf("word 12", "%ms", &text) == 1 && !strcmp(text, "word"));
		free(text);
		must((text = getcwd(NULL, 0)) != NULL);
		free(text);
		must((text = realpath("/usr/../proc/self", NULL)) != NULL);
		free(text);
		must((wide = wcsdup(L"wide")) != NULL);
		free(wide);
		text = NULL;
		length = 0;
		must(argz_create_sep("a=1:b=2:c", ':', &text, &length) == 0);
		must(envz_add(&text, &length, "d", "4") == 0);
		free(text);
		must((text = tempnam("/tmp", "x")) != NULL);
		free(text);
	}
	must(setenv("A_NAME", "value", 1) == 0 && putenv("ANOTHER=1") == 0 &&
		unsetenv("A_NAME") == 0);
	must(clearenv() == 0 && setenv("A_NAME", "value", 1) == 0);
	ask();
	tell("done");
}

static void streams(void)
{
	for (int i = 0; i < 30; i++) {
		FILE *file = tmpfile(), *child;
		char line[100];

		must(file != NULL && setvbuf(file, NULL, _IOFBF, 100000) == 0);
		for (int j = 0; j < 1000; j++)
			fprintf(file, "%d\n", j);
		rewind(file);
		if (i % 6 == 0)
			ask();
		must(fgets(line, sizeof line, file) && !strcmp(line, "0\n"));
		fclose(file);
		must((child = popen("echo child", "r")) != NULL);
		must(fgets(line, sizeof line, child) && !strcmp(line, "child\n"));
		must(pclose(child) == 0);
	}
	must(system("true") == 0);
	tell("done");
}

/* -- Data bases ----------------------------------------------------------------------------- */

static void names_and_addresses(void)
{
	struct addrinfo *list = NULL, hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct ifaddrs *interfaces = NULL;
	struct if_nameindex *index;

	for (int i = 0; i < 10; i++) {
		must(getaddrinfo("127.0.0.1", "80", &hints, &list) == 0);
		ask();
		freeaddrinfo(list);
		int told = getaddrinfo("localhost", NULL, &hints, &list);
		if (!told)
			freeaddrinfo(list);
		gethostbyname("localhost");
		getservbyname("http", "tcp");
		getprotobyname("tcp");
		must(getifaddrs(&interfaces) == 0);
		ask();
		freeifaddrs(interfaces);
		must((index = if_nameindex()) != NULL);
		if_freenameindex(index);
	}
	tell("done");
}

static void users(void)
{
	gid_t groups[64];
	int count = 64, users = 0;

	must(getpwnam("root") != NULL && getgrnam("root") != NULL && getpwuid(0) != NULL);
	setpwent();
	while (getpwent()) {
		if (users++ == 3)
			ask();
	}
	endpwent();
	must(getgrouplist("root", 0, groups, &count) > 0 && users > 3);
	setfsent();
	getfsent();
	endfsent();
	FILE *mounts = setmntent("/proc/mounts", "r");
	while (mounts && getmntent(mounts))
		;
	endmntent(mounts);
	ask();
	tell("done");
}

static void locales(void)
{
	for (int i = 0; i < 20; i++) {
		locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
		iconv_t convert = iconv_open("UTF-16", "LATIN1");
		char in[] = "text", out[64], *from = in, *to = out;
		size_t left = 4, room = 64;

		must(locale && setlocale(LC_ALL, i % 2 ? "C" : "C.UTF-8"));
		must(convert != (iconv_t)-1 && iconv(convert, &from, &left, &to, &room) == 0);
		if (i % 5 == 0)
			ask();
		iconv_close(convert);
		freelocale(locale);
		setenv("TZ", i % 2 ? "Europe/Paris" : "UTC", 1);
		tzset();
		must(localtime(&(time_t){0}) != NULL);
	}
	tell("done");
}

static void ask_now_and_then(void *unused)
{
	static int calls;

	(void)unused;
	if (calls++ % 20 == 0)
		ask();
}

static void searches(void)
{
	regex_t expression;
	static int numbers[50000];
	void *tree = NULL;

	for (int i = 0; i < 50000; i++)
		numbers[i] = i * 7919 % 300007;
	qsort(numbers, 50000, sizeof *numbers, compare);
	for (int i = 0; i < 1000; i++) {
		must(tsearch(&numbers[i], &tree, compare) != NULL);
		if (i % 200 == 0)
			ask();
	}
	tdestroy(tree, ask_now_and_then);
	must(hcreate(1000) && hsearch((ENTRY){"key", NULL}, ENTER));
	hdestroy();
	for (int i = 0; i < 50; i++) {
		must(regcomp(&expression, "^(a|b+c{2,5})*[[:alnum:]]\\1?$", REG_EXTENDED) == 0);
		must(regexec(&expression, "abccabcc9", 0, NULL, 0) == 0);
		if (i % 10 == 0)
			ask();
		regfree(&expression);
	}
	tell("done");
}

/* -- The loader, processes, queues ---------------------------------------------------------- */

static void loader(void)
{
	for (int i = 0; i < 50; i++) {
		void *addresses[20], *handle = dlopen("libm.so.6", RTLD_NOW);
		char **names;
		int depth = backtrace(addresses, 20);

		must(handle && dlsym(handle, "cos"));
		must(!dlsym(handle, "no_such_name") && dlerror());
		must(!dlopen("/no/such/library.so", RTLD_NOW) && dlerror());
		if (i % 10 == 0)
			ask();
		must((names = backtrace_symbols(addresses, depth)) != NULL);
		free(names);
		must(dlclose(handle) == 0);
	}
	tell("done");
}

static void children(void)
{
	for (int i = 0; i < 10; i++) {
		posix_spawn_file_actions_t actions;
		posix_spawnattr_t attributes;
		char *words[] = {"true", NULL};
		pid_t child;
		int status;

		must(posix_spawn_file_actions_init(&actions) == 0 &&
			posix_spawnattr_init(&attributes) == 0);
		for (int fd = 50; fd < 60; fd++)
			must(posix_spawn_file_actions_addopen(
				     &actions, fd, "/dev/null", O_RDONLY, 0) == 0);
		ask();
		must(posix_spawnp(&child, "true", &actions, &attributes, words, environ) == 0);
		must(waitpid(child, &status, 0) == child && status == 0);
		posix_spawn_file_actions_destroy(&actions);
		posix_spawnattr_destroy(&attributes);
	}
	cpu_set_t *set = CPU_ALLOC(4096);
	must(set != NULL);
	CPU_FREE(set);
	tell("done");
}

static volatile int fired;

static void fire(union sigval value)
{
	free(malloc((size_t)value.sival_int));
	fired++;
}

static void helper_threads(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = fire};
	struct itimerspec often = {{0, 2000000}, {0, 2000000}};
	char text[64];
	int fd = open("/proc/self/exe", O_RDONLY);
	struct aiocb request = {.aio_fildes = fd,
		.aio_buf = text,
		.aio_nbytes = sizeof text,
		.aio_sigevent = {.sigev_notify = SIGEV_NONE}};
	const struct aiocb *list[] = {&request};
	timer_t timer;

	event.sigev_value.sival_int = 500;
	must(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	must(timer_settime(timer, 0, &often, NULL) == 0 && aio_read(&request) == 0);
	while (aio_error(&request) == EINPROGRESS)
		aio_suspend(list, 1, NULL);
	must(aio_return(&request) == sizeof text);
	while (fired < 30) {
		ask();
		sched_yield();
	}
	timer_delete(timer);
	close(fd);
	tell("done");
}

/* glibc's thread that waits for timers blocks the signal by which they tell it, and allocates when
 * it starts a thread. Nothing may let that signal through, also where call stacks are new again. */
static void timers_and_new_code(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = fire};
	struct itimerspec often = {{0, 50000}, {0, 50000}};
	timer_t timer[8];

	event.sigev_value.sival_int = 500;
	for (int i = 0; i < 8; i++) {
		must(timer_create(CLOCK_MONOTONIC, &event, &timer[i]) == 0);
		must(timer_settime(timer[i], 0, &often, NULL) == 0);
	}
	for (int i = 0; i < 1000; i++) {
		void *handle = dlopen("libm.so.6", RTLD_NOW);

		must(handle && dlclose(handle) == 0);
		if (i % 200 == 0)
			ask();
	}
	for (int i = 0; i < 8; i++)
		timer_delete(timer[i]);
	tell("done");
}

/* -- Past the wrappers ---------------------------------------------------------------------- */

/* Made behind the wrappers and freed through them: as pointers from before the shim are. */
static void made_behind(void)
{
	for (int i = 0; i < 2000; i++) {
		size_t size = (size_t)(i * 97) % 200000;
		char *block = i % 3 ? __libc_malloc(size) : __libc_memalign(64, size);

		must(block != NULL);
		if (i % 2)
			block = realloc(block, size * 2 + 1);
		must(block != NULL && malloc_usable_size(block) >= size);
		free(block);
		if (i % 400 == 0)
			ask();
	}
	tell("done");
}

/* Made through the wrappers and freed behind them: the next block may come to lie there. */
static void freed_behind(void)
{
	for (int i = 0; i < 2000; i++) {
		size_t size = (size_t)(i * 97) % 200000 + 1;
		char *block = malloc(size);

		must(block != NULL);
		if (i % 2)
			block = __libc_realloc(block, size + 5000);
		__libc_free(block);
		if (i % 400 == 0)
			ask();
	}
	must(malloc_trim(0) >= 0);
	ask();
	for (int i = 0; i < 500; i++)
		free(malloc((size_t)i * 1000));
	tell("done");
}

static void settings(void)
{
	must(mallopt(M_MMAP_THRESHOLD, 4096) && mallopt(M_ARENA_MAX, 1) &&
		mallopt(M_PERTURB, 0x5a));
	for (int i = 0; i < 500; i++) {
		char *block = malloc((size_t)i * 100 + 8);

		must(block != NULL);
		if (i % 100 == 0)
			ask();
		free(block);
	}
	must(mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, 0) && mallopt(M_TOP_PAD, 1 << 20));
	for (int i = 0; i < 500; i++)
		free(malloc((size_t)i * 1000));
	FILE *nowhere = fopen("/dev/null", "w");
	must(malloc_info(0, nowhere) == 0);
	fclose(nowhere);
	ask();
	tell("done");
}

/* -- Before main and after it --------------------------------------------------------------- */

static void *early_block, *constructed_block;

static void before_all(void)
{
	early_block = malloc(100);
	free(calloc(3, 1000));
	free(realloc(malloc(10), 200000));
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = before_all;

__attribute__((constructor(101))) static void construct(void)
{
	constructed_block = malloc(300000);
	ask();
}

static void late(void)
{
	void *block = malloc(1000);

	ask();
	free(block);
}

__attribute__((destructor(101))) static void destruct(void)
{
	for (int i = 0; i < 100; i++)
		free(malloc((size_t)i * 5000));
	late();
}

static void before_main(void)
{
	must(early_block && constructed_block);
	ask();
	early_block = realloc(early_block, 500000);
	must(early_block != NULL);
	free(constructed_block);
	free(early_block);
	ask();
	tell("done");
}

static void free_and_ask(void *block)
{
	free(block);
	late();
}

static void *with_specifics(void *key)
{
	must(pthread_setspecific(*(pthread_key_t *)key, malloc(5000)) == 0);
	return NULL;
}

static void after_main(void)
{
	pthread_t thread;
	pthread_key_t key;

	must(pthread_key_create(&key, free_and_ask) == 0);
	for (int i = 0; i < 20; i++) {
		must(pthread_create(&thread, NULL, with_specifics, &key) == 0);
		must(pthread_join(thread, NULL) == 0);
	}
	for (int i = 0; i < 50; i++)
		must(atexit(late) == 0);
	must(on_exit((void (*)(int, void *))late, NULL) == 0);
	tell("done");
}

/* A stream of the program's own, which keeps what was written in one block. */
struct written {
	char *bytes;
	size_t size;
};

/* Allocates, and is asked for a report, inside libc's lock of the stream. */
static ssize_t written_more(void *cookie, const char *bytes, size_t size)
{
	struct written *written = cookie;

	written->bytes = realloc(written->bytes, written->size + size + 1);
	must(written->bytes != NULL);
	memcpy(written->bytes + written->size, bytes, size);
	written->size += size;
	written->bytes[written->size] = 0;
	ask();
	return (ssize_t)size;
}

static int written_all(void *cookie)
{
	struct written *written = cookie;

	free(written->bytes);
	ask();
	return 0;
}

static void own_streams(void)
{
	const cookie_io_functions_t calls = {.write = written_more, .close = written_all};

	for (int i = 1; i <= 20; i++) {
		struct written written = {NULL, 0};
		char buffer[64]; /* so that there are many writes */
		FILE *stream = fopencookie(&written, "w", calls);

		must(stream != NULL && setvbuf(stream, buffer, _IOFBF, sizeof buffer) == 0);
		for (int number = 1000; number < 1000 + 10 * i; number++)
			must(fprintf(stream, "%d", number) == 4);
		must(fflush(stream) == 0 && written.size == 40 * (size_t)i);
		must(!strncmp(written.bytes, "10001001", 8));
		must(atoi(written.bytes + written.size - 4) == 1000 + 10 * i - 1);
		must(fclose(stream) == 0);
	}
	tell("done");
}

SCENARIOS({"folders", folders}, {"texts", texts}, {"streams", streams},
	{"names_and_addresses", names_and_addresses}, {"users", users}, {"locales", locales},
	{"searches", searches}, {"loader", loader}, {"children", children},
	{"helper_threads", helper_threads}, {"timers_and_new_code", timers_and_new_code},
	{"made_behind", made_behind}, {"freed_behind", freed_behind}, {"settings", settings},
	{"before_main", before_main}, {"after_main", after_main}, {"own_streams", own_streams})
