/* wrap_fork.c - forks, where the tables lie in a file and the child must have its own. */
#include "process.h"
#include "storefile.h"
#include "wrap.h"

#include <errno.h>
#include <unistd.h>

/* The parent waits, so that the child's tables are those of the moment of the fork: those of a
 * single-threaded program are exact. Children that come by other ways find theirs at their first
 * call. */
WRAPPER pid_t fork(void)
{
	uint32_t token = storefile_fork_begin();
	pid_t pid = REAL(fork)();
	int error = errno;

	if (!token)
		return pid;
	if (pid == 0) {
		process_vforked(); /* settles */
		storefile_fork_settled(token);
	} else {
		storefile_fork_end(token, pid > 0);
	}
	errno = error;
	return pid;
}
