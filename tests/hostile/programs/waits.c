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
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
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
	pthread_t thread;

	message_queue = msgget(IPC_PRIVATE, 0600);
	pthread_create(&thread, NULL, send_later, NULL);
	int result = (int)msgrcv(message_queue, room, 16, 0, 0), error = errno;
	pthread_join(thread, NULL);
	msgctl(message_queue, IPC_RMID, NULL);
	errno = error;
	return result;
}

/* -- What a handler makes shorter ------------------------------------------------------------- */

enum { MUCH = 4 << 20 };

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
	pthread_t thread;

	must(!pipe(ends));
	pthread_create(&thread, NULL, read_slowly, &ends[0]);
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
	pthread_t thread;
	int got;

	pthread_create(&thread, NULL, send_slowly, NULL);
	got = (int)recv(silent[0], much, 30000, MSG_WAITALL);
	pthread_join(thread, NULL);
	return got;
}

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
	{"aio_suspend", for_aio_suspend})
