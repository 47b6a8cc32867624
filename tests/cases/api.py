#!/usr/bin/python3
"""vmatlas.h: a program that uses it links and runs without the shim, and is answered with it."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, PROGRAMS, ROOT, case, check, check_equal, check_reports,
                          check_same, main, need)

INCLUDE = "-I" + os.path.join(ROOT, "include")

TABLE = """\
block: heap, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 0 of a block of 100, asked for by this program 1, thread 1
within a block: heap, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 99 of a block of 100, asked for by this program 1, thread 1
behind a block: heap, access 3, module \n  in its mapping 1, in its module 0, errno kept
empty block: heap, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 0 of a block of 0, asked for by this program 1, thread 1
large block: malloc-mmap, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 0 of a block of 1048576, asked for by this program 1, thread 1
within a large block: malloc-mmap, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 1048575 of a block of 1048576, asked for by this program 1, thread 1
freed block: heap, access 3, module \n  in its mapping 1, in its module 0, errno kept
region: anon, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 0 of a region of 12288, asked for by this program 1, thread 1
cut region: anon, access 3, module \n  in its mapping 1, in its module 0, errno kept
  byte 8191 of a region of 8192, asked for by this program 1, thread 1
nothing: ENOENT, errno kept, untouched 1
function: text, access 5, module api
  in its mapping 1, in its module 1, errno kept
function of libc: rodata, access 1, module libc.so.6
  in its mapping 1, in its module 1, errno kept
variable: data, access 3, module api
  in its mapping 1, in its module 1, errno kept
zeros: bss, access 3, module api
  in its mapping 1, in its module 1, errno kept
local: main-stack, access 3, module \n  in its mapping 1, in its module 0, errno kept
  stack of this thread 1
NULL: ENOENT, errno kept, untouched 1
last: ENOENT, errno kept, untouched 1
local of a thread: thread-stack, access 3, module \n  in its mapping 1, in its module 0, errno kept
  stack of this thread 1
size 0: EINVAL
smaller: EINVAL
absurd: EINVAL
larger: 0
  size kept, zeros behind 1, the rest untouched 1
