#include "transfer.h"
#include "interrupt.h"
#include "limit.h"
#include "real.h"
#include "remaining.h"
#include "sys.h"

#include <limits.h>
#include <sys/sysmacros.h>

enum {
	/* Of a message in pieces, so many go on at once. */
	PARTS = 8,
	/* poll(2) calls a socket writable when a third of its room is free, and a write may go on
	 * with less: look again after so long. */
	SLICE_MS = 10,
};

size_t transfer_wanted(const struct msghdr *message)
{
	size_t size = 0;

	for (size_t i = 0; i < message->msg_iovlen; i++)
		size += message->msg_iov[i].iov_len;
	return size;
}

/* The first parts of what follows the first `done` bytes. Returns their size. */
static size_t rest_of(const struct msghdr *message, size_t done, struct msghdr *rest)
{
	size_t size = 0, count = 0;

	for (size_t i = 0; i < message->msg_iovlen && count < PARTS; i++) {
		struct iovec part = message->msg_iov[i];

		if (done >= part.iov_len) {
			done -= part.iov_len;
			continue;
		}
		rest->msg_iov[count++] =
			(struct iovec){(char *)part.iov_base + done, part.iov_len - done};
		size += part.iov_len - done;
		done = 0;
	}
	rest->msg_iovlen = count;
	return size;
}

/* -- What a descriptor is ------------------------------------------------------------------- */

static int option_of(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof value;

	if (sys_call(SYS_getsockopt, fd, SOL_SOCKET, option, (long)&value, (long)&length, 0))
		return -1;
	return value;
}

static bool waits(const struct transfer *transfer)
{
	long flags = sys_call(SYS_fcntl, transfer->fd, F_GETFL, 0, 0, 0, 0);

	return flags >= 0 && !(flags & O_NONBLOCK) && !(transfer->flags & MSG_DONTWAIT);
}

/* What takes bytes in pieces of any size. */
static bool is_stream(int fd)
{
	struct stat status;

	if (sys_fstat(fd, &status))
		return false;
	if (S_ISSOCK(status.st_mode))
		return option_of(fd, SO_TYPE) == SOCK_STREAM;
	return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
}

/* /dev/zero, full, random and urandom (Documentation/admin-guide/devices.txt). */
static bool is_endless(int fd)
{
	struct stat status;
	unsigned minor_number;

	if (sys_fstat(fd, &status) || !S_ISCHR(status.st_mode) || major(status.st_rdev) != 1)
		return false;
	minor_number = minor(status.st_rdev);
	return minor_number == 5 || (minor_number >= 7 && minor_number <= 9);
}

/* -- Sending -------------------------------------------------------------------------------- */

/* With `more` for a socket that has a time limit: then also a write is a send. */
static ssize_t send_message(const struct transfer *transfer, const struct msghdr *message, int more)
{
	if (!transfer->of_file || more)
		return REAL(sendmsg)(transfer->fd, message, transfer->flags | more);
	if (message->msg_iovlen == 1)
		return REAL(write)(
			transfer->fd, message->msg_iov->iov_base, message->msg_iov->iov_len);
	return REAL(writev)(transfer->fd, message->msg_iov, (int)message->msg_iovlen);
}

/* Where nothing has gone yet, the message is sent with all that belongs to it. *asked becomes the
 * size of what is tried. */
static ssize_t send_rest(const struct transfer *transfer, size_t done, int more, size_t *asked)
{
	struct iovec parts[PARTS];
	struct msghdr rest = {.msg_iov = parts};

	if (!done)
		return send_message(transfer, transfer->message, more);
	*asked = rest_of(transfer->message, done, &rest);
	return send_message(transfer, &rest, more);
}

static bool has_time(const struct transfer *transfer)
{
	return limit_left_ms(transfer->fd, SO_SNDTIMEO, transfer->start) != 0;
}

/* A blocking call that has given nothing yet is begun anew by the kernel after any handler with
 * SA_RESTART; the program's one call had given something, and would have ended. So there is always
 * something to give, or it is poll(2) that waits. */
