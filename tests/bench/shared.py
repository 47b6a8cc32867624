#!/usr/bin/python3
"""Cache lines that two threads share on the common path: none.

    tests/bench/shared.py    prints those that it finds, and how often a pair touches them; exit 1

Two threads make pairs of malloc and free at once, and valgrind's lackey writes down each access to
memory and which thread it runs. A line that one thread writes and the other touches would travel between
their processors. What happens once in so many microseconds (SELDOM) is left out, as in hot.py: under
valgrind, that is every pair."""

import bisect
import os
import re
import subprocess
import sys
import tempfile

from hot import PAIR, SELDOM
from variants import SHIM

LINE = 64
PAIRS, FIRST, LAST = 420, 210, 400  # of each thread; what is learned and mapped comes before FIRST
OFTEN = 0.1  # touched by one pair in ten


class Failed(Exception):
    """Valgrind could not tell."""


class Functions:
    """The shim's functions by address, as it was loaded."""

    def __init__(self, shim, base):
        told = subprocess.run(["nm", "--defined-only", "-S", shim], capture_output=True, text=True)
        rows = [line.split() for line in told.stdout.splitlines()]
        self.spans = sorted((base + int(row[0], 16), base + int(row[0], 16) + int(row[1], 16), row[3])
                            for row in rows if len(row) == 4 and row[2] in "tT")
        self.starts = [start for start, _, _ in self.spans]

    def span(self, pc):
        """(start, end, name) of what the address lies in; None outside of the shim."""
        found = bisect.bisect_right(self.starts, pc) - 1
        return self.spans[found] if found >= 0 and pc < self.spans[found][1] else None

    def entries(self, names):
        """Where these functions begin; the compiler may have made variants of one (`name.part.0`)."""
        return {start for start, _, name in self.spans if name.partition(".")[0] in names}


class Thread:
    """What one thread has done so far, and the lines that its pairs touched."""

    def __init__(self):
        self.pairs, self.pc, self.back = 0, 0, None
        self.lines = {}  # line: [touched, written, an instruction that did]

    def step(self, pc, functions, mallocs, left_out):
        """The next instruction. Of what is left out, we are out when the caller goes on."""
        if self.back:
            if self.back[0] <= pc < self.back[1]:
                self.back = None
        elif pc in left_out:
            self.back = functions.span(self.pc)
        elif pc in mallocs:
            self.pairs += 1
        self.pc = pc

    def touch(self, address, writes):
        if self.back or not FIRST <= self.pairs < LAST:
            return
        line = self.lines.setdefault(address // LINE, [0, 0, self.pc])
        line[0] += 1
        line[1] += writes


def base_of(shim):
    """Where valgrind's loader puts the shim: the same in each run."""
    told = subprocess.run(["valgrind", "--tool=lackey", "-v", "-v", "/bin/true"], capture_output=True,
                          text=True, env={"PATH": "/usr/bin:/bin", "LD_PRELOAD": shim})
    found = re.search(rf"Reading syms from {re.escape(shim)}\n.*svma 0x(\w+), avma 0x(\w+)", told.stderr)
    if not found:
        raise Failed("valgrind does not say where the shim is")
    return int(found.group(2), 16) - int(found.group(1), 16)


def trace(room, shim):
    path = os.path.join(room, "trace")
    told = subprocess.run(["valgrind", "--tool=lackey", "--trace-mem=yes", "--basic-counts=no",
                           "--trace-sched=yes", f"--log-file={path}", PAIR, "one", "15", str(PAIRS), "2"],
                          capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "LD_PRELOAD": shim})
    if told.returncode:
        raise Failed(f"valgrind: exit {told.returncode}\n{told.stderr}")
    return path


def follow(lines, functions):
    """{number: Thread}. The log says which thread takes valgrind's lock, then what it does:
    `I  ADDRESS,SIZE`, ` L …`, ` S …`, ` M …` (both)."""
    mallocs, left_out = functions.entries(["malloc"]), functions.entries(SELDOM)
    threads, now = {}, Thread()
    for line in lines:
        what = line[:2]
        if what == "I ":
            now.step(int(line[3:].partition(",")[0], 16), functions, mallocs, left_out)
        elif what[0] == " ":
            now.touch(int(line[3:].partition(",")[0], 16), what != " L")
        elif "acquired lock" in line:
            now = threads.setdefault(re.search(r"SCHED\[(\d+)\]", line).group(1), Thread())
    return {number: thread for number, thread in threads.items() if thread.pairs >= LAST}


def shared(threads, pairs):
    """[(line, touched per pair, instruction)] of lines that one writes and another touches."""
    first, second = threads
    return [(line * LINE, min(first.lines[line][0], second.lines[line][0]) / pairs, first.lines[line][2])
            for line in first.lines.keys() & second.lines.keys()
            if (first.lines[line][1] or second.lines[line][1])]


def find(shim=SHIM):
    """(lines of one thread's pairs, those that are shared often as texts)."""
    with tempfile.TemporaryDirectory() as room, open(trace(room, shim), encoding="utf-8") as log:
        functions = Functions(shim, base_of(shim))
        threads = list(follow(log, functions).values())
    if len(threads) != 2:
        raise Failed(f"{len(threads)} threads made pairs")
    found = [f"line {line:#x}, {often:.1f} times a pair, in {(functions.span(pc) or ('', '', 'libc'))[2]}"
             for line, often, pc in shared(threads, LAST - FIRST) if often >= OFTEN]
    return len(threads[0].lines), found


def main():
    try:
        lines, found = find(os.path.realpath(SHIM))
    except (Failed, OSError) as failed:
        sys.exit(f"shared.py: {failed}")
    print("\n".join([*found, f"{lines} lines touched by a thread, {len(found)} of them shared"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
