/* descriptor.h - descriptors of ours, out of the program's way.
 *
 * A program's other threads go on while a report is made: what they open gets the lowest free
 * number, and some count on which one that is. The kernel gives ours such a number, too; what stays
 * open for longer than microseconds moves up at once. */
#ifndef VMATLAS_DESCRIPTOR_H
#define VMATLAS_DESCRIPTOR_H

#include <stdbool.h>
#include <sys/types.h>

/* The same open file under a high number that the kernel has room for, or under the one that it
 * has. A negative errno, as one that could not be opened, stays what it is. Anywhere, as all of
 * this file.
 */
int descriptor_raise(int fd);

/* As sys_open, raised. */
int descriptor_open(const char *path, int flags);

/* What a number stood for, to see whether it still does: another thread may close what it does not
 * own, or put a file of its own there. */
struct descriptor_identity {
	dev_t device;
	ino_t inode; /* 0: not known */
};
struct descriptor_identity descriptor_identify(int fd);

/* Whether the number still stands for it, as far as is known. */
bool descriptor_is(int fd, const struct descriptor_identity *identity);

/* Closes it if it does. A negative number is none. */
void descriptor_close(int fd, const struct descriptor_identity *identity);

#endif
