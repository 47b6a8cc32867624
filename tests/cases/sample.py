#!/usr/bin/python3
"""Sampled call stacks: estimates that are right on average, errors that are as large as they say, and
all other figures exact.

The truth is known to the byte (programs/sampled.cc), and so is by how much an estimate may be off: with
the chance p = 1 - exp(-size / mean), one block's share q of a sum has the variance q^2 (1 - p) / p. All
limits here are such that chance alone oversteps one in less than a million runs of the tests."""

import collections
import json
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, Fail, case, check, check_equal, check_reports, find_library,
                          main)
from vmatlas_report import check_report

MEAN, RUNS = 16384, 200
# Of a normal distribution, 1 in 10^7 is further off than so many standard deviations: of the some
# hundred figures here, one in 10^5 runs would have one; none may be by twice 1 in 10^6 together.
FAR = 6.1
FIGURES = {"live_blocks": ("live", 0), "live_bytes": ("live", 1),
           "allocations": ("ever", 0), "allocated_bytes": ("ever", 1)}


def truths_of(text):
    """{site: rows}"""
    rows = collections.defaultdict(list)
    for line in text.splitlines():
        row = json.loads(line)
        rows[row["site"]].append(row)
    return rows


def truth_of(rows, figure):
    """(what is true, the variance of its estimate)."""
    count, power = FIGURES[figure]
    total = variance = 0.0
    for row in rows:
        p, q = -math.expm1(-row["size"] / MEAN), row["size"] ** power
        total += row[count] * q
        variance += row[count] * q * q * (1 - p) / p
    return total, variance


def site_of(stack):
    """The function that called the allocator; operator new is its own caller's site."""
    names = [frame["function"] for frame in stack["frames"]]
    return next((name for name in names if name and name.startswith("site_")), None)


def estimates_of(report):
    """{site: {figure: (estimate, variance)}}: call stacks of one site differ by their callers."""
    found = collections.defaultdict(lambda: dict.fromkeys(FIGURES, (0, 0)))
    for stack in report["callstacks"]:
        site = site_of(stack)
        for figure in FIGURES if site else ():
            total, variance = found[site][figure]
            found[site][figure] = (total + stack[figure],
                                   variance + stack[figure + "_error"] ** 2)
    return found


def run(t, argv, **settings):
    ran = t.shim([t.program("sampled"), *argv], settings={"exit": 1, **settings})
    check_equal("status and error output", (0, ""), (ran.status, ran.err))
    check_reports(ran, quiet=True)
    return ran


def report_of(ran):
    check_equal("reports", 1, len(ran.reports))
    return next(iter(ran.reports.values()))


def snapshot_of(t, name, argv=(), **settings):
    t.shim([t.program("sampled"), *argv],
           settings={"exit": 1, "format": "snapshot", "output": t.path(name), **settings})
    return t.path(name)


def told(*argv):
    ran = subprocess.run([COMMAND, *argv], capture_output=True, text=True)
    check(ran.returncode == 0, f"{argv}: status {ran.returncode}\n{ran.stderr}")
    return ran.stdout


class Tally:
    """The estimates of one figure at one site over all runs."""

    def __init__(self, rows, figure):
        self.truth, self.variance = truth_of(rows, figure)
        self.estimates = []

    def add(self, estimate):
        self.estimates.append(estimate)

    def off(self):
        """How far their mean is from the truth, in standard errors of that mean; a byte is rounding."""
        mean = sum(total for total, _ in self.estimates) / len(self.estimates)
        error = math.sqrt(self.variance / len(self.estimates))
        return max(0, abs(mean - self.truth) - 1) / max(error, 1e-9)

    def covered(self, errors):
        """In how many runs the truth lies within so many claimed errors."""
        return sum(abs(total - self.truth) <= errors * math.sqrt(variance)
                   for total, variance in self.estimates)


