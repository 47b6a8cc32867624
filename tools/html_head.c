/* What the page says in words of one snapshot; see html_moment.h. */
#include "../preload/core/json.h"
#include "../preload/core/owner.h"
#include "../preload/core/report_text_ledger.h"
#include "html_moment.h"

static void put_command(struct json *json, const struct view *view)
{
	char command[4096];
	struct text text;

	text_init(&text, command, sizeof(command), NULL, NULL);
	export_put_command(&text, view);
	json_put_bytes(json, "command", command, text.used);
}

static void put_rows(struct json *json)
{
	json_put_array(json, "rows");
	for (unsigned row = 0; row < ATLAS_ROWS; row++) {
		json_object_begin(json);
		json_put_string(json, "row", atlas_row_name((enum atlas_row)row));
		json_put_string(json, "words", report_text_row((enum atlas_row)row));
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_lost(struct json *json, const struct report *report)
{
	struct view_lost lost;

	json_put_array(json, "lost");
	for (unsigned i = 0; report_lost(report, i, &lost); i++) {
		if (!lost.count)
			continue;
		json_object_begin(json);
		json_put_number(json, "count", lost.count);
		json_put_string(json, "words", lost.explanation ? lost.explanation : lost.name);
		json_object_end(json);
	}
	json_array_end(json);
}

void html_head(struct text *text, const struct export_process *process)
{
	const struct view *view = &process->view;
	struct json json;

	json_init(&json, text);
	json_object_begin(&json);
	json_put_string(&json, "version", VMATLAS_VERSION);
	json_put_string(&json, "path", process->path);
	put_command(&json, view);
	json_put_number(&json, "running_ns", export_elapsed_ns(view));
	json_put_bool(&json, "left_behind", view->maps_only);
	json_put_bool(&json, "pages_known", process->atlas.pages_known);
	json_put_bool(&json, "glibc", view->glibc);
	put_rows(&json);
	put_lost(&json, &process->report);
	json_object_end(&json);
}
