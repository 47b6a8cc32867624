"""The command vmatlas of gdb: what is at an address, and what the memory of a program consists of.

gdb loads it by itself with libvmatlas.so where it is installed as Debian's packages are; elsewhere
`source` it. `help vmatlas` says the rest.
"""

import atexit
import os
import shutil
import subprocess
import tempfile

import gdb

SHIM = "libvmatlas.so"
HERE = os.path.dirname(os.path.realpath(__file__))
AUTO_LOAD = "/share/gdb/auto-load/"


def setting(name, value):
    """Sets it; returns what puts it back."""
    before = gdb.parameter(name)
    if isinstance(before, bool):
        before = "on" if before else "off"
    gdb.execute(f"set {name} {value}", to_string=True)
    return lambda: gdb.execute(f"set {name} {before}", to_string=True)


def need_shim():
    if not any(os.path.basename(objfile.filename or "") == SHIM for objfile in gdb.objfiles()):
        raise gdb.GdbError(f"no {SHIM} in the program: start it by `vmatlas run`")


def own_folder():
    """Where the command is that was built or installed with this file. What lies beside the program
    is the program's: a stranger's, perhaps, if it is a core."""
    prefix, installed, _ = HERE.rpartition(AUTO_LOAD)
    return os.path.join(prefix, "bin") if installed else os.path.join(HERE, "..", "..", "build")


def run(*arguments):
    """What the command vmatlas says, that of this file's own build before one on the PATH."""
    need_shim()
    command = shutil.which("vmatlas", path=os.pathsep.join([own_folder(), os.environ.get("PATH", "")]))
    if not command:
        raise gdb.GdbError(f"no command vmatlas in {os.path.realpath(own_folder())} nor on the PATH")
    told = subprocess.run([command, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          encoding="utf-8", errors="replace")
    if told.stderr:
        gdb.write(told.stderr, gdb.STDERR)
    return told.stdout


# -- Where the answers come from ----------------------------------------------------------------

def core_file():
    """The path of the core that is looked at; gdb's Python does not tell."""
    for line in gdb.execute("info files", to_string=True).splitlines():
        if line.startswith("\t`") and "', file type " in line and "core" in last:
            return line[2:line.index("', file type ")]
        last = line
    raise gdb.GdbError("gdb does not tell where the core file is")


def call():
    """Has the process, by the thread that is selected, make a snapshot: as its handler does when
    it is asked, which may interrupt any instruction. Returns the path, as the process has it."""
    need_shim()
    undo = [setting("language", "c"), setting("scheduler-locking", "on"), setting("unwindonsignal", "on")]
    try:
        told = int(gdb.parse_and_eval("((long (*)(void)) vmatlas_api_private)()"))
    except gdb.error as error:
        raise gdb.GdbError(f"the shim could not be asked: {error}; `generate-core-file FILE` and "
                           "`vmatlas addr FILE` need no answer of it") from error
    finally:
        for back in reversed(undo):
            back()
    if told < 0:
        raise gdb.GdbError(f"the shim made no snapshot: {os.strerror(-told)}")
    return gdb.selected_inferior().read_memory(told, 4096).tobytes().split(b"\0")[0].decode()


def move_here(there, path, pid):
    """The file of the process's machine becomes one of ours. It may live in another root."""
    if remote():
        gdb.execute(f"remote get {there} {path}", to_string=True)
        gdb.execute(f"remote delete {there}", to_string=True)
        return
    inside = f"/proc/{pid}/root{there}"
    shutil.move(inside if os.path.exists(inside) else there, path)


class Snapshot:
    """The snapshot of the process as it stands, until it goes on."""

    def __init__(self):
        self.folder, self.path, self.pid, self.asking = None, None, 0, False
        for event in (gdb.events.cont, gdb.events.exited):
            event.connect(self.forget)
        atexit.register(self.forget)

    def forget(self, _event=None):
        if self.folder and not self.asking:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = self.path = None

    def ask(self, pid):
        self.asking = True
        try:
            there = call()
        finally:
            self.asking = False
        self.folder = tempfile.mkdtemp(prefix="vmatlas.")
        path = os.path.join(self.folder, "snapshot")
        try:
            move_here(there, path, pid)
        except (gdb.error, OSError) as error:
            self.forget()
            raise gdb.GdbError(f"the snapshot {there} cannot be had: {error}") from error
        self.path, self.pid = path, pid

    def take(self, pid):
        if not self.path or self.pid != pid:
            self.forget()
            self.ask(pid)
        return self.path


snapshot = Snapshot()


def connection():
    return getattr(gdb.selected_inferior().connection, "type", None)


def remote():
    """Whether a gdbserver holds the process, on this machine or another."""
    return connection() in ("remote", "extended-remote")


def target():
    """The file to ask: a snapshot of the process, or the core."""
    inferior = gdb.selected_inferior()
    if not inferior.pid:
        raise gdb.GdbError("no process: `run`, `attach` or `core-file` first")
    if connection() == "core":
        return core_file()
    if connection() != "native" and not remote():
        raise gdb.GdbError(f"not for a process by {connection()}: ask vmatlas on its own machine")
    return snapshot.take(inferior.pid)


# -- What is asked ------------------------------------------------------------------------------

def address_of(expression):
    """What the expression points to; of what is no pointer and no number, where it is."""
    value = gdb.parse_and_eval(expression)
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        value = value.referenced_value()
    code = value.type.strip_typedefs().code
    if code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC):
        value = value.address
        if value is None:
            raise gdb.GdbError(f"{expression} is not in memory")
    elif code in (gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_COMPLEX):
        raise gdb.GdbError(f"{expression} is no address")
    return int(value) & (1 << 64) - 1


class Vmatlas(gdb.Command):
    """Say what is at an address, as `vmatlas addr` does, or what the memory consists of.
Usage: vmatlas [EXPRESSION]

EXPRESSION is an address or a pointer; of a structure, an array or a function it is asked where
that is. Without it: the first lines of `vmatlas report`, with the ledger.

A process has its shim make a snapshot, by a call in the selected thread, as `print f()` makes one,
while the other threads stand still. It holds until the process goes on. Of a process that
gdbserver holds it comes over gdb's connection. A core file is read itself: it knows live blocks and who asked for them, and nothing of what was in memory.

Examples:
  vmatlas p->next
  vmatlas $rdi
  vmatlas 0x7f30c2a41f10
  vmatlas"""

    def __init__(self):
        super().__init__("vmatlas", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        if argument:
            address = address_of(argument)
            gdb.write(run("addr", target(), f"{address:#x}"))
        else:
            report = run("report", "--stacks=5", target())
            gdb.write(report.split("\nMappings\n")[0].rstrip() + "\n")


Vmatlas()
