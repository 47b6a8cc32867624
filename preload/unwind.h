/* unwind.h - the only door to libunwind.
 *
 * libunwind is loaded by dlopen(RTLD_LOCAL), so that its _Unwind_* and backtrace stay out of the
 * program's symbol scope, and used through its remote interface with accessors of ours: then it
 * opens no files, takes no lock of the loader and reads only what we have checked. It caches
 * nothing, so nothing in it goes stale when a library is unloaded. */
#ifndef VMATLAS_UNWIND_H
#define VMATLAS_UNWIND_H

#include "aside.h"
#include "layout.h"
#include "modules.h"
#include "stacks.h"

#include <stdbool.h>
#include <stdint.h>

/* Loads it: 0, ENOENT where it is not installed, ENOSYS where it lacks a function. Start only:
 * takes the loader's lock and allocates. Leaves no descriptor open. */
int unwind_boot(void);

/* Whether libunwind can be asked. Anywhere. */
bool unwind_ready(void);

/* What the frame of this program counter looks like; `exact` as for layout_key. The module stays 0.
 * Takes 3 to 10 us. Under the guard, on the private stack, by one thread at a time. */
void unwind_learn(uintptr_t pc, bool exact, struct layout *layout);

/* Where a walk stands. */
struct unwind_place {
	uintptr_t pc, sp;
};

/* Walks the whole call stack by libunwind, from the registers that aside_run handed over, and gives
 * the frames from `from` outward, `from` first: their number, at most capacity; 0 when the walk
 * did not come by `from`. What it reads of the stack lies in bounds of `stacks`. Same rules. */
unsigned unwind_walk(const struct aside_registers *registers, const struct unwind_place *from,
	struct stacks *stacks, struct unwind_place *places, unsigned capacity);

#endif
