/* top_key.h - keys that are no characters. */
#ifndef VMATLAS_TOP_KEY_H
#define VMATLAS_TOP_KEY_H

/* Beyond all characters. */
enum top_key {
	TOP_KEY_UP = 0x200000,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_ERASE, /* Ctrl-U: all that was typed */
	TOP_KEY_TAB,
	TOP_KEY_BACK_TAB,
	TOP_KEY_REDRAW, /* Ctrl-L, and another size */
};

#endif
