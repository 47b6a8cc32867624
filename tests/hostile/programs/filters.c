/* Strict seccomp filters: whatever is not on the list kills the process. What stands on the lists
 * is what the program itself needs, and not what we should like to call. */
#include "work.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)

/* A list of allowed calls becomes a program: one comparison each, then the refusal. */
static struct sock_fprog program_of(const int *allowed, size_t count, unsigned refusal)
{
	static __thread struct sock_filter code[64];
	struct sock_fprog program = {.filter = code};
	unsigned short at = 1;

	code[0] = (struct sock_filter)LOAD(nr);

	for (size_t i = 0; i < count; i++) {
		code[at++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		code[at++] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	}
	code[at++] = (struct sock_filter)ANSWER(refusal);
	program.len = at;
	return program;
}

static void confine(const int *allowed, size_t count, unsigned refusal)
{
	struct sock_fprog program = program_of(allowed, count, refusal);

	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
}

/* What a worker that allocates and writes needs with glibc, and the way back from a handler. */
static const int bare[] = {SYS_write, SYS_exit_group, SYS_rt_sigreturn, SYS_brk, SYS_mmap,
	SYS_munmap, SYS_mremap, SYS_clock_nanosleep, SYS_restart_syscall, SYS_getrandom, SYS_fcntl};

/* What a server with threads needs besides. */
static const int threaded[] = {SYS_write, SYS_exit_group, SYS_rt_sigreturn, SYS_brk, SYS_mmap,
	SYS_munmap, SYS_mremap, SYS_clock_nanosleep, SYS_restart_syscall, SYS_futex, SYS_clone3,
	SYS_clone, SYS_mprotect, SYS_madvise, SYS_exit, SYS_set_robust_list, SYS_rseq,
	SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_getrandom, SYS_fcntl};

/* New call stacks, new mappings, big blocks: everything that makes us ask the kernel. */
static void allocate_much(void)
{
	for (int i = 0; i < 20; i++) {
		void *big = malloc(300000), *area;

		memset(big, 1, 300000);
		work(100);
		big = realloc(big, 600000);
		area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(area != MAP_FAILED);
		munmap(area, 8192);
		free(big);
		sleep_ms(10);
	}
}

static void killed_early(void)
{
	confine(bare, COUNT(bare), SECCOMP_RET_KILL_PROCESS);
	allocate_much();
	tell("alive under a bare list");
}

/* Longer than a second: what was to come each second would come now. */
static void killed_later(void)
{
	uint64_t end = now_ms() + 1500;

	killed_early();
	while (now_ms() < end)
		sleep_ms(50);
}

static void killed_late(void)
{
	allocate_much();
	killed_early();
}

static void trapped(void)
{
	confine(bare, COUNT(bare), SECCOMP_RET_TRAP);
	allocate_much();
	tell("alive under a list that traps");
}

static void refused(void)
{
	confine(bare, COUNT(bare), SECCOMP_RET_ERRNO | 38);
	allocate_much();
	tell("alive under a list that refuses");
}

static void refused_with_zero(void)
{
	confine(bare, COUNT(bare), SECCOMP_RET_ERRNO | 0);
	allocate_much();
	tell("alive under a list that pretends");
}

static void *work_in_thread(void *unused)
{
	work(100);
	return unused;
}

static void threads_killed(void)
{
	pthread_t thread;

	confine(threaded, COUNT(threaded), SECCOMP_RET_KILL_PROCESS);
	for (int i = 0; i < 20; i++) {
		must(!pthread_create(&thread, NULL, work_in_thread, NULL));
		pthread_join(thread, NULL);
	}
	allocate_much();
	tell("threads are alive under a list");
}

/* By the other door, and for one thread alone: the others may still be asked. */
static void *confined_thread(void *unused)
{
	confine(threaded, COUNT(threaded), SECCOMP_RET_KILL_PROCESS);
	allocate_much();
	return unused;
}

static void one_thread(void)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, confined_thread, NULL));
	allocate_much();
	pthread_join(thread, NULL);
	tell("one thread was confined");
}

/* As libraries do it, for all threads at once, twice. */
static volatile int go_on;

static void *wait_and_allocate(void *unused)
{
	while (!go_on)
		sleep_ms(1);
	allocate_much();
	return unused;
}

static void all_threads(void)
{
	struct sock_fprog program = program_of(threaded, COUNT(threaded), SECCOMP_RET_KILL_PROCESS);
	pthread_t thread;

	must(!pthread_create(&thread, NULL, wait_and_allocate, NULL));
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program));
	go_on = 1;
	allocate_much();
	must(!pthread_join(thread, NULL));
	tell("two threads are alive under one list");
}

