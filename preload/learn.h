/* learn.h - what the frame of a program counter looks like that was never seen before.
 *
 * Asked of libunwind once, on the private stack, together with the module it lies in; kept in the
 * table of layouts. */
#ifndef VMATLAS_LEARN_H
#define VMATLAS_LEARN_H

#include <stdbool.h>
#include <stdint.h>

/* The layout word of this frame (layout.h), put in the table; LAYOUT_NONE when libunwind was busy
 * for too long, LAYOUT_NOWHERE (not put) where there is no code. 5 us. Under the guard; takes
 * locks; errno stays. */
uint64_t learn(uintptr_t pc, bool exact);

/* The module of a return address, 0 for none. Same rules, on the private stack. */
uint32_t learn_module(uintptr_t pc);

/* Code was unloaded or replaced in [start, end): what was learned of it is withdrawn. Under the
 * guard; takes a lock. */
void learn_forget(uintptr_t start, uintptr_t end);

/* Whether a return address in [start, end) was learned that lies in no module: generated code. More
 * often true than it is so. Anywhere. */
bool learn_generated(uintptr_t start, uintptr_t end);

/* Changes with learn_forget, which is also called when a module is met where another one was. */
extern _Atomic uint32_t learn_generation __attribute__((visibility("hidden")));

/* How many layouts were learned, and how many of them are a guess, for lack of unwind information:
 * rbp is believed to be a frame pointer. Anywhere. */
uint64_t learn_count(void);
uint64_t learn_guesses(void);

#endif
