/* top_screen.h - the terminal, by ncurses: text at places, keys, and all as it was at the end. */
#ifndef VMATLAS_TOP_SCREEN_H
#define VMATLAS_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

enum top_style {
	TOP_PLAIN = 0,
	TOP_BOLD = 1,
	TOP_REVERSE = 2,
	TOP_MORE = 4, /* that grew: red */
	TOP_LESS = 8, /* that shrank: green */
	TOP_ALERT = 16,
};

/* Takes the terminal. What is wrong with it is said on stderr: 0 or an exit status. */
int top_screen_open(void);

/* Gives it back as it was. Done too by signals that end the process, crashes among them. */
void top_screen_close(void);

/* The signal that is to end us, 0 for none. */
int top_screen_signal(void);

int top_screen_height(void);
int top_screen_width(void);

/* Writes a text of UTF-8 in one line, in `width` columns at most, of which what is behind the text
 * is blank. What is longer ends in "…"; what the locale has no sign for is "?". */
void top_screen_put(int y, int x, int width, const char *text, size_t length, unsigned style);

/* The style of what stands there already. */
void top_screen_paint(int y, int x, int width, unsigned style);

void top_screen_clear(void);

/* The cursor is seen there, or with y < 0 not at all. Then all becomes visible. */
void top_screen_show(int y, int x);

/* A key, as top_page_press takes it; 0 when none came in so many ms, or a signal. */
int top_screen_key(int timeout_ms);

#endif
