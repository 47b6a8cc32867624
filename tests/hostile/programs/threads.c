/* Threads that live shortly, on little room, and hand their blocks to others. */
#include "work.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

static void *work_little(void *result)
{
	static unsigned calls;

	work(20);
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 16 == 0)
		ask();
	return result;
}

/* A thousand threads, ten at a time. */
static void short_lived(void)
{
	pthread_t threads[10];
	void *result;

	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < COUNT(threads); i++)
			must(!pthread_create(&threads[i], NULL, work_little, (void *)i));
		for (size_t i = 0; i < COUNT(threads); i++)
			must(!pthread_join(threads[i], &result) && result == (void *)i);
	}
	tell("1000 threads came back");
}

static size_t resident(void)
{
	unsigned long size, pages = 0;
	char text[100] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	must(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	must(sscanf(text, "%lu %lu", &size, &pages) == 2);
	return pages * 4096;
}

static void *allocate_once(void *unused)
{
	free(malloc(100));
	return unused;
}

/* One after the other: what is kept of each for ever is little. */
static void thirty_thousand(void)
{
	size_t before = 0;
	pthread_t thread;

	for (int i = 0; i < 30000; i++) {
		must(!pthread_create(&thread, NULL, allocate_once, NULL));
		must(!pthread_join(thread, NULL));
		if (i == 3000)
			before = resident();
	}
	tell("27000 threads, 4 MiB at most: %d", resident() < before + (4 << 20));
}

/* Stacks that the program has in its data, as small systems do. */
static void stacks_in_data(void)
{
	enum { THREADS = 8, SIZE = 64 << 10 };
	static _Alignas(4096) char stack[THREADS][SIZE];
	pthread_t threads[THREADS];
	pthread_attr_t attributes;

	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < THREADS; i++) {
			pthread_attr_init(&attributes);
			must(!pthread_attr_setstack(&attributes, stack[i], SIZE));
			must(!pthread_create(&threads[i], &attributes, work_little, NULL));
		}
		for (size_t i = 0; i < THREADS; i++)
			must(!pthread_join(threads[i], NULL));
	}
	tell("80 threads on stacks in data");
}

static sem_t gone;

static void *work_and_post(void *unused)
{
	work(20);
	sem_post(&gone);
	return unused;
}

static void detached(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	sem_init(&gone, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 500; i++) {
		must(!pthread_create(&thread, &attributes, work_and_post, NULL));
		if (i % 8 == 7)
			ask();
		if (i >= 8)
			while (sem_wait(&gone))
				;
	}
	for (int i = 0; i < 8; i++)
		while (sem_wait(&gone))
			;
	tell("500 detached threads went");
}

/* All alive at once. */
static void *wait_and_free(void *barrier)
{
	void *block = malloc(1000);

	pthread_barrier_wait(barrier);
	free(block);
	return NULL;
}

static void many_at_once(void)
{
	enum { THREADS = 500 };
	static pthread_t threads[THREADS];
	static pthread_barrier_t barrier;
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		must(!pthread_create(&threads[i], &attributes, wait_and_free, &barrier));
	ask();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		must(!pthread_join(threads[i], NULL));
	tell("500 threads lived at once");
}

struct post {
	sem_t full, empty;
	unsigned char *block;
	size_t size;
};

static void *free_received(void *given)
{
	struct post *post = given;

	for (int i = 0; i < 5000; i++) {
		while (sem_wait(&post->full))
			;
		for (size_t at = 0; at < post->size; at++)
			must(post->block[at] == (unsigned char)i);
		free(post->block);
		sem_post(&post->empty);
	}
	return NULL;
}

static void freed_by_others(void)
{
	struct post post;
	pthread_t thread;

	sem_init(&post.full, 0, 0);
	sem_init(&post.empty, 0, 1);
	must(!pthread_create(&thread, NULL, free_received, &post));
	for (int i = 0; i < 5000; i++) {
		while (sem_wait(&post.empty))
			;
		post.size = (size_t)(i * 37 % 5000 + 1);
		post.block = malloc(post.size);
		memset(post.block, i, post.size);
		sem_post(&post.full);
	}
	pthread_join(thread, NULL);
	tell("5000 blocks died elsewhere");
}

