#!/usr/bin/python3
"""Storms of threads on the shim's tables, under ThreadSanitizer and AddressSanitizer."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, ROOT, Skip, case, check, main, need

# What a storm must not survive: its words, a file, what stands there, and what is put in its place.
PLANTS = {
    "a_lock_that_is_not_taken": (
        ["blocks", "8"], "preload/lock.c", "attempt(lock) || attempt_long(lock)", "true"),
    "a_window_read_twice": (
        ["briefs"], "preload/core/blocks.c", "if (blocks_brief_plane(cursor->blocks) ||",
        "if ("),
    "an_update_that_is_lost": (
        ["threads"], "preload/thread.c",
        "atomic_fetch_add_explicit(&self.live_bytes, bytes, memory_order_relaxed);",
        "bytes += atomic_load(&self.live_bytes); sys_yield();"
        " atomic_store(&self.live_bytes, bytes);"),
    "a_change_told_too_early": (
        ["places"], "preload/mappings.c",
        "return true; /* being written, or written over */", "return false;"),
}
RUNS = 20  # of a storm until it is lost: a race is not lost each time
STORMS = [["blocks", "8"], ["blocks", "16"], ["blocks", "32"], ["briefs"], ["places"], ["threads"]]
# Memory where the runtime of ThreadSanitizer does not expect it: it says so and ends.
UNCHANCED = ["setarch", "-R"]


def need_sanitizer(t, kind):
    need("gcc", "setarch")
    source = t.write("none.c", "int main(void) { return 0; }\n")
    if subprocess.run(["gcc", f"-fsanitize={kind}", "-o", t.path("none"), source],
                      capture_output=True).returncode:
        raise Skip(f"gcc has no runtime for -fsanitize={kind}")
    if subprocess.run(UNCHANCED + [t.path("none")], capture_output=True).returncode:
        raise Skip(f"-fsanitize={kind} does not work here")


def make(root, build, target):
    made = subprocess.run(["make", "-C", root, "-j2", f"BUILD={build}", "CC=gcc", target],
                          capture_output=True, text=True)
    check(made.returncode == 0, made.stderr[-3000:])


def run(build, kind, words):
    """Whether the storm passed, and what it said."""
    path = os.path.join(build, "storms", kind, words[0])
    told = subprocess.run(UNCHANCED + [path] + words[1:], capture_output=True, text=True)
    return (told.returncode == 0 and told.stdout.endswith("ok\n") and not told.stderr,
            f"{told.stdout[-500:]}{told.stderr[:4000]}\n{' '.join(words)}: status {told.returncode}")


def storm(t, kind):
    need_sanitizer(t, kind)
    make(ROOT, BUILD, "storms")
    for words in STORMS:
        passed, said = run(BUILD, kind, words)
        check(passed, said)


def plant(t, words, file, true, false):
    """The storm of a copy of the sources in which one thing is wrong."""
    build, copy = t.path("build"), t.path("copy")
    target = os.path.join("storms", "thread", words[0])
    make(ROOT, BUILD, os.path.join(BUILD, target))
    for folder in ("preload", "include", "tests/storms", "tests/unit"):
        shutil.copytree(os.path.join(ROOT, folder), os.path.join(copy, folder))
    shutil.copy2(os.path.join(ROOT, "Makefile"), copy)
    shutil.copytree(os.path.join(BUILD, "storms", "thread"), os.path.join(build, "storms", "thread"))
    with open(os.path.join(copy, file)) as source:
        text = source.read()
    check(text.count(true) == 1, f"{file} has {text.count(true)} times: {true}")
    with open(os.path.join(copy, file), "w") as source:
        source.write(text.replace(true, false))
    make(copy, build, os.path.join(build, target))
    return build


@case(limit=900, parallel=False)
def what_is_planted_is_found(t):
    need_sanitizer(t, "thread")
    for name, (words, file, true, false) in PLANTS.items():
        build = plant(t, words, file, true, false)
        for at in range(RUNS):
            passed, said = run(build, "thread", words)
            if not passed:
                break
        check(not passed, f"{name}: {RUNS} times not found\n{said}")
        print(f"{name}: found in run {at + 1}: {said.strip().splitlines()[0]}")
        shutil.rmtree(build)
        shutil.rmtree(t.path("copy"))


@case(limit=900, parallel=False)
def under_thread_sanitizer(t):
    storm(t, "thread")


@case(limit=900, parallel=False)
def under_address_sanitizer(t):
    storm(t, "address")


main()
