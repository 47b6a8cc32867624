#!/usr/bin/python3
"""The figures of `make bench`: the main path is no longer than noted, and the tools that measure measure."""

import json
import os
import re
import subprocess
import sys

ROOM = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(ROOM, "..", "lib"), os.path.join(ROOM, "..", "bench")]
import callgrind
import figures
import hot
import measure
import page
import results
import rooms
import shared
from variants import Variant
from vmatlas_case import ROOT, SHIM, Skip, case, check, check_equal, main, need

SOURCES = os.path.join(ROOT, "tests", "bench")
FRAMES_KEPT = ["-fno-optimize-sibling-calls"]


def build(t, name, *more):
    return t.compile(os.path.join(SOURCES, name + ".c"), t.path(name), *more)


@case(limit=400)
def main_path_is_no_longer_than_noted(t):
    """Instructions of a pair of malloc and free, by callgrind, against RESULTS.md."""
    need("valgrind", "callgrind_annotate", "readelf")
    before = hot.noted()
    check(before, "nothing is noted in tests/bench/RESULTS.md")
    if before["compiler"] != hot.compiler(SHIM):
        raise Skip(f"noted of a shim built by {before['compiler']}, this one by {hot.compiler(SHIM)}")
    check(os.path.exists(hot.PAIR), f"no {hot.PAIR}: run make programs")
    counted = {name: rooms.total(of) for name, of in hot.count_all(SHIM).items()}
    lines, worse = hot.compare(before["instructions"], counted)
    print("\n".join(lines))
    check(not worse, f"more than 3 % worse: {', '.join(worse)}; tests/bench/README.md says what to do")


@case()
def more_than_three_percent_is_worse(t):
    before = {"a": 10000, "b": 10000}
    check_equal("worse", ["b"], hot.compare(before, {"a": 10308, "b": 10309, "new": 7})[1])
    check_equal("better", [], hot.compare(before, {"a": 10, "b": 10000})[1])


ANNOTATED = """\
Events shown:     D1mr D1mw
 1,000,000   7 PROGRAM TOTALS

   700,000   5  preload/levels.h:callstack_capture'track_alloc'malloc [/x/libvmatlas.so]
   199,999   2  preload/other/levels.h:callstack_capture'main
    60,000   .  preload/intern.c:intern_add'moment_renew'track_alloc'malloc
    40,000   0  preload/track.c:moment_renew'track_alloc [/x/libvmatlas.so]
"""


@case()
def callgrind_lists_are_read(t):
    """Columns and rows of one function and file are added; what is left out takes what it calls along."""
    check_equal("counts", {("levels.h", "callstack_capture"): 900006},
                callgrind.parse(ANNOTATED, ["moment_renew"]))
    check_equal("all", 1000006, sum(callgrind.parse(ANNOTATED, []).values()))


@case()
def rooms_are_summed(t):
    counted = {"a": {("walk.h", "f"): 3.0, ("walk.h", "g"): 1.0, ("x.c", "f"): 0.5}, "b": {}}
    check_equal("by room", ["| `walk.h` one step outward, from a frame to its caller's, by a learned"
                            " layout | 4 | 0 |", "| the rest | 0 | 0 |", "| **all** | **4** | **0** |"],
                rooms.by_room(counted, 1).splitlines()[2:])
    check_equal("by function", "| `f` | 3.5 | 0.0 |",
                rooms.by_function(counted, 1, 1).splitlines()[2])


class Spans:
    """Three functions of a shim: malloc, something rare, what calls it."""

    def span(self, pc):
        return pc // 16 * 16, pc // 16 * 16 + 16, "f"

    def entries(self, names):
        return {0x100} if "malloc" in names else {0x200}


def trace_of(thread, *accesses):
    """What lackey writes of a thread's pairs, each with the same accesses."""
    pair = ["I  00000100,4", "I  00000300,4", "I  00000200,4", " S 00009000,8", "I  00000304,4", *accesses]
    return [f"--1--   SCHED[{thread}]: acquired lock (here)", *pair * shared.LAST,
            f"--1--   SCHED[{thread}]: releasing lock (here)"]


