/* Calls that transfer bytes, at their edges: nothing, nowhere, nobody, no room, no waiting, and
 * what is asked for besides. Tells facts that do not vary, so that a plain run and one under the
 * shim must print the same.
 */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#include "waits.h"

/* Wrong lengths and pointers are what is tried here. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wnonnull"

/* No memory is mapped there. */
#define NOWHERE ((void *)16)

#define TRY(expression)                                                         \
	do {                                                                    \
		errno = ERRNO_SENTINEL;                                         \
		long result = (long)(expression);                               \
		tell(#expression ": %ld, errno %s", result, errno_name(errno)); \
	} while (0)

static char bytes[256] = "some text to begin with";
static struct iovec parts[] = {{bytes, 5}, {bytes + 5, 0}, {bytes + 5, 11}};

static void pair(int type, int fds[2])
{
	if (socketpair(AF_UNIX, type, 0, fds))
		exit(99);
}

/* -- Files and pipes -------------------------------------------------------------------------- */

static void try_nothing(void)
{
	int ends[2];

	if (pipe(ends))
		exit(99);
	TRY(read(-1, bytes, 5));
	TRY(read(9999, bytes, 5));
	TRY(read(ends[1], bytes, 5));
	TRY(write(ends[0], bytes, 5));
	TRY(write(-1, bytes, 5));
	TRY(write(ends[1], NULL, 0));
	TRY(write(ends[1], NOWHERE, 5));
	TRY(read(-1, NULL, 0));
	TRY(write(ends[1], bytes, 10));
	TRY(read(ends[0], NOWHERE, 5));
	TRY(read(ends[0], NULL, 0));
	TRY(read(ends[0], bytes, 4));
	TRY(__read_chk(ends[0], bytes, 100, sizeof(bytes)));
	TRY(writev(ends[1], parts, 3));
	TRY(writev(ends[1], parts, 0));
	TRY(writev(ends[1], parts, -1));
	TRY(writev(ends[1], NOWHERE, 1));
	TRY(writev(ends[1], parts, 100000));
	TRY(readv(ends[0], parts, 3));
	TRY(readv(ends[0], parts, -1));
	TRY(readv(ends[0], NOWHERE, 2));
	TRY(readv(-1, parts, 1));
	close(ends[1]);
	TRY(read(ends[0], bytes, 5));
	TRY(readv(ends[0], parts, 1));
	close(ends[0]);
}

static void try_no_waiting(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		exit(99);
	TRY(read(ends[0], bytes, 5));
	TRY(readv(ends[0], parts, 3));
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
	TRY(write(ends[1], bytes, 5));
	TRY(writev(ends[1], parts, 3));
	close(ends[0]);
	TRY(write(ends[1], bytes, 5));
	TRY(writev(ends[1], parts, 3));
	close(ends[1]);
}

static void try_files(void)
{
	int file = memfd_create("file", 0), copy = memfd_create("copy", 0);
	off_t offset = 3;

	TRY(write(file, bytes, 20));
	TRY(lseek(file, 0, SEEK_SET));
	TRY(read(file, bytes, 100));
	TRY(sendfile(copy, file, &offset, 5));
	TRY(offset);
	TRY(sendfile64(copy, file, &offset, 100));
	TRY(sendfile(copy, file, &offset, 100));
	TRY(sendfile(copy, file, NULL, 100));
	TRY(sendfile(copy, file, NOWHERE, 100));
	TRY(sendfile(-1, file, NULL, 1));
	TRY(sendfile64(copy, -1, NULL, 1));
	TRY(sendfile(copy, things.pipe[0], NULL, 0));
	TRY(fallocate(file, 0, 0, 100));
	TRY(fallocate(file, 0, -1, 100));
	TRY(fallocate(file, 0, 0, 0));
	TRY(fallocate64(file, 0x4000, 0, 100));
	TRY(fallocate64(-1, 0, 0, 100));
	TRY(fallocate(things.pipe[1], 0, 0, 100));
	TRY(posix_fallocate(file, 0, 100));
	TRY(posix_fallocate(file, -1, 100));
	TRY(posix_fallocate64(things.pipe[1], 0, 100));
	TRY(posix_fallocate64(-1, 0, 100));
	close(file);
	close(copy);
}

/* -- Sockets ---------------------------------------------------------------------------------- */

static void try_flags(int type)
{
	int fds[2];

	pair(type, fds);
	tell("type %d", type);
	TRY(recv(fds[0], bytes, 5, MSG_DONTWAIT));
	TRY(recv(fds[0], bytes, 5, MSG_DONTWAIT | MSG_WAITALL));
	TRY(recv(fds[0], bytes, 5, MSG_OOB));
	TRY(recv(fds[0], bytes, 5, MSG_ERRQUEUE | MSG_DONTWAIT));
	TRY(send(fds[1], bytes, 10, 0));
	TRY(send(fds[1], bytes, 6, MSG_NOSIGNAL));
	TRY(sendto(fds[1], bytes, 0, 0, NULL, 0));
	TRY(recv(fds[0], bytes, 100, MSG_PEEK));
	TRY(recv(fds[0], bytes, 5, MSG_PEEK | MSG_TRUNC));
	TRY(recv(fds[0], bytes, 4, MSG_WAITALL));
	TRY(__recv_chk(fds[0], bytes, 100, sizeof(bytes), MSG_DONTWAIT));
	TRY(recvfrom(fds[0], bytes, 100, MSG_DONTWAIT, NULL, NULL));
	TRY(__recvfrom_chk(fds[0], bytes, 100, sizeof(bytes), MSG_DONTWAIT, NULL, NULL));
	TRY(sendto(fds[1], bytes, 5, 0, NOWHERE, 10));
	TRY(send(fds[1], NOWHERE, 5, 0));
	TRY(send(fds[1], bytes, 5, 0x40000000));
	TRY(send(fds[1], bytes, 7, 0));
	shutdown(fds[1], SHUT_WR);
	TRY(recv(fds[0], bytes, 100, MSG_WAITALL));
	TRY(recv(fds[0], bytes, 100, MSG_WAITALL));
	TRY(send(fds[1], bytes, 7, 0));
	close(fds[0]);
	TRY(send(fds[1], bytes, 7, MSG_NOSIGNAL));
	TRY(send(fds[1], bytes, 7, 0));
	close(fds[1]);
}

static void try_messages(void)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
	struct mmsghdr many[3] = {{message, 77}, {message, 77}, {message, 77}};
	struct timespec short_time = {0, 1000000}, no_time = {0, -1};
	int fds[2];

	pair(SOCK_DGRAM, fds);
	TRY(sendmsg(fds[1], &message, 0));
	TRY(sendmsg(fds[1], NOWHERE, 0));
	TRY(recvmsg(fds[0], &message, 0));
	TRY(recvmsg(fds[0], &message, MSG_DONTWAIT));
	TRY(recvmsg(fds[0], NOWHERE, MSG_DONTWAIT));
	message.msg_iovlen = 1 << 20;
	TRY(sendmsg(fds[1], &message, 0));
	TRY(sendmmsg(fds[1], many, 3, 0));
	TRY(sendmmsg(fds[1], many, 0, 0));
	TRY(sendmmsg(fds[1], NOWHERE, 1, 0));
	TRY(recvmmsg(fds[0], many, 2, 0, NULL));
	TRY(recvmmsg(fds[0], many, 3, MSG_WAITFORONE, NULL));
	TRY(many[0].msg_len);
	TRY(recvmmsg(fds[0], many, 3, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(fds[0], many, 0, 0, NULL));
	TRY(recvmmsg(fds[0], many, 1, 0, &no_time));
	TRY(recvmmsg(fds[0], many, 1, MSG_DONTWAIT, &short_time));
	TRY(recvmmsg(-1, many, 1, 0, NULL));
	close(fds[1]);
	TRY(sendmsg(fds[0], &many[0].msg_hdr, 0));
	close(fds[0]);
}

/* A descriptor comes with the first byte, and nothing with the rest. */
static void try_passing(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {{.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = parts,
		.msg_iovlen = 3,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	int fds[2], *passed = (int *)CMSG_DATA(&control.header);

	pair(SOCK_STREAM, fds);
	*passed = fds[0];
	TRY(sendmsg(fds[1], &message, 0));
	TRY(send(fds[1], bytes, 5, 0));
	*passed = -1;
	TRY(recvmsg(fds[0], &message, MSG_WAITALL));
	tell("passed %d, control %zu", *passed > 2, message.msg_controllen);
	close(*passed);
	close(fds[0]);
	close(fds[1]);
}

static void try_connections(void)
{
	struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nobody/here"};
	struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_storage peer;
	socklen_t length = sizeof(port), peer_length = sizeof(peer);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	TRY(connect(-1, (void *)&nobody, sizeof(nobody)));
	TRY(connect(fd, NOWHERE, 20));
	TRY(connect(fd, (void *)&nobody, sizeof(nobody)));
	TRY(connect(fd, NULL, 0));
	TRY(accept(-1, NULL, NULL));
	TRY(accept(fd, NULL, NULL));
	TRY(accept4(fd, NULL, NULL, 0x12345));
	TRY(bind(listening, (void *)&port, sizeof(port)));
	TRY(getsockname(listening, (void *)&port, &length));
	TRY(connect(fd, (void *)&port, length));
	TRY(listen(listening, 1));
	TRY(connect(fd, (void *)&port, length));
	TRY(connect(fd, (void *)&port, length));
	TRY(closed(accept(listening, (void *)&peer, &peer_length)));
	tell("family %d, length %u", peer.ss_family, (unsigned)peer_length);
	TRY(fcntl(listening, F_SETFL, O_NONBLOCK));
	TRY(accept(listening, NULL, NULL));
	TRY(accept4(listening, NULL, NULL, 0));
	TRY(recv(fd, bytes, 5, MSG_WAITALL));
	close(fd);
	close(listening);
}

static void try_limits(void)
{
	struct timeval none = {0, 0}, strange = {0, 1000000}, before = {-1, 0};
	int fds[2];

	pair(SOCK_STREAM, fds);
	TRY(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
	TRY(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &strange, sizeof(strange)));
	TRY(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &before, sizeof(before)));
	TRY(recv(fds[0], bytes, 5, 0));
	TRY(setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &none, 3));
	TRY(setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, NOWHERE, sizeof(none)));
	TRY(setsockopt(-1, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none)));
	TRY(setsockopt(1, SOL_SOCKET, 9999, &none, sizeof(none)) < 0);
	close(fds[0]);
	close(fds[1]);
}

