#!/usr/bin/python3
"""The command vmatlas of gdb, in a real gdb: of a process that it has stopped, and of a core file."""

import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, Skip, case, check, check_equal, main, need

SCRIPT = os.path.join(ROOT, "tools", "gdb", "vmatlas.py")
NODE = 88  # sizeof(struct node)


def gdb(t, *commands, core=()):
    """What gdb says to these commands, each behind a line "> COMMAND"."""
    need("gdb")
    arguments = [f"source {SCRIPT}"]
    for command in commands:
        arguments += [f"echo \\n> {command}\\n", command]
    # A batch ends with the first command that fails: each is tried by Python's execute.
    listed = [word for command in arguments for word in ("-ex", f"python attempt({command!r})")]
    attempt = ("python\ndef attempt(command):\n  try: gdb.execute(command)\n"
               "  except gdb.error as error: print('error:', error)\nend\n")
    start = t.write("start.gdb", "set confirm off\nset pagination off\nset debuginfod enabled off\n"
                                 "set disable-randomization off\n" + attempt)
    told = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", "-ix", start, *listed, t.program("debugged"), *core],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, cwd=t.tmp,
        env={**os.environ, "TMPDIR": t.tmp})
    if "ptrace: Operation not permitted" in told.stderr:
        raise Skip("no process may be debugged here")
    check_equal(f"gdb ({told.stderr})", 0, told.returncode)
    parts = re.split(r"^> (.*)\n", told.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2])), told


def loaded(t, **settings):
    """The gdb commands that start the program with the shim in it, up to its first stop."""
    env = t.shim_environment(**settings)
    return [f"set env {name} {value}" for name, value in env.items()] + ["run"]


def served(t, **settings):
    """The same of a process that gdbserver starts, as on another machine."""
    need("gdbserver")
    env = " ".join(f"{name}={value}" for name, value in t.shim_environment(**settings).items())
    return [f"target remote | gdbserver --once --wrapper env {env} -- - {t.program('debugged')}", "continue"]


def left_behind(t):
    return [name for name in os.listdir(t.tmp) if name.startswith("vmatlas.")]


def check_node(answer):
    """A node of the list, made by make_node, called by main."""
    check(re.match(rf"0x[0-9a-f]+: the start of a live block of {NODE} bytes\n", answer), answer)
    check(re.search(r"block .* by thread \d+( debugged)?, .*\n +make_node .*\n +main ", answer), answer)


def check_answers(told):
    check_node(told["vmatlas list"])
    check_node(told["vmatlas list->next"])
    check_node(told["vmatlas *list"])
    check("8 bytes into a live block" in told["vmatlas &list->text"], told["vmatlas &list->text"])
    check("live block of 3,145,728 bytes" in told["vmatlas large"], told["vmatlas large"])
    check("main, a function of " in told["vmatlas main"], told["vmatlas main"])
    check("whole, a variable of " in told["vmatlas whole"], told["vmatlas whole"])
    check("stack" in told["vmatlas $sp"].splitlines()[0], told["vmatlas $sp"])
    check_equal("no address", "error: fraction is no address", told["vmatlas fraction"].strip())
    check("nosuch" in told["vmatlas nosuch"], told["vmatlas nosuch"])


QUESTIONS = [f"vmatlas {what}" for what in ("list", "list->next", "*list", "&list->text", "large",
                                            "main", "whole", "$sp", "fraction", "nosuch")]


@case(limit=120)
def a_stopped_process_answers(t):
    told, _ = gdb(t, *loaded(t), *QUESTIONS)
    check_answers(told)
    check("page " in told["vmatlas list"], "pages are known")
    check_equal("left behind", [], left_behind(t))


@case(limit=120)
def the_answer_is_of_now(t):
    """What was freed since is not live any more; and the program ends as it would."""
    told, _ = gdb(t, *loaded(t), "vmatlas second", "continue", "vmatlas second ", "vmatlas list",
                  "continue ", "print $_exitcode", "vmatlas")
    check_node(told["vmatlas second"])
    check("in no live block" in told["vmatlas second "], told["vmatlas second "])
    check_node(told["vmatlas list"])
    check("= 3" in told["print $_exitcode"], told["print $_exitcode"])
    check("no process" in told["vmatlas"], told["vmatlas"])
    check_equal("left behind", [], left_behind(t))


