/* Asks what it is told by vmatlas.h, from wherever it may be asked. Prints ENOSYS throughout where
 * no vmatlas is there; else facts that do not vary.
 *
 * api phases N: marks so many phases instead, and a few odd ones.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "child.h"
#include "tell.h"
#include "vmatlas.h"

static char variable[100] = "variable";
static char zeros[1 << 16];

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void tell_access(const char *what, const struct vmatlas_description *d)
{
	tell("%s: %s, access %u, module %s", what, d->mapping_kind, d->mapping_access,
		base_of(d->module_name));
}

/* Where the description of the address begins: the block, the region, or nothing. */
static void describe(const char *what, const void *address)
{
	struct vmatlas_description d = {.size = sizeof d, .mapping_offset = 77};
	uintptr_t at = (uintptr_t)address;

	errno = ERRNO_SENTINEL;
	int error = vmatlas_describe(address, &d);
	if (error) {
		tell("%s: %s, errno %s, untouched %d", what, errno_name(error), errno_name(errno),
			d.mapping_offset == 77);
		return;
	}
	tell_access(what, &d);
	tell("  in its mapping %d, in its module %d, errno %s",
		d.mapping_start <= at && at < d.mapping_end,
		d.module_start <= at && at < d.module_end, errno_name(errno));
	if (d.block_start)
		tell("  byte %zu of a block of %zu, asked for by this program %d, thread %d",
			at - d.block_start, d.block_size, d.block_depth >= 2,
			d.block_thread == (uint32_t)gettid());
	if (d.region_start)
		tell("  byte %zu of a region of %zu, asked for by this program %d, thread %d",
			at - d.region_start, d.region_end - d.region_start, d.region_depth >= 2,
			d.region_thread == (uint32_t)gettid());
	if (d.mapping_thread)
		tell("  stack of this thread %d", d.mapping_thread == (uint32_t)gettid());
}

static void *describe_stack(void *unused)
{
	char local;

	free(malloc(1));
	describe("local of a thread", &local);
	return unused;
}

static void describe_blocks(void)
{
	char *small = malloc(100), *large = malloc(1 << 20), *gone = malloc(5000),
	     *empty = malloc(0);

	describe("block", small);
	describe("within a block", small + 99);
	describe("behind a block", small + 100);
	describe("empty block", empty);
	describe("large block", large);
	describe("within a large block", large + (1 << 20) - 1);
	free(gone);
	describe("freed block", gone + 100);
	free(small);
	free(large);
	free(empty);
}

static void describe_others(void)
{
	const int rw = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *region = mmap(NULL, 12288, rw, flags, -1, 0), local;
	pthread_t thread;

	zeros[40000] = 1;
	describe("region", region);
	munmap(region + 8192, 4096);
	describe("cut region", region + 8191);
	describe("nothing", region + 8192);
	describe("function", (const void *)(uintptr_t)describe_blocks);
	describe("function of libc", (const void *)(uintptr_t)strerrorname_np(1));
	describe("variable", variable);
	describe("zeros", zeros + 40000);
	describe("local", &local);
	describe("NULL", NULL);
	describe("last", (const void *)UINTPTR_MAX);
	pthread_create(&thread, NULL, describe_stack, NULL);
	pthread_join(thread, NULL);
}

static void describe_sizes(void)
{
	struct vmatlas_description d[2];

	memset(d, 0x55, sizeof d);
	d[0].size = 0;
	tell("size 0: %s", errno_name(vmatlas_describe(variable, d)));
	d[0].size = sizeof d[0] - 1;
	tell("smaller: %s", errno_name(vmatlas_describe(variable, d)));
	d[0].size = SIZE_MAX;
	tell("absurd: %s", errno_name(vmatlas_describe(variable, d)));
	d[0].size = sizeof d[0] + 8;
	tell("larger: %s", errno_name(vmatlas_describe(variable, d)));
	tell("  size %s, zeros behind %d, the rest untouched %d",
		d[0].size == sizeof d[0] + 8 ? "kept" : "lost", d[1].size == 0,
		d[1].mapping_offset == 0x5555555555555555);
	tell("NULL: %s", errno_name(vmatlas_describe(variable, NULL)));
}

static void ask_all(const char *where)
{
	struct vmatlas_description d = {.size = sizeof d};
	int error = errno = ERRNO_SENTINEL;
	int dumped = vmatlas_dump(where), marked = vmatlas_phase(where);
	int described = vmatlas_describe(variable, &d);

	tell("%s: dump %s, phase %s, describe %s %s, errno %d", where, errno_name(dumped),
		errno_name(marked), errno_name(described), d.mapping_kind, errno == error);
}

static void on_signal(int signal)
{
	(void)signal;
	ask_all("in a handler");
}

/* On a stack as small as handlers have. */
static void ask_in_handler(void)
{
	stack_t stack = {.ss_size = 8192, .ss_sp = malloc(8192)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	free(stack.ss_sp);
}

static void ask_in_children(void)
{
	pid_t child = fork();

	if (!child) {
		ask_all("in a child");
		_exit(0);
	}
	tell_status("child", child);
	child = vfork();
	if (!child) {
		ask_all("in a child of vfork");
		_exit(0);
	}
	tell_status("child of vfork", child);
	ask_all("after the children");
}

/* What lives grows by a million bytes in one block from one to the next. */
static void mark_phases(long count)
{
	char name[200];
	void *kept[100] = {NULL};

	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof name, "phase %ld", i);
		int error = vmatlas_phase(name);
		if (error && error != ENOSYS)
			tell("phase %ld: %s", i, errno_name(error));
		if (i < 100)
			kept[i] = malloc(1000000);
	}
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	tell("long name: %s", errno_name(vmatlas_phase(name)));
	memcpy(name + 63, "äöü", 6);
	tell("cut character: %s", errno_name(vmatlas_phase(name)));
	tell("odd name: %s", errno_name(vmatlas_phase("tab\t, quote \", byte \377")));
	tell("no name: %s %s", errno_name(vmatlas_phase("")), errno_name(vmatlas_phase(NULL)));
	tell("dump: %s", errno_name(vmatlas_dump("after the phases")));
	tell("dump without a reason: %s %s", errno_name(vmatlas_dump(NULL)),
		errno_name(vmatlas_dump("")));
	for (int i = 0; i < 100; i++)
		free(kept[i]);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "phases")) {
		mark_phases(atol(argv[2]));
		return 0;
	}
	describe_blocks();
	describe_others();
	describe_sizes();
	ask_all("in main");
	ask_in_handler();
	ask_in_children();
	return 0;
}
