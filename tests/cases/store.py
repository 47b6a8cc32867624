#!/usr/bin/python3
"""VMATLAS_STORE: what is left of a process that was killed, and that it costs nobody anything."""

import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, SHIM, Dumper, Skip, case, check, check_equal, check_same, main, need
from vmatlas_store import (chronicle_faults, faults_of, must, read_log, report_of, run, stores)

FULL = bool(os.environ.get("VMATLAS_FULL"))


def folder(t, name="store"):
    os.makedirs(t.path(name), exist_ok=True)
    return t.path(name)


def start(t, argv, where=None, **how):
    settings, env = how.pop("settings", {}), how.pop("env", {})
    env = {**t.shim_environment(store=where or folder(t), **settings), **env}
    return t.start(argv, env, **how)


def kill(t, process):
    process.send_signal(signal.SIGKILL)
    return t.finish(process, 10)


def own_store(where, process):
    """The one store of this very process."""
    found = [path for path in stores(where) if f".{process.pid}." in os.path.basename(path)]
    check(len(found) == 1, f"{len(found)} stores of process {process.pid}: {found}")
    return found[0]


def wait_for(condition, what, limit=20):
    end = time.monotonic() + limit
    while not condition():
        check(time.monotonic() < end, f"{what}: not within {limit} s")
        time.sleep(0.01)


def kill_chronicles(t, times, *arguments, longest=0.3, least=1000):
    """Kills the program at random moments, and holds each store against its log."""
    where, log, seen = folder(t), t.path("log"), 0
    for number in range(times):
        for path in stores(where):
            os.unlink(path)
        process = start(t, [t.program("chronicle"), log, *arguments])
        time.sleep(random.uniform(0.0, longest))
        kill(t, process)
        if not stores(where):
            continue  # before the shim was there
        report = report_of(own_store(where, process))
        begun = os.path.exists(log) and os.path.getsize(log)
        must(faults_of(report) + (chronicle_faults(report, read_log(log)) if begun else []),
             f"kill {number}")
        seen += report["totals"]["allocations"] > least
        if begun:
            os.unlink(log)
    check(seen >= times / 3, f"only {seen} of {times} had got to work")


def sections(path):
    """Name to (address, size), by readelf."""
    told = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"\] (\S+)\s+(?:PROGBITS|NOBITS)\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", told)
    return {name: (int(address, 16), int(size, 16)) for name, address, size in rows}


@case
def the_static_tables_share_no_page(t):
    """What becomes the file's is whole pages, on which nothing else of the shim lies."""
    need("readelf")
    found = sections(SHIM)
    start, size = found.pop("vmatlas_tables")
    end = (start + size + 4095) // 4096 * 4096
    check(start % 4096 == 0 and size > 1000, f"{size} bytes at {start:#x}")
    for name, (address, length) in found.items():
        check(not address or address >= end or address + length <= start, f"{name} lies beside them")


@case(limit=1800 if FULL else 120)
def killed_at_any_moment(t):
    """Four threads that allocate: all that they had done is in the store, and nothing else."""
    kill_chronicles(t, 1000 if FULL else 25, "4")


@case(limit=120)
def killed_while_it_forks(t):
    """What forked children do, to blocks of their parent's too, is not in the parent's store."""
    kill_chronicles(t, 200 if FULL else 10, "3", "100000", longest=0.5)


@case(limit=120)
def killed_while_it_forks_past_libc(t):
    kill_chronicles(t, 200 if FULL else 10, "1", "100000", "raw", longest=0.5, least=63)


@case(limit=120)
def killed_while_it_is_dumped(t):
    """Beside reports, which write the list of mappings into the store: one of the two is whole."""
    where, reports = folder(t), 0
    for _ in range(100 if FULL else 10):
        process = start(t, [t.program("storm"), "4", "20000"])
        dumper = Dumper(process.pid, 1000, delay=0.01)
        dumper.start()
        time.sleep(random.uniform(0.1, 0.6))
        kill(t, process)
        dumper.stop()
        path = own_store(where, process)
        report = report_of(path)
        must(faults_of(report), path)
        check(report["dump"]["complete"], f"not complete: {report['dump']['notices']}")
        reports += report["dump"]["number"]
        os.unlink(path)
    check(reports > 0, "no store was of a process that was dumped")


