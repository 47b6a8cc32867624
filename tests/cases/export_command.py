#!/usr/bin/python3
"""`vmatlas export`: each format opens in its own real reader, and says what the report says."""

import csv
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, Fail, Skip, case, check, check_equal, main, need
from vmatlas_export import (ODD_NAME, SHOWN, Profile, VALUES, check_sums, dh_view, export, pprof,
                            report, run, snapshot, speedscope, totals)

FORMATS = "pprof folded speedscope dhat heaptrack csv json sqlite openmetrics".split()
SEED = os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "model")


# -- pprof ----------------------------------------------------------------------------------------

@case()
def pprof_has_the_reports_sums(t):
    path = snapshot(t)
    profile = Profile(export("pprof", t.path("a.pb.gz"), path))
    check_sums("samples", {value: profile.sum(value) for value in VALUES}, totals(report(path)))
    check("inuse_space/bytes[dflt]" in pprof("-raw", t.path("a.pb.gz")), "no default sample type")


@case()
def pprof_tells_call_stacks_apart(t):
    """Each call stack of the report has its figures in the profile, by its functions."""
    path = snapshot(t)
    profile = Profile(export("pprof", t.path("a.pb.gz"), path))
    found = {}
    for values, locations, _ in profile.samples:
        names = tuple(name for at in locations for name in profile.functions[at])
        if not any(name.startswith("[") for name in names):
            sums = found.setdefault(names, [0, 0, 0])
            for i, key in enumerate(("inuse_space", "inuse_objects", "alloc_objects")):
                sums[i] += values[key]
    want = {}
    for row in report(path)["callstacks"]:
        names = tuple(frame["function"] for frame in row["frames"])
        sums = want.setdefault(names, [0, 0, 0])
        for i, key in enumerate(("live_bytes", "live_blocks", "allocations")):
            sums[i] += row[key]
    want = {names: sums for names, sums in want.items() if any(sums)}
    check_equal("call stacks", sorted(map(str, want.items())), sorted(map(str, found.items())))
    check(any(name == "scatter()" for names in found for name in names), "no scatter()")


def label_of(row):
    """What the profile calls a mapping of the report: variables by their file, which others share."""
    return row["path"] or f"{row['kind']} {row['start'][2:]}"


@case()
def pprof_has_the_reports_mappings(t):
    """Resident, live and retained, mapping by mapping; one block lies in three of them."""
    path = snapshot(t, "/etc/passwd")
    profile, said = Profile(export("pprof", t.path("a.pb.gz"), path)), report(path)
    rows = [row for row in said["mappings"] if row["kind"] != "bss"]
    files = {row["owner"] for row in said["mappings"] if row["kind"] == "bss"}
    labels = {label_of(row) for row in rows if os.path.basename(row["path"]) not in files}
    check(len(labels) > 15 and "/etc/passwd" in labels, labels)
    for label in labels:
        same = [row for row in rows if label_of(row) == label]
        for value, key in (("resident", "rss"), ("live_blocks", "live_blocks"),
                           ("retained", "retained")):
            check_equal(f"{label}: {value}", sum(row[key] for row in same),
                        profile.sum(value, mapping=label))
    kinds = [row["start"] for row in rows if row["kind"] == "malloc-mmap"]
    check_equal("mappings of the block", 3, len(kinds))


@case()
def pprof_has_labels(t):
    """By kind the figures of the report, by thread what it allocated; and pprof selects by them."""
    path = snapshot(t)
    profile, said = Profile(export("pprof", t.path("a.pb.gz"), path)), report(path)
    check_equal("resident code", next(row["bytes"] for row in said["ledger"]
                                      if row["row"] == "elf-text"),
                profile.sum("resident", kind="text"))
    other, = [row for row in said["threads"] if not row["main"]]
    its = [sample for sample in profile.samples if sample[2].get("tid") == str(other["tid"])]
    check(sum(sample[0]["inuse_space"] for sample in its) in range(50000, 56000), its)
    check_equal("thread", {'a;b "c",\\x0a\\xff\\'}, {sample[2]["thread"] for sample in its})
    check_equal("service", {"exported"}, {sample[2]["service"] for sample in profile.samples})
    focused = pprof("-top", "-unit=B", "-tagfocus=kind=^anon$", "-sample_index=resident",
                    t.path("a.pb.gz"))
    check("map_it" in focused and "scatter" not in focused, focused)