/* Room on the stack of the smallest thread that libc allows: a page is ours, the rest is its. */
static void *use_most_of_it(void *unused)
{
	volatile char room[4096];

	memset((char *)room, 1, sizeof room);
	for (int i = 0; i < 50; i++) {
		if (i % 10 == 9)
			ask();
		work(4);
	}
	return room[17] == 1 ? unused : NULL;
}

static void small_stacks(void)
{
	pthread_attr_t attributes;
	pthread_t threads[8];
	void *result;

	pthread_attr_init(&attributes);
	must(!pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < COUNT(threads); i++)
			must(!pthread_create(&threads[i], &attributes, use_most_of_it, threads));
		for (size_t i = 0; i < COUNT(threads); i++)
			must(!pthread_join(threads[i], &result) && result == threads);
	}
	tell("80 threads of %ld bytes", (long)PTHREAD_STACK_MIN);
}

static pthread_key_t keys[4];

/* Comes again, until libc's rounds are over. */
static void destroy(void *value)
{
	static __thread int rounds;

	free(value);
	work(5);
	if (rounds == 5)
		ask();
	if (++rounds < 10)
		pthread_setspecific(keys[rounds % 4], malloc(100));
}

static void *set_keys(void *unused)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		pthread_setspecific(keys[i], malloc(50));
	return unused;
}

static void destructors(void)
{
	pthread_t thread;

	for (size_t i = 0; i < COUNT(keys); i++)
		pthread_key_create(&keys[i], destroy);
	for (int i = 0; i < 50; i++) {
		must(!pthread_create(&thread, NULL, set_keys, NULL));
		pthread_join(thread, NULL);
	}
	tell("destructors allocated in 50 threads");
}

static char leave_deeply(int depth)
{
	volatile char room[64];

	room[0] = (char)depth;
	if (depth)
		return leave_deeply(depth - 1) + room[0];
	ask();
	pthread_exit((void *)17);
}

static void *leave(void *unused)
{
	free(malloc(10));
	return leave_deeply(100) ? unused : NULL;
}

static void exits(void)
{
	pthread_t thread;
	void *result;

	for (int i = 0; i < 100; i++) {
		must(!pthread_create(&thread, NULL, leave, NULL));
		must(!pthread_join(thread, &result) && result == (void *)17);
	}
	tell("100 threads left by pthread_exit");
}

/* -- Descriptors of threads that go on while a report is made -------------------------------- */

enum { REPORTS = 40, SOMETIMES = 20 };

static _Atomic bool reporting;
static unsigned opened, elsewhere, refused;

/* Opens and closes, and sees which number it gets. */
static void *open_and_close(void *lowest)
{
	while (reporting) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		opened++;
		refused += fd < 0;
		elsewhere += fd >= 0 && fd != *(int *)lowest;
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void blocks_to_tell_of(void)
{
	for (int i = 0; i < 100000; i++)
		must(malloc(20));
}

static void ask_often(int lowest)
{
	sigset_t all;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	reporting = true;
	must(!pthread_create(&thread, NULL, open_and_close, &lowest));
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	for (int i = 0; i < REPORTS; i++)
		ask();
	sleep_ms(20);
	reporting = false;
	pthread_join(thread, NULL);
}

/* Another number than the lowest for microseconds at most, so not in one of 20 cases. */
static void numbers_meanwhile(void)
{
	int lowest = open("/dev/null", O_RDONLY);

	close(lowest);
	blocks_to_tell_of();
	ask_often(lowest);
	tell("elsewhere: %s", elsewhere * SOMETIMES > opened ? "often" : "hardly ever");
}

SCENARIOS({"short_lived", short_lived}, {"detached", detached}, {"many_at_once", many_at_once},
	{"thirty_thousand", thirty_thousand}, {"stacks_in_data", stacks_in_data},
	{"freed_by_others", freed_by_others}, {"small_stacks", small_stacks},
	{"destructors", destructors}, {"exits", exits}, {"numbers_meanwhile", numbers_meanwhile})
