/* naming_file.h - the file that a module was loaded from: found again, and known to be the same. */
#ifndef VMATLAS_NAMING_FILE_H
#define VMATLAS_NAMING_FILE_H

#include "core/elf.h"
#include "core/view.h"

#include <limits.h>

/* An open file and what its headers say. About 6 KiB: not for a handler's stack. Must not be moved
 * while it is open, since `source` refers to it. */
struct naming_file {
	int fd;
	dev_t device;
	ino_t inode;
	struct elf_source source; /* good while the file is open */
	struct elf_image image;
	char path[PATH_MAX];
};

/* Opens file->path, which is followed through symbolic links, and reads its ELF headers.
 *
 * Only a regular file is ever opened for reading: whatever else stands at the path by now (a FIFO,
 * a device, a socket) is left untouched, does not block us and notices nothing. 0; ENXIO for what
 * is no regular file; ENOEXEC for what is no ELF file; or the errno of open(2) or read(2).
 * Anywhere, signal handlers included, as all functions of this file. */
int naming_file_open(struct naming_file *file, uint64_t page_size);

/* Opens the file of a module: at its path, at its path without the kernel's " (deleted)", or as
 * /proc/self/exe. Taken only if its build-id is the module's; from a module without one, the file
 * at its path if that takes the same addresses. 0; ESTALE when there is a file, but another one by
 * now; ENODATA for what never was a file ("[vdso]"); or as naming_file_open. */
int naming_file_open_module(
	struct naming_file *file, const struct view *view, const struct vmatlas_module *module);

/* Opens the file with the debug symbols that distributions install apart, by the module's build-id.
 * 0, ENOENT for a module without build-id, or as above. */
int naming_file_open_debug(
	struct naming_file *file, const struct view *view, const struct vmatlas_module *module);

/* Closes it. False when the descriptor was no longer ours: the program closes descriptors that it
 * does not own, and may have opened something else at this number. That is left open, and what was
 * read last cannot be trusted. */
bool naming_file_close(struct naming_file *file);

#endif
