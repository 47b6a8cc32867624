#!/usr/bin/python3
"""`vmatlas run`: nobody can tell the program under it from one that was started directly."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, SHIM, Skip, case, check, check_same, main, need

# Tells each signal as a line until SIGTERM. Not Python: its handlers run later, and once for two.
TELLER = r"""
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	sigset_t all;
	int number = 0;
	sigfillset(&all);
	sigdelset(&all, SIGTSTP);
	sigprocmask(SIG_SETMASK, &all, NULL);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "group"))
		kill(0, SIGUSR1);
	while (number != SIGTERM && sigwait(&all, &number) == 0) {
		printf("SIG%s\n", sigabbrev_np(number));
		fflush(stdout);
	}
	return 7;
}
"""

# A stand-in for the shim where it has not been built: it leaves an empty report.
STAND_IN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((destructor)) static void leave(void)
{
	const char *output = getenv("VMATLAS_OUTPUT"), *exit = getenv("VMATLAS_EXIT");
	char name[4096] = "", *end = name;
	for (; output && *output; output++)
		if (*output != '%')
			*end++ = *output;
		else
			switch (*++output) {
			case 'p': end += sprintf(end, "%d", (int)getpid()); break;
			case 'n': end += sprintf(end, "1"); break;
			case 'e': end += sprintf(end, "%s", program_invocation_short_name); break;
			case '%': *end++ = '%'; break;
			}
	*end = 0;
	FILE *file = exit && *exit == '1' && name[0] == '/' ? fopen(name, "we") : NULL;
	if (file)
		fclose(file);
}
"""


def library(test):
    """The shim, or the stand-in."""
    if os.path.exists(SHIM):
        return SHIM
    path = test.path("libvmatlas.so")
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-include", "errno.h", "-shared", "-fPIC", "-xc", "-",
                    "-o", path], input=STAND_IN, text=True, check=True)
    return path


def environment(test, **more):
    return {**test.base_environment(), "VMATLAS_LIBRARY": library(test), **more}


def run(test, *words, env=None, **how):
    """`vmatlas run WORDS`, finished."""
    how = {"capture_output": True, "text": True, "timeout": 30, "stdin": subprocess.DEVNULL,
           "cwd": test.tmp, **how}
    if "input" in how:
        del how["stdin"]
    return subprocess.run([COMMAND, "run", *words], env=environment(test, **(env or {})), **how)


def start(test, *words, **how):
    return subprocess.Popen([COMMAND, "run", "-q", *words], env=environment(test), cwd=test.tmp,
                            stdout=subprocess.PIPE, text=True, **how)


def build_teller(test):
    need("gcc")
    path = test.path("teller")
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-xc", "-", "-o", path], input=TELLER, text=True, check=True)
    return path


def start_teller(test, *words, **how):
    process = start(test, build_teller(test), *words, **how)
    word, pid = process.stdout.readline().split()
    check(word == "ready", word)
    return process, int(pid)


def check_told(process, expected, status):
    out, _ = process.communicate(timeout=20)
    check_same("what the program was told", expected, out.split())
    check_same("exit status", status, process.returncode)


@case()
def statuses_are_the_programs(test):
    for status in (0, 1, 2, 42, 126, 127, 255):
        check_same("status", status, run(test, "sh", "-c", f"exit {status}").returncode)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT, signal.SIGPIPE,
                   signal.SIGRTMIN + 2):
        check_same("signal", -number, run(test, "sh", "-c", f"kill -{number:d} $$").returncode)


@case()
def statuses_of_what_cannot_run(test):
    test.write("plain", "#!/bin/sh\n")
    test.write("damaged", "\x7fELF")
    os.chmod(test.path("damaged"), 0o755)
    rows = [("no-such-program", 127, "no-such-program: not found in PATH"),
            ("./plain", 126, "./plain: not executable"),
            ("/", 126, "/: Is a directory"),
            ("./damaged", 126, "./damaged: a damaged ELF file")]
    for program, status, text in rows:
        told = run(test, program)
        check_same(program, status, told.returncode)
        check(told.stderr.startswith("vmatlas: " + text), told.stderr)
        check_same("lines", 1, told.stderr.count("\n"))


