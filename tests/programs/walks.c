/* Allocates from everywhere that a walk could go astray: handlers, after longjmp, below alloca, in
 * coroutines, in generated code, behind tail calls, and in two libraries that lie at one address
 * after each other. For VMATLAS_VERIFY, which compares each call stack with libunwind's.
 *
 *    walks WAY [LIBRARY LIBRARY] */
#include <alloca.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "tell.h"

#define KEEP __attribute__((noinline, noclone))
/* Behind a call, so that it is not the last thing a function does. */
#define STAY() __asm__ volatile("")

enum { ROUNDS = 300, STACK = 65536 };

static volatile int sink;

static KEEP void touch(void)
{
	char *volatile block = malloc(32 + (size_t)sink % 64);

	block[0] = 1;
	free(block);
	sink++;
}

/* The same places again and again, between others, from changing depths. */
static KEEP void descend(int depth)
{
	if (depth > 0)
		descend(depth - 1);
	touch();
	if (depth % 3 == 1)
		touch();
	STAY();
}

/* -- The ways ------------------------------------------------------------------------------- */

static void on_signal(int number)
{
	(void)number;
	descend(2);
}

/* Raised, so that the handler may allocate; SIGSEGV below interrupts an instruction. */
static void handlers(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	static char alternate[STACK];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};

	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGHUP, &action, NULL);
	sigaltstack(&stack, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		raise(i % 2 ? SIGUSR1 : SIGHUP);
		descend(i % 5);
	}
}

static jmp_buf back;
static sigjmp_buf out;

static KEEP void jump(int depth)
{
	touch();
	if (depth > 0)
		jump(depth - 1);
	if (sink) /* always, but gcc need not know */
		longjmp(back, 1);
}

static void on_fault(int number)
{
	(void)number;
	touch();
	siglongjmp(out, 1);
}

static KEEP void fault(int depth)
{
	if (depth > 0)
		fault(depth - 1);
	else
		*(volatile int *)(uintptr_t)depth = 1;
	STAY();
}

static KEEP void jump_twice(int round)
{
	if (!setjmp(back))
		jump(round % 7);
	if (!sigsetjmp(out, 1))
		fault(round % 3);
}

static void jumps(void)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		jump_twice(i);
		descend(i % 4);
	}
}

static KEEP void below_alloca(size_t size, int depth)
{
	char *room = alloca(size);

	memset(room, 1, size);
	touch();
	if (depth > 0)
		below_alloca(size * 2 % 999 + 8, depth - 1);
	touch();
	sink += room[size / 2];
}

static void allocas(void)
{
	for (int i = 0; i < ROUNDS; i++)
		below_alloca((size_t)i % 100 + 1, i % 6);
}

static ucontext_t outside, inside[2];

static void coroutine(int number)
{
	for (;;) {
		descend(number + 1);
		swapcontext(&inside[number], &outside);
		touch();
	}
}

static KEEP void make_coroutine(int number)
{
	ucontext_t *context = &inside[number];

	getcontext(context);
	context->uc_stack.ss_size = STACK;
	context->uc_stack.ss_sp = number ? malloc(STACK)
					 : mmap(NULL, STACK, PROT_READ | PROT_WRITE,
						   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	makecontext(context, (void (*)(void))coroutine, 1, number);
}

static void coroutines(void)
{
	make_coroutine(0);
	make_coroutine(1);
	for (int i = 0; i < ROUNDS; i++) {
		swapcontext(&outside, &inside[i * 7 % 3 % 2]);
		descend(i % 3);
	}
}

/* f(g) { g(); }: with a frame pointer, and again at the same place without one. */
static const unsigned char with_frame[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
static const unsigned char without[] = {
	0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3};

static KEEP void run_code(void *code)
{
	((void (*)(void (*)(void)))code)(touch);
	STAY();
}

static void generated(void)
{
	for (int i = 0; i < ROUNDS / 10; i++) {
		void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memcpy(code, i % 2 ? without : with_frame,
			i % 2 ? sizeof without : sizeof with_frame);
		for (int j = 0; j < 10; j++)
			run_code(code);
		munmap(code, 4096);
	}
}

static KEEP void tail(int depth)
{
	sink += depth;
	__asm__ volatile("");
	touch(); /* at -O2 a jump */
}

__attribute__((optimize("O2"))) static KEEP void tail_caller(int depth)
{
	sink++;
	return depth % 2 ? tail(depth) : descend(depth);
}

static void tail_calls(void)
{
	for (int i = 0; i < ROUNDS; i++)
		tail_caller(i % 5);
}

/* Both have a function at the same place, with frames of different size. */
static void libraries(char **path)
{
	uintptr_t first = 0;
	int same = 0;

	for (int i = 0; i < ROUNDS / 10; i++) {
		void *library = dlopen(path[i % 2], RTLD_NOW | RTLD_LOCAL);
		void (*work)(void (*)(void)) =
			library ? (void (*)(void (*)(void)))dlsym(library, "work") : NULL;

		if (!work) {
			tell("%s", dlerror());
			return;
		}
		first = first ? first : (uintptr_t)work;
		same += first == (uintptr_t)work;
		for (int j = 0; j < 5; j++)
			work(touch);
		dlclose(library);
	}
	tell("at the same address: %s", same > ROUNDS / 20 ? "yes" : "no");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*go)(void);
	} ways[] = {{"handlers", handlers}, {"jumps", jumps}, {"allocas", allocas},
		{"coroutines", coroutines}, {"generated", generated}, {"tail_calls", tail_calls}};

	if (argc == 4)
		libraries(argv + 2);
	for (size_t i = 0; argc == 2 && i < sizeof ways / sizeof ways[0]; i++) {
		if (!strcmp(argv[1], ways[i].name))
			ways[i].go();
	}
	tell("allocated: %s", sink > ROUNDS / 10 ? "yes" : "no");
	return 0;
}
