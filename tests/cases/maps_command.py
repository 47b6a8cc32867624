#!/usr/bin/python3
"""`vmatlas maps PID|FILE`: figures of the listings in tests/fixtures, and of a stopped process
beside the kernel, pmap, gdb, grep and readelf at the same moment. S1 and so on are rows of the
checklist that README.md names."""

import contextlib
import csv
import fcntl
import glob
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, ROOT, case, check, check_equal, check_same, main, need,
                          proc_text)
from vmatlas_maps import (FIXTURES, fixture, kinds, maps, parse_maps, plain_pmap, read_json, run,
                          show, stopped, told_lines, wait_for_ready, without_names)

SEED = os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "model")


def refuses(status, *arguments, says=()):
    told = maps(*arguments)
    check_equal(f"{arguments}: status", status, told.returncode)
    check_equal(f"{arguments}: stdout", "", told.stdout)
    for text in says:
        check(text in told.stderr, f"{arguments}: no {text!r} in {told.stderr!r}")


# -- Saved listings -----------------------------------------------------------------------------

@case()
def every_field_of_every_fixture(t):
    """S1, S2: a parser in another language reads the same."""
    names = [name for name in sorted(os.listdir(FIXTURES))
             if name.endswith(".maps") and "pasted" not in name]
    check(len(names) >= 5, f"fixtures: {names}")
    for name in names:
        with open(fixture(name), encoding="utf-8") as file:
            want = parse_maps(file.read())
        found = read_json(fixture(name))["mappings"]
        check_equal(name, want, [{key: row[key] for key in want[0]} for row in found])


@case()
def figures_of_the_fixtures(t):
    """S1, S20, S21, S22: mappings, KiB, those writable and executable."""
    for name, mappings, kib, writable_code in (
            ("x86_64-centos7-main.maps", 18, 4304, 0), ("i386-linux2.6-pasted-0.maps", 19, 12100, 5),
            ("i386-linux2.6-pasted-2.maps", 3, 1384, 1), ("i386-linux2.6-pasted-4.maps", 8, 1059060, 0),
            ("i386-linux2.6-pasted-6.maps", 5, 104, 0), ("i386-linux2.6-pasted-7.maps", 7, 10480, 0),
            ("i386-linux2.6-pasted-8.maps", 10, 1069304, 0), ("pmap-zsh.txt", 132, 21816, 0),
            ("gdb-info-proc-mappings.txt", 22, 2480, None)):
        pasted = ["--pasted"] if "pasted" in name else []
        totals = read_json(*pasted, fixture(name))["totals"]
        check_equal(name, (mappings, kib * 1024, writable_code),
                    (totals["mappings"], totals["size"], totals["writable_code"]))
        text = show(*pasted, fixture(name))
        check(f" total {kib:16}K\n" in text, f"{name}: {text[-200:]}")


@case()
def permissions_filter(t):
    """S4, S5"""
    path = fixture("x86_64-ls.maps")
    for perms, rows in (("x", 4), ("r-x", 3), ("--x", 1), ("r-xp", 3), ("r-xs", 0), ("rw", 5),
                        ("w", 5), ("wx", 0), ("p", 14), ("s", 0)):
        found = read_json("--perm", perms, path)["mappings"]
        check_equal(f"--perm {perms}", rows, len(found))
    found = read_json("--pasted", "--perm", "wx", fixture("i386-linux2.6-pasted-0.maps"))
    check_equal("w+x", 5, len(found["mappings"]))
    text = show("--pasted", fixture("i386-linux2.6-pasted-0.maps"))
    check("5 writable and executable" in text, text)


@case()
def sum_of_the_heap(t):
    """S6"""
    for name, size in (("x86_64-centos7-main.maps", 135168), ("x86_64-ls.maps", 2228224),
                       ("i386-hello.maps", 139264)):
        totals = read_json("--kind", "heap", fixture(name))["totals"]
        check_equal(name, (1, size), (totals["mappings"], totals["size"]))
    check("no [heap]" in show("--kind", "heap", fixture("i386-busybox.maps")), "busybox has a heap")
    check("no [heap]" in show(fixture("i386-busybox.maps")), "busybox has a heap")
    check("no [heap]" not in show("--perm", "x", fixture("x86_64-ls.maps")), "ls has a heap")


