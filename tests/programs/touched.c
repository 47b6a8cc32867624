/* Six places allocate, touch known pages and no others, tell how many bytes of their blocks are
 * thus in memory, and the program is dumped: touched [REFUSED], where REFUSED is how many of the
 * ways to learn of pages a filter refuses from the best on: PAGEMAP_SCAN, pagemap, mincore. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "tell.h"

enum { PAGE = 4096 };

/* Bytes of [block, block + size) on the pages of which `touched` says so. */
static size_t resident(const char *block, size_t size, const uint8_t *touched)
{
	uintptr_t first = (uintptr_t)block / PAGE, start, end;
	size_t bytes = 0;

	for (uintptr_t page = first; page * PAGE < (uintptr_t)block + size; page++) {
		if (!touched[page - first])
			continue;
		start = page * PAGE > (uintptr_t)block ? page * PAGE : (uintptr_t)block;
		end = (page + 1) * PAGE;
		if (end > (uintptr_t)block + size)
			end = (uintptr_t)block + size;
		bytes += end - start;
	}
	return bytes;
}

/* Touches every `step`-th page of the block, and the first, which malloc's header has touched. */
static void touch(const char *site, char *block, size_t size, size_t step)
{
	static uint8_t touched[1 << 16];
	uintptr_t first = (uintptr_t)block / PAGE;

	memset(touched, 0, sizeof(touched));
	madvise((char *)(first * PAGE), size + PAGE, MADV_NOHUGEPAGE);
	touched[0] = 1;
	for (uintptr_t page = first + 1; page * PAGE < (uintptr_t)block + size; page++) {
		if ((page - first) % step)
			continue;
		*(volatile char *)(page * PAGE) = 1;
		touched[page - first] = 1;
	}
	tell("{\"site\": \"%s\", \"resident\": %zu}", site, resident(block, size, touched));
}

#define SITE(name, size, step)                           \
	__attribute__((noinline)) static void name(void) \
	{                                                \
		char *block = malloc(size);              \
		touch(#name, block, size, step);         \
	}

SITE(site_all, 1000000, 1)
SITE(site_half, 1000000, 2)
SITE(site_seventh, 3000000, 7)
SITE(site_hundredth, 20000000, 100)
SITE(site_none, 50000000, 1000000)
SITE(site_large, 200000000, 3333)

#define REFUSE(number)                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)

static void refuse(int ways)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		REFUSE(SYS_ioctl),
		REFUSE(SYS_pread64),
		REFUSE(SYS_mincore),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {(unsigned short)(2 + 2 * ways), filter};

	filter[1 + 2 * ways] = filter[7];
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(1);
}

int main(int count, char **argument)
{
	if (count > 1)
		refuse(atoi(argument[1]));
	mallopt(M_MMAP_THRESHOLD, 1 << 17);
	site_all();
	site_half();
	site_seventh();
	site_hundredth();
	site_none();
	site_large();
	raise(SIGUSR2);
	return 0;
}
