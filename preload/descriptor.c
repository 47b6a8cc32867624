#include "descriptor.h"
#include "sys.h"

#include <string.h>

/* Far above what a program has open, and above what it closes that is not its own: loops to 64 and
 * 256 are common. The first is below the usual limit of 1,024 and fits the sets of select(2). */
static const unsigned bases[] = {960, 224, 48};

enum {
	/* Room above each base: more than a report has open. */
	ROOM = 16,
	/* FDSize is the eleventh line of status, some 200 bytes in. */
	STATUS = 512,
};

static unsigned number_at(const char *text)
{
	unsigned number = 0;

	while (*text == ' ' || *text == '\t')
		text++;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + (unsigned)(*text++ - '0');
	return number;
}

/* How many numbers the kernel's table has room for. A larger one would make the table grow: a
 * process with threads waits for that (expand_fdtable in fs/file.c, 12 ms measured), and select(2)
 * looks at numbers that it did not look at before. 0 where it is not told. */
static unsigned table_size(void)
{
	char status[STATUS + 1];
	int fd = sys_open("/proc/thread-self/status", O_RDONLY);
	ssize_t length = fd < 0 ? 0 : sys_read(fd, status, STATUS);
	const char *found;

	if (fd >= 0)
		sys_close(fd);
	status[length > 0 ? length : 0] = 0;
	found = strstr(status, "\nFDSize:");
	return found ? number_at(found + sizeof "\nFDSize:" - 1) : 0;
}

int descriptor_raise(int fd)
{
	unsigned size = fd < 0 ? 0 : table_size();
	int raised = -1;

	for (unsigned i = 0; i < sizeof bases / sizeof *bases && raised < 0; i++) {
		if (bases[i] + ROOM <= size && fd < (int)bases[i])
			raised = (int)sys_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, bases[i], 0, 0, 0);
	}
	if (raised < 0)
		return fd;
	sys_close(fd);
	return raised;
}

int descriptor_open(const char *path, int flags)
{
	return descriptor_raise(sys_open(path, flags));
}

struct descriptor_identity descriptor_identify(int fd)
{
	struct stat status;

	if (fd < 0 || sys_fstat(fd, &status))
		return (struct descriptor_identity){0, 0};
	return (struct descriptor_identity){status.st_dev, status.st_ino};
}

bool descriptor_is(int fd, const struct descriptor_identity *identity)
{
	struct stat status;

	if (!identity->inode)
		return true; /* a filter refuses the question */
	return !sys_fstat(fd, &status) && status.st_dev == identity->device &&
	       status.st_ino == identity->inode;
}

void descriptor_close(int fd, const struct descriptor_identity *identity)
{
	if (fd >= 0 && descriptor_is(fd, identity))
		sys_close(fd);
}
