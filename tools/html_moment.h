/* html_moment.h - what the page knows of one snapshot, in four elements: "head" (JSON: what is to
 * be said in words), "report" (the JSON report without its call stacks), "books" and "ground"
 * (sheets).
 *
 * sheet      of                           columns
 * words      texts; their bytes lie in the section "text", a NUL behind each
 *                                         length
 * frames     frames of call stacks        id parent pc module offset
 * levels     of frames, inner ones first  frame function file line
 * stacks     call stacks, most bytes first
 *                                         id owner, figures as in the report, and errors
 * parts      of mappings, in their order  start end kind owner row frame region_start region_end
 *                                         region_kind call region_frame tid time arena committed
 * samples    export_samples.h             frame part mapping what row, figures
 * blocks     live blocks, by address      address size frame tid time sampled
 * pages      runs of pages alike          start end state
 *
 * Words are counted from 1, and parts, too; rows from 0, in the order of the ledger. Times are
 * nanoseconds since the process's start. */
#ifndef VMATLAS_HTML_MOMENT_H
#define VMATLAS_HTML_MOMENT_H

#include "export_process.h"
#include "sheet.h"
#include "words.h"

/* What the sheets of a moment share. */
struct html_moment {
	const struct export_process *process;
	struct packed *packed;
	struct words words;
	int error; /* the first errno */
};

/* Writes the elements of one snapshot, number `number` from 0; "ground" if it is asked for. 0 or an
 * errno. */
int html_moment_write(
	FILE *stream, const struct export_process *process, uint32_t number, bool ground);

/* The number of a text that may be shown: see text_printable. 0 for none. */
uint64_t html_moment_word(struct html_moment *moment, const char *bytes, size_t length);
uint64_t html_moment_string(struct html_moment *moment, const char *string);

/* Nanoseconds since the start, of a time in ticks. */
uint64_t html_moment_time(const struct html_moment *moment, uint64_t ticks);

/* Writes the table, and frees it. */
void html_moment_sheet(struct html_moment *moment, struct sheet *sheet);

/* The element "head". */
void html_head(struct text *text, const struct export_process *process);

/* The sheets. */
void html_code(struct html_moment *moment);
void html_memory(struct html_moment *moment);
void html_ground(struct html_moment *moment);

#endif
