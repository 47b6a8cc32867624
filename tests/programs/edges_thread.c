/* pthread_create at its edges, and threads that allocate, end and are joined in every way. Tells
 * facts that do not vary, so that a plain run and one under the shim must print the same.
 */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <threads.h>

#include "tell.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What a thread sees of itself. */
struct seen {
	bool started;
	char name[16];
	size_t stack, guard;
	bool detached, local_in_stack;
};

static void *look(void *result)
{
	struct seen *seen = result;
	pthread_attr_t attributes;
	void *start;
	int state;

	seen->started = true;
	prctl(PR_GET_NAME, seen->name);
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &start, &seen->stack);
	pthread_attr_getguardsize(&attributes, &seen->guard);
	pthread_attr_getdetachstate(&attributes, &state);
	seen->detached = state == PTHREAD_CREATE_DETACHED;
	seen->local_in_stack =
		(char *)&state >= (char *)start && (char *)&state < (char *)start + seen->stack;
	pthread_attr_destroy(&attributes);
	free(malloc(100));
	return result;
}

static void tell_seen(const char *what, int error, const struct seen *seen)
{
	tell("%s: %s, errno %s, started %d, name %s, stack %zu, guard %zu, detached %d, local %s",
		what, errno_name(error), errno_name(errno), seen->started, seen->name, seen->stack,
		seen->guard, seen->detached, seen->local_in_stack ? "inside" : "outside");
}

static void try_attributes(const char *what, const pthread_attr_t *attributes)
{
	struct seen seen = {0};
	pthread_t thread;
	void *result = NULL;

	errno = ERRNO_SENTINEL;
	int error = pthread_create(&thread, attributes, look, &seen);
	if (!error && pthread_join(thread, &result))
		tell("%s: not joined", what);
	tell_seen(what, error, &seen);
	if (!error && result != &seen)
		tell("%s: wrong result", what);
}

static void try_sizes(void)
{
	const size_t sizes[] = {0, 1000, PTHREAD_STACK_MIN, 20000, 65536, 1 << 20, 10 << 20,
		(size_t)1 << 46, SIZE_MAX & ~4095ul};
	static const size_t guards[] = {0, 1, 4096, 65536, 1 << 20, (size_t)1 << 47};
	pthread_attr_t attributes;
	char what[100];

	for (size_t s = 0; s < COUNT(sizes); s++) {
		for (size_t g = 0; g < COUNT(guards); g++) {
			pthread_attr_init(&attributes);
			int size = pthread_attr_setstacksize(&attributes, sizes[s]);
			int guard = pthread_attr_setguardsize(&attributes, guards[g]);
			snprintf(what, sizeof(what), "stack %zu (%s), guard %zu (%s)", sizes[s],
				errno_name(size), guards[g], errno_name(guard));
			try_attributes(what, &attributes);
			pthread_attr_destroy(&attributes);
		}
	}
}

static void try_own_stack(void)
{
	const size_t sizes[] = {PTHREAD_STACK_MIN, 65536, 1 << 20};
	pthread_attr_t attributes;
	char what[100];

	for (size_t s = 0; s < COUNT(sizes); s++) {
		char *stack = mmap(
			NULL, sizes[s], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, stack, sizes[s]);
		snprintf(what, sizeof(what), "own stack of %zu", sizes[s]);
		try_attributes(what, &attributes);
		pthread_attr_destroy(&attributes);
		munmap(stack, sizes[s]);
	}
}

static void try_scheduling(void)
{
	static const int policies[] = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};
	pthread_attr_t attributes;

	for (size_t i = 0; i < COUNT(policies); i++) {
		struct sched_param zero = {0};

		pthread_attr_init(&attributes);
		pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
		tell("policy: %s",
			errno_name(pthread_attr_setschedpolicy(&attributes, policies[i])));
		pthread_attr_setschedparam(&attributes, &zero);
		try_attributes("explicit scheduling", &attributes);
		pthread_attr_destroy(&attributes);
	}
}

/* An affinity to a processor that is not there: the thread is made and then refused (EINVAL). */
static void try_affinity(void)
{
	pthread_attr_t attributes;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(CPU_SETSIZE - 1, &set);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
	try_attributes("processor 1023", &attributes);
	sched_getaffinity(0, sizeof(set), &set);
	pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
	try_attributes("all processors", &attributes);
	pthread_attr_destroy(&attributes);
}

