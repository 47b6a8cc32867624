#!/usr/bin/python3
"""What people who read about /proc/PID/maps do by hand, row by row: S1 to S29. README.md of this
directory says what each row is, and which test of another file is the proof of those not here."""

import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, PROGRAMS, ROOT, Skip, case, check, check_equal, check_same,
                          main, need, proc_text)
from vmatlas_maps import (FIXTURES, columns, fixture, kinds, maps, parse_maps, plain_pmap,
                          read_json, run, show, stop, stopped, told_lines, wait_for_ready,
                          without_names)
from vmatlas_report import check_mappings

WAIT_IN_PYTHON = "print('ready', flush=True); import time; time.sleep(600)"
WAIT_IN_JAVA = """public class Wait { public static void main(String[] all) throws Exception {
    System.out.println("ready"); Thread.sleep(600000); } }
"""


def python():
    return [sys.executable, "-c", WAIT_IN_PYTHON]


def java(t):
    """A Java machine that waits, or None where there is none."""
    if not shutil.which("java"):
        return None
    source = t.write("Wait.java", WAIT_IN_JAVA)
    return ["java", "-Xmx64m", "-XX:TieredStopAtLevel=1", source]


def mapping_at(rows, address):
    return next((row for row in rows
                 if int(row["start"], 0) <= address < int(row["end"], 0)), None)


@case()
def each_row_has_its_test(t):
    """README.md names a test for each of S1 to S29, and each of these exists."""
    with open(os.path.join(ROOT, "tests", "README.md"), encoding="utf-8") as file:
        table = dict(re.findall(r"^\| (S\d+) \| .* \| (.*) \|$", file.read(), re.M))
    check_equal("rows", [f"S{row}" for row in range(1, 30)], list(table))
    defined = set()
    for path in glob.glob(os.path.join(ROOT, "tests", "cases", "*.py")):
        with open(path, encoding="utf-8") as file:
            names = re.findall(r"^def (\w+)\(t\)", file.read(), re.M)
        defined |= {f"{os.path.basename(path)}: {name}" for name in names}
    for row, tests in table.items():
        named = re.findall(r"`(\w+\.py): (\w+)`", tests)
        check(named, f"{row} has no test: {tests!r}")
        for file, name in named:
            check(f"{file}: {name}" in defined, f"{row}: no {name} in {file}")


# -- Columns ------------------------------------------------------------------------------------

@case()
def s02_devices_and_inodes(t):
    """st_dev and st_ino of each path; majors of three digits are read and shown as they are."""
    with stopped(t, python()) as process:
        rows = read_json(process.pid)["mappings"]
    files = [row for row in rows if row["path"].startswith("/") and os.path.exists(row["path"])]
    check(len(files) > 10, f"{len(files)} files")
    for row in files:
        status = os.stat(row["path"])
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
        check_equal(row["path"], (device, status.st_ino), (row["dev"], row["inode"]))
    rows = read_json(fixture("i386-hello.maps"))["mappings"]
    check_equal("fixture", {("103:05", 10490348)},
                {(row["dev"], row["inode"]) for row in rows if row["path"].endswith("/hello")})
    check("on device 103:05" in show("--explain", fixture("i386-hello.maps")), "no 103:05")


def loads_by_readelf(path):
    """(offset, file size) of each PT_LOAD, by its number among all program headers."""
    text = run("readelf", "-lW", path)
    headers = re.search(r"Program Headers:\n +Type.*\n((?: .*\n)+)", text).group(1)
    lines = [line.split() for line in headers.splitlines() if not line.strip().startswith("[")]
    return {number: (int(line[1], 16), int(line[4], 16)) for number, line in enumerate(lines)
            if line[0] == "LOAD"}


@case()
def s03_the_segment_of_an_offset(t):
    """Offsets are bytes: the PT_LOAD that is named is the one that has them."""
    need("readelf")
    with stopped(t, python()) as process:
        rows = [row for row in read_json(process.pid)["mappings"]
                if row["path"] and row["kind"] in ("text", "rodata", "relro", "data")]
    check(len(rows) > 10, f"{len(rows)} rows")
    for row in rows:
        loads = loads_by_readelf(row["path"])
        number = row["segment"]["number"]
        offset, size = loads[number]
        check_equal(f"{row}", (offset, size),
                    (row["segment"]["offset"], row["segment"]["filesz"]))
        check(offset & ~4095 <= row["offset"] < offset + size, f"{row}: {loads}")


