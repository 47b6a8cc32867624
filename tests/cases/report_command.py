#!/usr/bin/python3
"""`vmatlas report FILE`: a snapshot says what the shim's own report says, and has names."""

import json
import os
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, Fail, ROOT, case, check, check_equal, check_same, main, need
from vmatlas_report import check_report

SEED = os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "model")


def report(*arguments, **how):
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60, **how}
    return subprocess.run([COMMAND, "report", *map(str, arguments)], stdin=subprocess.DEVNULL, **how)


def read_json(path):
    told = report("--json", path)
    check(told.returncode == 0, f"{path}: {told.stderr}")
    return json.loads(told.stdout)


def dumps_of(t, argv, formats, **settings):
    """Reports in these formats of a program that waits, one behind the other; their paths."""
    process = t.start(argv, t.shim_environment(**settings))
    try:
        end = time.monotonic() + 10
        while b"ready" not in os.pread(process.files[0].fileno(), 4096, 0):
            check(time.monotonic() < end, "the program does not start")
            time.sleep(0.01)
        paths = []
        for form in formats:
            told = subprocess.run([COMMAND, "dump", "--format", form, str(process.pid)],
                                  capture_output=True, text=True, timeout=30)
            check(told.returncode == 0, told.stderr)
            paths.append(told.stdout.rstrip("\n"))
        return paths
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def one_snapshot(t, *arguments, **settings):
    return dumps_of(t, [t.program("waiting"), *arguments], ["snapshot"], **settings)[0]


@case()
def json_holds(t):
    faults = check_report(read_json(one_snapshot(t)), quiet=True)
    check(not faults, "\n".join(faults))


@case()
def says_what_the_shim_says(t):
    """Everything that cannot have changed between two dumps of a program that waits."""
    frozen, live = dumps_of(t, [t.program("waiting"), "thread"], ["snapshot", "json"])
    frozen = read_json(frozen)
    with open(live, encoding="utf-8") as file:
        live = json.load(file)
    for key in ("pid", "exe", "argv", "kernel", "page_size", "start_time_ns"):
        check_same(key, live["process"][key], frozen["process"][key])
    for key in ("live_bytes", "live_blocks", "allocations", "frees", "peak_live_bytes"):
        check_same(key, live["totals"][key], frozen["totals"][key])
    lost, also = live["dump"]["lost"], frozen["dump"]["lost"]
    check("origins" in also, "nothing about what was lost")
    check_same("lost", {key: lost.get(key) for key in also}, also)
    for key in ("live_blocks", "live_bytes", "allocations", "allocated_bytes"):
        check_same("call stacks' " + key, [row[key] for row in live["callstacks"]],
                   [row[key] for row in frozen["callstacks"]])
    check_same("program counters", [[frame["pc"] for frame in row["frames"]]
                                    for row in live["callstacks"]],
               [[frame["pc"] for frame in row["frames"] if not frame.get("inlined")]
                for row in frozen["callstacks"]])
    check_same("threads", [(row["tid"], row["name"]) for row in live["threads"]],
               [(row["tid"], row["name"]) for row in frozen["threads"]])


@case()
def blocks_are_listed_when_asked_for(t):
    path = one_snapshot(t)
    check("blocks" not in read_json(path), "blocks that nobody asked for")
    blocks = json.loads(report("--json", "--blocks", path).stdout)["blocks"]
    sizes = [block["size"] for block in blocks]
    check(sizes.count(1000) == 10, f"sizes {sizes}")


@case()
def frames_have_functions_files_and_lines(t):
    path = one_snapshot(t)
    rows = read_json(path)["callstacks"]
    frames = [frame for row in rows if row["live_bytes"] >= 10000 for frame in row["frames"]]
    frame = next((frame for frame in frames if frame.get("function") == "main"), None)
    check(frame, f"no main in {frames[:5]}")
    check(frame.get("file", "").endswith("waiting.c") and frame.get("line", 0) > 50, repr(frame))
    check("waiting.c:" in report(path).stdout, "no line in the text")
    plain = report("--no-source", path).stdout
    check("main" in plain and "waiting.c:" not in plain, "--no-source")


@case()
def options_of_the_text(t):
    path = one_snapshot(t)
    check_same("--text", report(path).stdout, report("--text", path).stdout)
    check("\n#1 " in report("--stacks", "1", path).stdout, "no first call stack")
    check("\n#2 " not in report("--stacks", "1", path).stdout, "--stacks 1 shows a second one")


@case()
def output_appears_whole(t):
    path, target = one_snapshot(t), t.path("out")
    check(report("-o", target, path).returncode == 0, "-o")
    with open(target, encoding="utf-8") as file:
        check_same("-o", report(path).stdout, file.read())
    check(os.stat(target).st_mode & 0o777 == 0o600, "others may read it")
    check_same("left files", ["out", "reports"], sorted(os.listdir(t.tmp)))


