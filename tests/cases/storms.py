#!/usr/bin/python3
"""Storms of threads on the shim's tables, under ThreadSanitizer and AddressSanitizer."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, ROOT, Skip, case, check, main, need

STORMS = [["blocks", "8"], ["blocks", "16"], ["blocks", "32"], ["briefs"], ["places"], ["threads"]]
# Memory where the runtime of ThreadSanitizer does not expect it: it says so and ends.
UNCHANCED = ["setarch", "-R"]


def storm(t, kind):
    need("gcc", "setarch")
    source = t.write("none.c", "int main(void) { return 0; }\n")
    if subprocess.run(["gcc", f"-fsanitize={kind}", "-o", t.path("none"), source],
                      capture_output=True).returncode:
        raise Skip(f"gcc has no runtime for -fsanitize={kind}")
    if subprocess.run(UNCHANCED + [t.path("none")], capture_output=True).returncode:
        raise Skip(f"-fsanitize={kind} does not work here")
    made = subprocess.run(["make", "-C", ROOT, "-j2", f"BUILD={BUILD}", "CC=gcc", "storms"],
                          capture_output=True, text=True)
    check(made.returncode == 0, made.stderr[-3000:])
    for words in STORMS:
        path = os.path.join(BUILD, "storms", kind, words[0])
        told = subprocess.run(UNCHANCED + [path] + words[1:], capture_output=True, text=True)
        check(told.returncode == 0 and told.stdout.endswith("ok\n") and not told.stderr,
              f"{told.stdout[-500:]}{told.stderr[:4000]}\n{' '.join(words)}: status {told.returncode}")


@case(limit=900, parallel=False)
def under_thread_sanitizer(t):
    storm(t, "thread")


@case(limit=900, parallel=False)
def under_address_sanitizer(t):
    storm(t, "address")


main()
