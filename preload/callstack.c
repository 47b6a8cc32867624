#include "callstack.h"
#include "aside.h"
#include "frames.h"
#include "layout.h"
#include "learn.h"
#include "unwind.h"
#include "verify.h"

#include <string.h>

static struct {
	_Atomic bool ready;
	uint32_t depth;
	bool verify;
	_Atomic uint64_t complex_walks, deep, broken, truncated;
} self;

/* How a walk ended. */
enum ending {
	ENDING_NOT_YET,
	ENDING_OUTERMOST, /* or where nothing can be read any more: again so next time */
	ENDING_JOINED,    /* the rest is as the last walk found it */
	ENDING_DEPTH,
	ENDING_BROKEN,  /* the words where the caller should be are not in the stack */
	ENDING_LOST,    /* a layout could not be learned now */
	ENDING_COMPLEX, /* a frame that only libunwind can step over */
};

struct journey {
	enum ending ending;
	uint32_t fresh;  /* frames walked */
	uint32_t joined; /* levels kept */
};

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Whether the walk, which is where the innermost of the first `*candidates` levels is, can take
 * them over: nothing has changed there, and the call stack then has the right depth. Else
 * `*candidates` is how many it may still meet. */
static bool join(const struct levels *levels, uint32_t *candidates, uint32_t fresh, uintptr_t sp)
{
	uint32_t total = fresh + *candidates, intact;

	if (total > self.depth || ((levels->window & LEVELS_CUT) && total != self.depth)) {
		*candidates = 0;
		return false;
	}
	intact = levels_verify(levels, *candidates, &guard.ground, sp);
	if (intact == *candidates)
		return true;
	*candidates = intact;
	return false;
}

static inline struct journey ended(enum ending ending, uint32_t fresh, uint32_t joined)
{
	return (struct journey){ending, fresh, joined};
}

/* Where a frame could not be stepped out of. */
static enum ending ending_at(uint64_t layout)
{
	switch (LAYOUT_KIND(layout)) {
	case LAYOUT_NONE:
		return ENDING_LOST;
	case LAYOUT_COMPLEX:
		return ENDING_COMPLEX;
	case LAYOUT_NOWHERE:
	case LAYOUT_END:
	case LAYOUT_UNKNOWN:
		return ENDING_OUTERMOST;
	default:
		return ENDING_BROKEN;
	}
}

/* Whether the frame that a walk ended in belongs to the call stack. */
static bool is_frame(uint64_t layout)
{
	return LAYOUT_KIND(layout) != LAYOUT_NOWHERE && LAYOUT_KIND(layout) != LAYOUT_COMPLEX;
}

/* Learns what was never seen, and steps over what is seldom seen. */
static __attribute__((noinline)) enum ending step_rarely(
	struct walk *walk, struct walk_frame *frame)
{
	struct stacks *stacks = &guard.ground.stacks;
	bool stepped;

	frame->read = (struct walk_slots){0};
	if (LAYOUT_KIND(frame->layout) == LAYOUT_NONE)
		frame->layout = learn(walk->pc, walk->exact);
	if (frame->layout & LAYOUT_PLAIN)
		stepped = walk_step(walk, frame->layout, &stacks->current);
	else
		stepped = walk_step_rare(walk, frame, stacks);
	ground_settle(&guard.ground);
	if (stepped)
		return ENDING_NOT_YET;
	frame->layout &= ~LAYOUT_PLAIN; /* nothing was read */
	return ending_at(frame->layout);
}

static struct journey walk_out(struct callstack *state, const struct callstack_at *at)
{
	const struct levels *levels = &state->levels;
	struct layout_table layouts = layout_table();
	struct stacks_bounds stack = guard.ground.stacks.current;
	struct walk walk = {at->pc, at->sp, at->bp, false}, copy;
	uint32_t candidates = levels_count(levels), fresh = 0;
	struct walk_frame *frame = state->fresh;
	enum ending ending;

	for (;; fresh++, frame++) {
		frame->key = layout_key(walk.pc, walk.exact);
		frame->sp = walk.sp;
		frame->bp = walk.bp;
		candidates = levels_seek(levels, candidates, walk.sp);
		if (levels_meet(levels, candidates, frame->key, walk.sp, walk.bp) &&
			join(levels, &candidates, fresh, walk.sp))
			return ended(ENDING_JOINED, fresh, candidates);
		if (!walk_is_code(walk.pc))
			return ended(ENDING_OUTERMOST, fresh, 0);
		if (fresh == self.depth)
			return ended(ENDING_DEPTH, fresh, 0);
		frame->layout = layout_find(&layouts, frame->key);
		if (__builtin_expect(frame->layout & LAYOUT_PLAIN, 1) &&
			walk_step(&walk, frame->layout, &stack))
			continue;
		copy = walk; /* the original stays in registers */
		ending = step_rarely(&copy, frame);
		if (ending != ENDING_NOT_YET)
			return ended(ending, fresh + is_frame(frame->layout), 0);
		walk = copy;
		stack = guard.ground.stacks.current;
		layouts = layout_table();
	}
}

