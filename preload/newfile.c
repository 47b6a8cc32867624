#include "newfile.h"
#include "descriptor.h"
#include "sys.h"

#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { COPY_STEP = 1 << 20 };

static void unlink_name(const struct newfile *file)
{
	sys_call(SYS_unlinkat, AT_FDCWD, (long)file->name, 0, 0, 0, 0);
}

static int open_named(const struct newfile *file)
{
	unlink_name(file);
	return sys_openat(
		AT_FDCWD, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* -- Without a name --------------------------------------------------------------------------- */

/* Where the kernel shows our descriptor. AT_EMPTY_PATH instead wants CAP_DAC_READ_SEARCH. */
static void put_link(char *path, size_t size, int fd)
{
	struct text text;

	text_init(&text, path, size - 1, NULL, NULL);
	text_str(&text, "/proc/thread-self/fd/");
	text_dec(&text, (uint64_t)fd);
	path[text.used] = 0;
}

static int link_to(int fd, const char *path)
{
	char own[48];

	put_link(own, sizeof own, fd);
	return (int)-sys_call(
		SYS_linkat, AT_FDCWD, (long)own, AT_FDCWD, (long)path, AT_SYMLINK_FOLLOW, 0);
}

static bool may_link(int fd)
{
	struct stat status;
	char own[48];

	put_link(own, sizeof own, fd);
	return !sys_call(SYS_newfstatat, AT_FDCWD, (long)own, (long)&status, 0, 0, 0) &&
	       (!filter_flags.stand || filter_allows(SYS_linkat, 0, 0, 0, 0, 0, 0));
}

/* For reading as well: see copy. */
static int open_unnamed(const char *path)
{
	char folder[CONFIG_PATH];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	int fd;

	memcpy(folder, path, length);
	memcpy(folder + length, ".", 2);
	fd = sys_openat(AT_FDCWD, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 && !may_link(fd)) {
		sys_close(fd);
		return -ENOENT;
	}
	return fd;
}

/* To one that has a name, where this one cannot be given one after all (a security module). */
static int copy(const struct newfile *file, int from)
{
	int to = open_named(file), error = 0;
	off_t offset = 0;
	long done;

	if (to < 0)
		return -to;
	do
		done = sys_call(SYS_sendfile, to, from, (long)&offset, COPY_STEP, 0, 0);
	while (done > 0 || done == -EINTR);
	error = done < 0 ? (int)-done : -sys_close(to);
	if (done < 0)
		sys_close(to);
	return error;
}

/* -- The three steps -------------------------------------------------------------------------- */

int newfile_open(struct newfile *file, const char *path, int pid)
{
	struct text text;
	int fd;

	text_init(&text, file->name, sizeof file->name - 1, NULL, NULL);
	text_str(&text, path);
	text_str(&text, ".part-");
	text_dec(&text, (uint64_t)pid);
	file->name[text.used] = 0;
	file->unnamed = false;
	if (text.error)
		return -ENAMETOOLONG;
	fd = open_unnamed(path);
	file->unnamed = fd >= 0;
	return descriptor_raise(file->unnamed ? fd : open_named(file));
}

int newfile_name(struct newfile *file, const char *path, int fd)
{
	int error;

	if (!file->unnamed || !(error = link_to(fd, path))) {
		if (file->unnamed)
			file->name[0] = 0; /* for good */
		return 0;
	}
	unlink_name(file);
	if (error != EEXIST || link_to(fd, file->name))
		error = copy(file, fd);
	else
		error = 0;
	file->unnamed = error != 0;
	return error;
}

int newfile_claim(struct newfile *file, const char *path, int fd)
{
	int error = file->unnamed ? link_to(fd, path)
				  : (int)-sys_call(SYS_renameat2, AT_FDCWD, (long)file->name,
					    AT_FDCWD, (long)path, RENAME_NOREPLACE, 0);

	if (!error)
		file->name[0] = 0;
	return error;
}

int newfile_end(struct newfile *file, const char *path, bool whole)
{
	int error = 0;

	if (!file->name[0] || file->unnamed)
		return 0;
	if (whole)
		error = (int)-sys_call(
			SYS_renameat, AT_FDCWD, (long)file->name, AT_FDCWD, (long)path, 0, 0);
	if (!whole || error)
		unlink_name(file);
	return error;
}
