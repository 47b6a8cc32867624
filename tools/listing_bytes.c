#include "listing_bytes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

/* Linux allows 65,530 mappings unless told otherwise, and smaps takes 1.3 KiB for each. */
static const size_t most = (size_t)4 << 30;

static int grow(char **bytes, size_t *capacity)
{
	size_t wanted = *capacity ? 2 * *capacity : 64 << 10;
	char *grown = wanted > most ? NULL : realloc(*bytes, wanted);

	if (!grown)
		return wanted > most ? EFBIG : ENOMEM;
	*bytes = grown;
	*capacity = wanted;
	return 0;
}

static int read_all(FILE *file, char **bytes, size_t *length)
{
	size_t capacity = 0;
	int error = 0;

	do {
		if (*length + 1 >= capacity)
			error = grow(bytes, &capacity);
		if (error)
			return error;
		errno = 0;
		*length += fread(*bytes + *length, 1, capacity - *length - 1, file);
		if (ferror(file))
			return errno ? errno : EIO;
	} while (!feof(file));
	(*bytes)[*length] = 0;
	return 0;
}

int listing_bytes_read(FILE *file, char **bytes, size_t *length)
{
	int error;

	*bytes = NULL;
	*length = 0;
	error = read_all(file, bytes, length);
	if (error)
		free(*bytes);
	return error;
}

int listing_bytes_of(const char *path, const char **what, char **bytes, size_t *length)
{
	bool standard = !strcmp(path, "-");
	FILE *file = standard ? stdin : fopen(path, "re");
	int error;

	*what = standard ? "standard input" : path;
	if (!file)
		return complain_errno(*what, errno);
	error = listing_bytes_read(file, bytes, length);
	if (!standard)
		fclose(file);
	return error ? complain_errno(*what, error) : 0;
}
