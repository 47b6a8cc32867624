/* freed.c - gives memory back in all ways that there are, tells who made and who released it, and
 * waits.
 *
 * freed [ways|fork|many COUNT]: one of each way; a forked child, which tells its pid, releases what
 * its parent made; so many blocks, in the order of their lines. A line is a JSON object: "place",
 * "address", and of its last owner "start", "size", "site", "release", "call", "tid",
 * "freed_tid". */
#include "maps_now.h"
#include "tell.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

/* Blocks of different sizes, so that none takes the place of another. */
enum {
	PAGE = 4096,
	FENCE = 64,
	SMALL = 600,
	CALLOCED = 800,
	REALLOCED = 1000,
	HANDED = 1200,
	BIG = 1 << 20,
	MANY = 5000,
};

#define SITE(name, expression)                            \
	__attribute__((noinline)) static void *name(void) \
	{                                                 \
		void *made = expression;                  \
		return made;                              \
	}

SITE(by_malloc, malloc(SMALL))
SITE(by_calloc, calloc(CALLOCED / 100, 100))
SITE(by_aligned_alloc, aligned_alloc(256, 768))
SITE(by_realloc, realloc(NULL, REALLOCED))
SITE(big_by_malloc, malloc(BIG))
SITE(handed_by_malloc, malloc(HANDED))
SITE(by_mmap, mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))

__attribute__((noinline)) static void *by_shmat(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	void *made = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	return made;
}

__attribute__((noinline)) static void to_free(void *made)
{
	free(made);
	errno = 0; /* no tail call: the frame must stay */
}

__attribute__((noinline)) static void to_realloc_of_nothing(void *made)
{
	if (realloc(made, 0))
		_exit(3);
}

__attribute__((noinline)) static void *to_realloc(void *made)
{
	void *moved = realloc(made, 100 * SMALL);

	errno = 0;
	return moved;
}

__attribute__((noinline)) static void to_munmap(char *made)
{
	munmap(made + PAGE, PAGE);
	errno = 0;
}

/* What is to become longer between two others must move. */
__attribute__((noinline)) static void to_mremap(char *made)
{
	if (mremap(made + PAGE, PAGE, 9 * PAGE, MREMAP_MAYMOVE) == made + PAGE)
		_exit(3);
}

__attribute__((noinline)) static void to_shmdt(void *made)
{
	shmdt(made);
	errno = 0;
}

static void say(const char *place, const char *address, const char *start, size_t size,
	const char *site, const char *release, const char *call, long freed_tid)
{
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"start\": \"0x%lx\", \"size\": %zu, "
	     "\"site\": \"%s\", \"release\": \"%s\", \"call\": \"%s\", \"tid\": %d, "
	     "\"freed_tid\": %ld}",
		place, (unsigned long)address, (unsigned long)start, size, site, release, call,
		getpid(), freed_tid);
}

/* -- One of each way ------------------------------------------------------------------------ */

/* So that no block is at the end of the heap, or next to a free one. */
static char *fenced(void *(*site)(void))
{
	char *made = site();

	if (!malloc(FENCE))
		_exit(3);
	return made;
}

static void blocks(void)
{
	char *made = fenced(by_malloc);

	to_free(made);
	say("free of malloc's", made + 300, made, SMALL, "by_malloc", "to_free", "free", getpid());
	made = fenced(by_aligned_alloc);
	to_free(made);
	say("free of an aligned one", made + 300, made, 768, "by_aligned_alloc", "to_free", "free",
		getpid());
	made = fenced(big_by_malloc);
	to_free(made);
	say("free of a big one", made + BIG - 1, made, BIG, "big_by_malloc", "to_free", "free",
		getpid());
	made = fenced(by_calloc);
	if (!to_realloc(made))
		_exit(3);
	say("realloc that moves", made + CALLOCED - 1, made, CALLOCED, "by_calloc", "to_realloc",
		"realloc", getpid());
	made = fenced(by_realloc);
	to_realloc_of_nothing(made);
	say("realloc to nothing", made + 300, made, REALLOCED, "by_realloc",
		"to_realloc_of_nothing", "realloc", getpid());
}

/* The shared memory stays until the others have left their holes, where it would fit. */
static void regions(void)
{
	char *shared = by_shmat(), *made = by_mmap();

	to_munmap(made);
	say("munmap", made + PAGE, made + PAGE, PAGE, "by_mmap", "to_munmap", "munmap", getpid());
	made = by_mmap();
	to_mremap(made);
	say("mremap", made + PAGE + 9, made + PAGE, PAGE, "by_mmap", "to_mremap", "mremap",
		getpid());
	to_shmdt(shared);
	say("shmdt", shared + PAGE - 1, shared, PAGE, "by_shmat", "to_shmdt", "shmdt", getpid());
}

static void *release(void *made)
{
	char *block = made;

	to_free(block);
	say("free by another thread", block, block, HANDED, "handed_by_malloc", "to_free", "free",
		syscall(SYS_gettid));
	return NULL;
}

static void by_another(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, release, fenced(handed_by_malloc));
	pthread_join(thread, NULL);
}

static void ways(void)
{
	blocks();
	regions();
	by_another();
}

/* -- The others ----------------------------------------------------------------------------- */

static void forked(void)
{
	char *before = fenced(by_malloc), *behind = fenced(by_malloc);
	int parent = getpid();

	to_free(before);
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	to_free(behind);
	tell("{\"child\": %d, \"parent\": %d}", getpid(), parent);
	say("free before the fork", before, before, SMALL, "by_malloc", "to_free", "free", parent);
	say("free in the child", behind, behind, SMALL, "by_malloc", "to_free", "free", getpid());
	tell("{\"ready\": true}");
}

static void many(int count)
{
	static char *made[MANY];

	if (count > MANY)
		_exit(2);
	for (int i = 0; i < count; i++)
		made[i] = by_malloc();
	for (int i = 0; i < count; i++) {
		to_free(made[i]);
		say("one of many", made[i], made[i], SMALL, "by_malloc", "to_free", "free",
			getpid());
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "ways";
	bool in_parent = true;

	if (!strcmp(how, "fork"))
		forked(), in_parent = false;
	else if (!strcmp(how, "many"))
		many(atoi(argv[2]));
	else
		ways();
	if (in_parent)
		tell("{\"ready\": true}");
	for (;;)
		pause();
}
