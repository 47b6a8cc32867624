/* report.h - an atlas as text for people and as JSON for programs.
 *
 * The same code in the shim and in the tools; only where the names come from differs. */
#ifndef VMATLAS_REPORT_H
#define VMATLAS_REPORT_H

#include "atlas.h"
#include "names.h"
#include "text.h"

#include <stdbool.h>

struct report_options {
	bool blocks;         /* list every block (JSON, and at the end of the text) */
	uint32_t stacks;     /* call stacks in the text; 0: 20 */
	uint32_t depth;      /* frames of each in the text; 0: 16 */
	uint64_t *scratch;   /* zeros: report_scratch(atlas, options) words, the caller's */
};

size_t report_scratch(const struct atlas *atlas, const struct report_options *options);

/* Both write to the text's sink and flush it; errors are the text's. Anywhere, signal handlers
 * included, where the names may be asked. */
int report_text(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);
int report_json(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text);

#endif
