"""What a JSON report must look like, and which of its figures must agree with each other.

check_report(report) returns a list of faults, empty when all is well. Keys that are not known here
are welcome. The keys are those of the project's "names that must hold".
"""

import re

ADDRESS = re.compile(r"^0x[0-9a-f]+$")
RANGE = re.compile(r"^0x[0-9a-f]+-0x[0-9a-f]+$")
PERMS = re.compile(r"^[r-][w-][x-][ps]$")

KINDS = set("""text rodata relro data bss padding heap arena malloc-mmap main-stack thread-stack
guard vdso vvar vsyscall file shmem memfd sysv device hugetlb jit reserve anon vmatlas
other""".split())

NUMBER, STRING, ADDR, SPAN, BOOL, LIST, DICT = "number string address range bool list dict".split()

# A trailing "?" marks a value that may also be null: nothing is known about it.
SHAPE = {
    "process": {"pid": NUMBER, "exe": STRING, "argv": LIST, "start_time_ns": NUMBER,
                "time_ns": NUMBER, "kernel": STRING, "page_size": NUMBER},
    "dump": {"number": NUMBER, "reason": STRING, "complete": BOOL, "lost": DICT},
    "totals": {**dict.fromkeys("rss pss swap live_bytes live_blocks".split(), NUMBER),
               **dict.fromkeys("allocations frees peak_live_bytes".split(), NUMBER + "?")},
    "ledger": {"row": STRING, "bytes": NUMBER},
    "mappings": {"start": ADDR, "end": ADDR, "perms": STRING, "offset": NUMBER, "dev": STRING,
                 "inode": NUMBER, "path": STRING, "kind": STRING, "owner": STRING + "?",
                 **dict.fromkeys("size rss pss private_dirty swap live_blocks live_bytes "
                                 "live_resident retained trimmable pinned".split(), NUMBER)},
    "regions": {"start": ADDR, "end": ADDR, "kind": STRING, "owner": STRING + "?",
                "callstack": NUMBER, "tid": NUMBER, "time_ns": NUMBER},
    "callstacks": {"frames": LIST,
                   **dict.fromkeys("id live_blocks live_bytes live_resident pinned allocations "
                                   "allocated_bytes".split(), NUMBER)},
    "threads": {"tid": NUMBER, "name": STRING, "stack_start": ADDR + "?", "stack_end": ADDR + "?",
                "guard_bytes": NUMBER + "?", "stack_resident": NUMBER + "?"},
    "blocks": {"address": ADDR, "size": NUMBER, "callstack": NUMBER, "tid": NUMBER,
               "time_ns": NUMBER, "mapping_at_birth": SPAN, "mapping": SPAN},
}
# Of each call stack, where they are sampled.
SAMPLED = {"sampled": BOOL, **dict.fromkeys(
    "samples samples_ever live_blocks_error live_bytes_error live_resident_error pinned_error "
    "allocations_error allocated_bytes_error".split(), NUMBER)}
FRAME = {"pc": ADDR, "module": STRING + "?", "offset": NUMBER, "function": STRING + "?"}
SINGLE = ("process", "dump", "totals")


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def fits(value, want):
    """Whether one JSON value is of the wanted type."""
    if want.endswith("?"):
        return value is None or fits(value, want[:-1])
    if want == NUMBER:
        return is_number(value)
    if want == ADDR:
        return isinstance(value, str) and bool(ADDRESS.match(value))
    if want == SPAN:
        return isinstance(value, str) and bool(RANGE.match(value))
    return isinstance(value, {STRING: str, BOOL: bool, LIST: list, DICT: dict}[want])


def check_shape(value, shape, where):
    if not isinstance(value, dict):
        return [f"{where} is not an object"]
    faults = []
    for key, want in shape.items():
        if key not in value:
            faults.append(f"{where} has no {key}")
        elif not fits(value[key], want):
            faults.append(f"{where}.{key} is {value[key]!r}, not a {want}")
    return faults


