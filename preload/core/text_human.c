#include "text_human.h"

#include "text.h"

static void figure_begin(struct text *text, char out[TEXT_HUMAN])
{
	text_init(text, out, TEXT_HUMAN - 1, NULL, NULL);
}

static char *figure_end(struct text *text)
{
	text->buffer[text->used] = 0;
	return text->buffer;
}

/* value / unit in tenths, rounded half up. unit is at most 2^60 (EiB), so nothing overflows. */
static uint64_t tenths(uint64_t value, uint64_t unit)
{
	return value / unit * 10 + (value % unit * 10 + unit / 2) / unit;
}

static void put_tenths(struct text *text, uint64_t value, const char *unit)
{
	text_dec(text, value / 10);
	text_char(text, '.');
	text_dec(text, value % 10);
	text_str(text, unit);
}

char *text_size_human(uint64_t bytes, char out[TEXT_HUMAN])
{
	static const char units[][5] = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
	struct text text;
	unsigned unit = 0;

	figure_begin(&text, out);
	if (bytes < 1024) {
		text_dec(&text, bytes);
		text_str(&text, bytes ? " B" : "");
		return figure_end(&text);
	}
	/* 10240 tenths are one of the next unit. */
	while (tenths(bytes, 1024ull << (10 * unit)) >= 10240)
		unit++;
	put_tenths(&text, tenths(bytes, 1024ull << (10 * unit)), units[unit]);
	return figure_end(&text);
}

char *text_percent_human(uint64_t part, uint64_t whole, char out[TEXT_HUMAN])
{
	struct text text;

	figure_begin(&text, out);
	/* 100 * part must fit; both shrink alike, which a tenth of a percent does not feel. */
	while (part > UINT64_MAX / 1000 || whole > UINT64_MAX / 1000) {
		part >>= 1;
		whole >>= 1;
	}
	if (whole)
		put_tenths(&text, tenths(part * 100, whole), "%");
	else
		text_char(&text, '-');
	return figure_end(&text);
}

static void put_duration_below_minute(struct text *text, uint64_t duration_ns)
{
	/* 999950 ns would round to 1000.0 us: it is 1.0 ms. */
	if (duration_ns < 1000) {
		text_dec(text, duration_ns);
		text_str(text, duration_ns ? " ns" : "");
	} else if (duration_ns < 999950) {
		put_tenths(text, tenths(duration_ns, 1000), " us");
	} else if (duration_ns < 999950000) {
		put_tenths(text, tenths(duration_ns, 1000000), " ms");
	} else {
		put_tenths(text, tenths(duration_ns, 1000000000), " s");
	}
}

char *text_duration_human(uint64_t duration_ns, char out[TEXT_HUMAN])
{
	static const struct {
		uint32_t seconds, part; /* the unit, and the smaller one shown behind it */
		char name[6], part_name[6];
	} units[] = {{86400, 3600, " d ", " h"}, {3600, 60, " h ", " min"}, {60, 1, " min ", " s"}};
	uint64_t seconds = duration_ns / 1000000000;
	struct text text;
	unsigned unit = 0;

	figure_begin(&text, out);
	/* From 59.95 s on the tenths would say 60.0 s. */
	if (duration_ns >= 59950000000 && seconds < 60)
		seconds = 60;
	if (seconds < 60) {
		put_duration_below_minute(&text, duration_ns);
		return figure_end(&text);
	}
	while (seconds < units[unit].seconds)
		unit++;
	text_dec(&text, seconds / units[unit].seconds);
	text_str(&text, units[unit].name);
	text_dec(&text, seconds % units[unit].seconds / units[unit].part);
	text_str(&text, units[unit].part_name);
	return figure_end(&text);
}

void text_size(struct text *text, uint64_t bytes)
{
	char out[TEXT_HUMAN];

	text_str(text, text_size_human(bytes, out));
}

void text_percent(struct text *text, uint64_t part, uint64_t whole)
{
	char out[TEXT_HUMAN];

	text_str(text, text_percent_human(part, whole, out));
}

void text_duration(struct text *text, uint64_t duration_ns)
{
	char out[TEXT_HUMAN];

	text_str(text, text_duration_human(duration_ns, out));
}
