/* shimstate.h - the shim's own word, read out of another process. */
#ifndef VMATLAS_SHIMSTATE_H
#define VMATLAS_SHIMSTATE_H

#include <sys/types.h>

#include "vmatlas_state.h"

struct shimstate {
	uint64_t address;   /* of the struct vmatlas_state in the process */
	char library[4096]; /* its file, as /proc/PID/maps has it */
	uint32_t version;   /* found when shimstate_find gives EPROTO */
};

/* Looks for the shim in the process. 0; ENOENT when it is not loaded; EAGAIN when it is, but has
 * not begun to work; EPROTO when it is one of another version; ESRCH; EACCES when the process is
 * another user's; EPERM when its mappings may be seen, but not its memory (ptrace(2), "Ptrace
 * access mode checking"): the library is filled in then. */
int shimstate_find(pid_t pid, struct shimstate *shim);

/* Reads the state as it is now; untouched on error, ESRCH or EPERM. Its path has a NUL. */
int shimstate_read(pid_t pid, const struct shimstate *shim, struct vmatlas_state *state);

#endif
