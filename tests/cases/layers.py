#!/usr/bin/python3
"""The layers of the code, proven from the object files."""

import functools
import re
import subprocess
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import BUILD, ROOT, SHIM, Fail, case, check, main, need

# Pure functions that may be called in a signal handler with any lock held.
PURE = set("""memcpy memmove memset memcmp memchr memrchr memmem strlen strnlen strcmp strncmp
strchr strrchr strspn strcspn strstr __memcpy_chk __memmove_chk __memset_chk _GLOBAL_OFFSET_TABLE_""".split())
# What no object of the shim may call: it takes a lock, allocates, or ends the process.
FORBIDDEN = set("""printf fprintf dprintf snprintf vsnprintf sprintf puts fopen fdopen fwrite fputs
perror abort exit _exit __assert_fail strdup asprintf opendir readdir getline backtrace
pthread_mutex_lock pthread_mutex_unlock pthread_rwlock_rdlock pthread_rwlock_wrlock
syslog localtime strftime getpwuid""".split())
HEAP = set("""malloc calloc realloc reallocarray free posix_memalign aligned_alloc memalign valloc
pvalloc""".split())


@functools.lru_cache(maxsize=None)
def symbols(path, *options):
    """(type, name) of every symbol of an object; the version is cut off."""
    need("nm")
    told = subprocess.run(["nm", "--format=posix", *options, path], capture_output=True, text=True)
    check(told.returncode == 0, f"nm {path}: {told.stderr}")
    rows = [line.split() for line in told.stdout.splitlines() if line]
    return [(row[1], row[0].split("@")[0]) for row in rows]


def objects(room):
    folder = os.path.join(BUILD, *room.split("/"))
    found = sorted(os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(".o")) if os.path.isdir(folder) else []
    check(found, f"no objects in {folder}: run make")
    return found


def undefined(path):
    return {name for kind, name in symbols(path) if kind in "Uw"}


def defined(paths):
    return {name for path in paths for kind, name in symbols(path) if kind in "TtDdBbRrVW"}


def tell(faults):
    if faults:
        raise Fail("\n".join(faults) + f"\n{len(faults)} faults")


@case()
def core_knows_nobody(t):
    """Objects of the core use the core and pure functions, nothing else."""
    core = objects("preload/core")
    allowed = defined(core) | PURE
    tell([f"{os.path.basename(path)} uses {name}" for path in core
          for name in sorted(undefined(path) - allowed)])


def data_symbols(path):
    """(name, section) of every symbol in a writable section; .data.rel.ro is one until relocated."""
    told = subprocess.run(["nm", "--format=sysv", path], capture_output=True, text=True)
    rows = [[field.strip() for field in line.split("|")] for line in told.stdout.splitlines()]
    return [(row[0], row[6]) for row in rows if len(row) == 7 and row[2] in "DdBbCSs" and row[2]]


@case()
def core_has_no_state(t):
    """No writable data in the core, and nothing of a thread's own."""
    tell([f"{os.path.basename(path)} has {name} in {section}" for path in objects("preload/core")
          for name, section in data_symbols(path) if not section.startswith(".data.rel.ro")])


@case()
def shim_calls_nothing_that_locks(t):
    tell([f"{os.path.basename(path)} uses {name}"
          for path in objects("preload") + objects("preload/core")
          for name in sorted(undefined(path) & (FORBIDDEN | HEAP))])


def code_of(room):
    """(name, text without comments and strings) of each source file of a room."""
    folder = os.path.join(ROOT, *room.split("/"))
    for name in sorted(os.listdir(folder)):
        if name.endswith((".c", ".h")):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield name, re.sub(r'/\*.*?\*/|"(\\.|[^"\\\n])*"', "", file.read(), flags=re.S)


@case()
def one_noun_knows_the_unwinder(t):
    """libunwind's names stand in the files unwind*.c of the shim, and nowhere else."""
    word = re.compile(r"\b(unw_\w+|libunwind\.h|_U\w*x86_64_\w+)")
    users = [f"{room}/{name}" for room in ("preload", "preload/core")
             for name, text in code_of(room) if word.search(text)]
    check(users, "no file uses libunwind: the pattern is out of date")
    tell([f"{user} uses libunwind" for user in users if not user.startswith("preload/unwind")])


def find_cycle(calls):
    """A list of files that call each other in a ring, or None."""
    done = set()

    def visit(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        for other in sorted(calls[name]):
            ring = visit(other, path + [name])
            if ring:
                return ring
        done.add(name)
        return None
    return next((ring for ring in (visit(name, []) for name in sorted(calls)) if ring), None)


def call_graph(paths):
    """{object: the objects whose functions or data it uses}"""
    owner = {name: path for path in paths for name in defined([path])}
    return {path: {owner[name] for name in undefined(path) if name in owner} - {path}
            for path in paths}


@case()
def calls_go_down_only(t):
    """No file of the core or the shim is called, however indirectly, by a file that it calls."""
    ring = find_cycle(call_graph(objects("preload/core") + objects("preload")))
    check(not ring, "files call each other: " +
          " -> ".join(os.path.basename(path)[:-2] for path in ring or []))


@case()
def nobody_calls_the_wrappers(t):
    """What a wrapper does for the program nobody inside may ask for by its name."""
    wrappers = [path for path in objects("preload") if os.path.basename(path).startswith("wrap_")]
    own = defined(wrappers) & wrapped_names()
    tell([f"{os.path.basename(path)} calls the wrapper of {name}"
          for path in objects("preload") + objects("preload/core")
          for name in sorted(undefined(path) & own)])


@case()
def shim_needs_libc_only(t):
    need("readelf")
    told = subprocess.run(["readelf", "-dW", SHIM], capture_output=True, text=True)
    check(told.returncode == 0, f"no {SHIM}: run make")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", told.stdout)
    tell([f"libvmatlas.so needs {name}" for name in needed
          if not re.match(r"^(libc\.so\.|ld-linux)", name)])
    check("STATIC_TLS" in told.stdout or "TLS" not in subprocess.run(
        ["readelf", "-lW", SHIM], capture_output=True, text=True).stdout,
        "thread-local storage must be static: it may not allocate")
    check("TEXTREL" not in told.stdout, "libvmatlas.so has text relocations")


def wrapped_names():
    with open(os.path.join(ROOT, "preload", "wrapped.def"), encoding="utf-8") as file:
        return set(re.findall(r"^WRAPPED(?:_[A-Z]+)?\([^,]*,\s*(\w+)", file.read(), re.M))


@case()
def exports_are_libc_names_or_ours(t):
    check(os.path.exists(SHIM), f"no {SHIM}: run make")
    exported = {name for kind, name in symbols(SHIM, "-D", "--defined-only") if kind in "TWDBRVi"}
    wrapped = wrapped_names()
    tell([f"libvmatlas.so exports {name}" for name in sorted(exported)
          if name not in wrapped and not name.startswith(("vmatlas_", "VMATLAS"))] +
         [f"libvmatlas.so does not export {name}" for name in sorted(wrapped - exported)])


@case()
def wrapped_list_is_complete(t):
    """Everything that the project promises to wrap is in the one list."""
    promised = set("""malloc calloc realloc reallocarray free posix_memalign aligned_alloc memalign
        valloc pvalloc malloc_usable_size free_sized free_aligned_sized mmap mmap64 munmap mremap
        mprotect pkey_mprotect madvise brk sbrk shmat shmdt pthread_create sigaction
        signal""".split())
    tell([f"{name} is not wrapped" for name in sorted(promised - wrapped_names())])


main()
