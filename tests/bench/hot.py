#!/usr/bin/python3
"""Instructions that the shim adds to a pair of malloc and free, by the shape of the call stacks.

    tests/bench/hot.py          compares with the figures noted in RESULTS.md; exit 1 if worse by 3 %
    tests/bench/hot.py --note   notes these, with the rooms of the source they are spent in

Counted by callgrind, so the machine's mood and its other work do not matter: each figure is the
difference of two runs of pair.c with more and fewer pairs, under the shim, less the same without."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import callgrind
import figures
import page
import rooms
from variants import BUILD, ROOT, SHIM

NOTED = os.path.join(ROOT, "tests", "bench", "RESULTS.md")
PAIR = os.path.join(BUILD, "tests", "bench", "pair")
SHAPES = [("one", 15), ("two", 15), ("one", 35), ("two", 35), ("one", 97), ("two", 97),
          ("many", 500), ("recursion", 100), ("sampled", 15)]
# With so many bytes between two samples none is drawn in these runs, nearly surely: the short way alone.
SAMPLED = {"VMATLAS_SAMPLE": "64G"}
# Whole recursions of 100, an even number in each of pair.c's 21 parts, and nearly all of 500 paths.
FEW, MANY = 2100, 10500
# What happens once in so many microseconds or milliseconds, whatever the program does. Under
# callgrind a second holds far fewer pairs than it does otherwise.
# And what the time costs, which is one instruction where the kernel's clock is the time stamp counter.
SELDOM = ("track_place", "clock_ticks_coarse")
# More than two builds of the same source differ by, less than one more call.
WORSE = 1.03
# A call stack that shares its set in recall.h costs one look more, and which do so depends on addresses.
LOOK = 8
TIMED_PAIRS, TIMED_RUNS = 1000000, 5


def command_of(shape):
    """(the start of pair.c's command line, variables)."""
    sampled = shape[0] == "sampled"
    return [PAIR, "one" if sampled else shape[0], str(shape[1])], SAMPLED if sampled else {}


def name_of(shape):
    return f"{shape[0]} {shape[1]}"


def per_pair(room, shape, preload):
    """{(file, function): instructions of a pair}."""
    argv, settings = command_of(shape)
    more, fewer = (callgrind.counts(callgrind.run(
        room, [*argv, str(pairs)], preload, settings=settings), SELDOM) for pairs in (MANY, FEW))
    return {key: (value - fewer.get(key, 0)) / (MANY - FEW) for key, value in more.items()}


def added(room, shape, shim):
    """The same, less what the pair costs without the shim."""
    plain = per_pair(room, shape, "")
    return {key: value - plain.get(key, 0) for key, value in per_pair(room, shape, shim).items()}


def count_all(shim, shapes=tuple(SHAPES)):
    with tempfile.TemporaryDirectory() as room:
        return {name_of(shape): added(room, shape, shim) for shape in shapes}


def compiler(shim):
    """What built the shim: another compiler's code has other figures."""
    told = subprocess.run(["readelf", "-p", ".comment", shim], capture_output=True, text=True)
    return " ".join(re.findall(r"\]\s+(.*)", told.stdout))


def noted(path=NOTED):
    """{"compiler": …, "instructions": {shape: figure}}; None if nothing is noted."""
    text = page.part(page.read(path), "hot")
    block = re.search(r"```json\n(.*?)```", text, re.S) if text else None
    return json.loads(block.group(1)) if block else None


def compare(before, now):
    """(lines to print, names of the shapes that are worse)."""
    lines, worse = [], []
    for name, count in now.items():
        old = before.get(name)
        change = f"{100 * (count / old - 1):+.1f} %" if old else "new"
        if old and count > old * WORSE + LOOK:
            worse.append(name)
            change += "  WORSE"
        lines.append(f"{name:14} {count:6.0f} instructions, noted {old or '–':>6}  {change}")
    return lines, worse


def time_ns(shape, preload):
    argv, settings = command_of(shape)
    told = subprocess.run([*argv, str(TIMED_PAIRS)], capture_output=True, text=True, check=True,
                          env={"LD_PRELOAD": preload, "PATH": "/usr/bin:/bin", **settings})
    return float(told.stdout)


def added_ns(shape, shim):
    runs = [(time_ns(shape, shim), time_ns(shape, "")) for _ in range(TIMED_RUNS)]
    ours, plain = (figures.Figure(column).median for column in zip(*runs))
    return ours - plain


def text_of(counted, ns, built_by):
    """The part of RESULTS.md."""
    block = {"compiler": built_by,
             "instructions": {name: round(rooms.total(of)) for name, of in counted.items()}}
    times = figures.table(["shape", "instructions added", "ns added", "ns per instruction"], [
        [name, f"{rooms.total(of):.0f}", f"{ns[name]:.0f}", f"{ns[name] / rooms.total(of):.3f}"]
        for name, of in counted.items()])
    return "\n".join([
        "## Where it goes: instructions added to a pair of malloc and free\n",
        "Shapes as in `pair.c`: `one` place or `two` places in turn, so many frames deep; `many` ways"
        " through ten frames at random; `recursion`, a pair in each frame; `sampled`, one place where call"
        " stacks are sampled, and no sample. Nanoseconds are of user time, a"
        f" median of {TIMED_RUNS} runs in turns with plain ones, on the machine as it was.\n", times,
        "By room of the source (inlined code counts where it is written):\n", rooms.by_room(counted, 2),
        "By function, with what is inlined in it:\n", rooms.by_function(counted, 2),
        "`make bench-hot` compares with these:\n",
        f"```json\n{json.dumps(block, indent=1)}\n```\n"])


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--note", action="store_true", help="write the figures to RESULTS.md")
    parser.add_argument("shim", nargs="?", default=SHIM, help="another build of the shim")
    return parser.parse_args()


def main():
    given = read_arguments()
    try:
        counted = count_all(os.path.realpath(given.shim))
    except (callgrind.Failed, OSError) as failed:
        sys.exit(f"hot.py: {failed}")
    if given.note:
        ns = {name_of(shape): added_ns(shape, given.shim) for shape in SHAPES}
        page.put(NOTED, "hot", text_of(counted, ns, compiler(given.shim)))
    before = (noted() or {}).get("instructions", {})
    lines, worse = compare(before, {name: rooms.total(of) for name, of in counted.items()})
    print("\n".join(lines))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
