#include "process.h"
#include "filter.h"
#include "lock.h"
#include "storefile.h"
#include "sys.h"
#include "thread.h"

static struct {
	int pid;
	unsigned forks;
	_Atomic uint32_t unforked;
} self = {.unforked = PROCESS_OWN};

_Atomic uint32_t *process_mark = &self.unforked;

void process_settle(void)
{
	uint64_t signals;

	sys_signals_block(&signals); /* a dump in the midst of it would find the parent's threads */
	if (!process_forked()) {     /* a handler came before, and has */
		sys_signals_restore(&signals);
		return;
	}
	storefile_forked(); /* before anything is written to a table */
	atomic_store_explicit(process_mark, PROCESS_OWN, memory_order_relaxed);
	self.pid = sys_getpid();
	self.forks++;
	filter_forked();
	thread_forked();
	sys_signals_restore(&signals);
}

bool process_vforked(void)
{
	if (process_forked())
		process_settle();
	return self.pid != sys_getpid();
}

int process_pid(void)
{
	return self.pid;
}

unsigned process_forks(void)
{
	return self.forks;
}

void process_boot(void)
{
	process_mark = &locks()->mark;
	atomic_store_explicit(process_mark, PROCESS_OWN, memory_order_relaxed);
	self.pid = sys_getpid();
}
