#!/usr/bin/python3
"""`vmatlas top PID`: its figures beside the report's, and its screen in tmux."""

import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, case, check, check_equal, main, need

STEP = 8 << 20
GREW = r"\+8\.0M"


def top(*arguments, **how):
    return subprocess.run([COMMAND, "top", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, **how)


def once(*arguments):
    told = top("--once", "--json", *arguments)
    check_equal(f"{arguments}: status ({told.stderr})", 0, told.returncode)
    return json.loads(told.stdout)


def refuses(status, *arguments, says=()):
    told = top(*arguments)
    check_equal(f"{arguments}: status ({told.stderr})", status, told.returncode)
    check_equal(f"{arguments}: stdout", "", told.stdout)
    for text in says:
        check(text in told.stderr, f"{arguments}: no {text!r} in {told.stderr!r}")


def wait_for(what, holds, limit=20):
    end = time.monotonic() + limit
    while not holds():
        check(time.monotonic() < end, f"{what}: not within {limit} s")
        time.sleep(0.02)


class Steps:
    """The program that grows when it is told to, under the shim, until the block ends."""

    def __init__(self, t, *arguments, **settings):
        self.process = t.start([t.program("steps"), *map(str, arguments)],
                               t.shim_environment(**settings))
        self.pid = self.process.pid

    def __enter__(self):
        self.wait(0)
        return self

    def wait(self, step):
        wait_for(f"step {step}", lambda: self.said().endswith(f"step {step}\n"), 60)

    def said(self):
        return os.pread(self.process.files[0].fileno(), 1 << 16, 0).decode()

    def step(self, number, to):
        os.kill(self.pid, number)
        self.wait(to)

    def end(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *unused):
        self.end()
        for file in self.process.files:
            file.close()


class Screen:
    """`vmatlas top` in a terminal of its own, until the block ends."""

    count = 0

    def __init__(self, t, *arguments, width=100, height=24, env=None):
        need("tmux")
        Screen.count += 1
        self.server, self.folder = f"top{Screen.count}", t.path("tmp")
        os.makedirs(self.folder, exist_ok=True)
        self.base = {**t.base_environment(), "TMUX_TMPDIR": t.tmp, "TMPDIR": self.folder}
        settings = {"LC_ALL": "C.UTF-8", "TERM": "screen-256color", **(env or {})}
        given = " ".join(f"{name}={value}" for name, value in settings.items())
        # The shell tells the terminal's settings before and after, and how it ended.
        line = (f"stty -g; {given} {COMMAND} top {' '.join(map(str, arguments))}; "
                "echo status $?; stty -g; read -r forever")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "top", "-x", width, "-y", height,
                  f"exec sh -c '{line}'")
        self.tmux("set-option", "-g", "remain-on-exit", "on")

    def tmux(self, *arguments):
        told = subprocess.run(["tmux", "-u", "-L", self.server, *map(str, arguments)], env=self.base,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        check(told.returncode == 0, f"tmux {arguments}: {told.stderr}")
        return told.stdout

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tmux("kill-server")

    def text(self, *how):
        return self.tmux("capture-pane", "-p", "-t", "top", *how)

    def keys(self, *keys):
        for key in keys:
            self.tmux("send-keys", "-t", "top", key)

    def type(self, text):
        self.tmux("send-keys", "-t", "top", "-l", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "top", "-x", width, "-y", height)

    def fact(self, name):
        return self.tmux("display-message", "-p", "-t", "top", f"#{{{name}}}").strip()

    def wait(self, pattern, limit=20):
        """Waits until the screen shows it, and returns the screen."""
        end = time.monotonic() + limit
        while True:
            text = self.text()
            if re.search(pattern, text):
                return text
            check(time.monotonic() < end, f"{text}\nno {pattern!r} on the screen in {limit} s")
            time.sleep(0.05)

    def wait_gone(self, pattern, limit=20):
        wait_for(f"{pattern!r} gone", lambda: not re.search(pattern, self.text()), limit)

    def pid(self):
        shell = int(self.fact("pane_pid"))
        with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def settings(self):
        """What stty told, before and after; a line may have been too long for the terminal."""
        return re.findall(r"(?m)^[0-9a-f]+:\S+$", self.text("-J", "-S", "-"))

    def check_restored(self, status):
        """It ended, and the terminal is as it was."""
        text = self.wait(r"status \d+")
        lines = [line for line in text.splitlines() if line.strip()]
        check(f"status {status}" in lines, f"{text}\nstatus {status} wanted")
        wait_for("the settings", lambda: len(self.settings()) == 2)
        settings = self.settings()
        check_equal("settings of the terminal", settings[0], settings[1])
        check_equal("the other screen", "0", self.fact("alternate_on"))
        check_equal("the cursor is seen", "1", self.fact("cursor_flag"))

    def check_tidy(self, pid):
        """No file is left, neither ours nor the program's."""
        check_equal("files in TMPDIR", [], os.listdir(self.folder))
        left = [name for name in os.listdir("/tmp") if name.startswith(f"vmatlas.steps.{pid}.")]
        check_equal("files in /tmp", [], left)


# -- Once -----------------------------------------------------------------------------------

@case()
def figures_are_the_reports(t):
    """A process that stands still: each figure beside `vmatlas report`'s."""
    with Steps(t, 1000) as steps:
        steps.step(signal.SIGUSR1, 1)
        views = {view: once("-v", view, steps.pid)
                 for view in ("ledger", "mappings", "stacks", "threads", "arenas")}
        subprocess.run([COMMAND, "dump", "-f", "snapshot", "--private", "-o", t.path("snapshot"),
                        str(steps.pid)], check=True, capture_output=True, timeout=30)
    told = subprocess.run([COMMAND, "report", "--json", t.path("snapshot")], check=True,
                          capture_output=True, text=True, timeout=30)
    report = json.loads(told.stdout)
    for view in views.values():
        for key in ("live_bytes", "live_blocks", "peak_live_bytes"):
            check_equal(key, report["totals"][key], view["totals"][key])
    check_ledger(views["ledger"], report)
    check_rows(views["stacks"], report["callstacks"], "callstack", "id",
               ("live_bytes", "live_blocks", "live_resident", "allocations", "allocated_bytes"))
    check_rows(views["threads"], report["threads"], "tid", "tid", ("guard_bytes",))
    whole = {**views["mappings"], "rows": [row for row in views["mappings"]["rows"]
                                           if "part" not in row and row["kind"] != "vmatlas"]}
    check_rows(whole, report["mappings"], "start", "start",
               ("kind", "size", "live_blocks", "live_bytes"))
    check_rows(views["arenas"], report["arenas"], "number", "number",
               ("reserved", "live_bytes"))


def check_ledger(view, report):
    names = [row for row in view["rows"] if "part" not in row]
    check_equal("sum of the ledger", view["totals"]["rss"], sum(row["bytes"] for row in names))
    live = next(row["bytes"] for row in names if row["row"] == "live blocks")
    check_equal("live blocks", next(row["bytes"] for row in report["ledger"]
                                    if row["row"] == "live"), live)
    check("unexplained" in [row["row"] for row in names], f"no row unexplained: {names}")


def check_rows(view, rows, key, other, figures):
    known = {row[other]: row for row in rows}
    check(view["rows"] or view["view"] == "arenas", f"{view['view']}: no rows")
    for row in view["rows"]:
        check(row[key] in known, f"{view['view']}: {row[key]} is not in the report")
        for figure in figures:
            check_equal(f"{view['view']} {row[key]}: {figure}", known[row[key]][figure],
                        row[figure])


@case()
def once_prints_what_is_wanted(t):
    with Steps(t, 100) as steps:
        steps.step(signal.SIGUSR1, 1)
        told = top("--once", "-v", "stacks", "-n", 1, steps.pid)
        check_equal("status", 0, told.returncode)
        lines = told.stdout.splitlines()
        check(re.match(r"vmatlas top: steps \(pid \d+\)  running ", lines[0]), lines[0])
        check("grow_here" in lines[-2] and "all live blocks" in lines[-1], told.stdout)
        rows = once("-v", "stacks", "-s", "live_blocks", steps.pid)["rows"]
        check_equal("most blocks", 100, rows[0]["live_blocks"])
        rows = once("-v", "stacks", "-r", steps.pid)["rows"]
        check_equal("most bytes at the end", STEP, rows[-1]["live_bytes"])
        rows = once("-v", "stacks", "--filter", "KEEP_", steps.pid)["rows"]
        check_equal("filtered", ["keep_here (steps)"], [row["caller"] for row in rows])


@case()
def what_cannot_be(t):
    refuses(2, says=["no pid given"])
    refuses(2, "x1", says=["expected the pid"])
    refuses(2, "1", "2", says=["one process at a time"])
    refuses(2, "-d", "0", "1", says=["seconds"])
    refuses(2, "-v", "all", "1", says=["ledger, mappings"])
    refuses(2, "-v", "stacks", "-s", "size", "1", says=["live_bytes"])
    refuses(2, "--json", "1", says=["goes with --once"])
    refuses(2, "-n", "3", "1", says=["goes with --once"])
    refuses(1, "--once", "999999999", says=["no such process"])
    refuses(1, "--once", os.getpid(), says=["does not run under vmatlas"])
    refuses(1, os.getpid(), says=["not a terminal", "--once"])


# -- On the screen --------------------------------------------------------------------------

@case(limit=120)
def views_order_and_filter(t):
    with Steps(t, 1000) as steps, Screen(t, "-d", 0.3, steps.pid) as screen:
        screen.wait(r"what RSS is made of|WHAT RSS")
        screen.wait(r"(?m)^ .* live blocks")
        screen.keys("2")
        screen.wait(r"\[heap\]  malloc")
        screen.keys("3")
        screen.wait(r"(?m)keep_here \(steps\)")
        screen.keys("4")
        text = screen.wait(r"steps, main thread")
        check("\\x1b[31mred\\x1b[m" in text, f"{text}\nthe name is not escaped")
        screen.keys("5")
        screen.wait(r"all arenas")
        screen.keys("BTab", "BTab", "BTab")
        screen.wait(r"all mappings")
        screen.keys("<")
        screen.wait(r"(?m)^ +start +kind .*SIZE")
        screen.keys("/")
        screen.type("[HEAP")
        screen.wait(r"(?m)^/\[HEAP")
        screen.keys("Enter")
        screen.wait_gone(r"libc\.so")
        screen.wait(r"\[heap\]")
        screen.keys("Escape")
        screen.wait(r"libc\.so")
        screen.keys("?")
        screen.wait(r"Keys of vmatlas top")
        screen.keys("q", "q")
        screen.check_restored(0)
        screen.check_tidy(steps.pid)


@case(limit=120)
def growth_since_start_and_mark(t):
    with Steps(t, 10) as steps, Screen(t, "-d", 0.2, "-v", "stacks", steps.pid) as screen:
        screen.wait(r"all live blocks")
        steps.step(signal.SIGUSR1, 1)
        screen.wait(GREW + r" .*grow_here")
        screen.wait(GREW + r" .*all live blocks")
        steps.step(signal.SIGUSR1, 2)
        screen.wait(r"\+16M .*grow_here")
        screen.keys("m")
        screen.wait_gone(r"\+16M")
        screen.wait(r"\(mark\)")
        steps.step(signal.SIGHUP, 1)
        screen.wait(r"-8\.0M .*grow_here")
        screen.keys("M")
        screen.wait(GREW + r" .*grow_here")
        screen.keys("p")
        screen.wait("PAUSED")
        steps.step(signal.SIGUSR1, 2)
        time.sleep(1)
        check(not re.search(r"\+16M", screen.text()), "a picture came while it was paused")
        screen.keys("p")
        screen.wait(r"\+16M .*grow_here")


@case(limit=120)
def into_a_call_stack_and_back(t):
    with Steps(t, 10) as steps, Screen(t, "-d", 0.2, "-v", "stacks", steps.pid) as screen:
        screen.wait(r"all live blocks")
        steps.step(signal.SIGUSR1, 1)
        screen.wait(GREW + r" .*grow_here")
        screen.keys("Home", "Enter")
        text = screen.wait(r"Frames, innermost first")
        for pattern in (r"live +8\.0 MiB, \d+\.\d% of all, in 1 block\n", r"growth +\+8\.0 MiB",
                        r"blocks +smallest 8,388,608, largest 8,388,608 bytes",
                        r"grow_here  steps\.c:\d+  \(steps\)", r"main  steps\.c:\d+  \(steps\)"):
            check(re.search(pattern, text), f"{text}\nno {pattern!r}")
        steps.step(signal.SIGUSR1, 2)
        screen.wait(r"growth +\+16\.0 MiB")
        screen.keys("Escape")
        screen.wait(r"all live blocks")
        screen.keys("1", "Enter")
        screen.wait("no call stack is known of it")


@case(limit=120)
def any_size(t):
    with Steps(t, 1000) as steps, Screen(t, "-d", 0.3, steps.pid) as screen:
        screen.wait(r"live blocks")
        for width, height in ((40, 10), (200, 50), (80, 24), (20, 6), (10, 3), (5, 2), (40, 10)):
            screen.resize(width, height)
            for key in "12345":
                screen.keys(key)
                if width >= 40:
                    screen.wait(fr"{key} (Ledger|Mappings|Call stacks|Threads|Arenas)")
            screen.keys("3", "Enter", "Down", "Escape", "?", "PPage", "q")
        screen.keys("2")
        text = screen.wait(r"(?s)RSS  growth NAME|RSS  growth name or owner")
        check(max(map(len, text.splitlines())) <= 40, text)
        check_equal("lines", 10, len(text.splitlines()))
        check("all mappings" in text, text)
        screen.keys("q")
        screen.check_restored(0)


@case(limit=120)
def no_colours_no_signs(t):
    with Steps(t, 1000) as steps:
        with Screen(t, "-d", 0.2, "-v", "stacks", steps.pid) as screen:
            screen.wait(r"all live blocks")
            steps.step(signal.SIGUSR1, 1)
            screen.wait(GREW)
            check(re.search("\x1b\\[[0-9;]*3[0-7]m", screen.text("-e")), "growth has no colour")
        for env in ({"NO_COLOR": "1"}, {"TERM": "vt100"}):
            with Screen(t, "-d", 0.2, "-v", "stacks", steps.pid, env=env) as screen:
                screen.wait(r"all live blocks")
                steps.step(signal.SIGUSR1, 2)
                screen.wait(GREW)
                steps.step(signal.SIGHUP, 1)
                steps.step(signal.SIGHUP, 0)
                screen.wait(r"-8\.0M")
                steps.step(signal.SIGUSR1, 1)
                check(not re.search("\x1b\\[[0-9;]*3[0-7]m", screen.text("-e")),
                      f"{env}: there are colours")
        with Screen(t, "-d", 0.2, "-v", "mappings", steps.pid, env={"LC_ALL": "C"},
                    width=60) as screen:
            text = screen.wait(r"all mappings")
            check(text.isascii(), f"{text}\nis not ASCII")
            check(re.search(r"/\S+\.$", text, re.M), f"{text}\nno name that is cut")
        with Screen(t, steps.pid, env={"TERM": "no-such-terminal"}) as screen:
            screen.wait("'no-such-terminal' is no terminal that can be drawn on")
            screen.wait("status 1")


# -- Ends -----------------------------------------------------------------------------------

@case(limit=120)
def the_program_ends(t):
    with Steps(t, 1000) as steps, Screen(t, "-d", 0.2, "-v", "stacks", steps.pid) as screen:
        screen.wait(r"keep_here")
        steps.end()
        text = screen.wait(r"the program has ended; this is its last picture, of [\d:]+ UTC")
        check("keep_here" in text and text.startswith("ENDED  vmatlas top: steps (pid "), text)
        screen.keys("1")
        screen.wait(r"(?m)^ .* live blocks")
        screen.keys("q")
        screen.check_restored(0)
        screen.check_tidy(steps.pid)


@case(limit=120)
def it_is_ended_by_signals(t):
    with Steps(t, 1000) as steps:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGSEGV,
                       signal.SIGABRT):
            with Screen(t, "-d", 0.2, steps.pid) as screen:
                screen.wait(r"(?m)^ .* live blocks")
                os.kill(screen.pid(), number)
                screen.check_restored(128 + number)
                if number not in (signal.SIGSEGV, signal.SIGABRT):
                    screen.check_tidy(steps.pid)
        with Screen(t, "-d", 0.2, steps.pid) as screen:
            screen.wait(r"(?m)^ .* live blocks")
            screen.keys("C-c")
            wait_for("its end", lambda: "status" in screen.text() or
                     screen.fact("pane_dead") == "1")
            check_equal("the other screen", "0", screen.fact("alternate_on"))
            screen.check_tidy(steps.pid)
        check_equal("the program", None, steps.process.poll())


