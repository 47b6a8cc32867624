#!/usr/bin/python3
"""Each fuzz target for a few seconds, from the corpus in the tree; longer by tests/fuzz/run."""

import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, ROOT, Skip, case, check, main, need

SECONDS = "4"
TARGETS = sorted(os.path.basename(path)[len("fuzz_"):-2]
                 for path in glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c")))


def need_fuzzer(t):
    """Skips unless clang links libFuzzer."""
    need("clang")
    source = t.write("none.c", "int LLVMFuzzerTestOneInput(const char *d, unsigned long n)"
                               "{ return d && n > 99; }\n")
    told = subprocess.run(["clang", "-fsanitize=fuzzer,address,undefined", "-o", t.path("none"), source],
                          capture_output=True, text=True)
    if told.returncode:
        raise Skip("clang has no libFuzzer here (tests/setup fuzz installs it)")


@case(limit=900, parallel=False)
def targets_stand_a_short_run(t):
    need_fuzzer(t)
    told = subprocess.run(["make", "-C", ROOT, "-j2", f"BUILD={BUILD}", "fuzzers"], capture_output=True,
                          text=True)
    check(told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:])
    told = subprocess.run([os.path.join(ROOT, "tests", "fuzz", "run"), SECONDS], capture_output=True,
                          text=True, env={**os.environ, "VMATLAS_BUILD": BUILD})
    print(told.stdout)
    check(told.returncode == 0, f"status {told.returncode} {told.stderr[-2000:]}")
    check(told.stdout.count("ok   ") == len(TARGETS), "not every target ran")


main()
