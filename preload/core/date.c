#include "date.h"

#include <stdbool.h>

#define NS_PER_S 1000000000u

static bool is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of_year(uint32_t year)
{
	return is_leap(year) ? 366 : 365;
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

struct date date_of(uint64_t realtime_ns)
{
	uint64_t seconds = realtime_ns / NS_PER_S;
	uint32_t day = (uint32_t)(seconds / 86400), second = (uint32_t)(seconds % 86400);
	struct date date = {1970, 1, 1, second / 3600, second / 60 % 60, second % 60};

	/* 64 bits of nanoseconds end in 2554: some hundred steps at most. */
	for (; day >= days_of_year(date.year); date.year++)
		day -= days_of_year(date.year);
	for (; day >= days_of_month(date.year, date.month); date.month++)
		day -= days_of_month(date.year, date.month);
	date.day += day;
	return date;
}

static void put_padded(struct text *text, uint32_t value, char behind)
{
	if (value < 10)
		text_char(text, '0');
	text_dec(text, value);
	text_char(text, behind);
}

void date_write(struct text *text, uint64_t realtime_ns)
{
	struct date date = date_of(realtime_ns);

	put_padded(text, date.year, '-');
	put_padded(text, date.month, '-');
	put_padded(text, date.day, ' ');
	put_padded(text, date.hour, ':');
	put_padded(text, date.minute, ':');
	put_padded(text, date.second, ' ');
	text_str(text, "UTC");
}
