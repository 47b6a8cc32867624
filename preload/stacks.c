#include "stacks.h"
#include "ask.h"
#include "aside.h"
#include "core/maps.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

enum { PAGE = 4096 };

_Atomic uint32_t stacks_generation;

static struct {
	uintptr_t main_at;   /* an address in the main thread's stack, which the kernel put there */
	uintptr_t main_most; /* bytes that it may grow to */
} self;

struct question {
	uintptr_t sp;
	struct stacks_bounds answer;
};

static void ask(void *argument, const struct aside_registers *registers)
{
	struct question *question = argument;
	uintptr_t page = question->sp & ~(uintptr_t)(PAGE - 1);
	struct ask_answer answer;
	int error = ask_mapping(question->sp, &answer, NULL, 0);

	(void)registers;
	if (error && error != ENOENT)
		question->answer = (struct stacks_bounds){page, page + PAGE};
	else if (!error && (answer.perms & MAPS_READ))
		question->answer = (struct stacks_bounds){answer.start, answer.end};
}

/* A stack that grows downward has another lower end each time it is asked for. */
static struct stacks_bounds *place_of(struct stacks *stacks, uintptr_t high)
{
	for (unsigned i = 0; i < STACKS_KNOWN; i++) {
		if (stacks->known[i].high == high)
			return &stacks->known[i];
	}
	return &stacks->known[stacks->next++ % STACKS_KNOWN];
}

static const struct stacks_bounds *find(const struct stacks *stacks, uintptr_t sp)
{
	if (stacks_hold(&stacks->own, sp))
		return &stacks->own;
	for (unsigned i = 0; i < STACKS_KNOWN; i++) {
		if (stacks_hold(&stacks->known[i], sp))
			return &stacks->known[i];
	}
	return NULL;
}

static bool learn(struct stacks *stacks, uintptr_t sp, bool aside)
{
	struct question question = {.sp = sp};

	if (aside)
		ask(&question, NULL);
	else
		aside_run(ask, &question);
	if (!stacks_hold(&question.answer, sp)) {
		stacks->current = (struct stacks_bounds){UINTPTR_MAX, sizeof(uintptr_t)};
		return false;
	}
	stacks->current = question.answer;
	*place_of(stacks, question.answer.high) = question.answer;
	return true;
}

bool stacks_choose(struct stacks *stacks, uintptr_t sp, bool aside)
{
	uint32_t generation = stacks_generation;
	const struct stacks_bounds *bounds;

	if (stacks->generation != generation)
		memset(stacks->known, 0, sizeof stacks->known);
	stacks->generation = generation;
	bounds = find(stacks, sp);
	if (!bounds)
		return learn(stacks, sp, aside);
	stacks->current = *bounds;
	return true;
}

bool stacks_reach(const struct stacks_bounds *bounds, uintptr_t address)
{
	if (address >= bounds->low)
		return true;
	return stacks_hold(bounds, self.main_at) && bounds->high - address <= self.main_most;
}

/* The loader makes this call, too. */
void stacks_boot(void)
{
	struct rlimit limit;

	if (sys_call(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0) == 0) {
		self.main_at = getauxval(AT_RANDOM);
		self.main_most = limit.rlim_cur;
	}
}

void stacks_forget(void)
{
	atomic_fetch_add_explicit(&stacks_generation, 1, memory_order_relaxed);
}
