/* wrap_send.c - calls that give bytes away, and wait for room or for a peer. A handler makes them
 * give less than they were to, or nothing where the socket has a time limit (signal(7)). */
#include "interrupt.h"
#include "limit.h"
#include "sys.h"
#include "transfer.h"
#include "wrap.h"

#include <errno.h>

/* What every one of them keeps of the moment before. */
#define BEFORE                                \
	const uint64_t start = limit_start(); \
	const int error = errno;              \
                                              \
	interrupt_forget()

static bool may_be_cut(ssize_t result, size_t wanted)
{
	return interrupt_seen() && result < (ssize_t)wanted;
}

static __attribute__((noinline)) ssize_t rest_of_one(
	struct transfer transfer, const void *bytes, size_t size, ssize_t result)
{
	struct iovec part = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	transfer.message = &message;
	return transfer_send(&transfer, result);
}

/* -- As files ------------------------------------------------------------------------------- */

WRAPPER ssize_t write(int fd, const void *bytes, size_t size)
{
	BEFORE;
	ssize_t result = REAL(write)(fd, bytes, size);

	if (!may_be_cut(result, size))
		return result;
	return rest_of_one((struct transfer){fd, 0, true, NULL, start, error}, bytes, size, result);
}

WRAPPER ssize_t writev(int fd, const struct iovec *parts, int count)
{
	BEFORE;
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	struct transfer transfer = {fd, 0, true, &message, start, error};
	ssize_t result = REAL(writev)(fd, parts, count);

	return interrupt_seen() ? transfer_send(&transfer, result) : result;
}

/* -- As sockets ----------------------------------------------------------------------------- */

WRAPPER ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	BEFORE;
	ssize_t result = REAL(send)(fd, bytes, size, flags);

	if (!may_be_cut(result, size))
		return result;
	return rest_of_one(
		(struct transfer){fd, flags, false, NULL, start, error}, bytes, size, result);
}

static __attribute__((noinline)) ssize_t rest_to(const struct transfer *transfer, struct iovec part,
	const struct sockaddr *address, socklen_t length, ssize_t result)
{
	struct transfer now = *transfer;
	struct msghdr message = {.msg_name = (void *)address,
		.msg_namelen = length,
		.msg_iov = &part,
		.msg_iovlen = 1};

	now.message = &message;
	return transfer_send(&now, result);
}

WRAPPER ssize_t sendto(int fd, const void *bytes, size_t size, int flags,
	__CONST_SOCKADDR_ARG address, socklen_t length)
{
	BEFORE;
	struct transfer transfer = {fd, flags, false, NULL, start, error};
	ssize_t result = REAL(sendto)(fd, bytes, size, flags, address, length);

	if (!may_be_cut(result, size))
		return result;
	return rest_to(&transfer, (struct iovec){(void *)bytes, size}, address.__sockaddr__, length,
		result);
}

WRAPPER ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	BEFORE;
	struct transfer transfer = {fd, flags, false, message, start, error};
	ssize_t result = REAL(sendmsg)(fd, message, flags);

	return interrupt_seen() ? transfer_send(&transfer, result) : result;
}

/* One of several messages, from its byte `done` on; false where that fails. */
static bool complete(const struct transfer *transfer, struct mmsghdr *message, size_t done)
{
	struct transfer one = *transfer;
	ssize_t result;

	one.message = &message->msg_hdr;
	result = transfer_finish(&one, done);
	if (result >= 0)
		message->msg_len = (unsigned)result;
	return result >= 0;
}

static bool is_whole(const struct mmsghdr *message)
{
	return message->msg_len >= transfer_wanted(&message->msg_hdr);
}

/* After a call that sent *done messages (and failed then, where that is 0) because of a dump: the
 * one that was in the midst is completed. False where there is an end to it. */
static bool goes_on(const struct transfer *transfer, struct mmsghdr *messages, int result,
	unsigned *done, unsigned count)
{
	struct mmsghdr *last = messages + *done - 1;

	if (result < 0) {
		if (!interrupt_ours(errno) || !complete(transfer, messages + *done, 0))
			return false;
		last = messages + (*done)++;
	} else if (!interrupt_cut(result) ||
		   (!is_whole(last) && !complete(transfer, last, last->msg_len))) {
		return false;
	}
	return is_whole(last) && *done < count;
}

WRAPPER int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	BEFORE;
	struct transfer transfer = {fd, flags, false, NULL, start, error};
	unsigned done = 0;
	int result;

	do {
		result = REAL(sendmmsg)(fd, messages + done, count - done, flags);
		done += result > 0 ? (unsigned)result : 0;
	} while (interrupt_seen() && goes_on(&transfer, messages, result, &done, count));
	return done ? (int)done : result;
}

/* -- Others ----------------------------------------------------------------------------------- */

/* Goes on where it stands: the kernel moves *offset or the file's own. */
#define SEND_FILE(call)                                                                 \
	__extension__({                                                                 \
		size_t wanted = size, done = 0;                                         \
		int error = errno;                                                      \
		ssize_t result;                                                         \
                                                                                        \
		interrupt_forget();                                                     \
		do {                                                                    \
			size = wanted - done;                                           \
			result = (call);                                                \
			done += result > 0 ? (size_t)result : 0;                        \
		} while (done < wanted &&                                               \
			 (result < 0 ? interrupt_ours(errno) : interrupt_cut(result))); \
		if (done)                                                               \
			errno = error;                                                  \
		done ? (ssize_t)done : result;                                          \
	})

WRAPPER ssize_t sendfile(int to, int from, off_t *offset, size_t size)
{
	return SEND_FILE(REAL(sendfile)(to, from, offset, size));
}

WRAPPER ssize_t sendfile64(int to, int from, off64_t *offset, size_t size)
{
	return SEND_FILE(REAL(sendfile64)(to, from, offset, size));
}

WRAPPER int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	BEFORE;
	int result = REAL(connect)(fd, address, length);

	while (result < 0 && interrupt_ours(errno)) {
		errno = error;
		result = transfer_connect(fd, address.__sockaddr__, length, start);
	}
	return result;
}

/* A limit costs its sockets' calls a look at the clock; where there is none, there is no look. */
WRAPPER int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	if (level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO))
		limit_set = true;
	return REAL(setsockopt)(fd, level, option, value, length);
}