MARKERS = """\
00400000-00401000 rw-p 00000000 00:00 0 [heap]
00402000-00403000 rw-p 00000000 00:00 0 [stack:4711]
00404000-00405000 r--p 00000000 00:00 0 [vvar]
00406000-00407000 r--p 00000000 00:00 0 [vvar_vclock]
00408000-00409000 r-xp 00000000 00:00 0 [vdso]
0040a000-0040b000 rw-p 00000000 00:00 0 [anon:some name]
0040c000-0040d000 rw-s 00000000 00:01 77 [anon_shmem:other]
0040e000-0040f000 rw-p 00000000 00:00 0 [stack]
00410000-00411000 rw-p 00000000 00:00 0 [from the future]
00412000-00413000 rw-s 00000000 00:0f 8 anon_inode:[io_uring]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
"""


@case()
def markers_old_and_new(t):
    """S7: each has its kind, and one that nobody knows keeps its text."""
    path = t.write("markers", MARKERS)
    rows = read_json(path)["mappings"]
    check_equal("kinds", ["heap", "thread-stack", "vvar", "vvar", "vdso", "anon", "shmem",
                          "main-stack", "other", "other", "vsyscall"], [row["kind"] for row in rows])
    check_equal("thread", "thread 4711", rows[1]["owner"])
    check_equal("paths", [row["path"] for row in parse_maps(MARKERS)], [row["path"] for row in rows])
    check("[ from the future ]" in show(path), "the text of the new marker")


@case()
def padding_is_no_guard(t):
    """S13"""
    for name, holes in (("x86_64-centos7-main.maps", 1), ("x86_64-cat.maps", 0)):
        rows = read_json(fixture(name))["mappings"]
        found = [row["kind"] for row in rows if row["perms"] == "---p"]
        check_equal(name, ["padding"] * holes, found)


@case()
def old_kernels_offsets(t):
    """S20: what repeats the address is no offset in a file."""
    rows = read_json("--pasted", fixture("i386-linux2.6-pasted-0.maps"))["mappings"]
    anonymous = [row for row in rows if row["inode"] == 0]
    check(len(anonymous) >= 5, f"{len(anonymous)} anonymous")
    check_equal("offsets", {0}, {row["offset"] for row in anonymous})
    text = show("--pasted", "--explain", fixture("i386-linux2.6-pasted-0.maps"))
    check_equal("explained", len(anonymous), text.count("what stands as its offset is an address"))


@case()
def strict_reading_names_the_fault(t):
    """S21"""
    for name in sorted(glob.glob(fixture("*pasted*"))):
        refuses(1, name, says=[f"vmatlas: {name}: line 1, column 19: expected permissions"])
        check(maps("--pasted", name).returncode == 0, name)
    path = t.write("two", MARKERS[:MARKERS.index("00404")] + "00404000-00405000r--p 0 00:00 0\n")
    refuses(1, path, says=["line 3, column 18: expected a space\n"])


@case()
def every_form_of_text_is_told_by_its_content(t):
    """S22: what this command, pmap and gdb print can be read again, through a pipe as well."""
    with open(fixture("x86_64-ls.maps"), encoding="utf-8") as file:
        text = file.read()
    want = [(row["start"], row["end"]) for row in parse_maps(text)]
    path = fixture("x86_64-ls.maps")
    for form, written in (("maps", text), ("gdb", show("--gdb", path)),
                          ("pmap", "1:   ls\n" + "".join(
                              line + "\n" for line in plain_pmap(show(path)).splitlines()[1:]))):
        found = read_json("-", input=written)
        check_equal(form, form, found["source"]["form"])
        check_equal(form, want, [(row["start"], row["end"]) for row in found["mappings"]])


@case()
def groups_are_sums_by_hand(t):
    """S27: one row per file with its r--, r-x, rw- sums."""
    name = fixture("x86_64-cat.maps")
    rows = read_json(name)["mappings"]
    groups = {group["name"]: group for group in read_json("--group", "file", name)["groups"]}
    for path in {row["path"] for row in rows if row["path"].startswith("/")}:
        for letters in ("r--", "r-x", "rw-"):
            want = sum(row["size"] for row in rows
                       if row["path"] == path and row["perms"].startswith(letters))
            bss = groups[path]["bss"] if letters == "rw-" else 0
            check_equal(f"{path} {letters}", want + bss, groups[path][letters])
    check_equal("all", sum(row["size"] for row in rows),
                sum(group["size"] for group in groups.values()))
    kinds_found = {group["name"] for group in read_json("--group", "kind", name)["groups"]}
    check_equal("kinds", {row["kind"] for row in rows}, kinds_found)
    table = show("--group", "file", name).splitlines()
    check_equal("rows", len(groups) + 3, len(table))
    check(table[-1].endswith("  total"), table[-1])


