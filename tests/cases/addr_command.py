#!/usr/bin/python3
"""`vmatlas addr PID|FILE ADDRESS...`: a program tells what it put where, and each answer is held
against that. S11 and S14 are rows of the checklist that README.md names."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (COMMAND, ROOT, case, check, check_equal, main, need, proc_text)

PAGE = 4096
CLOCK_MONOTONIC_COARSE = 6  # time(7); Python has no name for it


def run(*arguments, **how):
    return subprocess.run([COMMAND, "addr", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, **how)


def ask(*arguments, status=0, says=""):
    """The JSON of all addresses."""
    told = run("--json", *arguments)
    check_equal(f"{arguments}: status ({told.stderr})", status, told.returncode)
    check_equal(f"{arguments}: stderr", says, told.stderr)
    return json.loads(told.stdout)


def ask_one(*arguments, **how):
    return ask(*arguments, **how)["addresses"][0]


def refuses(status, *arguments, says=()):
    told = run(*arguments)
    check_equal(f"{arguments}: status ({told.stderr})", status, told.returncode)
    check_equal(f"{arguments}: stdout", "", told.stdout)
    for text in says:
        check(text in told.stderr, f"{arguments}: no {text!r} in {told.stderr!r}")


class Told:
    """What the program told of itself."""

    def __init__(self, process, lines):
        self.pid, self.process, self.lines = process.pid, process, lines
        self.places = [line for line in lines if "place" in line]

    def place(self, name):
        found = [place for place in self.places if place["place"] == name]
        check(found, f"the program told of no {name!r}")
        return found[0]

    def fact(self, name):
        return next(line[name] for line in self.lines if name in line)


def start(t, *argv, shim=True, **settings):
    """The program that puts something everywhere, or another, once it waits."""
    env = t.shim_environment(**settings) if shim else {}
    process = t.start(argv or [t.program("addresses")], env)
    end = time.monotonic() + 20
    while b"ready" not in (out := os.pread(process.files[0].fileno(), 1 << 17, 0)):
        check(time.monotonic() < end and process.poll() is None, f"it does not start: {out!r}")
        time.sleep(0.01)
    return Told(process, [json.loads(line) for line in out.decode().splitlines()])


@contextlib.contextmanager
def addresses(t, *arguments, **how):
    told = start(t, *arguments, **how)
    try:
        yield told
    finally:
        os.killpg(told.pid, signal.SIGKILL)
        told.process.wait()
        for file in told.process.files:
            file.close()


def maps_of(pid):
    """(start, end, perms, path) of each line."""
    rows = []
    for line in proc_text(pid, "maps").splitlines():
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ \d+ *(.*)", line)
        rows.append((int(found[1], 16), int(found[2], 16), found[3], found[4]))
    return rows


# -- What each kind of place must be answered with ---------------------------------------------

def who(answer):
    """The innermost function of a call stack."""
    return answer["frames"][0]["function"] if answer["frames"] else None


def check_block(want, answer):
    block = answer["block"]
    check_equal("start", want["start"], block["address"])
    check_equal("size", want["size"], block["size"])
    check_equal("site", want["site"], who(block))
    check_equal("thread", want["tid"], block["tid"])
    check_equal("offset", int(want["address"], 16) - int(want["start"], 16), answer["offset"])
    if "depth" in want:
        check_equal("stack", (want["depth"], want["thread"], "on a block"),
                    tuple(answer["stack"][key] for key in ("depth", "tid", "name")))


def check_slack(want, answer):
    before = answer["block_before"]
    check_equal("the block before", (want["start"], want["size"]),
                (before["address"], before["size"]))
    check_equal("block", None, answer["block"])


def check_header(want, answer):
    after = answer["block_after"]
    check_equal("the block behind", (want["start"], want["size"]),
                (after["address"], after["size"]))
    check_equal("block", None, answer["block"])


def check_stack(want, answer):
    stack = answer["stack"]
    check_equal("thread", (want["tid"], want["name"]), (stack["tid"], stack["name"]))
    if "depth" in want:
        check_equal("depth", want["depth"], stack["depth"])
    check_equal("a guard", want["what"] == "guard", stack["guard"])


def check_symbol(want, answer):
    symbol, module = answer["symbol"], answer["module"]
    check_equal("symbol", {key: want[key] for key in ("type", "name", "offset")},
                {key: symbol[key] for key in ("type", "name", "offset")})
    path = module["path"]
    nm = subprocess.run(["nm", "-S", path], capture_output=True, text=True, check=True).stdout
    row = next(line.split() for line in nm.splitlines() if line.endswith(" " + want["name"]))
    check_equal("address in the file", int(row[0], 16) + want["offset"], int(module["vaddr"], 16))
    check_equal("size", int(row[1], 16), symbol["size"])
    check_equal("segment", segment_of(path, int(module["vaddr"], 16)), module["segment"])
    check_bytes(want, module, row[2])


def segment_of(path, vaddr):
    """The number, among all program headers, of the PT_LOAD that holds the address."""
    told = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True)
    headers = re.findall(r"^  ([A-Z_]+) +0x\w+ (0x\w+) 0x\w+ 0x\w+ (0x\w+)", told.stdout, re.M)
    return next(number for number, (kind, start, size) in enumerate(headers)
                if kind == "LOAD" and 0 <= vaddr - int(start, 16) < int(size, 16))


SECTIONS = {"b": ".bss", "d": ".data", "r": ".rodata", "t": ".text", "T": ".text"}


def check_bytes(want, module, letter):
    """What stands in the file there is what the program read; .bss stands nowhere."""
    check_equal("section", SECTIONS[letter], module["section"])
    if letter == "b":
        check_equal("place in the file", None, module["file_offset"])
        return
    with open(module["path"], "rb") as file:
        file.seek(module["file_offset"])
        got = file.read(8)
    size = 4 if want["name"] == "with_value" else 8
    check_equal("bytes in the file", want["bytes"][:2 * size], got[:size].hex())


def check_region(want, answer):
    region = answer["region"]
    start = int(want["start"], 16)
    check_equal("region", (want["start"], hex(start + want["size"])),
                (region["start"], region["end"]))
    check_equal("who mapped it", ("mmap", want["site"], want["tid"]),
                (region["call"], who(region), region["tid"]))


def check_former(want, answer):
    former, last = want["former"], answer["former"][0]
    check_equal("what was there", (former["start"], former["size"], former["tid"]),
                (last["address"], last["size"], last["tid"]))
    check_equal("who made it", former["site"], who(last))
    check_equal("who released it", (former["call"], former["release"], former["tid"]),
                (last["freed"]["call"], who(last["freed"]), last["freed"]["tid"]))
    check(last["time_ns"] <= last["freed"]["time_ns"], "released before it was made")


CHECKS = {"block": check_block, "slack": check_slack, "header": check_header,
          "stack": check_stack, "guard": check_stack, "symbol": check_symbol,
          "region": check_region}


def check_mapping(told, want, answer):
    """Each answer has the very line of maps."""
    address = int(want["address"], 16)
    row = next((row for row in maps_of(told.pid) if row[0] <= address < row[1]), None)
    mapping = answer["mapping"]
    if row is None or mapping is None:
        check(row is None and mapping is None, f"mapped: {row}, told: {mapping}")
        return
    check_equal("mapping", (hex(row[0]), hex(row[1]), row[2], row[3]),
                (mapping["start"], mapping["end"], mapping["perms"], mapping["path"] or ""))


def check_place(told, want, answer):
    place = want["place"]
    check_equal(f"{place}: address", want["address"], answer["address"])
    check_equal(f"{place}: what", want["what"], answer["what"])
    try:
        CHECKS.get(want["what"], lambda *_: None)(want, answer) if "former" not in want else \
            check_former(want, answer)
        check_mapping(told, want, answer)
    except Exception as fault:
        raise type(fault)(f"{place} at {want['address']}: {fault}") from fault


def check_places(told, document):
    check_equal("answers", len(told.places), len(document["addresses"]))
    for want, answer in zip(told.places, document["addresses"]):
        check_place(told, want, answer)


def asked_for(told):
    return [place["address"] for place in told.places]


# -- With a shim ---------------------------------------------------------------------------------

@case()
def every_place_of_a_process(t):
    """S11, S14: blocks and what is around them, freed ones, regions, stacks, variables, code."""
    need("nm")
    with addresses(t, history=1000) as told:
        document = ask(told.pid, *asked_for(told), status=0)
        check(document["shim"] is True, "the shim was not asked")
        check_equal("history", 1000, document["history"])
        check_places(told, document)


@case()
def every_place_of_a_snapshot(t):
    """The same from a file, when the process is gone."""
    need("nm")
    with addresses(t, history=1000) as told:
        path = t.path("a.snapshot")
        subprocess.run([COMMAND, "dump", "--private", "-f", "snapshot", "-o", path,
                        str(told.pid)], check=True, stdout=subprocess.DEVNULL)
        check_places(told, ask(path, *asked_for(told)))
    answer = ask_one(path, told.place("inside a block")["address"])
    check_block(told.place("inside a block"), answer)


@case()
def merged_big_blocks_are_told_apart(t):
    with addresses(t) as told:
        check(told.fact("merged"), "the kernel did not merge three big blocks")
        big = [place for place in told.places if place["place"] == "big block"]
        found = [ask_one(told.pid, place["address"]) for place in big]
        check_equal("mappings", 1, len({answer["mapping"]["start"] for answer in found}))
        check_equal("blocks", 3, len({answer["block"]["address"] for answer in found}))
        check_equal("kinds", {"malloc-mmap"}, {answer["mapping"]["kind"] for answer in found})
        for answer in found:
            part = answer["part"]
            check_equal("part", ("malloc-mmap", "make_big (addresses)"),
                        (part["kind"], part["owner"]))
            address = int(answer["block"]["address"], 16)
            check_equal("its start", hex(address - 16), part["start"])
            check_equal("region", (part["start"], part["end"], None),
                        tuple(answer["region"][key] for key in ("start", "end", "call")))
            check(int(part["end"], 16) - address >= answer["block"]["size"], "its end")
        text = run(told.pid, big[1]["address"]).stdout
        check("part of it" in text and "malloc-mmap  make_big (addresses)" in text, text)


@case()
def an_arena_is_one(t):
    with addresses(t) as told:
        answer = ask_one(told.pid, told.place("a block of an arena")["address"])
        check_equal("kind", "arena", answer["mapping"]["kind"])
        region = answer["region"]
        check_equal("region", ("arena", 1, 64 << 20), (region["kind"], region["arena"],
                    int(region["end"], 16) - int(region["start"], 16)))
        mapping = answer["mapping"]
        check_equal("committed", int(mapping["end"], 16) - int(mapping["start"], 16),
                    region["committed"])


@case()
def pages_are_as_they_are(t):
    for flags in ([], ["--no-ask"]):
        with addresses(t) as told:
            for fact in (line for line in told.lines if "page" in line):
                page = ask_one(*flags, told.pid, fact["page"])["page"]
                check_equal(f"{flags}: start", int(fact["page"], 16) // PAGE * PAGE,
                            int(page["start"], 16))
                check_equal(f"{flags}: {fact}", fact["resident"], page["resident"])
                check_equal("swapped, zero", (False, False), (page["swapped"], page["zero"]))


@case()
def times_of_a_freed_block(t):
    """Between the two times that the program took itself, up to what birth times are good for."""
    with addresses(t, history="1K") as told:
        former = ask_one(told.pid, told.place("a freed block")["address"])["former"][0]
        before, after = told.fact("gone")
        # What a tick is worth is known the better the longer the program has run; and where the
        # kernel's clock is not the time stamp counter, a tick is one of the coarse clock's.
        slack = 2_000_000 + int(time.clock_getres(CLOCK_MONOTONIC_COARSE) * 1e9)
        check(before - slack <= former["freed"]["time_ns"] <= after + slack,
              f"{before} {former['freed']['time_ns']} {after}")
        check(former["time_ns"] <= after + slack, "made after it was freed")


@case()
def who_freed_a_block_that_was_not_sampled(t):
    """Its release is known as ever; of its birth only the thread is."""
    with addresses(t, t.program("freed"), history="1K", sample="1T") as told:
        want = next(place for place in told.places if place.get("size") == 600)
        former = ask_one(told.pid, want["address"])["former"][0]
        check_equal("who made it", (want["tid"], None, []),
                    (former["tid"], former["time_ns"], former["frames"]))
        check_equal("who freed it", (want["release"], want["freed_tid"]),
                    (who(former["freed"]), former["freed"]["tid"]))


@case()
def without_a_history_nobody_knows(t):
    with addresses(t) as told:
        gap = told.place("a freed block")["address"]
        document = ask(told.pid, gap)
        check_equal("history", 0, document["history"])
        check_equal("what", "gap", document["addresses"][0]["what"])
        check_equal("former", None, document["addresses"][0]["former"])
        text = run(told.pid, gap).stdout
        check("VMATLAS_HISTORY was not set" in text, text)
        hole = told.place("an unmapped page")["address"]
        check_equal("status of an unmapped one", 1, run(told.pid, hole).returncode)


@case()
def a_stack_is_a_region_of_who_made_its_thread(t):
    with addresses(t) as told:
        want = told.place("a local of a thread")
        answer = ask_one(told.pid, want["address"])
        region = answer["region"]
        check_equal("region", ("thread-stack", want["tid"], "main"),
                    (region["kind"], region["tid"], who(region)))
        check_equal("its end", int(want["address"], 16) + want["depth"], int(region["end"], 16))


def check_release(want, answer):
    """The last owner, and who took it from him."""
    check(answer["former"], f"nobody had {want}")
    last = answer["former"][0]
    check_equal(f"{want['place']}: what", (want["start"], want["size"]),
                (last["address"], last["size"]))
    check_equal(f"{want['place']}: who made it", (want["site"], want["made_by"]),
                (who(last), last["tid"]))
    check_equal(f"{want['place']}: who released it",
                (want["release"], want["call"], want["freed_tid"]),
                (who(last["freed"]), last["freed"]["call"], last["freed"]["tid"]))


def check_releases(told, pid, made_by):
    """Whether something else is there by now is no matter."""
    shown = run("--json", pid, *asked_for(told))
    check(shown.returncode in (0, 1) and not shown.stderr, repr(shown))
    for want, answer in zip(told.places, json.loads(shown.stdout)["addresses"]):
        check_release({**want, "made_by": made_by}, answer)


@case()
def each_way_to_give_memory_back(t):
    with addresses(t, t.program("freed"), history="1K") as told:
        check_equal("ways", 9, len(told.places))
        check_releases(told, told.pid, told.pid)


@case()
def a_forked_child_has_its_parents_history(t):
    with addresses(t, t.program("freed"), "fork", history="1K") as told:
        check_releases(told, told.fact("child"), told.fact("parent"))


@case()
def so_many_are_remembered_and_no_more(t):
    with addresses(t, t.program("freed"), "many", "500", history=100) as told:
        document = json.loads(run("--json", told.pid, *asked_for(told)).stdout)
        known = [bool(answer["former"]) for answer in document["addresses"]]
        check_equal("known", [False] * 400 + [True] * 100, known)


@case()
def a_short_history_forgets(t):
    """Three releases are remembered, and after this one came more."""
    with addresses(t, history=3) as told:
        document = ask(told.pid, told.place("a freed block")["address"])
        check_equal("history", 3, document["history"])
        check_equal("former", [], document["addresses"][0]["former"])
        text = run(told.pid, told.place("a freed block")["address"]).stdout
        check("by none of the last 3 frees" in text, text)


@case()
def nothing_of_the_programs_is_touched(t):
    """It is asked for a report of its own: nothing comes where its reports go."""
    with addresses(t, output="fd:2", format="text") as told:
        check_block(told.place("inside a block"),
                    ask_one(told.pid, told.place("inside a block")["address"]))
        check_equal("standard error", b"",
                    os.pread(told.process.files[1].fileno(), 1 << 16, 0))


@case()
def a_shim_that_cannot_answer_is_no_obstacle(t):
    """What is known from outside is told, with a line that says why it is no more."""
    with addresses(t, signal="none") as told:
        symbol = told.place("a variable with a value")
        shown = run("--json", told.pid, symbol["address"])
        check_equal("status", 0, shown.returncode)
        check_symbol(symbol, json.loads(shown.stdout)["addresses"][0])
        lines = shown.stderr.splitlines()
        check(len(lines) == 2 and "VMATLAS_SIGNAL=none" in lines[0] and
              lines[1].endswith("its shim does not answer: mappings, pages and symbols only"),
              shown.stderr)
    with addresses(t) as told:
        os.kill(told.pid, signal.SIGSTOP)
        while "State:\tT" not in proc_text(told.pid, "status"):
            time.sleep(0.005)
        document = ask(told.pid, told.place("inside a block")["address"],
                       says=f"vmatlas: {told.pid}: it is stopped, and its shim cannot answer: "
                            "mappings, pages and symbols only\n")
        check_equal("kind", "heap", document["addresses"][0]["mapping"]["kind"])


@case()
def a_thread_stands_for_its_process(t):
    with addresses(t) as told:
        thread = told.place("a local of a thread")["tid"]
        check_block(told.place("inside a block"),
                    ask_one(thread, told.place("inside a block")["address"]))


# -- Without -------------------------------------------------------------------------------------

OUTSIDE = "no shim in it: mappings, pages and symbols only\n"


@case()
def a_process_without_a_shim(t):
    """S11, S14: from maps, pagemap and symbols alone."""
    need("nm")
    with addresses(t, shim=False) as told:
        document = ask(told.pid, *asked_for(told), status=1, says=f"vmatlas: {told.pid}: {OUTSIDE}")
        check(document["shim"] is False, "a shim was found")
        check_equal("history", None, document["history"])
        for want, answer in zip(told.places, document["addresses"]):
            check_mapping(told, want, answer)
            check("block" not in answer, f"a block: {answer}")
            if want["what"] == "symbol":
                check_equal("what", "symbol", answer["what"])
                check_symbol(want, answer)
        main_stack = told.place("a local of main")
        answer = ask_one("--no-ask", told.pid, main_stack["address"])
        check_equal("main", True, answer["stack"]["main"])
        check_equal("depth", main_stack["depth"], answer["stack"]["depth"])
        worker = told.place("a local of a thread")
        answer = ask_one("--no-ask", told.pid, worker["address"])
        check_equal("thread", (worker["tid"], "worker"),
                    (answer["stack"]["tid"], answer["stack"]["name"]))
        answer = ask_one("--no-ask", told.pid, told.place("a guard")["address"])
        check_equal("what", "guard", answer["what"])
        check_equal("kernel's code", "vdso", ask_one(
            "--no-ask", told.pid, told.place("code of the kernel")["address"])["mapping"]["kind"])


@case()
def saved_maps_and_smaps(t):
    need("nm")
    with addresses(t, shim=False) as told:
        for name in ("maps", "smaps"):
            with open(t.path(name), "w", encoding="utf-8") as file:
                file.write(proc_text(told.pid, name))
            symbol = told.place("a variable that starts as zero")
            answer = ask_one(t.path(name), symbol["address"])
            check_equal("what", "symbol", answer["what"])
            check_symbol(symbol, answer)
            check_equal("page", None, answer["page"])
            check_equal("rss", name == "smaps", answer["mapping"]["rss"] is not None)
            check_equal("kind", "bss", answer["mapping"]["kind"])


@case()
def listings_of_other_machines(t):
    """Each mapping as `vmatlas maps` has it, of whatever lists mappings."""
    for name in ("x86_64-centos7-main.maps", "i386-hello.maps", "pmap-zsh.txt",
                 "gdb-info-proc-mappings.txt"):
        path = os.path.join(ROOT, "tests", "fixtures", name)
        shown = subprocess.run([COMMAND, "maps", "--json", path], capture_output=True, check=True)
        rows = json.loads(shown.stdout)["mappings"]
        inside = [hex(int(row["start"], 16) + row["size"] // 2) for row in rows]
        answers = ask(path, *inside)["addresses"]
        check_equal(f"{name}: mappings", rows, [answer["mapping"] for answer in answers])
        check_equal(f"{name}: pages, symbols", {None}, {answer[key] for answer in answers
                                                        for key in ("page", "symbol")})


@case()
def neighbours_of_nothing(t):
    with addresses(t, shim=False) as told:
        rows = maps_of(told.pid)
        answer = ask_one("--no-ask", told.pid, "0x10", status=1)
        check_equal("nothing", ("nothing", None, None),
                    (answer["what"], answer["mapping"], answer["mapping_below"]))
        check_equal("above", hex(rows[0][0]), answer["mapping_above"]["start"])
        hole = int(told.place("an unmapped page")["address"], 16)
        answer = ask_one("--no-ask", told.pid, hex(hole), status=1)
        below = max(row[1] for row in rows if row[1] <= hole)
        above = min(row[0] for row in rows if row[0] > hole)
        check_equal("neighbours", (hex(below), hex(above)),
                    (answer["mapping_below"]["end"], answer["mapping_above"]["start"]))
        text = run("--no-ask", told.pid, hex(hole)).stdout
        check(f"{hole - below:,} bytes behind the end of" in text, text)
        check(f"{above - hole:,} bytes before the start of" in text, text)


@case()
def symbols_by_name(t):
    with addresses(t, shim=False) as told:
        want = told.place("a variable that starts as zero")
        for word in (f"zeros+{want['offset']:x}", f"zeros+0x{want['offset']:x}"):
            answer = ask_one("--no-ask", told.pid, word)
            check_equal(word, want["address"], answer["address"])
        function = told.place("a function")
        answer = ask_one("--no-ask", told.pid, "make_hole+3")
        check_equal("make_hole+3", function["address"], answer["address"])
        check_equal("of libc", ("free", "function"), tuple(ask_one(
            "--no-ask", told.pid, "free")["symbol"][key] for key in ("name", "type")))
        refuses(2, "--no-ask", told.pid, "no_such_symbol", says=["no_such_symbol", "nor a symbol"])


@case()
def a_program_whose_file_is_another_by_now(t):
    """Found by what the kernel has mapped, not by its name."""
    copy = t.path("a_copy")
    shutil.copy(t.program("addresses"), copy)
    with addresses(t, copy, shim=False) as told:
        os.rename(copy, copy + ".old")
        shutil.copy("/bin/true", copy)
        want = told.place("a variable that starts as zero")
        answer = ask_one("--no-ask", told.pid, want["address"])
        check_equal("symbol", ("zeros", want["offset"]),
                    (answer["symbol"]["name"], answer["symbol"]["offset"]))


@case()
def a_snapshot_of_a_file_that_is_gone(t):
    """Of what call stacks went through, the path and the address in the file are known all the
    same, for addr2line on the machine that has it."""
    copy = t.path("a_copy")
    shutil.copy(t.program("addresses"), copy)
    with addresses(t, copy) as told:
        path = t.path("a.snapshot")
        subprocess.run([COMMAND, "dump", "--private", "-f", "snapshot", "-o", path,
                        str(told.pid)], check=True, stdout=subprocess.DEVNULL)
        want = told.place("a function")
        here = ask_one(path, want["address"])
        os.unlink(copy)
        gone = ask_one(path, want["address"])
        check_equal("what", ("symbol", "mapping"), (here["what"], gone["what"]))
        check_equal("module", [here["module"][key] for key in ("path", "bias", "vaddr")],
                    [gone["module"][key] for key in ("path", "bias", "vaddr")])
        check_equal("segment", None, gone["module"]["segment"])
        text = run(path, want["address"]).stdout
        check(f"address {gone['module']['vaddr']}\n" in text, text)


@case()
def variables_that_start_as_zero_are_their_programs(t):
    """S11: the anonymous memory behind the data is the program's .bss, with and without a shim."""
    for shim in (True, False):
        with addresses(t, shim=shim) as told:
            want = told.place("a variable that starts as zero")
            flags = [] if shim else ["--no-ask"]
            answer = ask_one(*flags, told.pid, want["address"])
            mapping = answer["mapping"]
            check_equal("mapping", ("bss", "bss of addresses", 0, 0),
                        tuple(mapping[key] for key in ("kind", "owner", "offset", "inode")))
            check_equal("symbol", "zeros", answer["symbol"]["name"])