def shape_of(key, row):
    """Of a block that was not sampled, nothing is known but where it is and how long."""
    if key == "blocks" and isinstance(row, dict) and row.get("sampled") is False:
        return {**SHAPE[key], "tid": NUMBER + "?", "time_ns": NUMBER + "?",
                "mapping_at_birth": SPAN + "?"}
    return SHAPE[key]


def check_shapes(report):
    faults = [] if fits(report.get("version"), NUMBER) or fits(report.get("version"), STRING) else [
        "version is missing"]
    for key, shape in SHAPE.items():
        if key == "blocks" and key not in report:
            continue
        if key in SINGLE:
            faults += check_shape(report.get(key), shape, key)
        elif not isinstance(report.get(key), list):
            faults.append(f"{key} is not a list")
        else:
            for index, row in enumerate(report[key]):
                faults += check_shape(row, shape_of(key, row), f"{key}[{index}]")
    return faults


def hexed(text):
    return int(text, 16)


def span_of(text):
    """(start, end) of "0xSTART-0xEND"."""
    return tuple(hexed(part) for part in text.split("-"))


def is_sampled(report):
    return bool(report.get("sampling"))


def check_sampling(report):
    """What a report says of estimates; the keys are there with sampling, and only then."""
    faults = []
    for row in report["callstacks"]:
        name = f"call stack {row['id']}"
        if is_sampled(report):
            faults += check_shape(row, SAMPLED, name)
        elif any(key in row for key in SAMPLED):
            faults.append(f"{name} is marked as sampled in a report that is not")
    for block in report.get("blocks", []):
        if "sampled" in block and not block["sampled"] and (
                block["callstack"] or block["mapping_at_birth"]):
            faults.append(f"block {block['address']}: not sampled, but it has a call stack")
    if faults or not is_sampled(report):
        return faults
    faults = check_shape(report["sampling"], {"mean_bytes": NUMBER, "samples": NUMBER,
                                              "samples_ever": NUMBER}, "sampling")
    return faults or compare_sums(report, [
        (f"call stacks' {key}", total_of(report["callstacks"], key), report["sampling"][key])
        for key in ("samples", "samples_ever")])


def check_mapping(row, page):
    start, end = hexed(row["start"]), hexed(row["end"])
    name = f"mapping {row['start']}-{row['end']} {row['path']}"
    faults = []
    if start >= end or row["size"] != end - start:
        faults.append(f"{name}: size {row['size']} is not end - start")
    if (start | end) % page:
        faults.append(f"{name}: does not lie on pages")
    if not PERMS.match(row["perms"]):
        faults.append(f"{name}: perms {row['perms']!r}")
    if row["kind"] not in KINDS:
        faults.append(f"{name}: unknown kind {row['kind']!r}")
    if row["rss"] > row["size"]:
        faults.append(f"{name}: rss {row['rss']} is more than its size")
    if row["pss"] > row["rss"]:
        faults.append(f"{name}: pss {row['pss']} is more than rss {row['rss']}")
    if row["live_resident"] > row["live_bytes"]:
        faults.append(f"{name}: live_resident is more than live_bytes")
    if row["pinned"] + row["trimmable"] > row["retained"]:
        faults.append(f"{name}: pinned {row['pinned']} and trimmable {row['trimmable']} are more "
                      f"than retained {row['retained']}; rss {row['rss']}, "
                      f"live_resident {row['live_resident']}")
    return faults


def check_mappings(report):
    rows, faults, last = report["mappings"], [], 0
    for row in rows:
        faults += check_mapping(row, report["process"]["page_size"])
        if hexed(row["start"]) < last:
            faults.append(f"mapping {row['start']} is not sorted, or not disjoint")
        last = hexed(row["end"])
    return faults if rows else ["no mappings"]


def check_callstacks(report):
    faults, ids = [], [row["id"] for row in report["callstacks"]]
    if len(ids) != len(set(ids)):
        faults.append("call stack ids are not unique")
    for row in report["callstacks"]:
        for frame in row["frames"]:
            faults += check_shape(frame, FRAME, f"frame of call stack {row['id']}")
        # An estimate is a sum that was rounded, twice here.
        rounded = is_sampled(report)
        if row["live_blocks"] > row["allocations"] + rounded:
            faults.append(f"call stack {row['id']}: more live blocks than allocations")
        if row["live_bytes"] > row["allocated_bytes"] + rounded:
            faults.append(f"call stack {row['id']}: more live bytes than allocated")
    return faults


