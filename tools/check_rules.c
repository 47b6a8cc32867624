#include "check_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

const char *check_rules_add(struct check_rules *rules, const char *name, const char *argument)
{
	const struct check_form *form = check_form_find(name);
	struct check_rule *grown;

	if (!form)
		return "no such rule";
	grown = reallocarray(rules->rule, rules->count + 1, sizeof(*grown));
	if (!grown)
		return "out of memory";
	rules->rule = grown;
	grown += rules->count++;
	*grown = (struct check_rule){0};
	return check_rule_parse(grown, form, argument);
}

/* Ends the line before its comment and the blanks there, and returns where its text begins. A # is
 * a comment at the beginning of a word. */
static char *trim(char *line)
{
	char *end = line;

	for (; *end; end++)
		if (*end == '#' && (end == line || strchr(" \t", end[-1])))
			break;
	while (end > line && strchr(" \t\r\n", end[-1]))
		end--;
	*end = 0;
	return line + strspn(line, " \t");
}

static const char *add_line(struct check_rules *rules, char *name)
{
	char *argument;

	if (!strncmp(name, "--", 2))
		name += 2;
	argument = name + strcspn(name, " \t=");
	if (!*argument)
		return check_rules_add(rules, name, NULL);
	*argument++ = 0;
	return check_rules_add(rules, name, argument + strspn(argument, " \t"));
}

static int add_lines(struct check_rules *rules, const char *path, FILE *file)
{
	char *line = NULL;
	size_t capacity = 0;
	int status = 0;

	for (unsigned number = 1; !status && getline(&line, &capacity, file) >= 0; number++) {
		char *text = trim(line), *shown = strdup(text);
		const char *fault = *text ? add_line(rules, text) : NULL;
		if (fault)
			status = complain_usage(
				path, "line %u, '%s': %s", number, shown ? shown : "", fault);
		free(shown);
	}
	if (!status && ferror(file))
		status = complain_errno(path, errno);
	free(line);
	return status;
}

int check_rules_read(struct check_rules *rules, const char *path)
{
	FILE *file = fopen(path, "re");
	int status;

	if (!file)
		return complain_errno(path, errno);
	status = add_lines(rules, path, file);
	fclose(file);
	return status;
}

bool check_rules_compare(const struct check_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->rule[i].about == CHECK_GROWTH)
			return true;
	return false;
}

void check_rules_free(struct check_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->rule[i].argument);
	free(rules->rule);
}
