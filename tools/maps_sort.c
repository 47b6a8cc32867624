#include "maps_sort.h"

#include <stdlib.h>
#include <string.h>

struct maps_key {
	char name[16];
	int (*compare)(const struct listing_row *one, const struct listing_row *other, size_t at);
	size_t at; /* of the figure, in the row */
	unsigned needs;
};

static int compare_numbers(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

static int by_start(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	(void)at;
	return compare_numbers(one->line.start, other->line.start);
}

static int by_size(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	(void)at;
	return compare_numbers(
		other->line.end - other->line.start, one->line.end - one->line.start);
}

static int by_kind(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	(void)at;
	return strcmp(kind_name(one->kind), kind_name(other->kind));
}

static int by_perms(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	(void)at;
	return compare_numbers(one->line.perms, other->line.perms);
}

static int by_path(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	size_t shorter = one->line.path_length < other->line.path_length ? one->line.path_length
									 : other->line.path_length;
	int order = memcmp(one->line.path, other->line.path, shorter);

	(void)at;
	return order ? order : compare_numbers(one->line.path_length, other->line.path_length);
}

static int by_owner(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	(void)at;
	return strcmp(one->owner ? one->owner : "", other->owner ? other->owner : "");
}

static uint64_t figure(const struct listing_row *row, size_t at)
{
	uint64_t value;

	memcpy(&value, (const char *)row + at, sizeof(value));
	return value;
}

static int by_figure(const struct listing_row *one, const struct listing_row *other, size_t at)
{
	return compare_numbers(figure(other, at), figure(one, at));
}

#define FIGURE(name, field, needs)                                          \
	{                                                                   \
		name, by_figure, offsetof(struct listing_row, field), needs \
	}

static const struct maps_key keys[] = {
	{"start", by_start, 0, 0},
	{"size", by_size, 0, 0},
	{"path", by_path, 0, 0},
	{"kind", by_kind, 0, 0},
	{"perms", by_perms, 0, LISTING_PERMS},
	{"owner", by_owner, 0, 0},
	FIGURE("rss", smaps.rss, LISTING_RSS),
	FIGURE("pss", smaps.pss, LISTING_SMAPS),
	FIGURE("shared_clean", smaps.shared_clean, LISTING_SMAPS),
	FIGURE("shared_dirty", smaps.shared_dirty, LISTING_SMAPS),
	FIGURE("private_clean", smaps.private_clean, LISTING_SMAPS),
	FIGURE("private_dirty", smaps.private_dirty, LISTING_RSS),
	FIGURE("referenced", smaps.referenced, LISTING_SMAPS),
	FIGURE("anonymous", smaps.anonymous, LISTING_SMAPS),
	FIGURE("anon_huge", smaps.anon_huge, LISTING_SMAPS),
	FIGURE("swap", smaps.swap, LISTING_SMAPS),
	FIGURE("locked", smaps.locked, LISTING_SMAPS),
	FIGURE("live", live.bytes, LISTING_LIVE),
	FIGURE("blocks", live.blocks, LISTING_LIVE),
	FIGURE("retained", live.retained, LISTING_LIVE),
};

bool maps_order_find(struct maps_order *order, const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].name, name)) {
			order->key = &keys[i];
			return true;
		}
	return false;
}

bool maps_order_by_address(const struct maps_order *order)
{
	return !order->key || !strcmp(order->key->name, "start");
}

unsigned maps_order_needs(const struct maps_order *order)
{
	return order->key ? order->key->needs : 0;
}

static int compare(const void *one, const void *other, void *context)
{
	const struct listing_row *first = *(const struct listing_row *const *)one;
	const struct listing_row *second = *(const struct listing_row *const *)other;
	const struct maps_order *order = context;
	int way = order->key->compare(first, second, order->key->at);

	if (!way)
		return by_start(first, second, 0);
	return order->reverse ? -way : way;
}

void maps_order_sort(const struct maps_order *order, const struct listing_row **row, size_t count)
{
	struct maps_order by_address = {.reverse = order->reverse};

	if (!order->key && !order->reverse)
		return;
	if (!order->key) {
		maps_order_find(&by_address, "start");
		order = &by_address;
	}
	qsort_r(row, count, sizeof(const struct listing_row *), compare, (void *)(uintptr_t)order);
}