def check_threads(report):
    """Each thread once, and there is one: whoever wrote the report."""
    tids = [row["tid"] for row in report["threads"]]
    if not tids or len(tids) != len(set(tids)):
        return [f"threads are {tids}"]
    return []


def check_blocks(report):
    spans = {(hexed(row["start"]), hexed(row["end"])) for row in report["mappings"]}
    ids, faults = {row["id"] for row in report["callstacks"]}, []
    for block in report.get("blocks", []):
        address, name = hexed(block["address"]), f"block {block['address']}"
        now = span_of(block["mapping"])
        birth = span_of(block["mapping_at_birth"]) if block.get("sampled", True) else now
        if not birth[0] <= address < birth[1]:
            faults.append(f"{name} is not inside its mapping at birth {block['mapping_at_birth']}")
        if not now[0] <= address < now[1]:
            faults.append(f"{name} is not inside its mapping {block['mapping']}")
        if now not in spans:
            faults.append(f"{name}: mapping {block['mapping']} is not in the list")
        if block["callstack"] not in ids:
            faults.append(f"{name}: call stack {block['callstack']} is not in the list")
    return faults


def compare_sums(report, pairs):
    """A fault for every (name, sum, total) whose figures differ."""
    return [f"{name}: rows sum to {found}, the total says {want}" for name, found, want in pairs
            if found != want]


def total_of(rows, key):
    return sum(row[key] for row in rows)


def check_sums(report):
    """The sums that hold in every report, however busy the program was."""
    totals, stacks = report["totals"], report["callstacks"]
    faults = compare_sums(report, [
        ("ledger", total_of(report["ledger"], "bytes"), totals["rss"]),
        ("mappings' rss", total_of(report["mappings"], "rss"), totals["rss"]),
    ])
    faults += [] if is_sampled(report) else compare_sums(report, [
        ("call stacks' live_bytes", total_of(stacks, "live_bytes"), totals["live_bytes"]),
        ("call stacks' live_blocks", total_of(stacks, "live_blocks"), totals["live_blocks"]),
    ])
    if "blocks" in report:
        faults += compare_sums(report, [
            ("blocks", len(report["blocks"]), totals["live_blocks"]),
            ("blocks' size", total_of(report["blocks"], "size"), totals["live_bytes"])])
    if (totals["peak_live_bytes"] or totals["live_bytes"]) < totals["live_bytes"]:
        faults.append("peak_live_bytes is less than live_bytes")
    lost = report["dump"]["lost"]
    if (totals["peak_live_bytes"] is None or totals["allocations"] is None) != bool(
            lost.get("totals_lost")):
        faults.append("totals are null, or said to be lost, but not both")
    if lost.get("totals_lost") and not lost.get("damaged_records"):
        faults.append("totals are lost, and nobody wrote over a table")
    return faults


def check_quiet(report):
    """The sums that must also hold when nothing else ran during the dump."""
    totals, maps = report["totals"], report["mappings"]
    faults = [f"dump.lost.{key} is {value}" for key, value in report["dump"]["lost"].items() if value]
    return faults + compare_sums(report, [
        ("mappings' live_blocks", total_of(maps, "live_blocks"), totals["live_blocks"]),
        ("mappings' live_bytes", total_of(maps, "live_bytes"), totals["live_bytes"]),
        *([] if is_sampled(report) else [
            ("call stacks' allocations", total_of(report["callstacks"], "allocations"),
             totals["allocations"])]),
        ("allocations - frees", totals["allocations"] - totals["frees"], totals["live_blocks"])])


def check_report(report, quiet=False):
    """Faults of one report. quiet: the program did nothing else while it was dumped."""
    faults = check_shapes(report)
    if faults:
        return faults
    for check in (check_mappings, check_callstacks, check_threads, check_blocks, check_sums,
                  check_sampling):
        faults += check(report)
    return faults + (check_quiet(report) if quiet else [])
