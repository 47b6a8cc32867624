#!/usr/bin/python3
"""All ways in: libc's own allocations, before main and after it, C++, and past the wrappers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check_same, main
from vmatlas_hostile import build, prove_all, survive

prove_all("entry.c")
prove_all("resolvers.c")
MARK = 7024


@case()
def forms_of_new(t):
    """Each block is in the report while it lives, once, and then no more."""
    run = survive(t, [build(t, "forms.cc")], dumps=0, reports=3, settings={"blocks": 1})
    marked = [sum(block["size"] == MARK for block in run.reports[name]["blocks"])
              for name in sorted(run.reports)]
    check_same("blocks in the reports", [7, 7, 0], marked)


@case()
def forms_of_new_under_dumps(t):
    survive(t, [build(t, "forms.cc")])


@case()
def operator_new_of_the_program(t):
    survive(t, [build(t, "own_new.cc")])


main()
