#include "boot.h"
#include "ask.h"
#include "callstack.h"
#include "clock.h"
#include "config.h"
#include "guard.h"
#include "history.h"
#include "inventory.h"
#include "lock.h"
#include "mappings.h"
#include "modules.h"
#include "process.h"
#include "real.h"
#include "sample.h"
#include "sys.h"
#include "table.h"
#include "thread.h"
#include "track.h"
#include "warm.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <unistd.h>

enum boot_state { BOOT_NOT, BOOT_RUNNING, BOOT_DONE };

static struct {
	_Atomic uint32_t state; /* enum boot_state */
	bool callstacks;        /* libunwind is loaded, or was tried */
	_Atomic bool looked;    /* for the functions behind the wrappers */
	bool constructing;      /* our constructor runs, or has run */
} self;

/* A runtime that intercepts what we call ourselves (clock_gettime, memcpy) and crashes until it has
 * started; it is a dependency of the program, and so has before our constructor runs. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

bool boot_is_glibc;

bool boot_done(void)
{
	return atomic_load_explicit(&self.state, memory_order_acquire) == BOOT_DONE;
}

bool boot_complete(void)
{
	return boot_done() && self.callstacks;
}

/* Not by dladdr(3), which also looks for the function's name: half a millisecond in libc. */
static bool in_loader(uintptr_t pc)
{
	struct modules_image image;

	return modules_image(pc, &image) == 0 && image.start == getauxval(AT_BASE);
}

static void boot_sampling(void)
{
	sample_boot(config()->sample,
		config()->sample && boot_glibc() && !config()->history && track_briefs());
}

static void start_tables(void)
{
	lock_boot();
	clock_boot();
	config_boot(environ);
	if (config()->maps_as_text)
		ask_by_text();
	boot_is_glibc = real_is_glibc();
	mappings_boot();
	table_boot(boot_is_glibc, config()->sample || !environ);
	track_boot();
	process_boot();
	history_boot(config()->history);
	boot_sampling();
}

/* What the loader and libunwind allocate for us is passed on unseen. */
static void start_callstacks(void)
{
	uint32_t before = guard.state;

	if (self.callstacks)
		return;
	self.callstacks = true;
	guard_close((uintptr_t)__builtin_frame_address(0));
	callstack_boot(config()->depth, config()->verify);
	guard.state = before;
}

bool boot_beside_sanitizer(void)
{
	return __asan_init || __tsan_init;
}

/* Then calls are only passed on, to the runtime's own malloc. Once: our look for it may have been
 * called from within dlerror's, whose message must not be freed twice. */
static bool must_wait(void)
{
	int error = errno;

	if (!boot_beside_sanitizer() || self.constructing)
		return false;
	if (!atomic_exchange(&self.looked, true))
		real_find();
	errno = error;
	return true;
}

void boot_try(uintptr_t caller)
{
	uint32_t before = BOOT_NOT;
	int error = errno;

	if (must_wait() || !atomic_compare_exchange_strong(&self.state, &before, BOOT_RUNNING))
		return;
	warm_ourselves();
	real_find();
	start_tables();
	if (!in_loader(caller))
		start_callstacks();
	atomic_store_explicit(&self.state, BOOT_DONE, memory_order_release);
	errno = error;
}

/* A program that never allocates still has a main thread. Its stack may grow downward from here,
 * but lasts as long as the process. One calm around the many locks that are taken here. */
static void start_main_thread(void)
{
	struct stacks_bounds stack;
	struct thread *thread;
	struct calm calm;

	lock_calm_begin(&calm);
	thread = thread_attach();
	stack = inventory_take((uintptr_t)&calm);
	if (thread && stack.high)
		callstack_stack(&thread->callstack, stack.low, stack.high);
	lock_calm_end(&calm);
}

/* What was allocated before there was an environment to read has its call stack by no chance. */
static void start_sampling(void)
{
	if (sample_on() || !config()->sample)
		return;
	boot_sampling();
	track_forget_callstacks();
}

void boot_finish(char *const *environment)
{
	self.constructing = true;
	boot_try(0);
	config_boot(environment);
	history_boot(config()->history);
	start_sampling();
	start_callstacks();
	start_main_thread();
}
