#include "output.h"
#include "sys.h"

#include "core/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <termios.h>

enum {
	/* A reader that takes nothing for so long has gone away or hangs. */
	PATIENCE_MS = 5000,
	/* poll(2) calls a pipe writable when so much fits: where only a blocking write is to be
	 * had, one of this size blocks for no longer than another writer fills the pipe first. */
	STREAM_WRITE = PIPE_BUF,
	/* A shell script of more programs than this overwrites its first reports. */
	NUMBERS_TRIED = 10000,
	/* A terminal may be writable by poll and have no room for a line's end (n_tty.c). */
	PAUSE_NS = 1000000,
	PAUSES_MOST = PATIENCE_MS,
};

static struct {
	/* What the configured descriptor was at the start: a number may be another file by now. */
	struct stat identity;
	bool known;
} self;

/* -- Names ---------------------------------------------------------------------------------- */

/* A name from elsewhere must not leave the directory. */
static void put_name(struct text *text, const char *name)
{
	for (; *name; name++)
		text_char(text, *name == '/' ? '_' : *name);
}

static void put_letter(struct text *text, char letter, const struct output_facts *facts)
{
	struct utsname host;

	switch (letter) {
	case 'p':
		text_dec(text, (uint64_t)facts->pid);
		break;
	case 'n':
		text_dec(text, facts->number);
		break;
	case 'e':
		put_name(text, facts->name);
		break;
	case 't':
		text_dec(text, facts->time_s);
		break;
	case 'h':
		if (!sys_call(SYS_uname, (long)&host, 0, 0, 0, 0, 0))
			put_name(text, host.nodename);
		break;
	case '%':
		text_char(text, '%');
		break;
	default: /* not one of ours: it stays as it is */
		text_char(text, '%');
		text_char(text, letter);
	}
}

bool output_expand(const char *format, const struct output_facts *facts, char *path, size_t size)
{
	struct text text;

	text_init(&text, path, size - 1, NULL, NULL);
	for (; *format; format++) {
		if (*format == '%' && format[1])
			put_letter(&text, *++format, facts);
		else
			text_char(&text, *format);
	}
	path[text.used] = 0;
	return !text.error;
}

/* -- Opening -------------------------------------------------------------------------------- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_rdev == b->st_rdev &&
	       (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

static bool is_for_writing(int fd)
{
	long flags = sys_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

void output_boot(void)
{
	self.known = config()->fd >= 0 && is_for_writing(config()->fd) &&
		     !sys_fstat(config()->fd, &self.identity);
}

static bool descriptor_is_still_ours(void)
{
	struct stat now;

	return self.known && is_for_writing(config()->fd) && !sys_fstat(config()->fd, &now) &&
	       same_file(&now, &self.identity);
}

/* Whether a description of our own, which does not block, can stand in for the descriptor. To open
 * another device than a terminal might set something off. */
static bool may_reopen(int fd)
{
	struct termios settings;

	return S_ISFIFO(self.identity.st_mode) ||
	       (S_ISCHR(self.identity.st_mode) && !sys_ioctl(fd, TCGETS, &settings));
}

/* Whether a write blocks is a property that the program's processes share: not ours to change. */
static void reopen(struct output *output)
{
	char path[48];
	struct text text;
	int fd;

	text_init(&text, path, sizeof path - 1, NULL, NULL);
	text_str(&text, "/proc/thread-self/fd/");
	text_dec(&text, (uint64_t)output->fd);
	path[text.used] = 0;
	fd = descriptor_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return; /* another user's: the descriptor must do */
	output->fd = fd;
	output->owned = true;
}

static void open_descriptor(struct output *output)
{
	struct text text;

	text_init(&text, output->path, sizeof output->path - 1, NULL, NULL);
	text_str(&text, "fd:");
	text_dec(&text, (uint64_t)config()->fd);
	output->path[text.used] = 0;
	output->fd = config()->fd;
	output->stream = !S_ISREG(self.identity.st_mode);
	output->socket = S_ISSOCK(self.identity.st_mode);
	if (may_reopen(output->fd))
		reopen(output);
}

static int open_new(struct output *output, const struct output_facts *facts)
{
	output->fd = newfile_open(&output->file, output->path, facts->pid);
	return output->fd < 0 ? -output->fd : 0;
}