def check_coverage(tallies, errors, share):
    """With few samples the distribution is not normal yet: two of a hundred more or less are granted."""
    runs = sum(len(tally.estimates) for tally in tallies)
    covered = sum(tally.covered(errors) for tally in tallies) / runs
    granted = 0.02 + 5.5 * math.sqrt(share * (1 - share) / runs)
    print(f"within {errors} standard errors: {covered:.4f} of {runs}, {share} wanted")
    check(abs(covered - share) < granted,
          f"{covered:.3f} of {runs} truths lie within {errors} errors; {share} should")


@case(limit=300)
def estimates_are_right_and_errors_too(t):
    tallies = {}
    for _ in range(RUNS):
        ran = run(t, [], sample=MEAN)
        truths, found = truths_of(ran.out), estimates_of(report_of(ran))
        for site, rows in truths.items():
            for figure in FIGURES:
                tally = tallies.setdefault((site, figure), Tally(rows, figure))
                tally.add(found[site][figure])
    faults = [f"{site}: the mean of {figure} is {tally.off():.1f} standard errors off"
              for (site, figure), tally in tallies.items() if tally.off() > FAR]
    if faults:
        raise Fail("\n".join(faults))
    worst = max(tally.off() for tally in tallies.values())
    print(f"{len(tallies)} figures, the worst is {worst:.2f} standard errors off")
    # Blocks much larger than the mean are all sampled: there is hardly an error to be covered. And
    # where there are few samples, their number is far from normal.
    scattered = [tally for (_, figure), tally in tallies.items() if figure == "allocated_bytes" and
                 0.001 < math.sqrt(tally.variance) / tally.truth < 0.25]
    check(len(scattered) >= 8, f"only {len(scattered)} sites scatter")
    check_coverage(scattered, 1, 0.683)
    check_coverage(scattered, 2, 0.954)


@case()
def what_is_not_by_call_stack_is_exact(t):
    """The same program with all call stacks: the same totals, and mappings with the same blocks."""
    exact, sampled = (report_of(run(t, [], sample=mean)) for mean in (0, "512K"))
    for key in ("live_bytes", "live_blocks", "allocations", "allocated_bytes", "frees", "freed_bytes",
                "peak_live_bytes", "slack_least"):
        check_equal(key, exact["totals"][key], sampled["totals"][key])
    for kind in ("heap", "malloc-mmap"):
        # The kernel merges neighbours, or not: where they are is chance.
        sums = [[sum(row[key] for row in report["mappings"] if row["kind"] == kind)
                 for key in ("live_blocks", "live_bytes", "live_resident", "pinned", "retained")]
                for report in (exact, sampled)]
        check_equal(f"what is in mappings of {kind}", *sums)
    ledgers = [{row["row"]: row["bytes"] for row in report["ledger"]} for report in (exact, sampled)]
    for row in ("live", "retained"):
        check_equal(f"ledger, {row}", ledgers[0][row], ledgers[1][row])
    check(exact["sampling"] is None and sampled["sampling"]["mean_bytes"] == 512 << 10,
          f"sampling is {exact['sampling']} and {sampled['sampling']}")


@case()
def threads_sample_for_themselves(t):
    ran = run(t, ["4"], sample=MEAN)
    truths, report = truths_of(ran.out), report_of(ran)
    for site, found in estimates_of(report).items():
        for figure in FIGURES:
            truth, variance = truth_of(truths[site], figure)
            check(abs(found[figure][0] - truth) <= FAR * math.sqrt(variance) + truth / 50 + 1,
                  f"{site} {figure}: {found[figure][0]}, true is {truth}")
    truth = sum(row["live"] * row["size"] for rows in truths.values() for row in rows)
    check(report["totals"]["live_bytes"] >= truth, "live bytes are not all there")


@case()
def forked_children_draw_other_samples(t):
    ran = run(t, ["1", "6"], sample=MEAN)
    check_equal("reports", 7, len(ran.reports))
    drawn = [tuple(sorted((site, found["live_bytes"][0])
                          for site, found in estimates_of(report).items()))
             for report in ran.reports.values()]
    check(len(set(drawn)) == len(drawn), "two children sampled the same")