@case()
def s05_filters_are_greps(t):
    need("grep")
    with stopped(t, python()) as process:
        path = f"/proc/{process.pid}/maps"
        for letters in ("r-x", "rw-", "r--", "---", "r-xp", "rwx", "r--s"):
            want = subprocess.run(["grep", "-E", f"^[^ ]+ {letters}", path], capture_output=True,
                                  text=True).stdout.splitlines()
            found = show("--annotate", "--perm", letters, process.pid).splitlines()
            check_equal(letters, want, [line.rsplit("\t", 1)[0] for line in found])


# -- Files ----------------------------------------------------------------------------------------

def sections_by_readelf(path):
    """Sections by the number of their PT_LOAD, as readelf's mapping has them."""
    text = run("readelf", "-lSW", path)
    sizes = {found[0]: int(found[1], 16) for found in re.findall(
        r"^ +\[ *\d+\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", text, re.M)}
    rows = text[text.index("Section to Segment mapping"):].splitlines()[2:]
    loads = loads_by_readelf(path)
    return {number: {name for name in line.split()[1:] if sizes.get(name)}
            for number, line in enumerate(rows[:max(loads) + 1]) if number in loads}


@case(limit=120)
def s12_segments_and_sections(t):
    """Every file mapping of an ELF file names its PT_LOAD and sections, as readelf -lS does."""
    need("readelf")
    for argv, ready, files in ((kinds(t), 2, 3), (python(), 1, 3)):
        with stopped(t, argv, ready) as process:
            rows = [row for row in read_json(process.pid)["mappings"] if "segment" in row]
            text = show("--elf", process.pid)
        paths = {row["path"] for row in rows if row["path"]}
        check(len(paths) >= files, f"{paths}")
        for path in paths:
            check_equal(path, sections_by_readelf(path), sections_shown(rows, path))
        check(" segment 03 R E: .init .plt" in text, "no sections in the text")


def sections_shown(rows, path):
    """Those of all mappings of a file, its .bss behind it included."""
    found, file = {}, None
    for row in rows:
        file = row["path"] or file
        if file == path:
            segment = row["segment"]
            found.setdefault(segment["number"], set()).update(segment["sections"])
    return found


HOLES = """
#include <dlfcn.h>
#include "tell.h"
#include <unistd.h>
int main(int argc, char **argv)
{
	char *library = dlopen(argv[argc - 1], RTLD_NOW);
	tell(library ? "ready" : "no library");
	pause();
	return 0;
}
"""


@case()
def s13_holes_in_libraries(t):
    """A library with segments 2 MiB apart has ---p holes: padding, no guard, and nobody's leak."""
    library = t.path("libholes.so")
    t.compile(t.write("holes.c", "int variable = 1; int function(void) { return variable; }\n"),
              library, "-shared", "-fPIC", "-Wl,-z,max-page-size=0x200000")
    t.compile(t.write("opens.c", HOLES), t.path("opens"), "-I" + PROGRAMS)
    with stopped(t, [t.path("opens"), library], settings={}) as process:
        text = proc_text(process.pid, "maps")
        live = read_json(process.pid)["mappings"]
        os.kill(process.pid, signal.SIGCONT)
        shim = json.loads(ask_shim(t, process.pid))["mappings"]
    holes = [row for row in parse_maps(text)
             if row["perms"] == "---p" and row["path"] == library]
    check(holes, f"no holes in\n{text}")
    for rows in (live, shim):
        for hole in holes:
            row = mapping_at(rows, int(hole["start"], 0))
            check_equal(f"{hole['start']}", ("padding", hole["end"]), (row["kind"], row["end"]))
        check(not [row for row in rows if row["kind"] == "guard" and row["path"]], "a guard")


