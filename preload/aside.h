/* aside.h - a stack of our own, for the rare things that need room.
 *
 * libunwind takes more than 6,000 bytes, reading maps as text as much again, and an allocation can
 * come from a 16 KiB thread or a smaller coroutine. There is one such stack; its lock is
 * locks()->unwinder, which is taken before any other. */
#ifndef VMATLAS_ASIDE_H
#define VMATLAS_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

/* The registers that a function must preserve, as they were when aside_run's own switch to the
 * other stack was called, and where that call returns to. */
struct aside_registers {
	uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

/* The stack pointer at the place where `rip` points. */
static inline uint64_t aside_stack_pointer(const struct aside_registers *registers)
{
	return (uintptr_t)(&registers->rip + 1);
}

/* Runs work(argument, registers) on the stack that ends below `top`, which is the caller's to give.
 * Anywhere. */
void aside_switch(void (*work)(void *argument, const struct aside_registers *registers),
	void *argument, void *top) __attribute__((visibility("hidden")));

/* Runs work(argument, registers) on the private stack, all signals blocked, errno kept; false when
 * the stack could not be had in time (nothing was run). Must not be nested. Under the guard; needs
 * 300 bytes of the caller's stack. */
bool aside_run(
	void (*work)(void *argument, const struct aside_registers *registers), void *argument);

/* Whether that stack pointer is in the private stack: whoever has it runs in aside_run. Anywhere.
 */
bool aside_holds(uintptr_t stack);

#endif
