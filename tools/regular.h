/* regular.h - files whose names are a stranger's: a snapshot's, a core's. */
#ifndef VMATLAS_REGULAR_H
#define VMATLAS_REGULAR_H

/* Opens it for reading; -1 where there is none, or no regular file. A FIFO is not waited for, and
 * neither that nor a device is opened at all, as that alone can do something: a writer goes on, a
 * watchdog starts, a tape is wound back. */
int regular_open(const char *path);

#endif
