#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "aside.h"
#include "unwind.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Functions whose unwind information we write ourselves; each label is a return address. */
void shapes_code(void);
extern const char shape_leaf[], shape_pushed[], shape_rbp[], shape_deep[], shape_indirect[],
	shape_signal[], shape_end[], shape_no_rbp[], shape_other[], shape_added[], shape_moved[],
	shape_nothing[];
__asm__(".text\n"
	"shapes_code:\n"
	"	.cfi_startproc\n"
	"	nop\nshape_leaf:\n"
	"	.cfi_def_cfa_offset 64\n	nop\nshape_pushed:\n"
	"	.cfi_offset %rbp, -16\n	.cfi_def_cfa_register %rbp\n"
	"	.cfi_def_cfa_offset 16\n	nop\nshape_rbp:\n"
	"	.cfi_def_cfa %rsp, 4000000\n	.cfi_offset %rbp, -24\n	nop\nshape_deep:\n"
	/* DW_CFA_def_cfa_expression: breg6 -8, deref; DW_CFA_expression rbp: breg6 0 */
	"	.cfi_escape 0x0f, 3, 0x76, 0x78, 0x06\n"
	"	.cfi_escape 0x10, 6, 2, 0x76, 0\n	nop\nshape_indirect:\n"
	/* CFA: breg12 0, that is r12 */
	"	.cfi_same_value %rbp\n	.cfi_def_cfa %r12, 32\n	nop\nshape_other:\n"
	/* CFA: breg7 8, deref, plus_uconst 8, as hand-written vector code has it */
	"	.cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x23, 8\n	nop\nshape_added:\n"
	/* rbp kept in another register */
	"	.cfi_def_cfa %rsp, 16\n	.cfi_register %rbp, %r12\n	nop\nshape_moved:\n"
	"	.cfi_undefined %rbp\n	nop\nshape_no_rbp:\n"
	"	.cfi_same_value %rbp\n	.cfi_undefined %rip\n	nop\nshape_end:\n"
	"	nop\n"
	"	.cfi_endproc\n"
	"shapes_signal:\n"
	"	.cfi_startproc\n	.cfi_signal_frame\n"
	/* CFA: breg7 160, deref; rip: breg7 168; rbp: breg7 120 */
	"	.cfi_escape 0x0f, 4, 0x77, 0xa0, 1, 0x06\n"
	"	.cfi_escape 0x10, 16, 3, 0x77, 0xa8, 1\n"
	"	.cfi_escape 0x10, 6, 3, 0x77, 0xf8, 0\n"
	"	nop\nshape_signal:\n	nop\n"
	"	.cfi_endproc\n"
	"	nop\n	nop\nshape_nothing:\n	nop\n");

struct question {
	uintptr_t pc;
	bool exact;
	struct layout layout;
};

static void ask(void *argument, const struct aside_registers *registers)
{
	struct question *question = argument;

	(void)registers;
	unwind_learn(question->pc, question->exact, &question->layout);
}

static struct layout learned(const char *pc, bool exact)
{
	struct question question = {.pc = (uintptr_t)pc, .exact = exact};

	assert_true(aside_run(ask, &question));
	return question.layout;
}

static void assert_learned(const char *pc, struct layout must)
{
	struct layout is = learned(pc, false);

	assert_int_equal(is.kind, must.kind);
	assert_int_equal(is.interrupts, must.interrupts);
	assert_int_equal(is.saves_rbp, must.saves_rbp);
	assert_int_equal(is.cfa, must.cfa);
	assert_int_equal(is.rbp, must.rbp);
}

static void plain_frames_are_learned(void **state)
{
	(void)state;
	assert_learned(shape_leaf, (struct layout){.kind = LAYOUT_RSP, .cfa = 8});
	assert_learned(shape_pushed, (struct layout){.kind = LAYOUT_RSP, .cfa = 64});
	assert_learned(shape_rbp,
		(struct layout){.kind = LAYOUT_RBP, .cfa = 16, .saves_rbp = true, .rbp = -16});
	assert_learned(shape_deep,
		(struct layout){.kind = LAYOUT_RSP, .cfa = 4000000, .saves_rbp = true, .rbp = -24});
}

static void frames_found_through_memory_are_learned(void **state)
{
	(void)state;
	assert_learned(shape_indirect,
		(struct layout){.kind = LAYOUT_AT_RBP, .cfa = -8, .saves_rbp = true});
	assert_learned(shape_signal, (struct layout){.kind = LAYOUT_SIGNAL,
					     .interrupts = true,
					     .cfa = 160,
					     .saves_rbp = true,
					     .rbp = 120});
}

static void the_outermost_frame_is_known(void **state)
{
	(void)state;
	assert_int_equal(learned(shape_end, false).kind, LAYOUT_END);
	assert_int_equal(learned(shape_no_rbp, false).kind, LAYOUT_END);
}

