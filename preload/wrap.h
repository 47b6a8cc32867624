/* wrap.h - what all wrappers share: how they are compiled, and the way in and out. */
#ifndef VMATLAS_WRAP_H
#define VMATLAS_WRAP_H

#include "boot.h"
#include "callstack.h"
#include "guard.h"
#include "process.h"
#include "real.h"
#include "thread.h"
#include "track.h"

/* Visible to the program; and callers whose stack is misaligned, which glibc tolerates, must not
 * meet an aligned vector spill of ours. */
#define WRAPPER __attribute__((visibility("default"), force_align_arg_pointer))

/* Every wrapper's prototype, also of names that this libc's headers do not have. */
#define WRAPPED(result, name, parameters) result name parameters;
#define WRAPPED_ALONE WRAPPED
#include "wrapped.def"

/* This wrapper's own frame: how deep on the stack the call is. */
#define WRAP_STACK ((uintptr_t)__builtin_frame_address(0))

/* Closes the guard and gives this thread; NULL, with the guard as it was, when the call is to be
 * passed on unseen: it comes from inside, or the shim has not started. An allocator that starts
 * maps memory under its own lock, so only the malloc family starts the shim. */
static inline struct thread *wrap_enter(uintptr_t stack)
{
	struct thread *thread;

	if (guard_closed(stack))
		return NULL;
	if (__builtin_expect(process_forked() && boot_complete(), 0))
		process_settle();
	thread = guard.thread;
	if (__builtin_expect(!thread, 0)) {
		thread = boot_complete() ? thread_attach() : NULL;
		if (!thread)
			return NULL;
	}
	guard_close(stack);
	return thread;
}

#endif
