/* diff_model.h - two moments compared: rows, mappings and call stacks, each with what it was and
 * what it is. */
#ifndef VMATLAS_DIFF_MODEL_H
#define VMATLAS_DIFF_MODEL_H

#include "diff_match.h"
#include "diff_shares.h"
#include "diff_side.h"
#include "diff_stacks.h"

enum { DIFF_NOTES = 16 + 2 * VIEW_LOST, DIFF_ROWS = 32 };

/* A row of the ledger, or where there is none, the mappings of one kind. */
struct diff_row {
	const char *name; /* the JSON's */
	const char *text; /* for people */
	unsigned number;  /* in the ledger's order */
	uint64_t bytes[DIFF_SIDES];
};

struct diff_model {
	const struct diff_side *side[DIFF_SIDES];
	struct diff_items items[DIFF_SIDES]; /* the sides', if deep; else the model's */

	bool deep;  /* both are snapshots: there are call stacks and a ledger */
	bool pages; /* deep, and which pages are resident is known in both */
	bool rss;   /* what is resident is known in both; else rows are of sizes */
	bool same_process, same_space;
	bool sampled; /* call stacks of one or both: their figures are estimates */
	bool timed;
	int64_t ns; /* between the two, if timed; negative where the old one is younger */

	struct diff_frames frames;
	struct diff_changes changes;
	struct diff_stacks stacks;
	struct diff_shares shares;

	struct diff_row row[DIFF_ROWS]; /* largest growth first; they sum to the total */
	unsigned rows;
	uint64_t total[DIFF_SIDES][DIFF_FIGURES];
	/* Sums over all call stacks: parts of the rows `live` and `retained`. */
	uint64_t newly_live, newly_touched, pinned, trimmable, kept;

	char *note[DIFF_NOTES]; /* sentences that a person should read first */
	unsigned notes;
};

/* Compares them; both must outlive the model, which marks their items. 0 or ENOMEM; to be given to
 * diff_model_free in any case. */
int diff_model_make(struct diff_model *model, struct diff_side *old, struct diff_side *new);
void diff_model_free(struct diff_model *model);

/* How the whole grew; modulo 2^64. */
int64_t diff_model_growth(const struct diff_model *model, enum diff_figure figure);

/* DIFF_RSS, or DIFF_SIZE where resident memory is not known. */
enum diff_figure diff_model_measure(const struct diff_model *model);

/* Whether its rows are those of the ledger, and not kinds of mappings. */
bool diff_model_has_ledger(const struct diff_model *model);

#endif