@case()
def paths_addresses_and_order(t):
    name = fixture("x86_64-centos7-main.maps")
    for arguments, rows in ((["--path", "libc"], 4), (["--path", "*/libc-*.so"], 4),
                            (["--path", "ld-*"], 3), (["--path", "[heap]"], 1),
                            (["--path", "nothing"], 0), (["--addr", "400000"], 1),
                            (["--addr", "0x400fff"], 1), (["--addr", "401000"], 0),
                            (["--addr", "400000,600001"], 2), (["--addr", "400000-600000"], 1),
                            (["--addr", "0,ffffffffffffffff"], 18),
                            (["--kind", "text,relro"], 6)):
        check_equal(" ".join(arguments), rows, len(read_json(*arguments, name)["mappings"]))
    sizes = [row["size"] for row in read_json("--sort", "size", name)["mappings"]]
    check_equal("--sort size", sorted(sizes, reverse=True), sizes)
    starts = [int(row["start"], 0) for row in read_json("--reverse", name)["mappings"]]
    check_equal("--reverse", sorted(starts, reverse=True), starts)


@case()
def wrong_usage(t):
    name = fixture("x86_64-ls.maps")
    for arguments in ([], [name, name], ["--perm", "q", name], ["--kind", "heep", name],
                      ["--addr", "x", name], ["--addr", "2,1", name], ["--sort", "age", name],
                      ["--group", "age", name], ["-x", "--json", name], ["--color=blue", name],
                      ["--group", "file", "--gdb", name], ["--nosuch", name],
                      ["--picture", "--json", name], ["--picture", "--sort", "size", name],
                      ["--picture", "--group", "file", name]):
        refuses(2, *arguments)


@case()
def what_cannot_be_read(t):
    name = fixture("x86_64-ls.maps")
    refuses(1, t.path("none"), says=["No such file"])
    refuses(1, t.tmp, says=["Is a directory"])
    refuses(1, "99999999", says=["No such process"])
    refuses(1, t.write("empty", ""), says=["line 1, column 1: no mappings in it"])
    refuses(1, "2", says=["no memory of its own"])
    for option in ("-x", "-X", "-XX", "--sort=rss"):
        refuses(1, option, name, says=["smaps"])
    refuses(1, "--gdb", fixture("pmap-zsh.txt"), says=["offset"])
    refuses(1, "--annotate", fixture("pmap-zsh.txt"), says=["inode"])
    refuses(1, "--perm", "x", fixture("gdb-info-proc-mappings.txt"), says=["permissions"])
    with open("/dev/full", "w", encoding="utf-8") as full:
        told = maps(name, stdout=full)
    check(told.returncode == 1 and "No space left" in told.stderr, told.stderr)


@case()
def disorder_is_noted(t):
    path = t.write("torn", "00402000-00404000 rw-p 00000000 00:00 0 \n"
                           "00403000-00405000 rw-p 00000000 00:00 0 \n")
    told = maps(path)
    check(told.returncode == 0 and "begin before the one above ends" in told.stderr, told.stderr)


@case()
def comma_separated(t):
    path = t.write("names", '00400000-00401000 r--p 00000000 fd:01 5  /a,b "c"\n'
                            "00402000-00403000 rw-p 00000000 00:00 0 \n")
    rows = list(csv.DictReader(io.StringIO(show("--csv", path))))
    check_equal("path", '/a,b "c"', rows[0]["path"])
    check_equal("row", ("0x402000", "0x403000", "rw-p", "4096", "", "anon"),
                tuple(rows[1][key] for key in ("start", "end", "perms", "size", "rss", "kind")))
    groups = list(csv.DictReader(io.StringIO(show("--group", "kind", "--csv", path))))
    check_equal("groups", {("anon", "4096"), ("file", "4096")},
                {(row["name"], row["size"]) for row in groups})


