"""What the hostile cases share: their programs, built once, and a test for each scenario."""

import fcntl
import glob
import os
import subprocess
import tempfile

from vmatlas_case import BUILD, ROOT, case, check, check_reports

HOSTILE = os.path.join(ROOT, "tests", "hostile", "programs")


def build(t, name, *flags, output=None):
    """The path of a hostile program or library (NAME.c, NAME.cc), built now if it is not up to date."""
    source = os.path.join(HOSTILE, name)
    folder = os.path.join(BUILD, "tests", "hostile")
    target = os.path.join(folder, output or name.partition(".")[0])
    os.makedirs(folder, exist_ok=True)
    newest = max(map(os.path.getmtime, [source] + glob.glob(os.path.join(HOSTILE, "*.h"))))
    with open(os.path.join(folder, ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run beside each other
        if not os.path.exists(target) or os.path.getmtime(target) < newest:
            with tempfile.TemporaryDirectory(dir=folder) as tmp:
                os.rename(t.compile(source, os.path.join(tmp, "built"), *flags), target)
    return target


def library(t, name, *flags, output=None):
    return build(t, name, "-shared", "-fPIC", *flags,
                 output=output or name.partition(".")[0] + ".so")


# What loading.c does, and the ways in which it damages its heap.
LOADING = "taking_turns in_threads removed_meanwhile name_spaces static_tls asked_while_loading".split()
DAMAGES = """double double_big inside misaligned stack realloc size mapped_size overrun low
freed_realloc""".split()


def loading(t):
    """The path of loading.c's program; the libraries that it loads stand beside it."""
    for number in (1, 2):
        library(t, "plugin.c", f"-DNUMBER={number}", output=f"plugin{number}.so")
    for size in (64, 512, 1024, 1500, 3000):
        library(t, "plugin.c", f"-DTLS_BYTES={size}", "-Wl,-z,initfirst", output=f"tls{size}.so")
    library(t, "asking.c")
    return build(t, "loading.c")


def scenarios_of(name):
    """The names that a program's SCENARIOS lists, without building it."""
    with open(os.path.join(HOSTILE, name), encoding="utf-8") as file:
        rows = file.read().rpartition("SCENARIOS(")[2]
    return [row.partition('"')[2].partition('"')[0] for row in rows.split("{")[1:]]


def survive(t, argv, dumps=20, reports=1, **how):
    """Plain run == run under dumps; at least so many reports, and what they say holds."""
    run = t.compare(argv, dumps=dumps, delay=how.pop("delay", 0.03), limit=how.pop("limit", 30), **how)
    check(run.status == 0, f"status {run.status} in both runs\n{run.out}\n{run.err}")
    check_reports(run, least=reports)
    return run


def prove_all(source, limit=60, parallel=True, how=None, without=(), flags=()):
    """A test for each scenario of a program. how: {scenario: what survive takes besides}."""
    def prove(scenario):
        def run(t):
            survive(t, [build(t, source, *flags), scenario], **(how or {}).get(scenario, {}))
        run.__name__ = scenario
        case(limit=limit, parallel=parallel)(run)

    for scenario in scenarios_of(source):
        if scenario not in without:
            prove(scenario)


def as_root(*words):
    """Whether a command that needs root succeeds here."""
    return os.geteuid() == 0 and subprocess.run(words, capture_output=True).returncode == 0
