/* Calls that a signal without a handler does not cut short: nor may a dump. Each waits for so long,
 * or for an event that comes in the middle, and tells how it came back. */
#include "work.h"

#include <aio.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <threads.h>

enum { LONG_MS = 300 };

static int silent[2];
static const struct timespec a_while = {0, LONG_MS * 1000000L};
static struct timespec until;

static int by_nanosleep(void)
{
	return nanosleep(&a_while, NULL);
}

static int by_clock_nanosleep(void)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &a_while, NULL);
}

static int by_clock_nanosleep_until(void)
{
	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
}

static int by_usleep(void)
{
	return usleep(LONG_MS * 1000);
}

static int by_thrd_sleep(void)
{
	return thrd_sleep(&a_while, NULL);
}

static int by_poll(void)
{
	struct pollfd wanted = {.fd = silent[0], .events = POLLIN};

	return poll(&wanted, 1, LONG_MS);
}

static int by_ppoll(void)
{
	return ppoll(NULL, 0, &a_while, NULL);
}

static int by_select(void)
{
	struct timeval time = {0, LONG_MS * 1000};

	return select(0, NULL, NULL, NULL, &time);
}

static int by_pselect(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	return pselect(silent[0] + 1, &set, NULL, NULL, &a_while, NULL);
}

static int by_epoll_wait(void)
{
	struct epoll_event event;

	return epoll_wait(epoll_create1(0), &event, 1, LONG_MS);
}

static int by_epoll_pwait(void)
{
	struct epoll_event event;

	return epoll_pwait(epoll_create1(0), &event, 1, LONG_MS, NULL);
}

static int by_epoll_pwait2(void)
{
	struct epoll_event event;

	return epoll_pwait2(epoll_create1(0), &event, 1, &a_while, NULL);
}

static int by_sem_timedwait(void)
{
	static sem_t never;

	sem_init(&never, 0, 0);
	return sem_timedwait(&never, &until);
}

static int by_sem_clockwait(void)
{
	static sem_t never;

	sem_init(&never, 0, 0);
	return sem_clockwait(&never, CLOCK_REALTIME, &until);
}

static int by_cond_timedwait(void)
{
	static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	return pthread_cond_timedwait(&condition, &mutex, &until);
}

static int by_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &a_while);
}

static int by_semtimedop(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);
	struct sembuf down = {0, -1, 0};
	int result = semtimedop(id, &down, 1, &a_while), error = errno;

	semctl(id, 0, IPC_RMID);
	errno = error;
	return result;
}

static int by_mq_timedreceive(void)
{
	char name[32], buffer[64];
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = sizeof buffer};

	snprintf(name, sizeof name, "/hostile-%d", (int)getpid());
	mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
	mq_unlink(name);
	return (int)mq_timedreceive(queue, buffer, sizeof buffer, NULL, &until);
}

static void limit_time(int socket, int option)
{
	struct timeval time = {0, LONG_MS * 1000};

	must(!setsockopt(socket, SOL_SOCKET, option, &time, sizeof time));
}

/* With a time limit on the socket these are not restarted after a handler (signal(7)). */
static int by_recv(void)
{
	char byte;

	limit_time(silent[0], SO_RCVTIMEO);
	return (int)recv(silent[0], &byte, 1, 0);
}

static int by_read_of_a_socket(void)
{
	char byte;

	limit_time(silent[0], SO_RCVTIMEO);
	return (int)read(silent[0], &byte, 1);
}

static int by_recvmsg(void)
{
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	limit_time(silent[0], SO_RCVTIMEO);
	return (int)recvmsg(silent[0], &message, 0);
}

static int by_accept(void)
{
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr own = {.sa_family = AF_UNIX};

	must(!bind(listening, &own, sizeof own.sa_family) && !listen(listening, 1));
	limit_time(listening, SO_RCVTIMEO);
	return accept(listening, NULL, NULL);
}

static int by_send(void)
{
	static char much[1 << 20];

	limit_time(silent[1], SO_SNDTIMEO);
	fcntl(silent[1], F_SETFL, O_NONBLOCK);
	while (send(silent[1], much, sizeof much, 0) > 0)
		;
	fcntl(silent[1], F_SETFL, 0);
	return (int)send(silent[1], much, sizeof much, 0);
}

