"""What cases about stores share: what a killed process left, and what it must say."""

import glob
import json
import os
import struct
import subprocess

from vmatlas_case import COMMAND, Fail, check

NAMES = "begun done begun_bytes done_bytes".split()


def stores(folder):
    return sorted(glob.glob(os.path.join(folder, "vmatlas.*.store")))


def run(*argv, limit=60):
    told = subprocess.run([COMMAND, *argv], capture_output=True, text=True, timeout=limit,
                          errors="replace")
    return told.returncode, told.stdout, told.stderr


def report_of(path):
    """The JSON report of a store; a failure where there is none."""
    status, out, err = run("report", "--json", path)
    check(status == 0, f"vmatlas report {path}: exit {status}: {err}")
    check(not err, f"vmatlas report {path}: {err}")
    return json.loads(out)


def faults_of(report):
    """What must hold of any report of a store: sums of its own, and nothing that it cannot know."""
    totals, faults = report["totals"], []
    stacks = report["callstacks"]

    def equal(what, found, wanted):
        if found != wanted:
            faults.append(f"{what}: {found}, wanted {wanted}")

    equal("live bytes of call stacks", sum(s["live_bytes"] for s in stacks), totals["live_bytes"])
    equal("live blocks of call stacks", sum(s["live_blocks"] for s in stacks),
          totals["live_blocks"])
    equal("live blocks of mappings", sum(m["live_blocks"] for m in report["mappings"]),
          totals["live_blocks"] - report["dump"]["lost"]["unplaced_blocks"])
    equal("what is resident", [totals[key] for key in ("rss", "pss", "swap", "pinned")],
          [None] * 4)
    equal("the ledger", report["ledger"], [])
    for mapping in report["mappings"]:
        if mapping["rss"] is not None or mapping["private_dirty"] is not None:
            faults.append(f"{mapping['start']}: says what is resident of it")
    return faults


def read_log(path):
    """The log of programs/chronicle.c: what its threads have begun and done, summed."""
    with open(path, "rb") as file:
        numbers = struct.unpack("<512Q", file.read(4096))
    sums = {}
    for which, first in (("made", 0), ("freed", 4)):
        for i, name in enumerate(NAMES):
            sums[which, name] = sum(numbers[first + i::8])
    return sums


def of_function(report, name):
    """The sums of all call stacks that pass through a function."""
    sums = dict.fromkeys("allocations allocated_bytes live_blocks live_bytes".split(), 0)
    for stack in report["callstacks"]:
        if any(frame.get("function") == name for frame in stack["frames"]):
            for key in sums:
                sums[key] += stack[key]
    return sums


def between(what, low, found, high):
    return [] if low <= found <= high else [f"{what}: {found}, between {low} and {high} wanted"]


def chronicle_faults(report, log):
    """A store beside the program's own log: what is done is in it, what is not begun is not."""
    found = of_function(report, "chronicle_make")
    made, freed = ({name: log[which, name] for name in NAMES} for which in ("made", "freed"))
    return [
        *between("allocations", made["done"], found["allocations"], made["begun"]),
        *between("bytes", made["done_bytes"], found["allocated_bytes"], made["begun_bytes"]),
        *between("live blocks", made["done"] - freed["begun"], found["live_blocks"],
                 made["begun"] - freed["done"]),
        *between("live bytes", made["done_bytes"] - freed["begun_bytes"], found["live_bytes"],
                 made["begun_bytes"] - freed["done_bytes"])]


def must(faults, label):
    if faults:
        raise Fail("\n".join(faults[:10]) + f"\n{label}: {len(faults)} faults")
