/* top_head.h - the lines above the rows of `vmatlas top`. */
#ifndef VMATLAS_TOP_HEAD_H
#define VMATLAS_TOP_HEAD_H

#include "top_mark.h"

/* Each writes one line without its end, printable. */

/* "vmatlas top: sqlite3 (pid 2316)  running 2.0 s" */
void top_head_put_title(struct text *text, const struct top_moment *moment);

/* "RSS 102.4 MiB +1.2 MiB  live 76.7 MiB +900 KiB in 18,580 blocks  peak 76.7 MiB"; without growth
 * where mark is NULL. */
void top_head_put_figures(
	struct text *text, const struct top_moment *moment, const struct top_mark *mark);

/* What a person should know of the figures: sentence number `index` from 0; false behind the last.
 */
bool top_head_put_notice(struct text *text, const struct top_moment *moment, unsigned index);

#endif
