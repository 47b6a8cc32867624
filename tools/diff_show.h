/* diff_show.h - what the parts of `vmatlas diff`'s output share. */
#ifndef VMATLAS_DIFF_SHOW_H
#define VMATLAS_DIFF_SHOW_H

#include "../preload/core/owner.h"
#include "../preload/core/report.h"
#include "diff_leaks.h"
#include "diff_model.h"
#include "diff_options.h"

/* "+16383.9 PiB" and its NUL fit. */
#define DIFF_GROWTH (TEXT_HUMAN + 1)

struct diff_show {
	const struct diff_options *options;
	const struct diff_model *model;
	const struct diff_leaks *leaks; /* NULL: not looked for */
	const struct diff_side *side;   /* all of them, the oldest first, as they were given */
	unsigned sides;
	struct report report[DIFF_SIDES]; /* for names; of snapshots only */
	struct text *text;
};

/* "+8.0 MiB", "-512 B", "0". Fills out, terminates it, and returns it. */
char *diff_show_growth(int64_t growth, char out[DIFF_GROWTH]);

/* Writes it right-aligned in so many columns; "+8,388,608" likewise. */
void diff_put_growth(struct text *text, int64_t growth, size_t width);
void diff_put_exact(struct text *text, int64_t growth, size_t width);

/* Writes " ± 1.2 MiB" and " ± 12"; nothing where neither side is sampled. */
void diff_put_size_error(const struct diff_show *show, uint64_t error);
void diff_put_count_error(const struct diff_show *show, uint64_t error);

/* Writes "1,000 blocks", or "1 block". */
void diff_put_count(struct text *text, uint64_t count, const char *noun);

/* Writes "128 allocations of 8.0 MiB, 33.7 MiB/s", as far as there are any and times are known. */
void diff_put_allocations(
	struct text *text, const struct diff_model *model, uint64_t count, uint64_t bytes);

/* Whose the item is in a few words, as the process gave them; 0 where it is not known. */
size_t diff_show_owner(const struct diff_show *show, enum diff_then side,
	const struct diff_item *item, char out[OWNER_BYTES]);

/* Where a call stack can be looked up: on the new side if it is there. */
enum diff_then diff_show_where(const struct diff_stack *stack);

/* "FUNCTION (module)" of who asked, 0 where it is not known. */
size_t diff_show_asker(
	const struct diff_show *show, const struct diff_stack *stack, char out[OWNER_BYTES]);

/* The call stack with that id; never NULL. */
const struct diff_stack *diff_show_stack(const struct diff_show *show, uint32_t id);

#endif
