#include "verify.h"
#include "frames.h"
#include "levels.h"

#include "core/text.h"

/* Where two call stacks part. */
struct difference {
	uint64_t pc;           /* of the last frame that both have */
	uint64_t ours, theirs; /* of the next; 0 where a call stack has ended */
	uint32_t frame;        /* how many both have */
	uint32_t our_count, their_count;
};

/* Written on the private stack alone, under its lock; `differ` after the difference it counts. */
static struct {
	_Atomic uint64_t compared, differ;
	_Atomic uint64_t unwalked; /* libunwind did not come by where the call stack begins */
	struct difference first[VERIFY_SHOWN];
} self;

struct comparison {
	uint32_t number, depth;
	const struct unwind_place *at;
	struct stacks stacks;
};

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static const struct vmatlas_frame *frame_of(uint32_t number)
{
	return lane_find(frames_lane(), number);
}

static uint32_t length(const struct vmatlas_frame *frame)
{
	uint32_t count_of_frames = 0;

	for (; frame; frame = frame_of(frame->parent))
		count_of_frames++;
	return count_of_frames;
}

static bool parts(const struct vmatlas_frame *ours, const struct unwind_place *theirs,
	uint32_t count_of_theirs, struct difference *difference)
{
	*difference =
		(struct difference){.our_count = length(ours), .their_count = count_of_theirs};
	for (uint32_t i = 0; ours || i < count_of_theirs; i++, ours = frame_of(ours->parent)) {
		difference->frame = i;
		difference->ours = ours ? ours->pc : 0;
		difference->theirs = i < count_of_theirs ? theirs[i].pc : 0;
		if (difference->ours != difference->theirs)
			return true;
		difference->pc = difference->ours;
	}
	return false;
}

static void note(const struct difference *difference)
{
	uint64_t differ = atomic_load_explicit(&self.differ, memory_order_relaxed);

	if (differ < VERIFY_SHOWN)
		self.first[differ] = *difference;
	atomic_store_explicit(&self.differ, differ + 1, memory_order_release);
}

static void compare(void *argument, const struct aside_registers *registers)
{
	struct comparison *comparison = argument;
	struct unwind_place places[LEVELS_MAX];
	struct difference difference;
	uint32_t found = unwind_walk(
		registers, comparison->at, &comparison->stacks, places, comparison->depth);

	if (!found) {
		count(&self.unwalked);
		return;
	}
	count(&self.compared);
	if (parts(frame_of(comparison->number), places, found, &difference))
		note(&difference);
}

void verify_callstack(
	uint32_t number, const struct unwind_place *at, const struct stacks *stacks, uint32_t depth)
{
	struct comparison comparison = {number, depth, at, *stacks};

	if (!aside_run(compare, &comparison))
		count(&self.unwalked);
}

static void say_counts(struct text *text, uint64_t differ)
{
	text_str(text, "verified ");
	text_dec(text, self.compared);
	text_str(text, " call stacks, ");
	text_dec(text, differ);
	text_str(text, " differ");
	if (self.unwalked) {
		text_str(text, "; libunwind could not walk ");
		text_dec(text, self.unwalked);
	}
}

static void say_difference(struct text *text, const struct difference *difference)
{
	text_str(text, "a call stack of ");
	text_dec(text, difference->our_count);
	text_str(text, " frames, libunwind's of ");
	text_dec(text, difference->their_count);
	text_str(text, ": after ");
	text_dec(text, difference->frame);
	text_str(text, ", the last at ");
	text_address(text, difference->pc);
	text_str(text, ", comes ");
	text_address(text, difference->ours);
	text_str(text, ", libunwind's ");
	text_address(text, difference->theirs);
}

unsigned verify_say(char sentences[VERIFY_SENTENCES][VERIFY_SENTENCE])
{
	uint64_t differ = verify_differ();
	unsigned count_of_sentences =
		differ < VERIFY_SHOWN ? 1 + (unsigned)differ : VERIFY_SENTENCES;
	struct text text;

	for (unsigned i = 0; i < count_of_sentences; i++) {
		text_init(&text, sentences[i], VERIFY_SENTENCE - 1, NULL, NULL);
		if (i == 0)
			say_counts(&text, differ);
		else
			say_difference(&text, &self.first[i - 1]);
		sentences[i][text.used] = 0;
	}
	return count_of_sentences;
}

uint64_t verify_differ(void)
{
	return atomic_load_explicit(&self.differ, memory_order_acquire);
}
