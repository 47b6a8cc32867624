#!/usr/bin/python3
"""The ledger: who owns each resident byte, what could be given back, and who keeps it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, case, check, check_equal, check_reports, main
from vmatlas_report import hexed

SHAPES = ["small-survivors", "rare-survivors", "lower-part", "pages-between", "top", "everything",
          "by-chance", "many-heaps"]
PAGE = 4096


def dumped(t, *argv, **settings):
    """Runs a program that dumps itself once: what it told, and the report."""
    run = t.shim([t.program(argv[0]), *argv[1:]], settings=settings)
    check_equal("exit status", 0, run.status)
    check_equal("reports", 1, len(run.reports))
    check_reports(run)
    return [json.loads(line) for line in run.out.splitlines()], list(run.reports.values())[0]


def read_snapshot(t, *argv):
    """The same by way of a snapshot, whose reader finds names where the program could not."""
    snapshot = t.path("one.vmatlas")
    run = t.shim([t.program(argv[0]), *argv[1:]], settings={"format": "snapshot", "output": snapshot})
    check_equal("exit status", 0, run.status)
    read = t.plain([COMMAND, "report", "--json", snapshot])
    check_equal("status of vmatlas report", 0, read.status)
    os.unlink(snapshot)
    return [json.loads(line) for line in run.out.splitlines()], json.loads(read.out)


def row_of(report, name):
    return next(row["bytes"] for row in report["ledger"] if row["row"] == name)


# -- Given back --------------------------------------------------------------------------------

def check_forecast(t, shape, where):
    told, report = dumped(t, "trim", shape, where)
    forecast, truth = report["totals"]["trimmable"], told[0]["given_back"]
    print(f"{shape} on the {where}: forecast {forecast:,}, given back {truth:,}")
    check(abs(forecast - truth) <= max(0.02 * truth, 2 * PAGE),
          f"{shape} on the {where}: forecast {forecast:,}, given back {truth:,}")
    parts = report["totals"]["pinned"] + forecast
    check(parts <= row_of(report, "retained"), f"{shape}: {parts:,} of what is retained")


@case(limit=120)
def forecast_of_malloc_trim_on_the_heap(t):
    for shape in SHAPES:
        check_forecast(t, shape, "heap")


@case(limit=120)
def forecast_of_malloc_trim_on_arenas(t):
    for shape in SHAPES:
        check_forecast(t, shape, "arena")


@case()
def snapshot_forecasts_the_same(t):
    told, report = read_snapshot(t, "trim", "by-chance", "arena")
    truth = told[0]["given_back"]
    check(abs(report["totals"]["trimmable"] - truth) <= 0.02 * truth,
          f"forecast {report['totals']['trimmable']:,}, given back {truth:,}")
    check_equal("arenas", 1, len(report["arenas"]))


@case()
def culprit_is_first(t):
    _, report = dumped(t, "culprit")
    worst = sorted(report["callstacks"], key=lambda row: -row["pinned"])[:2]
    names = [frame["function"] for frame in worst[0]["frames"]]
    check("culprit" in names, f"most is pinned by {names}")
    check(worst[0]["pinned"] > 100 * worst[1]["pinned"],
          f"{worst[0]['pinned']:,}, and the next {worst[1]['pinned']:,}")
    check(worst[0]["pinned"] > 0.9 * report["totals"]["pinned"],
          f"{worst[0]['pinned']:,} of {report['totals']['pinned']:,}")


# -- In memory ---------------------------------------------------------------------------------

def check_touched(told, report):
    for truth in told:
        rows = [row for row in report["callstacks"]
                if any(frame["function"] == truth["site"] for frame in row["frames"])]
        check_equal(f"call stacks of {truth['site']}", 1, len(rows))
        check_equal(f"resident of {truth['site']}", truth["resident"], rows[0]["live_resident"])


@case()
def call_sites_have_what_they_touched(t):
    check_touched(*dumped(t, "touched"))


@case()
def each_way_to_learn_of_pages_says_the_same(t):
    """PAGEMAP_SCAN, then pagemap, then mincore, where the program's filter refuses the better."""
    for refused in range(3):
        told, report = read_snapshot(t, "touched", str(refused))
        check_touched(told, report)
        check_equal(f"unexplained with {refused} ways refused", 0, row_of(report, "unexplained"))


@case()
def pages_that_nobody_tells_of_are_not_known(t):
    _, report = read_snapshot(t, "touched", "3")
    check(all(row["live_resident"] is None for row in report["callstacks"]), "a figure from nowhere")
    check_equal("pinned", None, report["totals"]["pinned"])
    check(row_of(report, "unexplained") > 1000000, f"{row_of(report, 'unexplained'):,} unexplained")
    check_equal("rows", report["totals"]["rss"], sum(row["bytes"] for row in report["ledger"]))


@case()
def slack_is_what_glibc_rounds_up_at_least(t):
    told, report = dumped(t, "slack")
    for truth in told:
        row = next(row for row in report["callstacks"]
                   if any(frame["function"] == truth["site"] for frame in row["frames"]))
        check(row["slack_least"] <= truth["slack"] <= row["slack_least"] + 16 * truth["blocks"],
              f"{truth['site']}: {row['slack_least']:,} at least, and {truth['slack']:,}")
        if truth["fresh"]:
            check_equal(f"slack of {truth['site']}", truth["slack"], row["slack_least"])


