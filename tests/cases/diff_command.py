#!/usr/bin/python3
"""`vmatlas diff OLD NEW`: programs that grow in one known way, beside the kernel's smaps and the
reports of each snapshot alone."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, case, check, check_equal, main

FIXTURES = os.path.join(ROOT, "tests", "fixtures")
SEED = os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "model")
MIB = 1 << 20


def command(*arguments, **how):
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
           "timeout": 60, "text": True, "errors": "surrogateescape", **how}
    if "input" in how:
        del how["stdin"]
    return subprocess.run([COMMAND, *map(str, arguments)], **how)


def diff(*arguments, **how):
    told = command("diff", *arguments, **how)
    check(told.returncode == 0, f"{arguments}: status {told.returncode}, {told.stderr}")
    check_equal(f"{arguments}: stderr", "", told.stderr)
    return told.stdout


def read_json(*arguments, **how):
    found = json.loads(diff("--json", *arguments, **how))
    check_sums(found)
    return found


def refuses(status, *arguments, says=""):
    told = command("diff", *arguments)
    check_equal(f"{arguments}: status", status, told.returncode)
    check_equal(f"{arguments}: stdout", "", told.stdout)
    check(says in told.stderr, f"{arguments}: no {says!r} in {told.stderr!r}")


def fixture(name):
    return os.path.join(FIXTURES, name)


# -- Programs that grow -------------------------------------------------------------------------

def wait_for(process, word, count):
    end = time.monotonic() + 20
    while os.pread(process.files[0].fileno(), 1 << 16, 0).count(word) < count:
        check(time.monotonic() < end and process.poll() is None, f"the program never says {word}")
        time.sleep(0.005)


def wait_for_file(path):
    end = time.monotonic() + 20
    while not os.path.exists(path):
        check(time.monotonic() < end, f"no {path}")
        time.sleep(0.005)
    return path


def take_snapshot(t, process, number):
    os.kill(process.pid, signal.SIGUSR2)
    return wait_for_file(t.path("reports", f"{number}.snapshot"))


@contextlib.contextmanager
def growing(t, way, **settings):
    """The program, ready for its first step."""
    where = {"output": t.path("reports", "%n.snapshot"), "format": "snapshot", **settings}
    shutil.rmtree(t.path("reports"), ignore_errors=True)
    process = t.start([t.program("grows"), way], t.shim_environment(**where),
                      stdin=subprocess.PIPE)
    try:
        wait_for(process, b"ready", 1)
        yield process
    finally:
        process.stdin.close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def step(process, number):
    process.stdin.write(b"\n")
    process.stdin.flush()
    wait_for(process, b"stepped", number)


def snapshots(t, way, count=2, keep=None):
    """Snapshots of a program, one step between each two; their paths. `keep` is called after each,
    with the process."""
    with growing(t, way) as process:
        paths = []
        for number in range(count):
            if number:
                step(process, number)
            path = take_snapshot(t, process, number + 1)
            paths.append(shutil.copy(path, t.path(f"{process.pid}.{number + 1}")))
            if keep:
                keep(process)
        return paths


# -- What must hold of every JSON ---------------------------------------------------------------

def growths(rows, key):
    return sum(row[key]["growth"] for row in rows)


def check_pairs(value):
    """Growth is new less old, wherever there is a pair."""
    if isinstance(value, dict):
        if {"old", "new", "growth"} <= set(value) and isinstance(value["old"], int):
            check_equal("growth", value["new"] - value["old"], value["growth"])
        for part in value.values():
            check_pairs(part)
    elif isinstance(value, list):
        for part in value:
            check_pairs(part)


def check_mappings(found):
    rests = [found["mappings_others"], found["mappings_inaccessible"], found["mappings_vmatlas"]]
    for key, total in found["growth"].items():
        if total is None or key.startswith("live_b"):
            continue
        listed = growths(found["mappings"], key)
        check_equal(f"{key}: mappings and the rest", total,
                    listed + sum(rest[key] for rest in rests))


def check_ledger(found):
    rows = found.get("ledger") or found["kinds"]
    measure = "size" if found["growth"]["rss"] is None else "rss"
    check_equal("rows", found["growth"][measure], sum(row["growth"] for row in rows))
    order = [row["growth"] for row in rows]
    grown = [growth for growth in order if growth > 0]
    check_equal("order of rows", sorted(grown, reverse=True), order[:len(grown)])


def check_stacks(found):
    ids = {row["id"] for row in found["callstacks"]}
    for row in found.get("mappings", []):
        for share in row["callstacks"]:
            check(share["callstack"] in ids, f"call stack {share['callstack']} is not listed")
    check_equal("live bytes of call stacks", found["growth"]["live_bytes"],
                growths(found["callstacks"], "live_bytes") + found["callstacks_others"]["bytes"])


def check_sums(found):
    check_pairs(found)
    if "mappings" in found:
        check_mappings(found)
    if "ledger" in found or "kinds" in found:
        check_ledger(found)
    if "callstacks" in found:
        check_stacks(found)


def functions_of(found, number):
    row = next(row for row in found["callstacks"] if row["id"] == number)
    return [frame["function"] for frame in row["frames"]]


def row_of(found, name):
    return next((row["growth"] for row in found["ledger"] if row["row"] == name), 0)


def large(found, least=256 << 10):
    """The changes that the text lists by default: addresses kept free count by what is resident."""
    return [row for row in found["mappings"]
            if max(abs(row["rss"]["growth"]),
                   row["perms"][:3] != "---" and abs(row["size"]["growth"])) >= least]


def mapping_lines(text):
    """The lines of changes in the text: what, and kind."""
    part = text.split("\nMappings that changed")[1].split("\n\n")[0]
    return [(line[2:11].strip(), line[11:24].strip()) for line in part.splitlines()[2:]
            if line[2] != " "]


# -- S10 ------------------------------------------------------------------------------------------

def check_shares(found, row, function):
    """Call stacks for at least 99 % of what a mapping grew by, resident and in all."""
    shares = row["callstacks"]
    bytes_of = sum(share["live_bytes"] + share["region_bytes"] for share in shares)
    resident = sum(share["live_resident"] + share["region_resident"] for share in shares)
    for what, told, grew in (("size", bytes_of, row["size"]["growth"]),
                             ("rss", resident, row["rss"]["growth"])):
        check(told >= 0.99 * grew, f"{what} of {row['kind']}: {told} of {grew} have a call stack")
    check(any(function in functions_of(found, share["callstack"]) for share in shares),
          f"no {function} among those that made {row['kind']} grow")


def grown_by_8_and_4(t, way, words, function):
    old, new = snapshots(t, way)
    found = read_json(old, new)
    rows = large(found)
    check_equal("what grew", words, [(row["change"], row["kind"]) for row in rows])
    heap, mapping = rows
    check(8 * MIB <= heap["rss"]["growth"] < 8.2 * MIB, f"heap: {heap['rss']}")
    check_equal("mapping", 4 * MIB, mapping["rss"]["growth"])
    check_shares(found, heap, "grow_heap")
    check_shares(found, mapping, function)
    lines = mapping_lines(diff(old, new))
    check_equal("listed", words, [line for line in lines if line[0] not in ("others", "in all")])
    check_equal("the sum is there", ("in all", ""), lines[-1])


@case()
def s10_heap_and_a_mapping_that_grows(t):
    grown_by_8_and_4(t, "heap-and-mapping", [("grown", "heap"), ("grown", "anon")], "grow_mapping")


@case()
def s10_heap_and_a_new_mapping(t):
    grown_by_8_and_4(t, "heap-and-new-mapping", [("grown", "heap"), ("new", "anon")], "map_some")


@case()
def what_the_kernel_joins_is_told_apart(t):
    """One line of maps more than before, or none: but the new mapping, or block, is the new one."""
    found = read_json(*snapshots(t, "joined-mapping"))
    row, = large(found)
    check_equal("mapping", ("new", "anon", 2 * MIB, 2 * MIB),
                (row["change"], row["kind"], row["size"]["growth"], row["rss"]["growth"]))
    check_shares(found, row, "map_below")
    check_equal("of addresses that were kept free", 0, found["growth"]["size"])
    found = read_json(*snapshots(t, "large-blocks"))
    row, = large(found)
    check_equal("blocks", ("new", "malloc-mmap", 3 * MIB, 3, 3),
                (row["change"], row["kind"], row["live_bytes"]["growth"],
                 row["live_blocks"]["growth"], len(row["new"])))
    check_shares(found, row, "allocate_large")


@case()
def a_mapping_that_is_touched(t):
    old, new = snapshots(t, "touched-mapping")
    found = read_json(old, new)
    row, = large(found)
    check_equal("word", "touched", row["change"])
    check_equal("rss and size", (4 * MIB, 0), (row["rss"]["growth"], row["size"]["growth"]))
    share, = row["callstacks"]
    check_equal("resident by call stack", 4 * MIB, share["region_resident"])
    check("touched_mapping" in functions_of(found, share["callstack"]), "who mapped it")


@case()
def a_block_that_is_touched(t):
    """Newly touched is not newly live."""
    old, new = snapshots(t, "touched-block")
    found = read_json(old, new)
    parts = found["ledger_parts"]
    check_equal("newly live", 0, parts["newly_live"])
    check(256 << 10 <= parts["newly_touched"] <= 264 << 10, f"newly touched: {parts}")
    check_equal("the row", row_of(found, "live"), parts["newly_touched"])
    stack = found["callstacks"][0]
    check_equal("of the call stack", parts["newly_touched"], stack["newly_touched"])
    check_equal("stayed", {"blocks": 1, "bytes": 8 * MIB}, {key: stack["stayed"][key] for key in
                                                          ("blocks", "bytes")})


# -- Beside the kernel, and beside each snapshot's own report --------------------------------------

def rss_by_mapping(text):
    rows, key = {}, None
    for line in text.splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S{4} ", line)
        key = (int(head[1], 16), int(head[2], 16)) if head else key
        rss = re.match(r"Rss: +(\d+) kB", line)
        if rss:
            rows[key] = int(rss[1]) * 1024
    return rows


def report_of(path):
    return json.loads(command("report", "--json", "--no-source", path).stdout)


@case()
def the_kernel_says_the_same(t):
    """The process stands still after each snapshot: only the shim's own memory can differ. The
    first snapshot of all is not compared: it touches pages that nobody has touched before."""
    kernel = []

    def read_smaps(process):
        with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
            kernel.append(rss_by_mapping(file.read()))

    paths = snapshots(t, "heap-and-new-mapping", 3, keep=read_smaps)[1:]
    kernel = kernel[1:]
    found = read_json(*paths)
    own = {(row["start"], row["end"]) for path in paths for row in report_of(path)["mappings"]
           if row["kind"] == "vmatlas"}
    before, after = (sum(rss for (start, end), rss in moment.items()
                         if (hex(start), hex(end)) not in own) for moment in kernel)
    check_equal("growth of rss without vmatlas's own", after - before,
                found["growth"]["rss"] - found["mappings_vmatlas"]["rss"])
    for row in large(found):
        old, new = (sum(moment[int(span["start"], 16), int(span["end"], 16)] for span in row[side])
                    for side, moment in (("old", kernel[0]), ("new", kernel[1])))
        check_equal(f"rss of {row['kind']}", (old, new), (row["rss"]["old"], row["rss"]["new"]))


@case()
def the_reports_say_the_same(t):
    """Old, new and growth are what `vmatlas report` says of each snapshot alone."""
    paths = snapshots(t, "one-of-fifty")
    found, reports = read_json(*paths), [report_of(path) for path in paths]
    for key in ("rss", "swap", "live_bytes", "live_blocks"):
        old, new = (report["totals"][key] for report in reports)
        check_equal(key, new - old, found["growth"][key])
    ledgers = [{row["row"]: row["bytes"] for row in report["ledger"]} for report in reports]
    for row in found["ledger"]:
        check_equal(row["row"], tuple(ledger.get(row["row"], 0) for ledger in ledgers),
                    (row["old"], row["new"]))
    for row in found["callstacks"]:
        for side, report in zip(("old", "new"), reports):
            single = next((stack for stack in report["callstacks"]
                           if stack["id"] == row[side + "_id"]), None)
            for key in ("live_bytes", "live_blocks", "allocations", "allocated_bytes"):
                check_equal(f"{key} of call stack {row['id']}, {side}",
                            single[key] if single else 0, row[key][side])


@case()
def newly_live_and_newly_touched_are_the_row(t):
    """The program stands still while a snapshot is made, so nothing is left over."""
    for way in ("one-of-fifty", "fragments"):
        found = read_json(*snapshots(t, way))
        parts = found["ledger_parts"]
        check_equal(f"{way}: the row", row_of(found, "live"),
                    parts["newly_live"] + parts["newly_touched"])
        check_equal(f"{way}: retained", row_of(found, "retained"),
                    parts["pinned"] + parts["trimmable"] + parts["kept"])
        for part in ("pinned", "trimmable"):
            check_equal(f"{way}: {part}", growths(found["mappings"], part), parts[part])
        for row in found["callstacks"]:
            check_equal(f"{way}: blocks of call stack {row['id']}", row["live_blocks"]["growth"],
                        row["born"]["blocks"] - row["freed"]["blocks"])
            check_equal(f"{way}: those that stay", row["live_blocks"]["new"],
                        row["stayed"]["blocks"] + row["born"]["blocks"])
            check_equal(f"{way}: resident", row["live_resident"]["growth"],
                        row["newly_live"] + row["newly_touched"])


# -- Ways to grow -----------------------------------------------------------------------------------

@case()
def a_leak_among_fifty_call_sites(t):
    """The only one that grows each time and keeps what it got, though 49 others hold more."""
    paths = snapshots(t, "one-of-fifty", 4)
    found = read_json(*paths)
    check_equal("evidence", "survived", found["leaks"]["evidence"])
    suspect, = found["leaks"]["suspects"]
    check("site_17" in functions_of(found, suspect["callstack"]), "another site")
    check_equal("evidence", (64, 64 * 117, 64),
                tuple(suspect[key] for key in ("blocks", "bytes", "allocations")))
    first = suspect["live_bytes"][0]
    check_equal("over time", [first + n * 64 * 117 for n in range(4)], suspect["live_bytes"])
    text = diff("--leaks", *paths)
    check("cache that is still filling" in text, "a suspicion is no proof")
    check("\nMappings" not in text, "--leaks alone")
    check(text.index("site_17") > text.index("#1   7.3 KiB in 64 blocks"), text)


@case()
def two_snapshots_claim_less(t):
    paths = snapshots(t, "one-of-fifty")
    text = diff("--leaks", *paths)
    check("Two snapshots do not" in text, text)
    suspects = read_json("--leaks", *paths)["leaks"]
    check_equal("evidence", "kept", suspects["evidence"])
    check(len(suspects["suspects"]) > 1, "others look the same")


@case()
def leaks_need_snapshots_of_one_process_in_order(t):
    old, new = snapshots(t, "nothing")
    other, = snapshots(t, "touched-block", 1)
    refuses(1, "--leaks", new, old, says="order of time")
    refuses(1, "--leaks", old, other, says="of one process")
    refuses(1, "--leaks", old, fixture("x86_64-ls.maps"), says="in snapshots only")
    check("Suspected" not in diff(new, old, new), "leaks that nobody asked for")


@case()
def fragmentation(t):
    """All but each 32nd block is freed: what was live is retained, and pinned by who is left."""
    found = read_json(*snapshots(t, "fragments"))
    freed = (16384 - 512) * 120
    check_equal("live", -freed, found["growth"]["live_bytes"])
    check_equal("the row", freed, row_of(found, "retained"))
    check(found["ledger_parts"]["pinned"] > 0.95 * freed, f"{found['ledger_parts']}")
    check_equal("heap", 0, sum(row["rss"]["growth"] for row in found["mappings"]
                               if row["kind"] == "heap"))
    stack = found["callstacks"][0]
    check("fragments" in functions_of(found, stack["id"]), "who pins it")
    check(stack["pinned"]["growth"] > 0.95 * freed, f"pinned: {stack['pinned']}")


@case()
def forgotten_mappings(t):
    """Three mappings of 256 KiB in each step, each split in two by mprotect: one piece of news."""
    paths = snapshots(t, "forgotten-mappings", 3)
    found = read_json(paths[0], paths[2])
    row, = large(found)
    check_equal("new ones", ("new", "anon", 6 << 18, 12),
                (row["change"], row["kind"], row["size"]["growth"], len(row["new"])))
    share, = row["callstacks"]
    stack = next(row for row in found["callstacks"] if row["id"] == share["callstack"])
    check(" and 11 more  forget_mapping" in diff("--mappings", paths[0], paths[2]), "in the text")
    check_equal("regions", (0, 6), (stack["regions"]["old"], stack["regions"]["new"]))
    check_equal("bytes", 6 << 18, stack["region_bytes"]["growth"])
    check_equal("resident", 6 << 18, stack["region_resident"]["growth"])
    check_equal("the row", 6 << 18, row_of(found, "mmapped"))
    check("forget_mapping" in diff("--stacks", *paths), "not in the text")
    suspect, = read_json(*paths)["leaks"]["suspects"]
    check_equal("suspected", (3, 3 << 18, [0, 3 << 18, 6 << 18]),
                (suspect["regions"], suspect["bytes"], suspect["region_bytes"]))
    check_equal("of two moments", 6, read_json("--leaks", paths[0], paths[2])
                ["leaks"]["suspects"][0]["regions"])


@case()
def thread_stacks(t):
    found = read_json(*snapshots(t, "threads"))
    row, = [row for row in found["mappings"] if row["kind"] == "thread-stack"]
    check_equal("new stacks", ("new", 1 << 20, 2),
                (row["change"], row["size"]["growth"], len(row["new"])))
    check(512 << 10 < row["rss"]["growth"] < 600 << 10, f"touched: {row['rss']}")
    check(re.fullmatch(r"thread \d+ grows", row["owner"]), row["owner"])
    check_shares(found, row, "threads")
    check(row_of(found, "thread-stacks") >= 512 << 10, "the row")


@case()
def a_stack_that_the_program_mapped_counts_once(t):
    found = read_json(*snapshots(t, "own-stacks"))
    row, = large(found)
    check_equal("size", ("new", 512 << 10), (row["change"], row["size"]["growth"]))
    check_equal("by call stack", 512 << 10,
                sum(share["region_bytes"] for share in row["callstacks"]))
    check("own_stacks" in functions_of(found, row["callstacks"][0]["callstack"]), "who mapped it")


# -- Directions --------------------------------------------------------------------------------------

@case()
def the_same_file_twice(t):
    for path in (*snapshots(t, "nothing", 1), fixture("x86_64-ls.maps")):
        found = read_json(path, path)
        check_equal("growth", {0}, {value for value in found["growth"].values()
                                    if value is not None})
        check_equal("mappings", [], found["mappings"])
        check("Mappings that changed by 256.0 KiB or more: none" in diff(path, path), path)


@case()
def backwards_it_shrinks(t):
    old, new = snapshots(t, "heap-and-new-mapping")
    there, back = read_json(old, new), read_json(new, old)
    for key, value in there["growth"].items():
        check_equal(key, -value, back["growth"][key])
    for name in ("mappings_others", "mappings_inaccessible", "mappings_vmatlas"):
        check_equal(name, there[name]["rss"], -back[name]["rss"])
    opposite = {"new": "gone", "grown": "shrunk", "touched": "released"}
    check_equal("words", sorted(opposite.get(row["change"], "?") for row in large(there)),
                sorted(row["change"] for row in large(back)))
    check("is older than" in diff(new, old), "nothing is said of the order")


@case()
def two_processes_of_one_program(t):
    """By call stack and kind, as addresses differ."""
    one, = snapshots(t, "heap-and-new-mapping", 1)
    _, other = snapshots(t, "heap-and-new-mapping")
    found = read_json(one, other)
    check_equal("one process", False, found["same_process"])
    check(any("different processes of one program" in note for note in found["notes"]),
          str(found["notes"]))
    rows = {row["kind"]: row["change"] for row in large(found)}
    check_equal("heap and mapping", ("grown", "new"), (rows.get("heap"), rows.get("anon")))
    stack = max(found["callstacks"], key=lambda row: row["live_bytes"]["growth"])
    check("grow_heap" in functions_of(found, stack["id"]), "who allocated")
    check("born" not in stack, "blocks cannot be known again")


@case()
def call_stacks_are_known_again_in_another_process(t):
    one, = snapshots(t, "touched-block", 1)
    other, = snapshots(t, "touched-block", 1)
    found = read_json(one, other)
    check_equal("live", 0, found["growth"]["live_bytes"])
    check(not any(row["live_bytes"]["growth"] for row in found["callstacks"]),
          "the same call stack counts as two")


@case()
def different_programs(t):
    one, = snapshots(t, "nothing", 1)
    text = command("diff", one, SEED).stdout
    check("These are different programs: " in text and "/usr/bin/model" in text, text[:400])


# -- Lists of mappings ---------------------------------------------------------------------------------

def sizes(path):
    with open(path, encoding="utf-8") as file:
        spans = [re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line) for line in file]
    return sum(int(span[2], 16) - int(span[1], 16) for span in spans if span)


@case()
def saved_maps(t):
    """S6 says how large the heaps are, S1 the sums of all."""
    for old, new in (("x86_64-ls.maps", "x86_64-cat.maps"),
                     ("i386-hello.maps", "i386-busybox.maps")):
        found = read_json(fixture(old), fixture(new))
        check_equal("level", "mappings", found["level"])
        check_equal("size", sizes(fixture(new)) - sizes(fixture(old)), found["growth"]["size"])
        check_equal("rss", None, found["growth"]["rss"])
        check(any("different programs" in note for note in found["notes"]), str(found["notes"]))
    hello = read_json(fixture("i386-hello.maps"), fixture("i386-busybox.maps"))
    heap, = [row for row in hello["mappings"] if row["kind"] == "heap"]
    check_equal("heap", (139264, 0, "gone"),
                (heap["size"]["old"], heap["size"]["new"], heap["change"]))


@case()
def a_saved_text_that_was_edited(t):
    """The tutorials' way: the heap's end moved, a mapping came, one went."""
    with open(fixture("x86_64-centos7-main.maps"), encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines(keepends=True)
    heap = next(line for line in lines if "[heap]" in line)
    start, end = (int(part, 16) for part in heap.split()[0].split("-"))
    grown = heap.replace(f"{end:x}", f"{end + MIB:x}", 1)
    new = "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \n"
    gone = next(line for line in lines if "ld-" in line)
    edited = t.write("new", text.replace(heap, grown + new).replace(gone, ""))
    found = read_json(fixture("x86_64-centos7-main.maps"), edited)
    check_equal("one address space", True, found["same_addresses"])
    check_equal("changes", [("new", "anon", 4 * MIB), ("grown", "heap", MIB)],
                [(row["change"], row["kind"], row["size"]["growth"])
                 for row in found["mappings"]][:2])
    check_equal("gone", ["gone"], [row["change"] for row in found["mappings"]][2:])
    kept = t.write("kept", text.replace(heap, heap + new.replace("rw-p", "---p")))
    listed = mapping_lines(diff(fixture("x86_64-centos7-main.maps"), kept))
    check_equal("addresses kept free, where sizes are all there is", ("new", "reserve"), listed[0])
    check_equal("heap", (end - start, end - start + MIB),
                tuple(found["mappings"][1]["size"][side] for side in ("old", "new")))


@case()
def pasted_lines_need_their_option(t):
    path = fixture("i386-linux2.6-pasted-0.maps")
    refuses(1, path, path, says="line 1, column")
    found = read_json("--pasted", path, path)
    check_equal("mappings", 19, found["moments"][0]["mappings"])


@case()
def pmap_and_gdb_listings(t):
    for name in ("pmap-zsh.txt", "gdb-info-proc-mappings.txt"):
        found = read_json(fixture(name), fixture(name))
        check_equal(f"{name}: growth", 0, found["growth"]["size"])


@case()
def a_snapshot_beside_a_list(t):
    """Only mappings, as the kernel draws them: it may have joined the new one with vmatlas's, or put
    it where a dump had its own memory meanwhile, which then counts as what it was before."""
    smaps, of_a_dump = [], MIB

    def save(process):
        with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
            smaps.append(t.write(f"smaps.{len(smaps)}", file.read()))

    old, new = snapshots(t, "heap-and-new-mapping", keep=save)
    for sides in ((old, smaps[1]), (smaps[0], new), (smaps[0], smaps[1])):
        found = read_json(*sides)
        check_equal("level", "mappings", found["level"])
        check("callstacks" not in found, "call stacks of a list")
        rows = [(row["change"], row["kind"], row["rss"]["growth"]) for row in large(found)]
        check(any(growth >= 4 * MIB - of_a_dump and word in ("new", "grown") for word, kind, growth in rows
                  if kind in ("anon", "vmatlas")), str(rows))
        check(("grown", "heap") in [row[:2] for row in rows], str(rows))
    text = diff(old, smaps[1])
    check("only mappings are compared" in text, text[:300])


@case()
def a_process(t):
    """Saved before, compared with the process itself; and with what its shim says."""
    with growing(t, "heap-and-new-mapping") as process:
        with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
            saved = t.write("before", file.read())
        old = shutil.copy(take_snapshot(t, process, 1), t.path("old"))
        step(process, 1)
        words = [(row["change"], row["kind"]) for row in large(read_json(saved, process.pid))]
        check(("grown", "heap") in words and len(words) > 1, str(words))
        with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
            piped = read_json(saved, "-", input=file.read())
        check_equal("by a pipe", words,
                    [(row["change"], row["kind"]) for row in large(piped)])
        found = read_json("--ask", old, process.pid)
        check_equal("level", "snapshots", found["level"])
        check_equal("one process", True, found["same_process"])
        check_equal("live", 8 * MIB, found["growth"]["live_bytes"])


# -- Options --------------------------------------------------------------------------------------------

@case()
def sections_and_amounts(t):
    paths = snapshots(t, "one-of-fifty")
    titles = {"--rows": "\nWhat RSS grew by", "--mappings": "\nMappings that changed",
              "--stacks": "\nCall stacks by growth", "--leaks": "\nSuspected leaks"}
    for option in titles:
        text = diff(option, *paths)
        for other, title in titles.items():
            check_equal(f"{option}: {title!r}", other == option, title in text)
    check_equal("--top 3", 3, diff("--stacks", "--top", "3", *paths).count("\n#"))
    check_equal("--min 1G", 0, diff("--stacks", "--min", "1G", *paths).count("\n#"))
    for amount in (("--top", 1), ("--top", 7), ("--min", "1k"), ("--min", "100M")):
        read_json(*amount, *paths)
    check(len(read_json("--top", 7, *paths)["callstacks"]) >= 7, "--top 7")


@case()
def sorted_by(t):
    old, new = snapshots(t, "heap-and-new-mapping")

    def order(key, *options):
        return [row[key]["growth"] for row in read_json(*options, old, new)["mappings"]]
    for option, key in ((("--sort", "size"), "size"), (("--sort", "rss"), "rss"),
                        (("--sort", "live"), "live_bytes"), ((), "rss")):
        found = [growth for growth in order(key, *option) if growth > 0]
        check_equal(f"{option}", sorted(found, reverse=True), found)


@case()
def several_moments(t):
    paths = snapshots(t, "nothing", 3)
    text = diff(*paths)
    check("\nAll moments\n" in text, text)
    for path in paths:
        check(path in text, f"no {path}")
    check_equal("moments", paths, [moment["name"] for moment in read_json(*paths)["moments"]])


@case()
def output_appears_whole(t):
    old, new = snapshots(t, "nothing")
    target = t.path("out")
    check_equal("stdout", "", diff("-o", target, old, new))
    with open(target, encoding="utf-8") as file:
        check_equal("-o", diff(old, new), file.read())
    told = command("diff", "-o", t.path("none", "out"), old, new)
    check_equal("no such directory", 1, told.returncode)
    with open("/dev/full", "w", encoding="utf-8") as full:
        told = command("diff", old, new, stdout=full)
    check_equal("/dev/full", 1, told.returncode)
    check("No space left" in told.stderr, told.stderr)


@case()
def wrong_usage(t):
    one = fixture("x86_64-ls.maps")
    refuses(2, says="two moments are needed")
    refuses(2, one, says="two moments are needed")
    refuses(2, "-", "-", says="standard input can be read once")
    for option, value in (("--min", "x"), ("--min", "-1"), ("--min", "1Q"), ("--top", "0"),
                          ("--top", "-3"), ("--sort", "colour")):
        refuses(2, f"{option}={value}", one, one, says="expected")
    refuses(2, "--frobnicate", one, one)
    check("Examples:" in command("diff", "--help").stdout, "--help")


# -- What strangers may have written -------------------------------------------------------------------

@case()
def what_cannot_be_read(t):
    one = fixture("x86_64-ls.maps")
    empty = t.write("empty", "")
    refuses(1, one, t.path("none"), says="No such file")
    refuses(1, t.path("none"), one, says="No such file")
    refuses(1, one, t.tmp, says="s a directory")
    refuses(1, one, empty, says="no mappings in it")
    refuses(1, one, t.write("prose", "Once upon a time\n"), says="line 1")


@case(limit=120)
def damaged_snapshots(t):
    """Cut and overwritten at many places: an answer, or one line and status 1; never a crash."""
    with open(SEED, "rb") as file:
        whole = file.read()
    target = t.path("damaged")
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        spoilt = whole[:place] + b"\xff" * 8 + whole[place + 8:]
        for content in (whole[:place], spoilt):
            with open(target, "wb") as file:
                file.write(content)
            for sides in ((SEED, target), (target, SEED)):
                told = command("diff", "--json", *sides)
                check(told.returncode in (0, 1), f"at {place}: status {told.returncode}")
                check(told.returncode == 0 or told.stderr.count("\n") == 1,
                      f"at {place}: {told.stderr!r}")


@case()
def names_cannot_move_the_cursor(t):
    row = "7f0000000000-7f0000400000 r--p 00000000 08:01 7                          /tmp/\x1b[2J\n"
    old = t.write("old", row)
    new = t.write("new", row + row.replace("7f0", "7f1").replace(" 7 ", " 8 "))
    text = diff(old, new)
    check("\x1b" not in text and "\\x1b[2J" in text, repr(text))


main()
