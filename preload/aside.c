#include "aside.h"
#include "lock.h"
#include "store.h"

#include <errno.h>

/* libunwind 1.6.2's remote step was seen to use 9 KiB, a path and the text of maps take 11 KiB. */
#define STACK_SIZE ((size_t)64 << 10)

static struct {
	char *top; /* set once, under locks()->unwinder */
} self;

/* void aside_switch(work, argument, top): pushes the registers of struct aside_registers on the
 * stack it came on, calls work(argument, registers) on the other one and comes back. What it
 * pushed needs no popping: work preserves those registers itself. The frame stays described by
 * rbp all the while, so that debuggers, other unwinders and our own walk pass through it. */
__asm__(".text\n"
	".globl aside_switch\n"
	".hidden aside_switch\n"
	".type aside_switch, @function\n"
	"aside_switch:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rdi, %rax\n"
	"	movq %rsi, %rdi\n"
	"	movq %rsp, %rsi\n"
	"	movq %rdx, %rsp\n"
	"	callq *%rax\n"
	"	movq %rbp, %rsp\n"
	"	popq %rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	retq\n"
	"	.cfi_endproc\n"
	".size aside_switch, .-aside_switch\n");

static bool stack_ready(void)
{
	char *stack = self.top ? NULL : store_take(STACK_SIZE);

	if (stack)
		self.top = stack + STACK_SIZE;
	return self.top != NULL;
}

bool aside_run(
	void (*work)(void *argument, const struct aside_registers *registers), void *argument)
{
	struct held held;
	int error = errno;
	bool had;

	if (!lock_take(&locks()->unwinder, &held))
		return false;
	had = stack_ready();
	if (had)
		aside_switch(work, argument, self.top);
	lock_release(&held);
	errno = error;
	return had;
}

bool aside_holds(uintptr_t stack)
{
	return self.top && (uintptr_t)self.top - stack <= STACK_SIZE;
}
