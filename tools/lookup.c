#include "lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What execvp(3) searches without PATH: glibc's confstr(_CS_PATH). */
#define PATH_DEFAULT "/bin:/usr/bin"

static bool is_runnable(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* True if the search ends with this directory; an empty one means the current directory. */
static bool try_directory(const char *directory, const char *program, char *path)
{
	char candidate[PATH_MAX];
	int length = snprintf(candidate, PATH_MAX, "%s/%s", *directory ? directory : ".", program);

	if (length >= PATH_MAX || access(candidate, F_OK) != 0)
		return false;
	if (is_runnable(candidate)) {
		strcpy(path, candidate);
		return true;
	}
	if (!path[0])
		strcpy(path, candidate);
	return false;
}

static int search(const char *program, char *path)
{
	const char *list = getenv("PATH");
	char *copy = strdup(list ? list : PATH_DEFAULT);
	char *rest = copy, *directory;

	if (!copy)
		return ENOMEM;
	path[0] = '\0';
	while ((directory = strsep(&rest, ":")))
		if (try_directory(directory, program, path))
			break;
	free(copy);
	return path[0] ? 0 : ENOENT;
}

int lookup_program(const char *program, char *path)
{
	if (!*program)
		return ENOENT;
	if (strlen(program) >= PATH_MAX)
		return ENAMETOOLONG;
	if (!strchr(program, '/'))
		return search(program, path);
	strcpy(path, program);
	return access(path, F_OK) == 0 ? 0 : errno;
}
