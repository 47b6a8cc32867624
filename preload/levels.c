#include "levels.h"

#include <stddef.h>

struct pile {
	struct levels_word *word;
	uint32_t count;
};

static void note(struct pile *pile, uintptr_t at, uintptr_t value)
{
	if (at)
		pile->word[pile->count++] = (struct levels_word){at, value};
}

/* rbp that nothing further out depends on is often just a number that the program counts with: to
 * compare it would find differences that make none. */
void levels_add(struct levels *levels, uint32_t *count, const struct walk_frame *frame,
	const struct walk_frame *outer, uint32_t number)
{
	const struct levels_level *last = *count ? &levels->level[*count - 1] : NULL;
	bool outer_needs = last && last->needs_bp;
	struct pile pile = {levels->word, last ? last->words : 0};

	note(&pile, frame->pc_at, (uintptr_t)(outer->key >> 1));
	note(&pile, frame->sp_at, outer->sp);
	if (outer_needs)
		note(&pile, frame->bp_at, outer->bp);
	levels->level[*count] = (struct levels_level){
		.key = frame->key,
		.sp = frame->sp,
		.bp = frame->bp,
		.frame = number,
		.words = (uint16_t)pile.count,
		.needs_bp = LAYOUT_USES_RBP(frame->layout) || (outer_needs && !frame->bp_at),
	};
	++*count;
}