@case()
def what_would_go_unseen_is_not_started(test):
    need("gcc")
    source = test.write("touch.c", '#include <stdio.h>\nint main(void) { puts("started"); }\n')
    for flag in ("-static", "-static-pie"):
        subprocess.run(["gcc", flag, "-o", test.path("static"), source], check=True)
        told = run(test, "./static")
        check_same("status", 1, told.returncode)
        check_same("output", "", told.stdout)
        check_same("error", "vmatlas: ./static: statically linked: LD_PRELOAD has no effect on it\n",
                   told.stderr)


@case()
def wrong_usage_is_one_clear_line(test):
    rows = [(["--depth", "0"], "--depth"), (["--depth=257"], "--depth"), (["--depth", "x"], "--depth"),
            (["-f", "xml"], "text, json or snapshot"), (["-s", "KILL"], "SIGNAL|signal"),
            (["-s", "9"], "signal"), (["-s", "RTMIN+99"], "signal"), (["--interval", "0"], "seconds"),
            (["--interval", "-1"], "seconds"), (["--growth", "10X"], "bytes"), (["--limit", "101%"], "percentage"),
            (["--limit", "0"], "percentage"), (["--keep", "0"], "256"), (["--keep", "257"], "256"),
            (["--growth", "99999999999999999999"], "bytes"),
            (["--history", "x"], "blocks"), (["--history", "17M"], "blocks"),
            (["--store", "/no/such"], "directory"),
            (["-o", ""], "file name"), (["-o", "a%q"], "%"), (["-o", "/no/such/x"], "directory"),
            (["-o", "fd:x"], "fd:N"), (["-o", "/tmp/"], "directory")]
    for options, text in rows:
        told = run(test, *options, "true")
        check_same(f"status of {options}", 2, told.returncode)
        check(re.search(text, told.stderr), told.stderr)
        check(told.stderr.startswith("vmatlas: ") and told.stderr.count("\n") == 1, told.stderr)
    for options in ([], ["--"], ["--no-such-option", "true"], ["--depth"]):
        told = run(test, *options)
        check_same(f"status of {options}", 2, told.returncode)
        check("Try" in told.stderr, told.stderr)


@case()
def options_become_variables(test):
    rows = [([], "VMATLAS_EXIT=1"), (["--no-exit"], "VMATLAS_EXIT=0"),
            ([], f"VMATLAS_OUTPUT={test.tmp}/vmatlas.%e.%p.%n.txt"),
            (["-f", "json"], f"VMATLAS_OUTPUT={test.tmp}/vmatlas.%e.%p.%n.json"),
            (["-f", "snapshot"], "VMATLAS_FORMAT=snapshot"),
            (["-o", "x.%p"], f"VMATLAS_OUTPUT={test.tmp}/x.%p"),
            (["--no-exit", "-o", "fd:2"], "VMATLAS_OUTPUT=fd:2"),
            (["-s", "SIGUSR1"], "VMATLAS_SIGNAL=10"), (["-s", "RTMIN+3"], "VMATLAS_SIGNAL=RTMIN+3"),
            (["-s", "none"], "VMATLAS_SIGNAL=none"), (["--depth", "256"], "VMATLAS_DEPTH=256"),
            (["--interval", "60"], "VMATLAS_INTERVAL=60"), (["--growth", "2G"], "VMATLAS_GROWTH=2147483648"),
            (["--growth", "64k"], "VMATLAS_GROWTH=65536"), (["--limit", "90%"], "VMATLAS_LIMIT=90"),
            (["--failure"], "VMATLAS_FAILURE=1"), (["--keep", "5"], "VMATLAS_KEEP=5"),
            (["--blocks"], "VMATLAS_BLOCKS=1"), (["--history", "64K"], "VMATLAS_HISTORY=65536"),
            (["--store", "/tmp/."], "VMATLAS_STORE=/tmp"),
            (["--children"], "VMATLAS_CHILDREN=1"), (["--no-children"], "VMATLAS_CHILDREN=0")]
    for options, line in rows:
        told = run(test, "-q", *options, "env")
        check(line in told.stdout.splitlines(), f"{options}: no {line} in\n{told.stdout}{told.stderr}")
    told = run(test, "-q", "env", env={"VMATLAS_EXIT": "0", "VMATLAS_OUTPUT": "mine.%p"})
    check("VMATLAS_EXIT=0\n" in told.stdout, "VMATLAS_EXIT was overruled")
    check(f"VMATLAS_OUTPUT={test.tmp}/mine.%p\n" in told.stdout, "VMATLAS_OUTPUT was overruled")


