/* What our reading of a filter says is what the kernel does. */
#include "filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dice.h"

#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))
#define FILTER(list) ((struct filter){.code = (list), .length = sizeof(list) / sizeof *(list)})

static uint32_t run(const struct filter *filter, int number, uint64_t first)
{
	struct seccomp_data call = {.nr = number, .args = {first}};

	return filter_run(filter, &call);
}

static void an_allowed_call_passes(void **state)
{
	const struct sock_filter code[] = {LOAD_NUMBER,
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1), ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS)};
	struct filter filter = FILTER(code);
	const long none[6] = {0};

	(void)state;
	assert_true(filter_passes(&filter, SYS_write, none));
	assert_false(filter_passes(&filter, SYS_read, none));
}

static void only_allow_and_log_pass(void **state)
{
	static const uint32_t refusals[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_USER_NOTIF,
		SECCOMP_RET_TRACE, 0x12340000};
	const long none[6] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct sock_filter code[] = {ANSWER(refusals[i])};
		struct filter filter = FILTER(code);

		assert_false(filter_passes(&filter, 1, none));
	}
	const struct sock_filter logged[] = {ANSWER(SECCOMP_RET_LOG | 5)};
	struct filter filter = FILTER(logged);
	assert_true(filter_passes(&filter, 1, none));
}

static void what_is_no_program_kills(void **state)
{
	const struct sock_filter no_end[] = {LOAD_NUMBER};
	const struct sock_filter too_far[] = {BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), ANSWER(0)};
	const struct sock_filter outside[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), ANSWER(0)};
	const struct sock_filter unknown[] = {BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), ANSWER(0)};
	const struct filter filters[] = {
		FILTER(no_end), FILTER(too_far), FILTER(outside), FILTER(unknown), {.code = NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		assert_int_equal(run(&filters[i], 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void strict_is_four_calls(void **state)
{
	struct filter filter = {.code = filter_strict, .length = filter_strict_length};
	const long none[6] = {0};
	int passing = 0;

	(void)state;
	for (long number = 0; number < 500; number++)
		passing += filter_passes(&filter, number, none);
	assert_int_equal(passing, 4);
	assert_true(filter_passes(&filter, SYS_rt_sigreturn, none));
}

/* -- The kernel as the judge ---------------------------------------------------------------- */

/* Arithmetic on an argument of getppid, which takes none; its answer is an errno that says how it
 * came out. All else passes. */
static unsigned make_program(struct sock_filter *code, struct dice *dice)
{
	static const uint16_t operations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR,
		BPF_LSH, BPF_RSH, BPF_NEG, BPF_DIV};
	static const uint16_t jumps[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	unsigned at = 0;

	code[at++] = (struct sock_filter)LOAD_NUMBER;
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0);
	code[at++] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	code[at++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
	code[at++] = (struct sock_filter)BPF_STMT(BPF_ST, 3);
	for (int i = 0; i < 12; i++) {
		uint16_t operation = operations[dice_below(dice, 10)];
		uint32_t k = operation == BPF_LSH || operation == BPF_RSH
				     ? (uint32_t)dice_below(dice, 32)
				     : (uint32_t)dice_roll(dice) | 1;

		code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | operation | BPF_K, k);
		if (i % 4 == 1)
			code[at++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
		if (i % 4 == 2)
			code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 3);
		if (i % 4 == 3)
			code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0);
		code[at++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | jumps[dice_below(dice, 4)] | BPF_K,
				(uint32_t)dice_roll(dice), 0, 1);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 77);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7ff);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | 1);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	return at;
}

/* In a child: what the kernel answers to each argument is what ours says. Exit status 0 if so. */
static void judge(const struct sock_filter *code, unsigned length, struct dice *dice)
{
	struct sock_fprog program = {(unsigned short)length, (struct sock_filter *)code};
	struct filter filter = {.code = code, .length = length};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		_exit(2);
	for (int i = 0; i < 50; i++) {
		uint32_t argument = i < 3 ? (uint32_t)i : (uint32_t)dice_roll(dice);
		long told = syscall(SYS_getppid, (long)argument);
		uint32_t ours = run(&filter, SYS_getppid, argument) & SECCOMP_RET_DATA;

		if (told != -1 || (uint32_t)errno != ours)
			_exit(1);
	}
	_exit(0);
}

static void the_kernel_agrees(void **state)
{
	struct dice dice = {1};

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct sock_filter code[100];
		unsigned length = make_program(code, &dice);
		pid_t child = fork();
		int status = -1;

		if (!child)
			judge(code, length, &dice);
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
	}
}

/* -- Who has which -------------------------------------------------------------------------- */

static bool allows(long number)
{
	return filter_allows(number, 0, 0, 0, 0, 0, 0);
}

static const struct sock_filter no_read[] = {LOAD_NUMBER,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 0, 1), REFUSE(1), ANSWER(SECCOMP_RET_ALLOW)};
static const struct sock_filter no_write[] = {LOAD_NUMBER,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1), REFUSE(1), ANSWER(SECCOMP_RET_ALLOW)};

static void all_filters_of_a_thread_hold(void **state)
{
	static struct filter first = {.code = no_read, .length = 4},
			     second = {.code = no_write, .length = 4};

	(void)state;
	filter_adopt(&filter_none);
	assert_true(allows(SYS_read));
	filter_stands(&first, false);
	assert_true(filter_flags.stand);
	assert_false(allows(SYS_read));
	assert_true(allows(SYS_write));
	filter_stands(&second, false);
	assert_false(allows(SYS_read));
	assert_false(allows(SYS_write));
	filter_fell(&second);
	assert_true(allows(SYS_write));
	assert_false(allows(SYS_read));

	filter_adopt(&filter_none); /* another thread's */
	assert_true(allows(SYS_read));
	filter_adopt(NULL); /* nobody knows whose */
	assert_false(allows(SYS_read));
	assert_false(allows(SYS_write));
	filter_flags.stand = false;
}

static void a_shared_filter_holds_for_all(void **state)
{
	static struct filter shared = {.code = no_read, .length = 4};

	(void)state;
	filter_adopt(&filter_none);
	filter_stands(&shared, true);
	filter_adopt(&filter_none);
	assert_false(allows(SYS_read));
	assert_true(allows(SYS_write));
	filter_flags.stand = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allowed_call_passes),
		cmocka_unit_test(only_allow_and_log_pass),
		cmocka_unit_test(what_is_no_program_kills),
		cmocka_unit_test(strict_is_four_calls),
		cmocka_unit_test(the_kernel_agrees),
		cmocka_unit_test(all_filters_of_a_thread_hold),
		cmocka_unit_test(a_shared_filter_holds_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
