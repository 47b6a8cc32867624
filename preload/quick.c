#include "quick.h"
#include "process.h"

void *quick_made_rarely(struct thread *thread, void *block, size_t size, uintptr_t stack)
{
	struct callstack_at at = callstack_called_at(stack);

	guard_close(stack);
	guard_tracking();
	if (!block)
		track_failed(thread);
	else if (process_forked() || thread->sample.left <= 0)
		track_alloc_sampled(thread, block, size, &at);
	else
		track_pass(thread, block, size);
	guard_open();
	return block;
}

void quick_settle(struct thread *thread, uintptr_t stack)
{
	guard_close(stack);
	guard_tracking();
	thread_settle(thread);
	guard_open();
}