@case()
def the_library_comes_first(test):
    need("gcc")
    other = test.path("other.so")
    subprocess.run(["gcc", "-shared", "-xc", "/dev/null", "-o", other], check=True)
    told = run(test, "-q", "env", env={"LD_PRELOAD": other})
    check(f"LD_PRELOAD={library(test)}:{other}\n" in told.stdout, told.stdout + told.stderr)


@case()
def a_library_that_cannot_be_preloaded_is_named(test):
    for name in ("a b", "a:b"):
        os.makedirs(test.path(name))
        path = test.path(name, "libvmatlas.so")
        os.symlink(library(test), path)
        copy = test.path(name, "copy.so")
        subprocess.run(["cp", library(test), copy], check=True)
        told = run(test, "true", env={"VMATLAS_LIBRARY": copy})
        check_same("status", 1, told.returncode)
        check("blank or a colon" in told.stderr, told.stderr)
    told = run(test, "true", env={"VMATLAS_LIBRARY": "/no/such.so"})
    check_same("status", 1, told.returncode)
    check("vmatlas: /no/such.so: " in told.stderr, told.stderr)


@case()
def arguments_and_streams_are_the_programs(test):
    told = run(test, "-q", "--", "sh", "-c", 'cat; echo "$@" >&2', "x", "--depth", "-f", "--", "a b",
               input="one\ntwo\n")
    check_same("output", "one\ntwo\n", told.stdout)
    check_same("errors", "--depth -f -- a b\n", told.stderr)
    big = "x" * 3_000_000
    check_same("3 MB", True, run(test, "-q", "cat", input=big).stdout == big)
    told = run(test, "-q", "sh", "-c", "ls -l /proc/self/fd | wc -l", close_fds=True)
    plain = subprocess.run(["sh", "-c", "ls -l /proc/self/fd | wc -l"], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, env=test.base_environment())
    check_same("open descriptors", plain.stdout, told.stdout)


@case()
def it_says_where_the_report_went(test):
    told = run(test, "cat", input="out\n")
    found = [name for name in os.listdir(test.tmp) if name.startswith("vmatlas.cat.")]
    check_same("reports", 1, len(found))
    check_same("errors", f"vmatlas: report: {test.tmp}/{found[0]}\n", told.stderr)
    check_same("output", "out\n", told.stdout)
    os.mkdir(test.path("100%p"))
    told = run(test, "-o", "%e-[%p]*", "true", cwd=test.path("100%p"))
    found = os.listdir(test.path("100%p"))
    check_same("error", f"vmatlas: report: {test.tmp}/100%p/{found[0]}\n", told.stderr)


@case()
def it_says_where_a_report_found_refuge(test):
    if not os.path.exists(SHIM):
        raise Skip("the shim is not built")
    told = run(test, "-o", "fd:2", "cat")  # which closes its standard error before it ends
    found = re.fullmatch(r"vmatlas: report: (/tmp/vmatlas\.cat\.\d+\.1)\n", told.stderr)
    check(found, told.stderr)
    os.unlink(found.group(1))


@case()
def it_says_that_there_is_no_report(test):
    test.write("vmatlas.sh.1.1.txt", "an old one")
    os.utime(test.path("vmatlas.sh.1.1.txt"), (1, 1))
    told = run(test, "sh", "-c", "kill -KILL $$")
    check_same("error", "vmatlas: no report was written: the program was killed by SIGKILL\n", told.stderr)
    told = run(test, "--no-exit", "true")
    check("none was asked for" in told.stderr, told.stderr)
    check_same("quiet", "", run(test, "-q", "--no-exit", "true").stderr)