/* A FIFO or a device stands there: it is written to, not replaced. */
static int open_special(struct output *output)
{
	output->file.name[0] = 0;
	output->stream = true;
	output->fd = descriptor_open(output->path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	return output->fd < 0 ? -output->fd : 0;
}

static bool is_special(const char *path)
{
	struct stat status;

	return !sys_call(SYS_newfstatat, AT_FDCWD, (long)path, (long)&status, 0, 0, 0) &&
	       !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int open_path(struct output *output, const char *format, const struct output_facts *facts)
{
	output->owned = true;
	if (!output_expand(format, facts, output->path, sizeof output->path))
		return ENAMETOOLONG;
	return is_special(output->path) ? open_special(output) : open_new(output, facts);
}

/* Where nothing that was configured will do. */
static int open_own(struct output *output, const struct output_facts *facts)
{
	return open_path(output, "/tmp/vmatlas.%e.%p.%n", facts);
}

static int open_any(struct output *output, const struct output_facts *facts)
{
	output->owned = output->stream = output->socket = output->fallback = false;
	output->file.name[0] = 0;
	if (facts->private)
		return open_own(output, facts);
	if (config()->fd < 0)
		return open_path(output, config()->output, facts);
	if (descriptor_is_still_ours()) {
		open_descriptor(output);
		return 0;
	}
	output->fallback = true;
	return open_own(output, facts);
}

int output_open(struct output *output, const struct output_facts *facts)
{
	int error = open_any(output, facts);

	if (!error)
		output->identity = descriptor_identify(output->fd);
	return error;
}

static bool exists(const char *path)
{
	struct stat status;

	return !sys_call(
		SYS_newfstatat, AT_FDCWD, (long)path, (long)&status, AT_SYMLINK_NOFOLLOW, 0, 0);
}

uint32_t output_number(const struct output_facts *facts)
{
	struct output_facts next = *facts;
	char path[CONFIG_PATH];

	if (config()->fd >= 0 || !strstr(config()->output, "%n"))
		return facts->number;
	for (; next.number < facts->number + NUMBERS_TRIED; next.number++) {
		if (!output_expand(config()->output, &next, path, sizeof path) || !exists(path))
			return next.number;
	}
	return facts->number;
}

/* -- Writing -------------------------------------------------------------------------------- */

static bool wait_writable(int fd)
{
	struct pollfd poll = {.fd = fd, .events = POLLOUT};
	struct timespec patience = {PATIENCE_MS / 1000, 0};
	long ready = sys_call(SYS_ppoll, (long)&poll, 1, (long)&patience, 0, SYS_SIGSET_BYTES, 0);

	return ready == 1 && poll.revents & POLLOUT;
}

static ssize_t write_some(const struct output *output, const char *bytes, size_t length)
{
	if (output->stream && length > STREAM_WRITE)
		length = STREAM_WRITE;
	if (output->socket)
		return sys_call(SYS_sendto, output->fd, (long)bytes, (long)length,
			MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
	return sys_write(output->fd, bytes, length);
}

static void pause_a_moment(void)
{
	struct timespec moment = {0, PAUSE_NS};

	sys_call(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
}

/* A program that closes what it does not own, and opens a file of its own at that number, must not
 * find our report in it. Between the look and the write are nanoseconds, not a report. */
static bool is_still_there(const struct output *output)
{
	return descriptor_is(output->fd, &output->identity);
}

int output_write(struct output *output, const char *bytes, size_t length)
{
	unsigned pauses = 0;
	ssize_t done;

	while (length) {
		if (!is_still_there(output))
			return EBADF;
		if (output->stream && !wait_writable(output->fd))
			return EAGAIN;
		done = write_some(output, bytes, length);
		if (done == -EINTR)
			continue;
		if (done == -EAGAIN && pauses++ < PAUSES_MOST) {
			pause_a_moment();
			continue;
		}
		if (done <= 0)
			return done ? (int)-done : EIO;
		pauses = 0;
		bytes += done;
		length -= (size_t)done;
	}
	return 0;
}

/* Some file systems say only at the close that a write has failed. */
int output_close(struct output *output, bool whole)
{
	int error = 0, closing;

	if (!output->owned)
		return 0;
	if (!is_still_there(output))
		return newfile_end(&output->file, output->path, false), EBADF;
	if (whole)
		error = newfile_name(&output->file, output->path, output->fd);
	closing = -sys_close(output->fd);
	if (!error)
		error = closing;
	closing = newfile_end(&output->file, output->path, whole && !error);
	return error ? error : closing;
}