def ask_shim(t, pid, form="json"):
    """A report of a running process under the shim, as text."""
    path = t.path("asked." + form)
    told = subprocess.run([COMMAND, "dump", "--private", "--output", path, "--format", form,
                           str(pid)], capture_output=True, text=True, timeout=60)
    check(told.returncode == 0, told.stderr)
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


# -- Stacks and malloc of threads ----------------------------------------------------------------

@contextlib.contextmanager
def reported(t, argv, ready):
    """A process under the shim that stands still, and the report of that moment."""
    process = t.start(argv, t.shim_environment())
    try:
        wait_for_ready(process, ready)
        report = json.loads(ask_shim(t, process.pid))
        stop(process.pid)
        yield process, report
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def resident_between(pid, start, end):
    """By smaps, of all mappings that lie in there whole."""
    total = 0
    for found in re.finditer(r"^([0-9a-f]+)-([0-9a-f]+) .*\n(?:(?![0-9a-f]+-).*\n)*?Rss: +(\d+) kB",
                             proc_text(pid, "smaps"), re.M):
        low, high = int(found.group(1), 16), int(found.group(2), 16)
        total += int(found.group(3)) * 1024 if start <= low and high <= end else 0
    return total


@case()
def s15_stacks_of_threads(t):
    """Range, guard, thread and name are pthread_getattr_np's; what was touched is resident."""
    with reported(t, [t.program("thread_stacks")], 5) as (process, report):
        told = json_lines(process)
        resident = {row["tid"]: resident_between(process.pid, int(row["start"], 0),
                                                 int(row["end"], 0)) for row in told}
    check_equal("threads", 5, len(told))
    threads = {row["tid"]: row for row in report["threads"]}
    for row in told:
        found = threads[row["tid"]]
        for key, name in (("stack_start", "start"), ("stack_end", "end"), ("name", "name"),
                          ("guard_bytes", "guard")):
            check_equal(f"{row['name']}: {key}", row[name], found[key])
        check_equal(f"{row['name']}: resident", resident[row["tid"]], found["stack_resident"])
        check(row["touched"] <= found["stack_resident"] <= row["touched"] + 8192,
              f"{row['name']}: {found['stack_resident']} resident, {row['touched']} touched")
        stack = mapping_at(report["mappings"], int(row["start"], 0))
        check_equal(f"{row['name']}: kind", "thread-stack", stack["kind"])
        check_equal(f"{row['name']}: owner", f"thread {row['tid']} {row['name']}", stack["owner"])
        if row["guard"]:
            guard = mapping_at(report["mappings"], int(row["start"], 0) - 1)
            check_equal(f"{row['name']}: guard", ("guard", stack["owner"], row["guard"]),
                        (guard["kind"], guard["owner"], guard["size"]))


def json_lines(process):
    lines = os.pread(process.files[0].fileno(), 1 << 16, 0).decode().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@case()
def s16_guards_that_maps_does_not_show(t):
    """MADV_GUARD_INSTALL: how many bytes of which mapping, from the process, with the shim and
    without; that there are some, from saved smaps; and a note where nothing is known."""
    with stopped(t, [t.program("thread_stacks")], 5) as process:
        check_guards(process, read_json(process.pid)["mappings"])
        told = next(row for row in json_lines(process) if row["name"] == "own-memory")
        if told["installed"]:
            check(f"[ thread {told['tid']} own-memory ]  4.0K guard\n" in show(process.pid), "table")
            check("4.0 KiB of it are guard pages" in show("--explain", process.pid), "sentence")
            saved = t.write("smaps", proc_text(process.pid, "smaps"))
            check("some of it are guard pages" in show("--explain", saved), "saved smaps")
    with reported(t, [t.program("thread_stacks")], 5) as (process, report):
        os.kill(process.pid, signal.SIGCONT)
        check_guards(process, read_json("--ask", process.pid)["mappings"])
    saved = t.write("maps", "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 [stack:17]\n")
    check("Linux 6.15 does" in show("--explain", saved), "no note where nothing is known")
    check_equal("unknown", None, read_json(saved)["mappings"][0]["guard_bytes"])


