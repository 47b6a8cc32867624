/* storepath.h - the name of the store's file, the way back to it, and room in it.
 *
 * No descriptor stays open: the program may close all it finds, or count on which number is free.
 * So the file is opened anew by its name whenever it is to grow, and known again by its device and
 * inode. A process that has changed its root or given up its rights comes back to it no more. */
#ifndef VMATLAS_STOREPATH_H
#define VMATLAS_STOREPATH_H

#include "descriptor.h"
#include "newfile.h"

#include <stddef.h>
#include <stdint.h>

enum { STOREPATH_LENGTH = 4096 + 128 };

struct storepath {
	char name[STOREPATH_LENGTH];
	struct descriptor_identity identity;
	struct newfile file; /* until it has its name */
};

/* Where it is to be and whose. */
struct storepath_place {
	const char *directory, *program;
	int pid;
};

/* Makes a file without a name in the directory, for writing, mode 0600. A descriptor, or a negative
 * errno. Anywhere, as all of this file; 1 KiB of stack. */
int storepath_create(struct storepath *path, const struct storepath_place *place);

/* It is whole: names it DIRECTORY/vmatlas.PROGRAM.PID.store, and where that is taken with the next
 * free number behind the pid, from 1 to 99. Nothing is replaced. 0 or an errno, and then it is
 * gone once it is closed. */
int storepath_name(struct storepath *path, const struct storepath_place *place, int fd);

/* It is not to have one. */
void storepath_abandon(struct storepath *path);

/* The same file again, for reading and writing. A descriptor, or a negative errno. */
int storepath_open(const struct storepath *path);

/* Room for [offset, offset + size), which is then zeros. 0 or an errno: of a full disk, of a limit
 * to the size of files, and no signal for the latter. */
int storepath_allocate(int fd, uint64_t offset, uint64_t size);

/* Removes the name, if it is still the file's. 0 or an errno. */
int storepath_remove(const struct storepath *path);

#endif
