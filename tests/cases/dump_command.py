#!/usr/bin/python3
"""`vmatlas dump PID`: asks, waits, says where the report is, and says why where there is none."""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, COMMAND, Dumper, Skip, case, catches, check, main, proc_text
from vmatlas_report import check_report

ROOM = os.path.join(BUILD, "..", "include")


class Told:
    """What the command answered."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"status {self.status}, out {self.out!r}, err {self.err!r}"


def dump(*arguments, limit=30, **how):
    return Told(subprocess.run([COMMAND, "dump", *map(str, arguments)], capture_output=True,
                               text=True, timeout=limit, stdin=subprocess.DEVNULL, **how))


def output_of(process):
    """What the program has written so far; its position in the file stays where it is."""
    return os.pread(process.files[0].fileno(), 1 << 16, 0).decode()


def wait_for(what, holds, limit=10):
    end = time.monotonic() + limit
    while not holds():
        check(time.monotonic() < end, f"{what}: not within {limit} s")
        time.sleep(0.01)


class Waiting:
    """The waiting program under the shim, until the block ends."""

    def __init__(self, t, *arguments, env=None, **settings):
        env = t.shim_environment(**settings) if env is None else env
        self.process = t.start([t.program("waiting"), *arguments], env)
        self.pid = self.process.pid

    def __enter__(self):
        wait_for("the program's start", lambda: "ready" in output_of(self.process))
        return self

    def __exit__(self, *unused):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass
        self.process.wait()
        for file in self.process.files:
            file.close()


def check_told(told, *texts):
    """A refusal: exit status 1, one line, with these texts in it."""
    check(told.status == 1, f"exit status is not 1: {told}")
    check(told.out == "", f"something on standard output: {told}")
    check(told.err.count("\n") == 1 and told.err.startswith("vmatlas: "), f"not one line: {told}")
    for text in texts:
        check(text in told.err, f"does not say {text!r}: {told}")


# -- It works -------------------------------------------------------------------------------

@case()
def says_where_the_report_is(t):
    with Waiting(t) as program:
        told = dump(program.pid)
        check(told.status == 0 and told.err == "", repr(told))
        path = told.out.rstrip("\n")
        check(path == t.path("reports", f"waiting.{program.pid}.1.json"), repr(told))
        with open(path, encoding="utf-8") as file:
            check(not check_report(json.load(file)), "the report does not hold")
        check(dump(program.pid).out.endswith(".2.json\n"), "the second report has no name of its own")


@case()
def asks_for_each_format(t):
    with Waiting(t) as program:
        starts = {"text": b"vmatlas: waiting", "json": b"{", "snapshot": b"vmatlas\n"}
        for form, start in starts.items():
            told = dump("--format", form, program.pid)
            check(told.status == 0, repr(told))
            with open(told.out.rstrip("\n"), "rb") as file:
                begun = file.read(16)
            check(begun.startswith(start), f"{form}: begins {begun!r}")


@case()
def private_is_to_that_file_alone(t):
    """Wherever reports go, a descriptor of the program's included, nothing comes there."""
    for output in (None, "fd:2", "fd:1"):
        settings = {"output": output, "format": "text"} if output else {}
        with Waiting(t, **settings) as program:
            for form, start in {"snapshot": b"vmatlas\n", "json": b"{"}.items():
                target = t.path("private")
                told = dump("--private", "-f", form, "-o", target, program.pid)
                check(told.status == 0 and told.out == target + "\n", repr(told))
                with open(target, "rb") as file:
                    begun = file.read(16)
                check(begun.startswith(start), f"{form}: begins {begun!r}")
            own = os.pread(program.process.files[1].fileno(), 1 << 16, 0)
            check(own == b"", f"the program's standard error has {own!r}")
            check(output_of(program.process) == "ready\n", output_of(program.process))
            left = glob.glob(f"/tmp/vmatlas.waiting.{program.pid}.*") + glob.glob(
                t.path("reports", "*"))
            check(not left, f"left behind: {left}")
    told = dump("--private", os.getpid())
    check(told.status == 2 and "--private goes with --output" in told.err, repr(told))


@case()
def private_is_not_taken_for_another(t):
    """Reports by the interval come meanwhile: each goes where it belongs."""
    with Waiting(t, interval=1) as program:
        for i in range(30):
            target = t.path(f"private.{i}")
            told = dump("--private", "-f", "snapshot", "-o", target, program.pid)
            check(told.status == 0, repr(told))
            with open(target, "rb") as file:
                check(file.read(8) == b"vmatlas\n", "another's report")
            time.sleep(0.1)
        check(len(glob.glob(t.path("reports", "*.json"))) >= 2, "the interval's reports are gone")


