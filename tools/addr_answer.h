/* addr_answer.h - all that is known of one address. */
#ifndef VMATLAS_ADDR_ANSWER_H
#define VMATLAS_ADDR_ANSWER_H

#include "addr_block.h"
#include "addr_page.h"
#include "addr_source.h"
#include "addr_stack.h"

/* What it is in the first place. */
enum addr_what {
	ADDR_NOTHING, /* in no mapping */
	ADDR_MAPPED,  /* no more than what its mapping is for */
	ADDR_BLOCK,   /* in a live block */
	ADDR_SLACK,   /* behind a block's bytes, in what malloc rounded them up to */
	ADDR_HEADER,  /* in the words of malloc's before a block */
	ADDR_GAP,     /* in the allocator's memory, in no live block */
	ADDR_STACK,
	ADDR_GUARD,
	ADDR_SYMBOL, /* in a function or variable */
	ADDR_REGION, /* in anonymous memory that a call which was seen mapped */
};

/* Former owners that are told of one address. */
enum { ADDR_FREED = 8 };

struct addr_answer {
	uint64_t address;
	enum addr_what what;
	const struct listing_row *row;            /* NULL: in no mapping, */
	const struct listing_row *before, *after; /* but between these; NULL: there is none */
	struct listing_row shown; /* the row, with kind and owner of the part that holds it */
	struct addr_page page;
	struct addr_stack stack;
	struct addr_symbol symbol;

	/* What only a shim can know. */
	const struct atlas_part *part; /* of the mapping; NULL unknown */
	bool has_region;
	struct atlas_region region; /* what one call made there */
	struct addr_blocks blocks;

	struct vmatlas_freed freed[ADDR_FREED]; /* what was there before, the last first */
	unsigned freed_count;
};

/* To be given to addr_answer_free. */
struct addr_answer addr_answer_find(struct addr_source *source, uint64_t address);
void addr_answer_free(struct addr_answer *answer);

/* "block", "slack", ...: the word in the JSON. */
const char *addr_answer_word(enum addr_what what);

#endif
