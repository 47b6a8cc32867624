#include "top_live.h"

#include <signal.h>
#include <string.h>

#include "complain.h"
#include "top_draw.h"
#include "top_screen.h"

enum {
	/* An answer is looked for so often, and else the seconds until the next picture are
	 * counted. */
	ASKING_MS = 20,
	WAITING_MS = 250,
};

/* A program that cannot be watched at all is not worth a screen. */
static bool is_in_vain(const struct top_watch *watch)
{
	return !watch->moment && *watch->trouble;
}

static void follow(struct top_watch *watch, struct top_page *page)
{
	bool going = true;
	uint32_t seen = 0;
	int key;

	while (going && !top_screen_signal() && !is_in_vain(watch)) {
		top_watch_step(watch);
		if (watch->pictures != seen) {
			top_page_renew(page);
			top_watch_forget(watch);
		}
		seen = watch->pictures;
		top_draw(page);
		key = top_screen_key(top_watch_is_busy(watch) ? ASKING_MS : WAITING_MS);
		if (key)
			going = top_page_press(page, key);
	}
}

static int watch_on_screen(struct top_watch *watch, const struct top_options *options)
{
	struct top_page page;

	top_page_begin(&page, watch, options);
	follow(watch, &page);
	top_page_end(&page);
	return is_in_vain(watch) ? COMPLAIN_COULD_NOT : 0;
}

static void end_by(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

int top_live(const struct top_options *options)
{
	struct top_watch watch;
	char trouble[TOP_REASON] = "";
	int status = top_screen_open();

	if (status)
		return status;
	top_watch_begin(&watch, options);
	status = watch_on_screen(&watch, options);
	memcpy(trouble, watch.trouble, sizeof(trouble));
	top_screen_close();
	top_watch_end(&watch);
	if (status)
		complain_cannot(NULL, "%s", trouble);
	if (top_screen_signal())
		end_by(top_screen_signal());
	return status;
}
