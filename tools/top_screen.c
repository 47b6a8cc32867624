#include "top_screen.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "../preload/core/utf8.h"
#include "complain.h"
#include "terminal.h"
#include "top_key.h"

enum {
	PAIR_MORE = 1,
	PAIR_LESS,
	PAIR_ALERT,
	/* Keys whose codes begin with Esc come at once; a lone Esc need not wait long. */
	ESCAPE_MS = 50,
	LINE_MOST = 512,
	RESTORING = 256,
};

static struct {
	SCREEN *screen;
	bool utf8, colors;
	volatile sig_atomic_t signal;
	struct termios settings; /* as they were */
	bool settings_known;
	char restoring[RESTORING]; /* what the terminal is sent at the end */
	size_t restoring_length;
} self;

/* -- Ends ----------------------------------------------------------------------------------- */

static void end_later(int signal)
{
	self.signal = signal;
}

/* Nothing of ncurses may be called here. */
static void crash(int signal)
{
	ssize_t ignored = write(STDOUT_FILENO, self.restoring, self.restoring_length);

	(void)ignored;
	if (self.settings_known)
		tcsetattr(STDIN_FILENO, TCSANOW, &self.settings);
	raise(signal); /* its default action stands again */
}

/* Without what asks for a delay, "$<5>": terminals of today need none. */
static void add_restoring(const char *name)
{
	const char *text = tigetstr(name);

	if (!text || text == (char *)-1)
		return;
	for (; *text && self.restoring_length < RESTORING; text++) {
		if (text[0] == '$' && text[1] == '<')
			text = strchr(text, '>') ? strchr(text, '>') : text + 1;
		else
			self.restoring[self.restoring_length++] = *text;
	}
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

static void handle_ends(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		handle(ends[i], end_later, 0);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		handle(crashes[i], crash, (int)SA_RESETHAND | SA_NODEFER);
}

int top_screen_signal(void)
{
	return self.signal;
}

/* -- Begin and end -------------------------------------------------------------------------- */

static int check_terminal(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return complain_cannot(isatty(STDIN_FILENO) ? "standard output" : "standard input",
			"not a terminal: `vmatlas top --once` prints");
	return 0;
}

static void set_up(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	self.colors = has_colors() && terminal_colors();
	if (!self.colors)
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_MORE, COLOR_RED, -1);
	init_pair(PAIR_LESS, COLOR_GREEN, -1);
	init_pair(PAIR_ALERT, COLOR_YELLOW, -1);
}

int top_screen_open(void)
{
	const char *term = getenv("TERM");
	int status = check_terminal();

	if (status)
		return status;
	setlocale(LC_ALL, "");
	self.utf8 = terminal_utf8();
	self.settings_known = tcgetattr(STDIN_FILENO, &self.settings) == 0;
	self.screen = newterm(NULL, stdout, stdin);
	if (!self.screen)
		return complain_cannot(
			"TERM", "'%s' is no terminal that can be drawn on", term ? term : "");
	set_up();
	add_restoring("sgr0");
	add_restoring("rmkx");
	add_restoring("cnorm");
	add_restoring("rmcup");
	handle_ends();
	return 0;
}

void top_screen_close(void)
{
	if (!self.screen)
		return;
	endwin();
	delscreen(self.screen);
	self.screen = NULL;
}

/* -- Drawing -------------------------------------------------------------------------------- */

int top_screen_height(void)
{
	return getmaxy(stdscr);
}

int top_screen_width(void)
{
	return getmaxx(stdscr);
}

static attr_t attributes_of(unsigned style, short *pair)
{
	attr_t attributes = A_NORMAL;

	*pair = 0;
	if (style & TOP_BOLD)
		attributes |= A_BOLD;
	if (style & TOP_REVERSE)
		attributes |= A_REVERSE;
	if (self.colors && style & (TOP_MORE | TOP_LESS | TOP_ALERT))
		*pair = style & TOP_MORE ? PAIR_MORE : style & TOP_LESS ? PAIR_LESS : PAIR_ALERT;
	else if (style & TOP_ALERT)
		attributes |= A_BOLD;
	return attributes;
}

