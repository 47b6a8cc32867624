"""Runs a program by spend in all its variants, in turns, and looks whether it did its work."""

import json
import math
import os
import subprocess
import time

from figures import Figure
from variants import BUILD

SPEND = os.path.join(BUILD, "tests", "bench", "spend")
# The same small environment for all: what the caller has set must not decide.
BASE = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
        "TZ": "UTC"}
FIRST_LIMIT_S, LIMIT_TIMES, LIMIT_MORE_S = 120, 8, 4


class Failed(Exception):
    """A run that ended badly, or without doing its work."""


class OutOfTime(Failed):
    """A run that took too long to wait for."""


class Run:
    """What one run spent, and what it wrote."""

    def __init__(self, spent, output):
        self.cpu_s = spent["user_s"] + spent["system_s"]
        self.wall_s, self.rss_kib, self.output = spent["wall_s"], spent["tree_kib"], output
        self.requests_per_s = None


def base_environment(room):
    return {**BASE, "HOME": room}


def read_spent(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        if row["out_of_time"]:
            raise OutOfTime(f"stopped after {row['wall_s']:.0f} s")
        if row["status"]:
            raise Failed(f"wait status {row['status']}")
    if not rows:
        raise Failed("no result")
    return rows


def remove_profiles(room):
    """What a peer has written; the next run begins without it."""
    for name in os.listdir(room):
        if name.startswith("peer"):
            os.unlink(os.path.join(room, name))


def spend_words(room, limit_s, times, variant, settings, argv):
    result = os.path.join(room, "spent")
    return [SPEND, result, str(limit_s), str(times), *settings, *variant.words, *argv]


def spend(room, variant, argv, settings=(), limit_s=FIRST_LIMIT_S, times=1):
    """The rows of spend, and the output; a program writes to a file, since a pipe could stop it."""
    path = os.path.join(room, "output")
    with open(path, "wb") as output, open(os.path.join(room, "errors"), "wb") as errors:
        subprocess.run(spend_words(room, limit_s, times, variant, settings, argv), stdout=output,
                       stderr=errors, stdin=subprocess.DEVNULL, cwd=room, check=True,
                       env=base_environment(room))
    remove_profiles(room)
    with open(path, "rb") as output:
        return read_spent(os.path.join(room, "spent")), output.read()


def run_once(room, variant, argv, settings=(), limit_s=FIRST_LIMIT_S):
    rows, output = spend(room, variant, argv, settings, limit_s)
    return Run(rows[0], output)


class Rounds:
    """How many runs count, and when to be content with one: on a busy machine all takes longer."""

    def __init__(self, count, budget_s=None):
        self.count, self.end_s = count, time.monotonic() + budget_s if budget_s else math.inf

    def __iter__(self):
        """Round 0 warms up."""
        for number in range(self.count + 1):
            if number < 2 or time.monotonic() < self.end_s:
                yield number

    def are_enough(self, peer, number):
        """Peers need fewer runs: they differ by more than the noise."""
        return peer and number > max(1, self.count // 3)

    def at_most(self, count):
        fewer = Rounds(min(self.count, count))
        fewer.end_s = self.end_s
        return fewer


def in_turns(variants, rounds):
    """(variant, number of the round), each round beginning with another variant."""
    for number in rounds:
        turn = number % len(variants)
        for variant in variants[turn:] + variants[:turn]:
            if not rounds.are_enough(variant.is_peer(), number):
                yield variant, number


class Results:
    """The runs of one program: by variant those that count, and why one has none."""

    def __init__(self):
        self.runs, self.why_none = {}, {}

    def figure(self, variant, what):
        runs = self.runs.get(variant)
        return Figure([getattr(run, what) for run in runs]) if runs else None

    def ratio(self, variant, what, base="plain"):
        figure, plain = self.figure(variant, what), self.figure(base, what)
        return figure.over(plain) if figure and plain else None

    def add(self, variant, run):
        self.runs.setdefault(variant.name, []).append(run)

    def drop(self, variant, why):
        self.runs.pop(variant.name, None)
        self.why_none[variant.name] = str(why)

    def as_json(self):
        return {"runs": {name: {what: self.figure(name, what).as_json()
                                for what in ("cpu_s", "wall_s", "rss_kib")}
                         for name in self.runs},
                "not measured": self.why_none}


def limit_for(plain):
    """Seconds after which a variant is stopped: what takes so long is no rival."""
    return LIMIT_TIMES * plain.wall_s + LIMIT_MORE_S if plain else FIRST_LIMIT_S


def check_work(plain, run):
    """heaptrack writes lines of its own before and after."""
    if plain and plain.output not in run.output:
        raise Failed("its output differs from plain's")


def measure(variants, rounds, run):
    """`run(variant, limit_s)` gives a Run. A peer that fails is dropped with the reason; ours and
    plain must not fail."""
    results, plain = Results(), None
    for variant, number in in_turns(variants, rounds):
        if variant.name in results.why_none:
            continue
        try:
            done = run(variant, limit_for(plain))
            plain = plain or done
            check_work(plain, done)
        except Failed as failed:
            if not variant.is_peer():
                raise Failed(f"{variant.name}: {failed}") from failed
            results.drop(variant, failed)
            continue
        if done is not plain:
            done.output = b""  # it may be large
        if number:
            results.add(variant, done)
    return results
