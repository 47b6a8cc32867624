/* family.h - the memory of a process and of all that descend from it. */
#ifndef FAMILY_H
#define FAMILY_H

#include <sys/types.h>

/* KiB that the process and its descendants have in memory together, now. A page that two of them
 * share counts twice. Those that end meanwhile count 0. */
long family_kib(pid_t pid);

/* Ends them all by SIGKILL, the youngest first. */
void family_kill(pid_t pid);

#endif
