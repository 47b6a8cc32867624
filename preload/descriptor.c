#include "descriptor.h"
#include "sys.h"

/* Far above what a program has open, and above what it closes that is not its own: loops to 64 and
 * 256 are common. The first is below the usual limit of 1,024 and fits the sets of select(2); the
 * others are for smaller limits. When the kernel's table grows for it, once in a process's life, a
 * process with threads waits for that (expand_fdtable in fs/file.c): measured 12 ms. */
static const int bases[] = {960, 224, 48};

int descriptor_raise(int fd)
{
	int raised = -1;

	for (unsigned i = 0; i < sizeof bases / sizeof *bases && raised < 0 && fd >= 0; i++) {
		if (fd < bases[i])
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
