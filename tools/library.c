#include "library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "libvmatlas.so"

/* From the command's directory: the build tree, PREFIX/bin with any of the usual library rooms. */
static const char *const rooms[] = {
	".",
	"../lib",
	"../lib/x86_64-linux-gnu",
	"../lib64",
	"../lib/vmatlas",
};

static int find_near(const char *directory, char *path)
{
	char candidate[2 * PATH_MAX];

	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		snprintf(candidate, sizeof(candidate), "%s/%s/" NAME, directory, rooms[i]);
		if (realpath(candidate, path))
			return 0;
	}
	snprintf(path, PATH_MAX, "%s", NAME);
	return ENOENT;
}

static int find_given(const char *given, char *path)
{
	int error;

	if (realpath(given, path))
		return 0;
	error = errno;
	snprintf(path, PATH_MAX, "%s", given);
	return error;
}

int library_find(char *path)
{
	const char *given = getenv("VMATLAS_LIBRARY");
	char self[PATH_MAX];
	ssize_t length;

	if (given && *given)
		return find_given(given, path);
	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length < 0)
		return find_near(".", path);
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	return find_near(self, path);
}

int library_preload(const char *path)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = NULL;
	int error;

	if (strpbrk(path, " :"))
		return EINVAL;
	if (asprintf(&list, "%s%s%s", path, others && *others ? ":" : "", others ? others : "") < 0)
		return ENOMEM;
	error = setenv("LD_PRELOAD", list, 1) == 0 ? 0 : errno;
	free(list);
	return error;
}
