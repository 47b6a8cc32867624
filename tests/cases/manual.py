#!/usr/bin/python3
"""Each command has its help and its page, and both tell of the same options."""

import glob
import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, case, check, check_equal, main, need

PAGES = os.path.join(ROOT, "tools", "man")

# What has no --json, and why.
NO_JSON = {
    "run": "what it prints is the program's; --format=json is its report",
    "dump": "prints a path; --format=json is the report there",
    "export": "--format=json is one of its formats",
}

# What has no --color, and why.
NO_COLOR = {
    "run": "what it prints is the program's",
    "dump": "prints a path",
    "export": "writes for programs",
    "top": "is on a terminal in any case, or --once; NO_COLOR is obeyed",
}


def told_by(*arguments):
    told = subprocess.run([COMMAND, *arguments], capture_output=True, text=True)
    check_equal(f"{arguments}: status", 0, told.returncode)
    check_equal(f"{arguments}: stderr", "", told.stderr)
    return told.stdout


def commands():
    return re.findall(r"^  (\w+) ", told_by("--help").split("Commands:")[1].split("\n\n")[0], re.M)


def page(name):
    """The page as its reader sees it, without bold and underlined."""
    path = os.path.join(PAGES, name)
    check(os.path.exists(path), f"no page {name}")
    need("man")
    told = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", path], capture_output=True,
                          text=True, env={**os.environ, "MANWIDTH": "100", "MAN_KEEP_FORMATTING": "",
                                          "LC_ALL": "C.UTF-8"})
    check_equal(f"{name}: warnings", "", told.stderr)
    check_equal(f"{name}: status", 0, told.returncode)
    return re.sub("\x1b\\[[0-9;]*m|.\b", "", told.stdout)


def options(command):
    """Letters and words of the options, by --help."""
    found = re.findall(r"^ {2,6}(?:(-[^-\s]), )?(--?[\w-]+)", told_by(command, "--help"), re.M)
    return {name for pair in found for name in pair if name} - {"--help", "--usage", "-?"}


@case()
def each_command_has_its_page(t):
    check(len(commands()) >= 9, "the help lists commands")
    check_equal("pages", sorted(f"vmatlas-{name}.1" for name in commands()) + ["vmatlas.1", "vmatlas.7"],
                sorted(map(os.path.basename, glob.glob(os.path.join(PAGES, "*.[0-9]")))))
    first = page("vmatlas.1")
    for name in commands():
        check(f"vmatlas-{name}(1)" in first, f"vmatlas.1 does not name vmatlas-{name}")


@case()
def each_option_stands_in_its_page(t):
    for name in commands():
        text = page(f"vmatlas-{name}.1")
        told = set(re.findall(r"(?<![\w-])--?[\w][\w-]*", text.split("SEE ALSO")[0]))
        check_equal(f"{name}: options that its page leaves out", set(), options(name) - told)
        entries = set(re.findall(r"^ {7}(?:(-\w), )?(--?[\w-]+)(?:[= \[,].*)?$", text, re.M))
        # -XX and -X stand beside -x; --format is also another command's.
        named = {option for pair in entries for option in pair if option} - {"-X", "-XX"}
        check_equal(f"{name}: options that there are not", set(), named - options(name))


@case()
def help_has_examples_and_usage(t):
    for name in commands():
        text = told_by(name, "--help")
        check(text.startswith(f"Usage: vmatlas {name} "), f"{name}: {text[:60]}")
        examples = text.split("\nExamples:\n")
        check_equal(f"{name}: parts", 2, len(examples))
        check(f"vmatlas {name} " in examples[1], f"{name}: no example")
        check_equal(f"{name}: help", text, told_by("help", name))
        check("\nEXAMPLES\n" in page(f"vmatlas-{name}.1"), f"vmatlas-{name}.1: no example")
        check(max(map(len, text.splitlines())) <= 80, f"{name}: a line is too wide")


@case()
def each_command_has_json(t):
    for name in commands():
        has = "--json" in options(name)
        check_equal(f"{name}: --json ({NO_JSON.get(name, '')})", name not in NO_JSON, has)
        if not has:
            check("json" in told_by(name, "--help"), f"{name}: neither --json nor --format=json")


def on_a_terminal(*arguments, **variables):
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen([COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
                               stderr=subprocess.PIPE, env={**env, "TERM": "xterm", **variables})
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 65536):
            told += part
    except OSError:  # its end
        pass
    os.close(ours)
    check_equal(f"{arguments}: stderr", b"", process.communicate()[1])
    return told.decode().replace("\r\n", "\n")


def plain(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text)


@case()
def each_command_has_color(t):
    snapshot, other = t.path("a"), t.path("b")
    for path in (snapshot, other):
        told = subprocess.run([COMMAND, "run", "-q", "-f", "snapshot", "-o", path, "sort", os.devnull],
                              capture_output=True, text=True)
        check_equal(f"run ({told.stderr})", 0, told.returncode)
    asked = {"report": [snapshot], "maps": [snapshot], "addr": [snapshot, "1000"],
             "diff": [snapshot, other], "check": ["-v", "--max-live=1G", snapshot]}
    for name in commands():
        check_equal(f"{name}: --color ({NO_COLOR.get(name, '')})", name not in NO_COLOR,
                    "--color" in options(name))
    check_equal("commands", set(commands()) - set(NO_COLOR), set(asked))
    for name, arguments in asked.items():
        text = on_a_terminal(name, *arguments, NO_COLOR="1")
        check("\x1b" not in text and text, f"{name}: colours with NO_COLOR")
        check_equal(f"{name}: --color=never", text, on_a_terminal(name, "--color=never", *arguments))
        for colored in (on_a_terminal(name, *arguments),
                        on_a_terminal(name, "--color=always", *arguments, NO_COLOR="1")):
            check("\x1b[" in colored, f"{name}: no colours")
            check_equal(f"{name}: but for the colours", text, plain(colored))
        piped = subprocess.run([COMMAND, name, *arguments], capture_output=True, text=True).stdout
        check("\x1b" not in piped and piped, f"{name}: colours in a pipe")
        told = subprocess.run([COMMAND, name, "--color=blue", *arguments], capture_output=True, text=True)
        check_equal(f"{name}: status", 2, told.returncode)
        if "--json" in options(name):
            told = on_a_terminal(name, "--json", "--color=always",
                                 *[word for word in arguments if word != "-v"])
            check("\x1b" not in told, f"{name}: colours in JSON")


@case()
def pages_name_pages_that_are_there(t):
    for path in sorted(glob.glob(os.path.join(PAGES, "*.[0-9]"))):
        text = page(os.path.basename(path))
        for name, section in set(re.findall(r"(vmatlas[\w-]*)\((\d)\)", text)):
            check(os.path.exists(os.path.join(PAGES, f"{name}.{section}")),
                  f"{path} names {name}({section})")


@case()
def mandoc_finds_no_fault(t):
    need("mandoc")
    for path in sorted(glob.glob(os.path.join(PAGES, "*.[0-9]"))):
        told = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True,
                              text=True)
        # A page has the date of its release, which a checkout has not.
        faults = [line for line in told.stdout.splitlines() if "missing date" not in line]
        check_equal(path, [], faults)


main()
