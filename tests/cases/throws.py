#!/usr/bin/python3
"""C++ exceptions under the shim: same results, and unwound by the same library as without it."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, check_reports, main


@case()
def exceptions_while_dumped(t):
    run = t.compare([t.program("throws"), "5000"], dumps=200, delay=0.02)
    check_reports(run)


@case()
def uncaught_exception(t):
    run = t.compare([t.program("throws"), "10", "uncaught"])
    check(run.status == -6, f"status {run.status}")


@case()
def c_program_with_a_cxx_library(t):
    library = t.compile("lib/thrower.cc", t.path("thrower.so"), "-shared", "-fPIC")
    run = t.compare([t.program("dlopen_throws"), library])
    check(run.status == 0, f"status {run.status}\n{run.err}")
    check("_Unwind_RaiseException: libgcc_s.so.1" in run.out, run.out)
    check("unw_step: not visible" in run.out, run.out)


main()
