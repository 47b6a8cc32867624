#!/usr/bin/python3
"""When and where a report comes: on which signal, at which end, to which file, in which form."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, Skip, case, check, check_reports, check_equal, is_ready,
                          main)
from vmatlas_report import check_report

REAL_TIME = 34  # glibc keeps the first two real-time signals: its SIGRTMIN


def start_storm(t, milliseconds=1500, number=signal.SIGUSR2, **settings):
    """A program at work, once it can be asked."""
    argv = [t.program("storm"), "2", str(milliseconds)]
    process = t.start(argv, t.shim_environment(**settings))
    deadline = time.monotonic() + 10
    while not is_ready(process.pid, number):
        check(time.monotonic() < deadline and process.poll() is None, "the shim was never ready")
        time.sleep(0.005)
    return process


def ask_and_finish(t, process, number=signal.SIGUSR2, times=1):
    for _ in range(times):
        os.kill(process.pid, number)
        time.sleep(0.2)
    status, out, err = t.finish(process, 30)
    check(status == 0 and out.startswith("whole: "), f"status {status}\n{out}\n{err}")
    return err


def read_json(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    faults = check_report(report)
    check(not faults, "\n".join(faults[:20]))
    return report


@case()
def names_of_files(t):
    process = start_storm(t, output=t.path("%e,%p,%n,%h,%t,%%.json"))
    ask_and_finish(t, process, times=2)
    names = sorted(name for name in os.listdir(t.tmp) if name.endswith(".json"))
    check(len(names) == 2, f"two dumps, and the files are {names}")
    parts = [name[:-len(".json")].split(",") for name in names]
    numbers = [int(part[2]) for part in parts]
    check(sorted(numbers) == [numbers[0], numbers[0] + 1], f"dump numbers {numbers}")
    for part in parts:
        check_equal("fields", ["storm", str(process.pid), platform.node(), "%"],
                   part[:2] + part[3:4] + part[5:])
        check(re.match(r"^[0-9T:.Z-]+$", part[4]), f"%t became {part[4]}")


@case()
def file_is_whole_and_private(t):
    """The name appears by rename: nothing else is left beside it, and others cannot read it."""
    os.makedirs(t.path("out"))
    process = start_storm(t, output=t.path("out", "report.json"))
    ask_and_finish(t, process, times=3)
    check_equal("files", ["report.json"], os.listdir(t.path("out")))
    check_equal("mode", 0o600, os.stat(t.path("out", "report.json")).st_mode & 0o777)
    check_equal("process", process.pid, read_json(t.path("out", "report.json"))["process"]["pid"])


@case()
def symbolic_link_is_not_followed(t):
    os.makedirs(t.path("out"))
    t.write("precious", "precious\n")
    os.symlink(t.path("precious"), t.path("out", "report.json"))
    ask_and_finish(t, start_storm(t, output=t.path("out", "report.json")))
    with open(t.path("precious"), encoding="ascii") as file:
        check_equal("the link's target", "precious\n", file.read())
    read_json(t.path("out", "report.json"))


@case()
def report_on_standard_error(t):
    process = start_storm(t, output="fd:2")
    faults = check_report(json.loads(ask_and_finish(t, process)))
    check(not faults, "\n".join(faults[:20]))


@case()
def text_by_default(t):
    """LD_PRELOAD alone: a text for people on standard error, with what a person wants first."""
    process = start_storm(t, output=None, format=None)
    text = ask_and_finish(t, process)
    head = "\n".join(text.splitlines()[:12])
    for want in ("storm", str(process.pid)):
        check(want in head, f"no {want} in the first lines:\n{head}")
    for want in ("[heap]", "libc.so.6", "libvmatlas.so"):
        check(want in text, f"no {want} in the text:\n{text[:3000]}")


@case()
def snapshot_and_command(t):
    """The command makes the same JSON of a snapshot as the shim makes itself."""
    if not os.path.exists(COMMAND):
        raise Skip(f"no {COMMAND}")
    ask_and_finish(t, start_storm(t, output=t.path("snap"), format="snapshot"))
    told = subprocess.run([COMMAND, "report", "--json", t.path("snap")], capture_output=True,
                          text=True, timeout=30)
    check(told.returncode == 0, f"vmatlas report: {told.returncode}\n{told.stderr}")
    faults = check_report(json.loads(told.stdout))
    check(not faults, "\n".join(faults[:20]))


def prove_signal(t, setting, number):
    process = start_storm(t, number=number, signal=setting)
    ask_and_finish(t, process, number)
    names = os.listdir(t.path("reports"))
    check(len(names) == 1, f"files {names}")
    read_json(t.path("reports", names[0]))


@case()
def signal_by_name(t):
    prove_signal(t, "USR1", signal.SIGUSR1)


@case()
def signal_by_number(t):
    prove_signal(t, str(int(signal.SIGURG)), signal.SIGURG)


@case()
def signal_of_real_time(t):
    prove_signal(t, "RTMIN+3", REAL_TIME + 3)


@case()
def no_signal(t):
    """VMATLAS_SIGNAL=none: SIGUSR2 does what it did before, it kills."""
    process = t.start([t.program("storm"), "2", "3000"], t.shim_environment(signal="none"))
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGUSR2)
    check_equal("status", -signal.SIGUSR2, t.finish(process, 20)[0])


@case()
def depth_is_kept(t):
    run = t.shim([t.program("storm"), "2", "1500"], dumps=2, settings={"depth": 2})
    check_reports(run)
    deepest = max(len(row["frames"]) for report in run.reports.values()
                  for row in report["callstacks"])
    check(deepest <= 2, f"{deepest} frames")


def children_have_shim(t, setting):
    script = "/bin/grep -c libvmatlas /proc/self/maps; :"
    run = t.shim(["/bin/sh", "-c", script], settings={"children": setting})
    return int(run.out) > 0


@case()
def children(t):
    check_equal("with VMATLAS_CHILDREN=1 the shim is in a child", True, children_have_shim(t, 1))
    check_equal("with VMATLAS_CHILDREN=0 the shim is in a child", False, children_have_shim(t, 0))


@case()
def one_report_more_at_most(t):
    """A hundred requests to a stopped process are one, or one and one more."""
    process = start_storm(t, 2000)
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(100):
        os.kill(process.pid, signal.SIGUSR2)
    os.kill(process.pid, signal.SIGCONT)
    t.finish(process, 30)
    check(1 <= len(os.listdir(t.path("reports"))) <= 2, f"{os.listdir(t.path('reports'))}")


@case(limit=30)
def interval(t):
    run = t.shim([t.program("storm"), "1", "3600"], settings={"interval": 1})
    check_reports(run)
    check(2 <= len(run.reports) <= 4, f"{len(run.reports)} reports in 3.6 s")


GROW = """
import time
held = []
for _ in range(60):
    held.append(bytearray(1 << 20))
    time.sleep(0.01)
