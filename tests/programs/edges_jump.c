/* Ways to leave a frame without returning, at their edges. Tells facts that do not vary, so that a
 * plain run and one under the shim must print the same.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "child.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What longjmp is in a program that is compiled with _FORTIFY_SOURCE. */
void __longjmp_chk(struct __jmp_buf_tag env[1], int value) __attribute__((noreturn));

typedef void jumper(struct __jmp_buf_tag env[1], int value);

static const struct {
	const char *name;
	jumper *jump;
} jumpers[] = {
	{"longjmp", longjmp},
	{"_longjmp", _longjmp},
	{"siglongjmp", siglongjmp},
	{"__longjmp_chk", __longjmp_chk},
};

static sigjmp_buf back;

static void from_afar(jumper *jump, int value, int depth)
{
	volatile char room[300];
	void *block = malloc(100);

	room[0] = 1;
	if (depth)
		from_afar(jump, value, depth - 1);
	else
		jump(back, value);
	free(block);
	room[1] = room[0];
}

static const char *mask_name(void)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, SIGUSR1) ? "blocked" : "open";
}

/* With the mask and without, near and far, and every value but 0 is kept. */
static void try_values(void)
{
	static const int values[] = {0, 1, -1, 2147483647};
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	for (volatile size_t i = 0; i < COUNT(jumpers) * COUNT(values) * 4; i++) {
		volatile size_t row = i % COUNT(jumpers), far = i / 16 % 2 * 300, masked = i / 32;
		volatile int value = values[i / COUNT(jumpers) % COUNT(values)];

		errno = ERRNO_SENTINEL;
		int came = sigsetjmp(back, (int)masked);
		if (!came) {
			sigprocmask(SIG_BLOCK, &one, NULL);
			from_afar(jumpers[row].jump, value, (int)far);
		}
		tell("%s(%d) over %zu: %d, mask %zu, %s, errno %s", jumpers[row].name, value, far,
			came, masked, mask_name(), errno_name(errno));
		sigprocmask(SIG_UNBLOCK, &one, NULL);
	}
}

/* -- In handlers ------------------------------------------------------------------------------ */

static volatile int row_to_take;
static volatile int jumps_within;

static void jump_out(int signal)
{
	(void)signal;
	free(malloc(10));
	jumpers[row_to_take].jump(back, 7);
}

/* Stays in the handler. */
static void jump_within(int signal)
{
	sigjmp_buf here;
	volatile int turns = 0;

	(void)signal;
	if (sigsetjmp(here, 0) < 5) {
		free(malloc(10));
		jumps_within++;
		jumpers[row_to_take].jump(here, ++turns);
	}
}

static void try_handlers(int flags)
{
	static char alternate[1 << 16];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction out = {.sa_handler = jump_out, .sa_flags = flags},
			 within = {.sa_handler = jump_within, .sa_flags = flags};

	sigaltstack(&stack, NULL);
	for (row_to_take = 0; row_to_take < (int)COUNT(jumpers); row_to_take++) {
		sigaction(SIGUSR1, &out, NULL);
		int came = sigsetjmp(back, 1);
		if (!came)
			raise(SIGUSR1);
		tell("%s out of a handler, flags %x: %d, %s", jumpers[row_to_take].name, flags,
			came, mask_name());
		jumps_within = 0;
		sigaction(SIGUSR1, &within, NULL);
		raise(SIGUSR1);
		tell("within: %d", jumps_within);
	}
}

/* -- To frames that are gone ------------------------------------------------------------------ */

static __attribute__((noinline)) void set_and_return(void)
{
	volatile char room[200];

	room[0] = 1;
	if (sigsetjmp(back, 0))
		_exit(41);
	room[1] = room[0];
}

static void jump_to_nowhere(void)
{
	static const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	set_and_return();
	__longjmp_chk(back, 1);
}

static void try_gone(void)
{
	static const struct act act = {"jump to a frame that is gone", jump_to_nowhere};

	in_child("fork", &act, fork());
}

/* -- Contexts --------------------------------------------------------------------------------- */

static ucontext_t home, other;
static char stack[1 << 16];

static void visit(int first, int second)
{
	free(malloc(30));
	tell("visit %d %d", first, second);
	tell("switch back: %d", swapcontext(&other, &home));
	tell("visited again, %s", mask_name());
}

static void try_contexts(void)
{
	volatile int times = 0;

	getcontext(&other);
	other.uc_stack.ss_sp = stack;
	other.uc_stack.ss_size = sizeof(stack);
	other.uc_link = &home;
	makecontext(&other, (void (*)(void))visit, 2, 3, -4);
	errno = ERRNO_SENTINEL;
	tell("switch: %d", swapcontext(&home, &other));
	tell("errno %s", errno_name(errno));
	tell("switch: %d", swapcontext(&home, &other));
	getcontext(&home);
	tell("time %d", times);
	if (times++ < 3)
		setcontext(&home);
	tell("errno %s", errno_name(errno));
}

int main(void)
{
	try_values();
	try_handlers(0);
	try_handlers(SA_ONSTACK);
	try_gone();
	try_contexts();
	tell("end");
	return 0;
}
