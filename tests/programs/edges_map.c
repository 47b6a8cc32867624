/* Every function that changes the address space at its edges: mmap, mmap64, munmap, mremap,
 * mprotect, pkey_mprotect, madvise, brk, sbrk, shmat, shmdt. Tells facts that do not vary, so that
 * a plain run and one under the shim must print the same.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "maps_now.h"
#include "tell.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Descriptors that the tables name by number: none, a file for both, for reading, a directory. */
enum { NONE, BOTH, READER, WRITER, FOLDER, CLOSED, KINDS_OF_FD };
static int descriptors[KINDS_OF_FD];

static void open_descriptors(void)
{
	char name[] = "/tmp/edges.XXXXXX", page[3 * PAGE];

	memset(page, 'f', sizeof(page));
	descriptors[NONE] = -1;
	descriptors[BOTH] = mkstemp(name);
	(void)!write(descriptors[BOTH], page, sizeof(page));
	descriptors[READER] = open(name, O_RDONLY);
	descriptors[WRITER] = open(name, O_WRONLY);
	descriptors[FOLDER] = open("/", O_RDONLY | O_DIRECTORY);
	descriptors[CLOSED] = 999;
	unlink(name);
}

/* Tells which of some pages are mapped, and how: "rw-p rw-p ---- r--p". */
static void tell_pages(const char *what, const char *start, size_t pages)
{
	char perms[400];
	size_t used = 0;

	for (size_t i = 0; i < pages && used < sizeof(perms) - 6; i++) {
		const char *line = maps_line((uintptr_t)start + i * PAGE);
		const char *space = line ? strchr(line, ' ') + 1 : "----";

		used += (size_t)snprintf(perms + used, sizeof(perms) - used, " %.4s", space);
	}
	perms[used] = 0;
	tell("%s: pages%s", what, perms);
}

static void tell_result(const char *what, long result)
{
	tell("%s: %ld, errno %s", what, result, errno_name(errno));
}

static void tell_pointer(const char *what, const void *made, const void *want)
{
	bool failed = made == MAP_FAILED;

	tell("%s: %s%s, errno %s", what, failed ? "MAP_FAILED" : "mapped",
		failed || !want ? ""
		: made == want  ? " there"
				: " elsewhere",
		errno_name(errno));
}

struct mapping_case {
	const char *name;
	size_t size;
	int prot, flags, fd;
	off_t offset;
};

