/* Changes its address space in every way, also by raw system calls behind the shim's back, and asks
 * for a dump after each step. Before it tells what must be true: all mappings, who asked for the
 * memory at chosen addresses, and where its blocks lie. The case compares step by step.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "truth.h"

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

SITE(site_block, "block", size, (size_t size), malloc(size))
SITE(site_aligned, "block", size, (size_t size), memalign(PAGE, size))

char *map_first(size_t size);
char *map_second(size_t size);
char *map_over(char *where, size_t size);
char *move_to(char *from, size_t old, char *to, size_t size);
char *attach(int id);

__attribute__((noinline)) char *map_first(size_t size)
{
	char *made = mmap(NULL, size, RW, ANON, -1, 0);

	*made = 1;
	return made;
}

__attribute__((noinline)) char *map_second(size_t size)
{
	char *made = mmap(NULL, size, RW, ANON, -1, 0);

	*made = 2;
	return made;
}

__attribute__((noinline)) char *map_over(char *where, size_t size)
{
	char *made = mmap(where, size, RW, ANON | MAP_FIXED, -1, 0);

	*made = 3;
	return made;
}

__attribute__((noinline)) char *move_to(char *from, size_t old, char *to, size_t size)
{
	char *made = mremap(from, old, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	*made = 4;
	return made;
}

__attribute__((noinline)) char *attach(int id)
{
	char *made = shmat(id, NULL, 0);

	*made = 5;
	return made;
}

/* Says who must have asked for an address: a function, "anyone", or "nobody" for a hole. */
static void tell_asker(const char *address, const char *who)
{
	tell("{\"asker\": \"0x%lx\", \"site\": \"%s\"}", (uintptr_t)address, who);
}

static void tell_maps(void)
{
	for (const char *line = maps_read(); *line; line = strchr(line, '\n') + 1) {
		struct span span = line_span(line);

		tell("{\"map\": \"0x%lx-0x%lx\", \"perms\": \"%.4s\"}", span.start, span.end,
			strchr(line, ' ') + 1);
	}
}

static void dump(const char *step)
{
	tell_maps();
	tell("{\"step\": \"%s\"}", step);
	truth_dump();
}

/* Sixteen pages with others of the same caller around them, so that the kernel merges lines. */
static char *fresh(void)
{
	map_second(4 * PAGE);
	char *area = map_first(16 * PAGE);
	map_second(4 * PAGE);
	return area;
}

static void unmap_middle(void)
{
	char *area = fresh();

	munmap(area + 6 * PAGE, 2 * PAGE);
	tell_asker(area, "map_first");
	tell_asker(area + 6 * PAGE, "nobody");
	tell_asker(area + 8 * PAGE, "map_first");
	dump("munmap of the middle");
}

static void unmap_across(void)
{
	char *area = map_first(8 * PAGE);

	map_over(area + 4 * PAGE, 4 * PAGE);
	munmap(area + 2 * PAGE, 4 * PAGE);
	tell_asker(area, "map_first");
	tell_asker(area + 3 * PAGE, "nobody");
	tell_asker(area + 5 * PAGE, "nobody");
	tell_asker(area + 6 * PAGE, "map_over");
	dump("munmap across two regions");
}

static void replace_middle(void)
{
	char *area = fresh();

	map_over(area + 4 * PAGE, 2 * PAGE);
	tell_asker(area + 3 * PAGE, "map_first");
	tell_asker(area + 4 * PAGE, "map_over");
	tell_asker(area + 5 * PAGE, "map_over");
	tell_asker(area + 6 * PAGE, "map_first");
	dump("MAP_FIXED over the middle");
}

static void protect_stripes(void)
{
	char *area = fresh();

	for (int i = 0; i < 16; i += 2)
		mprotect(area + i * PAGE, PAGE, PROT_READ);
	for (int i = 0; i < 16; i++)
		tell_asker(area + i * PAGE, "map_first");
	dump("mprotect in stripes");
}