/* -- What an event ends ----------------------------------------------------------------------- */

static int by_read_of_a_timer(void)
{
	struct itimerspec once = {.it_value = a_while};
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count;

	timerfd_settime(timer, 0, &once, NULL);
	return (int)read(timer, &count, sizeof count);
}

static int message_queue;

/* A thread beside the one that waits. No signal comes to it: one that it takes after the other was
 * woken for it ends the other's wait without a trace. */
static pthread_t beside(void *(*start)(void *), void *argument)
{
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	must(!pthread_create(&thread, NULL, start, argument));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

static void *send_later(void *unused)
{
	struct {
		long type;
		char text[4];
	} message = {1, "abc"};

	sleep_ms(LONG_MS);
	msgsnd(message_queue, &message, sizeof message.text, 0);
	return unused;
}

static int by_msgrcv(void)
{
	char room[64];

	message_queue = msgget(IPC_PRIVATE, 0600);
	pthread_t thread = beside(send_later, NULL);
	int result = (int)msgrcv(message_queue, room, 16, 0, 0), error = errno;
	pthread_join(thread, NULL);
	msgctl(message_queue, IPC_RMID, NULL);
	errno = error;
	return result;
}

/* -- What a handler makes shorter ------------------------------------------------------------- */

enum { MUCH = 4000000 };

static char much[MUCH];

/* Takes it in so many pieces, with pauses. */
static void *read_slowly(void *from)
{
	static char piece[1 << 17];
	size_t taken = 0;

	while (taken < MUCH) {
		ssize_t got = read(*(int *)from, piece, sizeof piece);

		must(got > 0);
		taken += (size_t)got;
		sleep_ms(10);
	}
	return NULL;
}

static int by_write_to_a_pipe(void)
{
	int ends[2], written;

	must(!pipe(ends));
	pthread_t thread = beside(read_slowly, &ends[0]);
	written = (int)write(ends[1], much, MUCH);
	if (written < MUCH)
		tell("cut short");
	while (written < MUCH)
		written += (int)write(ends[1], much, (size_t)(MUCH - written));
	pthread_join(thread, NULL);
	return written;
}

static void *send_slowly(void *unused)
{
	for (int i = 0; i < 30; i++) {
		must(send(silent[1], much, 1000, 0) == 1000);
		sleep_ms(10);
	}
	return unused;
}

static int by_recv_of_all(void)
{
	int got;

	pthread_t thread = beside(send_slowly, NULL);
	got = (int)recv(silent[0], much, 30000, MSG_WAITALL);
	pthread_join(thread, NULL);
	return got;
}

/* -- Many parts and many messages ------------------------------------------------------------- */

enum { PARTS = 40, PART = MUCH / PARTS };

/* Each byte says where it belongs. */
static void fill_much(void)
{
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 251);
}

static unsigned taken_sum;
static size_t taken_bytes;

/* Adds up what comes until the end, slowly at first. */
static void *take_slowly(void *from)
{
	static unsigned char piece[1 << 16];
	ssize_t got;

	for (int i = 0; (got = read(*(int *)from, piece, sizeof piece)) > 0; i++) {
		for (ssize_t j = 0; j < got; j++)
			taken_sum = taken_sum * 31 + piece[j];
		taken_bytes += (size_t)got;
		sleep_ms(i < 40 ? 8 : 1);
	}
	return NULL;
}

static void parts_of_much(struct iovec *parts)
{
	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){much + (size_t)i * PART, PART};
}

/* What came out at the other end of a stream when `give` gave everything into it. */
static int given_slowly(int in, int out, long (*give)(int in))
{
	long gave;

	fill_much();
	taken_sum = 0, taken_bytes = 0;
	pthread_t thread = beside(take_slowly, &out);
	errno = ERRNO_SENTINEL;
	gave = give(in);
	int error = errno;
	shutdown(in, SHUT_WR);
	close(in);
	pthread_join(thread, NULL);
	tell("gave %ld, %zu arrived, sum %u", gave, taken_bytes, taken_sum);
	errno = error;
	return 0;
}

