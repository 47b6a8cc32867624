#!/usr/bin/python3
"""`vmatlas report --html`: a page that opens in a browser, without a screen here, and says what the
report and `vmatlas addr` say."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, COMMAND, ROOT, Skip, case, check, check_equal, main, need
from vmatlas_export import ODD_NAME, SHOWN, report, run, snapshot
from vmatlas_store import stores

CHROMIUM = "/usr/bin/chromium"
PACKAGES = os.path.join(BUILD, "readers", "node_modules")


# -- A browser ------------------------------------------------------------------------------------

def page(t, *snapshots, name="a.html"):
    """The page of these snapshots; a skip where the command has none."""
    told = run(COMMAND, "report", "--html", "-o", t.path(name), *snapshots)
    if told.returncode == 2 and b"built without the page" in told.stderr:
        raise Skip("this vmatlas was built without the page (make web)")
    check(told.returncode == 0, told.stderr.decode(errors="replace"))
    return t.path(name)


def browse(t, path, *steps):
    """What each step gave, of a page that complains of nothing."""
    need("node")
    if not os.path.exists(CHROMIUM):
        raise Skip("chromium is not installed")
    if not os.path.isdir(os.path.join(PACKAGES, "playwright-core")):
        raise Skip("playwright-core is not installed (tests/setup)")
    told = run("node", os.path.join(ROOT, "tests", "readers", "page.js"), PACKAGES, path,
               input=json.dumps(steps).encode(), stdin=None, timeout=200,
               env={**os.environ, "HOME": t.tmp})
    check(told.returncode == 0, f"the browser: {told.stderr.decode(errors='replace')[-2000:]}")
    said = json.loads(told.stdout)
    check_equal("complaints of the page", [], said["complaints"])
    return said["results"]


def size(text):
    """'76.7 MiB' as bytes, as near as it says."""
    number, *unit = text.replace("+", "").split()
    power = ["B", "KiB", "MiB", "GiB", "TiB"].index(unit[0]) if unit else 0
    return float(number) * 1024 ** power


# -- Figures ----------------------------------------------------------------------------------------

@case(limit=240)
def ledger_is_the_reports(t):
    """Bar and table have each row's bytes, and they sum to RSS; the text of the report has the same."""
    path = snapshot(t)
    bars, words, rows, sums, told, heading = browse(
        t, page(t, path), ["attributes", "#holds .segment", "data-bytes"],
        ["attributes", "#holds .segment", "aria-label"],
        ["attributes", "#holds tbody tr[data-row]", "data-row"],
        ["attributes", "#holds tbody tr[data-row]", "data-bytes"],
        ["text", "#holds .ledger"], ["text", "#holds .figure"])
    said = report(path)
    want = {row["row"]: row["bytes"] for row in said["ledger"]
            if row["bytes"] or row["row"] == "unexplained"}
    check_equal("rows", want, dict(zip(rows, map(int, sums))))
    check_equal("bar", said["totals"]["rss"], sum(map(int, bars)))
    check(all(re.search(r"[\d,]+ bytes?, [\d.]+% of RSS", word) for word in words), words)
    text = run(COMMAND, "report", path).stdout.decode()
    lines = re.findall(r"^ +(\S+(?: \w+)?) +([\d.]+%) +[\d,]+  (.+)$",
                       text.split("What RSS is made of")[1].split("\n\n")[0], re.M)
    check(len(lines) > 8, text)
    seen = re.sub(r"\s+", " ", told)
    for amount, share, what in lines:
        check(re.search(re.escape(amount) + ".{0,20}" + share, seen), f"{amount} {share} {what}: {told}")
        check(what.strip() in told, f"{what}: {told}")
    check(f"{re.search(r'RSS +(.*?)  of', text)[1]} in memory" in heading, heading)


