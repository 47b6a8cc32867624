/* newfile.h - a file that appears under its name when it is whole, and not before.
 *
 * Where the file system can (O_TMPFILE, Linux 3.11), it has no name until then: who is killed in
 * the midst of it leaves nothing behind. Elsewhere it is called PATH.part-PID. */
#ifndef VMATLAS_NEWFILE_H
#define VMATLAS_NEWFILE_H

#include "config.h"

#include <stdbool.h>

struct newfile {
	char name[CONFIG_PATH]; /* PATH.part-PID, "" for no file */
	bool unnamed;           /* it does not stand there yet */
};

/* A descriptor to write to, or a negative errno. Mode 0600; no link is followed. Anywhere, as all
 * of this file; 1 KiB of stack besides the struct. */
int newfile_open(struct newfile *file, const char *path, int pid);

/* The file is whole, and still open: gives it a name, for good or the one in the struct. 0 or an
 * errno. */
int newfile_name(struct newfile *file, const char *path, int fd);

/* The same under the path itself, where nothing may stand yet (EEXIST); for good. 0 or an errno. */
int newfile_claim(struct newfile *file, const char *path, int fd);

/* It is closed. Puts it under the path, in place of what stood there, if it is `whole`, and else
 * away. 0 or an errno. */
int newfile_end(struct newfile *file, const char *path, bool whole);

#endif