@case(limit=120)
def a_command_beside_the_shim_is_not_run(t):
    """It lies where the program comes from, which may be a stranger's."""
    theirs, mark = t.path("theirs"), t.path("was run")
    os.makedirs(theirs)
    shutil.copy(t.shim_environment()["LD_PRELOAD"], os.path.join(theirs, "libvmatlas.so"))
    command = t.write("theirs/vmatlas", f"#!/bin/sh\necho run > '{mark}'\n")
    os.chmod(command, 0o755)
    loads = [f"set env LD_PRELOAD {theirs}/libvmatlas.so", "run"]
    told, _ = gdb(t, *loaded(t)[:-1], *loads, "vmatlas list")
    check_node(told["vmatlas list"])
    check(not os.path.exists(mark), "it was run")


@case(limit=120)
def the_ledger_adds_up(t):
    told, _ = gdb(t, *loaded(t), "vmatlas")
    text = told["vmatlas"]
    check(re.search(r"dump 1, by debugger", text), text)
    rows = text.split("What RSS is made of\n")[1].split("\n\n")[0].splitlines()
    figures = [int(re.search(r"([\d,]+)  (?! )", row)[1].replace(",", "")) for row in rows
               if "  of which " not in row]
    check_equal("sum of the rows", figures[-1], sum(figures[:-1]))
    check("make_node" in text, "who has the most blocks")
    check_equal("reports elsewhere", [], os.listdir(t.path("reports")))


@case(limit=120)
def a_process_of_gdbserver_answers(t):
    """Its snapshot comes over gdb's own connection, and none stays behind."""
    told, all_told = gdb(t, *served(t), *QUESTIONS, "vmatlas", "continue ", "vmatlas second")
    check_answers(told)
    check("dump 1, by debugger" in told["vmatlas"], told["vmatlas"])
    check("in no live block" in told["vmatlas second"], str(all_told))
    check_equal("left behind", [], left_behind(t))


@case(limit=120)
def in_the_midst_of_malloc_it_answers(t):
    """At any instruction of the wrapper and of libc's malloc, on any thread."""
    steps = []
    for count in (1, 40, 100, 300):
        steps += [f"stepi {count}", f"vmatlas list {'' :{count}}"]
    told, _ = gdb(t, *loaded(t), "break malloc", "continue", *steps, "delete", "continue ", "continue  ",
                  "print $_exitcode")
    for command in steps[1::2]:
        check_node(told[command])
    check("= 3" in told["print $_exitcode"], told["print $_exitcode"])


# Memory that is mapped from a file and shared is left out of cores, and so are the tables in a store.
WITH_STORE = ["python open('/proc/%d/coredump_filter' % gdb.selected_inferior().pid, 'w').write('0x3b')"]


def make_core(t, *commands, argument=""):
    """A core file by gdb's generate-core-file, and what gdb said."""
    path = t.path("core")
    if t.store_setting():
        commands = [*commands, *WITH_STORE]
    told, _ = gdb(t, f"set args {argument}", *loaded(t), *commands, f"generate-core-file {path}")
    check(os.path.exists(path), str(told))
    return path, told


