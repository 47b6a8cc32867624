"""What the end-to-end cases share: build a program, run it plain and under the shim, dump it.

A case is a file of functions marked @case; its last line calls main(). The runner asks it for
--list and then runs one test by name in a process of its own.
"""

import difflib
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from vmatlas_report import check_report

ROOT = os.environ.get("VMATLAS_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BUILD = os.environ.get("VMATLAS_BUILD", os.path.join(ROOT, "build"))
SHIM = os.path.join(BUILD, "libvmatlas.so")
COMMAND = os.path.join(BUILD, "vmatlas")
PROGRAMS = os.path.join(ROOT, "tests", "programs")
SKIP = 77
CASES = {}

# -fno-builtin: the compiler must not remove a malloc whose result it can foresee.
FLAGS = ["-D_GNU_SOURCE", "-O1", "-g", "-fno-builtin", "-pthread", "-rdynamic",
         "-I" + os.path.join(ROOT, "include")]


class Fail(Exception):
    """What must hold does not; the text says what."""


class Skip(Exception):
    """This machine cannot run the test; the text says why."""


def case(limit=60, parallel=True):
    """Marks a test. limit: seconds; parallel: may run beside others."""
    def mark(function):
        CASES[function.__name__] = (function, limit, parallel)
        return function
    return mark


def check(condition, text):
    if not condition:
        raise Fail(text)


def check_same(what, plain, shimmed):
    """Fails with a diff where two texts (or values) differ."""
    if plain == shimmed:
        return
    if isinstance(plain, str):
        diff = difflib.unified_diff(plain.splitlines(), shimmed.splitlines(), "plain", "shim",
                                    lineterm="", n=1)
        raise Fail("\n".join(list(diff)[:60]) + f"\n{what} differs")
    raise Fail(f"{what} differs: plain {plain!r}, under the shim {shimmed!r}")


def check_equal(what, want, found):
    check(want == found, f"{what}: {found!r}, wanted {want!r}")


def need(*commands):
    """Skips unless all these commands are installed."""
    for command in commands:
        if not shutil.which(command):
            raise Skip(f"{command} is not installed")


def find_library(pattern):
    """The path of an installed shared library, or a skip that names what is missing."""
    found = sorted(glob.glob(f"/usr/lib/*/{pattern}") + glob.glob(f"/usr/lib/{pattern}"))
    if not found:
        raise Skip(f"{pattern} is not installed")
    return found[0]


def proc_text(pid, name):
    """A file of /proc/PID as text; empty once the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def catches(pid, number):
    """Whether the kernel says that the process has a handler for this signal."""
    found = re.search(r"^SigCgt:\s*(\w+)", proc_text(pid, "status"), re.M)
    return bool(found) and bool(int(found.group(1), 16) >> (number - 1) & 1)


def is_ready(pid, number):
    """Whether the shim is loaded and armed: an earlier signal would kill the process."""
    return "libvmatlas.so" in proc_text(pid, "maps") and catches(pid, number)


def children_of(pid):
    tasks = glob.glob(f"/proc/{pid}/task/*/children")
    return [int(child) for task in tasks
            for child in proc_text(pid, task.split("/", 3)[3]).split()]


def family_of(pid):
    """The process and everything below it."""
    members = [pid]
    for member in members:
        members += children_of(member)
    return members


class Dumper(threading.Thread):
    """Asks a process, or those of its family whose command line matches, for dumps until stopped.

    Choose command lines that no longer exec: between a look at /proc and the signal, an exec would
    take the handler away.
    """

    def __init__(self, pid, count, number=signal.SIGUSR2, match=None, delay=0.05):
        super().__init__(daemon=True)
        self.pid, self.count, self.number, self.match = pid, count, number, match
        self.delay, self.sent, self.stopped = delay, 0, threading.Event()

    def targets(self):
        if not self.match:
            return [self.pid]
        return [pid for pid in family_of(self.pid)
                if re.search(self.match, proc_text(pid, "cmdline").replace("\0", " "))]

    def run(self):
        while self.sent < self.count and not self.stopped.wait(random.uniform(0, self.delay)):
            for pid in self.targets():
                self.ask(pid)

    def ask(self, pid):
        if not is_ready(pid, self.number):
            return
        try:
            os.kill(pid, self.number)
            self.sent += 1
        except OSError:
            pass

    def stop(self):
        self.stopped.set()
        self.join()


class Run:
    """One finished run: its status, what it wrote, and the reports that were there at its end."""

    def __init__(self, status, out, err, reports, sent):
        self.status, self.out, self.err = status, out, err
        self.reports, self.sent = reports, sent


def read_reports(folder):
    """Every report in a folder, by name; a damaged one is a failure."""
    reports = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8", errors="strict") as file:
            try:
                reports[os.path.basename(path)] = json.load(file)
            except ValueError as error:
                raise Fail(f"{path} is not whole: {error}") from error
    return reports


def check_reports(run, quiet=False, least=1):
    """Fails unless the run left at least so many reports and all of them hold."""
    check(len(run.reports) >= least,
          f"{len(run.reports)} reports, {least} wanted; {run.sent} signals sent")
    for name, report in run.reports.items():
        faults = check_report(report, quiet)
        check(not faults, "\n".join(faults[:20]) + f"\n{name}: {len(faults)} faults")


class Context:
    """What a test gets: a folder of its own, and ways to build and run programs."""

    def __init__(self, tmp):
        self.tmp = tmp

    def path(self, *names):
        return os.path.join(self.tmp, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def compile(self, source, output, *flags):
        """Builds a source of tests/programs; its first lines may hold "build: FLAGS"."""
        path = source if os.path.isabs(source) else os.path.join(PROGRAMS, source)
        compiler = ["g++", "-std=gnu++17"] if path.endswith(".cc") else ["gcc", "-std=gnu11"]
        need(compiler[0])
        told = subprocess.run(compiler + FLAGS + ["-o", output, path, *flags, "-ldl"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        check(told.returncode == 0, told.stderr + f"\n{source} does not build")
        return output

    def program(self, name):
        """The path of a program of tests/programs: the one make built, else one built now."""
        source = next((path for path in (os.path.join(PROGRAMS, name + end) for end in (".c", ".cc"))
                       if os.path.exists(path)), None)
        check(source, f"no program {name}")
        built = os.path.join(BUILD, "tests", "programs", name)
        newest = max(map(os.path.getmtime, [source] + glob.glob(os.path.join(PROGRAMS, "*.h"))))
        if os.path.exists(built) and os.path.getmtime(built) >= newest:
            return built
        return self.compile(source, self.path(name))

    def shim_environment(self, **settings):
        """What loads the shim: VMATLAS_NAME for each setting; None leaves one of ours out."""
        check(os.path.exists(SHIM), f"no {SHIM}: run make")
        preload = ":".join([SHIM] + [path for path in [settings.pop("preload", None)] if path])
        os.makedirs(self.path("reports"), exist_ok=True)
        merged = {"output": self.path("reports", "%e.%p.%n.json"), "format": "json",
                  **self.store_setting(), **settings}
        env = {"VMATLAS_" + key.upper(): str(value) for key, value in merged.items()
               if value is not None}
        return {**env, "LD_PRELOAD": preload}

    def store_setting(self):
        """VMATLAS_WITH_STORE=1 runs every case with the tables in a file."""
        if not os.environ.get("VMATLAS_WITH_STORE"):
            return {}
        os.makedirs(self.path("store"), exist_ok=True)
        os.chmod(self.path("store"), 0o777)
        return {"store": self.path("store")}

    def base_environment(self):
        """The same small environment everywhere, so that nothing of the caller's decides."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.tmp,
                "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self, argv, env, cwd=None, stdin=subprocess.DEVNULL, before_exec=None):
        """Starts a program with its output in files: a pipe could fill and stop it."""
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        # Popen would close what before_exec opens; what this process has open closes itself (PEP 446).
        process = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, cwd=cwd or self.tmp,
                                   env={**self.base_environment(), **env}, close_fds=False,
                                   preexec_fn=before_exec, process_group=0)
        process.files = out, err
        return process

    def finish(self, process, limit):
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Fail(f"{process.args[0]} did not end within {limit} s") from None
        texts = []
        for file in process.files:
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
            file.close()
        return status, *texts

    def plain(self, argv, limit=60, preload=None, env=None, **how):
        env = {**(env or {}), **({"LD_PRELOAD": preload} if preload else {})}
        return Run(*self.finish(self.start(argv, env, **how), limit), {}, 0)

    def shim(self, argv, limit=60, dumps=0, match=None, delay=0.05, number=signal.SIGUSR2,
             preload=None, settings=None, env=None, **how):
        """Runs under the shim, asking for dumps while it works.

        A report is written under its name by rename while its process lives, so all that are
        found at the end were written at work (VMATLAS_EXIT is off unless a test sets it).
        """
        merged = {**(env or {}), **self.shim_environment(preload=preload, **(settings or {}))}
        shutil.rmtree(self.path("reports"))
        os.makedirs(self.path("reports"))
        process = self.start(argv, merged, **how)
        dumper = Dumper(process.pid, dumps, number, match, delay)
        dumper.start()
        try:
            ended = self.finish(process, limit)
        finally:
            dumper.stop()
        return Run(*ended, read_reports(self.path("reports")), dumper.sent)

    def compare(self, argv, dumps=0, plain_how=None, **how):
        """Plain run == run under the shim, in status, output and errors; returns the latter."""
        shared = {key: how[key] for key in ("limit", "env", "cwd", "before_exec", "preload")
                  if key in how}
        plain = self.plain(argv, **{**shared, **(plain_how or {})})
        shimmed = self.shim(argv, dumps=dumps, **how)
        check_same("exit status", plain.status, shimmed.status)
        check_same("output", plain.out, shimmed.out)
        check_same("error output", plain.err, shimmed.err)
        shimmed.plain = plain
        return shimmed


def run_case(name):
    function = CASES[name][0]
    with tempfile.TemporaryDirectory(prefix="vmatlas.") as tmp:
        try:
            function(Context(tmp))
        except Skip as skip:
            print(skip)
            return SKIP
        except Fail as fail:
            print(fail)
            return 1
    return 0


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (_, limit, parallel) in CASES.items():
            print(json.dumps({"name": name, "limit": limit, "parallel": parallel}))
        sys.exit(0)
    names = sys.argv[1:] or list(CASES)
    sys.exit(max(run_case(name) for name in names))
