#include "tempname.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int tempname(char *path, size_t size, const char *stem)
{
	const char *folder = getenv("TMPDIR");
	int length =
		snprintf(path, size, "%s/%s.XXXXXX", folder && *folder ? folder : P_tmpdir, stem);

	if (length >= 0 && (size_t)length < size)
		return 0;
	*path = '\0';
	return ENAMETOOLONG;
}
