#include "limit.h"
#include "interrupt.h"
#include "real.h"
#include "remaining.h"
#include "sys.h"

#include <limits.h>

/* What libc's poll(3) is made of. */
#if defined __x86_64__
#define POLL SYS_poll
#else
#define POLL SYS_ppoll
#endif

bool limit_set;

uint64_t limit_start(void)
{
	return limit_set ? remaining_start() : 0;
}

bool limit_can_wait(void)
{
	return !filter_flags.stand || (filter_allows(POLL, 0, 0, 0, 0, 0, 0) &&
					      filter_allows(SYS_recvmsg, 0, 0, 0, 0, 0, 0) &&
					      filter_allows(SYS_sendmsg, 0, 0, 0, 0, 0, 0));
}

/* Milliseconds, rounded up; 0 for none. */
static int limit_of(int fd, int option)
{
	struct timeval time = {0, 0};
	socklen_t length = sizeof time;
	int64_t ms;

	if (!limit_can_wait())
		return 0;
	if (sys_call(SYS_getsockopt, fd, SOL_SOCKET, option, (long)&time, (long)&length, 0))
		return 0;
	if (time.tv_sec >= INT_MAX / 1000)
		return 0; /* 24 days: as good as none */
	ms = (int64_t)time.tv_sec * 1000 + (time.tv_usec + 999) / 1000;
	return ms < INT_MAX ? (int)ms : 0;
}

int limit_left_ms(int fd, int option, uint64_t start)
{
	int limit = limit_of(fd, option);

	if (!limit)
		return LIMIT_NONE;
	return start ? remaining_ms(limit, start) : limit;
}

static int left_of(int fd, int option, uint64_t start, int most_ms)
{
	int left = limit_left_ms(fd, option, start);

	return left == LIMIT_NONE || left > most_ms ? most_ms : left;
}

bool limit_wait(int fd, short events, int option, uint64_t start, int most_ms)
{
	struct pollfd poll = {.fd = fd, .events = events};
	int count;

	do
		count = REAL(poll)(&poll, 1, left_of(fd, option, start, most_ms));
	while (count < 0 && interrupt_ours(errno));
	if (!count)
		errno = EAGAIN;
	return count > 0;
}
