/* report.h - an atlas as text for people and as JSON for programs.
 *
 * The same code in the shim and in the tools; only where the names come from differs. */
#ifndef VMATLAS_REPORT_H
#define VMATLAS_REPORT_H

#include "atlas.h"
#include "names.h"
#include "text.h"

#include <stdbool.h>

/* Changes when a key of the JSON goes or changes its meaning; not when one comes. */
enum { REPORT_VERSION = 1 };

/* Scratch words that a path takes: the kernel's PATH_MAX and its " (deleted)" behind. */
enum { REPORT_PATH_WORDS = (4096 + 64) / 8 };

struct report_options {
	bool blocks;          /* list every block (JSON, and at the end of the text) */
	bool no_stacks;       /* JSON: without call stacks, for whom has them otherwise */
	uint32_t stacks;      /* call stacks in the text; 0: 20 */
	uint32_t depth;       /* frames of each in the text; 0: 16 */
	uint64_t *scratch;    /* zeros: report_scratch(atlas, options) words, the caller's */
	size_t scratch_words; /* how many there are; with fewer, the report says less */
};

size_t report_scratch(const struct atlas *atlas, const struct report_options *options);

/* Both write to the text's sink and flush it; errors are the text's. Anywhere, signal handlers
 * included, where the names may be asked, with 4 KiB of stack beside theirs. */
int report_text(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);
int report_json(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);

/* -- What the parts of a report share ------------------------------------------------------- */

struct report {
	const struct atlas *atlas;
	const struct view *view;
	const struct names *names;
	const struct report_options *options;
	struct text *text;
	char *path; /* for report_path; NULL without scratch memory */
	uint64_t *scratch;
	size_t scratch_words; /* what is left of it */
};

void report_begin(struct report *report, const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);

/* So many words of zeros from the scratch memory, or NULL when it has fewer. */
uint64_t *report_take(struct report *report, size_t words);

/* The mapping's path with its escapes undone, and with the " (deleted)" of the kernel. Good until
 * the next call; not NUL-terminated. */
const char *report_path(
	const struct report *report, const struct atlas_mapping *mapping, size_t *length);

/* What could not be seen, with what the atlas itself could not place; false behind the last. */
bool report_lost(const struct report *report, unsigned index, struct view_lost *lost);

/* The largest sum of live bytes that there ever was: at least what lives now. */
uint64_t report_peak(const struct report *report);

/* The call stack of a block's origin, the mapping at its birth; 0 and NULL where not known. */
uint32_t report_block_frame(const struct report *report, const struct block *block);
const struct vmatlas_birth *report_block_birth(
	const struct report *report, const struct block *block);

#endif