/* New call stacks and mappings without end, so that the kernel is asked all the time. */
static void *ask_without_end(void *unused)
{
	for (size_t size = 200000;; size += 4096) {
		void *area = mmap(
			NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		free(malloc(200000 + size % 400000));
		must(area != MAP_FAILED && !munmap(area, 8192));
	}
	return unused;
}

static void confine_all_within(long us)
{
	struct sock_fprog program = program_of(threaded, COUNT(threaded), SECCOMP_RET_KILL_PROCESS);
	struct timespec moment = {0, us * 1000};
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		must(!pthread_create(&thread, NULL, ask_without_end, NULL));
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	nanosleep(&moment, NULL);
	must(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program));
	sleep_ms(5);
	_exit(0);
}

/* The filter comes over threads that have just looked whether one stands. */
static void all_threads_meanwhile(void)
{
	int survived = 0;

	for (int i = 0; i < 30; i++) {
		pid_t child = fork();

		if (!child)
			confine_all_within(1500 + i * 197);
		survived += reap(child) == 0;
	}
	tell("%d of 30 survived", survived);
}

/* Is there seccomp? EFAULT says so; nothing is confined by it. */
static void probed(void)
{
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 && errno == EFAULT);
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1 && errno == EFAULT);
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8) == -1 && errno == EFAULT);
	must(syscall(SYS_seccomp, 77, 0, NULL) == -1 && errno == EINVAL);
	for (int i = 0; i < 5; i++) {
		work(100);
		ask();
	}
	tell("probed");
}

/* Without the way back from a handler there may be none. */
static void no_return(void)
{
	static const int least[] = {SYS_write, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap,
		SYS_mremap, SYS_clock_nanosleep, SYS_getrandom, SYS_fcntl, SYS_kill};
	bool answered = is_answered();
	pid_t pid = getpid();

	confine(least, COUNT(least), SECCOMP_RET_KILL_PROCESS);
	for (int i = 0; i < 5; i++) {
		allocate_much();
		if (answered)
			syscall(SYS_kill, pid, SIGUSR2); /* by who has not heard of it */
	}
	tell("alive with no way back");
}

/* A signal that ends the process must end it, whoever watches over its end. */
static void ended(void)
{
	pid_t child = fork();

	if (!child) {
		confine(bare, COUNT(bare), SECCOMP_RET_KILL_PROCESS);
		for (;;)
			work(10);
	}
	sleep_ms(100);
	kill(child, SIGTERM);
	tell("ended by %d", WTERMSIG(reap(child)));
}

/* Everything passes but one call, which kills. */
static void forbid(unsigned number)
{
	struct sock_filter code[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		ANSWER(SECCOMP_RET_KILL_PROCESS), ANSWER(SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = COUNT(code), .filter = code};

	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
}

static void live_without(unsigned number)
{
	uint64_t end;

	forbid(number);
	for (end = now_ms() + 25; now_ms() < end;)
		work(20);
	_exit(0);
}

/* Each call that a dump was seen to make is one that it can do without. */
static void one_refused(void)
{
	static const int calls[] = {SYS_pread64, SYS_read, SYS_openat, SYS_close, SYS_fstat,
		SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_munmap, SYS_mmap, SYS_madvise,
		SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_newfstatat, SYS_ioctl, SYS_gettid,
		SYS_getpid, SYS_write, SYS_unlinkat, SYS_uname, SYS_renameat, SYS_readlinkat,
		SYS_ppoll, SYS_process_vm_readv, SYS_sigaltstack, SYS_tgkill, SYS_prctl,
		SYS_clock_gettime, SYS_sched_yield, SYS_rt_tgsigqueueinfo};

	for (size_t i = 0; i < COUNT(calls); i++) {
		pid_t child = fork();

		if (!child)
			live_without((unsigned)calls[i]);
		sleep_ms(8);
		if (is_answered())
			kill(child, SIGUSR2);
		sleep_ms(8);
		if (is_answered())
			kill(child, SIGUSR2);
		tell("without %d: %d", calls[i], reap(child));
	}
}

/* read, write, exit, sigreturn: that is all. */
static void strict(void)
{
	void *first = malloc(100000);

	memset(first, 1, 100000);
	free(first);
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	for (volatile int i = 0; i < 2000; i++)
		free(malloc((size_t)i));
	(void)!write(1, "alive in strict mode\n", 21);
	syscall(SYS_exit, 0);
}

SCENARIOS({"killed_early", killed_early}, {"killed_later", killed_later},
	{"killed_late", killed_late}, {"trapped", trapped}, {"refused", refused},
	{"refused_with_zero", refused_with_zero}, {"threads_killed", threads_killed},
	{"one_thread", one_thread}, {"all_threads", all_threads},
	{"all_threads_meanwhile", all_threads_meanwhile}, {"probed", probed},
	{"no_return", no_return}, {"ended", ended}, {"one_refused", one_refused},
	{"strict", strict})