@case()
def colours_only_where_wanted(t):
    name = fixture("x86_64-ls.maps")
    check("\033" not in show(name), "colour in a pipe")
    check("\033[32m" in show("--color=always", name), "no colour when asked for")
    for env, arguments, colored in (({}, [], True), ({"NO_COLOR": "1"}, [], False),
                                    ({"NO_COLOR": ""}, [], True), ({}, ["--color=never"], False),
                                    ({"NO_COLOR": "1"}, ["--color=always"], True),
                                    ({"TERM": "dumb"}, [], False)):
        parent, child = pty.openpty()
        env = {**{key: value for key, value in os.environ.items() if key != "NO_COLOR"},
               "TERM": "xterm", **env}
        maps(*arguments, name, stdout=child, env=env)
        os.close(child)
        check_equal(f"{env.get('NO_COLOR')} {env['TERM']} {arguments}", colored,
                    b"\033" in os.read(parent, 1 << 16))
        os.close(parent)


def in_terminal(columns, *arguments, **env):
    """What the command prints on a terminal of so many columns."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**{key: value for key, value in os.environ.items() if key != "NO_COLOR"},
           "TERM": "xterm", "LC_ALL": "C.UTF-8", **env}
    done = subprocess.Popen([COMMAND, "maps", *map(str, arguments)], stdout=child, env=env,
                            stdin=subprocess.DEVNULL)
    os.close(child)
    told = b""
    with contextlib.suppress(OSError):
        while piece := os.read(parent, 1 << 16):
            told += piece
    os.close(parent)
    check_equal(f"{arguments}: status", 0, done.wait(60))
    return told.decode().replace("\r\n", "\n")


@case()
def the_picture_fits_the_terminal(t):
    """Whole lines at any width that has room for the figures; names are what is cut."""
    name = fixture("x86_64-ls.maps")
    for columns in (60, 80, 132, 200):
        lines = in_terminal(columns, "--picture", "--color=never", name).splitlines()
        rows = [line for line in lines if re.match(r"[0-9a-f]{8,} │", line)]
        check_equal(f"{columns}: rows", 14, len(rows))
        check(max(map(len, rows)) <= columns, f"{columns}: {max(rows, key=len)!r}")
        longest = max(len(line.rstrip("▒█░ ").rsplit(" ", 1)[0]) for line in rows)
        check(longest <= columns, f"{columns}: {longest}")
    check("…" in in_terminal(60, "--picture", name), "no name was cut")
    check("libc-2.33.so" in in_terminal(132, "--picture", name), "a name was cut")
    check("libc-2.33.so" in show("--picture", name), "a name was cut in a pipe")


@case()
def the_picture_without_colours_and_blocks(t):
    """NO_COLOR, a dumb terminal, a locale without UTF-8: the kinds stand there as words."""
    name = fixture("x86_64-ls.maps")
    check("\033[32mtext" in in_terminal(80, "--picture", name), "no colours")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        check("\033" not in in_terminal(80, "--picture", name, **env), f"{env}: colours")
    plain = in_terminal(80, "--picture", name, NO_COLOR="1", LC_ALL="C")
    check(plain.isascii(), "signs outside ASCII")
    kinds_shown = re.findall(r"^[0-9a-f]+ \|.{11}(\S+)", plain, re.M)
    check_equal("kinds", [row["kind"] for row in read_json(name)["mappings"]], kinds_shown)


@case()
def a_snapshot_has_owners_and_live_bytes(t):
    found = read_json(SEED)
    check_equal("form", "snapshot", found["source"]["form"])
    report = json.loads(subprocess.run([COMMAND, "report", "--json", SEED], check=True,
                                       capture_output=True, text=True).stdout)
    keys = ("start", "end", "perms", "offset", "dev", "inode", "path", "kind", "size", "rss",
            "live_blocks", "live_bytes", "live_resident", "retained", "trimmable", "pinned")
    check_equal("mappings", [{key: row[key] for key in keys} for row in report["mappings"]],
                [{key: row[key] for key in keys} for row in found["mappings"]])
    damaged = t.write("damaged", "vmatlas\n")
    refuses(1, damaged, says=["damaged"])


@case()
def the_shim_is_asked_for_what_it_knows(t):
    """With a shim in the process, owners and live bytes too."""
    process = t.start([t.program("waiting"), "thread"], t.shim_environment())
    try:
        end = time.monotonic() + 20
        while b"ready" not in os.pread(process.files[0].fileno(), 4096, 0):
            check(time.monotonic() < end, "the program does not start")
            time.sleep(0.01)
        found = read_json("--ask", process.pid)
        plain = read_json(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    heap = next(row for row in found["mappings"] if row["kind"] == "heap")
    check(heap["live_bytes"] >= 10000 and heap["owner"] == "malloc", f"{heap}")
    check(found["totals"]["live_bytes"] >= 10000, "live bytes")
    check("vmatlas" in [row["kind"] for row in found["mappings"]], "no vmatlas")
    same = [(row["start"], row["path"]) for row in plain["mappings"] if row["path"]]
    check_equal("files", same,
                [(row["start"], row["path"]) for row in found["mappings"] if row["path"]])
    check_equal("sections", [row.get("segment") for row in plain["mappings"] if row["path"]],
                [row.get("segment") for row in found["mappings"] if row["path"]])
    check_equal("left files", [], glob.glob(t.path("vmatlas.*")))
    refuses(1, "--ask", os.getpid(), says=["it does not run under vmatlas"])
    refuses(2, "--ask", SEED)


@case()
def mappings_that_are_several_things(t):
    """Three big blocks that the kernel made one mapping are told apart in every form."""
    process = t.start([t.program("child_mallocs")], t.shim_environment())
    try:
        wait_for_ready(process)
        found, groups = read_json("--ask", process.pid), read_json(
            "--ask", "--group", "kind", process.pid)["groups"]
        forms = {form: show("--ask", *form.split(), process.pid) for form in ("", "--picture")}
        told = [line for line in told_lines(process) if line[0] == "big"]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    mapping = next(row for row in found["mappings"] if row["kind"] == "malloc-mmap")
    check_equal("parts", sorted((int(line[1], 0) - 16, line[3] + " (child_mallocs)")
                                for line in told),
                [(int(part["start"], 0), part["owner"]) for part in mapping["parts"]])
    for key in ("size", "rss", "live_blocks", "live_bytes", "live_resident", "retained"):
        check_equal(key, mapping[key], sum(part[key] for part in mapping["parts"]))
    for form, text in forms.items():
        for line in told:
            pattern = rf"{int(line[1], 0) - 16:012x} .* malloc-mmap .* {line[3]} \(child_mallocs\)$"
            check(re.search(pattern, text, re.M), f"{form}: no {pattern} in\n{text}")
    for group in groups:
        rows = [row for row in found["mappings"] for row in row.get("parts", [row])
                if row["kind"] == group["name"]]
        if group["name"] != "vmatlas":
            check_equal(group["name"], (sum(row["size"] for row in rows),
                                        sum(row["live_bytes"] for row in rows)),
                        (group["size"], group["live_bytes"]))
    check("anon" in [group["name"] for group in groups], "kinds of parts are no groups")


# -- A process that stands still ------------------------------------------------------------------

@case()
def a_live_process_is_its_maps(t):
    """S1, S2: field by field; S5: filters as grep does."""
    with stopped(t, kinds(t), 2) as process:
        with open(f"/proc/{process.pid}/maps", encoding="utf-8", newline="\n") as file:
            text = file.read()
        want = parse_maps(text)
        found = read_json(process.pid)["mappings"]
        check_equal("fields", want, [{key: row[key] for key in want[0]} for row in found])
        for row in found:
            if row["kind"] in ("text", "rodata", "data", "relro"):
                status = os.stat(row["path"])
                device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
                check_equal(row["path"], (row["inode"], row["dev"]), (status.st_ino, device))
        for letters in ("r-x", "rw-", "---", "r--"):
            grep = [line for line in text.splitlines() if f" {letters}" in line]
            shown = show("--annotate", "--perm", letters, process.pid).splitlines()
            check_equal(letters, len(grep), len(shown))
        task = f"/proc/{process.pid}/task/{process.pid}/maps"
        check_equal("task", want, [{key: row[key] for key in want[0]}
                                   for row in read_json(task)["mappings"]])


@case()
def annotated_maps_is_maps_and_a_column(t):
    with stopped(t, [t.program("waiting")]) as process:
        with open(f"/proc/{process.pid}/maps", encoding="utf-8") as file:
            want = file.read()
        rows = [line.rsplit("\t", 1) for line in show("--annotate", process.pid).splitlines()]
        check_same("maps", want, "".join(line + "\n" for line, kind in rows))
        check("heap" in [kind for line, kind in rows], "no heap")


@case()
def one_of_everything_has_its_kind(t):
    """S7, S8, S11, S14, S15: the program says what it has mapped."""
    with stopped(t, kinds(t), 2) as process:
        rows = read_json(process.pid)["mappings"]
        told = told_lines(process)
    told_kinds = [line for line in told if line[0] not in ("ready", "thread")]
    check(len(told_kinds) >= 16, f"{told}")
    for kind, address, size in told_kinds:
        address = int(address, 0)
        row = next((row for row in rows
                    if int(row["start"], 0) <= address < int(row["end"], 0)), None)
        check(row, f"{kind} at {address:#x} is in no mapping")
        check_equal(f"{address:#x}", kind, row["kind"])
        check(address + int(size) <= int(row["end"], 0), f"{kind}: {row}")
        if kind == "bss":
            check_equal("owner of bss", "bss of kinds", row["owner"])
    threads = {f"thread {line[1]} {line[2]}" for line in told if line[0] == "thread"}
    stacks = {row["owner"] for row in rows if row["kind"] == "thread-stack"}
    check_equal("threads", threads, stacks)
    guards = {row["owner"] for row in rows if row["kind"] == "guard"}
    check_equal("guards", threads, guards)


@case()
def names_do_not_move_the_cursor(t):
    with stopped(t, kinds(t), 2) as process:
        for option in ([], ["-x"], ["-X"], ["-XX"], ["--gdb"], ["--annotate"], ["--explain"],
                       ["--csv"], ["--json"], ["--group", "file"], ["--elf"], ["--picture"]):
            text = show(*option, process.pid)
            check("\033" not in text, f"{option}: an escape sequence of the file's name")
            if option != ["--group", "file"]:
                check("red" in text, f"{option}: the file is missing")


WORDS = {"---": "nothing may be done with it",
         "r--": "it may be read, not written or executed",
         "rw-": "it may be read and written, not executed",
         "r-x": "it may be read and executed, not written",
         "--x": "it may be executed only",
         "rwx": "it may be read, WRITTEN AND EXECUTED"}


@case()
def each_row_has_a_true_sentence(t):
    """S4, S9"""
    with stopped(t, kinds(t), 2) as process:
        rows = read_json(process.pid)["mappings"]
        lines = show("--explain", process.pid).splitlines()
    check_equal("lines", 2 * len(rows), len(lines))
    for row, line, sentence in zip(rows, lines[::2], lines[1::2]):
        check(line.startswith(f"{int(row['start'], 0):08x}-"), line)
        check(sentence.startswith("    ") and sentence.endswith("."), sentence)
        check_equal(line, row["inode"] == 0, "its inode is 0, because" in sentence)
        check(f"; {WORDS[row['perms'][:3]]}" in sentence, f"{row['perms']}: {sentence}")
        check_equal(line, row["inode"] != 0, f"which is inode {row['inode']} on device "
                                             f"{row['dev']}" in sentence)
        if row["inode"]:
            check(f"begins {row['offset']} bytes into the file" in sentence, sentence)


@case()
def plain_and_x_are_pmaps(t):
    """S23"""
    need("pmap")
    with stopped(t, kinds(t), 2) as process:
        check_same("pmap", without_names(run("pmap", process.pid)),
                   without_names(plain_pmap(show(process.pid))))
        found = show("-x", process.pid)
        check_same("pmap -x", without_names(run("pmap", "-x", process.pid)), without_names(found))
        for name in ("heap ]", "stack ]", "bss of kinds ]", "guard: thread", "vdso ]"):
            check(f"[ {name}" in found, f"no {name}")


@case()
def extended_are_pmaps_byte_for_byte(t):
    """S23, of a static program: pmap and vmatlas map the same libc as others do, so PSS of a
    shared file depends on who asks."""
    need("pmap")
    with stopped(t, kinds(t, "-static"), 2) as process:
        for option in ("-X", "-XX"):
            check_same(option, without_names(run("pmap", option, process.pid)),
                       without_names(show(option, process.pid)))


@case()
def keys_of_smaps_are_all_there(t):
    """S23: as the kernel has them now, and those it may have tomorrow."""
    with stopped(t, [t.program("waiting")]) as process:
        text = proc_text(process.pid, "smaps")
        want = list(dict.fromkeys(re.findall(r"^([A-Z]\w+):", text, re.M)))
        head = show("-XX", process.pid).splitlines()[1].split()
        check_equal("keys", want, head[5:-1])
        rows = read_json(process.pid)["mappings"]
        check_equal("sum of Rss", sum(map(int, re.findall(r"^Rss: +(\d+) kB", text, re.M))) * 1024,
                    sum(row["rss"] for row in rows))
    path = t.write("future", "00400000-00401000 rw-p 00000000 00:00 0 \nRss: 4 kB\n"
                             "Tomorrow: 12345 kB\nVmFlags: rd zz \n")
    check_equal("unknown key", ["4", "12345", "rd", "zz"], show("-XX", path).splitlines()[2].split()[5:])
    check_equal("in JSON", {"Rss": 4, "Tomorrow": 12345, "VmFlags": "rd zz"},
                read_json(path)["mappings"][0]["smaps"])


@case()
def saved_pmap_listings_are_read(t):
    """S22"""
    need("pmap")
    with stopped(t, [t.program("waiting")]) as process:
        rows = read_json(process.pid)["mappings"]
        for options in ([], ["-x"]):
            saved = read_json(t.write("saved", run("pmap", *options, process.pid)))
            check_equal("form", "pmap", saved["source"]["form"])
            check_equal("pid", process.pid, saved["source"]["pid"])
            check_equal(f"pmap {options}", [(row["start"], row["end"], row["perms"]) for row in rows],
                        [(row["start"], row["end"], row["perms"]) for row in saved["mappings"]])
            told = [(row["kind"], other["kind"]) for row, other in zip(rows, saved["mappings"])
                    if row["kind"] not in ("heap", "vvar", "vdso", "vsyscall")]
            check_equal("kinds", [one for one, other in told], [other for one, other in told])
        check_equal("rss", sum(row["rss"] for row in rows), saved["totals"]["rss"])


@case()
def relro_is_carved_out_by_program_headers(t):
    """S12: with RELRO or without, for each linker that is here."""
    need("readelf")
    for flags, relro in ((["-Wl,-z,relro,-z,now"], 1), (["-Wl,-z,norelro"], 0),
                         (["-no-pie"], 1), (["-Wl,-z,noseparate-code"], 1)):
        with stopped(t, kinds(t, *flags), 2) as process:
            own = [row["kind"] for row in read_json("--path", "/kinds", process.pid)["mappings"]
                   if not row["path"].endswith("(deleted)")]
        check_equal(" ".join(flags), relro, own.count("relro"))
        check_equal(" ".join(flags), 1, own.count("text"))
        check("data" in own, f"{flags}: {own}")


@case()
def a_file_read_through_a_mapping_is_no_module(t):
    code = ("import mmap; f = open('/usr/bin/true', 'rb');"
            "m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY);"
            "print('ready', flush=True); import time; time.sleep(600)")
    with stopped(t, [sys.executable, "-c", code]) as process:
        rows = read_json("--path", "/usr/bin/true", process.pid)["mappings"]
    check_equal("kinds", ["file"], [row["kind"] for row in rows])


@case()
def another_users_process_is_refused(t):
    with stopped(t, [t.program("waiting")]) as process:
        told = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               COMMAND, "maps", str(process.pid)], capture_output=True, text=True)
    if os.getuid() or "setpriv" in told.stderr:
        return
    check(told.returncode == 1 and "Permission denied" in told.stderr, told.stderr)


@case(limit=120)
def many_mappings(t):
    """20,000 mappings are read in seconds, not minutes."""
    text = "".join(f"{start:08x}-{start + 4096:08x} rw-p 00000000 fd:01 {start >> 13} /tmp/{start:x}\n"
                   for start in range(0x10000000, 0x10000000 + 20000 * 8192, 8192))
    path = t.write("many", text)
    begun = time.monotonic()
    check_equal("mappings", 20000, read_json(path)["totals"]["mappings"])
    check_equal("groups", 20000, len(read_json("--group", "file", path)["groups"]))
    check(time.monotonic() - begun < 30, f"{time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
