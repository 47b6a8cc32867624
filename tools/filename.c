#include "filename.h"

#include <glob.h>
#include <limits.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One byte of a name becomes at most two of a pattern, and one letter at most ten of it. */
#define PATTERN_SIZE ((size_t)10 * PATH_MAX)

/* What a template's letters can stand for. A pid is digits and nothing else: the temporary name
 * under which a report is written must not pass for one. */
static const struct letter {
	char letter;
	const char *glob, *regex;
} letters[] = {
	{'p', "*", "[0-9]+"},
	{'n', "*", "[0-9]+"},
	{'e', "*", "[^/]*"},
	{'t', "*", "[^/]+"},
	{'h', "*", "[^/]+"},
	{'%', "%", "%"},
};

static const struct letter *letter_find(char letter)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].letter == letter)
			return &letters[i];
	return NULL;
}

bool filename_of_process(const char *template, long pid, char *out, size_t size)
{
	size_t used = 0;
	int put;

	for (const char *at = template; *at; at++) {
		bool letter = *at == '%' && at[1];
		bool number = letter && at[1] == 'p';

		if (number)
			put = snprintf(out + used, size - used, "%ld", pid);
		else
			put = snprintf(out + used, size - used, "%.*s", letter ? 2 : 1, at);
		at += letter;
		used += (size_t)put;
		if (used >= size)
			return false;
	}
	return true;
}

int filename_is_descriptor(const char *template)
{
	return !strncmp(template, "fd:", 3);
}

static const char *check_descriptor(const char *number)
{
	size_t digits = strspn(number, "0123456789");

	/* More than any limit on open files (fs.nr_open is 2^20). */
	return digits && digits <= 7 && !number[digits] ? NULL : "expected fd:N, N a descriptor";
}

static const char *check_letters(const char *template)
{
	const char *percent = template;

	while ((percent = strchr(percent, '%'))) {
		if (!letter_find(percent[1]))
			return "% must be followed by p, n, e, t, h or %";
		percent += 2;
	}
	return NULL;
}

/* A directory's own name may hold a %, which a template has to double. */
static bool put_directory(char *absolute, size_t size)
{
	char directory[PATH_MAX];
	size_t used = 0;

	if (!getcwd(directory, sizeof(directory)))
		return false;
	for (const char *byte = directory; *byte && used + 3 < size; byte++) {
		absolute[used++] = *byte;
		if (*byte == '%')
			absolute[used++] = '%';
	}
	absolute[used++] = '/';
	absolute[used] = '\0';
	return true;
}

static const char *put_absolute(const char *template, char *absolute, size_t size)
{
	absolute[0] = '\0';
	if (*template != '/' && !put_directory(absolute, size))
		return "relative, and the current directory is gone";
	if (strlen(absolute) + strlen(template) >= size)
		return "too long";
	strcat(absolute, template);
	return NULL;
}

/* Where no letter hides it, the directory can be looked at before it is too late. */
static const char *check_directory(const char *absolute)
{
	size_t length = (size_t)(strrchr(absolute, '/') - absolute);
	char directory[PATH_MAX];
	struct stat status;

	if (length >= sizeof(directory) || memchr(absolute, '%', length))
		return NULL;
	sprintf(directory, "%.*s/", (int)length, absolute);
	if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode))
		return "there is no such directory";
	return access(directory, W_OK | X_OK) == 0 ? NULL : "the directory cannot be written to";
}

const char *filename_absolute(const char *template, char *absolute, size_t size)
{
	const char *wrong = check_letters(template);

	if (!*template)
		return "expected a file name or fd:N";
	if (filename_is_descriptor(template)) {
		snprintf(absolute, size, "%s", template);
		return check_descriptor(template + 3);
	}
	if (!wrong)
		wrong = put_absolute(template, absolute, size);
	if (!wrong && absolute[strlen(absolute) - 1] == '/')
		wrong = "expected a file name, not a directory";
	return wrong ? wrong : check_directory(absolute);
}

/* Writes the template as a pattern; special are the bytes that need a backslash in it. */
static bool put_pattern(const char *template, const char *special, bool regex, char *pattern)
{
	size_t used = 0;

	for (; *template && used + 12 < PATTERN_SIZE; template ++) {
		const struct letter *letter = *template == '%' ? letter_find(template[1]) : NULL;

		if (letter) {
			used += (size_t)sprintf(
				pattern + used, "%s", regex ? letter->regex : letter->glob);
			template ++;
		} else {
			if (strchr(special, *template))
				pattern[used++] = '\\';
			pattern[used++] = *template;
		}
	}
	pattern[used] = '\0';
	return !*template;
}

static bool compile(const char *template, regex_t *regex)
{
	char pattern[PATTERN_SIZE + 2] = "^";

	if (!put_pattern(template, "\\^$.[]|()*+?{}", true, pattern + 1))
		return false;
	strcat(pattern, "$");
	return regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB) == 0;
}

static bool is_since(const char *path, const struct timespec *since)
{
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	if (status.st_mtim.tv_sec != since->tv_sec)
		return status.st_mtim.tv_sec > since->tv_sec;
	return status.st_mtim.tv_nsec >= since->tv_nsec;
}

size_t filename_find(const char *template, const struct timespec *since,
	void (*found)(const char *path, void *context), void *context)
{
	char pattern[PATTERN_SIZE];
	glob_t names;
	regex_t regex;
	size_t count = 0;

	if (!put_pattern(template, "\\*?[", false, pattern) || !compile(template, &regex))
		return 0;
	if (glob(pattern, 0, NULL, &names) == 0) {
		for (size_t i = 0; i < names.gl_pathc; i++)
			if (!regexec(&regex, names.gl_pathv[i], 0, NULL, 0) &&
				is_since(names.gl_pathv[i], since)) {
				found(names.gl_pathv[i], context);
				count++;
			}
		globfree(&names);
	}
	regfree(&regex);
	return count;
}
