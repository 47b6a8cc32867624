#!/usr/bin/python3
"""Processes that fork, exec and give up their rights, dumped from inside and outside."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Skip, case, check, check_reports, main, read_reports
from vmatlas_hostile import as_root, build, prove_all, scenarios_of, survive

# The child of a fork may be asked too; between a look at /proc and the signal, an exec would take the
# handler away.
FAMILY = {"match": "forks"}
prove_all("forks.c", how={name: FAMILY for name in
                          ("storm", "handlers", "generations", "raw", "handlers_fork")})
# Where the environment is cleared, nobody is left to answer; a chain has no moment to be asked at.
prove_all("execs.c", how={"chain": {"dumps": 0}, **{
    name: {"reports": 0, "dumps": 0} for name in
    ("no_environment", "cleared", "own_environment")}})


@case()
def chain_of_heirs(t):
    """With VMATLAS_CHILDREN=1 each program of the chain is followed; all have one number."""
    survive(t, [build(t, "execs.c"), "chain"], settings={"children": 1}, dumps=0)


@case()
def heirs_beside_threads(t):
    survive(t, [build(t, "execs.c"), "beside_threads"], settings={"children": 1}, dumps=0)


# Without /proc a report cannot say what is resident, and says so; without a place, there is none.
BLIND = ("no_proc", "other_proc", "dropped", "hidden_proc", "another_root")
PLACELESS = ("rooted", "read_only", "landlocked", "another_root")


def open_folder(t):
    """A folder that anybody may write to; the ways to it are root's alone at first."""
    for folder in {t.tmp, os.path.dirname(t.tmp)} - {"/tmp"}:
        os.chmod(folder, 0o755)
    os.mkdir(t.path("open"))
    os.chmod(t.path("open"), 0o777)
    return t.path("open")


def prove_confined(scenario):
    def run(t):
        if not as_root("unshare", "--mount", "true"):
            raise Skip("this needs root and its own mounts")
        name = os.path.join(open_folder(t), "%e.%p.%n.json")
        done = t.compare([build(t, "confined.c"), scenario], dumps=20, limit=30,
                         settings={"output": name})
        check(done.status == 0, f"status {done.status}\n{done.out}\n{done.err}")
        done.reports = read_reports(t.path("open"))
        check(done.reports or scenario in PLACELESS, "no reports")
        if scenario not in BLIND:
            check_reports(done, least=0)
    run.__name__ = scenario
    case()(run)


for row in scenarios_of("confined.c"):
    prove_confined(row)


def prove_filtered(scenario):
    """Alive, whatever the filter does to those who call what is not on its list."""
    def run(t):
        argv = [build(t, "filters.c"), scenario]
        for how in ({}, {"dumps": 40}, {"dumps": 10, "settings": {"exit": 1}},
                    {"settings": {"interval": 1}}):
            done = t.compare(argv, delay=0.02, limit=30, **how)
            check(done.status == 0, f"status {done.status}\n{done.out}")
            if scenario != "one_refused":  # who may not read knows of no mapping
                check_reports(done, least=0)
    run.__name__ = scenario
    case()(run)


for row in scenarios_of("filters.c"):
    prove_filtered(row)
main()