@case()
def signals_are_passed_on_once(test):
    process, _ = start_teller(test, process_group=0)
    expected = []
    for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGWINCH", "SIGALRM", "SIGABRT"):
        process.send_signal(getattr(signal, name))
        expected.append(name)
        check_same("line", name, process.stdout.readline().strip())
    process.send_signal(signal.SIGTERM)
    check_told(process, ["SIGTERM"], 7)


@case()
def ignored_and_blocked_signals_stay_so(test):
    def prepare():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    show = ["grep", "^Sig[BI]", "/proc/self/status"]
    plain = subprocess.run(show, preexec_fn=prepare, capture_output=True, text=True)
    told = run(test, "-q", *show, preexec_fn=prepare)
    check_same("signals", plain.stdout, told.stdout)
    check_same("status", 0, told.returncode)


@case()
def a_program_that_signals_its_group_hears_it_once(test):
    process, _ = start_teller(test, "group", process_group=0)
    check_same("line", "SIGUSR1", process.stdout.readline().strip())
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    check_told(process, ["SIGTERM"], 7)


@case()
def stops_and_continues(test):
    process, pid = start_teller(test, process_group=0)
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    check(os.WIFSTOPPED(status) or os.getsid(0) != os.getpid(), f"not stopped: {status}")
    check_same("state", "T", state_of(pid))
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: state_of(pid) == "S", "the program goes on")
    process.send_signal(signal.SIGTERM)
    check_told(process, ["SIGCONT", "SIGTERM"], 7)


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def wait_for(fact, text, limit=10):
    end = time.monotonic() + limit
    while not fact():
        check(time.monotonic() < end, f"in vain: {text}")
        time.sleep(0.02)


class Terminal:
    """An interactive shell on a terminal of its own, typed at."""

    def __init__(self, test):
        pid, self.master = pty.fork()
        if pid == 0:
            os.chdir(test.tmp)
            env = environment(test, PS1="$ ", TERM="dumb", HISTFILE="")
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.text, self.pid = "", pid

    def type(self, text):
        os.write(self.master, text.encode())

    def read_until(self, pattern, limit=15):
        """Everything up to the pattern, which is taken off what has been read."""
        end = time.monotonic() + limit
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            check(ready, f"no {pattern!r} in {self.text!r}")
            self.text += os.read(self.master, 65536).decode("utf-8", "replace")
        before, self.text = self.text[:found.end()], self.text[found.end():]
        return before

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.master)
        os.waitpid(self.pid, 0)


def start_in_terminal(test):
    need("bash")
    build_teller(test)
    terminal = Terminal(test)
    terminal.type(f"{COMMAND} run -q ./teller; echo status=$?\n")
    terminal.read_until(r"ready \d+\r\n")
    return terminal


@case()
def ctrl_c_reaches_the_program_once(test):
    terminal = start_in_terminal(test)
    for _ in range(10):
        terminal.type("\x03")
        terminal.read_until("SIGINT\r\n")
        time.sleep(0.05)
    terminal.type("\x1c")
    text = terminal.read_until("SIGQUIT\r\n")
    check("SIGINT" not in text, f"SIGINT came twice: {text!r}")
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    terminal.read_until("SIGWINCH\r\n")
    terminal.type("\x03")
    text = terminal.read_until("SIGINT\r\n")
    check("SIGQUIT" not in text and "SIGWINCH" not in text, f"twice: {text!r}")
    terminal.close()


@case()
def ctrl_c_ends_what_does_not_catch_it(test):
    need("bash")
    terminal = Terminal(test)
    terminal.type(f"for i in 1 2; do {COMMAND} run -q sleep 60; echo went-on; done; echo after=$?\n")
    time.sleep(1)
    terminal.type("\x03\x03")
    terminal.type("echo status=$?\n")
    text = terminal.read_until(r"status=\d+\r\n")
    check("status=130" in text, f"not as a shell expects: {text!r}")
    check_same("went-on, once as it was typed", 1, text.count("went-on"))
    terminal.close()


