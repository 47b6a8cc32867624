#include "html_moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report_stream.h"

/* -- What the sheets share ------------------------------------------------------------------ */

uint64_t html_moment_word(struct html_moment *moment, const char *bytes, size_t length)
{
	char *printed = length ? export_printable(bytes, length) : NULL;
	uint32_t number = printed ? words_put(&moment->words, printed, strlen(printed)) : 0;

	if (length && !number)
		moment->error = ENOMEM;
	free(printed);
	return number;
}

uint64_t html_moment_string(struct html_moment *moment, const char *string)
{
	return string ? html_moment_word(moment, string, strlen(string)) : 0;
}

uint64_t html_moment_time(const struct html_moment *moment, uint64_t ticks)
{
	const struct view *view = &moment->process->view;

	return view_time_ns(view, ticks) - view->start.realtime_ns;
}

void html_moment_sheet(struct html_moment *moment, struct sheet *sheet)
{
	if (!moment->error)
		moment->error = sheet_write(sheet, moment->packed);
	sheet_free(sheet);
}

static void put_words(struct html_moment *moment)
{
	static const char *const columns[] = {"length", NULL};
	const struct words *words = &moment->words;
	struct sheet sheet;

	sheet_begin(&sheet, "words", columns);
	for (uint32_t number = 1; number <= words->count; number++)
		sheet_put(&sheet, words->word[number - 1].length);
	html_moment_sheet(moment, &sheet);
}

/* -- Elements ------------------------------------------------------------------------------- */

typedef int put_part(const struct export_process *process, struct packed *packed);

/* Texts that strangers chose stand in the page as base64 alone. */
static int put_element(FILE *stream, const struct export_process *process, uint32_t number,
	const char *part, put_part *put)
{
	struct packed *packed = malloc(sizeof(*packed));
	int error, closing;

	if (!packed)
		return ENOMEM;
	fprintf(stream,
		"<script type=\"application/octet-stream;base64\" data-moment=\"%" PRIu32
		"\" data-part=\"%s\">",
		number, part);
	error = packed_open(packed, stream);
	if (!error) {
		error = put(process, packed);
		closing = packed_close(packed);
		error = error ? error : closing;
	}
	free(packed);
	fputs("</script>\n", stream);
	return error;
}

static int put_head(const struct export_process *process, struct packed *packed)
{
	char buffer[8192];
	struct text text;

	text_init(&text, buffer, sizeof(buffer), packed_sink, packed);
	html_head(&text, process);
	return text_flush(&text);
}

static int put_report(const struct export_process *process, struct packed *packed)
{
	const struct report_options options = {.no_stacks = true};

	return report_stream(
		report_json, &process->atlas, &process->names, &options, packed_sink, packed);
}

static int put_books(const struct export_process *process, struct packed *packed)
{
	struct html_moment moment = {.process = process, .packed = packed};

	html_code(&moment);
	html_memory(&moment);
	put_words(&moment);
	if (!moment.error)
		moment.error = sheet_section(packed, "text", moment.words.bytes, moment.words.used);
	words_free(&moment.words);
	return moment.error;
}

static int put_ground(const struct export_process *process, struct packed *packed)
{
	struct html_moment moment = {.process = process, .packed = packed};

	html_ground(&moment);
	return moment.error;
}

int html_moment_write(
	FILE *stream, const struct export_process *process, uint32_t number, bool ground)
{
	int error = put_element(stream, process, number, "head", put_head);

	error = error ? error : put_element(stream, process, number, "report", put_report);
	error = error ? error : put_element(stream, process, number, "books", put_books);
	if (!error && ground)
		error = put_element(stream, process, number, "ground", put_ground);
	return error;
}
