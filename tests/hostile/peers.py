#!/usr/bin/python3
"""How many scenarios of the hostile suite each preloaded profiler survives: tests/hostile/peers.py [FAMILY...]

Each scenario of each program in programs/ runs alone, under each peer that is installed (tests/setup
bench), and under vmatlas, which alone is asked for reports while it works. A scenario is survived where
status and output are the program's own, within ten times its time and at least a minute. A peer may
write to standard error and keep descriptors open; ours may not. What goes wrong is printed, then a
table for tests/README.md.
"""

import glob
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

ROOM = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(ROOM, "..", "lib"))
from vmatlas_case import BUILD, SHIM, Context, Dumper
from vmatlas_hostile import DAMAGES, LOADING, build, loading, scenarios_of

PROGRAMS = {
    "entry points": ["entry.c", "resolvers.c"], "address space": ["space.c"],
    "threads": ["threads.c", "cancel.c"],
    "stacks": ["stacks.c"], "processes": ["forks.c", "execs.c"], "confined": ["confined.c"],
    "filters": ["filters.c"], "descriptors and limits": ["limits.c"], "signals": ["moments.c"],
    "waits": ["waits.c"], "ends": ["ends.c"], "loading": ["loading.c"],
    "memory of its own": ["memory.c"],
}
# What the cases give an argument of their own, or is about reports alone.
WITHOUT = {"as_first", "a_wild_write_now_and_then", "wild_writes_by_seed", "work", "work_once"}
LEAST, TIMES = 60, 10  # seconds at least; times what the program alone takes
FILE_MOST = 4 << 30  # a peer that writes without end must not fill the disk


def find(pattern):
    return next(iter(sorted(glob.glob(pattern))), None)


def peers(tmp):
    out = os.path.join(tmp, "peer")
    heaptrack = find("/usr/lib/heaptrack/libheaptrack_preload.so")
    tcmalloc = find("/usr/lib/*/libtcmalloc.so.4")
    memusage = find("/usr/lib/*/libmemusage.so")
    yield "vmatlas", {"LD_PRELOAD": SHIM, "VMATLAS_OUTPUT": os.path.join(tmp, "report.%p"),
                      "VMATLAS_FORMAT": "json"}
    if heaptrack:
        yield "heaptrack", {"LD_PRELOAD": heaptrack, "DUMP_HEAPTRACK_OUTPUT": out}
    if tcmalloc:
        yield "gperftools", {"LD_PRELOAD": tcmalloc, "HEAPPROFILE": out}
    if memusage:
        yield "memusage", {"LD_PRELOAD": memusage, "MEMUSAGE_OUTPUT": out}


class Outcome:
    def __init__(self, status, out, err, took):
        self.status, self.out, self.err, self.took = status, out, err, took


def run(t, argv, env, limit, asked=False):
    process = t.start(argv, env)
    dumper = Dumper(process.pid, 20 if asked else 0, delay=0.03)
    dumper.start()
    begun = time.monotonic()
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        status = None
    took = time.monotonic() - begun
    dumper.stop()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
    process.wait()
    texts = []
    for file in process.files:
        file.seek(0)
        texts.append(file.read(1 << 22).decode("utf-8", "replace"))
        file.close()
    return Outcome(status, *texts, took)


def but_descriptors(text):
    return [line for line in text.splitlines() if not line.startswith("descriptors:")]


def fault(plain, found, ours):
    if found.status is None:
        return "out of time"
    if found.status != plain.status:
        return f"status {found.status}, not {plain.status}"
    if but_descriptors(found.out) != but_descriptors(plain.out) or ours and found.out != plain.out:
        return "output differs"
    if ours and found.err != plain.err:
        return "error output differs"
    return None


def try_scenario(t, family, argv, survived):
    """Adds to survived[family][name] whether each survived; None where it cannot be said."""
    plain = run(t, argv, {}, 180)
    name = " ".join(os.path.basename(word) for word in argv)
    if plain.status != 0:
        print(f"{name}: alone, it ends with {plain.status}", flush=True)
        if plain.status is None:
            return
    for peer, env in peers(t.tmp):
        found = run(t, argv, env, max(LEAST, TIMES * plain.took), asked=peer == "vmatlas")
        wrong = fault(plain, found, peer == "vmatlas")
        survived.setdefault(family, {}).setdefault(peer, []).append(not wrong)
        if wrong:
            print(f"{peer}: {name}: {wrong}", flush=True)
        for path in glob.glob(os.path.join(t.tmp, "*")):
            os.path.isdir(path) and not os.path.islink(path) or os.unlink(path)


def commands_of(t, source):
    """What to run of a program: once for each of its scenarios."""
    if source != "loading.c":
        return [[build(t, source), name] for name in scenarios_of(source) if name not in WITHOUT]
    program = loading(t)
    return [[program, name, os.path.dirname(program)] for name in LOADING] + [
        [program, "damage", damage] for damage in DAMAGES]


def try_family(family, survived):
    for source in PROGRAMS[family]:
        for argv in commands_of(Context(BUILD), source):
            with tempfile.TemporaryDirectory(prefix="vmatlas.", ignore_cleanup_errors=True) as tmp:
                os.chmod(tmp, 0o755)
                t = Context(tmp)
                try_scenario(t, family, argv, survived)


def print_table(survived):
    names = [name for name, _ in peers("")]
    print("| family | scenarios | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    rows = [(family, [sum(row[name]) for name in names], len(row[names[0]]))
            for family, row in survived.items()]
    for family, counts, number in rows:
        print(f"| {family} | {number} | " + " | ".join(map(str, counts)) + " |")
    sums = [sum(counts[i] for _, counts, _ in rows) for i in range(len(names))]
    print(f"| all | {sum(row[2] for row in rows)} | " + " | ".join(map(str, sums)) + " |")


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MOST, resource.RLIM_INFINITY))
    survived = {}
    for family in sys.argv[1:] or PROGRAMS:
        try_family(family, survived)
    print_table(survived)
    sys.exit(0 if all(all(row["vmatlas"]) for row in survived.values()) else 1)


main()