def check_guards(process, rows):
    told = next(row for row in json_lines(process) if row["name"] == "own-memory")
    stack = mapping_at(rows, int(told["start"], 0))
    if not told["installed"]:
        print("this kernel has no MADV_GUARD_INSTALL")
    check_equal("own memory", told["installed"], stack["guard_bytes"])
    check_equal("everywhere", told["installed"], sum(row["guard_bytes"] for row in rows))
    check_equal("kind", ("thread-stack", f"thread {told['tid']} own-memory"),
                (stack["kind"], stack["owner"]))


ARENA = 64 << 20


def told_by_child(process):
    """The thread, its first small block with size and count, and its big blocks."""
    lines = told_lines(process)
    tid = next(int(line[1]) for line in lines if line[0] == "thread")
    small = next([int(word, 0) for word in line[1:]] for line in lines if line[0] == "small")
    big = [(int(line[1], 0), int(line[2]), line[3]) for line in lines if line[0] == "big"]
    return tid, small, big


@case()
def s17_a_threads_malloc_is_in_an_arena(t):
    """Not in [heap]: an arena with what it reserved, committed, has resident, holds, and for whom."""
    with reported(t, [t.program("child_mallocs")], 1) as (process, report):
        tid, (address, size, count), _ = told_by_child(process)
        start = address & ~(ARENA - 1)
        rows = parse_maps(proc_text(process.pid, "maps"))
        resident = resident_between(process.pid, start, start + ARENA)
    writable = mapping_at(rows, address)
    committed = int(writable["end"], 0) - start
    arena = next(row for row in report["arenas"] if tid in row["threads"])
    check_equal("heaps", [{"start": hex(start), "end": hex(start + ARENA), "committed": committed}],
                arena["heaps"])
    check_equal("figures", (ARENA, committed, resident, count, count * size, [tid]),
                (arena["reserved"], arena["committed"], arena["rss"], arena["live_blocks"],
                 arena["live_bytes"], arena["threads"]))
    region = next(row for row in report["regions"] if row["kind"] == "arena")
    check_equal("region", (hex(start), hex(start + ARENA)), (region["start"], region["end"]))
    check_equal("kind", "arena", mapping_at(report["mappings"], address)["kind"])
    rest = mapping_at(report["mappings"], start + ARENA - 1)
    check_equal("the rest", ("reserve", 0), (rest["kind"], rest["rss"]))
    heap = next(row for row in report["mappings"] if row["path"] == "[heap]")
    check(heap["live_bytes"] < size, f"{heap}")
    check(int(writable["end"], 0) - int(writable["start"], 0) >= count * size, f"{writable}")


@case()
def s18_a_big_malloc_is_a_mapping(t):
    """Three of 1 GiB that the kernel made one mapping are three regions, each with its caller; the
    pointer is 16 bytes in."""
    with reported(t, [t.program("child_mallocs")], 1) as (process, report):
        tid, _, blocks = told_by_child(process)
        rows = parse_maps(proc_text(process.pid, "maps"))
    lines = {mapping_at(rows, address)["start"] for address, _, _ in blocks}
    check_equal("lines of maps", 1, len(lines))
    stacks = {row["id"]: row for row in report["callstacks"]}
    for address, size, function in blocks:
        region = mapping_at(report["regions"], address)
        check_equal(function, ("malloc-mmap", hex(address - 16), tid, 1, size),
                    (region["kind"], region["start"], region["tid"], region["live_blocks"],
                     region["live_bytes"]))
        check_equal(f"{function}: end", address - 16 + size + 4096, int(region["end"], 0))
        frames = [frame["function"] for frame in stacks[region["callstack"]]["frames"]]
        check(function in frames, f"{function} is not in {frames}")
        check(region["owner"].startswith(function), f"{region['owner']}")
        part = mapping_at(mapping_at(report["mappings"], address)["parts"], address)
        check_equal(f"{function}: part", (region["start"], region["end"], region["owner"]),
                    (part["start"], part["end"], part["owner"]))


# -- Listings of others --------------------------------------------------------------------------