static const struct mapping_case mapping_cases[] = {
	{"anonymous", PAGE, RW, ANON, NONE, 0},
	{"odd size", 5000, RW, ANON, NONE, 0},
	{"one byte", 1, RW, ANON, NONE, 0},
	{"no size", 0, RW, ANON, NONE, 0},
	{"64 MiB", 64 << 20, RW, ANON, NONE, 0},
	{"anonymous shared", 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, NONE, 0},
	{"no permissions", 8 * PAGE, PROT_NONE, ANON | MAP_NORESERVE, NONE, 0},
	{"read only", PAGE, PROT_READ, ANON, NONE, 0},
	{"executable", PAGE, RW | PROT_EXEC, ANON, NONE, 0},
	{"populated", 4 * PAGE, RW, ANON | MAP_POPULATE, NONE, 0},
	{"stack", 4 * PAGE, RW, ANON | MAP_STACK | MAP_NORESERVE, NONE, 0},
	{"grows down", 4 * PAGE, RW, ANON | MAP_GROWSDOWN, NONE, 0},
	{"locked", PAGE, RW, ANON | MAP_LOCKED, NONE, 0},
	{"low 32 bits", PAGE, RW, ANON | MAP_32BIT, NONE, 0},
	{"neither private nor shared", PAGE, RW, MAP_ANONYMOUS, NONE, 0},
	{"no flags", PAGE, RW, 0, NONE, 0},
	{"unknown protection bits", PAGE, 0x40000000, ANON, NONE, 0},
	{"anonymous with a descriptor", PAGE, RW, ANON, BOTH, 0},
	{"anonymous with an offset", PAGE, RW, ANON, NONE, PAGE},
	{"anonymous with an odd offset", PAGE, RW, ANON, NONE, 5},
	{"2^46", 1ul << 46, RW, ANON, NONE, 0},
	{"2^47", 1ul << 47, PROT_NONE, ANON | MAP_NORESERVE, NONE, 0},
	{"PTRDIFF_MAX", PTRDIFF_MAX, RW, ANON, NONE, 0},
	{"SIZE_MAX", SIZE_MAX, RW, ANON, NONE, 0},
	{"SIZE_MAX - 4095", SIZE_MAX - PAGE + 1, RW, ANON, NONE, 0},
	{"file private", 3 * PAGE, RW, MAP_PRIVATE, BOTH, 0},
	{"file shared", 3 * PAGE, RW, MAP_SHARED, BOTH, 0},
	{"file validated", 3 * PAGE, RW, MAP_SHARED_VALIDATE, BOTH, 0},
	{"file validated, unknown flag", PAGE, RW, MAP_SHARED_VALIDATE | (1 << 30), BOTH, 0},
	{"file at an offset", PAGE, PROT_READ, MAP_PRIVATE, BOTH, PAGE},
	{"file at an odd offset", PAGE, PROT_READ, MAP_PRIVATE, BOTH, 100},
	{"file behind its end", PAGE, PROT_READ, MAP_PRIVATE, BOTH, 100 * PAGE},
	{"file at a negative offset", PAGE, PROT_READ, MAP_PRIVATE, BOTH, -(off_t)PAGE},
	{"file at the last page of all", 2 * PAGE, PROT_READ, MAP_PRIVATE, BOTH, INT64_MAX - 4095},
	{"read-only file, private, writable", PAGE, RW, MAP_PRIVATE, READER, 0},
	{"read-only file, shared, writable", PAGE, RW, MAP_SHARED, READER, 0},
	{"read-only file, shared", PAGE, PROT_READ, MAP_SHARED, READER, 0},
	{"write-only file", PAGE, PROT_READ, MAP_PRIVATE, WRITER, 0},
	{"directory", PAGE, PROT_READ, MAP_PRIVATE, FOLDER, 0},
	{"closed descriptor", PAGE, PROT_READ, MAP_PRIVATE, CLOSED, 0},
	{"descriptor -1", PAGE, PROT_READ, MAP_PRIVATE, NONE, 0},
	{"huge pages of no such size", PAGE, RW, ANON | MAP_HUGETLB | (5 << 26), NONE, 0},
	{"fixed at 0", PAGE, RW, ANON | MAP_FIXED, NONE, 0},
};

static void try_mapping(const struct mapping_case *row, const char *function,
	void *(*map)(void *, size_t, int, int, int, off_t))
{
	char what[100];

	snprintf(what, sizeof(what), "%s, %s", function, row->name);
	errno = ERRNO_SENTINEL;
	char *made = map(NULL, row->size, row->prot, row->flags, descriptors[row->fd], row->offset);
	tell_pointer(what, made, NULL);
	if (made == MAP_FAILED)
		return;
	tell_pages(what, made, row->size < 8 * PAGE ? (row->size + PAGE - 1) / PAGE : 8);
	errno = ERRNO_SENTINEL;
	tell_result("munmap", munmap(made, row->size));
}

static void try_mappings(void)
{
	for (size_t i = 0; i < COUNT(mapping_cases); i++) {
		try_mapping(&mapping_cases[i], "mmap", mmap);
		try_mapping(&mapping_cases[i], "mmap64", mmap64);
	}
}

/* Maps 16 pages between inaccessible ones, so that neighbours cannot merge. Never released: a hole
 * that was made in it may by then belong to somebody else. */
