#!/usr/bin/python3
"""Programs that know their own blocks agree with the report, block by block, with no difference."""

import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Fail, case, check, check_reports, main
from vmatlas_report import hexed


def read_truth(text):
    rows = [json.loads(line) for line in text.splitlines()]
    faults = [row["fault"] for row in rows if "fault" in row]
    check(rows and not faults, f"the program itself failed: {faults}")
    return rows


def frames_in(report, callstack, exe):
    """The frames of a call stack that lie in the program itself, with their depths."""
    for row in report["callstacks"]:
        if row["id"] == callstack:
            return [(depth, frame) for depth, frame in enumerate(row["frames"])
                    if frame["module"] and os.path.basename(frame["module"]) == exe]
    return []


def is_return_address(frame, want):
    """A report may give the return address, or the call before it that lies a byte lower."""
    return hexed(frame["pc"]) in (hexed(want), hexed(want) - 1)


def compare_site(truth, frames, deepest):
    """Faults of a call stack: it must begin at the site and go on where the site returns to."""
    if not frames:
        return ["no frame in the program"]
    depth, first = frames[0]
    faults = []
    if depth > deepest:
        faults.append(f"the program's first frame is number {depth}")
    if first["function"] != truth["site"]:
        faults.append(f"call site {first['function']!r}, truth {truth['site']!r}")
    if len(frames) < 2 or not is_return_address(frames[1][1], truth["caller"]):
        faults.append(f"the site returns to {truth['caller']}, the report says "
                      f"{frames[1][1]['pc'] if len(frames) > 1 else 'nothing'}")
    return faults


def compare_block(truth, block, frames, deepest):
    pairs = [("size", truth["size"], block["size"]), ("tid", truth["tid"], block["tid"]),
             ("mapping at birth", truth["birth"], block["mapping_at_birth"]),
             ("mapping", truth["now"], block["mapping"])]
    faults = [f"{name} {found}, truth {want}" for name, want, found in pairs if want != found]
    return [f"{truth['site']} {truth['block']}: {fault}"
            for fault in faults + compare_site(truth, frames, deepest)]


def compare_blocks(truths, report, exe, deepest):
    known = {row["block"]: row for row in truths if "block" in row}
    seen, faults = set(), []
    for block in report["blocks"]:
        frames = frames_in(report, block["callstack"], exe)
        truth = known.get(block["address"])
        if block["address"] in seen:
            faults.append(f"block {block['address']} is listed twice")
        seen.add(block["address"])
        if truth:
            faults += compare_block(truth, block, frames, deepest)
        elif frames and frames[0][0] <= deepest and "site_" in str(frames[0][1]["function"]):
            faults.append(f"block {block['address']} from {frames[0][1]['function']} is not live")
    return faults + [f"{known[address]['site']} {address} is missing"
                     for address in known if address not in seen]


def compare_regions(truths, report, exe):
    """Each mmap has a region with exactly its range, asked for at its site."""
    faults = []
    regions = {(hexed(row["start"]), hexed(row["end"])): row for row in report["regions"]}
    for truth in (row for row in truths if "region" in row):
        start, page = hexed(truth["region"]), report["process"]["page_size"]
        region = regions.get((start, start + -(-truth["size"] // page) * page))
        if not region:
            faults.append(f"{truth['site']} {truth['region']}: no region of {truth['size']} bytes")
            continue
        found = compare_site(truth, frames_in(report, region["callstack"], exe), 0)
        if region["tid"] != truth["tid"]:
            found.append(f"tid {region['tid']}, truth {truth['tid']}")
        faults += [f"{truth['site']} {truth['region']}: {fault}" for fault in found]
    return faults


def compare_all(truths, report, exe, deepest):
    check("blocks" in report, "VMATLAS_BLOCKS=1 and no blocks in the report")
    faults = compare_blocks(truths, report, exe, deepest)
    faults += compare_regions(truths, report, exe)
    if faults:
        raise Fail("\n".join(faults[:40]) + f"\n{len(faults)} differences in {len(truths)} rows")
    print(f"{len(truths)} rows agree")


def run_both(t, exe, expect, reports, **settings):
    """The program tells at least so many rows, plain too; the run under the shim is returned."""
    plain = t.plain([exe], before_exec=lambda: signal.signal(signal.SIGUSR2, signal.SIG_IGN))
    check(plain.status == 0, f"plain run: status {plain.status}")
    check(len(read_truth(plain.out)) >= expect, "the program tells too little")
    run = t.shim([exe], settings={"blocks": 1, **settings})
    check(run.status == 0, f"status {run.status}\n{run.err}")
    check_reports(run, quiet=True)
    check(len(run.reports) == reports, f"{len(run.reports)} reports, {reports} wanted")
    return run


def prove(t, name, deepest, expect, **settings):
    """deepest: at which depth the site may stand; C++ has operator new before it."""
    exe = t.program(name)
    run = run_both(t, exe, expect, 1, **settings)
    compare_all(read_truth(run.out), *run.reports.values(), os.path.basename(exe), deepest)


@case(limit=60)
def c_blocks_and_regions(t):
    prove(t, "ground_truth", 0, 800)


@case(limit=60)
def by_the_text_of_maps(t):
    """As on a kernel without PROCMAP_QUERY."""
    prove(t, "ground_truth", 0, 800, query="text")


@case(limit=60)
def cxx_blocks(t):
    prove(t, "ground_truth_cxx", 2, 50)


@case(limit=60)
def forked_children(t):
    """Each process's report holds what that process knows of itself."""
    exe = t.program("ground_truth_fork")
    run, truths = run_both(t, exe, 100, 3), {}
    for row in read_truth(run.out):
        if "pid" in row:
            rows = truths.setdefault(row["pid"], [])
        else:
            rows.append(row)
    for report in run.reports.values():
        pid = report["process"]["pid"]
        check(pid in truths, f"a report of process {pid}, which asked for none")
        compare_all(truths.pop(pid), report, os.path.basename(exe), 0)
    check(not truths, f"no report of processes {list(truths)}")


main()