@case(limit=60)
def killed_sqlite3(t):
    need("sqlite3")
    sql = ("create table t(a integer primary key, b text); with recursive n(i) as (select 1 union "
           "all select i+1 from n limit 3000000) insert into t select i, hex(randomblob(20)) from n;")
    for delay in (0.3, 0.9, 1.4):
        process = start(t, ["sqlite3", ":memory:", sql])
        time.sleep(delay)
        kill(t, process)
        must(faults_of(report_of(own_store(folder(t), process))), f"after {delay} s")


@case(limit=60)
def says_what_a_snapshot_said(t):
    """A process that stands still: its snapshot, and its store after a kill, tell the same."""
    program = ("import json, time; x = [str(i) * 20 for i in range(20000)]; "
               "y = bytearray(30000000); print(1, flush=True); time.sleep(100)")
    process = start(t, ["python3", "-c", program], settings={"output": t.path("%p.out"),
                                                             "history": 1000},
                    env={"PYTHONMALLOC": "malloc"})
    wait_for(lambda: os.path.getsize(f"/proc/{process.pid}/fd/1") > 0, "output")
    time.sleep(0.2)
    status, _, err = run("dump", "-f", "snapshot", "-o", t.path("then.snapshot"), str(process.pid))
    check(status == 0, err)
    kill(t, process)
    path = own_store(folder(t), process)
    then, now = (json.loads(run("report", "--json", "--blocks", file)[1])
                 for file in (t.path("then.snapshot"), path))
    for key in ("live_bytes", "live_blocks", "allocations", "allocated_bytes", "frees",
                "freed_bytes", "peak_live_bytes"):
        check_equal(key, then["totals"][key], now["totals"][key])
    check(then["totals"]["live_blocks"] > 20000, "hardly a block")
    check_equal("blocks", [(b["address"], b["size"], b["callstack"], b["tid"])
                           for b in then["blocks"]],
                [(b["address"], b["size"], b["callstack"], b["tid"]) for b in now["blocks"]])
    for old, new in zip(then["blocks"], now["blocks"]):
        check(abs(old["time_ns"] - new["time_ns"]) < 5e6,
              f"birth of {old['address']}: {old['time_ns']} and {new['time_ns']}")
    check_equal("call stacks", {s["id"]: s["frames"] for s in then["callstacks"]},
                {s["id"]: s["frames"] for s in now["callstacks"]})
    check_same("mappings", *("".join(f"{m['start']}-{m['end']} {m['kind']} {m['path']}\n"
                                     for m in report["mappings"] if m["kind"] != "vmatlas")
                             for report in (then, now)))
    check(any("report 1" in notice for notice in now["dump"]["notices"]), now["dump"]["notices"])
    must(faults_of(now), path)
    told = run("diff", t.path("then.snapshot"), path)
    check(told[0] == 0 and "What is resident is not known of both" in told[1], str(told))
    check_equal("a rule about RSS", 1, run("check", path, "--max-rss", "1G")[0])
    check_equal("a rule about live bytes", 0, run("check", path, "--max-live", "1G")[0])


@case()
def mappings_since_the_last_list(t):
    """The heap and the blocks with mappings of their own that came after the start are mapped."""
    program = "x = [str(i) * 20 for i in range(60000)]; y = bytearray(30000000); print(1, flush=True)"
    process = start(t, ["python3", "-c", program + "; import time; time.sleep(100)"],
                    env={"PYTHONMALLOC": "malloc"})
    wait_for(lambda: os.path.getsize(f"/proc/{process.pid}/fd/1") > 0, "output")
    kill(t, process)
    report = report_of(own_store(folder(t), process))
    must(faults_of(report), "the store")
    check_equal("blocks in no mapping", 0, report["dump"]["lost"]["unplaced_blocks"])
    check(any("the start" in notice for notice in report["dump"]["notices"]),
          report["dump"]["notices"])


