#!/usr/bin/python3
"""Ends of every kind beside threads that allocate; and reports that an end cuts short."""

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Dumper, Skip, case, check, check_equal, main, read_reports
from vmatlas_hostile import as_root, build, scenarios_of, survive
from vmatlas_report import check_report

# By these no report is made at the end: nobody of ours is asked.
SILENT = {"kill", "raw_exit", "overflow"}


def prove(scenario):
    def run(t):
        argv = [build(t, "ends.c"), scenario]
        survive(t, argv, dumps=30, delay=0.02, match="ends", reports=0)
        survive(t, argv, dumps=10, delay=0.05, match="ends", settings={"exit": 1},
                reports=1 if scenario in SILENT else 6)
    run.__name__ = "by_" + scenario
    case(limit=60)(run)


for name in scenarios_of("ends.c"):
    if name != "as_first":
        prove(name)


@case()
def first_process_of_a_namespace(t):
    """What it ignores as such goes on to be ignored, and the report comes at the end that ends it."""
    argv = ["unshare", "--fork", "--pid", build(t, "ends.c"), "as_first"]
    if not as_root("unshare", "--fork", "--pid", "true"):
        raise Skip("no pid namespace can be made here")
    run = t.compare(argv, settings={"exit": 1})
    check_equal("output", "still here\n", run.out)
    names = [label for label in run.reports if label.startswith("ends.1.")]
    check_equal("reports of the first process", 1, len(names))
    check_equal("blocks", 7, run.reports[names[0]]["totals"]["frees"])


def can_be_nameless(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY))
        return True
    except OSError:
        return False


@case(limit=60)
def killed_at_any_moment(t):
    """What has its final name is whole, whenever the process was killed."""
    whole = 0
    os.makedirs(t.path("reports"), exist_ok=True)
    nameless = can_be_nameless(t.path("reports"))
    for _ in range(15):
        process = t.start([t.program("storm"), "4", "5000"], t.shim_environment(exit=1))
        dumper = Dumper(process.pid, 1000, delay=0.01)
        dumper.start()
        time.sleep(random.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        status, out, err = t.finish(process, 5)
        dumper.stop()
        check_equal("status, output and error output", (-signal.SIGKILL, "", ""), (status, out, err))
        for label, report in read_reports(t.path("reports")).items():
            faults = check_report(report)
            check(not faults, "\n".join(faults[:5]) + f"\n{label}")
            whole += 1
    check(whole > 0, "no report at all")
    left = [name for name in os.listdir(t.path("reports")) if ".part-" in name]
    check(not (nameless and left), f"left behind: {left}")
    print(f"{whole} reports, all whole")


main()
