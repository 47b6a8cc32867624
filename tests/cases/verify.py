#!/usr/bin/python3
"""VMATLAS_VERIFY=1: each call stack, captured the fast way, is compared with libunwind's own."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, case, check, main, need

SENTENCE = re.compile(r"verified (\d+) call stacks, (\d+) differ")


ASKED = {"verify": 1, "exit": 1}


def notices_of(run):
    check(run.reports, f"no report\n{run.err}")
    return {name: report["dump"]["notices"] for name, report in run.reports.items()}


def verify(t, argv, least=100, env=None):
    """Runs it plain and verified; fails where a call stack differs, or fewer were compared."""
    run = t.compare(argv, limit=200, env=env, settings=ASKED)
    compared = 0
    for name, notices in notices_of(run).items():
        told = [notice for notice in notices if "call stack" in notice]
        counts = SENTENCE.match(told[0]) if told else None
        check(counts and counts[2] == "0" and len(told) == 1, f"{name}: {told}")
        compared += int(counts[1])
    check(compared >= least, f"{compared} call stacks, {least} wanted")
    return run


@case()
def handlers(t):
    verify(t, [t.program("walks"), "handlers"])


@case()
def jumps(t):
    verify(t, [t.program("walks"), "jumps"])


@case()
def allocas(t):
    verify(t, [t.program("walks"), "allocas"])


@case()
def coroutines(t):
    verify(t, [t.program("walks"), "coroutines"])


@case()
def generated_code(t):
    verify(t, [t.program("walks"), "generated"])


@case()
def tail_calls(t):
    verify(t, [t.program("walks"), "tail_calls"])


@case()
def another_library_at_the_same_address(t):
    libraries = [t.compile("lib/frame_size.c", t.path(f"room{room}.so"), "-shared", "-fPIC",
                           f"-DROOM={room}") for room in (64, 512)]
    run = verify(t, [t.program("walks"), "libraries", *libraries])
    check("at the same address: yes" in run.out, run.out)


@case()
def exceptions(t):
    verify(t, [t.program("throws"), "200"])


@case()
def a_pool_of_threads(t):
    run = t.shim([t.program("storm"), "4", "500"], settings=ASKED)
    for name, notices in notices_of(run).items():
        counts = [SENTENCE.match(notice) for notice in notices if "verified" in notice]
        check(counts and counts[0][2] == "0", f"{name}: {notices}")


@case()
def python(t):
    need("python3")
    verify(t, ["python3", "-c", "import json; print(len(json.dumps([{i: [i]} for i in range(500)])))"],
           env={"PYTHONMALLOC": "malloc"}, least=1000)


@case()
def perl(t):
    need("perl")
    verify(t, ["perl", "-e", "my %h; $h{$_ % 99} .= $_ for 1..3000; print scalar(keys %h)"])


@case()
def sqlite(t):
    need("sqlite3")
    verify(t, ["sqlite3", ":memory:", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
               "FROM n WHERE i < 2000) SELECT sum(length('x' || i)) FROM n;"])


@case()
def a_compiler(t):
    need("g++")
    source = t.write("a.cc", "#include <vector>\nint main() { std::vector<int> v(3); return v[0]; }\n")
    verify(t, ["g++", "-fsyntax-only", source], least=1000)


@case()
def the_text_and_the_snapshot_say_it_too(t):
    for form in ("text", "snapshot"):
        output = t.path(form)
        t.shim([t.program("walks"), "allocas"],
               settings={**ASKED, "output": output, "format": form})
        shown = ["cat"] if form == "text" else [COMMAND, "report"]
        told = subprocess.run([*shown, output], capture_output=True, text=True)
        check(SENTENCE.search(told.stdout), told.stdout[:2000] + told.stderr)


@case()
def nobody_asked(t):
    run = t.shim([t.program("walks"), "allocas"], settings={"exit": 1})
    told = [notice for notices in notices_of(run).values() for notice in notices]
    check(not any("verified" in notice for notice in told), f"{told}")


main()
