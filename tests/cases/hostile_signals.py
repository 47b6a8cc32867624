#!/usr/bin/python3
"""Dumps in awkward moments, and waits that a dump does not cut short."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, main
from vmatlas_hostile import build, prove_all, scenarios_of, survive

RAIN = {"dumps": 60, "delay": 0.02}
prove_all("moments.c", without=("takes_all_signals",), how={
    **{name: RAIN for name in scenarios_of("moments.c")},
    "inside_fork": {**RAIN, "match": "moments"}, "inside_exit": {**RAIN, "match": "moments"}})


def prove_wait(scenario):
    def run(t):
        survive(t, [build(t, "waits.c"), scenario], dumps=40, delay=0.015)
    run.__name__ = "wait_" + scenario
    case(limit=20)(run)


@case()
def the_interval_keeps_off_signals_of_the_program(t):
    """Whichever it takes, none comes that it did not send, and reports go on as long as one is left."""
    run = survive(t, [build(t, "moments.c"), "takes_all_signals"], dumps=0, settings={"interval": 1})
    reasons = {report["dump"]["reason"] for report in run.reports.values()}
    check(reasons == {"interval"}, f"reasons: {reasons}")
    check(len(run.reports) >= 2, f"{len(run.reports)} reports by the interval")


for row in scenarios_of("waits.c"):
    prove_wait(row)
main()
