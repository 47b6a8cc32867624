#include "check_json.h"

#include "../preload/core/json.h"

static const char *const results[] = {
	[CHECK_HELD] = "held",
	[CHECK_BROKEN] = "broken",
	[CHECK_UNKNOWN] = "unknown",
};

static bool takes_limit(const struct check_rule *rule)
{
	return rule->about != CHECK_NO_WX && rule->about != CHECK_COMPLETE;
}

static void put_rule(
	struct json *json, const struct check_rule *rule, const struct check_finding *finding)
{
	json_line(json);
	json_object_begin(json);
	json_put_string(json, "rule", rule->name);
	json_put_string(json, "argument", rule->argument);
	json_put_string(json, "result", results[finding->verdict]);
	json_key(json, "figure");
	if (finding->figured)
		json_number(json, finding->figure);
	else
		json_nil(json);
	if (takes_limit(rule))
		json_put_number(
			json, rule->share ? "limit_percent_thousandths" : "limit", rule->limit);
	json_put_string(json, "why", finding->why);
	json_object_end(json);
}

void check_json(struct text *text, const struct check_options *options,
	const struct check_finding *findings)
{
	bool held = true;
	struct json json;

	for (size_t i = 0; i < options->rules.count; i++)
		held &= findings[i].verdict == CHECK_HELD;
	json_init(&json, text);
	json_object_begin(&json);
	json_put_string(&json, "file", options->target);
	json_put_string(&json, "since", options->since);
	json_put_bool(&json, "held", held);
	json_put_array(&json, "rules");
	for (size_t i = 0; i < options->rules.count; i++)
		put_rule(&json, &options->rules.rule[i], &findings[i]);
	json_line(&json);
	json_array_end(&json);
	json_object_end(&json);
	text_char(text, '\n');
}
