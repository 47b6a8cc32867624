"""Instructions of a program by function, counted by callgrind.

A function stands in the list once for each file whose lines are in it, inlined code under its own file:
(file, function) says which room of the source the instructions are from."""

import os
import re
import subprocess

ROW = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)  (\S+?):([^\s\[]+)", re.M)
# How many callers stand behind a function's name: as far as from what is left out to its innermost.
CALLERS = 8


class Failed(Exception):
    """Callgrind could not count."""


def parse(text, left_out):
    """{(file, function): instructions} of what callgrind_annotate prints, without those functions
    and what they call. A name is followed by its callers: `intern_add'moment_renew'track_alloc`."""
    counts = {}
    for number, file, names in ROW.findall(text):
        chain = names.split("'")
        if not set(chain) & set(left_out):
            key = os.path.basename(file), chain[0]
            counts[key] = counts.get(key, 0) + int(number.replace(",", ""))
    return counts


def count(room, argv, preload, left_out):
    """{(file, function): instructions} of one run, without the functions left out."""
    path = os.path.join(room, "callgrind.out")
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LD_PRELOAD": preload}
    told = subprocess.run(["valgrind", "--tool=callgrind", f"--separate-callers={CALLERS}",
                           f"--callgrind-out-file={path}", *argv], capture_output=True, text=True,
                          env=env)
    if told.returncode:
        raise Failed(f"valgrind: exit {told.returncode}\n{told.stderr}")
    told = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", path],
                          capture_output=True, text=True)
    counts = parse(told.stdout, left_out)
    if not counts:
        raise Failed(f"callgrind_annotate told nothing\n{told.stderr}")
    return counts
