#!/usr/bin/python3
"""Every wrapped function passes its table of edge cases with and without the shim, errno included."""

import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import PROGRAMS, ROOT, case, check, check_equal, check_reports, main


def prove(t, name, least, status=0, dumps=5):
    """The program's table has at least so many lines, and they are the same under the shim."""
    program = t.program(name)
    for settings in ({}, {"depth": 1, "blocks": 1}):
        run = t.compare([program], dumps=dumps, delay=0.01, settings=settings)
        check(run.plain.status == status, f"plain run: status {run.plain.status}\n{run.plain.out}")
        lines = len(run.out.splitlines())
        check(lines >= least, f"{lines} lines, {least} wanted")
        check_reports(run, least=0)
    print(f"{lines} lines are the same")


@case()
def heap(t):
    prove(t, "edges_heap", 2000)


@case()
def mappings(t):
    prove(t, "edges_map", 500)


@case()
def threads(t):
    prove(t, "edges_thread", 70)


@case()
def processes(t):
    prove(t, "edges_process", 70, status=7)


@case()
def libc_that_allocates(t):
    prove(t, "edges_libc", 50)


@case()
def ends(t):
    prove(t, "edges_end", 45, status=7)


@case()
def waits(t):
    prove(t, "edges_wait", 500)


@case()
def jumps(t):
    prove(t, "edges_jump", 90)


@case()
def transfers(t):
    prove(t, "edges_transfer", 150)


@case(limit=120)
def waits_in_a_rain_of_dumps(t):
    """A wait that a dump interrupts ends when it would have ended, and says what it would have said."""
    run = t.compare([t.program("waits_long")], dumps=100000, delay=0.03, limit=100,
                    settings={"output": t.path("reports", "last.json")})
    check(len(run.out.splitlines()) >= 57, run.out)
    check(run.sent > 200, f"only {run.sent} dumps were asked for")
    check_reports(run)


@case(limit=200)
def a_dump_that_another_thread_makes(t):
    """The kernel ends some waits of the thread that it woke for the signal, and no handler ran there."""
    for words in ([], ["handler"]):
        run = t.compare([t.program("waits_stolen"), *words], dumps=100000, delay=0.005, limit=90,
                        settings={"output": t.path("reports", "last.json")})
        check_equal("lines", 6, len(run.out.splitlines()))
        check(run.sent > 200, f"only {run.sent} dumps were asked for")
        check_reports(run)


@case(limit=20)
def every_wrapped_function_is_tried(t):
    """Each name of the one list stands in some program's table."""
    text = ""
    for path in glob.glob(os.path.join(PROGRAMS, "**", "*.c*"), recursive=True):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    with open(os.path.join(ROOT, "preload", "wrapped.def"), encoding="utf-8") as file:
        names = re.findall(r"^WRAPPED(?:_[A-Z]+)?\([^,]*,\s*(\w+)", file.read(), re.M)
    check(len(names) > 20, "the list is empty")
    untried = [name for name in names if not re.search(rf"\b{name}\b", text)]
    check(not untried, f"no program tries {untried}")


main()
