/* The address space changed in every way that a program can, with reports in between. */
#include "hostile.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define PAGE ((size_t)4096)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t pages)
{
	char *start = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);

	must(start != MAP_FAILED);
	return start;
}

static void *raw_map(void *at, size_t length, int protection, int flags)
{
	return (void *)syscall(SYS_mmap, at, length, protection, flags, -1, 0);
}

/* Allocates, fills, checks and frees blocks of many sizes; reports in the midst. */
static void churn(void)
{
	enum { BLOCKS = 300 };
	char *block[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t size = (i * i * 7) % 300000 + 1;

		block[i] = malloc(size);
		must(block[i] != NULL);
		block[i][0] = block[i][size - 1] = (char)i;
		if (i == BLOCKS / 2)
			ask();
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		must(block[i][0] == (char)i);
		free(block[i]);
	}
}

/* -- As many mappings as the kernel allows -------------------------------------------------- */

static size_t count_mappings(void)
{
	char buffer[65536];
	size_t lines = 0;
	ssize_t got;
	int fd = open("/proc/self/maps", O_RDONLY);

	while ((got = read(fd, buffer, sizeof buffer)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			lines += buffer[i] == '\n';
	}
	close(fd);
	return lines;
}

static long most_mappings(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/vm/max_map_count", O_RDONLY);

	must(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	return atol(text);
}

static void stripe(char *start, size_t mappings)
{
	for (size_t i = 0; i < mappings; i += 2)
		must(mprotect(start + i * PAGE, PAGE, PROT_READ) == 0);
}

static void sixty_thousand(void)
{
	size_t wanted = 60000;
	char *start;

	if (most_mappings() < 65530)
		wanted = (size_t)most_mappings() - 5000;
	start = map(wanted);
	stripe(start, wanted);
	churn();
	ask();
	must(mprotect(start, wanted * PAGE, RW) == 0);
	memset(start, 1, 100 * PAGE);
	ask();
	must(munmap(start, wanted * PAGE) == 0);
	churn();
	tell("done");
}

/* Until the kernel refuses one more: then neither a report nor free may fail the program. */
static void the_last_mapping(void)
{
	size_t pages = (size_t)most_mappings() + 100, at = 0;
	char *start = map(pages), *kept[200];

	for (int i = 0; i < 200; i++)
		must((kept[i] = malloc(1000)) != NULL);
	while (at < pages && mprotect(start + at * PAGE, PAGE, PROT_READ) == 0)
		at += 2;
	must(at < pages && errno == ENOMEM);
	ask();
	for (int i = 0; i < 200; i++) {
		free(kept[i]);
		must((kept[i] = malloc(900)) != NULL);
	}
	for (at = 0; raw_map(NULL, PAGE, at % 2 ? PROT_READ : PROT_EXEC, ANON) != MAP_FAILED; at++)
		must(at < 10);
	must(errno == ENOMEM);
	ask();
	must(mprotect(start, pages * PAGE, RW) == 0 || errno == ENOMEM);
	must(munmap(start, pages * PAGE) == 0);
	for (int i = 0; i < 200; i++)
		free(kept[i]);
	churn();
	tell("refused, and went on; few mappings now: %d", count_mappings() < 200);
}

/* A program that leaves itself exactly so many, and needs them all while it is asked. */
static void last_ones_beside_reports(void)
{
	long most = most_mappings();
	char *start = map((size_t)most);
	size_t room = (size_t)most - count_mappings() - 40;

	stripe(start, room);
	for (int i = 0; i < 2; i++) {
		char *block = malloc(300000), *pages = map(3);

		must(block != NULL);
		ask();
		must(munmap(pages + PAGE, PAGE) == 0);
		ask();
		must(munmap(pages, PAGE) == 0 && munmap(pages + 2 * PAGE, PAGE) == 0);
		free(block);
	}
	must(munmap(start, (size_t)most * PAGE) == 0);
	tell("done");
}

/* -- Behind the wrappers' back -------------------------------------------------------------- */

static void raw_calls(void)
{
	for (int i = 0; i < 50; i++) {
		char *start = raw_map(NULL, 16 * PAGE, RW, ANON);

		must(start != MAP_FAILED);
		start[0] = 1;
		must(syscall(SYS_mprotect, start + 4 * PAGE, PAGE, PROT_NONE) == 0);
		if (i % 10 == 0)
			ask();
		must(syscall(SYS_munmap, start + 8 * PAGE, PAGE) == 0);
		start = (char *)syscall(SYS_mremap, start, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE, 0);
		must(start != MAP_FAILED && start[0] == 1);
		must(syscall(SYS_munmap, start, 64 * PAGE) == 0);
	}
	churn();
	tell("done");
}

/* A wrapped mapping is unmapped raw, and the next wrapped one stands in its place; and so on. */
static void raw_and_wrapped(void)
{
	for (int i = 0; i < 100; i++) {
		char *first = map(8);

		must(syscall(SYS_munmap, first, 8 * PAGE) == 0);
		must(mmap(first, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == first);
		must(raw_map(first + 2 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED) != MAP_FAILED);
		if (i % 20 == 0)
			ask();
		must(munmap(first, 8 * PAGE) == 0);
		must(munmap(first, 8 * PAGE) == 0);
	}
	churn();
	tell("done");
}

/* The program grows the heap raw: glibc sees a foreign sbrk and starts anew behind it. */
static void raw_brk(void)
{
	void *before = malloc(1000);
	uintptr_t end = (uintptr_t)syscall(SYS_brk, 0);

	must(syscall(SYS_brk, end + 10 * PAGE) == (long)(end + 10 * PAGE));
	memset((void *)end, 7, 10 * PAGE);
	ask();
	churn();
	free(before);
	ask();
	tell("done");
}

static void brk_both_ways(void)
{
	char *start = sbrk(0);

	for (int i = 1; i < 60; i++) {
		must(sbrk((intptr_t)(i * 3000)) != (void *)-1);
		if (i % 15 == 0)
			ask();
		must(sbrk(-(intptr_t)(i * 2000)) != (void *)-1);
		must(brk((char *)sbrk(0) + 123) == 0);
	}
	memset(start, 5, (size_t)((char *)sbrk(0) - start));
	churn();
	ask();
	must(sbrk(1l << 46) == (void *)-1 && errno == ENOMEM);
	tell("done");
}

/* -- Under live blocks ---------------------------------------------------------------------- */

/* The pages of big blocks are replaced, protected and given back while they live. */
static void under_blocks(void)
{
	for (int i = 0; i < 20; i++) {
		char *block = malloc(64 * PAGE);
		char *page = (char *)(((uintptr_t)block + PAGE) & ~(PAGE - 1));

		memset(block, 3, 64 * PAGE);
		must(mmap(page, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == page);
		must(page[0] == 0);
		must(mprotect(page + 8 * PAGE, PAGE, PROT_NONE) == 0);
		must(madvise(page + 16 * PAGE, 8 * PAGE, MADV_DONTNEED) == 0);
		must(munmap(page + 32 * PAGE, PAGE) == 0);
		ask();
		must(mprotect(page + 8 * PAGE, PAGE, RW) == 0);
		must(mmap(page + 32 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) !=
			MAP_FAILED);
		free(block);
	}
	ask();
	tell("done");
}

/* Big blocks whose pages are unmapped, and which nobody frees: the next ones come to lie there. */
static void blocks_that_vanish(void)
{
	for (int i = 0; i < 50; i++) {
		char *block = malloc(64 * PAGE + (size_t)i);
		char *page = (char *)((uintptr_t)block & ~(PAGE - 1));

		if (i % 2)
			must(munmap(page, 65 * PAGE) == 0);
		else
			must(syscall(SYS_munmap, page, 65 * PAGE) == 0);
		if (i % 10 == 0)
			ask();
	}
	churn();
	tell("done");
}

/* -- Fixed places --------------------------------------------------------------------------- */

static void fixed_places(void)
{
	static const uintptr_t places[] = {0x10000, 0x20000000, 0x7fff0000, 0x100000000,
		0x600000000000, 0x7e0000000000, 0x7fffffffe000};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *at = (char *)places[i];
		char *start = mmap(at, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);

		tell("%lx: %s", places[i], start == at ? "there" : errno_name(errno));
		ask();
		if (start != MAP_FAILED)
			must(munmap(start, PAGE) == 0);
	}
	tell("beyond: %d",
		mmap((void *)(1ul << 47), PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
}

static void low_32_bits(void)
{
	void *block[64];

	for (int i = 0; i < 64; i++) {
		block[i] = mmap(NULL, 1 << 20, RW, ANON | MAP_32BIT, -1, 0);
		must(block[i] != MAP_FAILED && (uintptr_t)block[i] < 1ul << 32);
	}
	ask();
	for (int i = 0; i < 64; i++)
		must(munmap(block[i], 1 << 20) == 0);
	tell("done");
}

/* Terabytes that nobody touches, as sanitizers and runtimes reserve them. */
static void reservations(void)
{
	size_t size = 16ul << 40;
	char *start = mmap(NULL, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	must(start != MAP_FAILED);
	ask();
	must(mprotect(start + (size >> 1), 16 * PAGE, RW) == 0);
	memset(start + (size >> 1), 1, 16 * PAGE);
	ask();
	churn();
	must(munmap(start, size) == 0);
	tell("done");
}

static void grows_down(void)
{
	char *top = mmap(NULL, 300 * PAGE, RW, ANON, -1, 0), *start;

	must(top != MAP_FAILED && munmap(top, 300 * PAGE) == 0);
	start = mmap(top + 296 * PAGE, 4 * PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	must(start == top + 296 * PAGE);
	for (int i = 0; i < 20; i++) {
		*(volatile char *)(start - (size_t)i * PAGE) = 1;
		if (i % 5 == 0)
			ask();
	}
	must(mprotect(start, PAGE, PROT_READ | PROT_GROWSDOWN) == 0);
	ask();
	tell("grown");
}

/* -- Kinds ---------------------------------------------------------------------------------- */

static void kinds(void)
{
	int memory = memfd_create("a memfd", 0), id = shmget(IPC_PRIVATE, 8 * PAGE, 0600);
	char *shared, *file, *huge;

	must(memory >= 0 && ftruncate(memory, 8 * PAGE) == 0 && id >= 0);
	file = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, memory, 0);
	shared = shmat(id, NULL, 0);
	must(file != MAP_FAILED && shared != (void *)-1);
	memset(file, 1, 8 * PAGE);
	memset(shared, 1, 8 * PAGE);
	huge = mmap(NULL, 2 << 20, RW, ANON | MAP_HUGETLB, -1, 0);
	tell("huge: %s", huge == MAP_FAILED ? errno_name(errno) : "there");
	ask();
	must(shmctl(id, IPC_RMID, NULL) == 0);
	must(ftruncate(memory, PAGE) == 0); /* pages behind the file's end: a touch is SIGBUS */
	ask();
	must(shmat(id, shared, SHM_REMAP) == shared);
	ask();
	must(shmdt(shared) == 0 && munmap(file, 8 * PAGE) == 0);
	close(memory);
	if (huge != MAP_FAILED)
		munmap(huge, 2 << 20);
	tell("done");
}

/* The same of a file in memory, whose first page a report would like to see. */
static void file_faults(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	int file = memfd_create("faults", MFD_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	char *start;

	must(fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ftruncate(file, 8 * PAGE));
	start = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	struct uffdio_register range = {
		.range = {(uintptr_t)start, 8 * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	must(ioctl(fd, UFFDIO_REGISTER, &range) == 0);
	ask();
	must(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0) == 0);
	must(munmap(start, 8 * PAGE) == 0);
	close(file);
	close(fd);
}

/* Pages of which only the program's own thread can answer a touch: a report must touch none. */
static void user_faults(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = {.api = UFFD_API};
	char *start = map(64), *block = malloc(64 * PAGE);
	char *page = (char *)(((uintptr_t)block + PAGE) & ~(PAGE - 1));
	struct uffdio_register range = {
		.range = {(uintptr_t)start, 64 * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		tell("no userfaultfd");
		return;
	}
	must(ioctl(fd, UFFDIO_REGISTER, &range) == 0);
	range.range.start = (uintptr_t)page;
	range.range.len = 32 * PAGE;
	must(ioctl(fd, UFFDIO_REGISTER, &range) == 0);
	ask();
	struct uffdio_zeropage zero = {.range = {(uintptr_t)start, PAGE}};
	must(ioctl(fd, UFFDIO_ZEROPAGE, &zero) == 0);
	must(start[0] == 0);
	ask();
	must(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0) == 0); /* nobody touched another page */
	must(ioctl(fd, UFFDIO_UNREGISTER, &range.range) == 0);
	free(block);
	close(fd);
	file_faults();
	tell("untouched");
}

static void advice(void)
{
	char *none = map(8), *wiped = map(8);
	int status;

	memset(none, 1, 8 * PAGE);
	memset(wiped, 1, 8 * PAGE);
	must(madvise(none, 4 * PAGE, MADV_DONTFORK) == 0);
	must(madvise(wiped, 4 * PAGE, MADV_WIPEONFORK) == 0);
	ask();
	pid_t child = fork();
	if (child == 0) {
		unsigned char seen;

		ask();
		must(mincore(none, PAGE, &seen) == -1 && errno == ENOMEM);
		must(wiped[0] == 0 && wiped[4 * PAGE] == 1);
		churn();
		ask();
		_exit(3);
	}
	must(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
	ask();
	tell("done");
}

/* Everything that the program has is locked, and all that comes. */
static void locked(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &all);
	tell("mlockall: %s", mlockall(MCL_CURRENT | MCL_FUTURE) ? errno_name(errno) : "0");
	churn();
	ask();
	munlockall();
	tell("done");
}

/* -- Names ---------------------------------------------------------------------------------- */

static void map_file(const char *name, const char *what)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *start;

	must(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	start = mmap(NULL, 2 * PAGE, RW | PROT_EXEC, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		start = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	must(start != MAP_FAILED);
	start[0] = 1;
	close(fd);
	ask();
	must(unlink(name) == 0);
	ask();
	tell("%s", what);
}

static void odd_names(void)
{
	map_file("new\nline", "a line break");
	map_file("\n7f0000000000-7f0000001000 rw-p 00000000 00:00 0",
		"what looks like a line of maps");
	map_file("\xff\xfe\x80 \xc3\x28", "no UTF-8");
	map_file(" (deleted)", "deleted");
	map_file("\\012\\134 \"<&>'\t\x1b[31m", "escapes");
	map_file("[heap]", "[heap]");
	map_file("\xe2\x80\xae", "right to left");
	must(prctl(PR_SET_NAME, "a\n\xff\"\\\x1b[1m") == 0);
	must(memfd_create("mem\nfd\xff", 0) >= 0);
	churn();
	ask();
}

/* Deeper than PATH_MAX: the kernel cannot name the file in one piece. */
static void long_names(void)
{
	char name[256];

	memset(name, 'n', 250);
	name[250] = 0;
	for (int i = 0; i < 15; i++)
		must(mkdir(name, 0700) == 0 && chdir(name) == 0);
	map_file("nearly 4 KiB", "nearly 4 KiB");
	for (int i = 0; i < 5; i++)
		must(mkdir(name, 0700) == 0 && chdir(name) == 0);
	map_file("beyond", "beyond PATH_MAX");
	for (int i = 0; i < 20; i++)
		must(chdir("..") == 0 && rmdir(name) == 0);
	churn();
	ask();
}

/* -- Beside reports ------------------------------------------------------------------------- */

static volatile bool over;

static void *map_and_unmap(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;

	while (!over) {
		size_t pages = (size_t)(rand_r(&seed) % 60 + 4);
		char *start = map(pages), *moved;

		start[0] = 1;
		must(mprotect(start + PAGE, PAGE, PROT_NONE) == 0);
		must(munmap(start + 2 * PAGE, PAGE) == 0);
		moved = mremap(start, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
		must(moved != MAP_FAILED && moved != start && moved[0] == 1);
		must(munmap(moved, 2 * PAGE) == 0 && munmap(start + PAGE, PAGE) == 0);
		must(munmap(start + 3 * PAGE, (pages - 3) * PAGE) == 0);
	}
	return NULL;
}

static void *change_own_pages(void *argument)
{
	char *start = map(512);

	(void)argument;
	while (!over) {
		for (size_t i = 0; i < 512; i += 2)
			must(mprotect(start + i * PAGE, PAGE, PROT_READ) == 0);
		must(mmap(start + 100 * PAGE, 50 * PAGE, RW, ANON | MAP_FIXED, -1, 0) !=
			MAP_FAILED);
		must(mprotect(start, 512 * PAGE, RW) == 0);
		must(madvise(start, 512 * PAGE, MADV_DONTNEED) == 0);
	}
	return NULL;
}

static void beside_reports(void)
{
	pthread_t thread[2];

	must(pthread_create(&thread[0], NULL, change_own_pages, NULL) == 0);
	must(pthread_create(&thread[1], NULL, change_own_pages, NULL) == 0);
	for (int i = 0; i < 30; i++)
		ask();
	over = true;
	for (int i = 0; i < 2; i++)
		must(pthread_join(thread[i], NULL) == 0);
	churn();
	tell("done");
}

static void one_maps_all(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, map_and_unmap, (void *)1) == 0);
	for (int i = 0; i < 30; i++)
		ask();
	over = true;
	must(pthread_join(thread, NULL) == 0);
	tell("done");
}

/* Pages that are guards without a mapping of their own (Linux 6.13): whoever reads them dies, or
 * is told EFAULT. Of the program's memory, of malloc's, and of a thread's stack. */
static void guards(void)
{
	enum { INSTALL = 102, REMOVE = 103, PAGES = 64 };
	char *area = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
	char *block = aligned_alloc(PAGE, 64 * PAGE), *small = malloc(40);
	bool can = !madvise(area, PAGE, INSTALL);

	memset(block, 1, 64 * PAGE);
	for (size_t i = 1; i < PAGES; i += 2)
		must(!madvise(area + i * PAGE, PAGE, INSTALL) == can);
	must(!madvise(block + 8 * PAGE, 8 * PAGE, INSTALL) == can);
	for (int i = 0; i < 5; i++) {
		churn();
		ask();
	}
	must(!madvise(block + 8 * PAGE, 8 * PAGE, REMOVE) == can);
	free(block);
	free(small);
	tell("done");
}

/* Memory that nobody may unmap or change any more, and memory that the kernel itself cannot read:
 * reports go through both. Kernels and limits may refuse either, plain and under the shim alike. */
static void sealed_and_secret(void)
{
	enum { MSEAL = 462, MEMFD_SECRET = 447, PAGES = 16 };
	char *area = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
	bool can_seal = !syscall(MSEAL, area, PAGES * PAGE, 0UL);
	int fd = (int)syscall(MEMFD_SECRET, 0);
	char *secret = MAP_FAILED;

	tell("sealed %d, secret %d", can_seal, fd >= 0);
	if (fd >= 0 && !ftruncate(fd, PAGES * PAGE))
		secret = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, fd, 0);
	memset(area, 1, PAGES * PAGE);
	if (secret != MAP_FAILED)
		memset(secret, 2, PAGES * PAGE);
	for (int i = 0; i < 5; i++) {
		churn();
		ask();
	}
	if (can_seal)
		must(munmap(area + PAGE, PAGE) < 0 && errno == EPERM);
	if (can_seal)
		must(mprotect(area, PAGE, PROT_READ) < 0 && errno == EPERM);
	if (secret != MAP_FAILED)
		must(secret[PAGE] == 2 && !munmap(secret, PAGES * PAGE));
	ask();
	must(area[PAGE] == 1);
	tell("done");
}

/* One's own memory by way of a descriptor of the process, as of another's. */
static void by_pidfd(void)
{
	enum { PAGES = 64 };
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	char *area = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
	struct iovec all = {area, PAGES * PAGE}, there = {area + PAGE, PAGE}, here = {NULL, PAGE};

	must(fd >= 0 || errno == ENOSYS || errno == EPERM);
	here.iov_base = malloc(PAGE);
	for (int i = 1; i <= 5; i++) {
		memset(area, i, PAGES * PAGE);
		tell("cold: %d", syscall(SYS_process_madvise, fd, &all, 1, MADV_COLD, 0) > 0);
		memset(here.iov_base, 0, PAGE);
		must(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == PAGE);
		must(((char *)here.iov_base)[PAGE - 1] == i);
		((char *)here.iov_base)[7] = 100;
		must(process_vm_writev(getpid(), &here, 1, &there, 1, 0) == PAGE);
		must(area[PAGE + 7] == 100);
		if (is_answered())
			syscall(SYS_pidfd_send_signal, fd, SIGUSR2, NULL, 0);
		churn();
	}
	free(here.iov_base);
	close(fd);
	tell("done");
}

SCENARIOS({"sixty_thousand", sixty_thousand}, {"the_last_mapping", the_last_mapping},
	{"last_ones_beside_reports", last_ones_beside_reports}, {"raw_calls", raw_calls},
	{"raw_and_wrapped", raw_and_wrapped}, {"raw_brk", raw_brk},
	{"brk_both_ways", brk_both_ways}, {"under_blocks", under_blocks},
	{"blocks_that_vanish", blocks_that_vanish}, {"fixed_places", fixed_places},
	{"low_32_bits", low_32_bits}, {"reservations", reservations}, {"grows_down", grows_down},
	{"kinds", kinds}, {"user_faults", user_faults}, {"advice", advice}, {"locked", locked},
	{"odd_names", odd_names}, {"long_names", long_names}, {"beside_reports", beside_reports},
	{"one_maps_all", one_maps_all}, {"guards", guards},
	{"sealed_and_secret", sealed_and_secret}, {"by_pidfd", by_pidfd})
