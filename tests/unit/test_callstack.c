/* What is captured must be what libunwind's own local unwinder gives at the same place, frame by
 * frame; where there is nothing to walk by, a walk must end and never crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "callstack.h"
#include "vmatlas_store.h"

#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#define NO_FRAME_POINTER
#else
#define KEEP __attribute__((noinline, noclone))
#define NO_FRAME_POINTER __attribute__((optimize("omit-frame-pointer")))
#endif
/* Behind a call, so that it is not the last thing a function does. */
#define STAY() __asm__ volatile("")

enum { DEPTH = CALLSTACK_DEPTH_MAX };

static __thread struct callstack state;
static int (*unw_backtrace)(void **frames, int capacity);
static volatile int sink;

static KEEP uint32_t capture(void)
{
	struct callstack_at at = CALLSTACK_HERE();

	return callstack_capture(&state, &at);
}

static unsigned frames_of(uint32_t number, uint64_t *pcs)
{
	unsigned count = 0;

	for (const struct vmatlas_frame *frame; number; number = frame->parent) {
		frame = lane_find(callstack_frames(), number);
		assert_non_null(frame);
		assert_true(count < DEPTH);
		pcs[count++] = frame->pc;
	}
	return count;
}

/* In threads and handlers too, where cmocka's longjmp would lead astray: counted here, and asserted
 * after each test. */
static _Atomic unsigned compared, differences;

static void complain(const uint64_t *ours, unsigned count, void *const *theirs, unsigned expected)
{
	if (differences++)
		return;
	print_error("call stacks of %u and %u frames differ\n", count, expected);
	for (unsigned i = 0; i < count || i < expected; i++) {
		unsigned long long our = i < count ? ours[i] : 0;
		unsigned long long their = i < expected ? (uintptr_t)theirs[i] : 0;

		if (our != their)
			print_error("%3u %#14llx %#14llx\n", i, our, their);
	}
}

static bool same(const uint64_t *ours, unsigned count, void *const *theirs, unsigned expected)
{
	for (unsigned i = 1; count == expected && i < count; i++) {
		if (ours[i] != (uintptr_t)theirs[i])
			return false;
	}
	return count == expected;
}

/* Both are called from here, so all but the innermost frames must be the same. */
static KEEP void compare(void)
{
	void *theirs[DEPTH];
	uint64_t ours[DEPTH];
	unsigned count = frames_of(capture(), ours);
	unsigned expected = (unsigned)unw_backtrace(theirs, DEPTH);

	if (!same(ours, count, theirs, expected))
		complain(ours, count, theirs, expected);
	compared++;
}

static int all_were_equal(void **unused)
{
	unsigned count = atomic_exchange(&differences, 0);

	(void)unused;
	return count != 0;
}

/* Every place is visited twice: fresh, and taken up from the last walk. */
static KEEP void compare_twice(void)
{
	compare();
	compare();
	STAY();
}

static KEEP int recurse(int depth)
{
	if (depth == 0)
		compare_twice();
	else
		sink += recurse(depth - 1);
	if (depth % 7 == 0)
		compare();
	STAY();
	return depth;
}

static void deep_recursion(void **unused)
{
	(void)unused;
	recurse(100);
	recurse(20);
	recurse(200);
}

static void deeper_than_the_limit(void **unused)
{
	uint64_t deep = callstack_counts().deep;

	(void)unused;
	recurse(1000);
	recurse(250);
	recurse(300);
	recurse(3);
	assert_true(callstack_counts().deep > deep);
}

/* rbp as a number like any other, and many registers saved. */
static KEEP NO_FRAME_POINTER int without_frame_pointer(int a, int b, int c, int depth)
{
	for (int i = 0; i < 3; i++) {
		if (depth)
			b += without_frame_pointer(a + i, b, c * 2, depth - 1);
		else
			compare();
		a += b * c;
		c ^= a;
	}
	return a + b + c;
}

