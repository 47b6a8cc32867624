#!/usr/bin/python3
"""The books of ten real programs balance, at full work and while they stand still."""

import glob
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from vmatlas_case import CASES, Skip, case, check, check_equal, main, need, proc_text, family_of
from vmatlas_case import is_ready
from vmatlas_report import check_report, hexed
import real_programs as work

CASES.clear()  # its tests are its own

NUMBER = signal.SIGRTMIN + 3
PAGE = 4096
# Of RSS: what nobody owns may be no more.
UNEXPLAINED_MOST = 0.01


# -- What the kernel says ----------------------------------------------------------------------

def kernel_mappings(pid):
    """Resident bytes of each mapping, by its range."""
    mappings, span = {}, None
    for line in proc_text(pid, "smaps").splitlines():
        head = line.split(" ", 1)[0]
        if "-" in head and not head.endswith(":"):
            span = tuple(int(part, 16) for part in head.split("-"))
        elif head == "Rss:":
            mappings[span] = int(line.split()[1]) * 1024
    return mappings


def wait_for(condition, what, limit=60):
    end = time.monotonic() + limit
    while not condition():
        check(time.monotonic() < end, f"{what}: not within {limit} s")
        time.sleep(0.02)


def stand_still(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: all("T (stopped)" in proc_text(pid, f"task/{task}/status")
                         for task in os.listdir(f"/proc/{pid}/task")), "to stop")


# -- The books ---------------------------------------------------------------------------------

def row_of(report, name):
    return next(row["bytes"] for row in report["ledger"] if row["row"] == name)


def check_books(name, report):
    rss = report["totals"]["rss"]
    check_equal(f"{name}: rows", rss, sum(row["bytes"] for row in report["ledger"]))
    check_equal(f"{name}: mappings", rss, sum(row["rss"] for row in report["mappings"]))
    unexplained = row_of(report, "unexplained")
    check(unexplained <= UNEXPLAINED_MOST * rss, f"{name}: {unexplained:,} of {rss:,} unexplained")
    faults = check_report(report)
    check(not faults, "\n".join(faults[:20]))


def is_ours(report, span):
    return any(hexed(row["start"]) < span[1] and span[0] < hexed(row["end"])
               for row in report["mappings"]
               if "vmatlas" in (row["kind"], *(part["kind"] for part in row.get("parts", []))))


def differences(report, kernel):
    """How far each mapping's resident bytes are from what the kernel said before the dump. What
    the dump itself needs, memory and stack, comes on top: those are left out."""
    found = {(hexed(row["start"]), hexed(row["end"])): row for row in report["mappings"]}
    spans = [span for span in kernel if not is_ours(report, span)]
    check(all(span in found for span in spans), "a mapping is missing")
    return [found[span]["rss"] - kernel[span] for span in spans if "[stack]" not in found[span]["path"]]


def newest_report(t):
    reports = sorted(glob.glob(t.path("reports", "*.json")), key=os.path.getmtime)
    with open(reports[-1], encoding="utf-8") as file:
        return json.load(file)


def count_reports(t, pid):
    return len(glob.glob(t.path("reports", f"*.{pid}.*.json")))


def dump_standing(t, name, pid):
    """The handler is the first that runs when a stopped process goes on."""
    stand_still(pid)
    kernel, before = kernel_mappings(pid), count_reports(t, pid)
    os.kill(pid, NUMBER)
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: count_reports(t, pid) > before, f"{name}: a report")
    report = newest_report(t)
    check_books(name, report)
    far = differences(report, kernel)
    check(all(abs(one) <= PAGE for one in far),
          f"{name}: off by {[one for one in far if abs(one) > PAGE]}")
    return report, sum(far)


def put_line(name, report, off):
    rss = report["totals"]["rss"]
    shares = {row["row"]: row["bytes"] for row in report["ledger"]}
    elf = sum(bytes for row, bytes in shares.items() if row.startswith("elf-"))
    print(f"| {name} | {rss / 1e6:.1f} | {shares['live'] / 1e6:.1f} | "
          f"{shares['retained'] / 1e6:.1f} | {shares['mmapped'] / 1e6:.1f} | {elf / 1e6:.1f} | "
          f"{shares['vmatlas'] / 1e6:.1f} | {shares['unexplained']:,} "
          f"({100 * shares['unexplained'] / rss:.2f} %) | {off:,} |")