static void move_away(void)
{
	char *area = fresh(), *target = map_second(16 * PAGE);

	move_to(area, 16 * PAGE, target, 16 * PAGE);
	tell_asker(area, "nobody");
	tell_asker(target, "map_first or move_to");
	dump("mremap that moves");
	move_to(target + 4 * PAGE, 4 * PAGE, area, 4 * PAGE);
	tell_asker(area, "map_first or move_to");
	tell_asker(target + 3 * PAGE, "map_first or move_to");
	tell_asker(target + 4 * PAGE, "nobody");
	tell_asker(target + 8 * PAGE, "map_first or move_to");
	dump("mremap of a part");
}

void grow_and_shrink(void);

__attribute__((noinline)) void grow_and_shrink(void)
{
	char *area = map_first(4 * PAGE);

	area = mremap(area, 4 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
	tell_asker(area + 399 * PAGE, "map_first or grow_and_shrink");
	dump("mremap that grows");
	area = mremap(area, 400 * PAGE, 2 * PAGE, 0);
	tell_asker(area + PAGE, "map_first or grow_and_shrink");
	tell_asker(area + 300 * PAGE, "nobody");
	dump("mremap that shrinks");
}

static void move_break(void)
{
	char *start = sbrk(0);

	site_block(3000);
	sbrk(50 * PAGE);
	site_block(100000);
	dump("brk up");
	if (sbrk(0) == start + 50 * PAGE)
		sbrk(-40 * (long)PAGE);
	site_block(2000);
	dump("brk down");
}

static void split_block(void)
{
	char *block = site_aligned(64 * PAGE), *big = site_aligned(600 * PAGE);

	mprotect(block + 8 * PAGE, 8 * PAGE, PROT_READ);
	mprotect(big, 8 * PAGE, PROT_READ);
	dump("mprotect inside blocks");
	mprotect(block + 8 * PAGE, 8 * PAGE, RW);
	mprotect(big, 8 * PAGE, RW);
	site_block(5000);
	dump("mprotect back");
}

static void *map_raw(void *where, size_t size, int flags)
{
	return (void *)syscall(SYS_mmap, where, size, RW, ANON | flags, -1, 0);
}

static void map_behind(void)
{
	char *area = map_raw(NULL, 16 * PAGE, 0), *mine = map_first(16 * PAGE);

	tell_asker(area, "anyone");
	tell_asker(mine, "map_first");
	map_raw(mine + 4 * PAGE, 4 * PAGE, MAP_FIXED);
	tell_asker(mine, "map_first");
	dump("raw mmap");
}

static void unmap_behind(void)
{
	char *area = fresh();

	syscall(SYS_munmap, area + 4 * PAGE, 4 * PAGE);
	tell_asker(area, "map_first");
	tell_asker(area + 4 * PAGE, "nobody");
	tell_asker(area + 8 * PAGE, "map_first");
	site_block(400000);
	dump("raw munmap");
}

static void protect_behind(void)
{
	char *block = site_aligned(200 * PAGE);

	syscall(SYS_mprotect, block + 10 * PAGE, 10 * PAGE, PROT_READ);
	site_block(150000);
	dump("raw mprotect");
}

/* Another mapping comes to lie where a block's was, and a block where that was. */
static void reuse_addresses(void)
{
	for (int i = 0; i < 20; i++) {
		truth_lock();
		char *block = malloc((size_t)(200 + i) * PAGE);
		free(block);
		truth_unlock();
		munmap(map_first((size_t)(200 + i) * PAGE), (size_t)(200 + i) * PAGE);
	}
	site_block(210 * PAGE);
	tell_asker(map_second(205 * PAGE), "map_second");
	dump("addresses used again");
}

static void attach_and_detach(void)
{
	int id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600);
	char *one = attach(id), *two = attach(id);

	shmctl(id, IPC_RMID, NULL);
	shmdt(one);
	tell_asker(one, "nobody");
	tell_asker(two, "attach");
	dump("shmat and shmdt");
}

int main(void)
{
	unmap_middle();
	unmap_across();
	replace_middle();
	protect_stripes();
	move_away();
	grow_and_shrink();
	move_break();
	split_block();
	map_behind();
	unmap_behind();
	protect_behind();
	reuse_addresses();
	attach_and_detach();
	_exit(0);
}
