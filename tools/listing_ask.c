#include "listing_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "complain.h"
#include "listing_bytes.h"

extern char **environ;

/* `vmatlas dump` in a process of its own: it ends where it stands when something is wrong. What it
 * prints, the name of a file that is gone at once, is nobody's business. */
static int spawn_dump(const char *pid, const char *path, pid_t *child)
{
	char *const argv[] = {"vmatlas", "dump", "--private", "--format", "snapshot", "--output",
		(char *)path, (char *)pid, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn(child, "/proc/self/exe", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int run_dump(const char *pid, const char *path)
{
	int error, status = 0;
	pid_t child;

	error = spawn_dump(pid, path, &child);
	if (error)
		return complain_errno("vmatlas dump", error);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : COMPLAIN_COULD_NOT;
}

int listing_ask(const char *pid, char **bytes, size_t *length)
{
	const char *room = getenv("TMPDIR");
	char folder[PATH_MAX], path[PATH_MAX + 16];
	const char *what;
	int status;

	snprintf(folder, sizeof(folder), "%s/vmatlas.XXXXXX", room && *room ? room : P_tmpdir);
	if (!mkdtemp(folder))
		return complain_errno(folder, errno);
	snprintf(path, sizeof(path), "%s/snapshot", folder);
	status = run_dump(pid, path);
	if (!status)
		status = listing_bytes_of(path, &what, bytes, length);
	unlink(path);
	rmdir(folder);
	return status;
}