@case(limit=120)
def s22_everything_that_lists_mappings(t):
    """Saved maps, smaps, pmap, pmap -x and gdb listings, and a thread's maps: the same rows."""
    rows = read_json(fixture("pmap-zsh.txt"))
    check_equal("pmap-zsh", (132, 21816 * 1024),
                (rows["totals"]["mappings"], rows["totals"]["size"]))
    with open(fixture("pmap-zsh.txt"), encoding="utf-8") as file:
        check("total            21816K" in file.read(), "the listing's own total")
    with open(fixture("gdb-info-proc-mappings.txt"), encoding="utf-8") as file:
        lines = re.findall(r"0x(\w+) +0x(\w+) +0x(\w+) +0x(\w+)", file.read())
    rows = read_json(fixture("gdb-info-proc-mappings.txt"))["mappings"]
    check_equal("gdb", [tuple(int(column, 16) for column in line) for line in lines],
                [(int(row["start"], 0), int(row["end"], 0), row["size"], row["offset"])
                 for row in rows])
    check_equal("gdb's rows", 22, len(rows))
    need("pmap", "gdb")
    with stopped(t, kinds(t), 2) as process:
        want = parse_maps(proc_text(process.pid, "maps"))
        saved = {name: proc_text(process.pid, name) for name in ("maps", "smaps")}
        saved |= {f"pmap {option}": run("pmap", *option.split(), process.pid)
                  for option in ("", "-x")}
        saved["gdb"] = gdb_prints(process)
        threads = os.listdir(f"/proc/{process.pid}/task")
        saved |= {f"task {tid}": f"/proc/{process.pid}/task/{tid}/maps" for tid in threads}
        check_equal("threads", 3, len(threads))
        for name, text in saved.items():
            path = text if name.startswith("task") else t.write("saved", text)
            found = read_json(path)["mappings"]
            for key in ("start", "end", *(["perms"] if found[0]["perms"] else [])):
                check_equal(f"{name}: {key}", [row[key] for row in want],
                            [row[key] for row in found])


def private_copies(t, program):
    """The program with its libraries and its loader as files that nobody else maps: what smaps
    says of a file's pages then depends on no other process."""
    folder = t.path("copies")
    os.makedirs(folder)
    told = run("ldd", program)
    libraries = re.findall(r"(/\S+) \(0x", told)
    for path in {*libraries, program}:
        shutil.copy(path, folder)
    loader = next(path for path in libraries if "/ld-linux" in path)
    return [os.path.join(folder, os.path.basename(loader)), "--library-path", folder,
            os.path.join(folder, os.path.basename(program))]


@case(limit=120)
def s23_pmap_to_the_byte(t):
    """pmap, -x, -X and -XX of programs that share no page with anybody: equal but for the names
    that pmap has not."""
    need("pmap", "ldd")
    home = {"PYTHONHOME": sys.base_prefix, "PYTHONNOUSERSITE": "1", "LC_ALL": "C"}
    copy = private_copies(t, os.path.realpath(sys.executable))
    for argv, ready, env in (([*copy, "-S", "-c", WAIT_IN_PYTHON], 1, home),
                             ([*copy[:-1], t.program("kinds")], 2, {"LC_ALL": "C"})):
        with stopped(t, argv, ready, env=env) as process:
            check_same("pmap", without_names(run("pmap", process.pid)),
                       without_names(plain_pmap(show(process.pid))))
            for option in ("-x", "-X", "-XX"):
                check_same(option, without_names(run("pmap", option, process.pid)),
                           without_names(show(option, process.pid)))


# What of a file's pages depends on who else maps it, and when.
MOVING = {"Pss", "Pss_Dirty", "SwapPss", "Shared_Clean", "Private_Clean", "Referenced"}


@case(limit=180)
def s23_columns_of_large_programs(t):
    """A threaded Java machine and Python as they are installed: every column that other processes
    do not move."""
    need("pmap")
    for argv in filter(None, (python(), java(t))):
        with stopped(t, argv) as process:
            check_same("pmap", without_names(run("pmap", process.pid)),
                       without_names(plain_pmap(show(process.pid))))
            check_same("-x", without_names(run("pmap", "-x", process.pid)),
                       without_names(show("-x", process.pid)))
            for option in ("-X", "-XX"):
                want = columns(run("pmap", option, process.pid))
                found = columns(show(option, process.pid))
                check_equal("keys", list(want), list(found))
                for key in set(want) - MOVING:
                    check_equal(f"{argv[0]} {option} {key}", want[key], found[key])


