#!/usr/bin/python3
"""What a program sees of itself besides its memory is the same under the shim, also when dumped."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import SHIM, case, check, check_reports, check_same, main


def keep_descriptors(*numbers):
    """Gives the program these descriptors too, so that the lowest free one is not the next."""
    def before_exec():
        null = os.open("/dev/null", os.O_RDONLY)
        for number in numbers:
            os.dup2(null, number)
        if null not in numbers:
            os.close(null)
    return before_exec


@case()
def quiet_program(t):
    run = t.compare([t.program("descriptors")])
    check(len(run.out.splitlines()) > 150, "the program tells too little")


@case()
def dumped_program(t):
    run = t.compare([t.program("descriptors"), "1000"], dumps=10, delay=0.1)
    check_reports(run)


@case()
def sleep_is_not_cut_short(t):
    """nanosleep must not end early only because we were asked."""
    run = t.compare([t.program("descriptors"), "1000", "sleep"], dumps=10, delay=0.1)
    check_reports(run)


@case()
def many_descriptors(t):
    run = t.compare([t.program("descriptors"), "500"], dumps=5, delay=0.1,
                    before_exec=keep_descriptors(3, 5, 7, 100, 1000))
    check_reports(run)


@case()
def no_standard_descriptors(t):
    """Descriptors 0 and 2 are closed: none of ours may come to lie there."""
    def close_them():
        os.close(0)
        os.close(2)
    run = t.compare([t.program("descriptors"), "500"], dumps=5, delay=0.1, before_exec=close_them)
    check_reports(run)


@case()
def nothing_set(t):
    """LD_PRELOAD alone: the program's output and errors stay its own."""
    argv = [t.program("descriptors"), "200"]
    plain = t.plain(argv)
    t.shim_environment()
    alone = t.plain(argv, preload=SHIM)
    check_same("status", plain.status, alone.status)
    check_same("output", plain.out, alone.out)
    check_same("error output", plain.err, alone.err)


main()
