#include "procfile.h"
#include "descriptor.h"
#include "sys.h"

size_t procfile_read(const char *path, char *buffer, size_t size)
{
	int fd = descriptor_open(path, O_RDONLY);
	struct descriptor_identity identity = descriptor_identify(fd);
	size_t used = 0;
	ssize_t more = 0;

	/* What another thread put at the number would be taken away from it. */
	while (fd >= 0 && used + 1 < size && descriptor_is(fd, &identity) &&
		(more = sys_read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)more;
	descriptor_close(fd, &identity);
	buffer[used] = 0;
	return used;
}