def gdb_prints(process):
    told = run("gdb", "-nx", "-batch", "-p", process.pid, "-ex", "info proc mappings")
    stop(process.pid)
    text = told[told.index(f"process {process.pid}\n"):]
    return text[:text.index("[Inferior")] if "[Inferior" in text else text


@case(limit=180)
def s24_gdb_to_the_byte(t):
    need("gdb")
    for argv, ready in ((kinds(t), 2), (python(), 1), (java(t), 1)):
        if not argv:
            continue
        with stopped(t, argv, ready) as process:
            want = gdb_prints(process)
            check_same(argv[0], without_names(want), without_names(show("--gdb", process.pid)))
            rows = read_json(process.pid)["mappings"]
            again = read_json(t.write("gdb", want))["mappings"]
            for key in ("start", "end", "perms", "offset"):
                check_equal(f"read again: {key}", [row[key] for row in rows],
                            [row[key] for row in again])


# -- The whole --------------------------------------------------------------------------------

def parts_of(picture):
    """(start, None) of each mapping's line, (start, what) of each gap's."""
    return [(int(address, 16), gap or None) for address, gap in
            re.findall(r"^([0-9a-f]{8,}) (?:│.*|┊ (.*))$", picture, re.M)]


SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
              "PiB": 1 << 50, "EiB": 1 << 60}


def check_picture(rows, picture):
    """Every mapping once and in order; between them gaps, each once, with their size."""
    want, last = [], 0
    for row in rows:
        start = int(row["start"], 0)
        want += [(last, start - last)] * (start > last) + [(start, None)]
        last = int(row["end"], 0)
    found = parts_of(picture)
    check_equal("lines", [start for start, gap in want], [start for start, gap in found])
    for (start, size), (_, gap) in zip(want, found):
        check_equal(f"{start:#x}: a gap", size is not None, gap is not None)
        if size:
            number, unit = re.fullmatch(r"([\d.]+) (\w+) not mapped", gap).groups()
            told = float(number) * SIZE_UNITS[unit]
            check(abs(told - size) <= SIZE_UNITS[unit] * 0.051, f"{gap}, but {size} bytes")


def colour_of(kind, perms, picture, start):
    line = next(line for line in picture.splitlines() if line.startswith(f"{start:012x} "[-17:])
                or line.startswith(f"{start:016x} "))
    found = re.search(r"\x1b\[([\d;]+)m" + kind, line)
    return found and found.group(1)


@case()
def s25_the_picture(t):
    """Every mapping once, in order, gaps compressed and labelled, kinds coloured."""
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}
    for name in sorted(glob.glob(os.path.join(FIXTURES, "*.maps"))):
        pasted = ["--pasted"] if "pasted" in name else []
        rows = read_json(*pasted, name)["mappings"]
        rows.sort(key=lambda row: int(row["start"], 0))
        check_picture(rows, show(*pasted, "--picture", name, env=utf8))
    with stopped(t, kinds(t), 2) as process:
        rows = read_json(process.pid)["mappings"]
        picture = show("--picture", process.pid, env=utf8)
        coloured = show("--picture", "--color=always", process.pid, env=utf8)
        downwards = show("--picture", "--reverse", process.pid, env=utf8)
    check_picture(rows, picture)
    check_equal("colours change nothing else", picture, re.sub(r"\x1b\[[\d;]*m", "", coloured))
    check_equal("downwards", [start for start, _ in parts_of(picture)],
                [start for start, _ in parts_of(downwards)][::-1])
    shown = {(row["kind"], colour_of(row["kind"], row["perms"], coloured, int(row["start"], 0)))
             for row in rows}
    for kind, colour in (("text", "32"), ("heap", "33"), ("data", "34"), ("main-stack", "35"),
                         ("thread-stack", "35"), ("jit", "1;31"), ("vdso", "36"),
                         ("reserve", "2")):
        check((kind, colour) in shown, f"{kind} is not {colour}: {shown}")