@case()
def a_failure_leaves_the_old_file(t):
    target = t.write("out", "old")
    damaged = t.write("damaged", "vmatlas\n")
    check(report("-o", target, damaged).returncode == 1, "damaged")
    with open(target, encoding="utf-8") as file:
        check_same("the old file", "old", file.read())
    check(report("-o", t.path("no", "such"), SEED).returncode == 1, "no such directory")
    check(report("-o", t.tmp, SEED).returncode == 1, "a directory")
    check_same("left files", ["damaged", "out"], sorted(os.listdir(t.tmp)))


@case()
def a_full_disk_is_told_once(t):
    for told in (report("-o", "/dev/full", SEED), report(SEED, stdout=open("/dev/full", "w"))):
        check(told.returncode == 1, "exit status")
        check(told.stderr.count("No space left") == 1 == told.stderr.count("\n"), told.stderr)


@case()
def a_limit_on_files_is_told(t):
    """RLIMIT_FSIZE comes with a signal that ends who does not expect it."""
    need("prlimit")
    told = subprocess.run(["prlimit", "--fsize=1000", COMMAND, "report", "-o", t.path("out"), SEED],
                          capture_output=True, text=True, timeout=30)
    check(told.returncode == 1 and "File too large" in told.stderr, told)
    check_same("left files", [], os.listdir(t.tmp))


@case()
def a_device_is_written_to(t):
    check(report("-o", "/dev/null", SEED).returncode == 0, "-o /dev/null")
    check(not os.path.isfile("/dev/null"), "/dev/null was replaced")


def refuses(path, *texts):
    told = report(path)
    if told.returncode != 1 or told.stdout or told.stderr.count("\n") != 1:
        raise Fail(f"{path}: status {told.returncode}, {told.stdout!r}, {told.stderr!r}")
    for text in (str(path), *texts):
        check(text in told.stderr, f"does not say {text!r}: {told.stderr!r}")


@case()
def other_files_are_named(t):
    text, live = dumps_of(t, [t.program("waiting")], ["text", "json"])
    refuses(text, "text: a report")
    refuses(live, "JSON: a report")
    refuses(t.write("empty", ""), "empty")
    refuses("/bin/true", "a program or library")
    refuses(t.path("missing"), "No such file")
    refuses(t.tmp, "Is a directory")
    refuses("/dev/zero", "not a snapshot")


@case()
def damage_is_told_with_its_place(t):
    with open(SEED, "rb") as file:
        seed = file.read()
    for cut in (8, 31, 32, 100, len(seed) // 2, len(seed) - 1):
        with open(t.path("cut"), "wb") as file:
            file.write(seed[:cut])
        refuses(t.path("cut"), f"damaged at byte {cut}", "cut short")
    with open(t.path("tag"), "wb") as file:
        file.write(seed[:32] + b"XXXX" + seed[36:])
    refuses(t.path("tag"), "damaged at byte 32")
    with open(t.path("version"), "wb") as file:
        file.write(seed[:12] + b"\x63" + seed[13:])
    refuses(t.path("version"), "version 99")


@case()
def arenas_have_numbers_that_the_shim_gives(t):
    """A report passes all extents for each arena: a million of them would take hours."""
    with open(SEED, "rb") as file:
        seed = file.read()
    for arena in (1024, 1025):
        end = seed.rindex(b"END ")
        chunk = (b"EXTE" + struct.pack("<IQ", 40, 1) +
                 struct.pack("<QQQQII", 64 << 20, 128 << 20, 4096, 0, 2, arena))
        last = seed[end:end + 16] + struct.pack("<Q", end + len(chunk)) + seed[end + 24:]
        with open(t.path(str(arena)), "wb") as file:
            file.write(seed[:end] + chunk + last)
    check_equal("with the last number", 0, report(t.path("1024")).returncode)
    refuses(t.path("1025"), "an arena beyond the last number")


@case()
def a_file_that_says_it_is_huge_costs_nothing(t):
    """A text of 2^40 bytes in a file of 200: told at once, with little memory."""
    need("prlimit")
    with open(SEED, "rb") as file:
        seed = file.read()
    at = seed.index(b"EXE ")
    with open(t.path("huge"), "wb") as file:
        file.write(seed[:at + 8] + (1 << 40).to_bytes(8, "little") + seed[at + 16:])
    told = subprocess.run(["prlimit", "--as=300000000", COMMAND, "report", t.path("huge")],
                          capture_output=True, text=True, timeout=20)
    check(told.returncode == 1 and "cut short" in told.stderr, told.stderr)


@case()
def the_model_reads(t):
    """A snapshot that was made by hand, of a program that never was."""
    found = read_json(SEED)
    check_same("live blocks", 6, found["totals"]["live_blocks"])
    check_same("live bytes", 24 + 100 + 9000 + 100000 + 8 + 8, found["totals"]["live_bytes"])
    check_same("name", "/usr/bin/model", found["process"]["exe"])
    check_same("notices", ["The signal is the program's own."], found["dump"]["notices"])
    check_same("resident", 24 * 1024, found["totals"]["rss"])


@case()
def wrong_usage(t):
    for arguments in ([], ["a", "b"], ["--stacks", "0", SEED], ["--stacks", "x", SEED],
                      ["--nonsense", SEED]):
        told = report(*arguments)
        check(told.returncode == 2 and told.stdout == "", f"{arguments}: {told}")


main()
