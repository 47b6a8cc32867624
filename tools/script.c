#include "script.h"

#include <string.h>

static const char blanks[] = " \t";

/* The line without `#!` and the blanks around it; false if the kernel calls it no script. */
static bool take_line(const char *head, size_t size, char *line)
{
	const char *end = memchr(head, '\n', size);
	size_t length;

	if (size < 2 || head[0] != '#' || head[1] != '!')
		return false;
	length = (size_t)((end ? end : head + size) - head) - 2;
	memcpy(line, head + 2, length);
	line[length] = '\0';
	while (!end && size < SCRIPT_HEAD && length && !line[length - 1])
		length--;
	while (length && strchr(blanks, line[length - 1]))
		line[--length] = '\0';
	/* A full head without a newline: the name is whole only if a blank follows it. */
	return end || size < SCRIPT_HEAD || strpbrk(line + strspn(line, blanks), blanks);
}

bool script_parse(const char *head, size_t size, struct script *script)
{
	char line[SCRIPT_HEAD + 1];
	const char *name, *argument;
	size_t length;

	if (size > SCRIPT_HEAD || !take_line(head, size, line))
		return false;
	name = line + strspn(line, blanks);
	length = strcspn(name, blanks);
	if (!length)
		return false;
	argument = name + length + strspn(name + length, blanks);
	memcpy(script->interpreter, name, length);
	script->interpreter[length] = '\0';
	strcpy(script->argument, argument);
	return true;
}

static bool is_env(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, "env");
}

static const char *skip_prefix(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

static bool takes_value(const char *option)
{
	return !strcmp(option, "-u") || !strcmp(option, "-C") || !strcmp(option, "--unset") ||
	       !strcmp(option, "--chdir");
}

static bool clears(const char *option)
{
	return !strcmp(option, "-i") || !strcmp(option, "-") ||
	       !strcmp(option, "--ignore-environment");
}

/* The first word of `env -S WORDS` that is neither an option nor an assignment. Quotes and
 * escapes, which env(1) knows too, stand in no script seen so far: such a name is simply not found
 * here, and the caller does not judge it. */
static bool split_words(char *words, char *program, bool *cleared)
{
	char *rest = NULL, *word = strtok_r(words, blanks, &rest);

	for (; word; word = strtok_r(NULL, blanks, &rest)) {
		*cleared |= clears(word);
		if (takes_value(word))
			(void)strtok_r(NULL, blanks, &rest);
		else if (*word != '-' && !strchr(word, '='))
			break;
	}
	if (!word || strpbrk(word, "'\"\\$"))
		return false;
	strcpy(program, word);
	return true;
}

bool script_env_program(const struct script *script, char *program, bool *cleared)
{
	char words[SCRIPT_HEAD];
	const char *list;

	*cleared = false;
	if (!is_env(script->interpreter) || !script->argument[0])
		return false;
	list = skip_prefix(script->argument, "-S");
	if (!list)
		list = skip_prefix(script->argument, "--split-string=");
	if (list) {
		strcpy(words, list);
		return split_words(words, program, cleared);
	}
	if (script->argument[0] == '-' || strchr(script->argument, '='))
		return false;
	strcpy(program, script->argument);
	return true;
}
