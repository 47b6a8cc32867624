/* Forks with blocks, from main and from a thread; each process then makes and releases some, tells
 * what lives in it, and asks for one dump of itself.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "truth.h"

SITE(site_parent, "block", size, (size_t size), malloc(size))
SITE(site_child, "block", size, (size_t size), malloc(size))
SITE(site_mmap, "region", size, (size_t size),
	mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))

static void *blocks[64];

static void release(void *block)
{
	truth_lock();
	truth_forget(block);
	free(block);
	truth_unlock();
}

static void be_child(void)
{
	for (size_t i = 0; i < 64; i += 3)
		release(blocks[i]);
	for (size_t i = 1; i < 200000; i = i * 3 + 1)
		site_child(i);
	site_mmap(12288);
	truth_dump();
	_exit(5);
}

static void fork_child(void)
{
	pid_t child = fork();
	int status;

	if (!child)
		be_child();
	waitpid(child, &status, 0);
}

static void *fork_in_thread(void *unused)
{
	site_parent(777);
	fork_child();
	return unused;
}

int main(void)
{
	pthread_t thread;

	for (size_t i = 0; i < 64; i++)
		blocks[i] = site_parent(1 + i * i * 100);
	site_mmap(8192);
	fork_child();
	pthread_create(&thread, NULL, fork_in_thread, NULL);
	pthread_join(thread, NULL);
	site_parent(4000);
	truth_dump();
	_exit(0);
}
