/* life.c - the shim's own beginning and end. */
#include "life.h"
#include "boot.h"
#include "config.h"
#include "dump.h"
#include "interval.h"
#include "landmark.h"
#include "output.h"
#include "process.h"
#include "signals.h"
#include "state.h"
#include "sys.h"
#include "testament.h"
#include "thread.h"
#include "track.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

static struct {
	_Atomic bool over; /* the report at the end was made, or there is to be none */
} self;

/* Where the default action stands, our handler makes the report. */
void life_abort(void)
{
	int error = errno;

	if (config()->at_exit && boot_done() && !process_vforked() && !signals_caught(SIGABRT))
		dump("abort", -1);
	errno = error;
}

/* What is sent to the first process of a pid namespace ends it only where it has a fault itself
 * (pid_namespaces(7)). */
static bool is_harmless(const siginfo_t *info)
{
	return sys_getpid() == 1 && info->si_code <= 0;
}

static void last_report(void)
{
	if (config()->at_exit && !atomic_exchange(&self.over, true))
		dump("exit", -1);
	dump_wait(); /* another thread's report must not be cut off by our end */
}

/* The process is being killed by a signal that it left to its default action. */
static void killed(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	if (!is_harmless(info)) {
		if (boot_done() && !process_vforked())
			last_report();
		signals_let_through(signal, info);
	}
	errno = error;
}

static void grown(void)
{
	watch_grown();
	dump("growth", -1);
}

static void refused(void)
{
	if (watch_refused())
		dump("failure", -1);
}

/* The loader gives constructors what main will get. */
static __attribute__((constructor)) void begin(int argc, char **argv, char **environment)
{
	int error = errno;

	(void)argc;
	(void)argv;
	boot_finish(environment);
	testament_boot();
	output_boot();
	state_boot();
	landmark_boot();
	dump_boot();
	signals_boot(dump_on_signal, config()->at_exit ? killed : NULL);
	interval_start();
	if (config()->growth)
		thread_watch(config()->growth, grown);
	if (config()->failure)
		track_watch_refusals(refused);
	errno = error;
}

void life_end(void)
{
	int error = errno;

	if (boot_done() && !process_vforked()) {
		last_report();
		testament_end();
	}
	errno = error;
}

static __attribute__((destructor)) void end(void)
{
	life_end();
}
