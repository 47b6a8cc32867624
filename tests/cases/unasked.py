#!/usr/bin/python3
"""Reports that nobody asks for at the moment: growth, limits, failures, and how many are kept."""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, case, check, check_equal, check_reports, main

MIB = 1 << 20

# Touches memory that malloc knows nothing of, in steps; then gives it back and takes it again.
TOUCH = """
import mmap, time
held = mmap.mmap(-1, 96 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for _ in range(12):
    for page in range(2048):
        held.write(b"x" * 4096)
    time.sleep(0.3)
"""

# Does nothing that could be reported, and is interrupted by nobody.
IDLE = """
import time
begun = time.monotonic()
time.sleep(1.5)
print(1.45 < time.monotonic() - begun < 3)
"""

REFUSED = """
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <sys/resource.h>

int main(void)
{
	struct rlimit limit = {256 << 20, 256 << 20};
	void *volatile block = malloc(1000);
	int refused = 0;

	setrlimit(RLIMIT_AS, &limit);
	for (int i = 0; i < 100; i++) {
		errno = 0;
		refused += !malloc((size_t)1 << 30) && errno == ENOMEM;
		refused += !calloc(SIZE_MAX / 2, 4) && errno == ENOMEM;
		refused += !realloc(block, (size_t)1 << 40) && errno == ENOMEM;
	}
	printf("%d\\n", refused);
	return 0;
}
"""


def reasons(run):
    return sorted(report["dump"]["reason"] for report in run.reports.values())


# -- Growth ---------------------------------------------------------------------------------

@case(limit=60)
def growth_of_resident_memory(t):
    """96 MiB in steps of 8, which malloc never sees: a report for each 20 MiB, four of them."""
    run = t.shim(["/usr/bin/python3", t.write("touch.py", TOUCH)], settings={"growth": "20M"})
    check_reports(run)
    check(3 <= len(run.reports) <= 5, f"{len(run.reports)} reports")
    check_equal("reasons", {"growth"}, set(reasons(run)))
    sizes = sorted(report["totals"]["rss"] for report in run.reports.values())
    for small, large in zip(sizes, sizes[1:]):
        check(large - small >= 18 * MIB, f"reports at {sizes}")


@case(limit=60)
def looking_is_not_noticed(t):
    run = t.compare(["/usr/bin/python3", t.write("idle.py", IDLE)],
                    settings={"growth": "1G", "limit": "100%", "failure": 1})
    check_equal("output", "True\n", run.out)
    check_equal("reports", {}, run.reports)


@case(limit=60)
def an_interval_beside_growth(t):
    """The timer looks four times a second; the interval is what it was."""
    run = t.shim(["/usr/bin/python3", "-c", "import time; time.sleep(3.6)"],
                 settings={"interval": 1, "growth": "1G"})
    check_reports(run)
    check_equal("reasons", ["interval"], sorted(set(reasons(run))))
    check(2 <= len(run.reports) <= 4, f"{len(run.reports)} reports in 3.6 s")


NO_TIMER = """
import os, signal, time
if not os.fork():
    os.kill(os.getpid(), signal.SIGUSR2)
    os._exit(0)
os.wait()
os.kill(os.getpid(), signal.SIGUSR2)
"""


def no_timer(report):
    return any("no timer" in notice for notice in report["dump"]["notices"])


@case(limit=60)
def where_nobody_looks_it_is_said(t):
    """A forked child has no timer, and a program without a signal of ours neither."""
    run = t.shim(["/usr/bin/python3", t.write("fork.py", NO_TIMER)], settings={"growth": "1G"})
    check_equal("said in the child alone", [False, True],
                sorted(no_timer(report) for report in run.reports.values()))
    run = t.shim(["/usr/bin/python3", "-c", "1"], settings={"limit": 90, "signal": "none", "exit": 1})
    check_equal("said without a signal", [True],
                [no_timer(report) for report in run.reports.values()])
    run = t.shim(["/usr/bin/python3", "-c", "1"], settings={"signal": "none", "exit": 1})
    check_equal("said where nothing is wanted", [False],
                [no_timer(report) for report in run.reports.values()])


# -- Control groups -------------------------------------------------------------------------

class Group:
    """A control group of version 2, as a folder that stands for the kernel's."""

    def __init__(self, t):
        self.folder = t.path("cgroup")
        os.makedirs(os.path.join(self.folder, "box"))
        self.write("list", "0::/box\n")
        self.write("box/memory.max", f"{100 * MIB}\n")
        self.use(50)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def use(self, mib):
        self.write("box/memory.current", f"{mib * MIB}\n")


def reports_now(t):
    return sorted(glob.glob(t.path("reports", "*.json")))


def wait_for_reports(t, count, limit=15):
    end = time.monotonic() + limit
    while len(reports_now(t)) < count:
        check(time.monotonic() < end, f"{len(reports_now(t))} reports, {count} wanted")
        time.sleep(0.02)


@case(limit=60)
def near_the_limit_of_a_control_group(t):
    group = Group(t)
    env = t.shim_environment(limit="90%", cgroup=group.folder)
    process = t.start([t.program("waiting")], env)
    time.sleep(1.5)
    check_equal("reports at 50 %", [], reports_now(t))
    group.use(91)
    wait_for_reports(t, 1)
    time.sleep(1.5)
    check_equal("reports while it stays there", 1, len(reports_now(t)))
    group.use(88)
    time.sleep(1.5)
    group.use(91)
    time.sleep(1.5)
    check_equal("reports after a little relief", 1, len(reports_now(t)))
    group.use(50)
    time.sleep(1.5)
    group.use(95)
    wait_for_reports(t, 2)
    process.kill()
    t.finish(process, 10)
    for path in reports_now(t):
        with open(path, encoding="utf-8") as file:
            check_equal("reason", "limit", json.load(file)["dump"]["reason"])


