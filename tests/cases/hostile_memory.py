#!/usr/bin/python3
"""The shim's own memory: bounded, and written over by the program without harm to it."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, check_same, main
from vmatlas_hostile import build, prove_all

# A number to begin with, one word in so many pages, bytes between two samples.
SEEDS = [(0, 20, None), (1, 1, None), (2, 1, "512K"), (3, 1, "64"), (4, 2, None), (5, 10, "64")]
WILD = ("a_wild_write_now_and_then", "wild_writes_by_seed")
prove_all("memory.c", limit=240, without=WILD,
          how={"hundred_million": {"dumps": 3, "limit": 110}, "millions_alive": {"dumps": 2}})


def prove_wild(scenario):
    """Figures may be lost; the process not, and what it writes is as ever."""
    def run(t):
        argv = [build(t, "memory.c"), scenario]
        plain = t.plain(argv)
        for seed, share, sample in SEEDS if scenario.endswith("seed") else [(1, 100, None)]:
            env = {**t.shim_environment(sample=sample), "SEED": str(seed), "SHARE": str(share)}
            status, out, err = t.finish(t.start(argv, env), 40)
            check_same(f"seed {seed}, share {share}, sample {sample}: status and error output",
                       (0, ""), (status, err))
            check_same("output", plain.out, out)
        check(os.listdir(t.path("reports")), "no report was written")
    run.__name__ = scenario
    case(limit=120)(run)


for name in WILD:
    prove_wild(name)
main()