ORDER = """
#include "tell.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
static int with_value = 1;
int main(void)
{
	int local = with_value;
	void *block = malloc(1000), *mapped = mmap(NULL, 65536, 3, 34, -1, 0);
	tell("text %p", (void *)main);
	tell("data %p", (void *)&with_value);
	tell("heap %p", block);
	tell("mmap %p", mapped);
	tell("library %p", (void *)getauxval(AT_BASE));
	tell("main-stack %p", (void *)&local);
	tell("vdso %p", (void *)getauxval(AT_SYSINFO_EHDR));
	tell("ready");
	pause();
	return 0;
}
"""

# Without a C library: a 64-bit machine need not have a 32-bit one.
ORDER_32 = """
static int with_value = 1;
static long call(long number, long a, long b, long c, long d, long e)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result)
		: "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return result;
}
void _start(void)
{
	long end = call(45, 0, 0, 0, 0, 0);
	call(45, end + 65536, 0, 0, 0, 0);
	call(192, 0, 65536, 3, 34, -1);
	with_value = (int)call(4, 1, (long)"ready\\n", 6, 0, 0);
	for (;;)
		call(29, 0, 0, 0, 0, 0);
}
"""


def first_of(rows, kind):
    return next(int(row["start"], 0) for row in rows if row["kind"] == kind)


def check_ascends(what, names, addresses):
    found = [addresses[name] for name in names]
    check_equal(f"{what}: {[hex(address) for address in found]}", sorted(found), found)


@case()
def s26_the_order_of_things(t):
    """Text, data, heap, mmap area, stack, and vsyscall last: PIE, non-PIE and 32-bit. The vdso is
    where the kernel told the program, which is no longer behind the stack."""
    source = t.write("order.c", ORDER)
    for flags in (["-pie", "-fPIE"], ["-no-pie", "-fno-pie"]):
        program = t.compile(source, t.path("order"), "-I" + PROGRAMS, *flags)
        with stopped(t, [program]) as process:
            rows = read_json(process.pid)["mappings"]
            told = {line[0]: int(line[1], 0) for line in told_lines(process) if len(line) > 1}
        check_equal("sorted", sorted(int(row["start"], 0) for row in rows),
                    [int(row["start"], 0) for row in rows])
        check_ascends(flags, ["text", "data", "heap", "mmap", "library", "main-stack"], told)
        for kind in ("text", "data", "heap", "main-stack", "vdso"):
            check_equal(f"{flags} {kind}", kind, mapping_at(rows, told[kind])["kind"])
        if rows[-1]["path"] == "[vsyscall]":
            check_equal("vsyscall", ("vsyscall", 0xffffffffff600000),
                        (rows[-1]["kind"], int(rows[-1]["start"], 0)))
        check_equal("loaded at", "-pie" in flags, told["text"] > 1 << 32)


