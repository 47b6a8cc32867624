#include "dumpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "filename.h"
#include "outfile.h"

/* The path under which this process finds the file: it may stand in another root. */
static const char *path_from_here(const struct target *target, const char *path, char *buffer)
{
	struct stat here, there;

	snprintf(buffer, (size_t)2 * PATH_MAX, "/proc/%d/root%s", (int)target->pid, path);
	if (stat(buffer, &there) != 0)
		return path;
	if (stat(path, &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return path;
	return buffer;
}

/* The path is the other process's word: what it names must be a file, and that user's. */
static FILE *open_report(const struct target *target, const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat status;

	if (descriptor < 0 || fstat(descriptor, &status) != 0)
		return NULL;
	if (S_ISREG(status.st_mode) && status.st_uid == target->user)
		return fdopen(descriptor, "r");
	close(descriptor);
	errno = S_ISREG(status.st_mode) ? EPERM : ESPIPE;
	return NULL;
}

/* 0 or an exit status. */
static int copy(FILE *from, const char *path, struct outfile *outfile)
{
	char buffer[65536];
	size_t got;

	while ((got = fread(buffer, 1, sizeof(buffer), from)))
		if (fwrite(buffer, 1, got, outfile->stream) != got)
			break;
	return ferror(from) ? complain_errno(path, errno) : 0;
}

static int copy_report(const struct target *target, const char *path, const char *output)
{
	FILE *from = open_report(target, path);
	struct outfile outfile;
	int status, closing;

	if (!from)
		return complain_cannot(path, "%s; the report stays there", strerror(errno));
	status = outfile_open(&outfile, output);
	if (!status) {
		status = copy(from, path, &outfile);
		closing = outfile_close(&outfile, !status);
		status = status ? status : closing;
	}
	fclose(from);
	return status;
}

/* What a descriptor of the process is: "pipe:[123]", "/dev/pts/1"; "?" if that is not to be had. */
static void read_descriptor(
	const struct target *target, const char *path, char target_path[PATH_MAX])
{
	char link[PATH_MAX + 64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%s", (int)target->pid, path + 3);
	length = readlink(link, target_path, PATH_MAX - 1);
	if (length >= 0)
		target_path[length] = '\0';
	else
		strcpy(target_path, "?");
}

static int tell_descriptor(const struct target *target, const char *path, const char *output)
{
	char name[PATH_MAX];

	read_descriptor(target, path, name);
	if (output)
		return complain_cannot(output,
			"the report went to %s of the process (%s), from where it cannot be "
			"copied; "
			"start it with VMATLAS_OUTPUT=FILE",
			path, name);
	printf("%s of process %d: %s\n", path, (int)target->pid, name);
	return 0;
}

static int tell(const struct target *target, const struct vmatlas_state *state, const char *output,
	bool moved)
{
	char buffer[2 * PATH_MAX];
	const char *path;
	int status = 0;

	if (state->error)
		return complain_cannot(state->path, "the process could not write its report: %s",
			strerror(state->error));
	if (state->fallback == 1)
		complain_note(state->path,
			"here, because the configured descriptor is another file by now");
	if (filename_is_descriptor(state->path))
		return tell_descriptor(target, state->path, output);
	path = path_from_here(target, state->path, buffer);
	if (output)
		status = copy_report(target, path, output);
	if (moved && unlink(path) != 0 && !status)
		complain_note(path, "this copy stays: %s", strerror(errno));
	if (!status)
		puts(output ? output : path);
	return status;
}

int dumpfile_tell(
	const struct target *target, const struct vmatlas_state *state, const char *output)
{
	return tell(target, state, output, false);
}

int dumpfile_take(
	const struct target *target, const struct vmatlas_state *state, const char *output)
{
	struct vmatlas_state taken = *state;

	memcpy(taken.path, state->private_path, sizeof(taken.path));
	taken.error = state->private_error;
	taken.fallback = 0;
	return tell(target, &taken, output, true);
}