@case()
def ctrl_z_and_fg(test):
    terminal = start_in_terminal(test)
    terminal.type("\x1a")
    terminal.read_until("Stopped")
    terminal.type("echo prompt-$((40 + 2))\n")
    terminal.read_until("prompt-42\r\n")
    terminal.type("fg\n")
    time.sleep(0.5)
    terminal.type("\x03")
    terminal.read_until("SIGINT\r\n")
    terminal.type("\x1a")
    terminal.read_until("Stopped")
    terminal.type("kill %1; fg\n")
    terminal.read_until("SIGTERM\r\n")
    terminal.close()


@case()
def a_background_job_that_reads_stops(test):
    need("bash")
    terminal = Terminal(test)
    terminal.type(f"{COMMAND} run -q cat &\n")
    terminal.read_until(r"\$ ")
    time.sleep(1)
    terminal.type("jobs\n")
    terminal.read_until(r"Stopped \(tty input\)|Stopped")
    terminal.type("fg\n")
    time.sleep(0.5)
    terminal.type("hello\n")
    terminal.read_until("hello\r\nhello\r\n")
    terminal.type("\x04")
    terminal.type("echo status=$?\n")
    terminal.read_until("status=0\r\n")
    terminal.close()


@case()
def the_clock_of_its_starter_is_passed_on(test):
    need("perl")
    told = subprocess.run(["perl", "-e", "alarm 1; exec @ARGV", COMMAND, "run", "-q", "sleep", "20"],
                          env=environment(test), cwd=test.tmp, timeout=15)
    check_same("status", -signal.SIGALRM, told.returncode)


@case()
def help_and_versions(test):
    for words in (["--help"], ["help"], ["help", "run"], ["run", "--help"], ["--version"]):
        told = subprocess.run([COMMAND, *words], capture_output=True, text=True)
        check_same(f"status of {words}", 0, told.returncode)
        check(told.stdout and not told.stderr, f"{words}: {told.stderr}")
        with open("/dev/full", "w", encoding="ascii") as full:
            told = subprocess.run([COMMAND, *words], stdout=full, stderr=subprocess.PIPE)
        check_same(f"status of {words} on a full disk", 1, told.returncode)
    for words in ([], ["no-such-command"], ["help", "no-such-command"]):
        told = subprocess.run([COMMAND, *words], capture_output=True, text=True)
        check_same(f"status of {words}", 2, told.returncode)
        check(told.stderr.startswith("vmatlas: "), told.stderr)


# -- What it comes to -----------------------------------------------------------------------

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
ROW = re.compile(r" *([\d.]+)(?: (B|[KMG]iB))? +[\d.]+%  (.+)")


def summary_of(text):
    """Rows of the ledger, as (bytes, words)."""
    rows = [ROW.fullmatch(line) for line in text.replace("\r", "").splitlines()]
    return [(float(row[1]) * UNITS[row[2] or "B"], row[3]) for row in rows if row]


def need_shim():
    if not os.path.exists(SHIM):
        raise Skip("the shim is not built")


def rss_of(path, form):
    """RSS as the report says itself."""
    if form == "text":
        with open(path, encoding="utf-8") as file:
            return int(re.search(r"([\d,]+)  RSS$", file.read(), re.M)[1].replace(",", ""))
    if form == "snapshot":
        told = subprocess.run([COMMAND, "report", "--json", path], capture_output=True, check=True)
        return json.loads(told.stdout)["totals"]["rss"]
    with open(path, encoding="utf-8") as file:
        return json.load(file)["totals"]["rss"]