def vmatlas(*arguments, status=0):
    told = subprocess.run([COMMAND, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)
    check_equal(f"{arguments}: status ({told.stderr})", status, told.returncode)
    return told


def by_stack(report):
    """Live blocks and bytes by call stack, named by its functions."""
    return {tuple(frame["function"] for frame in stack["frames"]):
            (stack["live_blocks"], stack["live_bytes"])
            for stack in report["callstacks"] if stack["live_blocks"]}


@case(limit=120)
def a_core_answers(t):
    core, _ = make_core(t)
    told, _ = gdb(t, *QUESTIONS, "vmatlas", core=[core])
    check_answers(told)
    check("page " not in told["vmatlas list"], "a core does not tell what was resident")
    check("from a core file, at SIGTRAP" in told["vmatlas"], told["vmatlas"])
    check("What RSS is made of" not in told["vmatlas"], told["vmatlas"])


@case(limit=120)
def a_core_has_what_the_process_had(t):
    """Beside a snapshot of the same moment: blocks with their call stacks, totals, mappings. Its
    other threads stand still while both are made."""
    snapshot = t.path("kept")
    core, _ = make_core(t, "vmatlas list",
                        f"python shutil.copy(snapshot.path, {snapshot!r})")
    ours, theirs = (json.loads(vmatlas("report", "--json", path).stdout) for path in (core, snapshot))
    check_equal("call stacks", by_stack(theirs), by_stack(ours))
    for key in ("live_bytes", "live_blocks", "allocations", "frees", "peak_live_bytes"):
        check_equal(key, theirs["totals"][key], ours["totals"][key])
    for key in ("pid", "exe"):
        check_equal(key, theirs["process"][key], ours["process"][key])

    def rows(report):
        """But for what gdb cannot read, and with it the arenas, which are told by what is reserved
        behind them; and what the snapshot was made with. With a store between them, not all variables
        of the shim's are told as such."""
        return [(row["start"], row["end"], row["kind"], row["path"], row["live_blocks"])
                for row in report["mappings"] if row["kind"] not in
                ("guard", "reserve", "padding", "vvar", "vsyscall", "arena", "vmatlas",
                 "bss" if t.store_setting() else None)]
    check_equal("mappings", [], [row for row in rows(theirs) if row not in rows(ours)])
    check(len(rows(theirs)) > 30, "there are mappings")
    heap = [row for row in ours["mappings"] if row["kind"] == "heap"]
    check_equal("heaps", 1, len(heap))
    check(heap[0]["live_blocks"] >= 1000, str(heap))


def share_tables():
    with open("/proc/self/coredump_filter", "w", encoding="ascii") as file:
        file.write("0x3b")


@case(limit=120)
def a_core_of_the_kernels(t):
    """The core that the kernel writes, where it writes one to a place that can be foreseen."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        pattern = file.read().strip()
    folder = os.path.join(t.tmp, os.path.dirname(pattern))
    if pattern[0] == "|" or "%" in pattern.replace("%p", "") or not os.path.isdir(folder):
        raise Skip(f"where the kernel writes cores cannot be foreseen: {pattern}")
    process = t.start([t.program("debugged"), "abort"], t.shim_environment(),
                      before_exec=lambda: (t.store_setting() and share_tables(), resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)),
                                           signal.signal(signal.SIGTRAP, signal.SIG_IGN)))
    status, _, err = t.finish(process, 60)
    check_equal(f"status ({err})", -signal.SIGABRT, status)
    path = os.path.join(t.tmp, pattern.replace("%p", str(process.pid)))
    core, = glob.glob(path + "*") or [None]  # kernel.core_uses_pid
    if not core:
        raise Skip(f"the kernel wrote no {path}")
    try:
        report = vmatlas("report", core).stdout
        kinds = {row.split()[3]: row for row in vmatlas("maps", core).stdout.splitlines()[2:-2]}
    finally:
        os.unlink(core)
    check("at SIGABRT" in report and "make_node" in report, report)
    for kind in ("text", "data", "heap", "arena", "main-stack", "thread-stack", "vdso", "vmatlas"):
        check(kind in kinds, f"no {kind} in {sorted(kinds)}")


@case(limit=120)
def damage_is_told(t):
    """A core that is cut or spoiled is one clear line, or a report; never a crash."""
    core, _ = make_core(t, argument="alone")
    with open(core, "rb") as file:
        whole = file.read()
    dice = random.Random(6)
    for turn in range(36):
        spoiled = bytearray(whole)
        if turn % 3 == 0:
            del spoiled[dice.randrange(len(whole)):]
        else:
            # In headers and notes, or anywhere.
            reach = 16384 if turn % 3 == 1 else len(whole)
            for _ in range(200):
                spoiled[dice.randrange(reach)] = dice.choice((0, 1, 0x7f, 0xff, dice.randrange(256)))
        path = t.path("spoiled")
        with open(path, "wb") as file:
            file.write(spoiled)
        told = subprocess.run([COMMAND, "report", "--json", "--no-source", path], capture_output=True, text=True,
                              errors="replace", timeout=60)
        check(told.returncode in (0, 1), f"turn {turn}: {told.returncode} {told.stderr}")
        if told.returncode:
            check(told.stderr.startswith("vmatlas: ") and told.stderr.count("\n") == 1, told.stderr)


@case(limit=120)
def tables_in_a_store_are_in_no_core(t):
    """It is told which store has them, and that answers; unless the core was to have them."""
    os.makedirs(t.path("store"), exist_ok=True)
    core, full = t.path("core"), t.path("full")
    gdb(t, *loaded(t, store=t.path("store")), f"generate-core-file {core}", *WITH_STORE,
        f"generate-core-file {full}", "kill")
    store, = glob.glob(os.path.join(t.path("store"), "*.store"))
    for command in (["report", core], ["report", "--json", core], ["addr", core, "1000"], ["maps", core]):
        told = vmatlas(*command, status=1)
        check_equal(f"{command}: standard error", f"vmatlas: {core}: the tables of this process are not in its "
                    f"core, but in its store: report {store}\n", told.stderr)
    told, everything = gdb(t, "vmatlas list", core=[core])
    check(f"report {store}" in everything.stderr, str(everything))
    theirs, ours = (json.loads(vmatlas("report", "--json", path).stdout) for path in (store, full))
    check_equal("call stacks", by_stack(theirs), by_stack(ours))
    check_equal("blocks", theirs["totals"]["live_blocks"], ours["totals"]["live_blocks"])
    kinds = {row["kind"] for row in ours["mappings"] if row["path"] and row["path"].endswith(".store")}
    check_equal("its mappings are", {"vmatlas"}, kinds)


def rewritten(whole, path, segments, mapped):
    """The core with so many segments more, one page each, side by side, that nothing is in; with
    mapped(address, count) as its note of files, where it is not None."""
    at, = struct.unpack_from("<Q", whole, 32)
    count, = struct.unpack_from("<H", whole, 56)
    headers = [list(struct.unpack_from("<IIQQQQQQ", whole, at + 56 * i)) for i in range(count)]
    notes = b"".join(whole[header[2]:header[2] + header[5]] for header in headers if header[0] == 4)
    room = -(-(56 * (count + segments) + len(notes) + 8192) // 4096) * 4096
    base = 0x100000000000
    note = mapped(base, segments) if mapped else b""
    kept = [[1, *header[1:2], header[2] + room + len(note), *header[3:]] for header in headers if header[0] == 1]
    kept += [[1, 4, room, base + 4096 * i, 0, 0, 4096, 4096] for i in range(segments)]
    kept.append([4, 0, 128 + 56 * (len(kept) + 1), 0, 0, len(note + notes), 0, 1])
    table = b"".join(struct.pack("<IIQQQQQQ", *header) for header in kept)
    # More than 16 bits can say: elf(5), PN_XNUM.
    head = bytearray(whole[:64]) + struct.pack("<44xI16x", len(kept))
    struct.pack_into("<QQ", head, 32, 128, 64)
    struct.pack_into("<HHH", head, 56, 0xffff, 64, 1)
    with open(path, "wb") as file:
        file.write((bytes(head) + table + note + notes).ljust(room + len(note), b"\0") + whole)


def note_of_files(mappings):
    """NT_FILE, of (start, end, path)."""
    text = struct.pack("<QQ", len(mappings), 4096)
    text += b"".join(struct.pack("<QQQ", start, end, 0) for start, end, _ in mappings)
    text += b"".join(path + b"\0" for _, _, path in mappings)
    return struct.pack("<III5s3x", 5, len(text), 0x46494c45, b"CORE") + text + b"\0" * (-len(text) % 4)


def told_of(core):
    """What the command says, with no more memory or time than such a file may take."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    return subprocess.run([COMMAND, "maps", core], capture_output=True, text=True, errors="replace",
                          timeout=100, preexec_fn=limit)


