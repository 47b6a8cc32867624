#!/usr/bin/python3
"""Descriptors and limits under fire, and every kind of place that a report could be sent to."""

import json
import os
import pty
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, Skip, case, check, check_same, is_ready, main, read_reports
from vmatlas_report import check_report
from vmatlas_hostile import as_root, build, prove_all, survive

MIB = 1 << 20
# A report in a program that left no descriptor, no memory or no file size may be impossible.
NONE = {"reports": 0}
prove_all("limits.c", without=("work", "work_once", "broken_pipe"), how={
    "page_by_page": NONE, "no_address_space": NONE, "all_descriptors_taken": NONE,
    "data_at_stderr": NONE, "all_locked": NONE})


def program(t):
    return build(t, "limits.c")


@case()
def a_report_where_nothing_can_be_mapped(t):
    """That is when somebody wants one: it is whole, and twice."""
    for limit in ("data", "space", "mappings", "locked", "locked_unseen"):
        for form in ("json", "text", "snapshot"):
            argv = [t.program("at_limit"), limit]
            env = {**t.shim_environment(output=t.path("reports", f"{limit}.%n"), format=form)}
            status, out, err = t.finish(t.start(argv, env), 30)
            check_same(f"{limit}, {form}", (0, "refused: 1\nrefused: 1, well: 500\n", ""), (status, out, err))
            paths = [t.path("reports", f"{limit}.{number}") for number in (1, 2)]
            for path in paths:
                check(os.path.exists(path), f"{limit}, {form}: no report {os.path.basename(path)}")
                if form == "json":
                    check_whole(path)
                os.unlink(path)


