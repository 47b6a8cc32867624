"""What cases of `vmatlas export` share: snapshots of a known program, and the readers of others."""

import json
import os
import re
import signal
import subprocess
import time

from vmatlas_case import BUILD, COMMAND, ROOT, Fail, Skip, check, need

# As `vmatlas report` and as pprof call them.
VALUES = {"live_bytes": "inuse_space", "live_blocks": "inuse_objects", "resident": "resident",
          "pinned": "pinned", "retained": "retained", "allocated_bytes": "alloc_space",
          "allocations": "alloc_objects"}
ODD = "o;d \"d\",\n\\\x01é"          # in the name of the program, with a byte that is no UTF-8
ODD_NAME = os.fsencode(ODD) + b"\xff"
SHOWN = "o;d \"d\",\\x0a\\\\x01é\\xff"    # what is shown of it


def snapshot(t, *arguments, program=None, name="a.snapshot", **settings):
    """The path of a snapshot of the program "exported" (or another that says ready) at rest."""
    argv = [program or t.program("exported"), *arguments]
    process = t.start(argv, t.shim_environment(**settings))
    try:
        end = time.monotonic() + 20
        while b"ready" not in os.pread(process.files[0].fileno(), 4096, 0):
            check(time.monotonic() < end, "the program does not start")
            time.sleep(0.01)
        time.sleep(0.05)
        path = t.path(name)
        told = subprocess.run([COMMAND, "dump", "-f", "snapshot", "-o", path, str(process.pid)],
                              capture_output=True, text=True, timeout=30)
        check(told.returncode == 0, told.stderr)
        return path
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(*argv, **how):
    how = {"capture_output": True, "timeout": 60, "stdin": subprocess.DEVNULL, **how}
    return subprocess.run([os.fspath(word) for word in argv], **how)


def export(form, output, *arguments):
    """Exports, and returns the output's path."""
    told = run(COMMAND, "export", "-f", form, "-o", output, *arguments)
    check(told.returncode == 0, f"export -f {form}: {told.stderr}")
    return output


def report(path):
    told = run(COMMAND, "report", "--json", path)
    check(told.returncode == 0, told.stderr)
    return json.loads(told.stdout)


def totals(report_):
    """What each value must sum to."""
    ledger = {row["row"]: row["bytes"] for row in report_["ledger"]}
    all_ = report_["totals"]
    return {"live_bytes": all_["live_bytes"], "live_blocks": all_["live_blocks"],
            "resident": all_["rss"], "pinned": all_["pinned"], "retained": ledger["retained"],
            "allocated_bytes": all_["allocated_bytes"], "allocations": all_["allocations"]}


# -- Readers ------------------------------------------------------------------------------------

def speedscope(path):
    """{profile: {"total": …, "stacks": {"outer;inner": weight}}}, as speedscope's importer sees it."""
    need("node")
    package = os.path.join(BUILD, "readers", "node_modules", "speedscope")
    if not os.path.isdir(package):
        raise Skip("speedscope is not installed (tests/setup)")
    told = run("node", os.path.join(ROOT, "tests", "readers", "speedscope.js"), package, path)
    check(told.returncode == 0, f"speedscope: {told.stderr.decode(errors='replace')}")
    return json.loads(told.stdout)["profiles"]


def dh_view(path):
    need("node")
    script = "/usr/libexec/valgrind/dh_view.js"
    if not os.path.exists(script):
        raise Skip("valgrind's dh_view.js is not installed")
    told = run("node", os.path.join(ROOT, "tests", "readers", "dh_view.js"), script, path)
    check(told.returncode == 0, f"dh_view: {told.stderr.decode(errors='replace')}")
    return json.loads(told.stdout)


def pprof(*arguments):
    """What `go tool pprof` prints."""
    need("go")
    told = run("go", "tool", "pprof", *arguments,
               env={**os.environ, "HOME": "/nonexistent", "PPROF_TMPDIR": "/nonexistent"})
    check(told.returncode == 0, f"pprof {arguments}: {told.stderr.decode(errors='replace')}")
    return told.stdout.decode()


class Profile:
    """What `pprof -raw` says: samples as ({value: number}, [location], {label: text})."""

    def __init__(self, path):
        text = pprof("-raw", path)
        head, rest = text.split("\nSamples:\n")
        types, rest = rest.split("\n", 1)
        samples, rest = rest.split("\nLocations\n")
        locations, self.mappings = rest.split("\nMappings\n")
        self.head = head
        self.types = [name.split("/")[0] for name in types.split()]
        self.samples = list(self.read_samples(samples))
        self.functions = dict(self.read_locations(locations))

    def read_samples(self, text):
        """A line of numbers, and perhaps lines of labels."""
        sample = None
        for line in text.splitlines():
            found = re.match(r"^ *([-0-9 ]+): ([0-9 ]*)$", line)
            if found:
                if sample:
                    yield sample
                values = dict(zip(self.types, map(int, found[1].split())))
                sample = (values, [int(word) for word in found[2].split()], {})
            else:
                sample[2].update(re.findall(r"(\w+):\[(.*?)\](?= \w+:\[|\s*$)", line.strip()))
        if sample:
            yield sample

    @staticmethod
    def read_locations(text):
        """(number, [function, innermost first]) of each."""
        number, names = None, []
        for line in text.splitlines():
            found = re.match(r"^ *(\d+): 0x[0-9a-f]+ (?:M=\d+ )?(.*?) ?[^ ]*:\d+:?\d* s=\d+", line)
            if found:
                if number:
                    yield number, names
                number, names = int(found[1]), [found[2]]
            elif number and (inner := re.match(r"^ +(.*?) [^ ]*:\d+:?\d* s=\d+", line)):
                names.append(inner[1])
        if number:
            yield number, names

    def sum(self, value, **labels):
        return sum(sample[0][VALUES[value]] for sample in self.samples
                   if all(sample[2].get(key) == want for key, want in labels.items()))


def check_sums(what, found, want):
    wrong = {key: (found[key], want[key]) for key in want if found[key] != want[key]}
    if wrong:
        raise Fail(f"{what}: {wrong} (found, wanted)")
