"""The ways a program is run: plain, under the limit shim, under ours, and under each peer that is here.

A variant is a name, what it is for (`kind`), and the words that spend is given before the program."""

import glob
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VMATLAS_BUILD", os.path.join(ROOT, "build"))
SHIM = os.path.join(BUILD, "libvmatlas.so")
FORWARD, COUNTING, LOADING = (os.path.join(BUILD, "tests", "bench", f"lib{name}.so")
                              for name in ("forward", "counting", "loading"))

# Larger than any run allocates: these write their profile when so many bytes were allocated.
NEVER = str(1 << 60)

PLAIN, LIMIT, OURS, PEER, SAMPLED = "plain", "limit", "ours", "peer", "sampled peer"


class Variant:
    def __init__(self, name, kind, words, about, experiment=False):
        self.name, self.kind, self.words, self.about = name, kind, words, about
        self.experiment = experiment  # ours without a part, or that part alone

    def is_peer(self):
        return self.kind in (PEER, SAMPLED)


def find_library(name):
    found = glob.glob(f"/usr/lib/*/{name}") + glob.glob(f"/usr/lib/{name}")
    return found[0] if found else None


def preloaded(path, *settings):
    return [f"LD_PRELOAD={path}", *settings]


def takes(setting):
    """Whether this build of the shim knows it: its report says which settings it ignores."""
    told = subprocess.run(["/bin/true"], capture_output=True, text=True, env={
        "LD_PRELOAD": SHIM, "VMATLAS_EXIT": "1", **dict([setting.split("=")])})
    return "vmatlas" in told.stderr and setting not in told.stderr


def own():
    """Ours, and what ours is measured against."""
    yield Variant("plain", PLAIN, [], "the program alone")
    yield Variant("forward", LIMIT, preloaded(FORWARD), "a shim that only calls on")
    yield Variant("vmatlas", OURS, preloaded(SHIM), "every allocation, full call stacks")
    yield Variant("depth 1", OURS, preloaded(SHIM, "VMATLAS_DEPTH=1"),
                  "the same with the caller alone: what the rest of the call stacks costs",
                  experiment=True)
    if takes("VMATLAS_SAMPLE=512K"):
        yield Variant("sampling", OURS, preloaded(SHIM, "VMATLAS_SAMPLE=512K"),
                      "VMATLAS_SAMPLE=512K")
        yield Variant("no sample", OURS, preloaded(SHIM, "VMATLAS_SAMPLE=1T"),
                      "sampling with hardly a sample: exact totals, and where each block is",
                      experiment=True)
    yield Variant("totals alone", LIMIT, preloaded(COUNTING),
                  "a shim that counts, by the sizes that glibc notes: no table of blocks",
                  experiment=True)


def starting():
    """What of ours a start cannot be without."""
    return Variant("libunwind alone", LIMIT, preloaded(LOADING), "a shim that only loads libunwind",
                   experiment=True)


def peers(room):
    """Those that are installed; each records to a file in the room."""
    out = os.path.join(room, "peer")
    if shutil.which("heaptrack"):
        yield Variant("heaptrack", PEER, ["heaptrack", "--raw", "-o", out],
                      "every allocation, full call stacks, written to a file as it goes")
    tcmalloc, jemalloc = find_library("libtcmalloc.so.4"), find_library("libjemalloc.so.2")
    if jemalloc:
        yield Variant("jemalloc", PEER, preloaded(
            jemalloc, f"MALLOC_CONF=prof:true,lg_prof_sample:0,prof_prefix:{out}"),
            "another allocator, prof:true, every byte sampled")
    if tcmalloc:
        yield Variant("gperftools", PEER, preloaded(
            tcmalloc, f"HEAPPROFILE={out}", f"HEAP_PROFILE_ALLOCATION_INTERVAL={NEVER}",
            f"HEAP_PROFILE_INUSE_INTERVAL={NEVER}"), "another allocator, HEAPPROFILE")
    memusage = find_library("libmemusage.so")
    if memusage:
        yield Variant("memusage", PEER, preloaded(memusage), "glibc's own; counts only, no call stacks")
    if jemalloc:
        yield Variant("jemalloc, sampling", SAMPLED, preloaded(
            jemalloc, f"MALLOC_CONF=prof:true,lg_prof_sample:19,prof_prefix:{out}"),
            "another allocator, one sample in 512 KiB")
    if tcmalloc:
        yield Variant("tcmalloc, sampling", SAMPLED, preloaded(
            tcmalloc, "TCMALLOC_SAMPLE_PARAMETER=524288"), "another allocator, one sample in 512 KiB")


def chosen(room, quick):
    """Quick: of the peers heaptrack alone, which records the same as we do; no experiments."""
    of_all = [*own(), *peers(room)]
    return [each for each in of_all if not quick or each.name == "heaptrack" or
            not each.is_peer() and not each.experiment]


def counted(path):
    """Not measured: leaves a report, which says how much there was to record."""
    return Variant("counted", OURS, preloaded(
        SHIM, f"VMATLAS_OUTPUT={path}", "VMATLAS_EXIT=1", "VMATLAS_FORMAT=json"), "")
