/* wrap_receive.c - calls that take in bytes and connections. The kernel ends them early for a
 * handler where the socket has a time limit (signal(7)) or all was asked for (recv(2)). */
#include "interrupt.h"
#include "limit.h"
#include "sys.h"
#include "transfer.h"
#include "wrap.h"

#include <errno.h>
#include <limits.h>

/* Does it until it was no dump that interrupted it; the call may take `more` as flags. */
#define RECEIVE(type, fd, call)                                                                \
	__extension__({                                                                        \
		type received;                                                                 \
		int more = 0;                                                                  \
                                                                                               \
		interrupt_forget();                                                            \
		while ((received = (call)) == -1 && transfer_awaited(fd, start, error, &more)) \
			;                                                                      \
		received;                                                                      \
	})

/* What every one of them keeps of the moment before. */
#define BEFORE                                \
	const uint64_t start = limit_start(); \
	const int error = errno

static bool may_be_cut(ssize_t result)
{
	return interrupt_seen() && result > 0;
}

static ssize_t all_of(const struct transfer *transfer, ssize_t result)
{
	return may_be_cut(result) && (size_t)result < transfer_wanted(transfer->message)
		       ? transfer_receive(transfer, result)
		       : result;
}

static __attribute__((noinline)) ssize_t all_of_one(
	struct transfer transfer, void *bytes, size_t size, ssize_t result)
{
	struct iovec part = {bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	transfer.message = &message;
	return all_of(&transfer, result);
}

/* The end of a call with one buffer. */
#define RECEIVED(fd, bytes, size, flags, file, result)                                           \
	(may_be_cut(result) ? all_of_one((struct transfer){fd, flags, file, NULL, start, error}, \
				      bytes, size, result)                                       \
			    : (result))

/* -- As files ------------------------------------------------------------------------------- */

WRAPPER ssize_t read(int fd, void *bytes, size_t size)
{
	BEFORE;
	ssize_t result = RECEIVE(ssize_t, fd,
		more ? REAL(recv)(fd, bytes, size, more) : REAL(read)(fd, bytes, size));

	return RECEIVED(fd, bytes, size, 0, true, result);
}

WRAPPER ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room)
{
	BEFORE;
	ssize_t result = RECEIVE(ssize_t, fd,
		more ? REAL(recv)(fd, bytes, size, more) : REAL(__read_chk)(fd, bytes, size, room));

	return RECEIVED(fd, bytes, size, 0, true, result);
}

WRAPPER ssize_t readv(int fd, const struct iovec *parts, int count)
{
	BEFORE;
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	struct transfer transfer = {fd, 0, true, &message, start, error};
	ssize_t result = RECEIVE(ssize_t, fd,
		more ? REAL(recvmsg)(fd, &message, more) : REAL(readv)(fd, parts, count));

	return may_be_cut(result) ? all_of(&transfer, result) : result;
}

/* -- As sockets ----------------------------------------------------------------------------- */

WRAPPER ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	BEFORE;
	ssize_t result = RECEIVE(ssize_t, fd, REAL(recv)(fd, bytes, size, flags | more));

	return RECEIVED(fd, bytes, size, flags, false, result);
}

WRAPPER ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags)
{
	BEFORE;
	ssize_t result =
		RECEIVE(ssize_t, fd, REAL(__recv_chk)(fd, bytes, size, room, flags | more));

	return RECEIVED(fd, bytes, size, flags, false, result);
}

WRAPPER ssize_t recvfrom(
	int fd, void *bytes, size_t size, int flags, __SOCKADDR_ARG address, socklen_t *length)
{
	BEFORE;
	ssize_t result = RECEIVE(
		ssize_t, fd, REAL(recvfrom)(fd, bytes, size, flags | more, address, length));

	return RECEIVED(fd, bytes, size, flags, false, result);
}

WRAPPER ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t room, int flags,
	__SOCKADDR_ARG address, socklen_t *length)
{
	BEFORE;
	ssize_t result = RECEIVE(ssize_t, fd,
		REAL(__recvfrom_chk)(fd, bytes, size, room, flags | more, address, length));

	return RECEIVED(fd, bytes, size, flags, false, result);
}

WRAPPER ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	BEFORE;
	struct transfer transfer = {fd, flags, false, message, start, error};
	ssize_t result = RECEIVE(ssize_t, fd, REAL(recvmsg)(fd, message, flags | more));

	return may_be_cut(result) ? all_of(&transfer, result) : result;
}

/* When it has fewer messages than wanted, the kernel keeps the reason for the next call to return
 * (do_recvmmsg in net/socket.c): that was the dump. */
static void forget_reason(int fd)
{
	int reason;
	socklen_t length = sizeof reason;

	sys_call(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, (long)&reason, (long)&length, 0);
}

/* Whether the next message is to be waited for after a call that gave some. Nothing is received
 * here: see transfer.c for why poll(2) waits. */
static bool next_awaited(int fd, uint64_t start)
{
	forget_reason(fd);
	return !limit_can_wait() || limit_wait(fd, POLLIN, SO_RCVTIMEO, start, INT_MAX);
}

WRAPPER int recvmmsg(
	int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *wanted)
{
	BEFORE;
	unsigned done = 0;
	int result;

	do {
		result = RECEIVE(int, fd,
			REAL(recvmmsg)(fd, messages + done, count - done, flags | more, wanted));
		done += result > 0 ? (unsigned)result : 0;
	} while (done < count && !(flags & MSG_WAITFORONE) && interrupt_cut(result) &&
		 next_awaited(fd, start));
	if (done)
		errno = error;
	return done ? (int)done : result;
}

/* -- Connections ------------------------------------------------------------------------------ */

/* Where another thread takes what came, the limit begins anew: a limit is all that ends it. */
WRAPPER int accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
	BEFORE;

	return RECEIVE(int, fd, REAL(accept)(fd, address, length));
}

WRAPPER int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
	BEFORE;

	return RECEIVE(int, fd, REAL(accept4)(fd, address, length, flags));
}

/* -- Chance ----------------------------------------------------------------------------------- */

/* The kernel looks for handlers after each page (get_random_bytes_user in drivers/char/random.c).
 */
WRAPPER ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
	size_t done = 0;
	ssize_t result;

	interrupt_forget();
	do {
		result = REAL(getrandom)((char *)bytes + done, size - done, flags);
		done += result > 0 ? (size_t)result : 0;
	} while (done < size && interrupt_cut(result));
	return done ? (ssize_t)done : result;
}