@case()
def a_stripped_program_has_its_sections(t):
    need("strip")
    copy = t.path("a_copy")
    shutil.copy(t.program("addresses"), copy)
    subprocess.run(["strip", copy], check=True)
    with addresses(t, copy, shim=False) as told:
        answer = ask_one("--no-ask", told.pid,
                         told.place("a variable that starts as zero")["address"])
        check_equal("what", ("mapping", None), (answer["what"], answer["symbol"]))
        check_equal("section", ".bss", answer["module"]["section"])


# -- For people, and what is refused -------------------------------------------------------------

SENTENCES = {
    "start of a block": "the start of a live block of 100 bytes",
    "inside a block": "50 bytes into a live block of 100 bytes",
    "behind a block": "right behind a live block of 100 bytes, in what malloc rounded it up to",
    "size word of a block": "8 bytes before a live block of 100 bytes: its header",
    "byte before a block": "1 byte before a live block of 100 bytes: its header",
    "an empty block": "the start of a live block of 0 bytes",
    "a freed block": "in malloc's memory, in no live block; last in a block of 3,000 bytes that "
                     "was freed",
    "an unmapped page": "in no mapping; last in 4,096 bytes that were mapped, and unmapped",
    "a region": "12,293 bytes into 20,480 bytes that were mapped, by mmap",
    "a variable that starts as zero": "zeros + 12,345, a variable of ",
    "a function": "make_hole + 3, a function of ",
    "a local of main": "on the main stack, {depth:,} bytes below its top",
    "a local of a thread": "on the stack of thread {tid} worker, {depth:,} bytes below its top",
    "a guard": "in the guard below the stack of thread {tid} worker",
}


