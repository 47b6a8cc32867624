/* Stacks that are no thread's: coroutines, deep recursion, and frames that nobody returns from. */
#include "work.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

enum { ROUTINES = 50, TURNS = 40, SMALL = 16 << 10 };

static ucontext_t home, routine[ROUTINES];
static unsigned turns_done;

static void turn(int number)
{
	for (int i = 0; i < TURNS; i++) {
		void *block = malloc((size_t)(number * 10 + 1));

		swapcontext(&routine[number], &home);
		work(3);
		if (++turns_done % 100 == 0)
			ask();
		free(block);
	}
}

static void run_contexts(char *(*stack_of)(int number))
{
	for (int i = 0; i < ROUTINES; i++) {
		getcontext(&routine[i]);
		routine[i].uc_stack.ss_sp = stack_of(i);
		routine[i].uc_stack.ss_size = SMALL;
		routine[i].uc_link = &home;
		makecontext(&routine[i], (void (*)(void))turn, 1, i);
	}
	for (int turns = 0; turns <= TURNS; turns++)
		for (int i = 0; i < ROUTINES; i++)
			swapcontext(&home, &routine[i]);
	tell("%u turns", turns_done);
}

static char *stack_of_heap(int number)
{
	(void)number;
	return malloc(SMALL);
}

static char *stack_of_mapping(int number)
{
	(void)number;
	return mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
		-1, 0);
}

static char *stack_in_data(int number)
{
	static char stacks[ROUTINES][SMALL] __attribute__((aligned(16)));

	return stacks[number];
}

static void contexts_on_the_heap(void)
{
	run_contexts(stack_of_heap);
}

static void contexts_on_mappings(void)
{
	run_contexts(stack_of_mapping);
}

static void contexts_in_data(void)
{
	run_contexts(stack_in_data);
}

/* void on_stack(void *top, void (*act)(void)): no unwind information, rbp is no frame. */
void on_stack(void *top, void (*act)(void));
__asm__(".text\n"
	".globl on_stack\n"
	"on_stack:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdi, %rsp\n"
	"	mov $0x123456789, %rbp\n"
	"	call *%rsi\n"
	"	mov %rbx, %rsp\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");

static void work_here(void)
{
	work(100);
	ask();
	free(malloc(200000));
}

