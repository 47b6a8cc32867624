#!/usr/bin/python3
"""The shim's own memory: bounded, and written over by the program without harm to it."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, case, check, check_equal, check_same, main
from vmatlas_hostile import build, prove_all

# A number to begin with, one word in so many pages, bytes between two samples. Without what writes
# over tables, 2,000 blocks are live at most, of 200,000 bytes.
FULL = 25 if os.environ.get("VMATLAS_FULL") else 1
WAYS = [(20, None), (1, None), (1, "512K"), (1, "64"), (2, None), (10, "64")]
SEEDS = [(seed, *WAYS[seed % len(WAYS)]) for seed in range(FULL * len(WAYS))]
MOST = 1 << 33
WILD = ("a_wild_write_now_and_then", "wild_writes_by_seed")
prove_all("memory.c", limit=240, without=WILD,
          how={"hundred_million": {"dumps": 3, "limit": 110}, "millions_alive": {"dumps": 2}})


def check_figures(where, report):
    """What cannot be true is not there, and the report says so; of what is there the rest agrees."""
    totals, lost = report["totals"], report["dump"]["lost"]
    counts = [totals[key] for key in ("allocations", "frees", "allocated_bytes", "freed_bytes")]
    check(lost["damaged_records"], f"{where}: nothing is said of damage")
    check(totals["live_bytes"] < MOST, f"{where}: live: {totals}")
    check(totals["peak_live_bytes"] is None or totals["peak_live_bytes"] < MOST,
          f"{where}: peak: {totals}")
    if None in counts:
        check_equal(f"{where}: counters", [None] * 4, counts)
    else:
        check(counts[1] <= counts[0] < 1 << 40 and counts[3] <= counts[2], f"{where}: {totals}")
    check_equal(f"{where}: said to be lost",
                (totals["allocations"] is None) + (totals["peak_live_bytes"] is None),
                lost["totals_lost"])


def prove_wild(scenario):
    """Figures may be lost; the process not, and what it writes is as ever."""
    def run(t):
        argv = [build(t, "memory.c"), scenario]
        plain = t.plain(argv)
        for seed, share, sample in SEEDS if scenario.endswith("seed") else [(1, 100, None)]:
            env = {**t.shim_environment(sample=sample),
                   "SEED": str(seed), "SHARE": str(share)}
            status, out, err = t.finish(t.start(argv, env), 40)
            check_same(f"seed {seed}, share {share}, sample {sample}: status and error output",
                       (0, ""), (status, err))
            check_same("output", plain.out, out)
            reports = sorted(os.listdir(t.path("reports")))
            check(len(reports) >= 6, f"reports: {reports}")
            for name in reports:
                path = t.path("reports", name)
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    check_figures(f"seed {seed}, {name}", json.load(file))
                os.unlink(path)
    run.__name__ = scenario
    case(limit=120 * FULL)(run)


for name in WILD:
    prove_wild(name)


def command(*arguments):
    told = subprocess.run([COMMAND, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, text=True, errors="surrogateescape", check=True)
    return told.stdout


def snapshot_without_totals(t):
    """One of a program that wrote over our counters, and the one before it."""
    for seed in range(20):
        env = {**t.shim_environment(sample=None, output=t.path("reports", f"{seed}.%n"),
                                    format="snapshot"), "SEED": str(seed), "SHARE": "1"}
        t.finish(t.start([build(t, "memory.c"), WILD[1]], env), 40)
        paths = [t.path("reports", f"{seed}.{number}") for number in (5, 6)]
        if json.loads(command("report", "--json", paths[1]))["totals"]["allocations"] is None:
            return paths
    raise AssertionError("20 programs, and no counter was hit")


@case()
def totals_that_are_lost_are_absent_in_all_forms(t):
    before, path = snapshot_without_totals(t)
    check("\n  ever      not known: something wrote over vmatlas's counters\n" in
          command("report", path), "in the text")
    gauges = command("export", "--format", "openmetrics", path)
    check("\nvmatlas_live_bytes{" in gauges, "live bytes are there")
    for name in ("allocations", "frees", "allocated_bytes", "freed_bytes"):
        check(f"# TYPE vmatlas_{name} " in gauges and f"\nvmatlas_{name}{{" not in gauges, name)
    base = t.path("lost.sqlite")
    command("export", "--format", "sqlite", "-o", base, path)
    with contextlib.closing(sqlite3.connect(base)) as sqlite:
        row = sqlite.execute("SELECT allocations, allocated_bytes, frees, freed_bytes,"
                             " live_bytes IS NULL FROM processes").fetchone()
    check_equal("in sqlite", (None,) * 4 + (0,), row)
    sides = json.loads(command("diff", "--json", before, path))
    check_equal("in diff", None, sides["moments"][1]["allocations"])
    check("\n  in between" not in command("diff", before, path), "a difference of what is not known")


main()
