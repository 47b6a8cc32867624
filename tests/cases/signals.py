#!/usr/bin/python3
"""A program's own use of signals, above all of the dump signal, is as it is without the shim."""

import signal
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, main

SCENARIOS = """query handler siginfo reset_hand reset_hand_twice ignored blocked waited descriptor
suspended relations holding interrupted real_time masks on_stack inherited own_default executed
threads neighbours""".split()


def prove(scenario):
    def run(t):
        t.compare([t.program("signals"), scenario], limit=20)
        t.compare([t.program("signals"), scenario], limit=20, settings={"signal": "RTMIN+7"})
    run.__name__ = "signals_" + scenario
    case(limit=45)(run)


for name in SCENARIOS:
    prove(name)


@case()
def the_list_is_complete(t):
    listed = t.plain([t.program("signals")]).out.split()
    check(sorted(listed) == sorted(SCENARIOS + ["started"]), f"the program has {listed}")


@case()
def started_ignoring_the_signal(t):
    t.compare([t.program("signals"), "started"], limit=20,
              before_exec=lambda: signal.signal(signal.SIGUSR2, signal.SIG_IGN))


@case()
def started_blocking_the_signal(t):
    t.compare([t.program("signals"), "started"], limit=20,
              before_exec=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]))


@case()
def started_with_the_signal_pending(t):
    def block_and_raise():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        os.kill(os.getpid(), signal.SIGUSR2)
    t.compare([t.program("signals"), "started"], limit=20, before_exec=block_and_raise)


main()
