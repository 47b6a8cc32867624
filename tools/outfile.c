#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"

static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int open_new(struct outfile *outfile)
{
	int length = snprintf(outfile->temporary, sizeof(outfile->temporary), "%s.part-%d",
		outfile->path, (int)getpid());

	if (length >= PATH_MAX) {
		outfile->temporary[0] = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	/* Nobody else's file or link of this name is ever written to. */
	return open(outfile->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int outfile_open(struct outfile *outfile, const char *path)
{
	int descriptor;

	signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error like any other */
	*outfile = (struct outfile){.stream = stdout, .path = path};
	if (!path)
		return 0;
	if (is_directory(path))
		return complain_errno(path, EISDIR);
	descriptor =
		is_special(path) ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) : open_new(outfile);
	if (descriptor < 0)
		return complain_errno(path, errno);
	outfile->stream = fdopen(descriptor, "w");
	if (outfile->stream)
		return 0;
	close(descriptor);
	if (outfile->temporary[0])
		unlink(outfile->temporary);
	return complain_errno(path, ENOMEM);
}

/* 0 or an errno. */
static int finish(struct outfile *outfile)
{
	int error = 0;

	errno = 0;
	if (fflush(outfile->stream) != 0 || ferror(outfile->stream))
		error = errno ? errno : EIO;
	/* Told here; the check at the end of the command must not find it again. */
	if (error && !outfile->path) {
		__fpurge(outfile->stream);
		clearerr(outfile->stream);
	}
	if (outfile->path && fclose(outfile->stream) != 0 && !error)
		error = errno;
	return error;
}

int outfile_close(struct outfile *outfile, int whole)
{
	int error = finish(outfile);

	if (!error && whole && outfile->temporary[0] &&
		rename(outfile->temporary, outfile->path) != 0)
		error = errno;
	if ((error || !whole) && outfile->temporary[0])
		unlink(outfile->temporary);
	if (!error || !whole)
		return 0;
	return complain_errno(outfile->path ? outfile->path : "standard output", error);
}

int outfile_sink(void *stream, const char *bytes, size_t length)
{
	errno = 0;
	if (fwrite(bytes, 1, length, stream) == length)
		return 0;
	return errno ? errno : EIO;
}