def check_whole(path):
    """All blocks, with names, and sums that hold."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    check(not check_report(report), f"{path}: {check_report(report)}")
    check(report["dump"]["complete"], f"{path}: not complete")
    blocks = [stack["live_blocks"] for stack in report["callstacks"] if stack["live_bytes"] == 500 * 100000]
    check(blocks == [500], f"{path}: {blocks} blocks from the call site of 500")


def quiet(t, scenario, output, before_exec=None, limit=30, format="json", dumps=10):
    """The program is as ever, wherever its reports go, and says nothing of what became of them."""
    argv = [program(t), scenario]
    plain = t.plain(argv, before_exec=before_exec)
    run = t.shim(argv, dumps=dumps, settings={"output": output, "format": format},
                 before_exec=before_exec, limit=limit)
    check(plain.status == 0, f"plain status {plain.status}\n{plain.out}")
    check_same("exit status", plain.status, run.status)
    check_same("output", plain.out, run.out)
    check_same("error output", plain.err, run.err)
    return run


@case()
def data_at_stderr_of_reports_to_stderr(t):
    """The configured descriptor is another file by now: it stays as the program wrote it."""
    for form in ("text", "json", "snapshot"):
        run = t.shim([program(t), "data_at_stderr"], dumps=3, settings={"output": "fd:2", "format": form})
        check(run.status == 0 and run.out.startswith("mine\n"), f"{form}: {run.status} {run.out}")


@case()
def reports_to_a_closed_descriptor(t):
    quiet(t, "work", "fd:77")
    quiet(t, "work", "fd:1048575")


@case(limit=120)
def descriptors_of_every_kind(t):
    """fd:N where N is something odd: no report perhaps, but never a harm."""
    left, right = socket.socketpair()
    reader, _ = os.pipe()
    poll = select.epoll()
    kinds = {
        "a directory": os.open(t.tmp, os.O_RDONLY),
        "read only": os.open("/etc/passwd", os.O_RDONLY),
        "/dev/null": os.open("/dev/null", os.O_RDWR),
        "/dev/full": os.open("/dev/full", os.O_RDWR),
        "/dev/zero": os.open("/dev/zero", os.O_RDWR),
        "a socket without reader": left.fileno(),
        "an event descriptor": os.eventfd(0),
        "the reading end of a pipe": reader,
        "a path": os.open(t.tmp, os.O_PATH),
        "a memory file": os.memfd_create("reports"),
        "a file to append to": os.open(t.path("append"), os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        "a listening socket": socket.create_server(("127.0.0.1", 0)).detach(),
        "epoll": poll.fileno(),
    }
    right.close()
    for what, number in kinds.items():
        at = 50

        def give(number=number):
            os.dup2(number, at)
        try:
            quiet(t, "work_once", f"fd:{at}", before_exec=give, dumps=0)
        except Exception as error:
            raise type(error)(f"{what}: {error}") from error


@case()
def a_pipe_whose_reader_is_gone(t):
    def give():
        reader, writer = os.pipe()
        os.dup2(writer, 60)
        os.close(reader)
        os.close(writer)
    for scenario in ("work", "broken_pipe"):
        for form in ("text", "json", "snapshot"):
            quiet(t, scenario, "fd:60", before_exec=give, format=form, dumps=3)


@case()
def a_pipe_whose_reader_sleeps(t):
    """The report is given up after a while; the program goes on."""
    for blocking in (True, False):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        os.write(writer, b"x" * 65536)
        os.set_blocking(writer, blocking)
        quiet(t, "work_once", "fd:60", before_exec=lambda: os.dup2(writer, 60), dumps=0)
        check(len(os.read(reader, 1 << 20)) == 65536, "more than fits is in the pipe")
        os.close(reader)
        os.close(writer)


@case()
def a_terminal(t):
    main_end, terminal = pty.openpty()
    quiet(t, "work_once", "fd:60", before_exec=lambda: os.dup2(terminal, 60), dumps=0)
    os.close(main_end)
    quiet(t, "work_once", "fd:60", before_exec=lambda: os.dup2(terminal, 60), dumps=0)


@case()
def a_fifo_without_a_reader(t):
    os.mkfifo(t.path("fifo"))
    run = quiet(t, "work", t.path("fifo"))
    check(stat.S_ISFIFO(os.stat(t.path("fifo")).st_mode), "the FIFO was replaced")
    check(run.sent, "no signal was sent")


@case()
def places_that_cannot_be_written(t):
    os.mkdir(t.path("empty"))
    os.symlink("/nowhere/at/all", t.path("dangling"))
    os.symlink("loop", t.path("loop"))
    for output in ("/dev/full", "/dev/null", "/proc/self/mem", "/proc/nothing/x", "/sys/x.%n", "/", ".",
                   t.path("empty"), t.path("dangling"), t.path("loop"), t.path("no/such/folder"),
                   t.path("x" * 255), t.path("x" * 250), "%e" * 1000, "/" + "d/" * 2000 + "x",
                   "%", "%%", "%z", "%h%t%p",
                   t.path("\xff\n"), t.path("a\tb%")):
        try:
            quiet(t, "work", output, dumps=2)
        except Exception as error:
            raise type(error)(f"{output!r}: {error}") from error
    check(not os.listdir(t.path("empty")), "a file was left in a folder")


@case()
def a_folder_that_vanishes(t):
    os.mkdir(t.path("gone"))
    argv = ["/bin/sh", "-c", f"rm -rf {t.path('gone')}; exec {program(t)} work"]
    run = t.shim(argv, dumps=5, settings={"output": t.path("gone", "x.%n")})
    check_same("status", 0, run.status)
    check_same("error output", "", run.err)


@case()
def a_folder_that_comes_back(t):
    """Reports that could not be written are counted in the next one that can."""
    folder = t.path("back")
    process = t.start([t.program("waiting")], t.shim_environment(output=os.path.join(folder, "%n.json")))
    while not is_ready(process.pid, signal.SIGUSR2):
        time.sleep(0.01)
    for there in (False, False, True, True):
        if there:
            os.makedirs(folder, exist_ok=True)
        told = subprocess.run([os.path.join(BUILD, "vmatlas"), "dump", str(process.pid)],
                              capture_output=True, text=True)
        check(told.returncode == (0 if there else 1), f"dump: {told.returncode} {told.stderr}")
    process.kill()
    t.finish(process, 5)
    reports = read_reports(folder)
    check_same("lost", [2, 0], [report["dump"]["lost"].get("reports_failed", 0)
                                for _, report in sorted(reports.items())])


@case()
def a_full_disk(t):
    """Nothing is left of a report that did not fit."""
    os.mkdir(t.path("disk"))
    if not as_root("unshare", "-m", "mount", "-t", "tmpfs", "none", t.path("disk")):
        raise Skip("a file system cannot be mounted here")
    script = (f"mount -t tmpfs -o size=16k none {t.path('disk')}; "
              f"{program(t)} work && ls {t.path('disk')}")
    run = t.shim(["unshare", "-m", "sh", "-c", script], dumps=5, match="limits work $",
                 settings={"output": t.path("disk", "report.%e.%p.%n")})
    check_same("status and error output", (0, ""), (run.status, run.err))
    check("report" not in run.out, f"a torn report is left:\n{run.out}")


# -- Limits that are there before the program ----------------------------------------------------

def limited(what, value):
    def before_exec():
        resource.setrlimit(what, (value, value))
    return before_exec


@case()
def few_descriptors_from_the_start(t):
    for most in (4, 5, 6, 8):
        run = t.compare([program(t), "work"], dumps=10, before_exec=limited(resource.RLIMIT_NOFILE, most))
        check_same("status", 0, run.status)
        for report in run.reports.values():
            faults = report["dump"]["complete"] and check_report(report)
            check(not faults, f"{most} descriptors: {faults}")


def sweep(t, what, sizes):
    """Where the plain program works, so it does under the shim, which may be left out by the loader."""
    ran = 0
    for size in sizes:
        how = limited(what, size)
        plain = t.plain([program(t), "work"], before_exec=how)
        run = t.shim([program(t), "work"], dumps=1, before_exec=how)
        check(run.status >= 0 or plain.status == run.status,
              f"{size} bytes: plain {plain.status}, under the shim {run.status}")
        if plain.status == 0 and size > 16 * MIB:
            check_same(f"{size} bytes: status", 0, run.status)
            check_same(f"{size} bytes: output", plain.out, run.out)
        ran += plain.status == 0
    check(ran, "the program never ran")


@case(limit=120)
def little_address_space_from_the_start(t):
    sweep(t, resource.RLIMIT_AS, range(2 * MIB, 18 * MIB, MIB // 2))


@case()
def little_data_from_the_start(t):
    sweep(t, resource.RLIMIT_DATA, range(0, 6 * MIB, MIB // 2))


@case()
def small_files_from_the_start(t):
    how = limited(resource.RLIMIT_FSIZE, 10)
    plain = t.plain([program(t), "broken_pipe"], before_exec=how)
    run = t.shim([program(t), "broken_pipe"], dumps=3, before_exec=how)
    check_same("status", plain.status, run.status)


@case()
def a_small_stack_from_the_start(t):
    for size in (64 << 10, 128 << 10, 1 << 20):
        survive(t, [program(t), "work"], before_exec=limited(resource.RLIMIT_STACK, size))


main()