# -- Regions -----------------------------------------------------------------------------------

def asker_of(report, region):
    return [frame["function"] for row in report["callstacks"] if row["id"] == region["callstack"]
            for frame in row["frames"]]


def check_region(report, truth):
    found = [row for row in report["regions"] if row["kind"] == truth["kind"] and
             hexed(row["start"]) == truth["start"]]
    what = f"{truth['kind']} at {truth['start']:#x}"
    check_equal(f"regions: {what}", 1, len(found))
    check_equal(f"size of {what}", truth["size"], found[0]["size"])
    check_equal(f"resident of {what}", truth["touched"], found[0]["rss"])
    check_equal(f"thread of {what}", truth["tid"], found[0]["tid"])
    check(truth["asker"] in asker_of(report, found[0]), f"{what}: {asker_of(report, found[0])}")


def check_arena(report, truth):
    arenas = [arena for arena in report["arenas"]
              if truth["start"] in [hexed(heap["start"]) for heap in arena["heaps"]]]
    check_equal(f"arenas at {truth['start']:#x}", 1, len(arenas))
    check_equal("reserved", truth["size"], arenas[0]["reserved"])
    check(truth["tid"] in arenas[0]["threads"], f"{truth['tid']} is not in {arenas[0]['threads']}")
    check(1000 * 900 <= arenas[0]["live_bytes"] <= arenas[0]["rss"] <= arenas[0]["committed"],
          f"{arenas[0]}")


def check_variables(report, truth):
    rows = [row for row in report["mappings"] if hexed(row["start"]) <= truth["start"] + PAGE <
            hexed(row["end"])]
    check_equal("kind of the variables", "bss", rows[0]["kind"])
    check_equal("owner of the variables", "regions", rows[0]["owner"])
    check(row_of(report, "elf-bss") >= truth["size"], f"{row_of(report, 'elf-bss'):,}")


@case()
def neighbours_in_one_mapping_are_told_apart(t):
    told, report = dumped(t, "regions")
    for truth in told:
        if truth["kind"] == "arena":
            check_arena(report, truth)
        elif truth["kind"] == "bss":
            check_variables(report, truth)
        elif truth["kind"] == "aligned":
            region = next(row for row in report["regions"] if row["kind"] == "malloc-mmap" and
                          hexed(row["start"]) < truth["start"] < hexed(row["end"]))
            check(truth["asker"] in asker_of(report, region), f"{asker_of(report, region)}")
        else:
            check_region(report, truth)
    check_equal("unexplained", 0, row_of(report, "unexplained"))


@case()
def parts_add_up_to_their_mapping(t):
    _, report = dumped(t, "regions")
    split = [row for row in report["mappings"] if "parts" in row]
    check(split, "no mapping has parts: nothing was merged")
    for row in split:
        for key in ("size", "rss", "live_blocks", "live_bytes", "retained", "pinned"):
            check_equal(f"{key} of {row['start']}", row[key],
                        sum(part[key] for part in row["parts"]))
        check_equal("start", row["start"], row["parts"][0]["start"])
        check_equal("end", row["end"], row["parts"][-1]["end"])
        for left, right in zip(row["parts"], row["parts"][1:]):
            check_equal("neighbours", left["end"], right["start"])


# -- What passed no wrapper --------------------------------------------------------------------

def part_at(report, address):
    return next(part for row in report["mappings"] for part in row.get("parts", [row])
                if hexed(part["start"]) <= address < hexed(part["end"]))


@case()
def raw_system_calls_are_told_by_when_they_came(t):
    run = t.shim([t.program("raw_maps")])
    check_equal("reports", 3, len(run.reports))
    check_reports(run)
    first, last = list(run.reports.values())[0], list(run.reports.values())[2]
    told = json.loads(run.out.splitlines()[-1])
    check_equal("owner of the first", "mapped by a raw system call before dump 1",
                part_at(first, told["first"])["owner"])
    # The kernel may have merged the two.
    check(part_at(last, told["second"])["owner"] in
          ("mapped by a raw system call between dump 2 and 3",
           "mapped by raw system calls, the last between dump 2 and 3"),
          f"owner of the second: {part_at(last, told['second'])['owner']}")
    check(row_of(last, "unexplained") >= 30 * PAGE, f"{row_of(last, 'unexplained'):,} unexplained")


@case()
def stacks_have_a_high_water_mark(t):
    run = t.shim([t.program("raw_maps")])
    report = list(run.reports.values())[0]
    told = [row for row in map(json.loads, run.out.splitlines()) if "tid" in row]
    check_equal("threads", 3, len(told))
    for row in told:
        thread = next(one for one in report["threads"] if one["tid"] == row["tid"])
        check(row["touched"] <= thread["stack_touched"] <= row["touched"] + 4 * PAGE,
              f"{thread['stack_touched']:,}, the thread says {row['touched']:,}")


main()
