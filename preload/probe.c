#include "probe.h"

/* A word of a probe: a mark, which probe it is near, the distance from it, and room for what a step
 * adds to it. 32 bits of distance, 24 for what is added. */
#define REACH 0x80000000u
#define MARK (1ull << 63)
#define MARK_RBP (1ull << 62)
#define MARK_SECOND (1ull << 61) /* it was read from where such a word points */
#define SHIFT 24
#define MIDDLE (1ull << (SHIFT - 1))

static bool near(uint64_t address, uint64_t probe, int64_t *distance)
{
	*distance = (int64_t)(address - probe);
	return *distance >= -(int64_t)REACH && *distance < (int64_t)REACH;
}

static uint64_t word_of(int64_t distance, uint64_t mark)
{
	return MARK | mark | (uint64_t)(distance + REACH) << SHIFT | MIDDLE;
}

bool probe_read(uint64_t address, uint64_t *word)
{
	int64_t distance;

	if ((address & MARK) || near(address, PROBE_OTHER, &distance))
		*word = address | MARK | MARK_SECOND;
	else if (near(address, PROBE_RSP, &distance))
		*word = word_of(distance, 0);
	else if (near(address, PROBE_RBP, &distance))
		*word = word_of(distance, MARK_RBP);
	else
		return false;
	return true;
}

/* CFA is a register plus a constant. */
static bool plain(const struct probe_step *step, struct layout *layout)
{
	int64_t cfa, rbp = step->rbp_at ? (int64_t)(step->rbp_at - step->cfa) : 0;

	if (near(step->cfa, PROBE_RSP, &cfa))
		layout->kind = LAYOUT_RSP;
	else if (near(step->cfa, PROBE_RBP, &cfa))
		layout->kind = LAYOUT_RBP;
	else
		return false;
	layout->cfa = (int32_t)cfa;
	layout->rbp = (int32_t)rbp;
	return layout->rbp == rbp && step->rip_at == step->cfa - 8;
}

/* CFA was read from where a register plus a constant points. */
static bool indirect(const struct probe_step *step, struct layout *layout)
{
	uint64_t mark = step->cfa & MARK_RBP, base = mark ? PROBE_RBP : PROBE_RSP;
	int64_t cfa = (int64_t)((step->cfa & ~(MARK | MARK_RBP)) >> SHIFT) - REACH;
	int64_t rbp = step->rbp_at ? (int64_t)(step->rbp_at - base) : 0;
	uint64_t rip_at = mark ? step->cfa - 8 : base + (uint64_t)cfa + 8;

	layout->kind = mark ? LAYOUT_AT_RBP : LAYOUT_SIGNAL;
	layout->cfa = (int32_t)cfa;
	layout->rbp = (int32_t)rbp;
	return word_of(cfa, mark) == step->cfa && layout->rbp == rbp && step->rip_at == rip_at;
}

void probe_decode(const struct probe_step *step, struct layout *layout)
{
	bool simple = step->cfa & MARK ? indirect(step, layout) : plain(step, layout);

	layout->saves_rbp = step->rbp_at != 0;
	if (!simple)
		layout->kind = LAYOUT_COMPLEX;
}
