"""What the cases of `vmatlas maps` share: the command, an independent reader of maps, processes
that stand still, and what others print of them."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

from vmatlas_case import COMMAND, ROOT, check, check_equal, proc_text

FIXTURES = os.path.join(ROOT, "tests", "fixtures")


def maps(*arguments, **how):
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60, "text": True,
           "errors": "surrogateescape", **how}
    if "input" not in how:
        how["stdin"] = subprocess.DEVNULL
    return subprocess.run([COMMAND, "maps", *map(str, arguments)], **how)


def show(*arguments, **how):
    told = maps(*arguments, **how)
    check(told.returncode == 0, f"{arguments}: status {told.returncode}, {told.stderr}")
    check_equal(f"{arguments}: stderr", "", told.stderr)
    return told.stdout


def read_json(*arguments, **how):
    return json.loads(show("--json", *arguments, **how))


def fixture(name):
    return os.path.join(FIXTURES, name)


# -- An independent reader of maps ------------------------------------------------------------

LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][sp]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) "
                  r"(\d+)(?: +(.*))?", re.S)


def parse_maps(text):
    rows = []
    for line in text.rstrip("\n").split("\n"):
        found = LINE.fullmatch(line)
        check(found, f"not a line of maps: {line!r}")
        start, end, perms, offset, device, inode, path = found.groups()
        anonymous = device == "00:00" and inode == "0"
        rows.append({"start": hex(int(start, 16)), "end": hex(int(end, 16)), "perms": perms,
                     "offset": 0 if anonymous else int(offset, 16), "dev": device,
                     "inode": int(inode), "path": path or ""})
    return rows


def wait_for_ready(process, times=1):
    """Until the program has said "ready" so often."""
    end = time.monotonic() + 30
    while os.pread(process.files[0].fileno(), 1 << 16, 0).count(b"ready") < times:
        check(time.monotonic() < end and process.poll() is None, "the program does not start")
        time.sleep(0.01)


@contextlib.contextmanager
def stopped(t, argv, ready=1, settings=None, env=None):
    """A process that has said "ready" so often, and stands still; under the shim where there are
    settings for it."""
    shim = t.shim_environment(**settings) if settings is not None else {}
    process = t.start(argv, {**shim, **(env or {})})
    try:
        wait_for_ready(process, ready)
        stop(process.pid)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    while "State:\tT" not in proc_text(pid, "status"):
        time.sleep(0.005)


def kinds(t, *flags):
    """The program that maps one of everything."""
    if not flags:
        return [t.program("kinds")]
    return [t.compile("kinds.c", t.path("kinds"), *flags)]


def told_lines(process):
    return [line.split() for line in
            os.pread(process.files[0].fileno(), 1 << 16, 0).decode().splitlines()]


# -- What others print ----------------------------------------------------------------------------

def run(*argv):
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def without_names(text):
    """What pmap calls [ anon ], we call by its kind; escape sequences stay out of both."""
    text = re.sub(r"  \[ (?!stack \]|shmid=).*\]$", "  [ anon ]", text, flags=re.M)
    return re.sub(r"(\\x1b|\x1b|\?)\[31m", "", text)


def plain_pmap(text):
    """Our default table without what pmap has not."""
    lines = text.splitlines()
    rows = [re.sub(r"^(\w+ +\d+K .{5}) .{13}", r"\1", line) for line in lines[1:-2]]
    return "\n".join([lines[0], *rows, lines[-2]]) + "\n"


def columns(text):
    """The columns below their headings, without the line of rules."""
    lines = text.splitlines()[1:]
    ends = [(found.group(), found.end()) for found in re.finditer(r"\S+", lines[0])]
    lines = lines[1:-2] + lines[-1:]
    table, start = {}, 0
    for key, end in ends:
        if key == "Mapping":
            table[key] = [line[start:] for line in lines]
        else:
            table[key] = [line[start:end].strip() for line in lines]
        start = end
    return table