# -- Ends -------------------------------------------------------------------------------------------

@case()
def gone_at_a_clean_end(t):
    where = folder(t)
    for argv in (["true"], ["sh", "-c", "exit 3"], ["sh", "-c", "(exit 1); ls / | cat; exec true"],
                 ["python3", "-c", "import os; os._exit(4)"],
                 ["perl", "-e", "for (1..20) { fork or exit 0; wait }"]):
        plain = t.plain(argv)
        shim = t.shim(argv, settings={"store": where})
        check_equal(f"status of {argv}", plain.status, shim.status)
        check_equal(f"output of {argv}", (plain.out, plain.err), (shim.out, shim.err))
        check_equal(f"stores of {argv}", [], stores(where))


@case()
def stays_when_a_signal_ends_it(t):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT):
        process = start(t, ["sleep", "100"])
        wait_for(lambda: stores(folder(t)), "a store")
        time.sleep(0.1)
        process.send_signal(number)
        check_equal("status", -number, t.finish(process, 10)[0])
        path = own_store(folder(t), process)
        must(faults_of(report_of(path)), path)
        check_equal("mode", 0o600, stat.S_IMODE(os.stat(path).st_mode))
        os.unlink(path)


@case()
def of_a_chain_of_execs_the_last(t):
    process = start(t, ["sh", "-c", "exec sh -c 'exec sh -c \"exec sleep 100\"'"])
    wait_for(lambda: any(".sleep." in path for path in stores(folder(t))), "the store of sleep")
    time.sleep(0.1)
    kill(t, process)
    check_equal("stores", [t.path("store", f"vmatlas.sleep.{process.pid}.store")],
                stores(folder(t)))
    must(faults_of(report_of(own_store(folder(t), process))), "sleep")


@case()
def an_exec_that_fails(t):
    """The process goes on, and what it does then is in a store, too."""
    program = ("import os, time\n"
               "try: os.execv('/nonexistent', ['x'])\n"
               "except OSError: pass\n"
               "x = [str(i) * 20 for i in range(200000)]; print(1, flush=True); time.sleep(100)")
    process = start(t, ["python3", "-c", program], env={"PYTHONMALLOC": "malloc"})
    wait_for(lambda: os.path.getsize(f"/proc/{process.pid}/fd/1") > 0, "output")
    kill(t, process)
    report = report_of(own_store(folder(t), process))
    must(faults_of(report), "the store")
    check(report["totals"]["live_bytes"] > 10000000, f"{report['totals']['live_bytes']} live")


@case()
def a_forked_child_that_grows(t):
    """It gets a store of its own, with the blocks that it has from its parent."""
    program = ("import os, time\n"
               "x = [str(i) * 20 for i in range(50000)]\n"
               "if os.fork() == 0:\n"
               "    y = [str(i) * 30 for i in range(300000)]; print(1, flush=True)\n"
               "time.sleep(100)")
    process = start(t, ["python3", "-c", program], env={"PYTHONMALLOC": "malloc"})
    wait_for(lambda: os.path.getsize(f"/proc/{process.pid}/fd/1") > 0, "output")
    wait_for(lambda: len(stores(folder(t))) == 2, "two stores")
    children = [path for path in stores(folder(t)) if f".{process.pid}." not in path]
    os.killpg(process.pid, signal.SIGKILL)
    t.finish(process, 10)
    parent, child = report_of(own_store(folder(t), process)), report_of(children[0])
    must(faults_of(parent) + faults_of(child), "parent and child")
    check(child["totals"]["live_bytes"] > parent["totals"]["live_bytes"] + 10000000,
          f"{child['totals']['live_bytes']} and {parent['totals']['live_bytes']} live")