static ssize_t send_when_ready(const struct transfer *transfer, size_t done, size_t *asked)
{
	if (done && limit_can_wait() &&
		!limit_wait(transfer->fd, POLLOUT, SO_SNDTIMEO, transfer->start, INT_MAX))
		return -1;
	return send_rest(transfer, done, 0, asked);
}

static ssize_t send_in_time(const struct transfer *transfer, size_t done, size_t *asked)
{
	ssize_t result;

	do {
		if (!limit_wait(transfer->fd, POLLOUT, SO_SNDTIMEO, transfer->start, SLICE_MS) &&
			errno != EAGAIN)
			return -1;
		result = send_rest(transfer, done, MSG_DONTWAIT, asked);
	} while (result < 0 && errno == EAGAIN && has_time(transfer));
	return result;
}

/* Whether it must not block. */
static bool is_hasty(const struct transfer *transfer, size_t done)
{
	return limit_left_ms(transfer->fd, SO_SNDTIMEO, transfer->start) != LIMIT_NONE ||
	       (done && limit_can_wait() && option_of(transfer->fd, SO_TYPE) >= 0);
}

/* A limit is that of each wait on a local socket, of all of them together on others
 * (unix_stream_sendmsg and tcp_sendmsg_locked in net/). */
static void renew(struct transfer *transfer)
{
	if (option_of(transfer->fd, SO_DOMAIN) == AF_UNIX)
		transfer->start = remaining_start();
}

/* Whether there is more to be done after a try that gave *result, which becomes what it did. */
static bool goes_on(const struct transfer *transfer, ssize_t *result, size_t asked, bool hasty)
{
	if (*result < 0 && interrupt_ours(errno)) {
		*result = 0;
		return true;
	}
	if (*result <= 0)
		return false;
	if (hasty || (size_t)*result == asked)
		return true;
	return interrupt_cut(*result) && waits(transfer) && is_stream(transfer->fd);
}

ssize_t transfer_finish(const struct transfer *transfer, size_t done)
{
	struct transfer now = *transfer;
	size_t wanted = transfer_wanted(now.message), asked = wanted;
	ssize_t result = 0;
	bool hasty;

	do {
		done += (size_t)result;
		result = 0;
		if (done && done >= wanted)
			break;
		hasty = is_hasty(&now, done);
		if (hasty && done)
			renew(&now);
		result = hasty ? send_in_time(&now, done, &asked)
			       : send_when_ready(&now, done, &asked);
	} while (goes_on(&now, &result, asked, hasty));
	if (!done && result < 0)
		return -1;
	errno = transfer->error;
	return (ssize_t)done + (result > 0 ? result : 0);
}

static bool was_cut(const struct transfer *transfer, ssize_t result)
{
	return interrupt_cut(result) && (size_t)result < transfer_wanted(transfer->message) &&
	       waits(transfer) && is_stream(transfer->fd);
}

ssize_t transfer_send(const struct transfer *transfer, ssize_t result)
{
	if (result < 0)
		return interrupt_ours(errno) ? transfer_finish(transfer, 0) : result;
	return was_cut(transfer, result) ? transfer_finish(transfer, (size_t)result) : result;
}

/* -- Receiving ------------------------------------------------------------------------------ */

bool transfer_awaited(int fd, uint64_t start, int error, int *more)
{
	int left;

	if (!interrupt_ours(errno) && !(*more && errno == EAGAIN))
		return false;
	left = limit_left_ms(fd, SO_RCVTIMEO, start);
	if (left != LIMIT_NONE) {
		if (!limit_wait(fd, POLLIN, SO_RCVTIMEO, start, left))
			return false;
		*more = MSG_DONTWAIT;
	}
	errno = error;
	return true;
}

static ssize_t receive_rest(const struct transfer *transfer, size_t done, int more, size_t *asked)
{
	struct iovec parts[PARTS];
	struct msghdr rest = {.msg_iov = parts};

	*asked = rest_of(transfer->message, done, &rest);
	if (transfer->of_file)
		return REAL(readv)(transfer->fd, parts, (int)rest.msg_iovlen);
	return REAL(recvmsg)(transfer->fd, &rest, transfer->flags | more);
}

