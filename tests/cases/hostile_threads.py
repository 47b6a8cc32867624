#!/usr/bin/python3
"""Threads, stacks and frames of every kind, dumped from inside and outside while they work."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, check_equal, main
from vmatlas_hostile import build, prove_all, scenarios_of, survive

NOT_ASKED = {"reports": 0}
prove_all("threads.c", how={"freed_by_others": NOT_ASKED})
JUMPS = [name for name in scenarios_of("stacks.c") if name.startswith("handler_")]
prove_all("stacks.c", how={"jump_out_of_sort": NOT_ASKED}, without=JUMPS)
prove_all("cancel.c")


def prove_seen(scenario):
    """What is allocated after a handler left our frames by a jump is seen as before."""
    def run(t):
        done = survive(t, [build(t, "stacks.c"), scenario], settings={"blocks": 1})
        last = max(done.reports.values(), key=lambda report: report["dump"]["number"])
        left = [block for block in last["blocks"] if block["size"] == 7777]
        check_equal("blocks left at the end", 100, len(left))
        check(all(block["callstack"] for block in left), "blocks without a call stack")
    run.__name__ = scenario
    case()(run)


for row in JUMPS:
    prove_seen(row)
main()
