/* layout.h - how the frame of a return address is laid out, learned once.
 *
 * For nearly all code the place of a frame's return address and of the caller's rbp, seen from rsp
 * or rbp, depends on the program counter alone. Each such answer is a word in one hash table,
 * found without a lock and put under locks()->layouts. A key once put stays; its word can be
 * withdrawn (the module is gone) and put anew, each a single store, so a reader sees the one or the
 * other. */
#ifndef VMATLAS_LAYOUT_H
#define VMATLAS_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* CFA, as in DWARF, is the caller's rsp after the return. */
enum layout_kind {
	LAYOUT_NONE,    /* not learned, or withdrawn */
	LAYOUT_RSP,     /* CFA = rsp + cfa, return address at CFA - 8, rbp saved at CFA + rbp */
	LAYOUT_RBP,     /* CFA = rbp + cfa, the rest likewise */
	LAYOUT_AT_RBP,  /* CFA = *(rbp + cfa), rbp saved at rbp + rbp: gcc's realigned functions */
	LAYOUT_SIGNAL,  /* rsp saved at rsp + cfa, rip behind it, rbp saved at rsp + rbp */
	LAYOUT_END,     /* outermost frame */
	LAYOUT_UNKNOWN, /* no unwind information: rbp is believed to be a frame pointer */
	LAYOUT_COMPLEX, /* other registers or expressions: only libunwind itself can step */
	LAYOUT_NOWHERE, /* no code there */
};

/* A layout in the open. */
struct layout {
	enum layout_kind kind;
	bool saves_rbp;  /* else the caller's rbp is this frame's */
	bool interrupts; /* the caller did not call: its program counter is exact */
	int32_t cfa;     /* bytes */
	int32_t rbp;     /* bytes */
	uint32_t module; /* number of the module, 0 for none */
};

/* In a word: bits 0-3 the kind, 4 saves_rbp, 5 interrupts, 6 the step depends on rbp, 7 plain (of
 * the two common kinds, and not interrupting), 8-31 cfa, 32-47 rbp / 8, 48-63 module. */
#define LAYOUT_KIND(word) ((enum layout_kind)((word)&15))
#define LAYOUT_SAVES_RBP(word) ((word) >> 4 & 1)
#define LAYOUT_INTERRUPTS(word) ((word) >> 5 & 1)
#define LAYOUT_USES_RBP(word) ((word) >> 6 & 1)
#define LAYOUT_PLAIN ((uint64_t)1 << 7)
#define LAYOUT_CFA(word) ((intptr_t)((int32_t)(uint32_t)(word) >> 8))
#define LAYOUT_RBP_SLOT(word) ((intptr_t)(int16_t)((word) >> 32) * 8)
#define LAYOUT_MODULE(word) ((uint32_t)((word) >> 48))

/* The word of a layout; one whose numbers do not fit becomes LAYOUT_COMPLEX. */
uint64_t layout_pack(const struct layout *layout);

/* A program counter and whether it is exact (an interrupted one) or a return address. */
static inline uint64_t layout_key(uintptr_t pc, bool exact)
{
	return (uint64_t)pc << 1 | exact;
}

struct layout_entry {
	_Atomic uint64_t key; /* 0: free; set once, after the word */
	_Atomic uint64_t word;
};

struct layout_table {
	struct layout_entry *entry;
	uint32_t shift; /* 64 minus the number of index bits */
	uint32_t mask;
};

/* The table in use: where its entries are, a multiple of 64, and the number of its index bits in
 * the bits that leaves: not beside the entries, where the program may write over it. Replaced by
 * one twice as large when half full, never freed. */
extern _Atomic uint64_t layout_current __attribute__((visibility("hidden")));

static inline struct layout_table layout_table_at(uint64_t word)
{
	uint32_t bits = word & 31;

	return (struct layout_table){(struct layout_entry *)(uintptr_t)(word & ~(uint64_t)63),
		64 - bits, (1u << bits) - 1};
}

static inline uint32_t layout_place(const struct layout_table *table, uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> table->shift);
}

/* The table in use, for the time of a walk: one that was replaced misses what came later. Anywhere.
 */
static inline struct layout_table layout_table(void)
{
	return layout_table_at(atomic_load_explicit(&layout_current, memory_order_acquire));
}

/* The word put last for this key; 0 (LAYOUT_NONE) if there is none. Anywhere. */
static inline uint64_t layout_find(const struct layout_table *table, uint64_t key)
{
	uint64_t found;

	if (!table->entry)
		return 0;
	for (uint32_t at = layout_place(table, key);; at = (at + 1) & table->mask) {
		found = atomic_load_explicit(&table->entry[at].key, memory_order_acquire);
		if (__builtin_expect(found == key, 1))
			return atomic_load_explicit(&table->entry[at].word, memory_order_relaxed);
		if (found == 0)
			return 0;
	}
}

/* Remembers the word; false when there was no room. Under the guard; takes a lock. */
bool layout_put(uint64_t key, uint64_t word);

/* Withdraws what was learned of program counters in [start, end). Under the guard; takes a lock. */
void layout_drop(uintptr_t start, uintptr_t end);

/* How many keys there are. Anywhere. */
uint32_t layout_count(void);

#endif
