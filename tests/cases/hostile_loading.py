#!/usr/bin/python3
"""Libraries that come and go, other preloads, other allocators' settings, damaged heaps."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import (BUILD, SHIM, Fail, Skip, case, check, check_same, find_library, main,
                          need)
from vmatlas_hostile import DAMAGES, HOSTILE, LOADING, build, library, loading, survive

FOLDER = os.path.join(BUILD, "tests", "hostile")
TUNABLES = """malloc.tcache_count=0 malloc.arena_max=1 malloc.mmap_threshold=4096
malloc.mmap_max=0 malloc.top_pad=0 malloc.trim_threshold=4096 malloc.perturb=165
malloc.tcache_max=0 malloc.mxfast=0 malloc.hugetlb=1 malloc.check=3 rtld.nns=2
rtld.optional_static_tls=2048""".split()


def prove(scenario):
    def run(t):
        survive(t, [loading(t), scenario, FOLDER])
    run.__name__ = scenario
    case()(run)


for name in LOADING:
    prove(name)


@case()
def vanished_libraries_keep_their_names(t):
    """The blocks of a library that is gone are still said to be its."""
    run = survive(t, [loading(t), "taking_turns", FOLDER], dumps=0)
    last = run.reports[max(run.reports, key=lambda name: int(name.split(".")[2]))]
    modules = {os.path.basename(frame["module"] or "?") for stack in last["callstacks"]
               if stack["live_blocks"] for frame in stack["frames"]}
    check({"plugin1.so", "plugin2.so"} <= modules, f"modules of live blocks: {modules}")


@case()
def damaged_heaps(t):
    """glibc says the same and ends the process the same way."""
    for damage in DAMAGES:
        for env in ({}, {"MALLOC_PERTURB_": "165"}, {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}):
            try:
                t.compare([loading(t), "damage", damage], env=env)
            except Fail as error:
                raise Fail(f"{damage} {env}: {error}") from error


@case()
def damaged_heaps_under_the_checking_malloc(t):
    path = find_library("libc_malloc_debug.so.0")
    for damage in DAMAGES:
        for env in ({"MALLOC_CHECK_": "3"}, {"MALLOC_CHECK_": "1"}):
            try:
                t.compare([loading(t), "damage", damage], env=env, preload=path)
            except Fail as error:
                raise Fail(f"{damage} {env}: {error}") from error


@case()
def settings_of_glibc(t):
    """Tunables, MALLOC_PERTURB_ and the loader's own settings."""
    entry = build(t, "entry.c")
    settings = [{"GLIBC_TUNABLES": "glibc." + tunable} for tunable in TUNABLES]
    settings += [{"MALLOC_PERTURB_": "165"}, {"MALLOC_ARENA_MAX": "1"}, {"MALLOC_TRACE": "/dev/null"},
                 {"LD_BIND_NOW": "1"}, {"LD_DYNAMIC_WEAK": "1"}, {"MALLOC_TOP_PAD_": "0"}]
    for env in settings:
        for scenario in ("texts", "freed_behind", "before_main"):
            try:
                survive(t, [entry, scenario], env=env, dumps=3)
            except Fail as error:
                raise Fail(f"{env}, {scenario}: {error}") from error


# -- Other preloads ------------------------------------------------------------------------------

def beside(t, path, name="entry.c", scenarios=("texts", "before_main", "streams"), env=None, but=None):
    """Another preloaded library, once behind us and once before us; lines that begin with `but` may
    differ."""
    target = build(t, name)
    for scenario in scenarios:
        plain = t.plain([target, scenario], preload=path, env=env)
        for order in (f"{SHIM}:{path}", f"{path}:{SHIM}"):
            merged = {**t.shim_environment(), **(env or {}), "LD_PRELOAD": order}
            told = t.finish(t.start([target, scenario], merged), 30)
            what = f"{scenario}, {'before' if order.startswith(path) else 'behind'} us"
            check_same(what, (plain.status, lines_but(plain.out, but)), (told[0], lines_but(told[1], but)))
    return plain


def lines_but(text, but):
    return [line for line in text.splitlines() if not (but and line.startswith(but))]


def make_beside(name, pattern):
    def run(t):
        # Asked for the time before its constructor, which we do, libfaketime opens its shared memory
        # once more: one descriptor that the program did not have. Not mended.
        beside(t, find_library(pattern), but="descriptors" if name == "faketime" else None)
    run.__name__ = f"beside_{name}"
    case()(run)


for name, pattern in {"eatmydata": "libeatmydata.so", "faketime": "faketime/libfaketime.so.1",
                      "memusage": "libmemusage.so", "malloc_debug": "libc_malloc_debug.so.0",
                      "pcprofile": "libpcprofile.so", "segfault": "libSegFault.so"}.items():
    make_beside(name, pattern)


@case()
def beside_a_wrapper_whose_dlsym_allocates(t):
    beside(t, library(t, "wrapper.c"))


@case()
def twice_itself(t):
    """Named twice, or once by another path."""
    other = t.path("copy.so")
    os.link(SHIM, other) if os.stat(SHIM).st_dev == os.stat(t.tmp).st_dev else os.symlink(SHIM, other)
    target = build(t, "entry.c")
    plain = t.plain([target, "texts"])
    for order in (f"{SHIM}:{SHIM}", f"{SHIM} {other}"):
        env = {**t.shim_environment(), "LD_PRELOAD": order}
        check_same(order, (plain.status, plain.out, plain.err),
                   t.finish(t.start([target, "texts"], env), 30))


@case()
def each_call_fails_once(t):
    survive(t, [build(t, "nth.c")], preload=library(t, "failing.c"))


@case(limit=120)
def each_call_of_the_start_fails_once(t):
    """Also those that the shim and the loader make before main."""
    path, target = library(t, "failing.c"), build(t, "nth.c")
    for number in range(1, 80):
        env = {"FAIL_AT": str(number)}
        run = t.shim([target], preload=path, env=env, limit=10)
        check(run.status >= 0, f"call {number} fails: killed by {-run.status}")
        check_same(f"call {number} fails: status", 0, run.status)


# -- Sanitizers ----------------------------------------------------------------------------------

def sanitized(t, compiler, kind):
    """Works as without us, where the sanitizer's own rules allow a library before its runtime."""
    need(compiler)
    path = t.path("sanitized")
    made = subprocess.run([compiler, f"-fsanitize={kind}", "-D_GNU_SOURCE", "-g", "-pthread", "-o", path,
                           os.path.join(HOSTILE, "sanitized.c")], capture_output=True, text=True)
    if made.returncode:
        raise Skip(f"{compiler} -fsanitize={kind}: {made.stderr.splitlines()[-1]}")
    plain = t.plain([path])
    if plain.status:
        raise Skip(f"{kind} does not work here: {plain.err[:200]}")
    env = {}
    if kind == "address" and compiler == "gcc":
        # It counts the libraries before it, and says so; told not to, it works.
        refused = t.shim([path], limit=20)
        check(refused.status and "does not come first" in refused.err, refused.err)
        env = {"ASAN_OPTIONS": "verify_asan_link_order=0"}
    survive(t, [path], env=env, reports=0, limit=60)


def make_sanitized(compiler, kind):
    def run(t):
        sanitized(t, compiler, kind)
    run.__name__ = f"{compiler}_{kind}"
    case()(run)


for compiler in ("gcc", "clang"):
    for kind in ("address", "thread", "leak", "undefined"):
        make_sanitized(compiler, kind)
make_sanitized("clang", "memory")

main()
