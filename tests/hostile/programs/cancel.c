/* Threads that are cancelled while they allocate. */
#include "work.h"

#include <pthread.h>
#include <sys/mman.h>

static void clean(void *block)
{
	free(block);
	work(3);
}

/* Cancelled where it asks whether it is to be. */
static void *allocate_on(void *unused)
{
	void *block = malloc(300);

	pthread_cleanup_push(clean, block);
	for (;;) {
		work(5);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return unused;
}

static void *print_on(void *unused)
{
	for (;;) {
		work(2);
		sleep_ms(1);
	}
	return unused;
}

static volatile bool begun;

/* Cancelled at any instruction; what it calls is safe for that (it takes no lock of libc's). */
static void *count_on(void *unused)
{
	volatile unsigned long number = 0;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	begun = true;
	for (;;)
		number++;
	return unused;
}

/* As above, but within mapping calls. */
static void *map_on(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	begun = true;
	for (;;) {
		void *area = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		mprotect(area, 4096, PROT_NONE);
		munmap(area, 8192);
	}
	return unused;
}

static void cancel_many(void *(*body)(void *), int count, const char *what)
{
	pthread_t thread;
	void *result;

	for (int i = 0; i < count; i++) {
		begun = false;
		must(!pthread_create(&thread, NULL, body, NULL));
		if (body == count_on || body == map_on)
			while (!begun)
				sched_yield();
		work(20);
		must(!pthread_cancel(thread));
		must(!pthread_join(thread, &result) && result == PTHREAD_CANCELED);
		if (i % 10 == 0)
			ask();
	}
	work(1000);
	tell("%d cancelled %s", count, what);
}

static void deferred(void)
{
	cancel_many(allocate_on, 200, "where they test");
}

static void sleeping(void)
{
	cancel_many(print_on, 200, "in their sleep");
}

static void counting(void)
{
	cancel_many(count_on, 100, "anywhere");
}

static void mapping(void)
{
	cancel_many(map_on, 100, "in mapping calls");
}

/* Cancelled with no cancellation point but malloc, which is none: it must end by itself. */
static void *only_allocate(void *result)
{
	work(2000);
	return result;
}

static void never(void)
{
	static char gone;
	pthread_t thread;
	void *result;

	for (int i = 0; i < 30; i++) {
		must(!pthread_create(&thread, NULL, only_allocate, &gone));
		must(!pthread_cancel(thread));
		must(!pthread_join(thread, &result));
		must(result == &gone || result == PTHREAD_CANCELED);
		must(result == &gone);
	}
	tell("malloc is no cancellation point");
}

SCENARIOS({"deferred", deferred}, {"sleeping", sleeping}, {"counting", counting},
	{"mapping", mapping}, {"never", never})