static long give_writev(int in)
{
	struct iovec parts[PARTS];

	parts_of_much(parts);
	return writev(in, parts, PARTS);
}

static long give_send(int in)
{
	return send(in, much, MUCH, 0);
}

static long give_sendto(int in)
{
	return sendto(in, much, MUCH, MSG_NOSIGNAL, NULL, 0);
}

static long give_sendmsg(int in)
{
	struct iovec parts[PARTS];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = PARTS};

	parts_of_much(parts);
	return sendmsg(in, &message, 0);
}

static long give_sendmmsg(int in)
{
	struct iovec parts[PARTS];
	struct mmsghdr messages[PARTS] = {{{0}, 0}};
	long whole = 0;

	parts_of_much(parts);
	for (int i = 0; i < PARTS; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = parts + i, .msg_iovlen = 1};
	int sent = sendmmsg(in, messages, PARTS, 0);
	for (int i = 0; i < sent; i++)
		whole += messages[i].msg_len;
	return whole;
}

static long give_file(int in)
{
	int file = memfd_create("much", 0);
	off_t offset = 0;

	must(write(file, much, MUCH) == MUCH);
	long sent = sendfile(in, file, &offset, MUCH);
	tell("offset %ld", (long)offset);
	close(file);
	return sent;
}

static int by_writev_to_a_pipe(void)
{
	int ends[2];

	must(!pipe(ends));
	return given_slowly(ends[1], ends[0], give_writev);
}

static int by_writev_to_a_socket(void)
{
	return given_slowly(silent[1], silent[0], give_writev);
}

static int by_send_of_much(void)
{
	return given_slowly(silent[1], silent[0], give_send);
}

static int by_sendto_of_much(void)
{
	return given_slowly(silent[1], silent[0], give_sendto);
}

static int by_sendmsg_of_much(void)
{
	return given_slowly(silent[1], silent[0], give_sendmsg);
}

static int by_sendmmsg_of_much(void)
{
	return given_slowly(silent[1], silent[0], give_sendmmsg);
}

static int by_sendfile_of_much(void)
{
	return given_slowly(silent[1], silent[0], give_file);
}

/* With a limit that is long enough. */
static int by_send_of_much_in_time(void)
{
	struct timeval time = {60, 0};

	must(!setsockopt(silent[1], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
	return given_slowly(silent[1], silent[0], give_sendmsg);
}

static int by_recvmsg_of_all(void)
{
	struct iovec parts[30];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 30};
	int got;

	for (int i = 0; i < 30; i++)
		parts[i] = (struct iovec){much + i * 2000, 1000};
	pthread_t thread = beside(send_slowly, NULL);
	got = (int)recvmsg(silent[0], &message, MSG_WAITALL);
	pthread_join(thread, NULL);
	return got;
}

/* With a limit that ends it before all is there. */
static int by_recv_of_all_in_time(void)
{
	limit_time(silent[0], SO_RCVTIMEO);
	must(send(silent[1], much, 1000, 0) == 1000);
	errno = ERRNO_SENTINEL;
	return (int)recv(silent[0], much, 2000, MSG_WAITALL);
}

static int by_peek_at_all(void)
{
	int got;

	pthread_t thread = beside(send_slowly, NULL);
	got = (int)recv(silent[0], much, 30000, MSG_WAITALL | MSG_PEEK);
	pthread_join(thread, NULL);
	must(recv(silent[0], much, MUCH, 0) == 30000);
	return got;
}

/* Ten datagrams, one by one. */
static int by_recvmmsg_of_ten(void)
{
	struct iovec parts[10];
	struct mmsghdr messages[10] = {{{0}, 0}};
	int got;

	must(!socketpair(AF_UNIX, SOCK_DGRAM, 0, silent));
	for (int i = 0; i < 10; i++) {
		parts[i] = (struct iovec){much + i * 1000, 1000};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = parts + i, .msg_iovlen = 1};
	}
	pthread_t thread = beside(send_slowly, NULL);
	got = recvmmsg(silent[0], messages, 10, 0, NULL);
	for (int i = 0; i < 20; i++)
		must(recv(silent[0], much, 1000, 0) == 1000);
	pthread_join(thread, NULL);
	return got;
}

