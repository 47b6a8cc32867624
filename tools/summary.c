#include "summary.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../preload/core/report_text_ledger.h"
#include "../preload/core/text_column.h"
#include "evidence.h"
#include "outfile.h"
#include "progress.h"

/* With what is left, what nobody explains, and the sum: ten lines. */
enum { ROWS_SHOWN = 7, LINE = 4096 };

struct ledger {
	uint64_t row[ATLAS_ROWS];
	uint64_t rss; /* 0: not known */
};

enum form { FORM_TEXT, FORM_JSON, FORM_SNAPSHOT };

/* -- Reading -------------------------------------------------------------------------------- */

/* The figure before the words of a row: "  76.7 MiB  74.9%  80,421,205  live blocks". */
static uint64_t figure_before(const char *line, const char *words)
{
	uint64_t value = 0, digit = 1;

	while (words > line && words[-1] == ' ')
		words--;
	for (; words > line && (words[-1] == ',' || (words[-1] >= '0' && words[-1] <= '9'));
		words--)
		if (words[-1] != ',') {
			value += digit * (uint64_t)(words[-1] - '0');
			digit *= 10;
		}
	return value;
}

/* Where the line's words are these, and nothing else: NULL where they are not. */
static const char *find_words(const char *line, const char *words)
{
	size_t length = strlen(line), wanted = strlen(words);
	const char *found = line + length - wanted;

	if (length < wanted + 2 || strcmp(found, words) || found[-1] != ' ' || found[-2] != ' ')
		return NULL;
	return found;
}

static void read_row(const char *line, struct ledger *ledger)
{
	const char *words = find_words(line, "RSS");

	if (words)
		ledger->rss = figure_before(line, words);
	for (unsigned row = 0; row < ATLAS_ROWS; row++) {
		words = find_words(line, report_text_row((enum atlas_row)row));
		if (words)
			ledger->row[row] = figure_before(line, words);
	}
}

/* Lines of the text report from the ledger's title to the blank line behind it. */
static void read_text(FILE *file, struct ledger *ledger)
{
	char line[LINE];
	bool within = false;

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (within && !*line)
			return;
		if (within)
			read_row(line, ledger);
		within |= !strcmp(line, "What RSS is made of");
	}
}

static enum form form_of(FILE *file)
{
	static const char title[] = "vmatlas: ";
	char head[sizeof(title)] = "";
	size_t got = fread(head, 1, sizeof(title) - 1, file);

	rewind(file);
	if (got && *head == '{')
		return FORM_JSON;
	return got == sizeof(title) - 1 && !strcmp(head, title) ? FORM_TEXT : FORM_SNAPSHOT;
}

static void read_evidence(const char *path, struct ledger *ledger)
{
	struct evidence *evidence;

	if (evidence_open(path, &evidence) != 0)
		return;
	for (unsigned row = 0; row < ATLAS_ROWS; row++)
		ledger->row[row] = evidence->value[FIGURE_ROW + row];
	ledger->rss = evidence->known[FIGURE_RSS] ? evidence->value[FIGURE_RSS] : 0;
	evidence_free(evidence);
}

static bool read_ledger(const char *path, struct ledger *ledger, enum form *form)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	*form = form_of(file);
	if (*form == FORM_TEXT)
		read_text(file, ledger);
	fclose(file);
	progress_begin(path);
	if (*form != FORM_TEXT)
		read_evidence(path, ledger);
	progress_end();
	return true;
}

/* -- Writing -------------------------------------------------------------------------------- */

static void put_row(
	struct text *text, const struct ledger *ledger, uint64_t bytes, const char *what)
{
	char size[TEXT_HUMAN], percent[TEXT_HUMAN];

	text_right(text, text_size_human(bytes, size), 13);
	text_right(text, text_percent_human(bytes, ledger->rss, percent), 9);
	text_str(text, "  ");
	text_str(text, what);
	text_char(text, '\n');
}

/* Takes the largest row out, but for what nobody explains; ATLAS_ROWS where none is left. */
static unsigned take_largest(struct ledger *ledger, uint64_t *bytes)
{
	unsigned largest = 0;

	for (unsigned row = 1; row < ATLAS_UNEXPLAINED; row++)
		if (ledger->row[row] > ledger->row[largest])
			largest = row;
	*bytes = ledger->row[largest];
	ledger->row[largest] = 0;
	return *bytes ? largest : ATLAS_ROWS;
}

static void put_others(struct text *text, const struct ledger *ledger)
{
	uint64_t bytes = 0;

	for (unsigned row = 0; row < ATLAS_UNEXPLAINED; row++)
		bytes += ledger->row[row];
	if (bytes)
		put_row(text, ledger, bytes, "others");
}

static void put_ledger(struct text *text, struct ledger *ledger)
{
	uint64_t bytes;
	unsigned row;

	for (unsigned i = 0; i < ROWS_SHOWN; i++) {
		row = take_largest(ledger, &bytes);
		if (row == ATLAS_ROWS)
			break;
		put_row(text, ledger, bytes, report_text_row((enum atlas_row)row));
	}
	put_others(text, ledger);
	put_row(text, ledger, ledger->row[ATLAS_UNEXPLAINED], report_text_row(ATLAS_UNEXPLAINED));
	put_row(text, ledger, ledger->rss, "RSS");
}

/* As a shell takes it; what would move the cursor is in no name that may be typed. */
static void put_quoted(struct text *text, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./,:@%";
	bool quoted = path[strspn(path, plain)];

	text_str(text, quoted ? "'" : "");
	while (*path) {
		size_t length = strcspn(path, "'");

		text_printable(text, path, length);
		path += length;
		text_str(text, *path ? "'\\''" : "");
		path += *path != '\0';
	}
	text_str(text, quoted ? "'" : "");
}

static void put_next(struct text *text, enum form form, const char *path)
{
	static const char *const commands[] = {
		[FORM_TEXT] = "less ", [FORM_JSON] = "jq .totals ", [FORM_SNAPSHOT] = " report "};

	text_str(text, "vmatlas: next: ");
	/* As it was typed itself: it may be in no directory of PATH. */
	if (form == FORM_SNAPSHOT)
		put_quoted(text, program_invocation_name);
	text_str(text, commands[form]);
	put_quoted(text, path);
	text_char(text, '\n');
}

static void tell(const char *path)
{
	struct ledger ledger = {.rss = 0};
	enum form form;
	char buffer[4096];
	struct text text;

	if (!read_ledger(path, &ledger, &form))
		return;
	text_init(&text, buffer, sizeof(buffer), outfile_sink, stderr);
	if (ledger.rss)
		put_ledger(&text, &ledger);
	put_next(&text, form, path);
	text_flush(&text);
}

/* -- Whether, and by whom ------------------------------------------------------------------- */

bool summary_is_welcome(void)
{
	struct stat status;

	if (!isatty(STDERR_FILENO) || tcgetpgrp(STDERR_FILENO) != getpgrp())
		return false;
	return fstat(STDOUT_FILENO, &status) != 0 ||
	       (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode));
}

static void be_interruptible(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void summary_tell(const char *path)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		be_interruptible();
		tell(path);
		fflush(NULL);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}
