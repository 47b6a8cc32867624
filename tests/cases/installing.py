#!/usr/bin/python3
"""make install: what is installed works from where it is, other builds find it, and it goes again."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, ROOT, Skip, case, check, check_equal, main, need

PROGRAM = r"""
#include <stdio.h>
#include <vmatlas.h>
int main(void) { printf("%d\n", vmatlas_dump("asked")); }
"""


def make(t, *arguments):
    return subprocess.run(["make", "--no-print-directory", f"BUILD={BUILD}", f"PREFIX={t.path('at')}",
                           *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)


def install(t, *arguments):
    told = make(t, "install", *arguments)
    check_equal(f"make install ({told.stderr})", 0, told.returncode)
    return told.stdout


def files(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names)


@case(limit=300, parallel=False)
def the_installed_command_works(t):
    install(t)
    told = subprocess.run([t.path("at/bin/vmatlas"), "run", "-o", t.path("report"), "sleep", "0"],
                          capture_output=True, text=True, timeout=30)
    check_equal(f"status ({told.stderr})", 0, told.returncode)
    with open(t.path("report"), encoding="utf-8") as file:
        check("What RSS is made of" in file.read(), "a report")


@case(limit=300, parallel=False)
def other_builds_find_it(t):
    need("pkg-config", "gcc")
    install(t)
    env = {**os.environ, "PKG_CONFIG_PATH": t.path("at/lib/pkgconfig")}

    def ask(*what):
        return subprocess.run(["pkg-config", *what, "vmatlas"], env=env, capture_output=True,
                              text=True, check=True).stdout.split()

    command = subprocess.run([t.path("at/bin/vmatlas"), "--version"], capture_output=True, text=True)
    check_equal("version", command.stdout.split()[1:], ask("--modversion"))
    check_equal("libraries", [], ask("--libs"))
    built = subprocess.run(["gcc", *ask("--cflags"), "-o", t.path("program"),
                            t.write("program.c", PROGRAM)], capture_output=True, text=True)
    check_equal(f"gcc ({built.stderr})", 0, built.returncode)
    preload, = ask("--variable=preload")
    for load, says in (("", "38\n"), (preload, "0\n")):  # ENOSYS
        run = t.plain([t.path("program")], preload=load, env={"VMATLAS_OUTPUT": t.path("asked")})
        check_equal("the program", (0, says), (run.status, run.out))
    check(os.path.exists(t.path("asked")), "the report that was asked for")


@case(limit=300, parallel=False)
def each_shell_finds_its_completion(t):
    need("bash")
    install(t)
    told = subprocess.run(
        ["bash", "-c", 'source "$0" && complete -p vmatlas',
         t.path("at/share/bash-completion/completions/vmatlas")], capture_output=True, text=True)
    check_equal("bash", "complete -F _vmatlas vmatlas\n", told.stdout)
    need("zsh")
    told = subprocess.run(
        ["zsh", "-fc", f"fpath=({t.path('at/share/zsh/site-functions')} $fpath); autoload -Uz compinit;"
         f"compinit -u -d {t.path('dump')}; echo $_comps[vmatlas]"], capture_output=True, text=True)
    check_equal("zsh", "_vmatlas\n", told.stdout)


@case(limit=300, parallel=False)
def gdb_finds_its_command(t):
    """With the library, as where the PREFIX is gdb's own."""
    need("gdb")
    install(t)
    told = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", "-iex", "set auto-load safe-path /", "-iex",
         f"set auto-load scripts-directory {t.path('at/share/gdb/auto-load')}", "-ex",
         f"set env LD_PRELOAD {t.path('at/lib/libvmatlas.so')}", "-ex", "break abort", "-ex", "run",
         "-ex", "vmatlas list", "-ex", "kill", "--args", t.program("debugged"), "alone"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if "ptrace: Operation not permitted" in told.stderr:
        raise Skip("no process may be debugged here")
    check("the start of a live block of 88 bytes" in told.stdout, told.stdout + told.stderr)


@case(limit=300, parallel=False)
def it_goes_as_it_came(t):
    said = install(t, f"DESTDIR={t.path('stage')}")
    check(not os.path.exists(t.path("at")), "nothing outside of DESTDIR")
    found = files(t.path("stage"))
    check_equal("what is said", sorted(line for line in said.splitlines() if t.tmp in line
                                       and not line.startswith("sed ")),
                [t.path("stage", name) for name in found])
    with open(os.path.join(t.path("stage") + t.path("at/lib/pkgconfig/vmatlas.pc")),
              encoding="utf-8") as file:
        check("stage" not in file.read(), "DESTDIR is not in what is installed")
    told = make(t, "uninstall", f"DESTDIR={t.path('stage')}")
    check_equal(f"make uninstall ({told.stderr})", 0, told.returncode)
    check_equal("what stays", [], files(t.path("stage")))


main()
