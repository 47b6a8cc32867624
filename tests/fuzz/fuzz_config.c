/* fuzz_config.c - any bytes as an environment: what cannot be used is complained of, once, in
 * printable letters, and every setting stays within its bounds. Entries end at newlines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Its state, too: each input begins with the defaults. */
#include "../../preload/config.c"

enum { ENTRIES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void check_notices(void)
{
	must(self.notices <= CONFIG_NOTICES);
	for (unsigned i = 0; i < self.notices; i++) {
		must(memchr(self.notice[i], 0, CONFIG_NOTICE) && self.notice[i][0]);
		for (const char *at = self.notice[i]; *at; at++)
			must(*at >= ' ' && *at < 127);
	}
}

static void check_bounds(void)
{
	must(memchr(self.output, 0, CONFIG_PATH));
	must(self.fd >= 0 ? !self.output[0] : self.output[0] == '/');
	must(self.fd <= DESCRIPTOR_MOST && self.format <= CONFIG_SNAPSHOT);
	must(self.signal == 0 || can_be_caught(self.signal));
	must(self.depth >= 1 && self.depth <= DEPTH_MOST);
	must(self.interval_s <= INTERVAL_MOST && self.history <= HISTORY_MOST);
	must(self.growth <= BYTES_MOST);
}

/* The text is the caller's, with a NUL at its end. */
static void split(char *text, char **entries)
{
	unsigned count = 0;

	for (char *at = text; at && count < ENTRIES; count++) {
		entries[count] = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = 0;
	}
	entries[count] = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config defaults;
	char *entries[ENTRIES + 1], *text = malloc(size + 1);

	if (!defaults.depth)
		defaults = self;
	self = defaults;
	memcpy(text, data, size);
	text[size] = 0;
	split(text, entries);
	config_boot(entries);
	free(text);
	check_notices();
	check_bounds();
	return 0;
}