@case()
def pprof_compares(t):
    one, two = snapshot(t, name="1.snapshot"), snapshot(t, "/etc/passwd", "3", name="2.snapshot")
    old, new = (export("pprof", t.path(f"{n}.pb.gz"), path) for n, path in enumerate((one, two)))
    grown = pprof("-top", "-unit=B", f"-diff_base={old}", new)
    check(re.search(r"^ +20000B .* void odd<int, char>\(int\)$", grown, re.M), grown)
    check(re.search(r"^ +100000B .*_odd", grown, re.M), grown)


@case()
def pprof_knows_modules(t):
    """Build-ids, and addresses that lie in their mapping."""
    need("readelf")
    text = pprof("-raw", export("pprof", t.path("a.pb.gz"), snapshot(t)))
    told = run("readelf", "-n", t.program("exported")).stdout.decode()
    check(re.search(r"Build ID: (\w+)", told)[1] in text, "no build-id")
    mappings = {found[0]: (int(found[1], 16), int(found[2], 16)) for found in
                re.findall(r"^(\d+): (0x\w+)/(0x\w+)/", text, re.M)}
    located = re.findall(r"^ *\d+: (0x\w+) M=(\d+) ", text, re.M)
    check(len(located) > 5, text)
    for address, number in located:
        start, end = mappings[number]
        check(start <= int(address, 16) < end, f"{address} is not in mapping {number}")


# -- Others, one by one ---------------------------------------------------------------------------

@case()
def folded_has_the_reports_sums(t):
    path = snapshot(t)
    want = totals(report(path))
    for value in VALUES:
        for kind in ([], ["--kind"]):
            told = run(COMMAND, "export", "-f", "folded", f"--value={value}", *kind, path)
            rows = [line.rsplit(" ", 1) for line in told.stdout.decode().splitlines()]
            check_equal(f"{value} {kind}", want[value], sum(int(row[1]) for row in rows))
            if kind and value == "live_bytes":
                check({row[0].split(";")[0] for row in rows} >= {"heap", "arena"}, rows)


@case()
def folded_opens_in_speedscope(t):
    path = snapshot(t)
    profile, = speedscope(export("folded", t.path("a.folded"), path))
    check_equal("total", report(path)["totals"]["live_bytes"], profile["total"])
    check_equal("a call stack", 50000, next(
        weight for stack, weight in profile["stacks"].items()
        if stack.endswith(";worker(void*);operator\"\" _odd(unsigned long long)")))


@case()
def speedscope_opens_in_speedscope(t):
    path = snapshot(t)
    profiles = {profile["name"]: profile
                for profile in speedscope(export("speedscope", t.path("a.speedscope.json"), path))}
    check_sums("profiles", {name: profile["total"] for name, profile in profiles.items()},
               totals(report(path)))
    check_equal("units", {"bytes", "none"}, {profile["unit"] for profile in profiles.values()})
    check_equal("a call stack", 50 * 1000, sum(
        weight for stack, weight in profiles["live_bytes"]["stacks"].items()
        if stack.endswith("main;scatter()")))
    mapped = profiles["resident"]["stacks"]
    check_equal("mapped", 49 * 4096, next(weight for stack, weight in mapped.items()
                                         if stack.endswith("main;map_it;[mmapped]")))


@case()
def dhat_opens_in_dh_view(t):
    path = snapshot(t)
    found, said = dh_view(export("dhat", t.path("a.dhat.json"), path)), report(path)["totals"]
    check_sums("dh_view", found, {"endBytes": said["live_bytes"], "endBlocks": said["live_blocks"],
                                  "totalBytes": said["allocated_bytes"],
                                  "totalBlocks": said["allocations"]})
    check("not known" in found["mode"], "what is not known is not marked")
    point = next(point for point in found["points"] if point["bytes"] == 1000000)
    # The Firefox Profiler takes frames apart by this pattern (its src/profile-logic/import/dhat.js).
    frame = re.match(r"^0x([0-9a-f]+): (.+) \((.+):(\d+):(\d+)\)$", point["frames"][0])
    check(frame and frame[2] == "cut()" and frame[3].endswith("exported.cc"), point)
    check(all(point["frames"] for point in found["points"]), "a point without frames")