static char *fresh(void)
{
	char *area = mmap(NULL, 48 * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	mprotect(area + 16 * PAGE, 16 * PAGE, RW);
	errno = ERRNO_SENTINEL;
	return area + 16 * PAGE;
}

static void try_addresses(void)
{
	char *area = fresh();

	tell_pointer("fixed over a mapping",
		mmap(area + 4 * PAGE, 2 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0),
		area + 4 * PAGE);
	tell_pages("fixed over a mapping", area, 16);
	errno = ERRNO_SENTINEL;
	tell_pointer(
		"fixed and misaligned", mmap(area + 100, PAGE, RW, ANON | MAP_FIXED, -1, 0), area);
	errno = ERRNO_SENTINEL;
	tell_pointer(
		"no replace, taken", mmap(area, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), area);
	munmap(area, PAGE);
	errno = ERRNO_SENTINEL;
	tell_pointer(
		"no replace, free", mmap(area, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), area);
	munmap(area + PAGE, PAGE);
	errno = ERRNO_SENTINEL;
	tell_pointer("hint at a free page", mmap(area + PAGE, PAGE, RW, ANON, -1, 0), area + PAGE);
	errno = ERRNO_SENTINEL;
	tell_pointer("hint at a taken page", mmap(area, PAGE, RW, ANON, -1, 0), NULL);
	errno = ERRNO_SENTINEL;
	tell_pointer("hint that is misaligned", mmap(area + 33, PAGE, RW, ANON, -1, 0), NULL);
	errno = ERRNO_SENTINEL;
	tell_pointer("fixed in the kernel",
		mmap((void *)0xffff800000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), NULL);
}

struct unmap_case {
	const char *name;
	size_t offset, size;
};

static void try_unmaps(void)
{
	static const struct unmap_case rows[] = {{"all", 0, 16 * PAGE}, {"head", 0, 4 * PAGE},
		{"tail", 12 * PAGE, 4 * PAGE}, {"middle", 6 * PAGE, 2 * PAGE},
		{"one byte", PAGE, 1}, {"odd size", 0, 5000}, {"no size", 0, 0},
		{"misaligned", 10, PAGE}, {"beyond its end", 14 * PAGE, 8 * PAGE},
		{"SIZE_MAX", 0, SIZE_MAX}, {"PTRDIFF_MAX", 0, PTRDIFF_MAX}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *area = fresh(), what[100];

		snprintf(what, sizeof(what), "munmap, %s", rows[i].name);
		tell_result(what, munmap(area + rows[i].offset, rows[i].size));
		tell_pages(what, area, 16);
		errno = ERRNO_SENTINEL;
		tell_result("again", munmap(area + rows[i].offset, rows[i].size));
	}
}

struct remap_case {
	const char *name;
	size_t offset, old, size;
	int flags;
	bool target; /* a fifth argument: pages of our own elsewhere */
};

static const struct remap_case remap_cases[] = {
	{"same size", 0, 16 * PAGE, 16 * PAGE, 0, false},
	{"shrink", 0, 16 * PAGE, 4 * PAGE, 0, false},
	{"shrink by bytes", 0, 16 * PAGE, 15 * PAGE + 1, 0, false},
	{"grow, no room", 0, 16 * PAGE, 40 * PAGE, 0, false},
	{"grow, may move", 0, 16 * PAGE, 40 * PAGE, MREMAP_MAYMOVE, false},
	{"part grows, may move", 4 * PAGE, 4 * PAGE, 20 * PAGE, MREMAP_MAYMOVE, false},
	{"to nothing", 0, 16 * PAGE, 0, MREMAP_MAYMOVE, false},
	{"from nothing, private", 0, 0, 4 * PAGE, MREMAP_MAYMOVE, false},
	{"more than there is", 8 * PAGE, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE, false},
	{"misaligned", 7, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, false},
	{"unknown flag", 0, 16 * PAGE, 16 * PAGE, 64, false},
	{"huge", 0, 16 * PAGE, 1ul << 44, MREMAP_MAYMOVE, false},
	{"SIZE_MAX", 0, 16 * PAGE, SIZE_MAX, MREMAP_MAYMOVE, false},
	{"fixed", 0, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, true},
	{"fixed, part", 2 * PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, true},
	{"fixed, grows", 0, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, true},
	{"fixed, shrinks", 0, 8 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, true},
	{"fixed without may move", 0, 16 * PAGE, 16 * PAGE, MREMAP_FIXED, true},
	{"keeps the old", 0, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, false},
	{"keeps the old, fixed", 0, 4 * PAGE, 4 * PAGE,
		MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, true},
	{"keeps the old, grows", 0, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, false},
};

static void try_remap(const struct remap_case *row)
{
	char *area = fresh(), *target = fresh(), what[100];

	snprintf(what, sizeof(what), "mremap, %s", row->name);
	memset(area, 'm', 16 * PAGE);
	errno = ERRNO_SENTINEL;
	char *made = row->target
			     ? mremap(area + row->offset, row->old, row->size, row->flags, target)
			     : mremap(area + row->offset, row->old, row->size, row->flags);
	tell_pointer(what, made, row->target ? target : NULL);
	tell_pages(what, area, 16);
	if (row->target)
		tell_pages("target", target, 16);
	if (made != MAP_FAILED && row->size && row->old)
		tell("%s: content %s", what, *made == 'm' ? "kept" : "lost");
	if (made != MAP_FAILED && (made < area || made >= area + 16 * PAGE))
		munmap(made, row->size);
}

static void try_remaps(void)
{
	for (size_t i = 0; i < COUNT(remap_cases); i++)
		try_remap(&remap_cases[i]);
	char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*shared = 's';
	errno = ERRNO_SENTINEL;
	char *twin = mremap(shared, 0, 4 * PAGE, MREMAP_MAYMOVE);
	tell_pointer("mremap, a second view of shared pages", twin, NULL);
	tell("twin: %c", *twin);
	errno = ERRNO_SENTINEL;
	tell_pointer(
		"mremap of nothing", mremap((void *)PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), NULL);
}

struct protect_case {
	const char *name;
	size_t offset, size;
	int prot;
};

static void try_protects(void)
{
	static const struct protect_case rows[] = {{"all read-only", 0, 16 * PAGE, PROT_READ},
		{"middle", 4 * PAGE, 4 * PAGE, PROT_READ}, {"head", 0, PAGE, PROT_NONE},
		{"tail", 15 * PAGE, PAGE, RW | PROT_EXEC}, {"one byte", PAGE, 1, PROT_READ},
		{"no size", 0, 0, PROT_READ}, {"misaligned", 9, PAGE, PROT_READ},
		{"beyond its end", 15 * PAGE, 10 * PAGE, PROT_READ},
		{"unknown bits", 0, PAGE, 0x800}, {"same as before", 0, 16 * PAGE, RW},
		{"grows up and down", 0, PAGE, PROT_GROWSDOWN | PROT_GROWSUP},
		{"SIZE_MAX", 0, SIZE_MAX, RW}};
	static const int keys[] = {-1, 0, 15, 16, 1000};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t k = 0; k < COUNT(keys); k++) {
			char *area = fresh(), what[100];

			snprintf(what, sizeof(what), "pkey_mprotect, %s, key %d", rows[i].name,
				keys[k]);
			tell_result(what, pkey_mprotect(area + rows[i].offset, rows[i].size,
						  rows[i].prot, keys[k]));
		}
		char *area = fresh();

		tell_result(
			rows[i].name, mprotect(area + rows[i].offset, rows[i].size, rows[i].prot));
		tell_pages("mprotect", area, 16);
	}
	errno = ERRNO_SENTINEL;
	char *torn = fresh();
	munmap(torn + 8 * PAGE, PAGE);
	tell_result("mprotect over a hole", mprotect(torn, 16 * PAGE, PROT_READ));
	tell_pages("mprotect over a hole", torn, 16);
	errno = ERRNO_SENTINEL;
	tell_result("mprotect of nothing", mprotect((void *)PAGE, PAGE, RW));
}

