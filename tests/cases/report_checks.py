#!/usr/bin/python3
"""The checks that all other cases trust: a right report has no fault, a damaged one has."""

import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import case, check, main
from vmatlas_report import check_report

ZEROES = dict.fromkeys("pss private_dirty swap live_resident retained trimmable pinned".split(), 0)


def mapping(start, size, kind, **more):
    return {"start": hex(start), "end": hex(start + size), "perms": "rw-p", "offset": 0,
            "dev": "00:00", "inode": 0, "path": "", "kind": kind, "owner": None, "size": size,
            "rss": 0, "live_blocks": 0, "live_bytes": 0, **ZEROES, **more}


def right_report():
    frame = {"pc": "0x401000", "module": "/bin/prog", "offset": 4096, "function": "main"}
    heap = mapping(0x10000, 0x4000, "heap", rss=0x3000, live_blocks=2, live_bytes=300)
    return {
        "version": 1,
        "process": {"pid": 7, "exe": "/bin/prog", "argv": ["prog"], "start_time_ns": 1,
                    "time_ns": 2, "kernel": "6.18", "page_size": 4096},
        "dump": {"number": 1, "reason": "signal", "complete": True, "lost": {"blocks": 0}},
        "totals": {"rss": 0x4000, "pss": 0, "swap": 0, "live_bytes": 300, "live_blocks": 2,
                   "allocations": 5, "frees": 3, "peak_live_bytes": 900},
        "ledger": [{"row": "live", "bytes": 300}, {"row": "other", "bytes": 0x4000 - 300}],
        "mappings": [heap, mapping(0x20000, 0x1000, "main-stack", rss=0x1000)],
        "regions": [{"start": "0x20000", "end": "0x21000", "kind": "main-stack", "owner": None,
                     "callstack": 0, "tid": 7, "time_ns": 1}],
        "callstacks": [{"id": 1, "live_blocks": 2, "live_bytes": 300, "live_resident": 300,
                        "pinned": 0, "allocations": 5, "allocated_bytes": 700, "frames": [frame]}],
        "threads": [{"tid": 7, "name": "prog", "stack_start": "0x20000", "stack_end": "0x21000",
                     "guard_bytes": 0, "stack_resident": 4096}],
        "blocks": [{"address": hex(address), "size": 150, "callstack": 1, "tid": 7, "time_ns": 1,
                    "mapping_at_birth": "0x10000-0x12000", "mapping": "0x10000-0x14000"}
                   for address in (0x10010, 0x11000)],
    }


def put(*path):
    """A damage: sets the value at a path of keys; the last item is the value."""
    def damage(report):
        for key in path[:-2]:
            report = report[key]
        report[path[-2]] = path[-1]
    return damage


DAMAGES = {
    "no version": lambda report: report.pop("version"),
    "no ledger": lambda report: report.pop("ledger"),
    "no mappings": put("mappings", []),
    "a key is missing": lambda report: report["totals"].pop("frees"),
    "a number is a text": put("totals", "rss", "16384"),
    "a flag is a number": put("dump", "complete", 1),
    "an address is a number": put("mappings", 0, "start", 65536),
    "an address has capitals": put("mappings", 0, "start", "0xABC000"),
    "ledger does not sum": put("ledger", 0, "bytes", 301),
    "mappings are not sorted": lambda report: report["mappings"].reverse(),
    "mappings overlap": put("mappings", 1, "start", "0x13000"),
    "size is not end - start": put("mappings", 0, "size", 0x5000),
    "unknown kind": put("mappings", 0, "kind", "heaps"),
    "odd permissions": put("mappings", 0, "perms", "rwp"),
    "more resident than there is": put("mappings", 0, "rss", 0x5000),
    "call stacks do not sum": put("callstacks", 0, "live_bytes", 299),
    "call stack is not known": put("blocks", 0, "callstack", 9),
    "block outside its mapping": put("blocks", 0, "mapping", "0x20000-0x21000"),
    "block born elsewhere": put("blocks", 0, "mapping_at_birth", "0x11000-0x12000"),
    "mapping that is not listed": put("blocks", 0, "mapping", "0x10000-0x13000"),
    "blocks do not sum": put("blocks", 0, "size", 151),
    "peak below live": put("totals", "peak_live_bytes", 299),
    "no threads": put("threads", []),
    "a thread is there twice": lambda report: report["threads"].append(report["threads"][0]),
    "frame without pc": lambda report: report["callstacks"][0]["frames"][0].pop("pc"),
}
QUIET_DAMAGES = {
    "something was lost": put("dump", "lost", {"blocks": 1}),
    "frees do not fit": put("totals", "frees", 2),
    "mappings' live do not sum": put("mappings", 0, "live_bytes", 299),
}


@case(limit=20)
def right_report_has_no_fault(t):
    for quiet in (False, True):
        faults = check_report(right_report(), quiet)
        check(not faults, "\n".join(faults))


@case(limit=20)
def every_damage_is_found(t):
    for quiet, damages in ((False, DAMAGES), (True, QUIET_DAMAGES)):
        for name, damage in damages.items():
            report = copy.deepcopy(right_report())
            damage(report)
            check(check_report(report, quiet), f"not found: {name}")


@case(limit=20)
def extra_keys_are_welcome(t):
    report = right_report()
    report["more"] = report["totals"]["more"] = report["mappings"][0]["more"] = 1
    check(not check_report(report, True), "an extra key is a fault")


main()