/* The last byte of the stack is the last of a mapping: who reads on, dies. */
static void hand_made(void)
{
	for (int i = 0; i < 50; i++) {
		char *stack =
			mmap(NULL, SMALL + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(!mprotect(stack + 4096, SMALL, PROT_READ | PROT_WRITE));
		on_stack(stack + 4096 + SMALL, work_here);
		munmap(stack, SMALL + 8192);
	}
	tell("50 stacks, no way back to read");
}

/* The words above the first frame look like frames, and are not. */
static void hand_made_garbage(void)
{
	static uintptr_t stack[SMALL / 8] __attribute__((aligned(16)));

	for (int i = 0; i < 200; i++) {
		for (size_t at = 0; at < COUNT(stack); at++)
			stack[at] = at * 0x9e3779b97f4a7c15u * (unsigned)(i + 1) >> (i % 32);
		on_stack(&stack[COUNT(stack) - 64], work_here);
	}
	tell("200 stacks with rubbish above");
}

static void *allocate_deeply(int depth)
{
	void *inside, *block = depth % 100 ? NULL : malloc(24);

	inside = depth ? allocate_deeply(depth - 1) : malloc(1);
	if (!depth) {
		for (int i = 0; i < 200; i++)
			free(malloc(100));
		ask();
	}
	free(block);
	return inside;
}

static void recursion(void)
{
	for (int i = 0; i < 3; i++)
		free(allocate_deeply(100000 - i));
	tell("100000 frames");
}

/* Out of many frames, each of which has allocated, by longjmp. */
static jmp_buf back;
static void *blocks[64];

static void descend(int depth)
{
	static unsigned calls;

	blocks[depth] = malloc(100);
	if (depth) {
		descend(depth - 1);
		blocks[0] = NULL;
		return;
	}
	if (++calls % 50 == 0)
		ask();
	longjmp(back, 1);
}

static void jumps(void)
{
	for (volatile int i = 0; i < 2000; i++) {
		if (!setjmp(back))
			descend(63);
		for (size_t at = 0; at < COUNT(blocks); at++)
			free(blocks[at]);
	}
	tell("2000 jumps over 64 frames");
}

/* qsort allocates, and its callback leaves for good: through libc's frames. */
static int leave_sort(const void *a, const void *b)
{
	static int calls;

	if (++calls % 100 == 0)
		longjmp(back, 1);
	return memcmp(a, b, 4);
}

static void jump_out_of_sort(void)
{
	static char rows[3000];
	volatile int left = 0;

	for (volatile int i = 0; i < 300; i++) {
		if (!setjmp(back))
			qsort(rows, 1000, 3, leave_sort);
		else
			left++;
		free(malloc(77));
	}
	tell("%d jumps out of qsort", left);
}

static sigjmp_buf again;
static volatile sig_atomic_t jumped, may_jump;

static void jump_away(int number)
{
	(void)number;
	if (!may_jump)
		return;
	jumped++;
	siglongjmp(again, 1);
}

static void alarm_every_us(long us)
{
	struct itimerval timer = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A mapping call holds no lock of libc's, so that a program may well jump out of it. */
static void interrupted_mappings(int depth)
{
	volatile char room[512];

	room[0] = 1;
	if (depth) {
		interrupted_mappings(depth - 1);
		room[1] = room[0];
		return;
	}
	for (;;) {
		char *area = mmap(
			NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(area != MAP_FAILED);
		munmap(area, 4096);
	}
}

/* The last report must show a hundred blocks of a size that nobody else asks for. */
static void leave_blocks(int depth)
{
	volatile char room[64];

	room[0] = 1;
	if (depth) {
		leave_blocks(depth - 1);
		room[1] = room[0];
		return;
	}
	for (int i = 0; i < 100; i++)
		must(malloc(7777));
	ask();
}

static void jump_out_of_handler(int depth)
{
	signal(SIGALRM, jump_away);
	alarm_every_us(1000);
	while (jumped < 300) {
		if (!sigsetjmp(again, 1)) {
			may_jump = 1;
			interrupted_mappings(depth);
		}
		may_jump = 0;
		work(20);
	}
	alarm_every_us(0);
	work(1000);
	leave_blocks(10);
	tell("300 jumps out of a handler");
}

static void handler_jumps(void)
{
	jump_out_of_handler(0);
}

/* The place it jumps to is far out: a thousand frames, more than half a megabyte. */
static void handler_jumps_far(void)
{
	jump_out_of_handler(1000);
}

static void handler_jumps_off_alternate_stack(void)
{
	static char alternate[16 << 10];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	struct sigaction action = {.sa_handler = jump_away, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm_every_us(1000);
	while (jumped < 300) {
		if (!sigsetjmp(again, 1)) {
			may_jump = 1;
			interrupted_mappings(3);
		}
		may_jump = 0;
		work(20);
	}
	alarm_every_us(0);
	leave_blocks(10);
	tell("300 jumps off the alternate stack");
}

/* -- What comes next is deeper, or on a stack that lies lower ---------------------------------- */

enum { ROUNDS = 100 };

static void allocate_one(int depth)
{
	volatile char room[512];

	room[0] = 1;
	if (depth) {
		allocate_one(depth - 1);
		room[1] = room[0];
		return;
	}
	must(malloc(7777));
}

/* After each jump the first block is asked for far deeper than the call that was left. */
static void handler_jumps_before_depth(void)
{
	signal(SIGALRM, jump_away);
	alarm_every_us(1000);
	for (volatile int round = 0; round < ROUNDS; round++) {
		if (!sigsetjmp(again, 1)) {
			may_jump = 1;
			interrupted_mappings(0);
		}
		may_jump = 0;
		allocate_one(200);
	}
	alarm_every_us(0);
	ask();
	tell("%d jumps before depth", ROUNDS);
}

static char two_stacks[2][64 << 10];
static ucontext_t low, high;

static void never_ending(void)
{
	may_jump = 1;
	interrupted_mappings(3);
}

/* Begins the context that is interrupted anew, on the higher of the two stacks. */
static void on_the_higher(void)
{
	getcontext(&high);
	high.uc_stack.ss_sp = two_stacks[1];
	high.uc_stack.ss_size = sizeof two_stacks[1];
	high.uc_link = NULL;
	makecontext(&high, never_ending, 0);
}

static void jump_down(void)
{
	for (volatile int round = 0; round < ROUNDS; round++) {
		if (!sigsetjmp(again, 1)) {
			on_the_higher();
			setcontext(&high);
		}
		may_jump = 0;
		allocate_one(3);
	}
	swapcontext(&low, &home);
}

static void on_the_lower(void (*run)(void))
{
	getcontext(&low);
	low.uc_stack.ss_sp = two_stacks[0];
	low.uc_stack.ss_size = sizeof two_stacks[0];
	low.uc_link = &home;
	makecontext(&low, run, 0);
	swapcontext(&home, &low);
}

/* From a stack that is left for good to one that lies lower. */
static void handler_jumps_between_stacks(void)
{
	signal(SIGALRM, jump_away);
	alarm_every_us(1000);
	on_the_lower(jump_down);
	alarm_every_us(0);
	ask();
	tell("%d jumps between stacks", ROUNDS);
}

/* A handler gives the processor to the other context, which gives it back later: not while that
 * one runs itself, and what it left last is no more. */
static void take_turns(int number)
{
	(void)number;
	if (!may_jump)
		return;
	may_jump = 0;
	swapcontext(&high, &low);
	may_jump = 1;
}

static void be_given_turns(void)
{
	on_the_higher();
	for (int round = 0; round < ROUNDS; round++) {
		swapcontext(&low, &high);
		allocate_one(3);
	}
	swapcontext(&low, &home);
}

static void handler_switches(void)
{
	struct sigaction action = {.sa_handler = take_turns, .sa_flags = SA_NODEFER};

	sigaction(SIGALRM, &action, NULL);
	alarm_every_us(1000);
	on_the_lower(be_given_turns);
	alarm_every_us(0);
	ask();
	tell("%d turns", ROUNDS);
}

/* The same for good, by setcontext. */
static void take_it_away(int number)
{
	(void)number;
	if (may_jump)
		setcontext(&low);
}

static void get_it_back(void)
{
	volatile int round = 0;

	getcontext(&low);
	may_jump = 0;
	if (round++ < ROUNDS) {
		if (round > 1)
			allocate_one(3);
		on_the_higher();
		setcontext(&high);
	}
	allocate_one(3);
	swapcontext(&high, &home);
}

static void handler_sets_context(void)
{
	signal(SIGALRM, take_it_away);
	alarm_every_us(1000);
	on_the_lower(get_it_back);
	alarm_every_us(0);
	ask();
	tell("%d times taken away", ROUNDS);
}

SCENARIOS({"contexts_on_the_heap", contexts_on_the_heap},
	{"contexts_on_mappings", contexts_on_mappings}, {"contexts_in_data", contexts_in_data},
	{"hand_made", hand_made}, {"hand_made_garbage", hand_made_garbage},
	{"recursion", recursion}, {"jumps", jumps}, {"jump_out_of_sort", jump_out_of_sort},
	{"handler_jumps", handler_jumps}, {"handler_jumps_far", handler_jumps_far},
	{"handler_jumps_off_alternate_stack", handler_jumps_off_alternate_stack},
	{"handler_jumps_before_depth", handler_jumps_before_depth},
	{"handler_jumps_between_stacks", handler_jumps_between_stacks},
	{"handler_switches", handler_switches}, {"handler_sets_context", handler_sets_context})
