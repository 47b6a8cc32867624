#!/usr/bin/python3
"""Cache misses of a pair of malloc and free among many live blocks, and where they happen.

    tests/bench/misses.py    writes its part of RESULTS.md

By callgrind's model of two caches: machines that are rented seldom let their own misses be counted.
What it counts does not depend on other work."""

import tempfile

import callgrind
import page
import rooms
from hot import NOTED, PAIR, SELDOM
from variants import SHIM

# As in a server's core: 32 KiB near, and 32 MiB shared by all. 64 bytes a line.
CACHES = ["--D1=32768,8,64", "--LL=33554432,16,64"]
NEAR, LAST = "D1mr,D1mw", "DLmr,DLmw"
# The larger one has no place in the last cache: about 100 MiB with the tables.
FEW, MANY, PAIRS = 10000, 1000000, 105000


def of_pairs(room, blocks, preload):
    """{cache: {(file, function): misses of a pair}}; what comes before the pairs fills the caches."""
    path = callgrind.run(room, [PAIR, "among", str(blocks), str(PAIRS)], preload, "--cache-sim=yes",
                         "--toggle-collect=pairs_among", *CACHES)
    return {cache: {key: value / PAIRS
                    for key, value in callgrind.counts(path, SELDOM, cache).items()}
            for cache in (NEAR, LAST)}


def text_of(found):
    """`found`: {(blocks, shim or ""): what of_pairs says}."""
    columns = {f"{blocks:,} blocks, {name}, {who}": found[blocks, preload][cache]
               for blocks in (FEW, MANY) for cache, name in ((NEAR, "32 KiB"), (LAST, "32 MiB"))
               for preload, who in (("", "plain"), (SHIM, "vmatlas"))}
    return "\n".join([
        "## Cache misses of a pair among many live blocks\n",
        "A random one of so many live blocks is freed and another made (`pair among`), in callgrind's "
        "model of a cache of 32 KiB and one of 32 MiB. Misses of a pair:\n",
        rooms.by_room(columns, 0.05, 2)])


def note():
    """Counts, writes the part, and gives its text."""
    with tempfile.TemporaryDirectory() as room:
        found = {(blocks, preload): of_pairs(room, blocks, preload)
                 for blocks in (FEW, MANY) for preload in ("", SHIM)}
    text = text_of(found)
    page.put(NOTED, "misses", text)
    return text


if __name__ == "__main__":
    print(note())