/* None are kept, so they may have another base. */
static void begin_levels(struct levels *levels, uintptr_t outermost, bool cut)
{
	struct ground *ground = &guard.ground;

	ground_choose(ground, outermost);
	levels->window = ground->base | (cut ? LEVELS_CUT : 0);
}

/* Interns what is fresh, outermost first, and remembers it. A handler that leaves by longjmp in
 * the midst of this finds no levels the next time. */
static uint32_t keep(struct callstack *state, const struct journey *journey)
{
	struct levels *levels = &state->levels;
	uint32_t kept = journey->joined;
	uint32_t number = kept ? levels->level[kept - 1].frame : 0;
	const struct walk_frame *frame = state->fresh + journey->fresh;
	struct frames_batch batch = {.open = false};
	struct levels_end end;

	levels->count = 0;
	atomic_signal_fence(memory_order_seq_cst);
	if (!kept)
		begin_levels(levels, frame[-1].sp, journey->ending == ENDING_DEPTH);
	end = levels_end(levels, kept, guard.ground.base);
	while (frame-- > state->fresh) {
		struct vmatlas_frame record = {
			frame->key >> 1, number, LAYOUT_MODULE(frame->layout)};

		number = frames_number(&batch, &record);
		if (!number)
			break;
		levels_add(&end, frame, frame + 1, number);
	}
	frames_end(&batch);
	atomic_signal_fence(memory_order_seq_cst);
	levels->count = number && journey->ending != ENDING_LOST
				? (uint32_t)(end.level - levels->level)
				: 0;
	return number;
}

/* A call stack of one frame: all that is known. */
static uint32_t lone(uintptr_t pc)
{
	struct frames_batch batch = {.open = false};
	struct vmatlas_frame record = {.pc = pc};
	uint32_t number = frames_number(&batch, &record);

	frames_end(&batch);
	return number;
}

struct detour {
	const struct callstack_at *at;
	struct callstack *state;
	uint32_t number;
};

static void walk_aside(void *argument, const struct aside_registers *registers)
{
	struct detour *detour = argument;
	struct unwind_place from = {detour->at->pc, detour->at->sp}, places[CALLSTACK_DEPTH_MAX];
	unsigned left = unwind_walk(registers, &from, &guard.ground.stacks, places, self.depth);

	struct vmatlas_frame record = {.parent = 0};
	struct frames_batch batch = {.open = false};

	for (; left-- > 0; record.parent = detour->number) {
		record.pc = places[left].pc;
		record.module = learn_module(places[left].pc);
		detour->number = frames_number(&batch, &record);
		frames_end(&batch);
		if (!detour->number)
			break;
	}
}

/* libunwind itself walks from our own frames outward, since it needs all registers. */
static __attribute__((noinline)) uint32_t detour(
	struct callstack *state, const struct callstack_at *at)
{
	struct detour detour = {.at = at, .state = state};

	count(&self.complex_walks);
	state->levels.count = 0;
	aside_run(walk_aside, &detour);
	ground_settle(&guard.ground);
	return detour.number;
}

static __attribute__((noinline)) uint32_t finish_rare(
	struct callstack *state, const struct callstack_at *at, struct journey *journey)
{
	uint32_t number = 0;

	switch (journey->ending) {
	case ENDING_COMPLEX:
		number = detour(state, at);
		if (number)
			return number;
		journey->ending = ENDING_LOST; /* what there is, then */
		journey->fresh++;
		/* fallthrough */
	case ENDING_LOST:
		count(&self.truncated);
		break;
	case ENDING_DEPTH:
		count(&self.deep);
		break;
	case ENDING_BROKEN:
		count(&self.broken);
		break;
	default:
		if (journey->fresh == 0) /* a wrapper called from nowhere */
			return lone(at->pc);
	}
	return keep(state, journey);
}

static __attribute__((noinline)) bool choose(uintptr_t sp)
{
	bool chosen = stacks_choose(&guard.ground.stacks, sp, false);

	ground_settle(&guard.ground);
	return chosen;
}