def generations(t, how, **settings):
    """Reports of a grandchild with its grandparent's blocks, without them, and of the grandparent."""
    out = t.path(f"{how}.%p.%n.json")
    status, output, _ = t.finish(t.start([t.program("generations"), how], t.shim_environment(
        output=out, **settings)), 30)
    check_equal("status and output", (0, "done\n"), (status, output))
    names = sorted(os.listdir(t.path(".")), key=lambda name: [int(x) for x in re.findall(r"\d+", name)])
    reports = []
    for name in names:
        if name.startswith(f"{how}."):
            with open(t.path(name)) as file:
                reports.append(json.load(file))
    check_equal("reports", 3, len(reports))
    reports.sort(key=lambda report: report["process"]["pid"])
    return reports[1], reports[2], reports[0]


@case(limit=60)
def the_fork_of_a_fork_keeps_its_blocks(t):
    """And what its kin do, past libc too, is not in the first one's tables."""
    for how in ("fork", "raw"):
        for settings in ({"store": folder(t)}, {"store": folder(t), "sample": "4K"}, {}):
            with_blocks, without, first = generations(t, how, **settings)
            check_equal(f"{how} {settings}: blocks of the grandchild's", 1000,
                        with_blocks["totals"]["live_blocks"] - without["totals"]["live_blocks"])
            check_equal(f"{how} {settings}: frees", 1000,
                        without["totals"]["frees"] - with_blocks["totals"]["frees"])
            check_equal(f"{how} {settings}: refused in the first", 0,
                        first["dump"]["lost"].get("failed_allocations", 0))
            for name in os.listdir(t.path(".")):
                if name.endswith(".json"):
                    os.unlink(t.path(name))


@case(limit=60)
def a_forked_child_frees_what_lies_in_the_next_leaf(t):
    """As the first thing it does: that block is gone from its table, no other, and none from its
    parent's."""
    for how in ("fork", "raw"):
        for settings in ({"store": folder(t)}, {"store": folder(t), "sample": "512K"},
                         {"sample": "512K"}, {}):
            status, output, _ = t.finish(t.start([t.program("neighbours"), how], t.shim_environment(
                blocks=1, **settings)), 30)
            check_equal("status", 0, status)
            own, above, below = output.split()
            reports = []
            for name in os.listdir(t.path("reports")):
                with open(t.path("reports", name)) as file:
                    reports.append(json.load(file))
                os.unlink(t.path("reports", name))
            check_equal(f"{how} {settings}: reports", 2, len(reports))
            reports.sort(key=lambda report: report["process"]["pid"])
            for report, parent in zip(reports, (True, False)):
                here = {block["address"] for block in report["blocks"]}
                check_equal(f"{how} {settings}: {'parent' if parent else 'child'}",
                            (False, parent, True), tuple(x in here for x in (own, above, below)))


# -- No room, no way ----------------------------------------------------------------------------------

def notices_at_exit(t, where, argv=("true",), **how):
    shim = t.compare(list(argv), settings={"store": where, "exit": 1}, **how)
    check_equal("reports", 1, len(shim.reports))
    return next(iter(shim.reports.values()))["dump"]


@case()
def where_there_can_be_none(t):
    open(t.path("file"), "w").close()
    for where in (t.path("nowhere"), t.path("file"), "/proc/self"):
        notices = notices_at_exit(t, where)["notices"]
        check(any("no file in VMATLAS_STORE" in notice for notice in notices), str(notices))


def limit_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@case()
def a_limit_to_files(t):
    """No SIGXFSZ: from the start on it is no store, later one that does not tell all."""
    notices = notices_at_exit(t, folder(t), before_exec=limit_files(1 << 20))["notices"]
    check(any("no room" in notice for notice in notices), str(notices))
    process = start(t, [t.program("chronicle"), t.path("log"), "4"],
                    before_exec=limit_files(6 << 20))
    time.sleep(0.5)
    kill(t, process)
    report = report_of(own_store(folder(t), process))
    must(faults_of(report), "the store")
    check(report["dump"]["lost"].get("store_missing", 0) > 0, str(report["dump"]["lost"]))


