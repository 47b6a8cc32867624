#include "maps_group_put.h"

#include <string.h>

#include "../preload/core/json.h"
#include "maps_csv.h"
#include "maps_json.h"

/* The figures of a group, in the order of columns. */
struct figure {
	const char *name;
	size_t at;
	unsigned needs; /* of enum listing_known */
};

static const struct figure figures[] = {
	{"size", offsetof(struct maps_group, size), 0},
	{"r--", offsetof(struct maps_group, constant), LISTING_PERMS},
	{"r-x", offsetof(struct maps_group, code), LISTING_PERMS},
	{"rw-", offsetof(struct maps_group, data), LISTING_PERMS},
	{"other", offsetof(struct maps_group, other), LISTING_PERMS},
	{"bss", offsetof(struct maps_group, bss), LISTING_PERMS},
	{"rss", offsetof(struct maps_group, rss), LISTING_RSS},
	{"pss", offsetof(struct maps_group, pss), LISTING_SMAPS},
	{"dirty", offsetof(struct maps_group, dirty), LISTING_RSS},
	{"swap", offsetof(struct maps_group, swap), LISTING_SMAPS},
	{"live_bytes", offsetof(struct maps_group, live_bytes), LISTING_LIVE},
};

enum { FIGURES = sizeof(figures) / sizeof(figures[0]), WIDTH = 10 };

static uint64_t figure_of(const struct maps_group *group, const struct figure *figure)
{
	uint64_t value;

	memcpy(&value, (const char *)group + figure->at, sizeof(value));
	return value;
}

static bool is_known(const struct maps_view *view, const struct figure *figure)
{
	return (view->listing->known & figure->needs) == figure->needs;
}

/* -- For people ----------------------------------------------------------------------------- */

static void put_heading(const struct maps_view *view)
{
	text_str(view->text, "Mappings");
	for (size_t i = 0; i < FIGURES; i++)
		if (is_known(view, &figures[i]))
			text_right(view->text, figures[i].name, WIDTH + 1);
	text_str(view->text, "  KiB of\n");
}

static void put_row(const struct maps_view *view, const struct maps_group *group)
{
	text_dec_right(view->text, group->count, 8);
	for (size_t i = 0; i < FIGURES; i++)
		if (is_known(view, &figures[i]))
			text_dec_right(view->text, figure_of(group, &figures[i]) / 1024, WIDTH + 1);
	text_str(view->text, "  ");
	text_printable(view->text, group->name, group->length);
	text_char(view->text, '\n');
}

static struct maps_group sum_of(const struct maps_group *group, size_t count)
{
	struct maps_group sum = {.name = "total", .length = strlen("total")};

	for (size_t i = 0; i < count; i++) {
		sum.count += group[i].count;
		for (size_t k = 0; k < FIGURES; k++) {
			uint64_t value =
				figure_of(&sum, &figures[k]) + figure_of(&group[i], &figures[k]);
			memcpy((char *)&sum + figures[k].at, &value, sizeof(value));
		}
	}
	return sum;
}

void maps_group_table(const struct maps_view *view, const struct maps_group *group, size_t count)
{
	const struct maps_group sum = sum_of(group, count);

	maps_view_title(view);
	put_heading(view);
	for (size_t i = 0; i < count; i++)
		put_row(view, &group[i]);
	put_row(view, &sum);
}

/* -- For programs --------------------------------------------------------------------------- */

static void put_object(
	struct json *json, const struct maps_view *view, const struct maps_group *group)
{
	json_line(json);
	json_object_begin(json);
	json_put_bytes(json, "name", group->name, group->length);
	json_put_number(json, "mappings", group->count);
	for (size_t i = 0; i < FIGURES; i++) {
		json_key(json, figures[i].name);
		if (is_known(view, &figures[i]))
			json_number(json, figure_of(group, &figures[i]));
		else
			json_nil(json);
	}
	json_object_end(json);
}

void maps_group_json(const struct maps_view *view, const struct maps_group *group, size_t count)
{
	struct json json;

	maps_json_begin(&json, view);
	json_put_array(&json, "groups");
	for (size_t i = 0; i < count; i++)
		put_object(&json, view, &group[i]);
	json_line(&json);
	json_array_end(&json);
	json_object_end(&json);
	text_char(view->text, '\n');
}

void maps_group_csv(const struct maps_view *view, const struct maps_group *group, size_t count)
{
	text_str(view->text, "name,mappings");
	for (size_t i = 0; i < FIGURES; i++) {
		text_char(view->text, ',');
		text_str(view->text, figures[i].name);
	}
	text_char(view->text, '\n');
	for (size_t i = 0; i < count; i++) {
		maps_csv_field(view->text, group[i].name, group[i].length);
		text_char(view->text, ',');
		text_dec(view->text, group[i].count);
		for (size_t k = 0; k < FIGURES; k++) {
			text_char(view->text, ',');
			if (is_known(view, &figures[k]))
				text_dec(view->text, figure_of(&group[i], &figures[k]));
		}
		text_char(view->text, '\n');
	}
}
