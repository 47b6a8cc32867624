/* kinds.c - maps one of everything, tells for each what `vmatlas maps` must say of it, and waits.
 *
 * A line is "KIND 0xADDRESS SIZE": the mapping that holds the address has this kind, and at least
 * so many bytes from there on. Each of its two threads says "thread TID NAME" and "ready". */
#include "tell.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

enum { SIZE = 12 << 12, BSS = 3 << 20, RESERVED = 1 << 30 };

/* Names that must not reach a terminal as they are: an escape sequence, a newline, blanks. */
static const char nasty[] = "a \033[31mred\n name";
static char zeros[BSS];
static int with_value = 42;
static const int constant = 43;

static void say(const char *kind, const void *address, size_t size)
{
	tell("%s 0x%lx %zu", kind, (unsigned long)address, size);
}

static void *map(int protection, int flags, int file, size_t size)
{
	void *memory = mmap(NULL, size, protection, flags, file, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	if (protection & PROT_WRITE)
		memset(memory, 1, 1);
	return memory;
}

static void map_anonymous(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;

	say("shmem", map(both, MAP_SHARED | MAP_ANONYMOUS, -1, SIZE), SIZE);
	say("anon", map(both, private, -1, SIZE), SIZE);
	say("jit", map(both | PROT_EXEC, private, -1, SIZE), SIZE);
	say("reserve", map(PROT_NONE, private | MAP_NORESERVE, -1, RESERVED), RESERVED);
}

static void map_memfd(void)
{
	int file = memfd_create("kinds", 0);

	if (file < 0 || ftruncate(file, SIZE))
		exit(1);
	say("memfd", map(PROT_READ | PROT_WRITE, MAP_SHARED, file, SIZE), SIZE);
}

static void map_sysv(void)
{
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	void *memory = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	if (memory != (void *)-1)
		say("sysv", memory, SIZE);
}

static void map_file(const char *kind, const char *path, int flags, int removed)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || ftruncate(file, SIZE)) {
		perror(path);
		exit(1);
	}
	say(kind, map(PROT_READ | PROT_WRITE, flags, file, SIZE), SIZE);
	if (removed)
		unlink(path);
}

static void map_files(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/kinds.%d", (int)getpid());
	map_file("shmem", path, MAP_SHARED, 1);
	map_file("file", "deleted", MAP_PRIVATE, 1);
	map_file("file", nasty, MAP_PRIVATE, 0);
}

static void *wait_in_thread(void *name)
{
	char here[1 << 14];

	memset(here, 1, sizeof(here));
	prctl(PR_SET_NAME, name);
	say("thread-stack", here, 1);
	tell("thread %d %s", gettid(), (const char *)name);
	tell("ready");
	pause();
	return here[0] ? NULL : name;
}

static void start_thread(char *name)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 1 << 20);
	pthread_create(&thread, &attributes, wait_in_thread, name);
}

int main(void)
{
	static char first[] = "first", second[] = "second";
	char *block = malloc(5000);

	say("heap", block, 5000);
	say("bss", zeros + BSS / 2, BSS / 2);
	say("data", &with_value, sizeof(with_value));
	say("rodata", &constant, sizeof(constant));
	say("text", (const void *)main, 1);
	say("main-stack", &block, sizeof(block));
	map_anonymous();
	map_memfd();
	map_sysv();
	map_files();
	start_thread(first);
	start_thread(second);
	pause();
	return 0;
}
