#!/usr/bin/python3
"""tools/completion: what bash and zsh offer behind `vmatlas` is what the command takes."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, COMMAND, ROOT, case, check, check_equal, main, need

FOLDER = os.path.join(ROOT, "tools", "completion")

# Completes the words that follow, the last of which is the one at the cursor.
BASH = r"""
source "$0"
compopt() { echo "compopt $*" >&2; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_vmatlas
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(*words):
    """What bash offers, sorted."""
    told = subprocess.run(["bash", "-c", BASH, os.path.join(FOLDER, "vmatlas.bash"), COMMAND, *words],
                          capture_output=True, text=True, timeout=30, cwd=ROOT)
    check_equal(f"{words}: status", 0, told.returncode)
    check(not re.sub(r"^compopt .*\n", "", told.stderr, flags=re.M), f"{words}: {told.stderr}")
    return sorted(told.stdout.split())


def told_by(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True).stdout


def commands():
    return re.findall(r"^  (\w+) ", told_by("--help").split("Commands:")[1].split("\n\n")[0], re.M)


def long_options(command):
    """The long options by --usage, which lists them in another way than --help."""
    return sorted(re.findall(r"\[(--[\w-]+)", told_by(command, "--usage")))


def formats():
    table = told_by("export", "--help").split("Formats:\n")[1].split("\n\n")[0]
    return sorted(re.findall(r"^  (\w+)", table, re.M))


def kinds():
    """The names of kinds as the source has them."""
    with open(os.path.join(ROOT, "preload", "core", "kind.c"), encoding="utf-8") as file:
        return sorted(re.findall(r'^\t\[KIND_\w+\] = "([\w-]+)"', file.read(), re.M))


def known_words(name):
    """The lists of values that a script knows by itself."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return [words.split() for words in re.findall(r"'((?:pprof|live_bytes|text)[^']*)'", file.read())]


# -- Bash ---------------------------------------------------------------------------------------

@case()
def bash_offers_the_commands(t):
    need("bash")
    check(len(commands()) >= 9, "the help lists commands")
    check_equal("words", sorted(commands() + ["help", "--help", "--version"]), bash(""))
    check_equal("begun", ["report", "run"], bash("r"))
    check_equal("help", ["diff", "dump"], bash("help", "d"))


@case()
def bash_offers_each_option(t):
    need("bash")
    for command in commands():
        offered = [word.rstrip("=") for word in bash(command, "--")]
        check_equal(command, long_options(command), offered)


@case()
def bash_offers_values(t):
    need("bash")
    check_equal("-f", ["json", "snapshot", "text"], bash("run", "-f", ""))
    check_equal("--format", ["json"], bash("run", "--format", "j"))
    check_equal("--format=", ["json", "snapshot", "text"], bash("dump", "--format", "="))
    check_equal("--format=s", ["snapshot"], bash("dump", "--format", "=", "s"))
    check_equal("--color=", ["always", "auto", "never"], bash("maps", "--color", "="))
    check("always" not in bash("maps", "--color", ""), "--color takes no word of its own")
    check_equal("-s", ["USR1", "USR2"], bash("run", "-s", "US"))
    check_equal("files", ["README.md"], bash("check", "--rules", "=", "READ"))
    check_equal("folders", ["tools"], bash("run", "--store", "too"))
    check_equal("list", ["heap,text"], bash("maps", "--kind", "=", "heap,te"))


@case()
def bash_offers_operands(t):
    need("bash")
    check_equal("snapshots", ["README.md"], bash("report", "READ"))
    check(str(os.getpid()) in bash("maps", str(os.getpid())[:1]), "maps takes a process")
    check("README.md" in bash("maps", "R"), "maps takes a file")
    process = t.start([t.program("waiting")], t.shim_environment())
    try:
        end = time.monotonic() + 10
        while str(process.pid) not in bash("top", ""):
            check(time.monotonic() < end, "top takes a process with the shim")
        check(str(os.getpid()) not in bash("top", ""), "and no other")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        t.finish(process, 10)


@case()
def bash_offers_the_programs_own_words(t):
    need("bash")
    check("bash" in bash("run", "bas"), "a program")
    check("bash" in bash("run", "-o", "x", "--no-exit", "--store", "=", "y", "bas"), "behind options")
    check_equal("a path", [os.path.join(BUILD, "libvmatlas.so")],
                bash("run", os.path.join(BUILD, "libvmatlas")))
    for before in (["ls"], ["--", "ls"], ["-q", "-f", "text", "ls"], ["--format", "=", "text", "ls"]):
        check_equal(f"behind {before}", ["README.md"], bash("run", *before, "READ"))
    check("--format=" not in bash("run", "ls", "--f"), "options of the program's are not ours")


@case()
def words_are_what_the_command_takes(t):
    """What the scripts know by themselves, in both."""
    need("bash")
    check_equal("formats", formats(), bash("export", "-f", ""))
    check(len(kinds()) > 20, "the source has kinds")
    check_equal("kinds", kinds(), bash("maps", "--kind", ""))
    values = re.search(r"VALUE +folded: ([^-]*)\n +-", told_by("export", "--help"))[1]
    check_equal("values", sorted(re.findall(r"\b[a-z_]{3,}\b", values.replace("(default)", ""))),
                bash("export", "--value", ""))
    check_equal("lists", 3, len(known_words("vmatlas.bash")))
    check_equal("zsh's", known_words("vmatlas.bash"), known_words("_vmatlas"))


# -- Zsh ----------------------------------------------------------------------------------------

SETUP = r"""PS1='ready> '; stty cols 200 rows 200 -echo; LISTMAX=0; setopt no_beep no_auto_menu
fpath=($FOLDER $fpath); path=($BUILD $path); autoload -Uz compinit; compinit -u -d $DUMP
bindkey '^T' list-choices; echo now''able
"""


class Zsh:
    """A zsh on a terminal of its own."""

    def __init__(self, t):
        need("zsh")
        environment = {**t.base_environment(), "TERM": "dumb", "FOLDER": FOLDER, "BUILD": BUILD,
                       "DUMP": t.path("dump")}
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            os.execvpe("zsh", ["zsh", "-f", "-i"], environment)
        os.write(self.fd, SETUP.encode())
        self.until("nowable")

    def until(self, *words):
        """Reads until all these words came."""
        text, end = "", time.monotonic() + 20
        while not all(word in text for word in words):
            if select.select([self.fd], [], [], 0.2)[0]:
                text += os.read(self.fd, 65536).decode("utf-8", "replace")
            missing = [word for word in words if word not in text]
            check(time.monotonic() < end or not missing, f"{text}\nno {missing}")
        return text

    def offers(self, line, *words):
        """What is listed for the line, once all the words are in it."""
        os.write(self.fd, line.encode() + b"\x14")
        told = self.until(*words)
        os.write(self.fd, b"\x15\x0b")
        return told

    def fills(self, line, whole):
        os.write(self.fd, line.encode() + b"\t")
        self.until(whole)
        os.write(self.fd, b"\x15")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@case()
def zsh_offers_commands_and_options(t):
    with Zsh(t) as zsh:
        zsh.offers("vmatlas ", *(f"{name} " for name in commands()),
                   "say what is at an address", "--version")
        for command in commands():
            zsh.offers(f"vmatlas {command} --", *(f"{name} " for name in long_options(command)))
        zsh.offers("vmatlas run --", "older ones are removed")


@case()
def zsh_offers_values_and_operands(t):
    with Zsh(t) as zsh:
        zsh.offers("vmatlas run -f ", "json", "snapshot", "text")
        zsh.offers("vmatlas maps --color=", "always", "auto", "never")
        zsh.offers("vmatlas export --format=", *formats())
        zsh.offers("vmatlas maps --kind=heap,", "thread-stack", "vsyscall")
        zsh.fills("vmatlas maps --kind=heap,te", "--kind=heap,text")
        zsh.fills("vmatlas check --rules=READ", "--rules=README.md")
        zsh.fills("vmatlas report READ", "report README.md")
        zsh.fills("vmatlas maps READ", "maps README.md")
        zsh.fills("vmatlas run -o x ls READ", "ls README.md")
        zsh.fills("vmatlas run --stor", "run --store=")
        process = t.start([t.program("waiting")], t.shim_environment())
        try:
            end = time.monotonic() + 10
            while b"ready" not in os.pread(process.files[0].fileno(), 4096, 0):
                check(time.monotonic() < end, "the program does not start")
                time.sleep(0.01)
            zsh.offers("vmatlas top ", str(process.pid))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            t.finish(process, 10)


main()
