/* Processes that have given something up: the file system, their rights, /proc, or each other. */
#include "work.h"

#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* What all do once they are confined. */
static void live_on(const char *where)
{
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		work(100);
		ask();
		must(!pthread_create(&thread, NULL, (void *(*)(void *))(void *)work, (void *)10));
		must(!pthread_join(thread, NULL));
		sleep_ms(5);
	}
	tell("alive %s", where);
}

static void rooted(void)
{
	char place[] = "root.XXXXXX";

	must(mkdtemp(place));
	must(!chroot(place) && !chdir("/"));
	live_on("in an empty root");
}

/* The tests' folder is root's: what is written there after this is refused. */
static void dropped(void)
{
	must(!setgroups(0, NULL) && !setresgid(65534, 65534, 65534) &&
		!setresuid(65534, 65534, 65534));
	live_on("as nobody");
}

static void undumpable(void)
{
	must(!prctl(PR_SET_DUMPABLE, 0));
	live_on("and not dumpable");
	must(prctl(PR_GET_DUMPABLE) == 0);
}

static void no_new_rights(void)
{
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	live_on("without new rights");
}

static void user_namespace(void)
{
	if (unshare(CLONE_NEWUSER)) {
		tell("no user namespaces");
		return;
	}
	live_on("in a user namespace");
}

/* A number 1 ignores signals without a handler: ours is one, and it must not end by it. */
static void pid_namespace(void)
{
	pid_t child;

	must(!unshare(CLONE_NEWPID));
	child = fork();
	if (!child) {
		must(getpid() == 1);
		live_on("as number 1");
		fflush(NULL);
		_exit(0);
	}
	must(!reap(child));
}

static void mount_private(void)
{
	must(!unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static void no_proc(void)
{
	mount_private();
	must(!umount2("/proc", MNT_DETACH));
	must(access("/proc/self/maps", R_OK));
	live_on("without /proc");
}

static void other_proc(void)
{
	mount_private();
	must(!mount("none", "/proc", "tmpfs", 0, NULL));
	live_on("with an empty /proc");
}

static void hidden_proc(void)
{
	mount_private();
	/* A mount of its own (Linux 5.8): a remount would hide the processes of the whole machine.
	 */
	must(!mount("proc", "/proc", "proc", 0, "hidepid=2"));
	must(!setresuid(65534, 65534, 65534));
	live_on("with a hidden /proc");
}

static void read_only(void)
{
	mount_private();
	must(!mount("none", "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ||
		!mount("none", "/tmp", "tmpfs", MS_RDONLY, NULL));
	must(open("/tmp/file", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	live_on("on a read-only file system");
}

static void everything_unshared(void)
{
	must(!unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_FILES | CLONE_FS |
		      CLONE_SYSVSEM));
	live_on("unshared");
}

static void no_more_processes(void)
{
	struct rlimit none = {0, 0};

	must(!setrlimit(RLIMIT_NPROC, &none) && !setrlimit(RLIMIT_CORE, &none));
	live_on("alone");
}

/* No file can be opened any more, whatever its mode says (landlock(7), Linux 5.13). */
static void landlocked(void)
{
	uint64_t handled[] = {0x1fff}; /* all rights to files of ABI 1 */
	long rules = syscall(SYS_landlock_create_ruleset, handled, sizeof handled, 0);

	if (rules >= 0) {
		must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		must(!syscall(SYS_landlock_restrict_self, rules, 0));
		must(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
		close((int)rules);
	}
	live_on("where no file can be opened");
}

/* No page is both written to and executed, nor becomes so (Linux 6.3). */
static void no_new_code(void)
{
	enum { SET_MDWE = 65, REFUSE_EXEC_GAIN = 1 };

	tell("refused: %s", prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) ? errno_name(errno) : "no");
	live_on("without new code");
}

/* The old root is put away, and then taken away. */
static void another_root(void)
{
	char place[] = "newroot.XXXXXX", *whole, *old;

	must(mkdtemp(place) && (whole = realpath(place, NULL)));
	must(asprintf(&old, "%s/old", whole) > 0);
	mount_private();
	must(!mount(whole, whole, NULL, MS_BIND, NULL) && !mkdir(old, 0700));
	must(!chdir(whole) && !syscall(SYS_pivot_root, ".", "old") && !chdir("/"));
	work(100);
	ask();
	must(!umount2("/old", MNT_DETACH));
	free(old);
	free(whole);
	live_on("in another root");
}

SCENARIOS({"rooted", rooted}, {"dropped", dropped}, {"undumpable", undumpable},
	{"no_new_rights", no_new_rights}, {"user_namespace", user_namespace},
	{"pid_namespace", pid_namespace}, {"no_proc", no_proc}, {"other_proc", other_proc},
	{"hidden_proc", hidden_proc}, {"read_only", read_only},
	{"everything_unshared", everything_unshared}, {"no_more_processes", no_more_processes},
	{"landlocked", landlocked}, {"no_new_code", no_new_code}, {"another_root", another_root})