@case(limit=240)
def call_stacks_are_the_reports(t):
    """Tops of "Who asked", and the flame graph's totals, beside the JSON report."""
    path = snapshot(t)
    said = report(path)
    total = ["attributes", "#flame", "data-total"]
    live, flame, _, resident, _, pinned, _, ever = browse(
        t, page(t, path), ["attributes", "#asked .entry", "data-bytes"], total,
        ["click", "#stacks [data-key=resident]"], total,
        ["click", "#stacks [data-key=pinned]"], total,
        ["click", "#stacks [data-key=allocated_bytes]"], total)
    want = sorted((row["live_bytes"] for row in said["callstacks"]), reverse=True)
    check_equal("most live", want[:len(live)], [int(text) for text in live])
    figures = said["totals"]
    for what, key, found in (("live", "live_bytes", flame), ("resident", "rss", resident),
                             ("pinned", "pinned", pinned), ("ever", "allocated_bytes", ever)):
        check_equal(f"flame graph, {what}", [str(figures[key])], found)


@case(limit=240)
def sampled_figures_have_their_errors(t):
    path = snapshot(t, sample="4K")
    entries, note, notices = browse(t, page(t, path), ["texts", "#asked .entry"],
                                    ["text", "#flame-note"], ["text", ".notices"])
    said = report(path)
    check(all("±" in entry for entry in entries) and entries, entries)
    check("estimates" in note and "Call stacks are sampled: one in 4.0 KiB" in notices,
          f"{note} {notices}")
    best = max(said["callstacks"], key=lambda row: row["live_bytes"])
    text = run(COMMAND, "report", path).stdout.decode()
    amount, error = re.search(r"#1 +(\S+ \S+?) ± (\S+ \S+?)[ ,]", text).groups()
    check(f"{amount} ± {error}" in entries[0], f"{entries[0]}: {best}")


# -- Addresses --------------------------------------------------------------------------------------

def addr(path, *addresses):
    told = run(COMMAND, "addr", "--json", path, *addresses)
    return json.loads(told.stdout)["addresses"]


def headlines(path, *addresses):
    told = run(COMMAND, "addr", path, *addresses).stdout.decode()
    return dict(re.findall(r"^(0x[0-9a-f]+): (.*)$", told, re.M))


