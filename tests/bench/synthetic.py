"""The synthetic programs: one cost at a time, in programs of our own."""

import json
import os
import re
import statistics

from measure import FIRST_LIMIT_S, Failed, Run, measure, run_once, spend
from variants import BUILD, SHIM, Variant, OURS, starting

TOOLS = os.path.join(BUILD, "tests", "bench")
COMMON = ("plain", "forward", "depth 1", "no sample", "vmatlas", "heaptrack")
BOTH = ("plain", "vmatlas")
LIVE_FEW = 10000
DUMPED, DUMPED_QUICK = (1000000, 20000, 10000), (100000, 2000, 1000)


class Pairs:
    """One way of running pair.c: what is printed is nanoseconds of CPU time per pair."""

    def __init__(self, name, shape, number, pairs=1000000, threads=0, variants=COMMON, rounds=9):
        self.name, self.shape, self.number, self.pairs = name, shape, number, pairs
        self.threads, self.variants, self.rounds = threads, variants, rounds

    def run(self, room, variant, limit_s=FIRST_LIMIT_S):
        run = run_once(room, variant, [os.path.join(TOOLS, "pair"), self.shape, str(self.number),
                                       str(self.pairs), str(self.threads)], limit_s=limit_s)
        told = re.search(rb"^\d+\.\d+$", run.output, re.M)
        if not told:
            raise Failed("pair printed no figure")
        run.ns, run.output = float(told.group()), b""
        return run

    def measure(self, room, variants, rounds):
        taking_part = [variant for variant in variants if variant.name in self.variants]
        return measure(taking_part, rounds.at_most(self.rounds),
                       lambda variant, limit_s: self.run(room, variant, limit_s))


def added_ns(results, variant, base="plain"):
    """Nanoseconds that the variant adds to a pair; None where one of them was not measured."""
    figure, plain = results.figure(variant, "ns"), results.figure(base, "ns")
    return figure.median - plain.median if figure and plain else None


def by_depth():
    return [Pairs(f"{frames} frames, {how}", shape, frames)
            for frames in (15, 35) for shape, how in
            (("one", "one place"), ("two", "two places in turn"))
            ] + [Pairs("500 call stacks at random", "many", 500),
                 Pairs("recursion, 100 deep", "recursion", 100)]


def by_live_blocks(quick):
    """Ten million blocks take a gigabyte and some seconds to make."""
    most = 1000000 if quick else 10000000
    variants = {"beside": BOTH, "among": (*BOTH, "no sample", "totals alone")}
    return [Pairs(f"{shape} {blocks:,} live blocks", shape, blocks, variants=variants[shape],
                  rounds=5 if blocks == most else 9)
            for shape in ("beside", "among") for blocks in (LIVE_FEW, most)]


def live_blocks(pairs):
    """The least and the most live blocks among the names of these pairs."""
    found = [int(name.split()[1].replace(",", "")) for name in pairs if name.startswith("among ")]
    return min(found), max(found)


def by_mappings():
    return [Pairs(f"{count:,} mappings", "maps", count, variants=BOTH) for count in (10, 30000)]


def by_threads():
    return [Pairs(f"{count} thread{'s' * (count > 1)}", "one", 15, threads=count)
            for count in (1, 2, 4, 8)]


def larson(room, variants, rounds, quick):
    argv = [os.path.join(TOOLS, "larson"), "2", "50" if quick else "400"]
    taking_part = [variant for variant in variants if variant.name in COMMON + ("sampling",)]
    return measure(taking_part, rounds,
                   lambda variant, limit_s: run_once(room, variant, argv, limit_s=limit_s))


def start_once(room, variant, times):
    """The least but a tenth: what a start takes when the processor is free."""
    rows, _ = spend(room, variant, ["/bin/true"], times=times)
    run = Run(rows[0], b"")
    run.wall_ms = statistics.quantiles([row["wall_s"] for row in rows], n=10)[0] * 1000
    return run


def start(room, variants, rounds, quick):
    taking_part = [variant for variant in variants if variant.name in COMMON + ("sampling",)]
    taking_part.append(starting())
    times = 15 if quick else 50
    return measure(taking_part, rounds, lambda variant, limit_s: start_once(room, variant, times))


def dump(room, form, dumps, quick):
    """The rows that dumped.c prints, for a report of this form."""
    variant = Variant("vmatlas", OURS, [f"LD_PRELOAD={SHIM}", f"VMATLAS_FORMAT={form}",
                                        f"VMATLAS_OUTPUT={room}/peer.%n"], "")
    size = DUMPED_QUICK if quick else DUMPED
    _, output = spend(room, variant, [os.path.join(TOOLS, "dumped"), *map(str, size), str(dumps)])
    return [{**json.loads(line), "size": size} for line in output.splitlines()]