@case()
def every_byte_as_mean_samples_nearly_all(t):
    """With a mean of one byte, what is 40 bytes and more is always sampled: exact, and the error says so."""
    ran = run(t, [], sample=1)
    truths, found = truths_of(ran.out), estimates_of(report_of(ran))
    for site, rows in truths.items():
        if min(row["size"] for row in rows) < 40:
            continue
        for figure in FIGURES:
            count, power = FIGURES[figure]
            truth = sum(row[count] * row["size"] ** power for row in rows)
            check(abs(found[site][figure][0] - truth) < 1 and found[site][figure][1] <= 1,
                  f"{site} {figure}: {found[site][figure]}, true is {truth}")


@case()
def blocks_say_whether_they_were_sampled(t):
    report = report_of(run(t, [], sample="64K", blocks=1))
    with_stack = sum(block["sampled"] for block in report["blocks"])
    check_equal("sampled blocks", report["sampling"]["samples"], with_stack)
    check(0 < with_stack < len(report["blocks"]), "all blocks are sampled, or none")
    tids = {block["tid"] for block in report["blocks"] if block["sampled"]}
    check(None not in tids, "of some samples the thread is not known")


@case()
def text_marks_estimates(t):
    path = t.path("report.txt")
    told("run", "-q", "--sample", "64K", "-o", path, t.program("sampled"))
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    check(any("Call stacks are sampled: one in 64.0 KiB of allocated bytes" in line for line in lines),
          "the first lines do not say that call stacks are sampled")
    for start in ("#", "  most by"):
        marked = [line for line in lines if line.startswith(start)]
        check(marked and all("±" in line for line in marked), f"lines with {start} have no error")
    for start in ("  live", "  ever", "  RSS"):
        check(all("±" not in line for line in lines if line.startswith(start)),
              f"{start} is exact, and has an error")


@case()
def a_snapshot_says_what_the_report_says(t):
    report = json.loads(told("report", "--json", snapshot_of(t, "one.snapshot", sample=MEAN)))
    faults = check_report(report, quiet=True)
    check(not faults, "\n".join(faults[:20]))
    check_equal("mean", MEAN, report["sampling"]["mean_bytes"])
    found = estimates_of(report)
    check(len(found) > 10 and all(of["live_bytes"][1] > 0 for of in found.values() if of["live_bytes"][0]),
          "call stacks of a snapshot have no errors")


@case()
def exact_and_sampled_can_be_compared(t):
    exact, sampled = snapshot_of(t, "exact.snapshot"), snapshot_of(t, "sampled.snapshot", sample=MEAN)
    text = told("diff", exact, sampled)
    for words in ("Call stacks of", "are sampled: one in 16.0 KiB", "all call stacks were recorded",
                  "± is one standard error"):
        check(words in text, f"diff does not say: {words}\n{text[:2000]}")
    diff = json.loads(told("diff", "--json", exact, sampled))
    rows = [row for row in diff["callstacks"] if site_of(row)]
    check(len(rows) > 8, f"{len(rows)} call stacks")
    for row in rows:
        growth, error = row["live_bytes"]["new"] - row["live_bytes"]["old"], row["growth_error"]
        old = row["live_bytes"]["old"]
        check(abs(growth) <= FAR * 1.5 * error + old / 5 + 1,
              f"{site_of(row)}: grew by {growth} ± {error}, but nothing did")
    check_equal("growth of live bytes", 0, diff["growth"]["live_bytes"])