static void code_without_frame_pointers(void **unused)
{
	(void)unused;
	sink += without_frame_pointer(1, 2, 3, 5);
}

static KEEP int with_array(int size, int depth)
{
	char text[size];
	char *more = alloca((size_t)size * 3);

	memset(text, depth, (size_t)size);
	memset(more, depth, (size_t)size * 3);
	if (depth)
		sink += with_array(size * 2, depth - 1);
	compare();
	return text[size / 2] + more[size];
}

static void frames_of_variable_size(void **unused)
{
	(void)unused;
	sink += with_array(17, 6);
}

/* gcc reaches such a frame's CFA through a word that it saved below rbp. */
typedef double wide __attribute__((vector_size(32)));
static KEEP __attribute__((target("avx2"), force_align_arg_pointer)) double realigned(
	int depth, int a, int b, int c, int d, int e, int on_stack, int too)
{
	volatile wide value = {a, b, c, d};
	volatile char text[100 + 50 * (depth & 1)];

	text[0] = (char)e;
	if (depth)
		sink += (int)realigned(depth - 1, b, c, d, e, a, too, on_stack);
	compare();
	return value[0] + text[0] + on_stack + too;
}

static void realigned_frames(void **unused)
{
	(void)unused;
	if (!__builtin_cpu_supports("avx2"))
		skip();
	sink += (int)realigned(6, 1, 2, 3, 4, 5, 6, 7);
}

static int compare_in_order(const void *a, const void *b)
{
	compare();
	return *(const int *)a - *(const int *)b;
}

static void callbacks_of_libc(void **unused)
{
	int numbers[] = {5, 3, 8, 1, 9, 2, 7};

	(void)unused;
	qsort(numbers, 7, sizeof numbers[0], compare_in_order);
	bsearch(&numbers[3], numbers, 7, sizeof numbers[0], compare_in_order);
}

static void compare_in_handler(int signal)
{
	(void)signal;
	compare_twice();
}

static void handle(int flags)
{
	struct sigaction action = {.sa_handler = compare_in_handler, .sa_flags = flags};

	sigaction(SIGUSR1, &action, NULL);
}

static void signal_handlers(void **unused)
{
	(void)unused;
	handle(0);
	raise(SIGUSR1);
	compare();
	raise(SIGUSR1);
	recurse(10);
}

static void signal_handlers_on_an_alternate_stack(void **unused)
{
	stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	stack_t none = {.ss_flags = SS_DISABLE};

	(void)unused;
	sigaltstack(&stack, NULL);
	handle(SA_ONSTACK);
	for (int i = 0; i < 3; i++) {
		raise(SIGUSR1);
		compare();
	}
	sigaltstack(&none, NULL);
	free(stack.ss_sp);
}

/* Interrupted at every kind of instruction: prologues, epilogues, entries of linkage tables. */
enum { INTERRUPTIONS = 2000 };
static volatile sig_atomic_t interruptions;
static timer_t often;

/* The last one stops the timer: on a busy machine a handler may take longer than until the next,
 * and what it interrupts comes no further. */
static void compare_when_interrupted(int signal)
{
	static const struct itimerspec never;

	(void)signal;
	compare();
	if (++interruptions == INTERRUPTIONS)
		timer_settime(often, 0, &never, NULL);
}

static void interrupted_anywhere(void **unused)
{
	struct sigaction action = {.sa_handler = compare_when_interrupted};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	struct itimerspec interval = {{0, 100000}, {0, 100000}};

	(void)unused;
	sigaction(SIGUSR2, &action, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &often), 0);
	timer_settime(often, 0, &interval, NULL);
	while (interruptions < INTERRUPTIONS) {
		char text[64];

		snprintf(text, sizeof text, "%d %g", (int)interruptions, interruptions * 1.5);
		sink += (int)strtol(text, NULL, 10) + getppid();
	}
	timer_delete(often);
}

static ucontext_t home, coroutine;
static void coroutine_body(void)
{
	for (int i = 0; i < 3; i++) {
		recurse(12 + i);
		swapcontext(&coroutine, &home);
	}
}