@case()
def what_is_set_aside_is_in_no_core(t):
    core, _ = make_core(t, argument="alone")
    size = os.path.getsize(core)
    check(size < 24 << 20, f"{size} bytes")


@case(limit=300)
def a_core_that_lies_takes_no_endless_time_or_memory(t):
    core, _ = make_core(t, argument="alone")
    with open(core, "rb") as file:
        whole = file.read()
    path = t.path("lies")
    # Each could be the kernel's variables, if only the last one touched the vdso.
    rewritten(whole, path, 400000, None)
    told = told_of(path)
    check_equal(f"many segments ({told.stderr})", 0, told.returncode)
    # One path of a megabyte, in the line of each of them.
    rewritten(whole, path, 20000,
              lambda base, count: note_of_files([(base, base + 4096 * count, b"/" + b"A" * (1 << 20))]))
    told = told_of(path)
    check(told.returncode == 1 and told.stderr.count("\n") == 1 and "without the shim" in told.stderr,
          f"a long path: {told.returncode} {told.stderr}")


@case()
def cores_without_tables_say_so(t):
    need("gdb")
    path = t.path("core")
    gdb(t, "run", f"generate-core-file {path}")
    told = vmatlas("report", path, status=1)
    check("the core of a program without the shim" in told.stderr, told.stderr)
    told = vmatlas("addr", path, "1000", status=1)
    check("the core of a program without the shim" in told.stderr, told.stderr)
    told, _ = gdb(t, "vmatlas list", core=[path])
    check("no libvmatlas.so" in told["vmatlas list"], told["vmatlas list"])


@case()
def it_says_why_there_is_no_answer(t):
    told, _ = gdb(t, "vmatlas", "run", "vmatlas list")
    check("error: no process" in told["vmatlas"], told["vmatlas"])
    check("error: no libvmatlas.so in the program" in told["vmatlas list"], told["vmatlas list"])


main()