static void the_rest_is_complex_or_unknown(void **state)
{
	(void)state;
	assert_int_equal(learned(shape_other, false).kind, LAYOUT_COMPLEX);
	assert_int_equal(learned(shape_added, false).kind, LAYOUT_COMPLEX);
	assert_int_equal(learned(shape_moved, false).kind, LAYOUT_COMPLEX);
	assert_int_equal(learned(shape_nothing, false).kind, LAYOUT_UNKNOWN);
	assert_int_equal(learned((const char *)0x1000, false).kind, LAYOUT_UNKNOWN);
	assert_int_equal(learned((const char *)UINTPTR_MAX, true).kind, LAYOUT_UNKNOWN);
}

/* The row that holds after the call differs from the one before the next instruction. */
static void an_interrupted_place_is_looked_up_exactly(void **state)
{
	(void)state;
	assert_int_equal(learned(shape_leaf, true).cfa, 64);
	assert_int_equal(learned(shape_leaf, false).cfa, 8);
	assert_int_equal(learned((const char *)shapes_code, true).cfa, 8);
}

static unsigned descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static unsigned before;

static int boot(void **state)
{
	(void)state;
	before = descriptors();
	return unwind_boot();
}

static void no_descriptor_stays_open(void **state)
{
	(void)state;
	assert_true(unwind_ready());
	learned(shape_leaf, false);
	assert_int_equal(descriptors(), before);
}

static const char *home_of(void *symbol)
{
	Dl_info info;

	return symbol && dladdr(symbol, &info) ? info.dli_fname : "";
}

/* What a C++ library that is loaded later will bind to. */
static void the_scope_of_the_program_is_untouched(void **state)
{
	static const char *const names[] = {"_Unwind_RaiseException", "_Unwind_Resume",
		"_Unwind_Backtrace", "_Unwind_GetIP", "backtrace", "unw_backtrace",
		"_Ux86_64_step"};
	void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL);

	(void)state;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_null(strstr(home_of(dlsym(RTLD_DEFAULT, names[i])), "libunwind"));
	if (library) {
		void *symbol = dlsym(library, "_Unwind_RaiseException");

		assert_non_null(strstr(home_of(symbol), "libgcc_s"));
		assert_ptr_equal(symbol, dlsym(RTLD_DEFAULT, "_Unwind_RaiseException"));
	}
}

/* Small stacks: libunwind runs on ours. */
static void *learn_on_little(void *argument)
{
	struct question question = {.pc = (uintptr_t)shape_deep};

	*(bool *)argument = aside_run(ask, &question) && question.layout.cfa == 4000000;
	return NULL;
}

static void a_small_thread_can_learn(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool good = false;

	(void)state;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	assert_int_equal(pthread_create(&thread, &attributes, learn_on_little, &good), 0);
	pthread_join(thread, NULL);
	assert_true(good);
}

static void see(void *argument, const struct aside_registers *registers)
{
	uintptr_t *seen = argument;
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	seen[2] = (uintptr_t)sigismember(&blocked, SIGUSR1);
	seen[0] = (uintptr_t)__builtin_frame_address(0);
	seen[1] = aside_stack_pointer(registers);
}

static void work_aside_is_on_another_stack_with_signals_blocked(void **state)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), seen[3] = {0};
	const struct aside_registers none = {0};

	(void)state;
	assert_true(aside_run(see, seen));
	assert_true(seen[0] > here + 65536 || seen[0] < here - 65536);
	assert_in_range(seen[1], here - 4096, here);
	assert_int_equal(seen[2], 1);
	see(seen, &none);
	assert_int_equal(seen[2], 0);
}

static void learning_is_quick(void **state)
{
	enum { TIMES = 2000 };
	struct timespec from, to;
	double us;

	(void)state;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < TIMES; i++)
		learned((const char *)dlsym(RTLD_DEFAULT, "qsort") + i % 300, true);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	us = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	     1000 / TIMES;
	print_message("%.2f us for one layout\n", us);
	assert_true(us < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_descriptor_stays_open),
		cmocka_unit_test(plain_frames_are_learned),
		cmocka_unit_test(frames_found_through_memory_are_learned),
		cmocka_unit_test(the_outermost_frame_is_known),
		cmocka_unit_test(the_rest_is_complex_or_unknown),
		cmocka_unit_test(an_interrupted_place_is_looked_up_exactly),
		cmocka_unit_test(the_scope_of_the_program_is_untouched),
		cmocka_unit_test(a_small_thread_can_learn),
		cmocka_unit_test(work_aside_is_on_another_stack_with_signals_blocked),
		cmocka_unit_test(learning_is_quick),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