NULL: EINVAL
in main: dump 0, phase 0, describe 0 data, errno 1
in a handler: dump 0, phase 0, describe 0 data, errno 1
in a child: dump 0, phase 0, describe 0 data, errno 1
child: status 0
in a child of vfork: dump EAGAIN, phase EAGAIN, describe EAGAIN , errno 1
child of vfork: status 0
after the children: dump 0, phase 0, describe 0 data, errno 1
"""

# How programs are linked: in the second the linker decides about weak symbols.
LINKS = {"position independent": ["-fPIE", "-pie"], "fixed": ["-fno-pie", "-no-pie"],
         "fixed, optimized": ["-O2", "-fno-pie", "-no-pie"], "whole program": ["-O2", "-flto"]}


def reasons(run):
    return sorted(report["dump"]["reason"] for report in run.reports.values())


def names(report):
    return [phase["name"] for phase in report["phases"]]


@case()
def without_the_shim_nothing_is_there(t):
    """However it is linked; statically, too."""
    for how, flags in {**LINKS, "static": ["-static"]}.items():
        run = t.plain([t.compile("api.c", t.path("api"), *flags)])
        check_equal(f"{how}: status and errors", (0, ""), (run.status, run.err))
        for line in run.out.splitlines():
            check("ENOSYS" in line or line.startswith(("child", "  size kept")), f"{how}: {line}")


@case()
def addresses_are_described(t):
    for how, flags in LINKS.items():
        run = t.shim([t.compile("api.c", t.path("api"), *flags)])
        check_equal(f"{how}: status and errors", (0, ""), (run.status, run.err))
        check_same(how, TABLE, run.out)
        check_reports(run, least=4)
        check_equal("reasons", ["after the children", "in a child", "in a handler", "in main"],
                    reasons(run))


@case()
def it_can_be_asked_while_dumps_come(t):
    run = t.shim([t.program("api")], dumps=100, delay=0.001)
    busy = run.out.replace("dump EBUSY", "dump 0")
    check_same("output", TABLE, busy)
    check_reports(run, least=4)


@case()
def phases_are_in_the_report(t):
    """Each time with one block of a million bytes more than the time before."""
    run = t.shim([t.program("api"), "phases", "50"])
    check_equal("status", 0, run.status)
    check_equal("reasons", ["after the phases", "api", "api"], reasons(run))
    check_reports(run, least=3)
    for report in run.reports.values():
        phases = report["phases"]
        check_equal("names", [f"phase {i}" for i in range(50)] +
                    ["x" * 64, "x" * 63, "tab\t, quote \", byte \udcff"], names(report))
        for before, after in zip(phases[:50], phases[1:51]):
            check_equal("blocks", 1, after["live_blocks"] - before["live_blocks"])
            check_equal("bytes", 1000000, after["live_bytes"] - before["live_bytes"])
            check_equal("allocations", 1, after["allocations"] - before["allocations"])
            check(after["time_ns"] >= before["time_ns"], "time goes backwards")
            check(after["rss"] > 1 << 19, f"RSS of {after['rss']}")
            check_equal("thread", report["process"]["pid"], after["tid"])
        check_equal("live at the end", (report["totals"]["live_blocks"],
                    report["totals"]["live_bytes"]),
                    (phases[-1]["live_blocks"], phases[-1]["live_bytes"]))
        check_equal("not kept", 0, report["dump"]["lost"]["phases"])
        start, now = (report["process"][key] for key in ("start_time_ns", "time_ns"))
        check(start <= phases[0]["time_ns"] <= phases[-1]["time_ns"] <= now, "out of time")


@case()
def phases_are_bounded(t):
    run = t.shim([t.program("api"), "phases", "16390"])
    lines = run.out.splitlines()
    check_equal("first that was refused", "phase 16384: ENOSPC", lines[0])
    report = next(iter(run.reports.values()))
    check_equal("kept", [f"phase {i}" for i in range(16384)], names(report))
    check_equal("not kept", 6 + 3, report["dump"]["lost"]["phases"])


@case()
def text_lists_the_last_phases(t):
    run = t.shim([t.program("api"), "phases", "50"],
                 settings={"format": "text", "output": t.path("%n.txt")})
    check_equal("status", 0, run.status)
    with open(t.path("1.txt"), encoding="utf-8") as file:
        text = file.read()
    check("\nPhases: 53, of which the last 30\n" in text, text)
    shown = text.split("\nPhases: ")[1].split("\n\n")[0].splitlines()[2:]
    check_equal("lines", 30, len(shown))
    check(shown[0].endswith("  phase 23"), shown[0])
    check(shown[-1].endswith('  tab\\x09, quote ", byte \\xff'), shown[-1])


@case()
def snapshot_keeps_the_phases(t):
    run = t.shim([t.program("api"), "phases", "5"],
                 settings={"format": "snapshot", "output": t.path("%n.vma")})
    check_equal("status", 0, run.status)
    told = subprocess.run([COMMAND, "report", "--json", t.path("1.vma")], capture_output=True,
                          text=True, check=False)
    check_equal("errors", "", told.stderr)
    report = json.loads(told.stdout)
    check_equal("names", [f"phase {i}" for i in range(5)], names(report)[:5])
    check_equal("growth", 4000000,
                report["phases"][4]["live_bytes"] - report["phases"][0]["live_bytes"])


@case()
def report_without_phases_says_nothing(t):
    run = t.shim([t.program("storm"), "1", "300"], dumps=1)
    check_reports(run)
    check_equal("phases", [], next(iter(run.reports.values()))["phases"])


@case()
def cxx_program(t):
    program = t.program("api_cxx")
    check_equal("plain", "phase: ENOSYS\nvector: ENOSYS, , block of 0\n"
                "unique_ptr: ENOSYS, , block of 0\nfunction: ENOSYS, , block of 0\n"
                "dump: ENOSYS\n", t.plain([program]).out)
    run = t.shim([program])
    check_equal("under the shim", "phase: 0\nvector: 0, heap, block of 4000\n"
                "unique_ptr: 0, heap, block of 123\nfunction: 0, text, block of 0\ndump: 0\n",
                run.out)
    check_reports(run)
    check_equal("phases", ["numbers"], names(next(iter(run.reports.values()))))


@case()
def allocator_that_asks(t):
    """Within malloc and free, which the shim called; and where the shim has not started yet."""
    library = t.compile(os.path.join(PROGRAMS, "lib", "asking_malloc.c"), t.path("asking.so"),
                        "-shared", "-fPIC")
    run = t.shim([t.program("storm"), "4", "300"], dumps=20, preload=library,
                 settings={"output": t.path("reports", "last.json")})
    check(run.status == 0 and run.out.startswith("whole: "), run.out + run.err)
    check_reports(run)
    check("in malloc" in names(run.reports["last.json"]), "it was never heard")


@case()
def header_is_plain(t):
    """In old and new C and C++, without a warning."""
    need("gcc", "g++")
    strict = ["-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-pedantic"]
    source = t.write("use.c", '#include "vmatlas.h"\n'
                     "int main(void) { return vmatlas_phase(\"x\") + vmatlas_dump(0); }\n")
    compilers = [["gcc", f"-std={std}", *strict] for std in ("c90", "c99", "gnu11", "gnu2x")]
    compilers += [["g++", "-x", "c++", f"-std={std}", *strict[:3], "-pedantic", "-Wno-long-long"]
                  for std in ("c++98", "c++11", "c++20")]
    for compiler in compilers:
        told = subprocess.run([*compiler, INCLUDE, "-o", t.path("use"), source],
                              capture_output=True, text=True, check=False)
        check_equal(" ".join(compiler), (0, ""), (told.returncode, told.stderr))


main()