static void try_advice(void)
{
	static const int advice[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
		99, 777, -1};
	static const struct unmap_case rows[] = {{"all", 0, 16 * PAGE}, {"middle", 4 * PAGE, PAGE},
		{"no size", 0, 0}, {"misaligned", 3, PAGE}, {"beyond", 12 * PAGE, 12 * PAGE},
		{"SIZE_MAX", 0, SIZE_MAX}};

	for (size_t a = 0; a < COUNT(advice); a++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			char *area = fresh(), what[100];

			memset(area, 'a', 16 * PAGE);
			snprintf(what, sizeof(what), "madvise %d, %s", advice[a], rows[i].name);
			errno = ERRNO_SENTINEL;
			tell_result(what, madvise(area + rows[i].offset, rows[i].size, advice[a]));
		}
	}
}

/* Under the program's own hand the break moves exactly as asked; nothing else may use it between.
 */
static void try_break(void)
{
	static const intptr_t steps[] = {
		0, 1, 15, PAGE, 100000, -50000, -1, 1 << 20, -(1 << 20), 7};
	char *start = sbrk(0), *at = start;

	for (size_t i = 0; i < COUNT(steps); i++) {
		errno = ERRNO_SENTINEL;
		char *was = sbrk(steps[i]);
		tell("sbrk(%ld): %s, errno %s", steps[i], was == at ? "as before" : "wrong",
			errno_name(errno));
		at += steps[i];
		tell("now %s", sbrk(0) == at ? "right" : "wrong");
	}
	static const intptr_t wild[] = {1l << 46, INTPTR_MAX, INTPTR_MIN, -(1l << 46)};
	for (size_t i = 0; i < COUNT(wild); i++) {
		errno = ERRNO_SENTINEL;
		void *was = sbrk(wild[i]);
		tell("sbrk(%ld): %s, errno %s", wild[i], was == (void *)-1 ? "refused" : "done",
			errno_name(errno));
	}
	errno = ERRNO_SENTINEL;
	tell_result("brk up", brk(start + 300000));
	tell("now %s", sbrk(0) == start + 300000 ? "right" : "wrong");
	errno = ERRNO_SENTINEL;
	tell_result("brk back", brk(start));
	tell("now %s", sbrk(0) == start ? "right" : "wrong");
	errno = ERRNO_SENTINEL;
	tell_result("brk far", brk(start + (1l << 46)));
	errno = ERRNO_SENTINEL;
	tell_result("brk below the program", brk((void *)PAGE));
	tell("now %s", sbrk(0) == start ? "right" : "wrong");
}