/* -- What is interrupted between two pages ---------------------------------------------------- */

enum { ROUNDS_MS = 600 };

static int short_rounds(ssize_t (*round)(int fd), const char *path)
{
	int fd = open(path, O_RDONLY), shorter = 0;

	for (uint64_t end = now_ms() + ROUNDS_MS; now_ms() < end;)
		shorter += round(fd) != MUCH;
	close(fd);
	return shorter;
}

static ssize_t read_much(int fd)
{
	return read(fd, much, MUCH);
}

static ssize_t readv_much(int fd)
{
	struct iovec parts[PARTS];

	parts_of_much(parts);
	return readv(fd, parts, PARTS);
}

static ssize_t random_much(int fd)
{
	(void)fd;
	return getrandom(much, MUCH, 0);
}

static int by_read_of_zeros(void)
{
	return short_rounds(read_much, "/dev/zero");
}

static int by_readv_of_zeros(void)
{
	return short_rounds(readv_much, "/dev/zero");
}

static int by_read_of_chance(void)
{
	return short_rounds(read_much, "/dev/urandom");
}

static int by_getrandom(void)
{
	return short_rounds(random_much, "/dev/null");
}

/* In memory, where room is taken page by page. */
static int by_fallocate(void)
{
	int file = memfd_create("room", 0), failed = 0;

	for (uint64_t end = now_ms() + ROUNDS_MS; now_ms() < end;) {
		failed += fallocate(file, 0, 0, 24 << 20) != 0;
		must(!ftruncate(file, 0));
		failed += posix_fallocate(file, 0, 24 << 20) != 0;
		must(!ftruncate(file, 0));
	}
	close(file);
	return failed;
}

/* -- A handler of the program's own ends it all the same -------------------------------------- */

static void just_come(int signal)
{
	(void)signal;
}

/* After so long, and then again: one that comes between a dump and the end of its handler would
 * be missed. */
