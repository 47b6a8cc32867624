#include "scratch.h"
#include "procfile.h"
#include "sys.h"

#include <sys/resource.h>

enum {
	PAGE = 4096,
	ASIDE = 32 << 20,  /* for 65,000 mappings and the names of their functions */
	LIMIT_SHARE = 128, /* at most one part in so many of a limit is set aside, */
	LATER_SHARE = 8, /* and stays so where the program, which has what it began with, sets it */
};

/* Since Linux 5.18. */
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static struct {
	char *aside;
	size_t size, used; /* bytes; the first `used` of them are a dump's, and can be touched */
} self;

static size_t page_up(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static size_t least(size_t size, int resource)
{
	struct rlimit limit;

	if (sys_call(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0))
		return 0;
	return limit.rlim_cur / LIMIT_SHARE < size ? limit.rlim_cur / LIMIT_SHARE : size;
}

/* Nothing that may be touched: so it is no data, and nobody promises memory for it. Marked as read
 * in order, so that it never becomes one mapping with the store, or with one of the program's. And
 * in no core: gdb writes zeros where nothing may be read. */
void scratch_boot(void)
{
	size_t size = least(ASIDE, RLIMIT_AS) & ~(size_t)(PAGE - 1);

	if (size == 0)
		return;
	self.aside = sys_mmap_anonymous(size, PROT_NONE, MAP_NORESERVE);
	if (!self.aside)
		return;
	sys_madvise(self.aside, size, MADV_SEQUENTIAL);
	sys_madvise(self.aside, size, MADV_DONTDUMP);
	self.size = size;
}

/* By the first figure of statm: proc_pid_statm(5). 0 where it cannot be read. */
static uint64_t address_space(void)
{
	char text[128];
	uint64_t pages = 0;

	if (!procfile_read("/proc/thread-self/statm", text, sizeof text))
		return 0;
	for (const char *at = text; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * PAGE;
}

/* Where the limit is so low that nothing can be mapped in any case, all stays for a report. */
void scratch_shrink(uint64_t limit)
{
	size_t size = limit / LATER_SHARE & ~(size_t)(PAGE - 1);

	if (size >= self.size || (limit && address_space() > limit + self.size) ||
		sys_munmap(self.aside + size, self.size - size))
		return;
	self.size = size;
	if (size == 0)
		self.aside = NULL;
}

void scratch_unlock(void)
{
	sys_call(SYS_munlock, (long)self.aside, (long)self.size, 0, 0, 0, 0);
}

/* So that it is zeros again, also where it is locked. */
static void forget(void *memory, size_t size)
{
	if (sys_madvise(memory, size, MADV_DONTNEED))
		sys_madvise(memory, size, MADV_DONTNEED_LOCKED);
}

static void give_back(void)
{
	forget(self.aside, self.size);
	sys_mprotect(self.aside, self.size, PROT_NONE);
	self.used = 0;
}

void scratch_begin(void)
{
	if (self.used)
		give_back();
}

/* The whole at once: to change a part of a mapping makes two of it. */
static void *take_aside(size_t size)
{
	void *memory = self.aside + self.used;

	if (size > self.size - self.used)
		return NULL;
	if (self.used == 0 && sys_mprotect(self.aside, self.size, PROT_READ | PROT_WRITE))
		return NULL;
	self.used += size;
	return memory;
}

void *scratch_map(size_t size)
{
	int protection = PROT_READ | PROT_WRITE;
	void *memory;

	size = page_up(size);
	memory = sys_mmap_anonymous(size, protection, MAP_NORESERVE);
	if (!memory)
		memory = sys_mmap_shared(size, protection, MAP_NORESERVE);
	if (memory)
		sys_madvise(memory, size, MADV_RANDOM);
	return memory;
}

void *scratch_take(size_t size)
{
	void *memory = self.used ? NULL : scratch_map(size);

	return memory ? memory : take_aside(page_up(size));
}

static bool is_aside(const void *memory)
{
	return (uintptr_t)memory - (uintptr_t)self.aside < self.size;
}

void scratch_return(void *memory, size_t size)
{
	size = page_up(size);
	if (!is_aside(memory)) {
		sys_munmap(memory, size);
		return;
	}
	self.used = (size_t)((char *)memory - self.aside);
	if (self.used == 0)
		give_back();
	else /* the next to have it wants zeros */
		forget(memory, size);
}

struct view_range scratch_aside(void)
{
	return (struct view_range){(uintptr_t)self.aside, (uintptr_t)self.aside + self.size};
}