static void try_shared(void)
{
	int id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	char *area = fresh();

	errno = ERRNO_SENTINEL;
	char *one = shmat(id, NULL, 0);
	tell_pointer("shmat", one, NULL);
	char *two = shmat(id, NULL, SHM_RDONLY);
	tell_pointer("shmat, read-only", two, NULL);
	*one = 'S';
	tell("two views: %c", *two);
	tell_pages("shmat", one, 4);
	tell_pages("shmat, read-only", two, 4);
	tell_pointer("shmat over a mapping", shmat(id, area, 0), area);
	errno = ERRNO_SENTINEL;
	tell_pointer("shmat and remap", shmat(id, area, SHM_REMAP), area);
	tell_pages("shmat and remap", area, 16);
	errno = ERRNO_SENTINEL;
	tell_pointer("shmat, misaligned", shmat(id, area + 5, 0), area);
	errno = ERRNO_SENTINEL;
	tell_pointer("shmat, rounded", shmat(id, area + 5, SHM_RND | SHM_REMAP), area);
	errno = ERRNO_SENTINEL;
	tell_pointer("shmat of no such id", shmat(-1, NULL, 0), NULL);
	errno = ERRNO_SENTINEL;
	tell_result("shmdt", shmdt(one));
	errno = ERRNO_SENTINEL;
	tell_result("shmdt again", shmdt(one));
	errno = ERRNO_SENTINEL;
	tell_result("shmdt, misaligned", shmdt(two + 1));
	errno = ERRNO_SENTINEL;
	tell_result("shmdt, read-only", shmdt(two));
	errno = ERRNO_SENTINEL;
	tell_result("shmdt of a plain mapping", shmdt(area + 8 * PAGE));
	shmctl(id, IPC_RMID, NULL);
}