def prove_summary(test, form, command):
    told = run(test, "--summary", "-f", form, "-o", "it's a %n.report", "sort", "/etc/passwd")
    rows = summary_of(told.stderr)
    check(8 <= len(rows) <= 10, f"{form}: {len(rows)} rows in {told.stderr}")
    check_same(f"{form}: the last rows", ["unexplained", "RSS"], [words for _, words in rows[-2:]])
    rss, rest = rows[-1][0], sum(size for size, _ in rows[:-1])
    check(abs(rss - rest) <= 0.05 * rss, f"{form}: {rest} of {rss} in {told.stderr}")
    check("others" in [words for _, words in rows], told.stderr)
    check_same(f"{form}: order", sorted((size for size, _ in rows[:7]), reverse=True),
               [size for size, _ in rows[:7]])
    path = re.search(r"report: (.*)", told.stderr)[1]
    quoted = "'" + path.replace("'", "'\\''") + "'"
    check_same(f"{form}: next", f"vmatlas: next: {command} {quoted}", told.stderr.splitlines()[-1])
    check(abs(rss - rss_of(path, form)) <= 0.05 * rss, f"{form}: {rss} is not the report's RSS")
    check("root:" in told.stdout and not told.returncode, f"{told}")
    os.unlink(path)


@case()
def the_ledger_in_ten_lines_and_what_to_type_next(test):
    need_shim()
    for form, command in (("text", "less"), ("json", "jq .totals"),
                          ("snapshot", f"{COMMAND} report")):
        prove_summary(test, form, command)


@case()
def the_summary_is_of_the_program_itself(test):
    """Not of what it started; and of its last report; its status is what run ends with."""
    need_shim()
    script = "sort /etc/passwd >/dev/null; kill -USR2 $$; sort /etc/passwd >/dev/null; exit 3"
    told = run(test, "--summary", "sh", "-c", script)
    check_same("status", 3, told.returncode)
    check(len(re.findall(r"report: (.*)", told.stderr)) >= 3, told.stderr)
    last = re.search(r"next: less .*/vmatlas\.(.*)\.txt$", told.stderr, re.M)[1]
    check(re.fullmatch(r"(ba|da)?sh\.\d+\.2", last), told.stderr)
    script = "sleep 1 & sleep 0.2; kill -USR2 $$; sleep 0.2; kill -USR2 $!; wait"
    told = run(test, "--summary", "--no-exit", "sh", "-c", script)
    check(re.search(r"next: less .*/vmatlas\.(ba|da)?sh\.", told.stderr), told.stderr)
    check("vmatlas.sleep." in told.stderr, told.stderr)
    told = run(test, "--summary", "sh", "-c", "kill -TERM $$")
    check_same("status", -signal.SIGTERM, told.returncode)
    check(summary_of(told.stderr), told.stderr)


@case()
def no_summary_where_it_would_disturb(test):
    need_shim()
    check_same("quiet", "", run(test, "-q", "--summary", "true").stderr)
    check_same("no terminal", [], summary_of(run(test, "true").stderr))
    check_same("no report", [], summary_of(run(test, "--summary", "--no-exit", "true").stderr))


@case()
def a_damaged_report_changes_no_status(test):
    need_shim()
    told = run(test, "--summary", "-f", "snapshot", "-o", "a.%n", "sh", "-c",
               "kill -USR2 $$; sleep 0.3; rm a.1; echo VMATLAS > a.1; touch -d +1day a.1; exit 5")
    check_same("status", 5, told.returncode)
    check_same("rows", [], summary_of(told.stderr))


@case()
def a_person_at_a_terminal_sees_the_summary(test):
    need("bash")
    need_shim()
    terminal = Terminal(test)
    terminal.type(f"{COMMAND} run sort /etc/passwd; echo status=$?\n")
    text = terminal.read_until(r"\nstatus=\d+\r\n")
    check(len(summary_of(text)) >= 8 and "vmatlas: next: less" in text, text)
    for line in (f"{COMMAND} run sort /etc/passwd | cat",        # a reader of its own
                 f"{COMMAND} run sort /etc/passwd 2>/dev/null",  # nobody looks
                 f"{COMMAND} run -q sort /etc/passwd",
                 f"{COMMAND} run sort /etc/passwd & wait $!"):   # another is in the foreground
        terminal.type(line + "; echo status=$?\n")
        text = terminal.read_until(r"\nstatus=\d+\r\n")
        check_same(f"rows of {line}", [], summary_of(text))
        check("root:" in text, text)
    terminal.close()


if __name__ == "__main__":
    main()
