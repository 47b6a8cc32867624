#!/usr/bin/python3
"""The command vmatlas of gdb, in a real gdb: of a process that it has stopped, and of a core file."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import ROOT, Skip, case, check, check_equal, main, need

SCRIPT = os.path.join(ROOT, "tools", "gdb", "vmatlas.py")
NODE = 88  # sizeof(struct node)


def gdb(t, *commands, program=None, core=(), status=0, env=None):
    """What gdb says to these commands, each behind a line "> COMMAND"."""
    need("gdb")
    arguments = [f"source {SCRIPT}"]
    for command in commands:
        arguments += [f"echo \\n> {command}\\n", command]
    # A batch ends with the first command that fails: each is tried by Python's execute.
    listed = [word for command in arguments for word in ("-ex", f"python attempt({command!r})")]
    attempt = ("python\ndef attempt(command):\n  try: gdb.execute(command)\n"
               "  except gdb.error as error: print('error:', error)\nend\n")
    start = t.write("start.gdb", "set confirm off\nset pagination off\nset debuginfod enabled off\n"
                                 "set disable-randomization off\n" + attempt)
    told = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", "-x", start, *listed, program or t.program("debugged"), *core],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, cwd=t.tmp,
        env={**os.environ, **(env or {}), "TMPDIR": t.tmp})
    if "ptrace: Operation not permitted" in told.stderr:
        raise Skip("no process may be debugged here")
    check_equal(f"gdb ({told.stderr})", status, told.returncode)
    parts = re.split(r"^> (.*)\n", told.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2])), told


def loaded(t, **settings):
    """The gdb commands that start the program with the shim in it, up to its first stop."""
    env = t.shim_environment(**settings)
    return [f"set env {name} {value}" for name, value in env.items()] + ["run"]


def left_behind(t):
    return [name for name in os.listdir(t.tmp) if name.startswith("vmatlas.")]


def check_node(answer):
    """A node of the list, made by make_node, called by main."""
    check(re.match(rf"0x[0-9a-f]+: the start of a live block of {NODE} bytes\n", answer), answer)
    check(re.search(r"block .* by thread \d+ debugged.*\n +make_node .*\n +main ", answer), answer)


def check_answers(told):
    check_node(told["vmatlas list"])
    check_node(told["vmatlas list->next"])
    check_node(told["vmatlas *list"])
    check("8 bytes into a live block" in told["vmatlas &list->text"], told["vmatlas &list->text"])
    check("live block of 3,145,728 bytes" in told["vmatlas large"], told["vmatlas large"])
    check("main, a function of " in told["vmatlas main"], told["vmatlas main"])
    check("whole, a variable of " in told["vmatlas whole"], told["vmatlas whole"])
    check("stack" in told["vmatlas $sp"].splitlines()[0], told["vmatlas $sp"])
    check_equal("no address", "error: fraction is no address", told["vmatlas fraction"].strip())
    check("nosuch" in told["vmatlas nosuch"], told["vmatlas nosuch"])


QUESTIONS = [f"vmatlas {what}" for what in ("list", "list->next", "*list", "&list->text", "large",
                                            "main", "whole", "$sp", "fraction", "nosuch")]


@case(limit=120)
def a_stopped_process_answers(t):
    told, _ = gdb(t, *loaded(t), *QUESTIONS)
    check_answers(told)
    check("page " in told["vmatlas list"], "pages are known")
    check_equal("left behind", [], left_behind(t))


@case(limit=120)
def the_answer_is_of_now(t):
    """What was freed since is not live any more; and the program ends as it would."""
    told, _ = gdb(t, *loaded(t), "vmatlas second", "continue", "vmatlas second ", "vmatlas list",
                  "continue ", "print $_exitcode", "vmatlas")
    check_node(told["vmatlas second"])
    check("in no live block" in told["vmatlas second "], told["vmatlas second "])
    check_node(told["vmatlas list"])
    check("= 3" in told["print $_exitcode"], told["print $_exitcode"])
    check("no process" in told["vmatlas"], told["vmatlas"])
    check_equal("left behind", [], left_behind(t))


@case(limit=120)
def the_ledger_adds_up(t):
    told, _ = gdb(t, *loaded(t), "vmatlas")
    text = told["vmatlas"]
    check(re.search(r"dump 1, by debugger", text), text)
    rows = text.split("What RSS is made of\n")[1].split("\n\n")[0].splitlines()
    figures = [int(re.search(r"([\d,]+)  (?! )", row)[1].replace(",", "")) for row in rows
               if "  of which " not in row]
    check_equal("sum of the rows", figures[-1], sum(figures[:-1]))
    check("make_node" in text, "who has the most blocks")
    check_equal("reports elsewhere", [], os.listdir(t.path("reports")))


@case(limit=120)
def in_the_midst_of_malloc_it_answers(t):
    """At any instruction of the wrapper and of libc's malloc, on any thread."""
    steps = []
    for count in (1, 40, 100, 300):
        steps += [f"stepi {count}", f"vmatlas list {'' :{count}}"]
    told, _ = gdb(t, *loaded(t), "break malloc", "continue", *steps, "delete", "continue ", "continue  ",
                  "print $_exitcode")
    for command in steps[1::2]:
        check_node(told[command])
    check("= 3" in told["print $_exitcode"], told["print $_exitcode"])


@case()
def it_says_why_there_is_no_answer(t):
    told, _ = gdb(t, "vmatlas", "run", "vmatlas list")
    check("error: no process" in told["vmatlas"], told["vmatlas"])
    check("error: no libvmatlas.so in the program" in told["vmatlas list"], told["vmatlas list"])


main()