@case()
def shared_lines_are_found(t):
    """Written by one and read by the other is shared; read by both is not, nor what is seldom done."""
    log = trace_of(2, " S 00004000,8", " L 00005000,8") + trace_of(3, " L 0000403f,1", " L 00005000,8",
                                                                 " S 00004040,8")
    threads = list(shared.follow(log, Spans()).values())
    check_equal("lines", [(0x4000, 1.0, 0x304)], shared.shared(threads, shared.LAST - shared.FIRST))


@case()
def medians_and_means(t):
    figure = figures.Figure([3.0, 1.0, 2.0, 10.0])
    check_equal("median, least, most", (2.5, 1.0, 10.0), (figure.median, figure.least, figure.most))
    check_equal("ratio", 0.5, figure.over(figures.Figure([5.0])))
    check_equal("spread", 0.25, figures.Figure([3.0, 4.0, 5.0]).spread())
    check(abs(figures.geometric_mean([2.0, 8.0]) - 4) < 1e-9, "geometric mean of 2 and 8")
    check_equal("mean of nothing", None, figures.geometric_mean([]))
    check_equal("text", ("1,234.50", "–"), (figures.text_of(1234.5), figures.text_of(None)))


@case()
def goals_are_judged(t):
    most = results.goal("a", {"vmatlas": 1.25, "heaptrack": 2.0}, most=1.25)
    least = results.goal("b", {"vmatlas": 0.84}, least=0.85)
    check_equal("met, missed, not measured", (True, False, None),
                (most.is_met(), least.is_met(), results.goal("c", {}, most=1).is_met()))
    check_equal("row", ["a", "–", "–", "2.00", "1.25", "≤ 1.25", "met"], most.row())


class Told(measure.Run):
    """A run that was never made."""

    def __init__(self, cpu_s, output=b"same"):
        super().__init__({"user_s": cpu_s, "system_s": 0, "wall_s": cpu_s, "tree_kib": 1}, output)


class Costs(measure.Results):
    """Pairs that cost so many nanoseconds plain and under the shim."""

    def __init__(self, plain, ours):
        super().__init__()
        self.ns = {"plain": plain, "vmatlas": ours}
        self.runs = dict.fromkeys(self.ns)

    def figure(self, variant, what):
        return figures.Figure([self.ns[variant]])


@case()
def dumps_are_judged(t):
    rows = [{"what": what, "ms": ms, "cpu_ms": 100, "waits": 0, "size": [1000, 20, 3]}
            for what, ms in (("quiet", 1), ("report", 240), ("report", 260), ("report", 300))]
    took, worked, waits = results.dump_goals({"snapshot": rows})
    check_equal("verdicts", (False, True, True), (took.is_met(), worked.is_met(), waits.is_met()))
    check_equal("measure", "ms for a snapshot of 1,000 live blocks, 20 mappings, 3 call stacks",
                took.measure)
    check_equal("nothing measured", [], results.dump_goals({}))


@case()
def growth_is_held_against_plains_own(t):
    pairs = {"beside 10 live blocks": Costs(10, 40), "beside 1,000 live blocks": Costs(10, 44),
             "among 10 live blocks": Costs(20, 40), "among 1,000 live blocks": Costs(200, 500),
             "10 mappings": Costs(10, 20), "30,000 mappings": Costs(10, 21)}
    check_equal("growth", [1.1, 1.25, 1.05],
                [round(each.figures["vmatlas"], 6) for each in results.growth_goals(pairs)])


@case()
def runs_alternate_and_warm_up(t):
    ours, peer = (Variant(name, kind, [], "") for name, kind in (("plain", "plain"), ("peer", "peer")))
    seen = []

    def run(variant, limit_s):
        seen.append(variant.name)
        return Told(len(seen))

    of_it = measure.measure([ours, peer], measure.Rounds(3), run)
    check_equal("turns", ["plain", "peer", "peer", "plain", "plain", "plain"], seen)
    check_equal("plain's runs", [4, 5, 6], of_it.figure("plain", "cpu_s").values)
    check_equal("the peer's", [3], of_it.figure("peer", "cpu_s").values)


