/* at_limit.c - a program that can map no more, and is asked for two reports then.
 *
 *    at_limit data|space|mappings|locked|locked_unseen
 *
 * Takes blocks, lowers RLIMIT_DATA or RLIMIT_AS below what it has (with all of it locked, where
 * that may be), or makes mappings until there are vm.max_map_count of them; makes sure that one
 * more is refused, asks, and prints how many blocks still have their contents, and whether one more
 * is still refused. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCKS = 500, SIZE = 100000, PAGE = 4096, TRIES = 70000 };

static char *block[BLOCKS];

static int refused(void)
{
	void *memory =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		munmap(memory, 1 << 20);
	return memory == MAP_FAILED;
}

static void limit(int resource)
{
	struct rlimit low = {1 << 20, 1 << 20};

	setrlimit(resource, &low);
}

/* No two neighbours alike, so that none become one. */
static void use_up_mappings(void)
{
	char *start = mmap(NULL, 2l * TRIES * PAGE, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (int i = 0; i < TRIES && mprotect(start + 2l * i * PAGE, PAGE, PROT_READ) == 0; i++)
		;
	for (int i = 0; i < 10; i++)
		mmap(NULL, PAGE, i % 2 ? PROT_READ : PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
	int well = 0;

	(void)argc;
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = malloc(SIZE);
		memset(block[i], i, SIZE);
	}
	if (!strcmp(argv[1], "mappings"))
		use_up_mappings();
	else if (!strcmp(argv[1], "locked"))
		mlockall(MCL_CURRENT | MCL_FUTURE);
	else if (!strcmp(argv[1], "locked_unseen"))
		syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE);
	if (strcmp(argv[1], "mappings") != 0)
		limit(!strcmp(argv[1], "data") ? RLIMIT_DATA : RLIMIT_AS);
	printf("refused: %d\n", refused());
	fflush(stdout);
	raise(SIGUSR2);
	raise(SIGUSR2);
	for (int i = 0; i < BLOCKS; i++)
		well += block[i][0] == (char)i && !memcmp(block[i], block[i] + 1, SIZE - 1);
	printf("refused: %d, well: %d\n", refused(), well);
	fflush(stdout);
	_exit(0);
}
