// exported.cc - memory of each sort that an export tells apart, under names that formats must
// escape; says "ready" when all is there, and waits.
//
//    exported [FILE [REPEATS]]: FILE is mapped and touched; REPEATS times as many blocks.
//
// Live: per repeat 100 blocks of 100 bytes by odd<int, char>, 10 of 5,000 by operator"" _odd in a
// thread with an odd name; one of 1 MB, half of it touched, three pages of it read-only: so its
// mapping is three. Each 10th page of the blocks is pinned
// by one that stays of ten. 200 KB are mapped by map_it, and touched.
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int repeats = 1;

template <typename First, typename Second> __attribute__((noinline)) void odd(int count)
{
	for (int i = 0; i < count; i++)
		memset(malloc(100), 1, 100);
}

__attribute__((noinline)) char operator"" _odd(unsigned long long size)
{
	char *block = static_cast<char *>(malloc(size));

	memset(block, 1, size);
	return *block;
}

static void *worker(void *)
{
	pthread_setname_np(pthread_self(), "a;b \"c\",\n\xff\\");
	for (int i = 0; i < 10 * repeats; i++)
		5000_odd;
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}

__attribute__((noinline)) static void scatter()
{
	void *block[500];

	for (int i = 0; i < 500; i++)
		block[i] = malloc(1000);
	for (int i = 0; i < 500; i++)
		if (i % 10)
			free(block[i]);
}

__attribute__((noinline)) static void cut()
{
	char *block = static_cast<char *>(malloc(1000000));
	unsigned long page = (reinterpret_cast<unsigned long>(block) + 300000) & ~4095ul;

	memset(block, 1, 500000);
	if (mprotect(reinterpret_cast<void *>(page), 3 * 4096, PROT_READ))
		exit(1);
}

extern "C" __attribute__((noinline)) void map_it()
{
	void *memory = mmap(NULL, 200000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 1, 200000);
}

static void map_file(const char *path)
{
	int file = open(path, O_RDONLY);
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);

	if (file < 0 || memory == MAP_FAILED || !*static_cast<char *>(memory))
		exit(1);
	close(file);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1)
		map_file(argv[1]);
	if (argc > 2)
		repeats = atoi(argv[2]);
	odd<int, char>(100 * repeats);
	cut();
	scatter();
	map_it();
	pthread_create(&thread, NULL, worker, NULL);
	for (;;)
		pause();
}