/* -- Others ----------------------------------------------------------------------------------- */

static void try_chance(void)
{
	TRY(getrandom(bytes, 16, 0));
	TRY(getrandom(bytes, 0, 0));
	TRY(getrandom(bytes, sizeof(bytes), GRND_NONBLOCK));
	TRY(getrandom(bytes, 16, 0x1000));
	TRY(getrandom(NOWHERE, 16, 0));
}

static void try_requests(void)
{
	struct timespec short_time = {0, 1000000}, no_time = {0, -1};
	struct aiocb done = {.aio_fildes = -1, .aio_buf = bytes, .aio_nbytes = 1};
	const struct aiocb *list[] = {NULL, &done};
	const struct gaicb *none[] = {NULL};

	aio_read(&done);
	TRY(aio_suspend(list, 2, NULL));
	TRY(aio_suspend(list, 1, &short_time));
	TRY(aio_suspend(list, -1, &short_time));
	TRY(aio_suspend64((const struct aiocb64 *const *)list, 2, &no_time));
	TRY(gai_suspend(none, 1, &short_time));
	TRY(gai_suspend(none, 0, NULL));
	TRY(__sigpause(9999, 1));
	TRY(__xpg_sigpause(-1));
	TRY(sem_clockwait(&things.semaphore, 99, &short_time));
	TRY(sem_clockwait(&things.semaphore, CLOCK_MONOTONIC, &no_time));
	TRY(epoll_pwait2(things.epoll, NULL, 0, &short_time, NULL));
	TRY(epoll_pwait2(-1, NULL, 1, &short_time, NULL));
	TRY(epoll_pwait2(things.epoll, NOWHERE, 1, &no_time, NULL));
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	waits_prepare();
	try_nothing();
	try_no_waiting();
	try_files();
	try_flags(SOCK_STREAM);
	try_flags(SOCK_DGRAM);
	try_flags(SOCK_SEQPACKET);
	try_messages();
	try_passing();
	try_connections();
	try_limits();
	try_chance();
	try_requests();
	waits_remove();
	tell("end");
	return 0;
}
