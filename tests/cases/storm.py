#!/usr/bin/python3
"""Ten thousand dump signals during a malloc storm on 8 threads: no crash, no hang, whole reports."""

import ctypes
import glob
import json
import random
import signal
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import threading
import time

from vmatlas_case import case, check, check_same, is_ready, main, proc_text
from vmatlas_report import check_report

THREADS = 8
CHECK_EVERY = 50  # every report is parsed; all its figures are checked in one of so many
TGKILL = 234 if os.uname().machine == "x86_64" else 131


class Sender(threading.Thread):
    """Signals a process and its single threads in turn until it ends, or so many times."""

    def __init__(self, pid, count):
        super().__init__(daemon=True)
        self.pid, self.count, self.sent = pid, count, 0
        self.libc = ctypes.CDLL(None)

    def run(self):
        while not is_ready(self.pid, signal.SIGUSR2):
            if not proc_text(self.pid, "maps"):
                return
            time.sleep(0.001)
        while self.sent < self.count and self.send():
            if self.sent % 3 == 0:
                time.sleep(random.uniform(0, 0.003))

    def send(self):
        try:
            threads = [int(tid) for tid in os.listdir(f"/proc/{self.pid}/task")]
            self.libc.syscall(TGKILL, self.pid, random.choice(threads), signal.SIGUSR2)
            os.kill(self.pid, signal.SIGUSR2)
        except (OSError, IndexError):
            return False
        self.sent += 2
        return True


class Reader(threading.Thread):
    """Reads each report as soon as it has its name, checks it, and removes it."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.read, self.faults, self.ended = folder, 0, [], threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.read_all()

    def read_all(self):
        for path in glob.glob(os.path.join(self.folder, "*.json")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            os.unlink(path)
            self.judge(os.path.basename(path), text)
            self.read += 1

    def judge(self, name, text):
        try:
            report = json.loads(text)
        except ValueError as error:
            self.faults.append(f"{name}: {error}; it ends with {text[-80:]!r}")
            return
        if self.read % CHECK_EVERY == 0:
            self.faults += [f"{name}: {fault}" for fault in check_report(report)[:5]]

    def finish(self):
        self.ended.set()
        self.join()
        self.read_all()


def storm(t, signals, milliseconds, **settings):
    env = t.shim_environment(**settings)
    process = t.start([t.program("storm"), str(THREADS), str(milliseconds)], env)
    sender, reader = Sender(process.pid, signals), Reader(t.path("reports"))
    sender.start()
    reader.start()
    status, out, err = t.finish(process, milliseconds / 1000 + 60)
    sender.join()
    reader.finish()
    return status, out, err, sender.sent, reader


@case(limit=180)
def ten_thousand_signals(t):
    sent = reports = 0
    while sent < 10000:
        status, out, err, count, reader = storm(t, 10000 - sent, 20000)
        check_same("status and error output", (0, ""), (status, err))
        check(out.startswith("whole: "), out)
        check(not reader.faults, "\n".join(reader.faults[:20]))
        check(count and reader.read, f"{count} signals, {reader.read} reports in one storm")
        sent, reports = sent + count, reports + reader.read
    print(f"{sent} signals, {reports} reports, all whole")


@case(limit=60)
def with_sampled_call_stacks(t):
    status, out, err, count, reader = storm(t, 1000, 6000, sample="64K")
    check_same("status and error output", (0, ""), (status, err))
    check(out.startswith("whole: "), out)
    check(not reader.faults, "\n".join(reader.faults[:20]))
    check(count and reader.read, f"{count} signals, {reader.read} reports")


@case(limit=60)
def without_dumps(t):
    status, out, err, _, _ = storm(t, 0, 3000)
    check_same("status and error output", (0, ""), (status, err))
    check(out.startswith("whole: "), out)


@case(limit=60)
def text_to_a_closed_descriptor(t):
    """Nowhere to write: the program goes on, and says nothing."""
    status, out, err, _, _ = storm(t, 500, 3000, output="fd:77", format="text")
    check_same("status and error output", (0, ""), (status, err))
    check(out.startswith("whole: "), out)


@case(limit=60)
def no_room_for_the_report(t):
    """The file cannot be made: the same."""
    status, out, err, _, _ = storm(t, 500, 3000, output="/proc/no/such/place.%n")
    check(status == 0 and out.startswith("whole: "), f"status {status}\n{out}\n{err}")


main()
