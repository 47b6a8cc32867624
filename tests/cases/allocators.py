#!/usr/bin/python3
"""Other mallocs: preloaded behind or before the shim, linked in, or defined by the program."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import SHIM, Fail, case, check, check_same, find_library, main

LIBRARIES = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4",
             "mimalloc": "libmimalloc.so.2.0"}


def sums_of(text):
    return [row["sum"] for row in map(json.loads, text.splitlines()) if "sum" in row]


def compare_blocks(text, report):
    """Each block that the program made is in the report, with its size; none is there twice."""
    truths = [row for row in map(json.loads, text.splitlines()) if "block" in row]
    blocks = {block["address"]: block for block in report["blocks"]}
    faults = [f"{row['site']} of {row['size']} bytes at {row['block']}: {blocks.get(row['block'])}"
              for row in truths
              if blocks.get(row["block"], {}).get("size") != row["size"]]
    if len(blocks) != len(report["blocks"]):
        faults.append("blocks are listed twice")
    if faults:
        raise Fail("\n".join(faults[:20]) + f"\n{len(faults)} of {len(truths)} blocks differ")


def prove(t, program, preload=None, order=None):
    argv, ignore = [program, "30000"], "trap '' USR2; exec \"$0\" \"$@\""
    plain = t.plain(["/bin/sh", "-c", ignore, *argv], preload=preload)
    check(plain.status == 0, f"plain run: status {plain.status}\n{plain.err}")
    env = {"LD_PRELOAD": order} if order else {}
    merged = {**t.shim_environment(preload=preload, blocks=1), **env}
    status, out, err = t.finish(t.start(argv, merged), 20)
    check_same("status and error output", (0, plain.err), (status, err))
    check_same("sums", sums_of(plain.out), sums_of(out))
    return out


def reports_of(t):
    found = []
    for name in sorted(os.listdir(t.path("reports"))):
        with open(t.path("reports", name), encoding="utf-8") as file:
            found.append(json.load(file))
    check(len(found) == 1, f"{len(found)} reports of one signal")
    return found


@case()
def libc_malloc(t):
    out = prove(t, t.program("allocator"))
    compare_blocks(out, reports_of(t)[0])


def make_cases(name, library):
    def behind(t):
        path = find_library(library)
        out = prove(t, t.program("allocator"), preload=path)
        compare_blocks(out, reports_of(t)[0])

    def before(t):
        path = find_library(library)
        prove(t, t.program("allocator"), preload=path, order=f"{path}:{SHIM}")

    def linked(t):
        path = find_library(library)
        program = t.compile("allocator.c", t.path("linked"), path)
        out = prove(t, program)
        compare_blocks(out, reports_of(t)[0])

    for function, suffix in ((behind, "behind_us"), (before, "before_us"), (linked, "linked")):
        function.__name__ = f"{name}_{suffix}"
        case(limit=90)(function)


for allocator, file_name in LIBRARIES.items():
    make_cases(allocator, file_name)


@case()
def malloc_of_the_program(t):
    """Its own malloc answers; the shim sees none of it, does no harm, and says so."""
    t.compare([t.program("own_malloc")])
    run = t.shim([t.program("own_malloc")], settings={"exit": 1})
    notices = [notice for report in run.reports.values() for notice in report["dump"]["notices"]]
    check(any("malloc is not visible" in notice for notice in notices), f"notices: {notices}")


main()
