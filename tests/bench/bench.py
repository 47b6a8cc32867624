#!/usr/bin/python3
"""What vmatlas costs, measured beside its peers: real programs, synthetic ones, and reports.

    tests/bench/bench.py [--quick] [--rounds N] [--only PROGRAM|synthetic]...

Writes RESULTS.md (here; after --quick or --only in build/bench) and build/bench/results.json."""

import argparse
import datetime
import glob
import json
import os
import platform
import shutil
import subprocess
import sys
import time

import inputs
import measure
import misses
import page
import programs
import results
import shared
import synthetic
import variants

ROOM = os.path.join(variants.BUILD, "bench")
QUICK_SIZE, QUICK_ROUNDS, FULL_ROUNDS = 0.25, 3, 7
QUICK_BUDGET_S = 90  # then one run each: with what follows, three minutes


def say(text):
    print(text, flush=True)


def first_line(*argv):
    try:
        told = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    except OSError:
        return ""
    return (told.stdout + told.stderr).strip().partition("\n")[0]


def machine():
    """Where this is measured, and how busy it was with other things."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(": ")[2].strip() for line in file if line.startswith("model name")]
    head = first_line("git", "-C", variants.ROOT, "log", "-1", "--format=%h %s")
    return {"date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), "processors": len(models),
            "model": models[0] if models else "", "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()), "commit": head,
            "heaptrack": first_line("heaptrack", "--version"), "load": [os.getloadavg()[0]]}


def count(program, size):
    """What there is to record: from a report at the program's end. Its processes are summed."""
    pattern = os.path.join(ROOM, "counted.%p.json")
    program.run(ROOM, variants.counted(pattern), size, measure.FIRST_LIMIT_S)
    sums = {"allocations": 0, "callstacks": 0, "peak_mib": 0}
    for path in glob.glob(os.path.join(ROOM, "counted.*.json")):
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        os.unlink(path)
        sums["allocations"] += report["totals"]["allocations"]
        sums["callstacks"] += len(report["callstacks"])
        sums["peak_mib"] += report["totals"]["peak_live_bytes"] / 2**20
    return sums


def measure_programs(all_of, size, rounds, only):
    for program in programs.ten():
        if only and program.name not in only:
            continue
        if not program.is_here():
            say(f"{program.name}: not installed (make bench-setup)")
            continue
        of_it = measure.measure(all_of["variants"], rounds, lambda variant, limit_s:
                                program.run(ROOM, variant, size, limit_s))
        all_of["programs"][program.name] = of_it
        counted = count(program, size)
        counted["per_s"] = counted["allocations"] / of_it.figure("plain", "cpu_s").median
        all_of["counted"][program.name] = counted
        say(f"{program.name}: CPU {of_it.figure('plain', 'cpu_s').median:.2f} s; " + ", ".join(
            f"{name} {of_it.ratio(name, 'cpu_s'):.2f}" for name in list(of_it.runs) if name != "plain"))


def measure_synthetic(all_of, rounds, quick):
    of_all = synthetic.by_depth() + synthetic.by_live_blocks(quick) + synthetic.by_mappings() + \
        synthetic.by_threads()
    for pairs in of_all:
        of_it = pairs.measure(ROOM, all_of["variants"], rounds)
        all_of["pairs"][pairs.name] = of_it
        say(f"{pairs.name}: {of_it.figure('plain', 'ns').median:.1f} ns and "
            f"{synthetic.added_ns(of_it, 'vmatlas'):.1f}")
    all_of["larson"] = synthetic.larson(ROOM, all_of["variants"], rounds, quick)
    all_of["start"] = synthetic.start(ROOM, all_of["variants"], rounds, quick)
    for form in ("snapshot", "text", "json"):
        all_of["dumps"][form] = synthetic.dump(ROOM, form, 3 if quick else 5, quick)
    if not quick and shutil.which("valgrind"):
        misses.note()
        all_of["shared"] = shared.find()[1]


def as_json(all_of):
    return {"machine": all_of["machine"],
            "goals": [each.as_json() for each in results.goals(all_of)] if all_of["pairs"] else [],
            "programs": {name: of.as_json() for name, of in all_of["programs"].items()},
            "counted": all_of["counted"],
            "pairs_ns": {name: {variant: of.figure(variant, "ns").as_json() for variant in of.runs}
                         for name, of in all_of["pairs"].items()},
            "shared": all_of.get("shared"), "dumps": all_of["dumps"]}


def write(all_of, keep):
    """The page goes where it is kept only if all was measured in full."""
    path = os.path.join(variants.ROOT, "tests", "bench") if keep else ROOM
    with open(os.path.join(ROOM, "results.json"), "w", encoding="utf-8") as file:
        json.dump(as_json(all_of), file, indent=1)
    page.put(os.path.join(path, "RESULTS.md"), "measured", page.measured(all_of))
    say(f"\n{results.goals_text(all_of) if all_of['pairs'] else ''}\n"
        f"{os.path.relpath(path)}/RESULTS.md and {os.path.relpath(ROOM)}/results.json")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small inputs, heaptrack alone of the peers")
    parser.add_argument("--rounds", type=int, help="how many runs count")
    parser.add_argument("--only", action="append", metavar="PROGRAM",
                        help="only this one of the ten, or `synthetic`")
    return parser.parse_args()


def main():
    given, begun = read_arguments(), time.monotonic()
    size = QUICK_SIZE if given.quick else 1
    rounds = measure.Rounds(given.rounds or (QUICK_ROUNDS if given.quick else FULL_ROUNDS),
                            QUICK_BUDGET_S if given.quick and not given.rounds else None)
    os.makedirs(ROOM, exist_ok=True)
    inputs.make(os.path.join(ROOM, f"inputs-{size}"), size)
    page.link(os.path.join(ROOM, "inputs"), f"inputs-{size}")
    all_of = {"machine": machine(), "variants": variants.chosen(ROOM, given.quick), "size": size,
              "rounds": rounds.count, "programs": {}, "counted": {}, "pairs": {}, "dumps": {}}
    measure_programs(all_of, size, rounds, given.only)
    if not given.only or "synthetic" in given.only:
        measure_synthetic(all_of, rounds, given.quick)
    all_of["machine"]["load"].append(os.getloadavg()[0])
    all_of["machine"]["minutes"] = (time.monotonic() - begun) / 60
    write(all_of, not given.quick and not given.only)


if __name__ == "__main__":
    sys.exit(main())
