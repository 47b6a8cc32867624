#include "diff_change.h"

int64_t diff_change_growth(const struct diff_change *change, enum diff_figure figure)
{
	return (int64_t)(change->figure[DIFF_NEW][figure] - change->figure[DIFF_OLD][figure]);
}

const struct diff_item *diff_change_item(
	const struct diff_change *change, const struct diff_items items[DIFF_SIDES])
{
	const struct diff_items *side = &items[change->count[DIFF_NEW] ? DIFF_NEW : DIFF_OLD];
	uint32_t next = change->first[change->count[DIFF_NEW] ? DIFF_NEW : DIFF_OLD];
	const struct diff_item *item = &side->item[next - 1], *largest = item;

	for (; next; next = item->next) {
		item = &side->item[next - 1];
		if (item->end - item->start > largest->end - largest->start)
			largest = item;
	}
	return largest;
}

static const char *word_by_growth(int64_t growth, const char *more, const char *less)
{
	return growth > 0 ? more : growth < 0 ? less : NULL;
}

const char *diff_change_word(const struct diff_change *change)
{
	const char *word;

	if (!change->count[DIFF_OLD] || !change->count[DIFF_NEW])
		return change->count[DIFF_NEW] ? "new" : "gone";
	word = word_by_growth(diff_change_growth(change, DIFF_SIZE), "grown", "shrunk");
	if (!word)
		word = word_by_growth(diff_change_growth(change, DIFF_RSS), "touched", "released");
	for (int i = 0; !word && i < DIFF_FIGURES; i++)
		if (diff_change_growth(change, (enum diff_figure)i))
			word = "changed";
	return word ? word : "same";
}
