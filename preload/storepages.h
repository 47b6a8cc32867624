/* storepages.h - pages that become a file's, or no file's any more, where they are. */
#ifndef VMATLAS_STOREPAGES_H
#define VMATLAS_STOREPAGES_H

#include <stddef.h>
#include <stdint.h>

enum { STOREPAGES_PAGE = 4096 };

/* Where whole pages are. */
struct storefile_range {
	uintptr_t start;
	size_t size;
};

static inline size_t storepages_up(size_t size)
{
	return (size + STOREPAGES_PAGE - 1) & ~(size_t)(STOREPAGES_PAGE - 1);
}

/* Maps this part of the file, shared: at `at`, in place of what is there, or anywhere for NULL.
 * NULL when refused. Anywhere, as all of this file. */
void *storepages_map(int fd, void *at, size_t size, uint64_t offset);

/* Writes the pages to this part of the file, where there are zeros. 0 or an errno. */
int storepages_copy(int fd, uintptr_t start, size_t size, uint64_t offset);

/* Puts private memory with the same contents in place of pages of this part of the file; nobody may
 * write to them meanwhile. With a descriptor of the file, what was never written is not read; -1
 * where there is none. 0 or an errno, and then they are as they were. */
int storepages_privatize(int fd, uintptr_t start, size_t size, uint64_t offset);

/* The same, and in every forked child this memory is zeros (MADV_WIPEONFORK, Linux 4.14). */
int storepages_wipe_on_fork(uintptr_t start, size_t size);

#endif
