#include "storepath.h"
#include "sys.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum { NAMES_TRIED = 100, ZEROS = 4096 };

/* -- The name ------------------------------------------------------------------------------- */

static bool name_make(struct storepath *path, const struct storepath_place *place, unsigned number)
{
	struct text text;

	text_init(&text, path->name, sizeof path->name - 1, NULL, NULL);
	text_str(&text, place->directory);
	text_str(&text, "/vmatlas.");
	text_str(&text, place->program);
	text_char(&text, '.');
	text_dec(&text, (uint64_t)place->pid);
	if (number) {
		text_char(&text, '.');
		text_dec(&text, number);
	}
	text_str(&text, ".store");
	path->name[text.used] = 0;
	return !text.error;
}

int storepath_create(struct storepath *path, const struct storepath_place *place)
{
	int fd = name_make(path, place, 0) ? newfile_open(&path->file, path->name, place->pid)
					   : -ENAMETOOLONG;

	if (fd >= 0)
		path->identity = descriptor_identify(fd);
	return fd;
}

void storepath_abandon(struct storepath *path)
{
	newfile_end(&path->file, path->name, false);
}

/* Number 1 and so on only where a process of the same number has left its own. */
int storepath_name(struct storepath *path, const struct storepath_place *place, int fd)
{
	int error = EEXIST;

	for (unsigned number = 0; error == EEXIST && number < NAMES_TRIED; number++)
		error = name_make(path, place, number) ? newfile_claim(&path->file, path->name, fd)
						       : ENAMETOOLONG;
	if (error)
		storepath_abandon(path);
	return error;
}

int storepath_open(const struct storepath *path)
{
	int fd = sys_openat(AT_FDCWD, path->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

	if (fd >= 0 && !descriptor_is(fd, &path->identity)) {
		sys_close(fd);
		return -ESTALE;
	}
	return fd;
}

int storepath_remove(const struct storepath *path)
{
	struct stat status;
	int error = (int)-sys_call(SYS_newfstatat, AT_FDCWD, (long)path->name, (long)&status,
		AT_SYMLINK_NOFOLLOW, 0, 0);

	if (error)
		return error;
	if (status.st_dev != path->identity.device || status.st_ino != path->identity.inode)
		return ESTALE;
	return (int)-sys_call(SYS_unlinkat, AT_FDCWD, (long)path->name, 0, 0, 0, 0);
}

/* -- Room ----------------------------------------------------------------------------------- */

/* Beyond the limit the kernel would send SIGXFSZ (inode_newsize_ok in fs/attr.c). */
static bool within_limit(uint64_t end)
{
	struct rlimit limit;

	return sys_call(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0) ||
	       limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur;
}

/* Where the file system cannot allocate (EOPNOTSUPP, as NFS before 4.2), zeros are written. */
static int fill(int fd, uint64_t offset, uint64_t size)
{
	static const char zeros[ZEROS];
	uint64_t done = 0;
	long got;

	while (done < size) {
		uint64_t step = size - done < ZEROS ? size - done : ZEROS;

		got = sys_call(
			SYS_pwrite64, fd, (long)zeros, (long)step, (long)(offset + done), 0, 0);
		if (got == 0)
			return ENOSPC;
		if (got < 0 && got != -EINTR)
			return (int)-got;
		done += got > 0 ? (uint64_t)got : 0;
	}
	return 0;
}

int storepath_allocate(int fd, uint64_t offset, uint64_t size)
{
	long error;

	if (!within_limit(offset + size))
		return EFBIG;
	do
		error = sys_call(SYS_fallocate, fd, 0, (long)offset, (long)size, 0, 0);
	while (error == -EINTR);
	if (error == -EOPNOTSUPP || error == -ENOSYS)
		return fill(fd, offset, size);
	return (int)-error;
}