@case(limit=120)
def it_is_ended_while_it_asks(t):
    """A million blocks take a moment; what the program then writes is taken away all the same."""
    with Steps(t, 1000000) as steps:
        for number in (signal.SIGTERM, signal.SIGINT):
            with Screen(t, steps.pid) as screen:
                wait_for("a question", lambda: os.listdir(screen.folder))
                os.kill(screen.pid(), number)
                screen.check_restored(128 + number)
                screen.check_tidy(steps.pid)


@case(limit=120)
def a_stopped_program_is_not_asked(t):
    with Steps(t, 100) as steps, Screen(t, "-d", 0.2, "-v", "stacks", steps.pid) as screen:
        screen.wait(r"keep_here")
        os.kill(steps.pid, signal.SIGSTOP)
        screen.wait(r"no picture: it is stopped")
        screen.keys("1")
        screen.wait(r"(?m)^ .* live blocks")
        os.kill(steps.pid, signal.SIGCONT)
        screen.wait_gone(r"it is stopped")
        screen.keys("q")
        screen.check_restored(0)
        screen.check_tidy(steps.pid)


@case(limit=120)
def another_program_in_the_same_process(t):
    """Growth is told from its own first picture on."""
    process = t.start(["/usr/bin/perl", "-e", "$held = 'x' x 20000000; sleep 2;"
                       "exec '/usr/bin/sort', '-o', '/dev/null', '-'"],
                      t.shim_environment(), stdin=subprocess.PIPE)
    wait_for("the shim", lambda: top("--once", process.pid).returncode == 0)
    with Screen(t, "-d", 0.2, process.pid) as screen:
        screen.wait(r"vmatlas top: perl")
        text = screen.wait(r"vmatlas top: sort")
        text = screen.wait(r"(?m)^RSS [\d.]+ MiB( \+[\d.]+ [KM]iB)?  live ")
        check(not re.search(r"(?m)^RSS .* -", text), f"{text}\nshrank from what perl had")
        screen.keys("q")
        screen.check_restored(0)
    process.kill()
    process.stdin.close()
    t.finish(process, 10)


@case()
def a_program_that_cannot_be_watched(t):
    with Screen(t, os.getpid()) as screen:
        screen.wait("it does not run under vmatlas")
        screen.check_restored(1)


@case(limit=120, parallel=False)
def pictures_take_one_part_in_a_hundred(t):
    """A million blocks: the next picture is as far off as the last one's time demands."""
    with Steps(t, 1000000) as steps, Screen(t, "-d", 0.1, steps.pid) as screen:
        text = screen.wait(r"next in \d+ s, one takes [\d.]+ ms", 60)
        seconds, took = map(float, re.search(r"next in (\d+) s, one takes ([\d.]+) ms",
                                             text).groups())
        check(took * 99 / 1000 - 2 <= seconds <= took * 99 / 1000 + 1, text)
        screen.keys(*["Space"] * 5, "3")
        text = screen.wait(r"keep_here", 5)
        check(re.search(r"next in \d+ s", text), f"{text}\na picture came sooner than it may")


main()
