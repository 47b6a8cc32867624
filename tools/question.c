#include "question.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "tempname.h"

/* The process writes what it was asked for in any case, where only the command that asks takes it
 * away: so long that is waited for. */
enum { PATIENCE_MS = 2000, STEP_MS = 10 };

extern char **environ;

static const char prefix[] = "vmatlas: ";

/* What it prints, the name of a file that is gone at once, is nobody's business. */
static int redirect(posix_spawn_file_actions_t *actions, const struct question *question)
{
	int error =
		posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

	if (!error && *question->said)
		error = posix_spawn_file_actions_addopen(
			actions, STDERR_FILENO, question->said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return error;
}

/* In a group of its own the terminal's signals do not reach it. */
static int set_apart(posix_spawnattr_t *attributes, const struct question *question)
{
	int error =
		*question->said ? posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP) : 0;

	return error ? error : posix_spawnattr_setpgroup(attributes, 0);
}

static int spawn(struct question *question, const char *pid)
{
	char *const argv[] = {"vmatlas", "dump", "--private", "--format", "snapshot", "--output",
		question->path, (char *)pid, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (!error) {
		error = redirect(&actions, question);
		error = error ? error : set_apart(&attributes, question);
		error = error ? error
			      : posix_spawn(&question->child, "/proc/self/exe", &actions,
					&attributes, argv, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int question_ask(struct question *question, const char *pid, bool apart)
{
	int error;

	*question = (struct question){0};
	error = tempname(question->folder, sizeof(question->folder), "vmatlas");
	if (error)
		return error;
	if (!mkdtemp(question->folder))
		return errno;
	snprintf(question->path, sizeof(question->path), "%s/snapshot", question->folder);
	if (apart)
		snprintf(question->said, sizeof(question->said), "%s/said", question->folder);
	error = spawn(question, pid);
	if (error) {
		question->child = 0;
		question_end(question);
	}
	return error;
}

static bool reap(struct question *question, int options, int *status)
{
	int ended = 0;
	pid_t child;

	do
		child = waitpid(question->child, &ended, options);
	while (child < 0 && errno == EINTR);
	if (!child)
		return false;
	question->child = 0;
	*status = child > 0 && WIFEXITED(ended) ? WEXITSTATUS(ended) : COMPLAIN_COULD_NOT;
	return true;
}

int question_wait(struct question *question)
{
	int status = COMPLAIN_COULD_NOT;

	reap(question, 0, &status);
	return status;
}

bool question_answered(struct question *question, int *status)
{
	return reap(question, WNOHANG, status);
}

void question_reason(const struct question *question, char *reason, size_t size)
{
	FILE *file = *question->said ? fopen(question->said, "re") : NULL;

	*reason = '\0';
	if (!file)
		return;
	if (!fgets(reason, (int)size, file))
		*reason = '\0';
	fclose(file);
	reason[strcspn(reason, "\n")] = '\0';
	if (!strncmp(reason, prefix, sizeof(prefix) - 1))
		memmove(reason, reason + sizeof(prefix) - 1, strlen(reason) - sizeof(prefix) + 2);
}

static void give_up(struct question *question)
{
	const struct timespec step = {0, STEP_MS * 1000000L};
	int status;

	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (question_answered(question, &status))
			return;
		nanosleep(&step, NULL);
	}
	kill(question->child, SIGKILL);
	question_wait(question);
}

void question_end(struct question *question)
{
	if (question->child)
		give_up(question);
	unlink(question->path);
	if (*question->said)
		unlink(question->said);
	rmdir(question->folder);
}
