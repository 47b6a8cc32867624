/* child.h - how a self-telling program tells what became of a child. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/wait.h>

#include "tell.h"

/* An act that is tried in a child of its own. */
struct act {
	const char *name;
	void (*act)(void);
};

/* Waits for a child and tells its status; tells errno where there is no child (-1). */
static inline void tell_status(const char *what, pid_t child)
{
	int status = 0;

	if (child < 0) {
		tell("%s: no child, errno %s", what, errno_name(errno));
		return;
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		tell("%s: signal %d, core %d", what, WTERMSIG(status), WCOREDUMP(status) ? 1 : 0);
	else
		tell("%s: status %d", what, WEXITSTATUS(status));
}

/* Runs an act in a child that was just forked; it tells errno where the act comes back. */
static inline void in_child(const char *how, const struct act *row, pid_t child)
{
	char what[100];

	if (!child) {
		errno = ERRNO_SENTINEL;
		row->act();
		tell("%s came back, errno %s", row->name, errno_name(errno));
		_exit(40);
	}
	snprintf(what, sizeof(what), "%s, %s", how, row->name);
	tell_status(what, child);
}

#endif