"""


@case(limit=30)
def growth(t):
    run = t.shim(["/usr/bin/python3", t.write("grow.py", GROW)], settings={"growth": "10M"})
    check_reports(run)
    check(4 <= len(run.reports) <= 8, f"{len(run.reports)} reports of 60 MiB in steps of 10")


# How a process ends, and how many reports VMATLAS_EXIT=1 leaves.
ENDS = {"return": 1, "exit": 1, "exit(0x1ff)": 1, "_exit": 1, "_Exit": 1, "quick_exit": 1,
        "exit in a handler": 1, "pthread_exit of main": 1, "pthread_exit of the last thread": 1,
        "exit beside threads": 1, "raw exit_group": 0, "SIGKILL": 0}
FATAL = {"abort": 1, "abort, caught": 1, "double free": 1, "SIGTERM": 1, "wild write": 1}


def prove_end(t, end, wanted):
    argv = [t.program("edges_end"), end]
    run = t.compare(argv, settings={"exit": 1})
    check(len(run.reports) == wanted, f"{end}: {len(run.reports)} reports, {wanted} wanted")
    check_reports(run, least=wanted)
    check_equal(f"{end}: files", len(run.reports), len(os.listdir(t.path("reports"))))


@case()
def report_at_every_end(t):
    for end, wanted in ENDS.items():
        prove_end(t, end, wanted)


@case()
def report_at_a_fatal_end(t):
    for end, wanted in FATAL.items():
        prove_end(t, end, wanted)


@case()
def no_report_at_exit_unless_asked(t):
    for settings in ({}, {"exit": 0}):
        run = t.shim([t.program("edges_end"), "exit"], settings=settings)
        check(not run.reports, f"{len(run.reports)} reports")


@case()
def two_programs_one_file(t):
    """Two processes that write under one name leave one whole report of one of them."""
    both = [start_storm(t, output=t.path("same.json")) for _ in range(2)]
    for _ in range(10):
        for process in both:
            os.kill(process.pid, signal.SIGUSR2)
        time.sleep(0.05)
    for process in both:
        t.finish(process, 30)
    check(read_json(t.path("same.json"))["process"]["pid"] in [process.pid for process in both],
          "the report is of neither")


main()
