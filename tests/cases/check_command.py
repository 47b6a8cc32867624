#!/usr/bin/python3
"""`vmatlas check FILE RULES`: rules that hold, that are broken, that the file cannot answer; and
that a snapshot, a JSON report and the live process say the same of one process."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, case, check, check_equal, main, proc_text

FIXTURES = os.path.join(ROOT, "tests", "fixtures")
SEED = os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "model")
MIB = 1 << 20


class Told:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"status {self.status}, out {self.out!r}, err {self.err!r}"


def ask(*arguments, **how):
    how = {"capture_output": True, "text": True, "timeout": 60, "errors": "surrogateescape", **how}
    if "input" not in how:
        how["stdin"] = subprocess.DEVNULL
    return Told(subprocess.run([COMMAND, "check", *map(str, arguments)], **how))


def holds(*arguments):
    """Exit status 0, and not a word."""
    told = ask(*arguments)
    check((told.status, told.out, told.err) == (0, "", ""), f"{arguments}: {told}")


def breaks(*arguments, says=()):
    """Exit status 1 and a line for each broken rule."""
    told = ask(*arguments)
    check((told.status, told.err) == (1, ""), f"{arguments}: {told}")
    lines = told.out.splitlines()
    check_equal(f"{arguments}: lines of {lines}", len(says), len(lines))
    for line, text in zip(lines, says):
        check(text in line, f"{arguments}: no {text!r} in {line!r}")


def refuses(status, *arguments, says=()):
    told = ask(*arguments)
    check((told.status, told.out) == (status, ""), f"{arguments}: {told}")
    for text in says:
        check(text in told.err, f"{arguments}: no {text!r} in {told.err!r}")
    return told.err


def fixture(name):
    return os.path.join(FIXTURES, name)


# -- Files ------------------------------------------------------------------------------------

@case()
def saved_maps(t):
    name = fixture("x86_64-centos7-main.maps")
    holds(name, "--no-wx", "--max-mappings", 18, "--max-row", "heap=132K",
          "--max-row", f"size={4304 * 1024}", "--max-row", "jit=0")
    breaks(name, "--max-mappings", 17, "--max-row", "heap=135167", "--max-row=size=1M",
           says=[f"{name}: rule --max-mappings 17: mappings: 18",
                 f"{name}: rule --max-row heap=135167: heap is 132.0 KiB (135,168)",
                 f"{name}: rule --max-row size=1M: size is 4.2 MiB (4,407,296)"])


@case()
def writable_code_is_found(t):
    path = t.write("maps", "00400000-00401000 rwxp 00000000 00:00 0 [a\033[31m]\n"
                           "00402000-00403000 r-xp 00000000 00:00 0 \n"
                           "00404000-00405000 -wxs 00000000 00:00 0 \n")
    breaks(path, "--no-wx", says=["2 mappings are writable and executable: 400000-401000 "
                                  "[a\\x1b[31m], 404000-405000"])
    check("\033" not in ask(path, "--no-wx").out, "an escape sequence of the file's")


@case()
def what_a_listing_does_not_say(t):
    """Exit 1 and a line each on stderr; the other rules are judged all the same."""
    name = fixture("x86_64-ls.maps")
    for rule, needs in ((["--max-rss", "1G"], "what is resident"),
                        (["--max-live", "1G"], "which blocks are live"),
                        (["--max-unexplained", "1%"], "what RSS is made of"),
                        (["--max-threads", "1"], "which threads there are"),
                        (["--max-lost", "0"], "what was not seen"),
                        (["--complete"], "what could not be read"),
                        (["--max-row", "heap.rss=1G"], "what is resident")):
        error = refuses(1, name, *rule, says=[f"it needs to know {needs}", "a list of mappings"])
        check_equal(f"{rule}: lines", 1, error.count("\n"))
    refuses(1, fixture("gdb-info-proc-mappings.txt"), "--no-wx", says=["permissions"])
    told = ask(name, "--max-rss", "1G", "--max-mappings", "1")
    check(told.status == 1 and told.out.count("\n") == told.err.count("\n") == 1, f"{told}")


@case()
def a_snapshot_and_its_report_say_the_same(t):
    same_of_both(SEED, report_of(t, SEED))


def report_of(t, snapshot):
    made = subprocess.run([COMMAND, "report", "--json", snapshot], capture_output=True, text=True,
                          timeout=60, errors="surrogateescape")
    return t.write("report.json", made.stdout)


RULES = ["--max-rss=1", "--max-live=1", "--max-unexplained=0", "--max-retained=0.001%",
         "--max-mappings=1", "--max-threads=0", "--max-lost=1000000", "--no-wx", "--complete",
         *("--max-row=" + name + "=0" for name in (
             "size", "pss", "swap", "live_blocks", "peak_live_bytes", "pinned", "trimmable", "live",
             "mmapped", "loader", "thread-stacks", "main-stack", "elf-text", "elf-rodata",
             "elf-relro", "elf-data", "elf-bss", "files", "shared-memory", "kernel", "vmatlas",
             "heap", "arena", "text", "main-stack.size", "anon", "anon.rss", "heap.rss",
             "malloc-mmap", "malloc-mmap.rss"))]


def same_of_both(one, other):
    found = [json.loads(ask("--json", path, *RULES).out)["rules"] for path in (one, other)]
    for here, there in zip(*found):
        check(here["result"] != "unknown", f"{here}")
        check_equal(f"{here['rule']} {here['argument']}", here, there)
    check_equal("rules", len(RULES), len(found[0]))


@case()
def standard_input(t):
    with open(fixture("x86_64-ls.maps"), encoding="utf-8") as file:
        told = ask("-", "--max-mappings", "1", input=file.read())
    check(told.status == 1 and told.out.startswith("-: rule"), f"{told}")


# -- Forms of output ---------------------------------------------------------------------------

@case()
def verbose_tells_what_holds(t):
    told = ask("-v", SEED, "--max-rss", "24K", "--no-wx", "--max-lost", "0", "--complete")
    check_equal("status", 1, told.status)
    check_equal("lines", [
        f"{SEED}: rule --max-rss 24K holds: RSS is 24.0 KiB (24,576)",
        f"{SEED}: rule --no-wx holds: 0 mappings are writable and executable",
        f"{SEED}: rule --max-lost 0: lost: 5, of which old_frees 5",
        f"{SEED}: rule --complete holds: the report is complete"], told.out.splitlines())
    check_equal("stderr", "", told.err)


@case()
def json_has_every_rule(t):
    told = ask("--json", SEED, "--max-rss=1K", "--max-retained=50%", "--max-lost=nothing=1",
               "--no-wx")
    found = json.loads(told.out)
    check_equal("status", (1, ""), (told.status, told.err))
    check_equal("file", (SEED, None, False), (found["file"], found["since"], found["held"]))
    check_equal("results", ["broken", "held", "unknown", "held"],
                [rule["result"] for rule in found["rules"]])
    check_equal("first", {"rule": "max-rss", "argument": "1K", "result": "broken", "limit": 1024,
                          "figure": 24576, "why": "RSS is 24.0 KiB (24,576)"}, found["rules"][0])
    check_equal("share", 50000, found["rules"][1]["limit_percent_thousandths"])
    check_equal("unknown", None, found["rules"][2]["figure"])
    told = ask("--json", SEED, "--complete")
    check(told.status == 0 and json.loads(told.out)["held"] is True, f"{told}")


# -- Rules in a file ---------------------------------------------------------------------------

@case()
def rules_from_a_file(t):
    rules = t.write("rules", "# limits of the server\n\n  max-rss 1K   # too little\n"
                             "--max-row=heap=1M\nmax-row heap.rss=1M\n\tno-wx\r\n"
                             "max-lost old_frees=4\ncomplete # yes\n#max-rss 1\n")
    breaks(SEED, "--rules", rules, "--max-threads", 0,
           says=["--max-rss 1K: RSS is", "--max-lost old_frees=4: old_frees: 5", "threads: 1"])


@case()
def faults_in_a_file_of_rules(t):
    for text, says in (("max-rss 1M\nmax-rss\n", "line 2, 'max-rss': this rule takes a limit"),
                       ("max-rsss 1M\n", "line 1, 'max-rsss 1M': no such rule"),
                       ("no-wx 3\n", "line 1, 'no-wx 3': this rule takes nothing behind it"),
                       ("max-row heep=1\n", "no such row, kind or total"),
                       ("max-rss 1M#\n", "expected bytes"), ("rules other\n", "no such rule")):
        error = refuses(2, SEED, "--rules", t.write("rules", text), says=[says])
        check_equal(f"{text!r}: lines", 1, error.count("\n"))
    refuses(2, SEED, "--rules", t.write("rules", "# nothing\n"), says=["no rule given"])
    refuses(1, SEED, "--rules", t.path("none"), says=["No such file"])


# -- What is wrong ------------------------------------------------------------------------------

@case()
def wrong_usage(t):
    for arguments, says in (([], "no file given"), ([SEED], "no rule given"),
                            ([SEED, SEED, "--no-wx"], "one file"),
                            ([SEED, "--max-growth", "heap=1"], "--since"),
                            ([SEED, "--json", "-v", "--no-wx"], "--json"),
                            ([SEED, "--max-everything", "1"], "unrecognized"),
                            ([SEED, "--no-wx=1"], "doesn't allow an argument")):
        refuses(2, *arguments, says=[says])
    for rule, says in (("--max-rss=1X", "expected bytes"), ("--max-rss=", "takes a limit"),
                       ("--max-rss=10%", "no part of RSS"), ("--max-mappings=1K", "a number"),
                       ("--max-retained=1.2345%", "a percentage"), ("--max-row=heap", "NAME=SIZE"),
                       ("--max-row=x=1", "no such row")):
        error = refuses(2, SEED, rule, says=[f"vmatlas: {rule.split('=')[0]}: ", says])
        check_equal(f"{rule}: lines", 1, error.count("\n"))


@case()
def what_cannot_be_read(t):
    refuses(1, t.path("none"), "--no-wx", says=["No such file"])
    refuses(1, t.tmp, "--no-wx", says=["Is a directory"])
    refuses(1, "99999999", "--no-wx", says=["No such process"])
    refuses(1, t.write("empty", ""), "--no-wx", says=["no mappings in it"])
    refuses(1, t.write("json", '{"version": 1}'), "--no-wx", says=["no report of vmatlas"])
    refuses(1, t.write("cut", '{"version": 1, "ledger": [{'), "--no-wx", says=["line 1, column"])
    refuses(1, t.write("damaged", "vmatlas\n"), "--no-wx", says=["damaged"])
    refuses(1, SEED, "--since", t.path("none"), "--max-growth=rss=1", says=["No such file"])
    with open("/dev/full", "w", encoding="utf-8") as full:
        told = subprocess.run([COMMAND, "check", SEED, "--max-rss", "1"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    check(told.returncode == 1 and "No space left" in told.stderr, told.stderr)


# -- A process that grows ------------------------------------------------------------------------

class Stepwise:
    """The program that grows as it is told, under the shim."""

    def __init__(self, t):
        reader, self.writer = os.pipe()
        self.process = t.start([t.program("stepwise")], t.shim_environment(), stdin=reader)
        os.close(reader)
        self.pid, self.steps = self.process.pid, 0
        self.wait("ready", 1)

    def wait(self, word, times):
        end = time.monotonic() + 20
        while os.pread(self.process.files[0].fileno(), 1 << 16, 0).decode().count(word) < times:
            check(time.monotonic() < end and self.process.poll() is None, f"no {word!r}")
            time.sleep(0.01)

    def step(self, text):
        os.write(self.writer, (text + "\n").encode())
        self.steps += 1
        self.wait("done", self.steps)

    def dump(self, form):
        told = subprocess.run([COMMAND, "dump", "--format", form, str(self.pid)],
                              capture_output=True, text=True, timeout=30)
        check(told.returncode == 0, told.stderr)
        return told.stdout.rstrip("\n")


@contextlib.contextmanager
def stepwise(t):
    program = Stepwise(t)
    try:
        yield program
    finally:
        os.close(program.writer)
        os.killpg(program.pid, signal.SIGKILL)
        program.process.wait()


@case()
def growth_between_two_dumps(t):
    with stepwise(t) as program:
        old = {form: program.dump(form) for form in ("snapshot", "json")}
        old["smaps"] = t.write("old.smaps", proc_text(program.pid, "smaps"))
        program.step(f"heap {8 * MIB}")
        program.step(f"map {4 * MIB}")
        program.step(f"big {2 * MIB}")
        new = {form: program.dump(form) for form in ("snapshot", "json")}
        new["smaps"] = t.write("new.smaps", proc_text(program.pid, "smaps"))
    same_of_both(new["snapshot"], report_of(t, new["snapshot"]))
    for one, other in (("snapshot", "snapshot"), ("json", "json"), ("snapshot", "json"),
                       ("json", "snapshot")):
        since = [new[one], "--since", old[other]]
        holds(*since, "--max-growth", "heap=10M", "--max-growth", "mmapped=4M",
              "--max-growth", "live_bytes=12M", "--max-growth", "thread-stacks=0",
              "--max-growth", "elf-data=10%", "--max-growth", "unexplained=0")
        breaks(*since, "--max-growth", "heap=8000000", "--max-growth", "mmapped=4095K",
               "--max-growth", "live_bytes=9M", "--max-growth", "live=50%",
               says=["heap grew by 8.", "mmapped grew by 4.0 MiB (4,194,304)",
                     "live_bytes grew by 10.", "live grew by 10."])
    holds(new["smaps"], "--since", old["smaps"], "--max-growth=heap=10M")
    breaks(new["smaps"], "--since", old["smaps"], "--max-growth=heap=1M",
           says=["rule --max-growth heap=1M: heap grew by 8."])
    refuses(1, new["snapshot"], "--since", old["smaps"], "--max-growth=heap=1M",
            says=["kinds as the shim knows them"])
    refuses(1, new["smaps"], "--since", old["smaps"], "--max-growth=live_bytes=1M",
            says=["which blocks are live"])
    refuses(1, new["snapshot"], "--since", old["smaps"], "--max-growth=live_bytes=1M",
            says=["which the file of --since, a list of mappings, does not say"])


@case()
def shares_of_a_live_process(t):
    """What half of the blocks leave behind is retained; nothing is unexplained."""
    with stepwise(t) as program:
        program.step(f"heap {8 * MIB}")
        before = program.dump("snapshot")
        program.step("free")
        after = program.dump("snapshot")
        with open(f"/proc/{program.pid}/maps", encoding="utf-8") as file:
            lines = file.read().count("\n")
        breaks(program.pid, "--max-mappings", lines - 1, "--max-rss", "8M",
               says=[f"mappings: {lines}", "RSS is 1"])
        holds(program.pid, "--max-mappings", lines, "--no-wx", "--max-rss", "1G")
        program.step("wx 8192")
        found = re.search(r"^([0-9a-f]+-[0-9a-f]+) rwxp", proc_text(program.pid, "maps"), re.M)
        breaks(program.pid, "--no-wx",
               says=[f"1 mapping is writable and executable: {found.group(1)} jit"])
    holds(before, "--max-retained", "5%", "--max-unexplained", "1%", "--complete", "--no-wx")
    breaks(after, "--max-retained", "5%", says=["retained is 4."])
    holds(after, "--max-unexplained", "1%", "--max-row", "live_bytes=4200000")


@case()
def reports_of_one_moment_agree(t):
    """Two dumps of a process that stands still: all figures that the shim's own memory, which a dump
    may map more of, is no part of are the same."""
    with stepwise(t) as program:
        program.step(f"heap {MIB}")
        program.dump("json")
        one, other = program.dump("snapshot"), program.dump("json")
    moving = ("rss", "pss", "size", "vmatlas", "max-mappings", "max-retained", "max-lost")
    found = [json.loads(ask("--json", path, *RULES).out)["rules"] for path in (one, other)]
    for here, there in zip(*found):
        name = f"{here['rule']} {here['argument']}"
        if not any(word in name.replace("main-stack.size", "") for word in moving):
            check_equal(name, here["figure"], there["figure"])


if __name__ == "__main__":
    main()