static void try_detached(void)
{
	static struct seen seen;
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	errno = ERRNO_SENTINEL;
	int error = pthread_create(&thread, &attributes, look, &seen);
	while (!__atomic_load_n(&seen.local_in_stack, __ATOMIC_ACQUIRE))
		sched_yield();
	tell("detached: %s, errno %s, detached %d", errno_name(error), errno_name(errno),
		seen.detached);
	pthread_attr_destroy(&attributes);
}

/* No address space for a stack: EAGAIN, and nothing left behind. */
static void try_no_room(void)
{
	struct rlimit old, tight;
	pthread_attr_t attributes;

	getrlimit(RLIMIT_AS, &old);
	tight = old;
	tight.rlim_cur = (rlim_t)1 << 32;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)8 << 30);
	setrlimit(RLIMIT_AS, &tight);
	try_attributes("8 GiB of stack, 4 GiB of room", &attributes);
	setrlimit(RLIMIT_AS, &old);
	try_attributes("8 GiB of stack", &attributes);
	pthread_attr_destroy(&attributes);
}

static int run_c11(void *value)
{
	free(calloc(10, 10));
	return *(int *)value + 1;
}

static void try_c11(void)
{
	int value = 41, result = 0;
	thrd_t thread;

	errno = ERRNO_SENTINEL;
	int created = thrd_create(&thread, run_c11, &value);
	thrd_join(thread, &result);
	tell("thrd_create: %s, result %d, errno %s", created == thrd_success ? "success" : "error",
		result, errno_name(errno));
}

static void *leave(void *how)
{
	void *block = malloc(500);

	if (!strcmp(how, "exit"))
		pthread_exit(block);
	while (!strcmp(how, "cancel")) {
		pthread_testcancel();
		free(malloc(64));
	}
	return block;
}

static void try_ends(void)
{
	static char *const ways[] = {"return", "exit", "cancel"};

	for (size_t i = 0; i < COUNT(ways); i++) {
		pthread_t thread;
		void *result;

		pthread_create(&thread, NULL, leave, ways[i]);
		pthread_setname_np(thread, ways[i]);
		if (!strcmp(ways[i], "cancel"))
			pthread_cancel(thread);
		pthread_join(thread, &result);
		tell("%s: %s", ways[i],
			result == PTHREAD_CANCELED ? "cancelled"
			: result                   ? "block"
						   : "NULL");
		if (result != PTHREAD_CANCELED)
			free(result);
	}
}

static pthread_key_t key;

/* A destructor that allocates, and keeps its key alive for another round. */
static void destroy(void *value)
{
	size_t rounds = (size_t)value;

	free(malloc(100 * rounds));
	tell("destructor, round %zu", rounds);
	if (rounds < 3)
		pthread_setspecific(key, (void *)(rounds + 1));
}

static void *use_key(void *unused)
{
	pthread_setspecific(key, (void *)1);
	return unused;
}

static void try_destructors(void)
{
	pthread_t thread;

	pthread_key_create(&key, destroy);
	pthread_create(&thread, NULL, use_key, NULL);
	pthread_join(thread, NULL);
}

static void *count_up(void *sum)
{
	char *block = malloc(1000);

	*block = 1;
	__atomic_fetch_add((int *)sum, *block, __ATOMIC_RELAXED);
	free(block);
	return NULL;
}

static void try_many(void)
{
	enum { ROUNDS = 50, BESIDE = 20 };
	pthread_t threads[BESIDE];
	int sum = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BESIDE; i++)
			pthread_create(&threads[i], NULL, count_up, &sum);
		for (int i = 0; i < BESIDE; i++)
			pthread_join(threads[i], NULL);
	}
	tell("many: %d of %d", sum, ROUNDS * BESIDE);
}

int main(void)
{
	try_attributes("no attributes", NULL);
	try_sizes();
	try_own_stack();
	try_scheduling();
	try_affinity();
	try_detached();
	try_no_room();
	try_c11();
	try_ends();
	try_destructors();
	try_many();
	tell("end");
	return 0;
}
