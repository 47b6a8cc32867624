/* A malloc storm that keeps a log of itself in a file, for who reads the one beside what the shim
 * left when the process is killed. THREADS threads make and free blocks of all sizes, in one
 * function each, until somebody ends them.
 *
 *	chronicle LOG THREADS [FORKS [raw]]
 *
 * Each thread has eight numbers in the log, 64-bit: allocations begun, made, bytes begun, made; and
 * the same of frees. What is begun and not made is in the shim's hands, or on the way there. With
 * FORKS the main thread forks so many children, one after the other (raw: past libc), that free its
 * blocks, allocate, and exit: which is no business of the parent's. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 512
#define THREADS_MOST 16

struct count {
	uint64_t begun, done, begun_bytes, done_bytes;
};

struct log {
	struct count made, freed;
};

struct slot {
	void *block;
	size_t size;
};

static struct log *logs;

static void raise_by(uint64_t *number, uint64_t amount)
{
	__atomic_store_n(number, *number + amount, __ATOMIC_SEQ_CST);
}

__attribute__((noinline)) void *chronicle_make(struct log *log, size_t size)
{
	void *block;

	raise_by(&log->made.begun_bytes, size);
	raise_by(&log->made.begun, 1);
	block = malloc(size);
	raise_by(&log->made.done, 1);
	raise_by(&log->made.done_bytes, size);
	return block;
}

__attribute__((noinline)) void chronicle_free(struct log *log, void *block, size_t size)
{
	raise_by(&log->freed.begun_bytes, size);
	raise_by(&log->freed.begun, 1);
	free(block);
	raise_by(&log->freed.done, 1);
	raise_by(&log->freed.done_bytes, size);
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

static void *work(void *given)
{
	struct log *log = given;
	unsigned state = 17 + 4711 * (unsigned)(log - logs);
	struct slot *slots = mmap(NULL, SLOTS * sizeof *slots, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (;;) {
		struct slot *slot = &slots[next_random(&state) % SLOTS];
		unsigned draw = next_random(&state);

		if (slot->block)
			chronicle_free(log, slot->block, slot->size);
		slot->size = 1 + (draw % 200 ? draw / 200 % 3000 : 150000 + draw / 200 % 100000);
		slot->block = chronicle_make(log, slot->size);
	}
	return NULL;
}

#define KEPT 64
static void *kept[KEPT];

static void fork_one(int number, bool raw)
{
	struct log scratch = {{0}, {0}};
	pid_t pid = raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();

	if (pid == 0) {
		for (int i = 0; i < KEPT; i++)
			chronicle_free(&scratch, kept[i], 40);
		for (int i = 0; i < 200; i++)
			chronicle_free(
				&scratch, chronicle_make(&scratch, 100 + number), 100 + number);
		for (int i = 0; i < 50; i++)
			chronicle_make(&scratch, 50);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR | O_CREAT, 0600), threads = atoi(argv[2]);
	int forks = argc > 3 ? atoi(argv[3]) : 0;
	pthread_t thread;

	if (fd < 0 || threads < 1 || threads > THREADS_MOST || ftruncate(fd, 4096))
		return 1;
	logs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 1; i < threads; i++)
		pthread_create(&thread, NULL, work, &logs[i]);
	for (int i = 0; i < KEPT && forks; i++)
		kept[i] = chronicle_make(&logs[0], 40);
	for (int i = 0; i < forks; i++)
		fork_one(i, argc > 4 && !strcmp(argv[4], "raw"));
	work(&logs[0]);
}