@case()
def a_full_disk(t):
    """No SIGBUS, and what is in the store is readable."""
    where = folder(t, "small")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", where],
                      capture_output=True).returncode:
        raise Skip("no file system can be mounted here")
    try:
        process = start(t, [t.program("chronicle"), t.path("log"), "6"], where)
        time.sleep(0.5)
        with open(os.path.join(where, "rest"), "wb") as file:
            try:
                file.write(bytes(8 << 20))
            except OSError:
                pass
        time.sleep(0.5)
        check(process.poll() is None, f"it has died: {process.returncode}")
        status = kill(t, process)[0]
        check_equal("status", -signal.SIGKILL, status)
        report = report_of(own_store(where, process))
        must(faults_of(report), "the store")
        check(report["dump"]["lost"].get("store_missing", 0) > 0, str(report["dump"]["lost"]))
    finally:
        subprocess.run(["umount", "-l", where])


@case()
def a_name_that_is_taken(t):
    """By a link to somewhere else: it is not followed, nor replaced."""
    victim = t.write("victim", "of a link\n")
    where = folder(t)
    script = (f"ln -s {victim} {where}/vmatlas.sleep.$$.store; "
              f"LD_PRELOAD={SHIM} VMATLAS_STORE={where} exec sleep 100")
    process = t.start(["sh", "-c", script], {})
    wait_for(lambda: len(stores(where)) == 2, "a store beside the link")
    time.sleep(0.1)
    kill(t, process)
    with open(victim, encoding="utf-8") as file:
        check_equal("the victim", "of a link\n", file.read())
    path = os.path.join(where, f"vmatlas.sleep.{process.pid}.1.store")
    must(faults_of(report_of(path)), path)


# -- The command -----------------------------------------------------------------------------------

@case()
def run_names_what_is_left(t):
    where = folder(t)
    told = subprocess.run([COMMAND, "run", "--store", where, "--", "sh", "-c", "kill -9 $$"],
                          capture_output=True, text=True, cwd=t.tmp)
    check_equal("status", -signal.SIGKILL, told.returncode)
    check_equal("stores", 1, len(stores(where)))
    check(f"vmatlas: store: {stores(where)[0]}" in told.stderr, told.stderr)
    told = subprocess.run([COMMAND, "run", "--store", where + "/not", "true"],
                          capture_output=True, text=True, cwd=t.tmp)
    check_equal("status", 2, told.returncode)
    check("expected a directory" in told.stderr, told.stderr)


def spoil(data, dice):
    """A copy with damage of some kind."""
    data = bytearray(data)
    kind = dice.randrange(4)
    if kind == 0:
        del data[dice.randrange(len(data)):]
    for _ in range(dice.choice([1, 10, 1000]) if kind else 0):
        # Mostly in the head, which all the rest depends on, and in the first pages of tables.
        top = dice.choice([8192, 8192, 262144, len(data)])
        at = dice.randrange(min(top, len(data)))
        data[at] = dice.choice([0, 255, dice.randrange(256), data[at] ^ 1 << dice.randrange(8)])
    return data


@case(limit=180)
def damage_of_all_kinds(t):
    """A report, or one line that says what is wrong; never a crash, and never for long."""
    process = start(t, ["python3", "-c", "import time; x = [str(i) for i in range(9999)]; "
                        "time.sleep(100)"])
    wait_for(lambda: stores(folder(t)), "a store")
    time.sleep(0.5)
    kill(t, process)
    with open(own_store(folder(t), process), "rb") as file:
        data = file.read()
    dice, whole = random.Random(os.environ.get("VMATLAS_SEED", "4711")), 0
    for number in range(500 if FULL else 60):
        with open(t.path("damaged"), "wb") as file:
            file.write(spoil(data, dice))
        status, _, err = run("report", "--json", "--no-source", t.path("damaged"), limit=30)
        check(status in (0, 1), f"variant {number}: status {status}: {err}")
        check(status == 0 or err.count("\n") == 1, f"variant {number}: {err}")
        whole += status == 0
    print(f"{whole} told something")


main()
