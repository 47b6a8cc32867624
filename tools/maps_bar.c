#include "maps_bar.h"

/* In 256ths, straight between powers of two: good for a bar, and it only grows. */
static uint64_t logarithm(uint64_t value)
{
	unsigned power = 63 - (unsigned)__builtin_clzll(value | 1);
	uint64_t above = value - (1ull << power);

	if (!value)
		return 0;
	return (uint64_t)power * 256 + (power > 8 ? above >> (power - 8) : above << (8 - power));
}

static unsigned cells_of(const struct maps_bar_scale *scale, uint64_t size)
{
	uint64_t first = logarithm(scale->smallest), last = logarithm(scale->largest);
	uint64_t here = logarithm(size);

	if (here <= first)
		return 1;
	if (here >= last)
		return scale->width;
	return 1 + (unsigned)(((here - first) * (scale->width - 1) + (last - first) / 2) /
			      (last - first));
}

static unsigned share_of(unsigned cells, uint64_t part, uint64_t whole)
{
	unsigned share;

	if (!part || !cells)
		return 0;
	if (part >= whole)
		return cells;
	share = (unsigned)(((unsigned __int128)part * cells + whole / 2) / whole);
	if (share == cells && cells > 1)
		share--;
	return share ? share : 1;
}

struct maps_bar maps_bar_make(
	const struct maps_bar_scale *scale, uint64_t size, uint64_t resident, uint64_t live)
{
	struct maps_bar bar = {.cells = cells_of(scale, size)};

	bar.filled = share_of(bar.cells, resident, size);
	bar.live = share_of(bar.filled, live, resident);
	return bar;
}

/* For live (or resident), for resident but not live, and for the rest. */
enum sign { FULL, RETAINED, REST };

static const char *sign_of(const struct maps_bar_scale *scale, enum sign sign)
{
	static const char *const signs[2][3] = {{"█", "▒", "░"}, {"#", "+", "."}};

	return signs[scale->ascii][sign];
}

static void put_signs(struct text *text, const char *sign, unsigned count)
{
	while (count--)
		text_str(text, sign);
}

void maps_bar_put(struct text *text, const struct maps_bar_scale *scale, const struct maps_bar *bar)
{
	put_signs(text, sign_of(scale, FULL), bar->live);
	put_signs(text, sign_of(scale, RETAINED), bar->filled - bar->live);
	put_signs(text, sign_of(scale, REST), bar->cells - bar->filled);
}

static void put_scale(struct text *text, const struct maps_bar_scale *scale)
{
	text_str(text, " bars: ");
	text_size(text, scale->smallest);
	text_str(text, " is one column");
	if (scale->width == 1)
		return;
	text_str(text, ", ");
	text_size(text, scale->largest);
	text_char(text, ' ');
	text_dec(text, scale->width);
	text_str(text, ", by the logarithm");
}

void maps_bar_legend(
	struct text *text, const struct maps_bar_scale *scale, bool resident, bool live)
{
	put_scale(text, scale);
	if (resident) {
		text_str(text, "; ");
		text_str(text, sign_of(scale, FULL));
		text_str(text, " resident, ");
	}
	if (resident && live) {
		text_str(text, sign_of(scale, RETAINED));
		text_str(text, " of which no live block, ");
	}
	if (resident) {
		text_str(text, sign_of(scale, REST));
		text_str(text, " not");
	}
	text_char(text, '\n');
}
