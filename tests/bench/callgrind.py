"""What a program does by function, counted by callgrind: instructions, and misses of modelled caches.

A function stands in the list once for each file whose lines are in it, inlined code under its own file:
(file, function) says which room of the source the counts are from."""

import os
import re
import subprocess

ROW = re.compile(r"^ *((?:[\d,]+|\.)(?: +(?:[\d,]+|\.))*) +(\S+?):([^\s\[]+)", re.M)
# How many callers stand behind a function's name: as far as from what is left out to its innermost.
CALLERS = 8
TEXTS = 2048  # bytes


class Failed(Exception):
    """Callgrind could not count."""


def parse(text, left_out):
    """{(file, function): sum of the columns} of what callgrind_annotate prints, without those
    functions and what they call. A name is followed by its callers, as in
    `intern_add'moment_renew'track_alloc`."""
    counts = {}
    for columns, file, names in ROW.findall(text):
        chain = names.split("'")
        if not set(chain) & set(left_out):
            key = os.path.basename(file), chain[0]
            counts[key] = counts.get(key, 0) + sum(
                int(column.replace(",", "")) for column in columns.split() if column != ".")
    return counts


def run(room, argv, preload, *options, settings=()):
    """Runs the program, with more variables set; gives the path of what callgrind wrote."""
    path = os.path.join(room, "callgrind.out")
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LD_PRELOAD": preload, **dict(settings)}
    # The stack begins below these texts, and where a stack is decides which call stacks share a set
    # of the shim's memory: wherever the project lies, they are as long.
    env["PAD"] = "x" * max(0, TEXTS - 2 * len(argv[0]) - len(preload))
    told = subprocess.run(["valgrind", "--tool=callgrind", f"--separate-callers={CALLERS}",
                           f"--callgrind-out-file={path}", *options, *argv], capture_output=True,
                          text=True, env=env)
    if told.returncode:
        raise Failed(f"valgrind: exit {told.returncode}\n{told.stderr}")
    return path


def counts(path, left_out, events="Ir"):
    """{(file, function): so many of these events} of a run, without the functions left out."""
    told = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no",
                           f"--show={events}", path], capture_output=True, text=True)
    found = parse(told.stdout, left_out)
    if not found:
        raise Failed(f"callgrind_annotate told nothing\n{told.stderr}")
    return found