@case()
def s26_of_32_bits(t):
    for name in ("i386-hello.maps", "i386-busybox.maps"):
        rows = read_json(fixture(name))["mappings"]
        found = {kind: first_of(rows, kind) for kind in ("text", "data", "main-stack")}
        check_ascends(name, found, found)
        check(int(rows[-1]["end"], 0) <= 1 << 32, f"{name}: not of 32 bits")
    need("gcc")
    source = t.write("order32.c", ORDER_32)
    built = subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pie",
                            "-no-pie", "-fno-stack-protector", "-o", t.path("order32"), source],
                           capture_output=True, text=True)
    check(built.returncode == 0, built.stderr)
    try:
        subprocess.run([t.path("order32")], timeout=0.2, stdout=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise Skip(f"this kernel runs no 32-bit programs: {error}") from error
    except subprocess.TimeoutExpired:
        pass
    with stopped(t, [t.path("order32")]) as process:
        rows = read_json(process.pid)["mappings"]
    found = {kind: first_of(rows, kind)
             for kind in ("text", "data", "heap", "anon", "main-stack")}
    check_ascends("32 bits", found, found)
    check("vdso" in [row["kind"] for row in rows], "no vdso")
    check(all(int(row["end"], 0) <= 1 << 32 for row in rows), f"{rows}")


NO_HEAP = """
#include "tell.h"
#include <unistd.h>
int main(void)
{
	tell("ready");
	pause();
	return 0;
}
"""

ALL_MMAPPED = """
#include "tell.h"
#include <stdlib.h>
#include <unistd.h>
char *volatile block[10];
int main(void)
{
	for (int i = 0; i < 10; i++)
		block[i] = malloc(5000);
	tell("ready");
	pause();
	return 0;
}
"""


@case()
def s28_no_heap_at_all(t):
    """A program that never allocates, and one whose malloc takes every block by mmap: said so."""
    program = t.compile(t.write("none.c", NO_HEAP), t.path("none"), "-I" + PROGRAMS)
    with stopped(t, [program]) as process:
        check_no_heap(process.pid)
    program = t.compile(t.write("mapped.c", ALL_MMAPPED), t.path("mapped"), "-I" + PROGRAMS)
    env = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=0"}
    with stopped(t, [program], settings={}, env=env) as process:
        check_no_heap(process.pid)
        os.kill(process.pid, signal.SIGCONT)
        report, text = json.loads(ask_shim(t, process.pid)), ask_shim(t, process.pid, "text")
        check(process.poll() is None, "it has ended")
    check_equal("live", (10, 50000),
                (report["totals"]["live_blocks"], report["totals"]["live_bytes"]))
    check("heap" not in [row["kind"] for row in report["mappings"]], "a heap")
    check("end of report" in text and "[heap]" not in text, text)
    check_equal("ledger", report["totals"]["rss"], sum(row["bytes"] for row in report["ledger"]))


def check_no_heap(pid):
    check("[heap]" not in proc_text(pid, "maps"), "it has a heap")
    for arguments in ([], ["--kind", "heap"], ["--picture"]):
        check("; no [heap]" in show(*arguments, pid), f"{arguments}: not said")


# -- Under fire -------------------------------------------------------------------------------

def ask_paced(process, folder, dumps, seconds):
    """So many dumps, spread over so many seconds; yields each report and removes its file."""
    begun = time.monotonic()
    for number in range(1, dumps + 1):
        path = os.path.join(folder, f"{number}.json")
        os.kill(process.pid, signal.SIGUSR2)
        end = time.monotonic() + 30
        while not os.path.exists(path):
            check(time.monotonic() < end and process.poll() is None, f"no report {number}")
            time.sleep(0.001)
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            yield json.load(file)
        os.unlink(path)
        time.sleep(max(0, begun + number * seconds / dumps - time.monotonic()))


def listings_of(pid, count):
    """`vmatlas maps` of a process that changes: sorted and disjoint, or it says that it is not."""
    for _ in range(count):
        told = maps("--json", pid)
        check_equal("status", 0, told.returncode)
        rows = json.loads(told.stdout)["mappings"]
        ends = [0] + [int(row["end"], 0) for row in rows]
        torn = any(int(row["start"], 0) < end for row, end in zip(rows, ends))
        check_equal(f"torn, {told.stderr!r}", torn, "it changed while it was read" in told.stderr)


FULL = os.environ.get("VMATLAS_FULL") == "1"


@case(limit=900 if FULL else 120)
def s29_maps_changes_while_it_is_read(t):
    """8 threads map and unmap under dumps: each is sorted and disjoint, or marked. 60 s and 1,000
    dumps with VMATLAS_FULL=1, else a tenth of both."""
    dumps, seconds = (1000, 60) if FULL else (100, 6)
    env = t.shim_environment(output=t.path("reports", "%n.json"))
    process = t.start([t.program("churn")], env)
    marked, begun = 0, time.monotonic()
    try:
        wait_for_ready(process)
        for report in ask_paced(process, t.path("reports"), dumps, seconds):
            faults = check_mappings(report)
            marked += not report["dump"]["complete"]
            check(not faults or not report["dump"]["complete"], "\n".join(faults[:5]))
        listings_of(process.pid, 100 if FULL else 10)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    print(f"{dumps} dumps in {time.monotonic() - begun:.0f} s, {marked} marked; "
          f"{'the whole' if FULL else 'a tenth; VMATLAS_FULL=1 for the whole'}")


if __name__ == "__main__":
    main()
