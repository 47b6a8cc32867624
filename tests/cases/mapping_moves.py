#!/usr/bin/python3
"""After every kind of change of the address space, also behind the shim's back, the report agrees."""

import json
import signal
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Fail, case, check, check_reports, main
from vmatlas_report import hexed, span_of


class Step:
    """What the program said before one dump."""

    def __init__(self):
        self.name, self.maps, self.askers, self.blocks = "", {}, [], []


def read_steps(text):
    steps = [Step()]
    for line in text.splitlines():
        row = json.loads(line)
        if "block" in row:
            steps[-1].blocks.append(row)
        if "block" in row or "pid" in row:
            continue
        if steps[-1].name:
            steps.append(Step())
        if "map" in row:
            steps[-1].maps[span_of(row["map"])] = row["perms"]
        elif "asker" in row:
            steps[-1].askers.append((hexed(row["asker"]), row["site"]))
        else:
            steps[-1].name = row["step"]
    return steps


def compare_maps(step, report):
    """The shim's own memory may change during the dump; all else is as the program saw it."""
    rows = {(hexed(row["start"]), hexed(row["end"])): row for row in report["mappings"]}
    own = [span for span, row in rows.items() if row["kind"] == "vmatlas"]
    faults = []
    for span, perms in step.maps.items():
        if span in rows and rows[span]["perms"] == perms:
            continue
        if not any(start < span[1] and span[0] < end for start, end in own):
            faults.append(f"mapping {span[0]:#x}-{span[1]:#x} {perms} is missing or different")
    return faults


def site_of(report, callstack, exe):
    frames = [frame for row in report["callstacks"] if row["id"] == callstack
              for frame in row["frames"] if os.path.basename(frame["module"] or "") == exe]
    return frames[0]["function"] if frames else None


def compare_askers(step, report, exe):
    faults = []
    for address, want in step.askers:
        regions = [row for row in report["regions"]
                   if hexed(row["start"]) <= address < hexed(row["end"])]
        sites = [site_of(report, row["callstack"], exe) for row in regions]
        if want == "nobody" and any(sites):
            faults.append(f"{address:#x} is a hole, the report says {sites}")
        elif want not in ("nobody", "anyone") and not set(sites) & set(want.split(" or ")):
            faults.append(f"{address:#x} was asked for by {want}, the report says {sites}")
        if len([site for site in sites if site]) > 1:
            faults.append(f"{address:#x} lies in several regions: {sites}")
    return faults


def compare_blocks(step, report):
    blocks, faults = {row["address"]: row for row in report["blocks"]}, []
    for truth in step.blocks:
        block = blocks.get(truth["block"])
        if not block:
            faults.append(f"block {truth['block']} is missing")
            continue
        found = (block["size"], block["mapping_at_birth"], block["mapping"])
        want = (truth["size"], truth["birth"], truth["now"])
        if found != want:
            faults.append(f"block {truth['block']}: {found}, truth {want}")
    return faults


@case(limit=60)
def every_step(t):
    exe = t.program("mapping_moves")
    plain = t.plain([exe], before_exec=lambda: signal.signal(signal.SIGUSR2, signal.SIG_IGN))
    check(plain.status == 0, f"plain run: status {plain.status}")
    run = t.shim([exe], settings={"blocks": 1})
    check(run.status == 0, f"status {run.status}\n{run.err}")
    check_reports(run, quiet=True)
    steps = read_steps(run.out)
    reports = sorted(run.reports.values(), key=lambda report: report["dump"]["number"])
    check(len(steps) == len(reports), f"{len(steps)} steps and {len(reports)} reports")
    faults = []
    for step, report in zip(steps, reports):
        found = (compare_maps(step, report) + compare_blocks(step, report) +
                 compare_askers(step, report, os.path.basename(exe)))
        faults += [f"{step.name}: {fault}" for fault in found]
    if faults:
        raise Fail("\n".join(faults[:40]) + f"\n{len(faults)} differences in {len(steps)} steps")


main()
