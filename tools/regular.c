#include "regular.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_regular(int descriptor)
{
	struct stat file;

	return fstat(descriptor, &file) == 0 && S_ISREG(file.st_mode);
}

/* Looked at once more behind the open: it may have been replaced. */
int regular_open(const char *path)
{
	struct stat file;
	int descriptor;

	if (stat(path, &file) || !S_ISREG(file.st_mode))
		return -1;
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0 || is_regular(descriptor))
		return descriptor;
	close(descriptor);
	return -1;
}