@case()
def an_address_without_a_sample_says_so(t):
    report_path = snapshot_of(t, "few.snapshot", sample="1T")
    blocks = json.loads(told("report", "--json", "--blocks", report_path))["blocks"]
    plain = next(block for block in blocks if not block["sampled"])
    text = told("addr", report_path, plain["address"])
    check("call stack not sampled" in text, text)
    check(" ago" not in text.split("call stack not sampled")[0], f"it has no time of birth:\n{text}")
    answer = json.loads(told("addr", "--json", report_path, plain["address"]))["addresses"][0]
    check(answer["block"]["sampled"] is False and answer["block"]["time_ns"] is None,
          f"addr --json: {answer['block']}")


def arenas_of(t, sample, env=None):
    """{the threads' part in programs/arenas.c: (tid, its arena's row, the end of its line)}"""
    path = t.path("arenas.snapshot")
    ran = t.shim([t.program("arenas")], env=env,
                 settings={"exit": 1, "format": "snapshot", "output": path, "sample": sample})
    check_equal("status and error output", (0, ""), (ran.status, ran.err))
    rows = json.loads(told("report", "--json", path))["arenas"]
    lines = told("report", path).split("Arenas: ")[1].split("\n\n")[0].splitlines()[2:]
    found = {}
    for part, tid, address in (line.split() for line in ran.out.splitlines()):
        start = hex(int(address, 0) & ~((64 << 20) - 1))
        row = next((row for row in rows if start in [heap["start"] for heap in row["heaps"]]), None)
        line = row and next(line for line in lines if line.split()[0] == str(row["number"]))
        found[part] = int(tid), row, line
    check_equal("parts", {"few", "many", "none"}, set(found))
    return found


def check_users(part, told_of, threads, more, end):
    _, row, line = told_of
    check_equal(f"{part}: threads in JSON", (threads, more), (row["threads"], row["more_threads"]))
    check(line.endswith("  " + end), f"{part}: {line!r} does not end in {end!r}")


# With a mean of 1 MiB, 1 byte has a sample in one run of a million, and 20 MiB have none in one of
# 500 million.
@case()
def an_arena_names_the_threads_with_samples(t):
    found = arenas_of(t, "1M")
    few, many = found["few"], found["many"]
    check_equal("blocks of few", (1, 1), (few[1]["live_blocks"], few[1]["live_bytes"]))
    check_users("few", few, [], True, "of threads without a sample")
    check_users("many", many, [many[0]], True, f"{many[0]}, perhaps others")
    check_users("none", found["none"], [], False, "of no thread that holds blocks")


@case()
def an_arena_of_two_threads_names_the_one_with_samples(t):
    found = arenas_of(t, "1M", {"MALLOC_ARENA_MAX": "2"})
    many = found["many"]
    check_equal("one arena", found["few"][1]["number"], many[1]["number"])
    check_users("both", many, [many[0]], True, f"{many[0]}, perhaps others")


@case()
def without_sampling_an_arena_names_all_threads(t):
    found = arenas_of(t, "0")
    for part in ("few", "many"):
        tid = found[part][0]
        check_users(part, found[part], [tid], False, str(tid))
    check_users("none", found["none"], [], False, "of no thread that holds blocks")
    found = arenas_of(t, "0", {"MALLOC_ARENA_MAX": "2"})
    tids = [found[part][0] for part in ("few", "many")]
    check_users("both", found["few"], tids, False, f"{tids[0]}, {tids[1]}")


@case()
def with_another_allocator(t):
    library = find_library("libjemalloc.so.2")
    ran = t.shim([t.program("sampled"), "3"], preload=library, settings={"exit": 1, "sample": MEAN})
    check_equal("status", 0, ran.status)
    check_reports(ran)
    truths, found = truths_of(ran.out), estimates_of(report_of(ran))
    for site, rows in truths.items():
        if "new" in site:
            continue  # jemalloc has an operator new of its own, which calls no malloc
        truth, variance = truth_of(rows, "live_bytes")
        check(abs(found[site]["live_bytes"][0] - truth) <= FAR * math.sqrt(variance) + truth / 50 + 1,
              f"{site}: {found[site]['live_bytes']}, true is {truth}")


main()