/* What stands for a character that the locale has not. */
static wchar_t stand_in(uint32_t code)
{
	return code == 0xb1 /* ± */ ? L'~' : code == 0x2026 /* … */ ? L'.' : L'?';
}

static wchar_t sign_of(uint32_t code)
{
	if (code < 0x80 || (self.utf8 && wcwidth((wchar_t)code) >= 0))
		return (wchar_t)code;
	return stand_in(code);
}

/* Takes one character of the text; a byte that is none is "?". */
static wchar_t take(const char **text, size_t *length)
{
	uint32_t code = '?';
	size_t bytes = utf8_decode(*text, *length, &code);

	if (!bytes)
		bytes = 1;
	*text += bytes;
	*length -= bytes;
	return sign_of(code);
}

/* As many signs as the width has columns; how many columns that are. */
static int lay_out(const char *text, size_t length, int width, wchar_t *line, int *columns)
{
	int used = 0, count = 0;

	while (length && count < LINE_MOST - 2) {
		wchar_t sign = take(&text, &length);
		int wide = wcwidth(sign) < 0 ? 1 : wcwidth(sign);

		if (used + wide > width || (length && used + wide == width)) {
			line[count++] = sign_of(0x2026);
			used++;
			break;
		}
		line[count++] = sign;
		used += wide;
	}
	line[count] = L'\0';
	*columns = used;
	return count;
}

void top_screen_put(int y, int x, int width, const char *text, size_t length, unsigned style)
{
	wchar_t line[LINE_MOST];
	int columns, count;
	short pair;
	attr_t attributes = attributes_of(style, &pair);

	if (width <= 0 || y < 0 || y >= top_screen_height())
		return;
	count = lay_out(text, length, width, line, &columns);
	attr_set(attributes, pair, NULL);
	mvaddnwstr(y, x, line, count);
	if (columns < width)
		mvhline(y, x + columns, ' ' | attributes, width - columns);
	attr_set(A_NORMAL, 0, NULL);
}

void top_screen_paint(int y, int x, int width, unsigned style)
{
	short pair;
	attr_t attributes = attributes_of(style, &pair);

	if (width > 0 && y >= 0 && y < top_screen_height())
		mvchgat(y, x, width, attributes, pair, NULL);
}

void top_screen_clear(void)
{
	erase();
}

void top_screen_show(int y, int x)
{
	curs_set(y >= 0);
	move(y >= 0 ? y : top_screen_height() - 1, y >= 0 ? x : 0);
	refresh();
}

/* -- Keys ----------------------------------------------------------------------------------- */

static int key_of(int code)
{
	static const struct {
		int code, key;
	} keys[] = {
		{KEY_UP, TOP_KEY_UP},
		{KEY_DOWN, TOP_KEY_DOWN},
		{KEY_PPAGE, TOP_KEY_PAGE_UP},
		{KEY_NPAGE, TOP_KEY_PAGE_DOWN},
		{KEY_HOME, TOP_KEY_HOME},
		{KEY_END, TOP_KEY_END},
		{KEY_LEFT, TOP_KEY_LEFT},
		{KEY_RIGHT, TOP_KEY_RIGHT},
		{KEY_ENTER, TOP_KEY_ENTER},
		{'\r', TOP_KEY_ENTER},
		{'\n', TOP_KEY_ENTER},
		{'\033', TOP_KEY_ESCAPE},
		{KEY_BACKSPACE, TOP_KEY_BACKSPACE},
		{'\b', TOP_KEY_BACKSPACE},
		{0x7f, TOP_KEY_BACKSPACE},
		{'U' & 0x1f, TOP_KEY_ERASE},
		{'\t', TOP_KEY_TAB},
		{KEY_BTAB, TOP_KEY_BACK_TAB},
		{'L' & 0x1f, TOP_KEY_REDRAW},
		{KEY_RESIZE, TOP_KEY_REDRAW},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return code < 0x80 ? code : 0;
}

int top_screen_key(int timeout_ms)
{
	int code;

	timeout(timeout_ms);
	code = getch();
	if (code == ('L' & 0x1f))
		clearok(curscr, TRUE);
	return code == ERR ? 0 : key_of(code);
}
