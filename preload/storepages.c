#include "storepages.h"
#include "sys.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = STOREPAGES_PAGE };

static bool refused(long result)
{
	return result < 0 && result > -PAGE;
}

void *storepages_map(int fd, void *at, size_t size, uint64_t offset)
{
	long result = sys_call(SYS_mmap, (long)at, (long)size, PROT_READ | PROT_WRITE,
		MAP_SHARED | (at ? MAP_FIXED : 0), fd, (long)offset);

	if (refused(result))
		return NULL;
	/* As the store's own: not to melt into a neighbour. */
	sys_madvise((void *)result, size, MADV_RANDOM);
	return (void *)result;
}

static bool is_zero(const char *page)
{
	const uint64_t *word = (const uint64_t *)page;

	for (size_t i = 0; i < PAGE / sizeof *word; i++) {
		if (word[i])
			return false;
	}
	return true;
}

int storepages_copy(int fd, uintptr_t start, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size; done += PAGE) {
		long got;

		if (is_zero((const char *)start + done))
			continue;
		do
			got = sys_call(SYS_pwrite64, fd, (long)(start + done), PAGE,
				(long)(offset + done), 0, 0);
		while (got == -EINTR);
		if (got != PAGE)
			return got < 0 ? (int)-got : ENOSPC;
	}
	return 0;
}

/* A page of zeros that nobody wrote to costs nothing. */
static void fill(char *own, const char *from, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE) {
		if (!is_zero(from + at))
			memcpy(own + at, from + at, PAGE);
	}
}

static long read_all(int fd, char *own, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = sys_pread(fd, own + done, size - done, offset + done);

		if (got <= 0 && got != -EINTR)
			return got ? got : -EIO;
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* By the file, which knows what was ever written: a look at each page would cost a fault, most of
 * the time that a fork takes. False where it does not know. */
static bool fill_from(int fd, char *own, size_t size, uint64_t offset)
{
	const uint64_t end = offset + size;
	uint64_t at = offset;

	while (fd >= 0 && at < end) {
		long data = sys_call(SYS_lseek, fd, (long)at, SEEK_DATA, 0, 0, 0);
		long hole = data < 0 ? 0 : sys_call(SYS_lseek, fd, data, SEEK_HOLE, 0, 0, 0);

		if (data == -ENXIO || data >= (long)end)
			return true;
		if (data < 0 || hole <= data)
			return false;
		at = (uint64_t)hole < end ? (uint64_t)hole : end;
		if (read_all(fd, own + ((uint64_t)data - offset), at - (uint64_t)data,
			    (uint64_t)data))
			return false;
	}
	return fd >= 0;
}

static int put_in_place(char *own, uintptr_t start, size_t size)
{
	long result = sys_call(SYS_mremap, (long)own, (long)size, (long)size,
		MREMAP_MAYMOVE | MREMAP_FIXED, (long)start, 0);
	if (!refused(result))
		return 0;
	sys_munmap(own, size);
	return (int)-result;
}

int storepages_privatize(int fd, uintptr_t start, size_t size, uint64_t offset)
{
	char *own = sys_mmap_anonymous(size, PROT_READ | PROT_WRITE, MAP_NORESERVE);

	if (!own)
		return ENOMEM;
	sys_madvise(own, size, MADV_RANDOM);
	if (!fill_from(fd, own, size, offset))
		fill(own, (const char *)start, size);
	return put_in_place(own, start, size);
}

int storepages_wipe_on_fork(uintptr_t start, size_t size)
{
	char *own = sys_mmap_anonymous(size, PROT_READ | PROT_WRITE, 0);
	int error;

	if (!own)
		return ENOMEM;
	error = -sys_madvise(own, size, MADV_WIPEONFORK);
	fill(own, (const char *)start, size);
	if (!error)
		return put_in_place(own, start, size);
	sys_munmap(own, size);
	return error;
}