class Running:
    """A program under the shim, killed at the end with all that it started."""

    def __init__(self, t, argv, before_exec=None, stdin=subprocess.DEVNULL, env=None, match=None):
        settings = t.shim_environment(signal="RTMIN+3", children=1)
        os.chmod(t.tmp, 0o755)
        os.chmod(t.path("reports"), 0o777)
        self.t, self.match = t, match
        self.process = t.start(argv, {**settings, **(env or {})}, before_exec=before_exec, stdin=stdin)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in family_of(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()

    def output(self):
        self.process.files[0].seek(0)
        return self.process.files[0].read().decode("utf-8", "replace")

    def pid(self):
        """Of the process whose memory is of interest, once it can be asked."""
        def found():
            return [pid for pid in family_of(self.process.pid)
                    if is_ready(pid, NUMBER) and (not self.match or
                        self.match in proc_text(pid, "cmdline").replace("\0", " "))]
        wait_for(found, f"{self.match}: to be there")
        return found()[-1]


def audit(t, name, running, idle=None, dumps=3, delay=0.4):
    """Dumps it at full work and once standing still. idle: what it says when its work is done."""
    pid = running.pid()
    for _ in range(dumps):
        before = count_reports(t, pid)
        time.sleep(delay)
        os.kill(pid, NUMBER)
        wait_for(lambda: count_reports(t, pid) > before, f"{name}: a report")
        check_books(name, newest_report(t))
    if idle:
        wait_for(lambda: idle in running.output(), f"{name}: {idle}")
        time.sleep(0.3)
    put_line(name, *dump_standing(t, name, pid))


# -- The programs ------------------------------------------------------------------------------

@case(limit=120)
def python3(t):
    script = work.PYTHON + "\nimport sys, time\nprint('idle', flush=True)\ntime.sleep(60)\n"
    with Running(t, ["/usr/bin/python3", t.write("script.py", script)]) as running:
        audit(t, "python3", running, "idle")


@case(limit=120)
def sqlite3(t):
    need("sqlite3")
    script = work.SQL.replace("200000", "600000") + "select 'idle';\n.shell sleep 60\n"
    with Running(t, ["/usr/bin/sqlite3", ":memory:", ".read " + t.write("script.sql", script)]) as running:
        audit(t, "sqlite3", running)


@case(limit=120)
def redis_server(t):
    need("redis-server", "redis-benchmark")
    argv = ["redis-server", "--port", "0", "--unixsocket", t.path("s"), "--save", ""]
    with Running(t, argv, match="redis-server") as running:
        wait_for(lambda: os.path.exists(t.path("s")), "the socket")
        load = subprocess.Popen(["redis-benchmark", "-s", t.path("s"), "-n", "60000", "-r", "100000",
                                 "-q", "-t", "set,lpush,hset,sadd,zadd"], stdout=subprocess.DEVNULL)
        audit(t, "redis-server", running, dumps=2)
        load.wait()
        time.sleep(0.3)
        put_line("redis-server, idle", *dump_standing(t, "redis-server", running.pid()))


@case(limit=120)
def git(t):
    need("git")
    work.write_history(t, 1500)
    made = t.plain(["/bin/sh", "-c", "git init -q start && git -C start fast-import --quiet < stream"])
    check(made.status == 0, made.err)
    argv = ["git", "-C", "start", "-c", "pack.threads=1", "repack", "-adf", "--depth=250", "--window=250"]
    with Running(t, argv, match="pack-objects") as running:
        audit(t, "git pack-objects", running, delay=0.2)


@case(limit=120)
def gcc_cc1(t):
    need("gcc")
    functions = "\n".join(
        f"int f{n}(int *a, int n) {{ int s = {n}; for (int i = 0; i < n; i++) {{ s = s * {n % 97 + 2} + a[i]; "
        f"switch (s % 5) {{ case 0: s += {n}; break; case 1: s -= a[i]; break; default: s *= 3; }} }} "
        f"return s; }}" for n in range(1500))
    t.write("large.c", functions)
    with Running(t, ["gcc", "-O2", "-c", "large.c"], match="/cc1 ") as running:
        audit(t, "gcc's cc1", running)


@case(limit=120)
def node(t):
    need("node")
    script = work.NODE + "\nif (isMainThread) process.on('exit', () => {" \
                         " console.log('idle'); const { execSync } = require('child_process');" \
                         " execSync('sleep 60'); });\n"
    with Running(t, [shutil.which("node"), t.write("script.js", script)]) as running:
        audit(t, "node", running, "idle")


@case(limit=180)
def java(t):
    need("java", "javac")
    source = work.JAVA.replace("try { Object", "System.out.println(\"idle\"); Thread.sleep(60000);\n try { Object")
    t.write("Work.java", source)
    made = t.plain(["javac", "Work.java"])
    check(made.status == 0, made.err)
    with Running(t, ["java", "-Xmx256m", "-Xshare:auto", "-cp", ".", "Work"]) as running:
        audit(t, "java", running, "idle", dumps=2)


NGINX = """
daemon off; worker_processes 1; error_log stderr; pid %(tmp)s/pid; user root;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %(tmp)s/b; proxy_temp_path %(tmp)s/p;
  fastcgi_temp_path %(tmp)s/f; uwsgi_temp_path %(tmp)s/u; scgi_temp_path %(tmp)s/s;
  server { listen unix:%(tmp)s/s.sock; root %(tmp)s; autoindex on; gzip on; gzip_types text/plain; } }
"""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        import socket
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@case(limit=120)
def nginx(t):
    need("nginx")
    t.write("page.txt", "a line of text to be compressed\n" * 20000)
    config = t.write("nginx.conf", NGINX % {"tmp": t.tmp})
    with Running(t, ["nginx", "-c", config, "-p", t.tmp], match="worker process") as running:
        pid = running.pid()
        wait_for(lambda: os.path.exists(t.path("s.sock")), "the socket")
        for number in range(300):
            connection = UnixConnection(t.path("s.sock"))
            connection.request("GET", "/page.txt" if number % 3 else "/",
                               headers={"Accept-Encoding": "gzip"})
            check_equal("answer", 200, connection.getresponse().status)
            if number % 100 == 50:
                os.kill(pid, NUMBER)
                wait_for(lambda: count_reports(t, pid) > number // 100, "nginx: a report")
                check_books("nginx", newest_report(t))
        put_line("nginx, a worker", *dump_standing(t, "nginx", pid))


@case(limit=120)
def cxx_server_with_threads(t):
    with Running(t, [t.program("server")]) as running:
        audit(t, "a C++ server, 16 threads", running, "idle", dumps=2, delay=0.1)


POSTGRES = """
create table t (id int primary key, name text, value float);
insert into t select i, md5(i::text), i * 1.5 from generate_series(1, 300000) i;
create index by_name on t (name);
select count(*), sum(value) from t a join t b using (id) where a.name < 'f';
select left(name, 2), count(*), array_length(array_agg(id), 1) from t group by 1 order by 2 desc limit 3;
select pg_sleep(60);
"""


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


@case(limit=180)
def postgres(t):
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        raise Skip("postgresql is not installed")
    if os.geteuid():
        raise Skip("postgres is started as another user: only root can")
    os.mkdir(t.path("data"))
    os.chown(t.path("data"), 65534, 65534)
    os.chmod(t.tmp, 0o755)
    bin = os.path.dirname(found[-1])
    made = t.plain([bin + "/initdb", "--no-sync", "-A", "trust", "-D", t.path("data")],
                   before_exec=as_nobody, limit=90)
    check(made.status == 0, made.err)
    # In single-user mode a command ends with its line.
    script = t.write("script.sql", POSTGRES)
    with open(script, encoding="ascii") as file, \
            Running(t, [bin + "/postgres", "--single", "-D", t.path("data"), "postgres"],
                    before_exec=as_nobody, stdin=file, match="--single") as running:
        audit(t, "postgres", running)


if __name__ == "__main__":
    main()