static size_t address_space(void)
{
	struct rlimit limit;
	size_t pages = 0;
	char text[100] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	pages = strtoul(text, NULL, 10);
	getrlimit(RLIMIT_AS, &limit);
	return pages * PAGE;
}

static void tell_failed(const char *what, const void *made)
{
	tell("%s: %s, errno %s", what, made ? "block" : "NULL", errno_name(errno));
}

/* 64 MiB are left: what is far above that fails, what is far below works. */
static void try_limit(void)
{
	struct rlimit old, tight;

	getrlimit(RLIMIT_AS, &old);
	tight = old;
	tight.rlim_cur = address_space() + (64 << 20);
	setrlimit(RLIMIT_AS, &tight);
	errno = ERRNO_SENTINEL;
	tell_pointer("mmap over the limit", mmap(NULL, 1ul << 30, RW, ANON, -1, 0), NULL);
	char *block = malloc(1 << 20);
	*block = 'l';
	errno = ERRNO_SENTINEL;
	tell_failed("malloc over the limit", malloc(1ul << 30));
	errno = ERRNO_SENTINEL;
	tell_failed("realloc over the limit", realloc(block, 1ul << 30));
	tell("content %c", *block);
	errno = ERRNO_SENTINEL;
	tell_result("sbrk over the limit", (long)sbrk(1l << 30));
	errno = ERRNO_SENTINEL;
	void *small = malloc(10 << 20);
	tell_failed("malloc below the limit", small);
	setrlimit(RLIMIT_AS, &old);
	free(block);
	free(small);
}

/* Limits that are none, of nobody, and below what is used; the locks of memory with flags that are
 * none. */
static void try_limit_calls(void)
{
	struct rlimit old, more;
	struct rlimit64 old64, more64;

	getrlimit(RLIMIT_AS, &old);
	more = (struct rlimit){old.rlim_cur, old.rlim_cur - 1};
	more64 = (struct rlimit64){1, 0};
	errno = ERRNO_SENTINEL;
	tell_result("setrlimit, soft above hard", setrlimit(RLIMIT_AS, &more));
	tell_result("setrlimit64, soft above hard", setrlimit64(RLIMIT_AS, &more64));
	tell_result("setrlimit of nothing", setrlimit((__rlimit_resource_t)99, &old));
	errno = ERRNO_SENTINEL;
	tell_result("setrlimit, the same", setrlimit(RLIMIT_AS, &old));
	tell_result("prlimit, a look", prlimit(0, RLIMIT_AS, NULL, &more));
	tell("the same: %d", !memcmp(&old, &more, sizeof(old)));
	more64 = (struct rlimit64){1 << 20, RLIM_INFINITY};
	tell_result("prlimit64, less than there is", prlimit64(0, RLIMIT_AS, &more64, &old64));
	tell_pointer("mmap of anything", mmap(NULL, PAGE, RW, ANON, -1, 0), NULL);
	errno = ERRNO_SENTINEL;
	tell_result("prlimit64, back", prlimit64(getpid(), RLIMIT_AS, &old64, NULL));
	tell_result("prlimit of nobody", prlimit(0x7fffffff, RLIMIT_AS, &more, NULL));
	tell_result("mlockall of nothing", mlockall(0));
	tell_result("mlockall of what is none", mlockall(0x100));
	errno = ERRNO_SENTINEL;
	tell_result("mlockall from now on", mlockall(MCL_FUTURE));
	tell_result("munlockall", munlockall());
}

int main(void)
{
	open_descriptors();
	try_mappings();
	try_addresses();
	try_unmaps();
	try_remaps();
	try_protects();
	try_advice();
	try_break();
	try_shared();
	try_limit();
	try_limit_calls();
	tell("end");
	return 0;
}