static void come_back(int flags)
{
	struct sigaction action = {.sa_handler = just_come, .sa_flags = flags};
	struct itimerval time = {{0, LONG_MS * 1000}, {0, LONG_MS * 1000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &time, NULL);
}

static long stopped(long result)
{
	static const struct itimerval never;

	setitimer(ITIMER_REAL, &never, NULL);
	return result;
}

static int by_own_handler(int flags)
{
	int ends[2];

	must(!pipe(ends));
	come_back(flags);
	tell("pipe: %ld", stopped(write(ends[1], much, MUCH)));
	must(send(silent[1], much, 1000, 0) == 1000);
	come_back(flags);
	tell("all of 2000: %ld", stopped(recv(silent[0], much, 2000, MSG_WAITALL)));
	come_back(flags);
	tell("some of much: %d", stopped(send(silent[1], much, MUCH, 0)) > 0);
	return 0;
}

static int by_own_handler_that_restarts(void)
{
	return by_own_handler(SA_RESTART);
}

static int by_own_handler_that_ends(void)
{
	return by_own_handler(0);
}

/* -- Others ----------------------------------------------------------------------------------- */

static int by_waitpid(void)
{
	pid_t child = fork();

	if (!child) {
		sleep_ms(LONG_MS);
		_exit(0);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static int by_aio_suspend(void)
{
	static char byte;
	static struct aiocb request = {.aio_nbytes = 1, .aio_buf = &byte};
	const struct aiocb *list[] = {&request};

	request.aio_fildes = silent[0];
	aio_read(&request);
	return aio_suspend(list, 1, &a_while);
}

static void deadline_in_a_while(void)
{
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += a_while.tv_nsec;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
}

/* Not earlier than asked for; how much later is up to how busy the machine is. */
static void tell_wait(const char *name, int (*wait_for)(void))
{
	uint64_t begun = now_ms();

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, silent));
	deadline_in_a_while();
	errno = ERRNO_SENTINEL;
	int result = wait_for();
	tell("%s: %d, errno %s, %s", name, result, errno_name(errno),
		now_ms() - begun < LONG_MS - 10 ? "early" : "in time");
}

#define WAIT(name)                           \
	static void for_##name(void)         \
	{                                    \
		tell_wait(#name, by_##name); \
	}
WAIT(nanosleep)
WAIT(clock_nanosleep)
WAIT(clock_nanosleep_until)
WAIT(usleep)
WAIT(thrd_sleep)
WAIT(poll)
WAIT(ppoll)
WAIT(select)
WAIT(pselect)
WAIT(epoll_wait)
WAIT(epoll_pwait)
WAIT(epoll_pwait2)
WAIT(sem_timedwait)
WAIT(sem_clockwait)
WAIT(cond_timedwait)
WAIT(sigtimedwait)
WAIT(semtimedop)
WAIT(mq_timedreceive)
WAIT(recv)
WAIT(read_of_a_socket)
WAIT(recvmsg)
WAIT(accept)
WAIT(send)
WAIT(read_of_a_timer)
WAIT(msgrcv)
WAIT(write_to_a_pipe)
WAIT(recv_of_all)
WAIT(writev_to_a_pipe)
WAIT(writev_to_a_socket)
WAIT(send_of_much)
WAIT(sendto_of_much)
WAIT(sendmsg_of_much)
WAIT(sendmmsg_of_much)
WAIT(sendfile_of_much)
WAIT(send_of_much_in_time)
WAIT(recvmsg_of_all)
WAIT(recv_of_all_in_time)
WAIT(peek_at_all)
WAIT(recvmmsg_of_ten)
WAIT(read_of_zeros)
WAIT(readv_of_zeros)
WAIT(read_of_chance)
WAIT(getrandom)
WAIT(fallocate)
WAIT(own_handler_that_restarts)
WAIT(own_handler_that_ends)
WAIT(waitpid)
WAIT(aio_suspend)

SCENARIOS({"nanosleep", for_nanosleep}, {"clock_nanosleep", for_clock_nanosleep},
	{"clock_nanosleep_until", for_clock_nanosleep_until}, {"usleep", for_usleep},
	{"thrd_sleep", for_thrd_sleep}, {"poll", for_poll}, {"ppoll", for_ppoll},
	{"select", for_select}, {"pselect", for_pselect}, {"epoll_wait", for_epoll_wait},
	{"epoll_pwait", for_epoll_pwait}, {"epoll_pwait2", for_epoll_pwait2},
	{"sem_timedwait", for_sem_timedwait}, {"sem_clockwait", for_sem_clockwait},
	{"cond_timedwait", for_cond_timedwait}, {"sigtimedwait", for_sigtimedwait},
	{"semtimedop", for_semtimedop}, {"mq_timedreceive", for_mq_timedreceive},
	{"recv", for_recv}, {"read_of_a_socket", for_read_of_a_socket}, {"recvmsg", for_recvmsg},
	{"accept", for_accept}, {"send", for_send}, {"read_of_a_timer", for_read_of_a_timer},
	{"msgrcv", for_msgrcv}, {"write_to_a_pipe", for_write_to_a_pipe},
	{"recv_of_all", for_recv_of_all}, {"waitpid", for_waitpid},
	{"aio_suspend", for_aio_suspend}, {"writev_to_a_pipe", for_writev_to_a_pipe},
	{"writev_to_a_socket", for_writev_to_a_socket}, {"send_of_much", for_send_of_much},
	{"sendto_of_much", for_sendto_of_much}, {"sendmsg_of_much", for_sendmsg_of_much},
	{"sendmmsg_of_much", for_sendmmsg_of_much}, {"sendfile_of_much", for_sendfile_of_much},
	{"send_of_much_in_time", for_send_of_much_in_time}, {"recvmsg_of_all", for_recvmsg_of_all},
	{"recv_of_all_in_time", for_recv_of_all_in_time}, {"peek_at_all", for_peek_at_all},
	{"recvmmsg_of_ten", for_recvmmsg_of_ten}, {"read_of_zeros", for_read_of_zeros},
	{"readv_of_zeros", for_readv_of_zeros}, {"read_of_chance", for_read_of_chance},
	{"getrandom", for_getrandom}, {"fallocate", for_fallocate},
	{"own_handler_that_restarts", for_own_handler_that_restarts},
	{"own_handler_that_ends", for_own_handler_that_ends})
