/* Verifying finds what is wrong: a call stack's number is held against another place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "callstack.h"
#include "unwind.h"
#include "verify.h"
#include "vmatlas_store.h"

#include <string.h>

enum { DEPTH = 64 };
#define KEEP __attribute__((noinline, noclone))
#define STAY() __asm__ volatile("")

static struct callstack state;
static uint64_t differ_before;

/* Captures, and verifies what was captured before; 0 for the same. */
static KEEP uint32_t verify(uint32_t other)
{
	struct callstack_at at = CALLSTACK_HERE();
	uint32_t number = callstack_capture(&state, &at);
	struct unwind_place place = {at.pc, at.sp};

	verify_callstack(other ? other : number, &place, &guard.ground.stacks, DEPTH);
	return number;
}

static KEEP uint32_t here(uint32_t other)
{
	uint32_t number = verify(other);

	STAY();
	return number;
}

static KEEP uint32_t deeper(uint32_t other)
{
	uint32_t number = here(other);

	STAY();
	return number;
}

static int begin(void **unused)
{
	(void)unused;
	callstack_boot(DEPTH, false);
	differ_before = verify_differ();
	return 0;
}

static uint64_t differ(void)
{
	return verify_differ() - differ_before;
}

static void the_same_call_stack_does_not_differ(void **unused)
{
	(void)unused;
	assert_int_not_equal(here(0), 0);
	deeper(0);
	here(0);
	assert_int_equal(differ(), 0);
}

static void another_one_differs(void **unused)
{
	uint32_t number = here(0);

	(void)unused;
	deeper(number);
	deeper(number);
	assert_int_equal(differ(), 2);
}

static void one_that_is_cut_differs(void **unused)
{
	const struct vmatlas_frame *frame = lane_find(callstack_frames(), here(0));

	(void)unused;
	here(frame->parent);
	assert_int_equal(differ(), 1);
}

static void what_differs_is_told(void **unused)
{
	char sentences[VERIFY_SENTENCES][VERIFY_SENTENCE];
	unsigned count;

	(void)unused;
	for (int i = 0; i < 2 * VERIFY_SHOWN; i++)
		deeper(here(0));
	count = verify_say(sentences);
	assert_int_equal(count, VERIFY_SENTENCES);
	assert_non_null(strstr(sentences[0], " differ"));
	assert_null(strstr(sentences[0], " 0 differ"));
	for (unsigned i = 1; i < count; i++) {
		assert_memory_equal(sentences[i], "a call stack of ", 16);
		assert_non_null(strstr(sentences[i], ", libunwind's 0x"));
	}
}

/* The thread's bounds are for its own walks. */
static void the_stacks_stay_as_they_are(void **unused)
{
	struct stacks before;

	(void)unused;
	here(0);
	before = guard.ground.stacks;
	deeper(0);
	assert_memory_equal(&before, &guard.ground.stacks, sizeof before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_call_stack_does_not_differ, begin),
		cmocka_unit_test_setup(another_one_differs, begin),
		cmocka_unit_test_setup(one_that_is_cut_differs, begin),
		cmocka_unit_test_setup(what_differs_is_told, begin),
		cmocka_unit_test_setup(the_stacks_stay_as_they_are, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