static void coroutines(void **unused)
{
	char *stack =
		mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = 1 << 16;
	coroutine.uc_link = &home;
	makecontext(&coroutine, coroutine_body, 0);
	for (int i = 0; i < 3; i++) {
		swapcontext(&home, &coroutine);
		compare();
	}
	munmap(stack, 1 << 16);
}

static void *thread_body(void *argument)
{
	for (int i = 0; i < 20; i++)
		recurse(*(int *)argument + i);
	return NULL;
}

static void threads(void **unused)
{
	pthread_t thread[4];
	int depth[4] = {1, 5, 50, 300};

	(void)unused;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, thread_body, &depth[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

/* A thread with the smallest stack there can be. */
static void *small_body(void *argument)
{
	(void)argument;
	sink += (int)capture();
	return NULL;
}

static void smallest_thread_stack(void **unused)
{
	static char memory[32768] __attribute__((aligned(4096)));
	pthread_attr_t attributes;
	pthread_t thread;

	(void)unused;
	pthread_attr_init(&attributes);
	/* TLS of this program (the state) takes its share of it */
	assert_true(sizeof memory >= 16384);
	pthread_attr_setstacksize(&attributes, 16384 + sizeof state);
	assert_int_equal(pthread_create(&thread, &attributes, small_body, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
}

/* Farther apart than words have names. */
static KEEP void with_room(int depth)
{
	volatile char room[100000];

	room[0] = room[sizeof room - 1] = (char)depth;
	compare_twice();
	if (depth)
		with_room(depth - 1);
	compare();
	sink += room[0];
}

static void frames_of_a_megabyte(void **unused)
{
	(void)unused;
	with_room(10);
	recurse(10);
}

/* What stands there may be any number: the call stack may be another, but nothing beside the stack
 * is read. */
static void write_over(unsigned *seed)
{
	uint64_t *word = (uint64_t *)&state;

	for (int i = 0; i < 200; i++) {
		uint64_t random = (uint64_t)rand_r(seed) << 33 ^ (uint64_t)rand_r(seed);
		size_t at = (size_t)rand_r(seed) % (sizeof state / sizeof *word);

		word[at] = rand_r(seed) % 2 ? random : word[at] ^ 1ull << random % 64;
	}
}

static KEEP void capture_at(int depth)
{
	if (depth)
		capture_at(depth - 1);
	sink += (int)capture();
	sink += (int)capture();
	STAY();
}

static void *written_over_body(void *argument)
{
	unsigned seed = *(unsigned *)argument;

	for (int i = 0; i < 2000; i++) {
		capture_at(i % 30);
		write_over(&seed);
		capture_at(29);
	}
	memset(&state, 0, sizeof state);
	recurse(20);
	return NULL;
}

static uint64_t lost_there; /* frames whose caller is none, which are not kept */

static void state_that_was_written_over_leads_nowhere(void **unused)
{
	uint64_t lost = callstack_counts().lost;
	pthread_attr_t attributes;
	pthread_t thread;
	unsigned seed = 3;

	(void)unused;
	written_over_body(&seed);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536 + sizeof state);
	assert_int_equal(pthread_create(&thread, &attributes, written_over_body, &seed), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	lost_there = callstack_counts().lost - lost;
}

/* No unwind information: with a frame pointer the walk goes on, as libunwind's does. */
void without_information(void (*function)(void));
void without_frame(void (*function)(void));
__asm__(".text\n"
	"without_information:\n"
	"	pushq %rbp\n	movq %rsp, %rbp\n	callq *%rdi\n	popq %rbp\n	ret\n"
	"without_frame:\n"
	"	pushq %rbp\n	xorl %ebp, %ebp\n	callq *%rdi\n	popq %rbp\n	ret\n");

static void code_without_unwind_information(void **unused)
{
	uint64_t guesses = callstack_counts().no_unwind_info;

	(void)unused;
	without_information(compare_twice);
	assert_true(callstack_counts().no_unwind_info > guesses);
}

static void a_null_frame_pointer_ends_the_walk(void **unused)
{
	(void)unused;
	without_frame(compare_twice);
}

/* Generated code: as an unknown function with a frame pointer. */
static void generated_code(void **unused)
{
	static const uint8_t code[] = {
		0x55, 0x48, 0x89, 0xe5, /* push %rbp; mov %rsp,%rbp */
		0xff, 0xd7, 0x5d, 0xc3, /* call *%rdi; pop %rbp; ret */
	};
	uint8_t *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*function)(void (*)(void));

	(void)unused;
	memcpy(page, code, sizeof code);
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	memcpy(&function, &page, sizeof function);
	function(compare_twice);
	munmap(page, 4096);
}

/* CFA by another register: only libunwind can step over it. The second has callee-saved registers
 * that hold what the caller's frame is found by. */
void through_rbx(void (*function)(void));
void through_r12(void (*function)(void));
__asm__(".text\n"
	"through_rbx:\n"
	"	.cfi_startproc\n"
	"	pushq %rbx\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbx, -16\n"
	"	movq %rsp, %rbx\n	.cfi_def_cfa_register %rbx\n"
	"	subq $200, %rsp\n	andq $-64, %rsp\n"
	"	callq *%rdi\n"
	"	movq %rbx, %rsp\n	.cfi_def_cfa_register %rsp\n"
	"	popq %rbx\n	.cfi_def_cfa_offset 8\n	ret\n"
	"	.cfi_endproc\n"
	"through_r12:\n"
	"	.cfi_startproc\n"
	"	pushq %r12\n	.cfi_def_cfa_offset 16\n	.cfi_offset %r12, -16\n"
	"	movq %rsp, %r12\n	.cfi_def_cfa_register %r12\n"
	"	subq $64, %rsp\n"
	"	callq *%rdi\n"
	"	movq %r12, %rsp\n	.cfi_def_cfa_register %rsp\n"
	"	popq %r12\n	.cfi_def_cfa_offset 8\n	ret\n"
	"	.cfi_endproc\n");

static KEEP void through_both(void)
{
	through_r12(compare_twice);
	compare();
}

static void frames_that_need_other_registers(void **unused)
{
	uint64_t walks = callstack_counts().complex_walks;

	(void)unused;
	through_rbx(compare_twice);
	through_rbx(through_both);
	compare();
	assert_true(callstack_counts().complex_walks > walks);
}

/* The same two places in turn, with everything that can change between them. */
static KEEP void place(int which, int deep)
{
	if (deep)
		place(which, deep - 1);
	else if (which)
		compare();
	else
		compare();
	STAY();
}

static KEEP void way_one(int which, int deep)
{
	place(which, deep);
	STAY();
}

static KEEP void way_two(int which, int deep)
{
	place(which, deep);
	STAY();
}

static void walks_that_share_some_frames(void **unused)
{
	unsigned seed = 7;

	(void)unused;
	for (int i = 0; i < 3000; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 1)
			way_one(seed >> 17 & 1, seed >> 18 & 7);
		else
			way_two(seed >> 17 & 1, seed >> 18 & 7);
	}
}

static void equal_call_stacks_have_one_number(void **unused)
{
	uint32_t number[4], frames = 0;

	(void)unused;
	for (volatile int i = 0; i < 4; i++) {
		if (i == 1)
			frames = lane_count(callstack_frames());
		if (i > 1) /* also when nothing is remembered */
			memset(&state, 0, sizeof state);
		number[i] = capture();
		assert_int_equal(number[0], number[i]);
	}
	assert_int_equal(lane_count(callstack_frames()), frames);
}

static void errno_stays(void **unused)
{
	(void)unused;
	errno = 4711;
	memset(&state, 0, sizeof state);
	callstack_forget(0, UINTPTR_MAX);
	assert_true(capture() != 0);
	assert_int_equal(errno, 4711);
}

/* Whatever the registers and the stack hold: no crash, and something comes back. */
static void garbage_never_crashes(void **unused)
{
	static const uintptr_t values[] = {0, 1, 8, 0x4000, 0x7ffff7ffffff, 0x800000000000,
		UINTPTR_MAX, UINTPTR_MAX - 7, INTPTR_MAX, 0xdeadbeefdeadbeef};
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t pcs[] = {(uintptr_t)compare, (uintptr_t)strlen + 1, here, (uintptr_t)&state, 0, 1,
		UINTPTR_MAX, (uintptr_t)values};
	enum { VALUES = sizeof values / sizeof values[0], PCS = sizeof pcs / sizeof pcs[0] };

	(void)unused;
	for (unsigned i = 0; i < PCS * (VALUES + 2) * (VALUES + 2); i++) {
		unsigned s = i / PCS % (VALUES + 2), b = i / PCS / (VALUES + 2);
		struct callstack_at at = {pcs[i % PCS],
			s < VALUES ? values[s] : here + (s - VALUES) * 3,
			b < VALUES ? values[b] : here + (b - VALUES) * 5};

		callstack_capture(&state, &at);
	}
	compare();
}

static void random_stacks_never_crash(void **unused)
{
	uintptr_t *page =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t interesting[] = {(uintptr_t)compare + 9, (uintptr_t)recurse + 20, (uintptr_t)page,
		(uintptr_t)page + 4096, (uintptr_t)without_information + 6, 0,
		(uintptr_t)through_rbx + 20};
	unsigned seed = 3;

	(void)unused;
	munmap(page + 512, 4096); /* the stack ends here, abruptly */
	for (int i = 0; i < 2000; i++) {
		for (int j = 0; j < 512; j++) {
			seed = seed * 1103515245 + 12345;
			page[j] = interesting[(seed >> 16) % 7] + (seed >> 8 & 0xff8);
			if (seed >> 28 & 1)
				page[j] = interesting[(seed >> 16) % 7];
		}
		struct callstack_at at = {interesting[i % 7],
			(uintptr_t)(page + (seed >> 20) % 512),
			(uintptr_t)(page + (seed >> 10) % 512)};

		callstack_capture(&state, &at);
	}
	munmap(page, 4096);
	compare();
}

static void a_handler_may_leave_by_longjmp(void **unused)
{
	(void)unused;
	/* As if it had interrupted the rewriting of the levels. */
	compare();
	state.levels.count = 0;
	state.levels.level[0].key = 12345;
	compare();
}

static void a_forked_child_goes_on(void **unused)
{
	pid_t child = fork();
	int status;

	(void)unused;
	if (child == 0) {
		recurse(30);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void what_was_unloaded_is_learned_again(void **unused)
{
	uint64_t learned[3];

	(void)unused;
	for (volatile int i = 0; i < 3; i++) {
		if (i == 2)
			callstack_forget((uintptr_t)compare - 4096, (uintptr_t)compare + 4096);
		compare();
		learned[i] = callstack_counts().learned;
	}
	assert_int_equal(learned[0], learned[1]);
	assert_true(learned[2] > learned[1]);
}

/* Compiles a library of which only the source is at hand, and loads it. */
static void *load(const char *compiler, const char *source)
{
	char path[] = "/tmp/test_callstack.XXXXXX", command[4096];
	void *library = NULL;

	close(mkstemp(path));
	snprintf(command, sizeof command, "echo '%s' | %s -O2 -shared -fPIC - -o %s", source,
		compiler, path);
	if (system(command) == 0)
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	unlink(path);
	return library;
}

static void exceptions_between_captures(void **unused)
{
	void *library = load("c++ -x c++",
		"struct guard { void (*f)(); ~guard() { f(); } };"
		"__attribute__((noinline)) static void deep(void (*f)(), int n) {"
		"	guard g{f};"
		"	if (!n) throw n;"
		"	deep(f, n - 1);"
		"	f();"
		"}"
		"extern \"C\" void throwing(void (*f)()) {"
		"	for (int i = 0; i < 5; i++) {"
		"		f();"
		"		try { deep(f, i * 3); } catch (int) { f(); }"
		"		f();"
		"	}"
		"}");
	void (*throwing)(void (*)(void));

	(void)unused;
	if (!library)
		skip();
	*(void **)&throwing = dlsym(library, "throwing");
	throwing(compare_twice);
	dlclose(library);
}

/* libunwind's own cache goes stale with a library that is unloaded: here it is no measure, so each
 * call must come back to who called it. */
static unsigned outward;
static KEEP void find_caller(void)
{
	uint64_t pcs[DEPTH];

	outward = frames_of(capture(), pcs);
}

static unsigned depth_through(const char *source)
{
	void *library = load("cc -x c", source);
	void (*call)(void (*)(void));

	assert_non_null(library);
	*(void **)&call = dlsym(library, "call");
	call(find_caller);
	dlclose(library);
	callstack_forget((uintptr_t)call - 65536, (uintptr_t)call + 65536);
	return outward;
}

/* The second has its call at the same place in a frame of another size. */
static void another_library_in_the_same_place(void **unused)
{
	unsigned first, second;

	(void)unused;
	first = depth_through(
		"void call(void (*f)(void)) { volatile char a[40]; a[0] = 1; f(); a[1] = 2; }");
	second = depth_through(
		"void call(void (*f)(void)) { volatile char a[72]; a[0] = 1; f(); a[1] = 2; }");
	assert_int_equal(first, second);
	assert_true(first > 4);
}

static void before_the_start_there_is_one_frame(void **unused)
{
	uint64_t pcs[DEPTH];

	(void)unused;
	assert_int_equal(frames_of(capture(), pcs), 1);
}

static int start(void **unused)
{
	(void)unused;
	*(void **)&unw_backtrace = dlsym(dlopen("libunwind.so.8", RTLD_NOW), "unw_backtrace");
	return unw_backtrace == NULL;
}

static int boot(void **unused)
{
	(void)unused;
	callstack_boot(DEPTH, false);
	return !callstack_counts().libunwind;
}

static void nothing_was_lost(void **unused)
{
	struct callstack_counts counts = callstack_counts();

	(void)unused;
	assert_true(compared > 5000);
	assert_int_equal(counts.lost, lost_there);
	print_message("%u compared, %llu learned, %llu complex, %llu guessed, %llu deep\n",
		compared, (unsigned long long)counts.learned,
		(unsigned long long)counts.complex_walks, (unsigned long long)counts.no_unwind_info,
		(unsigned long long)counts.deep);
}

#define TEST(name) cmocka_unit_test_teardown(name, all_were_equal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(before_the_start_there_is_one_frame, start),
		cmocka_unit_test_setup_teardown(deep_recursion, boot, all_were_equal),
		TEST(deeper_than_the_limit), TEST(code_without_frame_pointers),
		TEST(frames_of_variable_size), TEST(realigned_frames), TEST(callbacks_of_libc),
		TEST(signal_handlers), TEST(signal_handlers_on_an_alternate_stack),
		TEST(interrupted_anywhere), TEST(coroutines), TEST(threads),
		TEST(smallest_thread_stack), TEST(frames_of_a_megabyte),
		TEST(code_without_unwind_information), TEST(a_null_frame_pointer_ends_the_walk),
		TEST(generated_code), TEST(frames_that_need_other_registers),
		TEST(walks_that_share_some_frames), TEST(equal_call_stacks_have_one_number),
		TEST(errno_stays), TEST(garbage_never_crashes), TEST(random_stacks_never_crash),
		TEST(a_handler_may_leave_by_longjmp), TEST(a_forked_child_goes_on),
		TEST(what_was_unloaded_is_learned_again), TEST(exceptions_between_captures),
		TEST(another_library_in_the_same_place), TEST(nothing_was_lost),
		TEST(state_that_was_written_over_leads_nowhere), /* which loses some */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