/* Whether there is a stack to walk on. */
static bool make_current(struct callstack *state, uint32_t generation, uintptr_t sp)
{
	const struct stacks *stacks = &guard.ground.stacks;

	if (state->generation != generation) {
		state->levels.count = 0;
		memset(&state->recall, 0, sizeof state->recall);
		state->generation = generation;
	}
	guard.ground.quick = ~generation;
	return callstack_stands(stacks, sp) || choose(sp);
}

static void make_quick(uint32_t generation)
{
	struct ground *ground = &guard.ground;

	ground->quick = ground->tall && !self.verify ? generation : ~generation;
}

/* The rest of the walk is as the last one found it. */
static uint32_t keep_joined(struct callstack *state, const struct journey *journey)
{
	uint32_t number = keep(state, journey);

	if (levels_count(&state->levels) > journey->joined)
		recall_add(&state->recall, &state->levels, journey->joined);
	return number;
}

static uint32_t walk(struct callstack *state, const struct callstack_at *at)
{
	struct journey journey = walk_out(state, at);

	return journey.ending == ENDING_JOINED ? keep_joined(state, &journey)
					       : finish_rare(state, at, &journey);
}

static inline __attribute__((always_inline)) uint32_t recall(
	struct callstack *state, const struct callstack_at *at, bool tall)
{
	return recall_find(&state->recall, &state->levels, layout_key(at->pc, false), at->sp,
		at->bp, &guard.ground, tall);
}

/* The quick ways, on any ground. */
static uint32_t known(struct callstack *state, const struct callstack_at *at)
{
	const struct ground *ground = &guard.ground;
	uint64_t key = layout_key(at->pc, false);
	uint32_t number = levels_again(&state->levels, key, at->sp, at->bp, ground, ground->tall);

	return number ? number : recall(state, at, ground->tall);
}

static uint32_t verified(struct callstack *state, const struct callstack_at *at)
{
	uint32_t number = known(state, at);
	struct unwind_place place = {at->pc, at->sp};

	if (!number)
		number = walk(state, at);
	if (number)
		verify_callstack(number, &place, &guard.ground.stacks, self.depth);
	return number;
}

/* On a tall ground the quick ways were tried. */
static uint32_t found(struct callstack *state, const struct callstack_at *at)
{
	uint32_t number = guard.ground.tall ? 0 : known(state, at);

	return number ? number : walk(state, at);
}

uint32_t callstack_walk(struct callstack *state, const struct callstack_at *at)
{
	uint32_t generation = atomic_load_explicit(&learn_generation, memory_order_acquire);
	uint32_t number;

	if (!atomic_load_explicit(&self.ready, memory_order_acquire) ||
		!make_current(state, generation, at->sp))
		return lone(at->pc);
	number = self.verify ? verified(state, at) : found(state, at);
	make_quick(generation);
	return number;
}

uint32_t callstack_recall(struct callstack *state, const struct callstack_at *at)
{
	uint32_t number = recall(state, at, true);

	return __builtin_expect(number != 0, 1) ? number : callstack_walk(state, at);
}

void callstack_stack(struct callstack *state, uintptr_t low, uintptr_t high)
{
	struct stacks *stacks = &guard.ground.stacks;

	memset(stacks, 0, sizeof *stacks);
	stacks->own = (struct stacks_bounds){low, high};
	state->levels.count = 0;
}

void callstack_forget(uintptr_t start, uintptr_t end)
{
	learn_forget(start, end);
}

void callstack_unmapped(uintptr_t start, uintptr_t end)
{
	stacks_forget();
	if (learn_generated(start, end))
		learn_forget(start, end);
}

void callstack_boot(unsigned depth, bool verify)
{
	if (self.ready)
		return;
	self.depth = depth < 1 ? 1 : depth > CALLSTACK_DEPTH_MAX ? CALLSTACK_DEPTH_MAX : depth;
	self.verify = verify;
	stacks_boot();
	unwind_boot();
	atomic_store_explicit(&self.ready, true, memory_order_release);
}

bool callstack_verifies(void)
{
	return self.verify;
}

const struct lane *callstack_frames(void)
{
	return frames_lane();
}

struct callstack_counts callstack_counts(void)
{
	return (struct callstack_counts){
		.libunwind = unwind_ready(),
		.learned = learn_count(),
		.complex_walks = self.complex_walks,
		.no_unwind_info = learn_guesses(),
		.deep = self.deep,
		.broken = self.broken,
		.truncated = self.truncated,
		.lost = frames_lost(),
	};
}
