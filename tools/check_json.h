/* check_json.h - what `vmatlas check` found, for programs. */
#ifndef VMATLAS_CHECK_JSON_H
#define VMATLAS_CHECK_JSON_H

#include "../preload/core/text.h"
#include "check_judge.h"
#include "check_options.h"

/* One object: file, held (of all rules), and rules with rule, argument, result ("held", "broken",
 * "unknown"), figure (null where unknown), limit (bytes or a number; with a percentage
 * limit_percent_thousandths), why. Errors are those of the text. */
void check_json(struct text *text, const struct check_options *options,
	const struct check_finding *findings);

#endif
