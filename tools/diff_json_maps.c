#include "diff_json.h"

#include <stdlib.h>

#include "diff_pick.h"

static void put_ranges(
	struct diff_json *self, const struct diff_change *change, enum diff_then side)
{
	struct json *json = &self->writer.json;
	const struct diff_item *item;

	json_put_array(json, side == DIFF_OLD ? "old" : "new");
	for (uint32_t next = change->first[side]; next; next = item->next) {
		item = &self->show->model->items[side].item[next - 1];
		json_object_begin(json);
		json_put_address(json, "start", item->start);
		json_put_address(json, "end", item->end);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_owner(
	struct diff_json *self, const struct diff_change *change, const struct diff_item *item)
{
	enum diff_then side = change->count[DIFF_NEW] ? DIFF_NEW : DIFF_OLD;
	struct json *json = &self->writer.json;
	char owner[OWNER_BYTES];
	size_t length = diff_show_owner(self->show, side, item, owner);

	json_key(json, "owner");
	if (length)
		json_bytes(json, owner, length);
	else
		json_nil(json);
}

static void put_shares(struct diff_json *self, const struct diff_change *change)
{
	uint32_t index = (uint32_t)(change - self->show->model->changes.change);
	const struct diff_share *share;
	size_t count = diff_shares_of(&self->show->model->shares, index, &share);
	struct json *json = &self->writer.json;

	json_put_array(json, "callstacks");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json);
		diff_json_refer(self, "callstack", share[i].stack);
		json_put_signed(json, "live_bytes", share[i].live_bytes);
		json_put_signed(json, "live_resident", share[i].live_resident);
		if (self->show->model->sampled) {
			json_put_number(json, "live_bytes_error", share[i].live_error);
			json_put_number(json, "live_resident_error", share[i].resident_error);
		}
		json_put_signed(json, "region_bytes", share[i].region_bytes);
		json_put_signed(json, "region_resident", share[i].region_resident);
		json_object_end(json);
	}
	json_array_end(json);
}

static int figures_of(const struct diff_model *model)
{
	return model->deep ? DIFF_FIGURES : model->rss ? DIFF_BLOCKS : DIFF_RSS;
}

static void put_change(struct diff_json *self, const struct diff_change *change)
{
	const struct diff_model *model = self->show->model;
	const struct diff_item *item = diff_change_item(change, model->items);
	struct json *json = &self->writer.json;
	char perms[5];

	json_line(json);
	json_object_begin(json);
	json_put_string(json, "change", diff_change_word(change));
	json_put_bool(json, "moved", change->moved);
	json_put_string(json, "kind", kind_name((enum kind)item->kind));
	json_put_string(json, "perms", maps_letters(item->perms, perms));
	json_put_bytes(json, "path", item->path, item->path_length);
	put_owner(self, change, item);
	put_ranges(self, change, DIFF_OLD);
	put_ranges(self, change, DIFF_NEW);
	for (int i = 0; i < figures_of(model); i++)
		diff_json_pair(self, diff_figure_name((enum diff_figure)i),
			change->figure[DIFF_OLD][i], change->figure[DIFF_NEW][i]);
	if (model->deep)
		put_shares(self, change);
	json_object_end(json);
}

static void put_rest(struct diff_json *self, const char *key, const struct diff_rest *rest)
{
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_object(json, key);
	json_put_number(json, "changes", rest->changes);
	for (int i = 0; i < figures_of(self->show->model); i++)
		json_put_signed(
			json, diff_figure_name((enum diff_figure)i), (int64_t)rest->growth[i]);
	json_object_end(json);
}

int diff_json_mappings(struct diff_json *self)
{
	struct diff_picked_changes picked;
	struct json *json = &self->writer.json;
	int error = diff_pick_changes(&picked, self->show->model, self->show->options);

	json_line(json);
	json_put_array(json, "mappings");
	for (uint32_t i = 0; !error && i < picked.count; i++)
		put_change(self, picked.change[i]);
	json_line(json);
	json_array_end(json);
	put_rest(self, "mappings_others", &picked.others);
	put_rest(self, "mappings_inaccessible", &picked.kept);
	put_rest(self, "mappings_vmatlas", &picked.own);
	free(picked.change);
	return error;
}