@case()
def each_gets_its_own_under_a_rain_of_requests(t):
    """Signals come all the time: who asked for a private report gets that, who asked for another
    gets another, and nothing is left behind."""
    with Waiting(t) as program:
        rain = Dumper(program.pid, 1 << 30, delay=0.1)
        rain.start()
        try:
            for i in range(30):
                target = t.path(f"private.{i}")
                told = dump("--private", "-f", "snapshot", "-o", target, program.pid)
                check(told.status == 0, f"{i}: {told!r}")
                with open(target, "rb") as file:
                    check(file.read(8) == b"vmatlas\n", "another's report")
                told = dump(program.pid)
                check(told.status == 0 and told.out.startswith(t.path("reports")), repr(told))
        finally:
            rain.stop()
    check(rain.sent > 5, f"{rain.sent} requests beside")
    check(not glob.glob(f"/tmp/vmatlas.*.{program.pid}.*"), "a private report was left behind")


@case()
def asks_for_nothing_that_it_cannot_keep(t):
    os.mkdir(t.path("folder"))
    with Waiting(t) as program:
        for target in (t.path("not", "there"), t.path("folder")):
            for words in ((), ("--private",)):
                told = dump(*words, "-o", target, program.pid)
                check(told.status == 1 and target in told.err, repr(told))
        check(not glob.glob(t.path("reports", "*")), "a report was made")
        told = dump("-f", "text", "-o", "/dev/null", program.pid)
        check(told.status == 0, repr(told))


@case()
def copies_to_a_file(t):
    with Waiting(t) as program:
        target = t.path("copy")
        told = dump("-o", target, program.pid)
        check(told.status == 0 and told.out == target + "\n", repr(told))
        source = t.path("reports", f"waiting.{program.pid}.1.json")
        with open(target, "rb") as copy, open(source, "rb") as report:
            check(copy.read() == report.read(), "the copy differs")
        check(os.stat(target).st_mode & 0o777 == 0o600, "others may read the copy")
        check(not glob.glob(target + ".part*"), "a temporary file is left")


@case()
def names_the_descriptor(t):
    with Waiting(t, output="fd:2", format="text") as program:
        told = dump(program.pid)
        check(told.status == 0 and told.out.startswith(f"fd:2 of process {program.pid}: "),
              repr(told))
        check_told(dump("-o", t.path("copy"), program.pid), "fd:2", "VMATLAS_OUTPUT")


@case()
def asks_by_another_signal_where_the_program_has_its_own(t):
    with Waiting(t, "own") as program:
        wait_for("another signal", lambda: any(catches(program.pid, n) for n in range(34, 65)))
        told = dump(program.pid)
        check(told.status == 0 and told.out.endswith(".json\n"), repr(told))
        check("own" not in output_of(program.process), "the program's handler ran")


@case()
def a_child_after_fork_answers_for_itself(t):
    with Waiting(t, "fork") as program:
        child = int(re.search(r"child (\d+)", output_of(program.process)).group(1))
        check(dump(program.pid).out.endswith(f".{program.pid}.1.json\n"), "the parent")
        for number in (1, 2):
            told = dump(child)
            check(told.out.endswith(f".{child}.{number}.json\n"), f"the child: {told}")


@case()
def many_at_once_all_get_an_answer(t):
    with Waiting(t) as program:
        commands = [subprocess.Popen([COMMAND, "dump", str(program.pid)], stdout=subprocess.PIPE,
                                     text=True) for _ in range(8)]
        for command in commands:
            out = command.communicate(timeout=30)[0]
            check(command.returncode == 0 and out.endswith(".json\n"), f"one was told {out!r}")


@case()
def finds_a_shim_whose_file_is_gone(t):
    shim = t.path("libvmatlas.so")
    subprocess.run(["cp", os.path.join(BUILD, "libvmatlas.so"), shim], check=True)
    env = dict(t.shim_environment(), LD_PRELOAD=shim)
    with Waiting(t, env=env) as program:
        os.unlink(shim)
        told = dump(program.pid)
        check(told.status == 0 and told.out.endswith(".json\n"), repr(told))


# -- It cannot work -------------------------------------------------------------------------

@case()
def no_such_process(t):
    process = t.start(["/bin/true"], {})
    t.finish(process, 10)
    check_told(dump(process.pid), str(process.pid), "no such process")


@case()
def not_under_the_shim(t):
    with Waiting(t, env={}) as program:
        check_told(dump(program.pid), "does not run under vmatlas")
        check(program.process.poll() is None, "it was killed")


@case()
def a_zombie(t):
    process = subprocess.Popen(["/bin/true"])
    wait_for("its end", lambda: "State:\tZ" in proc_text(process.pid, "status"))
    check_told(dump(process.pid), "zombie")
    process.wait()


@case()
def a_thread(t):
    with Waiting(t, "thread") as program:
        thread = re.search(r"thread (\d+)", output_of(program.process)).group(1)
        check_told(dump(thread), f"thread of process {program.pid}")