@case(limit=60)
def the_kernels_own_control_groups(t):
    """What they say is taken, whatever it is: nothing happens at 100 %, nothing goes wrong."""
    run = t.compare(["/usr/bin/python3", "-c", "import time; time.sleep(1); print(1)"],
                    settings={"limit": "100%"})
    check(all(reason == "limit" for reason in reasons(run)), f"{reasons(run)}")
    run = t.compare(["/usr/bin/python3", "-c", "import time; time.sleep(1); print(1)"],
                    settings={"limit": "1", "cgroup": "/no/such/folder"})
    check_equal("reports without control groups", {}, run.reports)


# -- Failures -------------------------------------------------------------------------------

def refused(t):
    source = t.write("refused.c", REFUSED)
    return [t.compile(source, t.path("refused"))]


@case(limit=60)
def malloc_fails(t):
    """300 refusals: one report, of the first, and errno is malloc's."""
    run = t.compare(refused(t), settings={"failure": 1})
    check_equal("output", "300\n", run.out)
    check_reports(run)
    check_equal("reasons", ["failure"], reasons(run))
    report = next(iter(run.reports.values()))
    check_equal("refused so far", 1, report["totals"]["failed_allocations"])
    run = t.shim(refused(t))
    check_equal("reports where none is wanted", {}, run.reports)


# -- How many are kept ----------------------------------------------------------------------

def names(t):
    return sorted(os.path.basename(path) for path in glob.glob(t.path("reports", "*")))


def dump_times(t, process, count):
    for number in range(count):
        os.kill(process.pid, signal.SIGUSR2)
        end = time.monotonic() + 10
        while not os.path.exists(t.path("reports", f"waiting.{process.pid}.{number + 1}.json")):
            check(time.monotonic() < end, f"report {number + 1} did not come")
            time.sleep(0.01)
    time.sleep(0.2)


def read_numbers(t, process):
    found = [re.fullmatch(rf"waiting\.{process.pid}\.(\d+)\.json", name) for name in names(t)]
    return sorted(int(match.group(1)) for match in found if match)


def start_waiting(t, **settings):
    process = t.start([t.program("waiting")], t.shim_environment(**settings))
    end = time.monotonic() + 20
    while "ready" not in os.pread(process.files[0].fileno(), 100, 0).decode():
        check(time.monotonic() < end, "it does not begin")
        time.sleep(0.01)
    return process


@case(limit=60)
def the_last_reports_are_kept(t):
    process = start_waiting(t, keep=3)
    others = [f"waiting.{process.pid}.notes.json", f"waiting.{process.pid + 1}.1.json"]
    for name in others:
        t.write(os.path.join("reports", name), "another's")
    dump_times(t, process, 7)
    check_equal("reports", [5, 6, 7], read_numbers(t, process))
    for name in others:
        check(name in names(t), f"{name} is gone")
    process.kill()
    t.finish(process, 10)


@case(limit=60)
def what_another_put_in_its_place_stays(t):
    process = start_waiting(t, keep=1)
    dump_times(t, process, 1)
    mine = t.path("reports", f"waiting.{process.pid}.1.json")
    os.rename(mine, mine + ".moved")
    t.write(os.path.join("reports", os.path.basename(mine)), "another's")
    os.kill(process.pid, signal.SIGUSR2)
    time.sleep(1)
    check_equal("files", 3, len(names(t)))
    with open(mine, encoding="utf-8") as file:
        check_equal("what stands there", "another's", file.read())
    process.kill()
    t.finish(process, 10)


@case(limit=60)
def children_keep_their_own(t):
    """Five reports of a process, then five of its child: two of each stay."""
    script = ("import os, signal, time\n"
              "def five():\n"
              "    for _ in range(5):\n"
              "        os.kill(os.getpid(), signal.SIGUSR2); time.sleep(0.1)\n"
              "five()\n"
              "child = os.fork()\n"
              "if not child:\n"
              "    five()\n"
              "    os._exit(0)\n"
              "os.waitpid(child, 0)\n"
              "print(child)\n")
    run = t.shim(["/usr/bin/python3", t.write("five.py", script)], settings={"keep": 2})
    child = run.out.strip()
    numbers = [name.split(".")[-2] for name in names(t) if f".{child}." in name]
    check_equal("of the child", 2, len(numbers))
    check_equal("of both", 4, len(names(t)))


@case(limit=60)
def one_name_for_all_is_one_file(t):
    process = t.start([t.program("waiting")],
                      t.shim_environment(output=t.path("reports", "last.json"), keep=2))
    time.sleep(1)
    for _ in range(6):
        os.kill(process.pid, signal.SIGUSR2)
        time.sleep(0.1)
    process.kill()
    t.finish(process, 10)
    check_equal("files", ["last.json"], names(t))


@case(limit=60)
def a_snapshot_for_a_command_is_not_counted(t):
    process = start_waiting(t, keep=2)
    dump_times(t, process, 2)
    for number in range(3):
        told = subprocess.run([COMMAND, "dump", "-f", "snapshot", "--private", "-o",
                               t.path(f"private{number}"), str(process.pid)],
                              capture_output=True, text=True, timeout=30, check=False)
        check_equal("status", 0, told.returncode)
    check_equal("reports", [1, 2], read_numbers(t, process))
    process.kill()
    t.finish(process, 10)


main()