@case()
def heaptrack_opens_in_heaptrack(t):
    need("heaptrack_print")
    path = snapshot(t)
    told = run("heaptrack_print", "--disable-builtin-suppressions", "-n", "100", "-s", "100", "-l",
               "1", "-H", t.path("sizes"), export("heaptrack", t.path("a.heaptrack"), path))
    text, said = told.stdout.decode(), report(path)["totals"]
    check(told.returncode == 0, told.stderr)
    check(f"calls to allocation functions: {said['live_blocks']} " in text, text[-600:])
    leaked = re.search(r"total memory leaked: (.*)", text)[1]
    check_equal("leaked", f"{said['live_bytes'] / 1e6:.2f}M", leaked)
    check(re.search(r"50.00K leaked over 10 calls from\n.*_odd", text), text)
    with open(t.path("sizes"), encoding="ascii") as file:
        sizes = dict(map(int, line.split()) for line in file if line.strip())
    check(sizes.get(100) == 100 and sizes.get(5000) == 10, sizes)


@case()
def csv_opens_in_pythons_csv(t):
    path = snapshot(t)
    said = report(path)
    with open(export("csv", t.path("a.csv"), path), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    want = {row["id"]: row for row in said["callstacks"]}
    names = {"resident": "live_resident"}
    for row in rows:
        for key in set(VALUES) - {"retained"}:
            check_equal(f"{row['callstack']} {key}", want[int(row["callstack"])][names.get(key, key)],
                        int(row[key]))
        check_equal("frames", ";".join(frame["function"] for frame in
                                       want[int(row["callstack"])]["frames"]), row["frames"])
    for table, sums in (("blocks", {"size": said["totals"]["live_bytes"]}),
                        ("ledger", {"bytes": said["totals"]["rss"]})):
        with open(export("csv", t.path("b.csv"), f"--table={table}", path), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for key, want_ in sums.items():
            check_equal(f"{table} {key}", want_, sum(int(row[key]) for row in rows))


@case()
def json_is_the_report(t):
    path = snapshot(t)
    with open(export("json", t.path("a.json"), "--blocks", path), "rb") as file:
        check_equal("json", run(COMMAND, "report", "--json", "--blocks", path).stdout, file.read())


def shell(database, sql):
    """Rows of Debian's sqlite3, as lists of texts."""
    need("sqlite3")
    told = run("sqlite3", "-csv", database, sql)
    check(told.returncode == 0, told.stderr)
    return list(csv.reader(told.stdout.decode().splitlines()))


@case()
def sqlite_opens_in_sqlite(t):
    path = snapshot(t)
    database, said = export("sqlite", t.path("a.sqlite"), path), report(path)
    check_equal("integrity", [["ok"]], shell(database, "PRAGMA integrity_check"))
    check_equal("ledger", [[row["row"], str(row["bytes"])] for row in said["ledger"]],
                shell(database, "SELECT row, bytes FROM ledger"))
    for table, column, total in (("blocks", "size", "live_bytes"), ("mappings", "rss", "rss"),
                                 ("callstacks", "live_bytes", "live_bytes"),
                                 ("callstacks", "allocations", "allocations"),
                                 ("callstacks", "pinned", "pinned"), ("parts", "rss", "rss")):
        check_equal(f"{table}.{column}", [[str(said["totals"][total])]],
                    shell(database, f"SELECT sum({column}) FROM {table}"))
    present = shell(database, "SELECT sum(pages.end - pages.start) FROM pages JOIN mappings USING (process, "
                    "mapping) WHERE present AND NOT zero AND path = '[heap]'")
    heap = next(row for row in said["mappings"] if row["path"] == "[heap]")
    check_equal("pages of the heap", [[str(heap["rss"])]], present)


@case()
def sqlite_joins_blocks_stacks_and_pages(t):
    """What the database is for: who asked for the blocks on each page, by one query."""
    database = export("sqlite", t.path("a.sqlite"), snapshot(t))
    rows = shell(database, """
        SELECT stacks.function, sum(blocks.size), count(*) FROM blocks
        JOIN stacks USING (process, callstack) JOIN parts USING (process, part)
        WHERE stacks.depth = 0 AND stacks.level = 0 AND parts.kind = 'heap'
        GROUP BY 1 ORDER BY 2 DESC LIMIT 2""")
    check_equal("who", [["scatter()", "50000", "50"], ["void odd<int, char>(int)", "10000", "100"]],
                rows)
    shared = shell(database, """
        SELECT count(DISTINCT blocks.address >> 12) FROM blocks JOIN pages ON
        pages.process = blocks.process AND blocks.address BETWEEN pages.start AND pages.end - 1
        WHERE pages.present""")
    check(int(shared[0][0]) > 40, shared)


def metrics(path):
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        raise Skip("python3-prometheus-client is not installed") from None
    with open(path, encoding="utf-8") as file:
        return {(sample.name, *sorted(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(file.read())
                for sample in family.samples}


@case()
def openmetrics_opens_in_prometheus_client(t):
    path = snapshot(t)
    said = report(path)
    found = metrics(export("openmetrics", t.path("a.prom"), path))
    labels = (("pid", str(said["process"]["pid"])),)
    for row in said["ledger"]:
        key = ("vmatlas_ledger_bytes", *labels, ("row", row["row"]), ("service", "exported"))
        check_equal(row["row"], row["bytes"], found[key])
    for name, key in (("rss_bytes", "rss"), ("live_bytes", "live_bytes"), ("frees", "frees"),
                      ("pinned_bytes", "pinned"), ("allocated_bytes", "allocated_bytes")):
        check_equal(name, said["totals"][key],
                    found[("vmatlas_" + name, *labels, ("service", "exported"))])
    if shutil.which("promtool"):
        with open(t.path("a.prom"), encoding="utf-8") as file:
            told = subprocess.run(["promtool", "check", "metrics"], stdin=file, capture_output=True,
                                  text=True, timeout=30)
        check(told.returncode == 0 and not told.stderr + told.stdout, told)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@case()
def openmetrics_opens_in_node_exporter(t):
    """Its textfile collector shows the figures, and no error."""
    need("prometheus-node-exporter")
    path, port = snapshot(t), free_port()
    os.mkdir(t.path("textfiles"))
    export("openmetrics", t.path("textfiles", "a.prom"), path)
    exporter = subprocess.Popen(
        ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
         "--collector.textfile.directory=" + t.path("textfiles"),
         f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        end, text = time.monotonic() + 20, None
        while text is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
                    text = page.read().decode()
            except OSError:
                check(time.monotonic() < end, "node_exporter does not answer")
                time.sleep(0.05)
    finally:
        exporter.kill()
        exporter.wait()
    check("node_textfile_scrape_error 0" in text, "refused")
    shown = {found[0]: float(found[1]) for found in
             re.findall(r'^vmatlas_ledger_bytes\{.*row="(.*?)".*\} (\S+)', text, re.M)}
    check_equal("ledger", {row["row"]: row["bytes"] for row in report(path)["ledger"]}, shown)


@case()
def what_was_not_seen_is_told(t):
    """Of the seed, five frees of older blocks."""
    found = metrics(export("openmetrics", t.path("a.prom"), SEED))
    check_equal("openmetrics", [5], [value for key, value in found.items()
                                     if key[0] == "vmatlas_not_seen"])
    check("not seen: 5 frees of blocks older than the shim" in pprof(
        "-raw", export("pprof", t.path("a.pb.gz"), SEED)), "pprof")
    check_equal("sqlite", [["5"]], shell(export("sqlite", t.path("a.sqlite"), SEED),
                                         "SELECT sum(count) FROM not_seen"))


@case()
def samples_are_estimates_and_say_so(t):
    """Each call stack has the report's estimates, and every format that can says what they are."""
    path = snapshot(t, "/etc/passwd", "20", sample="20K")
    said = report(path)
    check(said["sampling"]["mean_bytes"] == 20480, said["sampling"])
    profile = Profile(export("pprof", t.path("a.pb.gz"), path))
    for value, key in (("live_bytes", "live_bytes"), ("live_blocks", "live_blocks"),
                       ("pinned", "pinned"), ("allocated_bytes", "allocated_bytes")):
        check_equal(value, sum(row[key] for row in said["callstacks"]), profile.sum(value))
    check("call stacks are sampled, one in 20480 bytes" in profile.head, profile.head)
    check("Period: 20480" in profile.head and "space bytes" in profile.head, profile.head)
    told = run(COMMAND, "export", "-f", "folded", path)
    check_equal("folded", sum(row["live_bytes"] for row in said["callstacks"]), sum(
        int(line.rsplit(" ", 1)[1]) for line in told.stdout.decode().splitlines()))
    check(b"estimates" in told.stderr, told.stderr)
    check("sampled" in dh_view(export("dhat", t.path("a.dhat.json"), path))["mode"], "dhat")
    told = run(COMMAND, "export", "-f", "heaptrack", "-o", t.path("a.heaptrack"), path)
    check(told.returncode == 1 and b"no estimates" in told.stderr, told)
    database = export("sqlite", t.path("a.sqlite"), path)
    check_equal("all blocks", [[str(said["totals"]["live_bytes"]), "0"]], shell(
        database, "SELECT sum(size), count(callstack) = count(*) FROM blocks"))
    check_equal("errors", [[str(sum(row["live_bytes_error"] for row in said["callstacks"]))]],
                shell(database, "SELECT sum(live_bytes_error) FROM callstacks"))


# -- Many processes -------------------------------------------------------------------------------

@case()
def processes_of_a_service_become_one(t):
    paths = [snapshot(t, name=f"{i}.snapshot") for i in range(3)]
    alone = [Profile(export("pprof", t.path("one.pb.gz"), path)) for path in paths]
    both = Profile(export("pprof", t.path("all.pb.gz"), "--service=web", *paths[:2], "--service=db",
                          paths[2]))
    for value in VALUES:
        sums = [profile.sum(value) for profile in alone]
        check_equal(f"{value} of web", sums[0] + sums[1], both.sum(value, service="web"))
        check_equal(f"{value} of db", sums[2], both.sum(value, service="db"))
    web = [sample for sample in both.samples if sample[2]["service"] == "web"]
    most = max(len(profile.samples) for profile in alone)
    check(len(web) < 1.3 * most, f"{len(web)} samples of two, {most} of one: not merged")
    keys = {(*sample[1], *(sample[2].get(key) for key in ("kind", "mapping", "thread")))
            for sample in web}
    check_equal("samples that differ", len(keys), len(web))
    check(len(both.functions) < 1.3 * len(alone[0].functions), "locations are not merged")


@case()
def a_database_of_many(t):
    paths = [snapshot(t, name=f"{i}.snapshot") for i in range(2)]
    database = export("sqlite", t.path("all.sqlite"), *paths)
    want = [str(report(path)["totals"]["live_bytes"]) for path in paths]
    check_equal("live", [[str(i + 1), "exported", live] for i, live in enumerate(want)],
                shell(database, "SELECT process, service, sum(blocks.size) FROM blocks JOIN processes "
                      "USING (process) GROUP BY 1, 2"))
    check_equal("stacks", shell(database, "SELECT count(*) FROM stacks WHERE process = 1"),
                shell(database, "SELECT count(*) FROM stacks WHERE process = 2"))


@case()
def metrics_and_lines_of_many(t):
    paths = [snapshot(t, name=f"{i}.snapshot") for i in range(2)]
    found = metrics(export("openmetrics", t.path("a.prom"), *paths))
    check_equal("rss", sum(report(path)["totals"]["rss"] for path in paths),
                sum(value for key, value in found.items() if key[0] == "vmatlas_rss_bytes"))
    told = run(COMMAND, "export", "-f", "folded", "--service=a;b", *paths).stdout.decode()
    check(all(line.startswith("a:b;") for line in told.splitlines()), told[:200])
    told = run(COMMAND, "export", "-f", "openmetrics", paths[0], paths[0])
    check(told.returncode == 1 and b"twice" in told.stderr, told)


# -- Names of strangers ---------------------------------------------------------------------------

def odd_snapshot(t):
    """Of a program whose path, arguments, thread and file have names that must be escaped."""
    program, mapped = os.fsencode(t.tmp) + b"/" + ODD_NAME, os.fsencode(t.path("map")) + ODD_NAME
    shutil.copy(t.program("exported"), program)
    subprocess.run(["strip", program], check=True)
    with open(mapped, "wb") as file:
        file.write(b"x" * 4096)
    return snapshot(t, mapped, program=program)


@case()
def odd_names_pass_through_each_reader(t):
    path = odd_snapshot(t)
    want = totals(report(path))
    profile = Profile(export("pprof", t.path("a.pb.gz"), path))
    check_equal("pprof", want["resident"], profile.sum("resident"))
    check(any(sample[2].get("service") == SHOWN for sample in profile.samples), "pprof: service")
    check(any(name.startswith(SHOWN + "+0x") for names in profile.functions.values()
              for name in names), "pprof: function")
    scope = {part["name"]: part for part in
             speedscope(export("speedscope", t.path("a.speedscope.json"), path))}
    check_equal("speedscope", want["resident"], scope["resident"]["total"])
    check(any(SHOWN + "+0x" in stack for stack in scope["live_bytes"]["stacks"]), "speedscope")
    lines = export("folded", t.path("a.folded"), "--value=resident", path)
    folded, = speedscope(lines)
    check_equal("folded", want["resident"], folded["total"])
    with open(lines, encoding="utf-8") as file:
        check(SHOWN.replace(";", ":") in file.read(), "folded: name")
    viewed = dh_view(export("dhat", t.path("a.dhat.json"), path))
    check_equal("dhat", want["live_bytes"], viewed["endBytes"])
    check(SHOWN in viewed["command"], viewed["command"])


@case()
def odd_names_pass_through_other_readers(t):
    path = odd_snapshot(t)
    want = totals(report(path))
    rows = shell(export("sqlite", t.path("a.sqlite"), path),
                 "SELECT service, pid FROM processes UNION ALL SELECT name, tid FROM threads")
    check_equal("sqlite", SHOWN, rows[0][0])
    check('a;b "c",\\x0a\\xff\\' in [row[0] for row in rows], rows)
    found = metrics(export("openmetrics", t.path("a.prom"), path))
    check_equal("openmetrics", {SHOWN}, {dict(key[1:])["service"] for key in found})
    with open(export("csv", t.path("a.csv"), path), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    check_equal("csv", want["live_bytes"], sum(int(row["live_bytes"]) for row in rows))
    check(any(SHOWN + "+0x" in row["frames"] for row in rows), "csv: name")
    need("heaptrack_print")
    told = run("heaptrack_print", "--disable-builtin-suppressions", "-l", "1",
               export("heaptrack", t.path("a.heaptrack"), path))
    text = told.stdout.decode()
    check(told.returncode == 0 and SHOWN in text, told)
    check_equal("heaptrack", f"{want['live_bytes'] / 1e6:.2f}M",
                re.search(r"total memory leaked: (.*)", text)[1])


# -- The command ----------------------------------------------------------------------------------

@case()
def names_of_outputs_tell_formats(t):
    for name, begin in (("a.pb.gz", b"\x1f\x8b"), ("a.folded", None), ("a.speedscope.json", b"{"),
                        ("a.dhat.json", b'{"dhatFileVersion"'), ("a.heaptrack", b"v "),
                        ("a.csv", b"callstack,"), ("a.json", b'{"version"'),
                        ("a.sqlite", b"SQLite format 3"), ("a.prom", b"# TYPE")):
        told = run(COMMAND, "export", "-o", t.path(name), SEED)
        check(told.returncode == 0, told.stderr)
        with open(t.path(name), "rb") as file:
            got = file.read()
        check(begin is None or got.startswith(begin), f"{name}: {got[:20]!r}")
        check_equal("mode", 0o600, os.stat(t.path(name)).st_mode & 0o777)
    check_equal("left files", 9, len(os.listdir(t.tmp)))


@case()
def standard_output_is_the_same(t):
    for form in FORMATS:
        path = export(form, t.path("file"), SEED)
        for output in ([], ["-o", "-"]):
            told = run(COMMAND, "export", "-f", form, *output, SEED)
            with open(path, "rb") as file:
                same = file.read() == told.stdout
            check(told.returncode == 0 and same, f"{form} {output}: {told.stderr}")


def complaints(stderr):
    """The seed's program was never there, and so has no names."""
    return [line for line in stderr.splitlines() if b": no names: " not in line]


@case()
def damage_leaves_the_old_file(t):
    with open(SEED, "rb") as file:
        seed = file.read()
    with open(t.path("cut"), "wb") as file:
        file.write(seed[:len(seed) // 2])
    target = t.write("out", "old")
    for form in FORMATS:
        inputs = [SEED, t.path("cut")] if form in ("pprof", "sqlite", "openmetrics") else [
            t.path("cut")]
        told = run(COMMAND, "export", "-f", form, "-o", target, *inputs)
        check(told.returncode == 1 and len(complaints(told.stderr)) == 1, f"{form}: {told}")
        check(b"damaged at byte" in told.stderr and not told.stdout, f"{form}: {told}")
        with open(target, encoding="utf-8") as file:
            check_equal(form, "old", file.read())
    check_equal("left files", ["cut", "out"], sorted(os.listdir(t.tmp)))


@case()
def a_full_disk_is_told_once(t):
    for form in FORMATS:
        with open("/dev/full", "w", encoding="ascii") as full:
            for how in ({"args": ["-o", "/dev/full"]}, {"stdout": full}):
                told = subprocess.run([COMMAND, "export", "-f", form, *how.get("args", []), SEED],
                                      stdout=how.get("stdout", subprocess.PIPE),
                                      stderr=subprocess.PIPE, timeout=30)
                check(told.returncode == 1, f"{form}: {told}")
                check_equal(form, 1, told.stderr.count(b"No space left"))
                check_equal(form, 1, len(complaints(told.stderr)))


@case()
def no_disk_for_a_database(t):
    """Where it is the file itself that has no room."""
    need("prlimit")
    target = t.write("a.sqlite", "old")
    told = run("prlimit", "--fsize=20000", COMMAND, "export", "-o", target, SEED)
    check(told.returncode == 1 and len(complaints(told.stderr)) == 1, told)
    with open(target, encoding="utf-8") as file:
        check_equal("the old file", "old", file.read())
    check_equal("left files", ["a.sqlite"], os.listdir(t.tmp))


@case()
def wrong_usage(t):
    for arguments in ([], ["-f", "pprof"], ["-f", "gif", SEED], [SEED], ["-o", "a.gif", SEED],
                      ["-f", "dhat", SEED, SEED], ["-f", "folded", "--value=rss", SEED],
                      ["-f", "csv", "--table=pages", SEED], ["--nonsense", SEED]):
        told = run(COMMAND, "export", *arguments)
        check(told.returncode == 2 and not told.stdout and told.stderr, f"{arguments}: {told}")
    check("pprof" in run(COMMAND, "export", "--help").stdout.decode(), "--help lists no formats")


@case()
def a_terminal_gets_no_bytes(t):
    for form in ("pprof", "sqlite"):
        ours, theirs = pty.openpty()
        told = subprocess.run([COMMAND, "export", "-f", form, SEED], stdout=theirs,
                              stderr=subprocess.PIPE, text=True, timeout=30)
        os.close(theirs)
        os.close(ours)
        check(told.returncode == 2 and "terminal" in told.stderr, told)


@case()
def other_files_are_refused(t):
    for path in ("/bin/true", t.path("missing"), t.write("text", "a")):
        told = run(COMMAND, "export", "-f", "folded", path)
        check(told.returncode == 1 and told.stderr.count(b"\n") == 1, told)


main()
