/* transfer.h - going on with what a dump ended: a transfer that the kernel gave back early, with
 * less than was wanted or with EINTR, because a handler of ours ran (interrupt.h).
 *
 * The first try is the program's own call, unchanged. Only after it are these asked, and only where
 * interrupt_seen says that a handler of ours may have cut it. */
#ifndef VMATLAS_TRANSFER_H
#define VMATLAS_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct transfer {
	int fd;
	int flags;    /* of send(2) and recv(2) */
	bool of_file; /* read(2), write(2) and their kin */
	const struct msghdr *message;
	uint64_t start; /* limit_start */
	int error;      /* errno before the call */
};

/* A call that receives has failed. True when it is to be made again, once there may be something to
 * receive: then errno is as it was before, and *more is MSG_DONTWAIT where a time limit would begin
 * anew otherwise. False: errno says why. Anywhere, as all of this file. */
bool transfer_awaited(int fd, uint64_t start, int error, int *more);

/* A send or write gave `result`: what the whole of it gives. */
ssize_t transfer_send(const struct transfer *transfer, ssize_t result);

/* The same where it is known that it was cut after `done` bytes. */
ssize_t transfer_finish(const struct transfer *transfer, size_t done);

/* As transfer_send for what receives, once it gave more than nothing: where all of it was asked for
 * (MSG_WAITALL), or where there is always more (/dev/zero), the rest is waited for. */
ssize_t transfer_receive(const struct transfer *transfer, ssize_t result);

/* A connect(2) ended with EINTR: what it gives in the end. */
int transfer_connect(int fd, const struct sockaddr *address, socklen_t length, uint64_t start);

/* What is to be transferred, in bytes. */
size_t transfer_wanted(const struct msghdr *message);

#endif
