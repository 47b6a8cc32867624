#include "crowd.h"
#include "sys.h"

/* A directory has a link for itself, one in its parent, and one from each directory in it. */
uint64_t crowd_threads(void)
{
	struct stat status;

	if (sys_call(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&status, 0, 0, 0))
		return 0;
	return status.st_nlink > 2 ? status.st_nlink - 2 : 0;
}