def interesting(path):
    """Addresses of each sort, by the report: in, behind and before blocks, on stacks, in mappings."""
    told = run(COMMAND, "report", "--json", "--blocks", path)
    said = json.loads(told.stdout)
    found = []
    for block in said["blocks"][::max(1, len(said["blocks"]) // 12)]:
        start = int(block["address"], 16)
        found += [start, start + block["size"] // 2, start + block["size"], start - 8,
                  start + block["size"] + 4096]
    for thread in said["threads"]:
        if thread["stack_start"]:
            found += [int(thread["stack_end"], 16) - 4096, int(thread["stack_start"], 16) - 8]
    found += [int(mapping["start"], 16) for mapping in said["mappings"]]
    found += [int(region["start"], 16) + 100 for region in said["regions"]]
    return list(dict.fromkeys(f"0x{address:x}" for address in found if address > 0))


@case(limit=180)
def an_address_is_what_addr_says(t):
    """The same headline, block, call stack, kind and page as `vmatlas addr` gives."""
    path = snapshot(t, "/etc/passwd")
    addresses = interesting(path)
    want, words = addr(path, *addresses), headlines(path, *addresses)
    told = browse(t, page(t, path), *(step for address in addresses for step in (
        ["fill", "#address", address], ["press", "Enter"],
        ["wait", f"#told h3:has-text('{address}')"], ["text", "#told"],
        ["attributes", "#told .answer", "data-what"])))
    seen = set()
    for i, address in enumerate(addresses):
        text, (what,) = told[5 * i + 3], told[5 * i + 4] or (None,)
        # Symbols are looked up in files, which a page does not have.
        if want[i]["what"] == "symbol":
            check(what in ("mapping", "region"), f"{address}: {what}")
        elif want[i]["what"] == "nothing":
            check("In no mapping" in text, text)
        else:
            check_answer(address, text, what, want[i], words[address])
        seen.add(want[i]["what"])
    check(seen >= {"block", "slack", "gap", "stack", "region", "mapping", "header"}, seen)


def check_answer(address, text, what, want, words):
    check_equal(f"{address}: what", want["what"], what)
    if what != "mapping":
        check(words.rstrip("\n") in text[:1] + text.lower() or words.lower() in text.lower(),
              f"{address}: {text!r}, wanted {words!r}")
    check(want["mapping"]["start"][2:] in text, f"{address}: mapping {text!r}")
    check(want["mapping"]["kind"] in text or want["part"]["kind"] in text, f"{address}: kind")
    state = want["page"] and want["page"]["resident"]
    check({True: "in memory", False: "not in memory", None: "not known"}[state] in text and
          (not state or "not in memory" not in text), f"{address}: page {text!r}")
    if want.get("block"):
        block = want["block"]
        check(f"{block['address']}, " in text and str(block["tid"]) in text, text)
        for frame in block["frames"][:10]:
            if frame["function"]:
                check(frame["function"] in text, f"{address}: {frame['function']} not in {text!r}")


@case(limit=240)
def a_click_in_the_pages_answers(t):
    """Clicks in both pictures, and what is told is what addr tells of that address."""
    path = snapshot(t)
    spot = ["click_at", "#pages", [0.3, 0.5]]
    told = browse(t, page(t, path), ["click", "#space [data-kind=heap]"],
                  ["click", "#told ul button"], spot, ["wait", "#told .answer"],
                  ["text", "#told h3"], ["attributes", "#told .answer", "data-what"],
                  ["press", "+"], ["press", "+"], ["press", "+"], ["press", "+"],
                  ["click_at", "#pages", [0.5, 0.5]], ["pause", "", 200], ["text", "#told h3"],
                  ["attributes", "#told .answer", "data-what"], ["text", "#space"],
                  ["click_at", "#strip", [0.5, 0.6]], ["pause", "", 200], ["text", "#told h3"])
    for address, what in ((told[4], told[5]), (told[12], told[13])):
        want, = addr(path, address)
        check_equal(address, [want["what"]], what)
        check_equal(address, "heap", want["mapping"]["kind"])
    check("a line is a page" in told[14], told[14])
    check(re.fullmatch(r"0x[0-9a-f]+", told[17]), told[17])


# -- What follows what ------------------------------------------------------------------------------

@case(limit=240)
def all_follow_what_is_chosen(t):
    """Flame graph and tables show what is in the row, kind or mapping that was clicked."""
    path = snapshot(t)
    said = report(path)
    total = ["attributes", "#flame", "data-total"]
    rows = ["text", "#tables p[role=status]"]
    told = browse(t, page(t, path), ["click", "#space [data-kind=arena]"], total, rows,
                  ["click", "#stacks [data-key=resident]"], total,
                  ["click", "#holds tr[data-row=elf-text]"], total, rows,
                  ["press", "Escape"], total, rows)
    arenas = [row for row in said["mappings"] if row["kind"] == "arena"]
    live = sum(part["live_bytes"] for row in said["mappings"] for part in row.get("parts", [row])
               if part["kind"] == "arena")
    check_equal("live in arenas", [str(live)], told[1])
    check(told[2].startswith(f"{len(arenas)} of "), told[2])
    text = next(row["bytes"] for row in said["ledger"] if row["row"] == "elf-text")
    check_equal("machine code", [str(text)], told[6])
    check_equal("all", [str(said["totals"]["rss"])], told[9])
    check(told[10].startswith(f"{len(said['mappings']):,} of "), told[10])


@case(limit=240)
def tables_are_sorted_and_filtered(t):
    path = snapshot(t, "/etc/passwd")
    said = report(path)
    cell = lambda field: ["texts", f"#table .tabulator-row .tabulator-cell[tabulator-field={field}]"]
    shows = lambda table: (["click", f"#tables [data-key={table}]"],
                           ["wait", f"#table[data-table={table}] .tabulator-row"])
    told = browse(t, page(t, path), cell("size"),
                  ["click", "#table .tabulator-col[tabulator-field=size]"], cell("size"),
                  ["focus", "#table .tabulator-col[tabulator-field=start]"], ["press", "Enter"],
                  ["press", "Enter"], cell("start"), ["fill", "#filter", "passwd"], cell("name"),
                  ["fill", "#filter", ""], *shows("threads"), cell("tid"),
                  *shows("arenas"), cell("live_bytes"), *shows("callstacks"), cell("live_blocks"))
    sizes = [size(text) for text in told[2]]
    check_equal("by size", sorted(sizes, reverse=True), sizes)
    check(sizes != [size(text) for text in told[0]], "sorted by size from the start")
    starts = [int(text, 16) for text in told[6]]
    check_equal("by address", sorted(starts), starts)
    check_equal("filtered", ["passwd"], told[8])
    check_equal("threads", sorted(str(row["tid"]) for row in said["threads"]), sorted(told[12]))
    check_equal("arenas", len(said["arenas"]), len(told[15]))
    check(len(told[18]) > 5, told[18])


# -- Several snapshots ------------------------------------------------------------------------------

def planted(t, count=3):
    """Snapshots of the server with three plants, a round between two."""
    process = t.start([t.program("planted")], t.shim_environment(), stdin=subprocess.PIPE)
    paths = []
    try:
        for number in range(count):
            end = time.monotonic() + 40
            while os.pread(process.files[0].fileno(), 4096, 0).count(b"ready") <= number:
                check(time.monotonic() < end and process.poll() is None, "the server is stuck")
                time.sleep(0.02)
            paths.append(t.path(f"{number}.snapshot"))
            told = run(COMMAND, "dump", "-f", "snapshot", "-o", paths[-1], str(process.pid))
            check(told.returncode == 0, told.stderr)
            process.stdin.write(b"\n")
            process.stdin.flush()
        return paths
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()


@case(limit=240)
def a_newcomer_finds_the_plants(t):
    """A leak, a culprit of fragmentation and a forgotten mmap in a server of 300 threads: each by the
    clicks below, and each answer names function and line."""
    paths = planted(t)
    begin = time.monotonic()
    leak, what, leak_stack, _, pins, _, culprit, _, mapped, _, forgotten = browse(
        t, page(t, *paths),
        # What grows? The first line. One click for its call stack.
        ["texts", "#grows .entry >> nth=0"], ["click", "#grows .entry >> nth=0"],
        ["text", "#told"],
        # Retained is 28 % of memory. Who pins it? Two clicks.
        ["click", "#asked [data-key=pinned]"], ["texts", "#asked .entry >> nth=0"],
        ["click", "#asked .entry >> nth=0"], ["text", "#told"],
        # Most is mapped by the program. By whom? Two clicks.
        ["click", "#asked [data-key=mapped]"], ["texts", "#asked .entry >> nth=0"],
        ["click", "#asked .entry >> nth=0"], ["text", "#told"])
    check(time.monotonic() - begin < 60, "more than a minute")
    check(what is None and "log_access(int)" in leak[0] and "grows each time" in leak[0], leak)
    check("planted.cc:" in leak_stack and "handle_request" in leak_stack, leak_stack)
    check("keep_tag()" in pins[0] and "warm_up" in culprit, f"{pins} {culprit}")
    check("map_scratch()" in mapped[0] and "40.0 MiB" in mapped[0], mapped)
    check("main" in forgotten, forgotten)


@case(limit=240)
def growth_is_what_diff_says(t):
    paths = planted(t)
    said = json.loads(run(COMMAND, "diff", "--json", paths[0], paths[-1]).stdout)
    then, now = report(paths[0]), report(paths[-1])
    told = browse(t, page(t, *paths), ["attributes", "#grows .entry", "data-bytes"],
                  ["attributes", "#grows .plot", "aria-label"], ["text", "#grows .figure"],
                  ["click", "#grows [data-key=rows]"], ["attributes", "#grows .entry", "data-bytes"],
                  ["click", "#stacks [data-key=growth]"], ["attributes", "#flame", "data-total"])
    grown = sorted((row["live_bytes"]["growth"] for row in said["callstacks"]
                    if row["live_bytes"]["growth"] > 0), reverse=True)
    check_equal("most grown", grown[:2], [int(float(text)) for text in told[0]][:2])
    check_equal("moments", 3, told[1][0].count("MiB"))
    before = {row["row"]: row["bytes"] for row in then["ledger"]}
    rows = sorted((row["bytes"] - before[row["row"]] for row in now["ledger"]), key=abs)[::-1]
    check_equal("rows", sorted(rows[:3]), sorted(int(text) for text in told[4][:3]))
    check_equal("flame graph", sum(grown), int(told[6][0]))


@case(limit=240)
def a_store_says_what_it_knows(t):
    """What a killed process left: what was live and who asked; of what was in memory, nothing."""
    os.makedirs(t.path("stores"))
    path = snapshot(t, store=t.path("stores"))  # which kills it
    store, = stores(t.path("stores"))
    body, heading, live, holds, pages, flame = browse(
        t, page(t, store), ["evaluate", "document.body.innerText"], ["text", "#holds .figure"],
        ["attributes", "#asked .entry", "data-bytes"], ["text", "#answers .tile >> nth=0"],
        ["evaluate", "document.querySelectorAll('#pages, #holds .segment').length"],
        ["attributes", "#flame", "data-total"])
    said = report(store)
    check_equal("live", [str(said["totals"]["live_bytes"])], flame)
    check_equal("most live", max(row["live_bytes"] for row in said["callstacks"]), int(live[0]))
    check("what of it was in memory is not known" in heading and "not known" in holds, heading)
    check_equal("pages and parts of RSS", 0, pages)
    check(all(notice in body for notice in said["dump"]["notices"]), body[:500])
    check("NaN" not in body and "undefined" not in body, "figures of nothing")
    check(os.path.exists(path), "no snapshot")


# -- Strangers' names -------------------------------------------------------------------------------

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e\"'&lt;\n"


@case(limit=240)
def hostile_names_are_only_text(t):
    """A program, its arguments, a file that it maps and a thread: shown, and never run."""
    name = t.path(HOSTILE.replace("/", "\u2215"))
    shutil.copy(t.program("exported"), name)
    mapped = t.write("file " + HOSTILE.replace("/", "\u2215"), "x" * 10000)
    path = snapshot(t, mapped, program=name)
    odd = t.path(ODD_NAME.decode("utf-8", "surrogateescape").replace("/", ""))
    shutil.copy(t.program("exported"), os.fsencode(odd))
    other = snapshot(t, mapped, program=odd, name="b.snapshot")
    for snap in (path, other):
        with open(page(t, snap), "rb") as file:
            data = file.read()
        check_equal("elements", 5, data.count(b"</script>"))
        heading, _, body, images, frames = browse(
            t, t.path("a.html"), ["text", "h1"], ["fill", "#filter", "onerror"],
            ["evaluate", "document.body.innerText"],
            ["evaluate", "document.querySelectorAll('img, iframe, object').length"],
            ["evaluate", "document.querySelectorAll('script').length"])
        check_equal("elements that were not there", (0, 1), (images, frames))
        check("\u202e" not in body + heading, "turned writing")
        check("<img src=x onerror=alert(1)>\\xe2\\x80\\xae\"'&lt;\\x0a" in body, "the file's name")
    check(SHOWN in body or SHOWN in heading, body[:400])


@case(limit=240)
def its_policy_lets_nothing_else_run(t):
    """Scripts that somebody brings into the page do not run; nothing is fetched."""
    path = page(t, snapshot(t))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    check("default-src 'none'" in policy and "unsafe" not in policy, policy)
    check(not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text), "it refers elsewhere")
    with open(t.path("b.html"), "w", encoding="utf-8") as file:
        file.write(text.replace("<noscript>", "<script>document.title = 'ran'</script><noscript>"))
    try:
        browse(t, t.path("b.html"), ["evaluate", "document.title"])
    except Exception as error:  # the browser complains of what it did not run
        check("Content Security Policy" in str(error), str(error))
    else:
        check(False, "a script that was put in was run without a word")


# -- Keys, light and dark ---------------------------------------------------------------------------

@case(limit=240)
def keys_reach_everything(t):
    """Tab reaches each part; Enter and arrows do there what clicks do."""
    path = snapshot(t)
    where = ("(() => { const seen = new Set(); for (const e of document.querySelectorAll("
             "'button, input, canvas, [tabindex]')) if (e.tabIndex >= 0 && e.offsetParent) "
             "seen.add(e.closest('section, aside')?.id || e.id); return [...seen]; })()")
    names = ("[...document.querySelectorAll('button, input, [tabindex]')].filter((e) => e.offsetParent && "
             "!(e.getAttribute('aria-label') || e.innerText)).length")
    reached, unnamed, *told = browse(
        t, page(t, path), ["evaluate", where], ["evaluate", names],
        ["focus", "#holds .segment >> nth=0"], ["press", "Enter"], ["text", "#told h3"],
        ["press", "Escape"], ["text", "#told h3"],
        ["focus", "#strip"], ["press", "ArrowRight"], ["press", "+"], ["press", "Enter"],
        ["wait", "#told code"], ["text", "#told h3"],
        ["focus", "#pages"], ["press", "ArrowDown"], ["press", "+"], ["press", "Enter"],
        ["pause", "", 200], ["text", "#told h3"],
        ["press", "Escape"], ["focus", "#flame"], ["press", "ArrowDown"], ["press", "ArrowDown"],
        ["text", "#stacks .told"], ["press", "Enter"],
        ["press", "Escape"], ["focus", "#table .tabulator-row >> nth=2"], ["press", "Enter"],
        ["text", "#told h3"])
    check(set(reached) >= {"holds", "asked", "space", "stacks", "tables", "inspector",
                           "theme"}, reached)
    check_equal("controls without a name", 0, unnamed)
    check_equal("after Escape", "What is it?", told[4])
    check(told[2] != told[4], told)
    check(told[10].startswith("0x") and told[16].startswith("0x"), told)
    check(re.search(r": \d.*, \d+\.\d%", told[21]), told)
    check(told[26] and not told[26].startswith(("0x", "What is it")), told)


@case(limit=240)
def it_is_light_or_dark(t):
    ground = ["evaluate", "getComputedStyle(document.body).backgroundColor"]
    light, _, _, dark, _, again = browse(
        t, page(t, snapshot(t)), ground, ["theme", "dark"], ["wait", "html[data-theme=dark]"], ground,
        ["click", "#theme"], ground)
    check(light == again and light != dark, (light, dark, again))


# -- The command ------------------------------------------------------------------------------------

@case()
def what_can_go_wrong_is_said(t):
    path = snapshot(t)
    page(t, path)
    with open(t.path("bad"), "w", encoding="utf-8") as file:
        file.write("no snapshot")
    told = run(COMMAND, "report", "--html", "-o", t.path("x.html"), path, t.path("bad"))
    check_equal("status", 1, told.returncode)
    check(b"bad: " in told.stderr and not os.path.exists(t.path("x.html")), told.stderr)
    told = run(COMMAND, "report", "--html", "-o", "/dev/full", path)
    check(told.returncode == 1 and b"/dev/full" in told.stderr, told.stderr)
    told = run(COMMAND, "report", path, path)
    check(told.returncode == 2 and b"one snapshot at a time" in told.stderr, told.stderr)
    check_equal("no FILE", 2, run(COMMAND, "report", "--html").returncode)


@case()
def without_the_page_it_says_so(t):
    """Built where nobody ran `make web`: one clear line, and all else works."""
    need("make", "gcc")
    path = snapshot(t)
    built = t.path("bundle.o")
    source = os.path.join(ROOT, "tools", "html_bundle.c")
    told = run("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-c", source, "-o", built)
    check(told.returncode == 0, told.stderr)
    objects = [os.path.join(BUILD, room, name) for room in ("tools", "preload/core")
               for name in sorted(os.listdir(os.path.join(BUILD, room)))
               if name.endswith(".o") and name != "html_bundle.o"]
    rules = run("make", "-C", ROOT, "-pn", "tools").stdout.decode()
    libraries = re.search(r"^TOOLS_LIBS := (.*)$", rules, re.M)[1].split()
    told = run("gcc", "-o", t.path("vmatlas"), *objects, built, *libraries)
    check(told.returncode == 0, told.stderr)
    told = run(t.path("vmatlas"), "report", "--html", "-o", t.path("x.html"), path)
    check_equal("status", 2, told.returncode)
    check_equal("words", b"vmatlas: --html: this vmatlas was built without the page (`make web` "
                b"builds it in)\n", told.stderr)
    check(not os.path.exists(t.path("x.html")), "a file")
    check_equal("text", 0, run(t.path("vmatlas"), "report", path).returncode)


main()