@case()
def a_thread_of_the_kernel(t):
    if "kthreadd" not in proc_text(2, "comm"):
        raise Skip("no kernel threads to be seen here")
    check_told(dump(2), "thread of the kernel")


@case()
def a_stopped_process(t):
    with Waiting(t) as program:
        os.kill(program.pid, signal.SIGSTOP)
        wait_for("its stop", lambda: "State:\tT" in proc_text(program.pid, "status"))
        check_told(dump("--timeout", "0.3", program.pid), "stopped")
        os.kill(program.pid, signal.SIGCONT)
        wait_for("the report", lambda: glob.glob(t.path("reports", "*.json")))


@case()
def a_process_that_blocks_the_signal(t):
    with Waiting(t, "block") as program:
        told = dump("--timeout", "0.3", program.pid)
        # The shim may have a signal that the program does not block.
        if told.status:
            check_told(told, "blocks SIGUSR2")


@case()
def a_process_without_a_signal(t):
    with Waiting(t, signal="none") as program:
        check_told(dump(program.pid), "VMATLAS_SIGNAL=none")
        check(program.process.poll() is None, "it was killed")


@case()
def a_report_that_cannot_be_written(t):
    with Waiting(t, output=t.path("gone", "report")) as program:
        check_told(dump(program.pid), "No such file or directory", t.path("gone"))


@case()
def another_users_process(t):
    if os.geteuid() != 0:
        raise Skip("needs root to become another user")
    os.chmod(t.tmp, 0o755)
    with Waiting(t) as program:
        told = dump(program.pid, user=65534, group=65534, extra_groups=[])
        check_told(told, "not permitted")


@case()
def wrong_usage(t):
    for arguments in ([], ["1", "2"], ["abc"], ["-5"], ["0"], ["12x"], ["--format", "xml", "1"],
                      ["--timeout", "soon", "1"], ["--timeout", "-1", "1"]):
        told = dump(*arguments)
        check(told.status == 2 and told.out == "", f"{arguments}: {told}")


# -- A shim that does not behave ------------------------------------------------------------

STAND_IN = """
#include "vmatlas_state.h"
#include "vmatlas_store.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>
struct vmatlas_state vmatlas_state __attribute__((visibility("default")));
static void on_signal(int number)
{
	(void)number;
	ON_SIGNAL;
}
__attribute__((constructor)) static void start(void)
{
	signal(SIGUSR2, on_signal);
	vmatlas_state = (struct vmatlas_state){.version = VERSION, .size = sizeof(vmatlas_state),
		.pid = (uint32_t)getpid(), .signal = NUMBER};
	vmatlas_state.magic = MAGIC;
}
"""


def stand_in(t, on_signal="", version="VMATLAS_STORE_VERSION", number="SIGUSR2",
             magic="VMATLAS_STATE_MAGIC"):
    """The environment for a shim that says what the test wants."""
    source = t.write("stand_in.c", STAND_IN)
    shim = t.compile(source, t.path("libvmatlas.so.1"), "-shared", "-fPIC", "-I" + ROOM,
                     f"-DON_SIGNAL={on_signal}", f"-DVERSION={version}", f"-DNUMBER={number}",
                     f"-DMAGIC={magic}")
    return {"LD_PRELOAD": shim}


@case()
def another_version(t):
    with Waiting(t, env=stand_in(t, version="77")) as program:
        check_told(dump(program.pid), "version 77")


@case()
def a_shim_that_has_not_begun(t):
    with Waiting(t, env=stand_in(t, magic="0")) as program:
        check_told(dump(program.pid), "not begun")


@case()
def a_dump_that_never_ends(t):
    with Waiting(t, env=stand_in(t, "vmatlas_state.started++")) as program:
        check_told(dump("--timeout", "0.3", program.pid), "still writing after 0.3 s")


@case()
def a_signal_that_does_nothing(t):
    with Waiting(t, env=stand_in(t)) as program:
        check_told(dump("--timeout", "0.3", program.pid), "no answer to SIGUSR2 in 0.3 s")


@case()
def a_signal_without_handler_is_not_sent(t):
    with Waiting(t, env=stand_in(t, number="SIGUSR1")) as program:
        check_told(dump(program.pid), "nothing handles SIGUSR1")
        check(program.process.poll() is None, "it was killed")


@case()
def a_process_that_ends_while_it_is_asked(t):
    with Waiting(t, env=stand_in(t, "_exit(0)")) as program:
        check_told(dump(program.pid), "ended before")


@case()
def a_path_that_is_not_the_users_file(t):
    """The path is what the other process says; a device of root's is not copied."""
    say = 'strcpy(vmatlas_state.path,"/dev/zero"),vmatlas_state.started++,vmatlas_state.finished++'
    with Waiting(t, env=stand_in(t, say)) as program:
        check_told(dump("-o", t.path("copy"), program.pid), "/dev/zero")
        check(not os.path.exists(t.path("copy")), "something was copied")


main()