@case()
def sentences_for_people(t):
    with addresses(t, history=1000) as told:
        wanted = [told.place(name) for name in SENTENCES]
        shown = run(told.pid, *[want["address"] for want in wanted])
        check_equal("status", 0, shown.returncode)
        parts = shown.stdout.split("\n\n")
        check_equal("parts", len(wanted), len(parts))
        for want, part in zip(wanted, parts):
            sentence = SENTENCES[want["place"]].format(**want)
            check(part.startswith(f"{want['address']}: {sentence}"),
                  f"{want['place']}: no {sentence!r} in {part}")
        reused = run(told.pid, told.place("its block now")["address"]).stdout
        order = ["make_again", "make_first", "free_first"]
        check_equal("who made it, who had it before, who freed that", order,
                    [name for name in re.findall(r"^ +(\w+)", reused, re.M) if name in order])
        short = run("--depth", "1", told.pid, wanted[0]["address"]).stdout
        check("make_small" in short and " more" in short and "main  " not in short, short)


@case()
def damaged_snapshots_do_no_harm(t):
    """Told as damage, or answered from what is left: never a crash, a hang, or half a line."""
    with open(os.path.join(ROOT, "tests", "fuzz", "corpus", "snapshot", "history"), "rb") as file:
        seed = file.read()
    dice = random.Random(20261122)
    for _ in range(80):
        damaged = bytearray(seed)
        for _ in range(dice.choice((1, 2, 8))):
            at = dice.randrange(32, seed.index(b"SMAP"))
            damaged[at] = dice.randrange(256)
        with open(t.path("damaged"), "wb") as file:
            file.write(damaged)
        told = run(t.path("damaged"), "555555600010", "7ffff0000800", "555555554100", "0")
        check(told.returncode in (0, 1), f"status {told.returncode}: {told.stderr}")
        check(told.stdout == "" or told.stdout.startswith("0x555555600010: "), told.stdout)


@case()
def wrong_usage_and_what_cannot_be_read(t):
    refuses(2)
    refuses(2, os.getpid())
    for word in ("12g", "-x", "", "+4", "0x", "0x1ffffffffffffffff"):
        refuses(2, "--", os.getpid(), word)
    refuses(2, "--depth", "0", os.getpid(), "10", says=["--depth"])
    refuses(1, 2 ** 31 - 1, "10", says=["No such process"])
    refuses(1, t.path("no such file"), "10", says=["No such file"])
    refuses(1, os.path.join(ROOT, "README.md"), "10", says=["line 1"])
    refuses(1, COMMAND, "10", says=["vmatlas: "])
    help_text = run("--help").stdout
    check("PID|FILE ADDRESS" in help_text and "--no-ask" in help_text, help_text)


main()