/* A message with ancillary data may end before it is full for their sake (unix(7)). */
static bool wants_all(const struct transfer *transfer)
{
	if (transfer->of_file)
		return is_endless(transfer->fd);
	return transfer->flags & MSG_WAITALL && !transfer->message->msg_control &&
	       waits(transfer) && option_of(transfer->fd, SO_TYPE) == SOCK_STREAM;
}

static bool receive_waits(const struct transfer *transfer)
{
	return limit_wait(transfer->fd, POLLIN, SO_RCVTIMEO, transfer->start, INT_MAX);
}

static ssize_t receive_in_time(const struct transfer *transfer, size_t done, size_t *asked)
{
	ssize_t result = -1;

	while (receive_waits(transfer)) {
		result = receive_rest(transfer, done, MSG_DONTWAIT, asked);
		if (result >= 0 || errno != EAGAIN)
			break;
	}
	return result;
}

/* As send_when_ready; but there is always something that was only looked at. */
static ssize_t receive_at_leisure(const struct transfer *transfer, size_t done, size_t *asked)
{
	ssize_t result;

	if (done && !transfer->of_file && limit_can_wait() && !receive_waits(transfer))
		return -1;
	do
		result = receive_rest(transfer, done, 0, asked);
	while (result < 0 && interrupt_ours(errno));
	return result;
}

/* One more piece; what was only looked at comes again from its beginning. */
static bool receive_more(const struct transfer *transfer, size_t *done)
{
	bool limited = limit_left_ms(transfer->fd, SO_RCVTIMEO, transfer->start) != LIMIT_NONE;
	size_t asked, before = transfer->flags & MSG_PEEK ? 0 : *done;
	ssize_t result = limited ? receive_in_time(transfer, before, &asked)
				 : receive_at_leisure(transfer, before, &asked);

	if (result <= 0)
		return false;
	*done = before + (size_t)result;
	return limited || (size_t)result == asked || interrupt_cut(result);
}

ssize_t transfer_receive(const struct transfer *transfer, ssize_t result)
{
	size_t wanted = transfer_wanted(transfer->message), done = (size_t)result;

	if (!interrupt_cut(result) || !wants_all(transfer))
		return result;
	while (done < wanted && receive_more(transfer, &done))
		;
	errno = transfer->error;
	return (ssize_t)done;
}

/* -- Connecting ----------------------------------------------------------------------------- */

/* A local socket that waits for room in a queue cannot be waited for by poll(2). Nobody sends by
 * it yet: its limit can be another one meanwhile. Where none is left, dump after dump could end the
 * last try. */
static int connect_local(int fd, const struct sockaddr *address, socklen_t length, int left_ms)
{
	struct timeval own, left = {left_ms / 1000, left_ms % 1000 * 1000};
	socklen_t size = sizeof own;
	int result;

	if (!left_ms)
		left.tv_usec = 1; /* 0 would be for ever */
	if (sys_call(SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&own, (long)&size, 0))
		return REAL(connect)(fd, address, length);
	sys_call(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&left, sizeof left, 0);
	result = REAL(connect)(fd, address, length);
	if (!left_ms && result < 0 && interrupt_ours(errno))
		errno = EAGAIN;
	sys_call(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&own, sizeof own, 0);
	return result;
}

int transfer_connect(int fd, const struct sockaddr *address, socklen_t length, uint64_t start)
{
	int left = limit_left_ms(fd, SO_SNDTIMEO, start);

	if (left == LIMIT_NONE)
		return REAL(connect)(fd, address, length);
	if (option_of(fd, SO_DOMAIN) == AF_UNIX)
		return connect_local(fd, address, length, left);
	if (limit_wait(fd, POLLOUT, SO_SNDTIMEO, start, left))
		return REAL(connect)(fd, address, length);
	if (errno == EAGAIN)
		errno = EINPROGRESS;
	return -1;
}