@case()
def work_that_differs_is_no_result(t):
    variants = [Variant("plain", "plain", [], ""), Variant("peer", "peer", [], "")]

    def run(variant, limit_s):
        return Told(1, b"same" if variant.name == "plain" else b"other")

    of_it = measure.measure(variants, measure.Rounds(1), run)
    check("differs" in of_it.why_none["peer"], of_it.why_none)
    check_equal("ratio", None, of_it.ratio("peer", "cpu_s"))


@case()
def a_part_is_replaced_and_the_others_stay(t):
    path = t.path("page.md")
    for name, content in (("one", "first\n"), ("two", "second\n"), ("one", r"third \1" + "\n")):
        page.put(path, name, content)
    text = page.read(path)
    check_equal("parts", (r"third \1" + "\n", "second\n", None),
                tuple(page.part(text, name) for name in ("one", "two", "three")))
    check_equal("head", 1, text.count(page.HEAD))
    for name in ("hot", "measured"):
        page.put(path, name, "more\n")
    check_equal("order", ["measured", "hot", "one", "two"],
                re.findall("begin (.*) -->", page.read(path)))


FAMILY = """import os, sys
kept = bytearray(40 << 20)
if len(sys.argv) > 1:
    child = os.spawnl(os.P_NOWAIT, sys.executable, sys.executable, sys.argv[0])
total = sum(i * i for i in range(1500000))
if len(sys.argv) > 1:
    os.waitpid(child, 0)
"""


@case(parallel=False)
def spend_sees_the_family(t):
    """Two processes of 40 MiB each at once: their sum, and the CPU time of both."""
    spend = build(t, "spend", os.path.join(SOURCES, "family.c"))
    script = t.write("family.py", FAMILY)
    rows = []
    for more in ([], ["child"]):
        subprocess.run([spend, t.path("spent"), "50", "1", "A=b", "/usr/bin/python3", script, *more],
                       check=True)
        rows += measure.read_spent(t.path("spent"))
    one, two = rows
    check(40 << 10 < one["tree_kib"] < 80 << 10, one)
    check(80 << 10 < two["tree_kib"] < 160 << 10, two)
    check(two["largest_kib"] < 80 << 10, two)
    check(two["user_s"] > 1.3 * one["user_s"], rows)


@case()
def spend_stops_what_takes_too_long(t):
    spend = build(t, "spend", os.path.join(SOURCES, "family.c"))
    subprocess.run([spend, t.path("spent"), "0.3", "1", "sh", "-c", "sleep 50 & sleep 50"], check=True)
    with open(t.path("spent"), encoding="utf-8") as file:
        row = json.load(file)
    check(row["out_of_time"] and row["wall_s"] < 20, row)
    try:
        measure.read_spent(t.path("spent"))
    except measure.OutOfTime:
        return
    check(False, "a stopped run counts")


@case()
def the_limit_shim_only_forwards(t):
    need("perl")
    forward = t.compile(os.path.join(SOURCES, "forward.c"), t.path("forward.so"), "-shared", "-fPIC",
                        "-I" + os.path.join(ROOT, "preload"))
    argv = ["perl", "-e", "print map { `echo $_` } 1 .. 3; sleep 0; $SIG{USR1} = sub { print 'got' };"
            "kill USR1 => $$; exec 'sh', '-c', 'echo end; exit 3'"]
    check_equal("plain and forwarded", *(
        (run.status, run.out, run.err) for run in (t.plain(argv), t.plain(argv, preload=forward))))


@case()
def pairs_are_as_deep_as_they_say(t):
    """The report's call stack of the one live block that is made by the pairs' way."""
    pair = build(t, "pair", *FRAMES_KEPT)
    for shape, frames in (("one", 15), ("two", 15), ("one", 35)):
        run = t.shim([pair, shape, str(frames), "2100"], settings={"exit": 1})
        report, = run.reports.values()
        deepest = max(report["callstacks"], key=lambda each: each["allocations"])
        check_equal(f"{shape}: frames", frames, len(deepest["frames"]))


@case()
def larson_makes_the_same_blocks_under_the_shim(t):
    run = t.compare([build(t, "larson"), "3", "5"])
    check_equal("blocks", "300000 blocks", run.out.partition(",")[0])


main()
