#include "ask.h"
#include "descriptor.h"
#include "sys.h"

#include "core/maps_reader.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

/* include/uapi/linux/fs.h of Linux 6.11; Debian 12's headers are older. */
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor;
	uint32_t vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)

/* One read gives whole lines up to this much; the longest line of maps is a name of 4 KiB whose
 * newlines each became four characters. */
enum { TEXT_BUFFER = 6144 };

static struct {
	/* The kernel answered ENOTTY once, or the text was asked for. */
	_Atomic bool text_only;
	_Atomic uint64_t queries, readings, failures;
} self;

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static int query(int fd, uintptr_t address, struct ask_answer *answer, char *path, size_t capacity)
{
	struct procmap_query q = {.size = sizeof q, .query_addr = address};
	int error;

	q.vma_name_addr = (uintptr_t)path;
	q.vma_name_size = path ? (uint32_t)capacity : 0;
	error = -sys_ioctl(fd, PROCMAP_QUERY, &q);
	if (error == ENAMETOOLONG && path) {
		path[0] = 0;
		return query(fd, address, answer, NULL, 0);
	}
	if (error)
		return error;
	/* The flags are the bits of enum maps_perm (PROCMAP_QUERY_VMA_READABLE ...). */
	*answer = (struct ask_answer){q.vma_start, q.vma_end, q.vma_offset, q.inode, q.dev_major,
		q.dev_minor, (uint8_t)(q.vma_flags & 15)};
	if (path && q.vma_name_size == 0)
		path[0] = 0;
	return 0;
}

/* The text is read only from what we have opened: to read what another thread put at the number
 * would take it away. */
struct reading {
	int fd;
	struct descriptor_identity identity;
};

static ssize_t read_text(void *context, void *buffer, size_t size)
{
	const struct reading *reading = context;

	return descriptor_is(reading->fd, &reading->identity) ? sys_read(reading->fd, buffer, size)
							      : -EBADF;
}

static void answer_from(
	const struct maps_line *line, struct ask_answer *answer, char *path, size_t capacity)
{
	size_t length = line->path_length < capacity ? line->path_length : 0;

	*answer = (struct ask_answer){line->start, line->end, line->offset, line->inode,
		line->major, line->minor, line->perms};
	if (!path)
		return;
	memcpy(path, line->path, length);
	path[length] = 0;
}

static __attribute__((noinline)) int read_for(struct reading *reading, uintptr_t address,
	struct ask_answer *answer, char *path, size_t capacity)
{
	char buffer[TEXT_BUFFER];
	struct maps_reader reader;
	struct maps_line line;
	const char *text;
	size_t length;
	int more;

	maps_reader_init(&reader, buffer, sizeof buffer, read_text, reading);
	while ((more = maps_reader_next(&reader, &text, &length)) > 0) {
		if (maps_parse(text, length, &line, NULL) || address >= line.end)
			continue;
		if (address < line.start)
			return ENOENT;
		answer_from(&line, answer, path, capacity);
		return 0;
	}
	return more ? -more : ENOENT;
}

/* A kernel that does not know the question, and a file of the program's at this number by now,
 * answer alike. */
static bool is_of_proc(int fd)
{
	struct statfs system;

	long error = sys_call(SYS_fstatfs, fd, (long)&system, 0, 0, 0, 0);

	return error == -EPERM || (!error && system.f_type == PROC_SUPER_MAGIC);
}

static int ask_fd(int fd, uintptr_t address, struct ask_answer *answer, char *path, size_t capacity)
{
	struct reading reading = {.fd = fd};
	int error;

	if (!atomic_load_explicit(&self.text_only, memory_order_relaxed)) {
		count(&self.queries);
		error = query(fd, address, answer, path, capacity);
		if (error != ENOTTY && error != EPERM)
			return error;
		if (!is_of_proc(fd))
			return EBADF;
		/* A filter is one thread's; the kernel is everybody's. */
		self.text_only = error == ENOTTY;
	}
	count(&self.readings);
	reading.identity = descriptor_identify(fd);
	return read_for(&reading, address, answer, path, capacity);
}

/* Of a process whose main thread has ended by pthread_exit, /proc/self is a zombie's and has no
 * memory; /proc/thread-self (Linux 3.17) takes longer to open. */
static int open_maps(void)
{
	return sys_open(sys_gettid() == sys_getpid() ? "/proc/self/maps" : "/proc/thread-self/maps",
		O_RDONLY);
}

int ask_mapping(uintptr_t address, struct ask_answer *answer, char *path, size_t capacity)
{
	int fd = open_maps();
	int error;

	if (fd < 0) {
		count(&self.failures);
		return -fd;
	}
	error = ask_fd(fd, address, answer, path, capacity);
	/* EBADF: another thread closed what it does not own, and may have opened something at
	 * this number since; closing that would be worse than leaking one. */
	if (error != EBADF)
		sys_close(fd);
	if (error && error != ENOENT)
		count(&self.failures);
	return error;
}

struct ask_counts ask_counts(void)
{
	return (struct ask_counts){self.queries, self.readings, self.failures};
}

void ask_by_text(void)
{
	self.text_only = true;
}
