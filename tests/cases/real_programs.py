#!/usr/bin/python3
"""Unmodified real programs: same output and status as without the shim, dumped while they work."""

import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Skip, case, check, check_reports, main, need

DUMPS = 6
CHILDREN = {"children": 1}


def prove(t, argv, match=None, **how):
    """Compares, and wants a report that was written while the program worked."""
    run = t.compare(argv, dumps=how.pop("dumps", DUMPS), match=match,
                    settings={**CHILDREN, **how.pop("settings", {})}, **how)
    check(run.status == 0, f"status {run.status}\n{run.out[-500:]}\n{run.err[-500:]}")
    check(run.out, "no output")
    check_reports(run)
    print(f"{len(run.reports)} reports of {run.sent} signals")


def write_words(t, name, lines, seed=1):
    """A text that compresses as logs do, the same every time."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 12))) for _ in range(3000)]
    return t.write(name, "\n".join(f"{rng.randint(0, 10**9)} " + " ".join(rng.choices(words, k=8))
                                   for _ in range(lines)) + "\n")


BASH = r"""
declare -A seen
for ((i = 0; i < 60000; i++)); do
    key="key$((i % 5000))"
    seen[$key]="${seen[$key]:-}x"
    text="${text: -100}$i"
    if ((i % 6000 == 0)); then
        echo "$i $(echo "$text" | tr 0-9 a-j | cut -c1-20) $( (exit 3) || echo $?)"
    fi
done
echo "${#seen[@]} ${#seen[key7]}"
trap 'echo trapped' USR1
kill -USR1 $$
: the end
"""


@case(limit=90)
def bash(t):
    need("bash")
    prove(t, ["/bin/bash", t.write("script.bash", BASH)])


PYTHON = r"""
import hashlib, json, re, subprocess, threading, zlib
digest = hashlib.sha256()
def work(seed):
    table = {}
    for i in range(60000):
        table.setdefault(f"{seed}-{i % 997}", []).append(str(i) * 3)
    text = json.dumps(table)
    again = json.loads(text)
    assert again == table
    results[seed] = zlib.crc32(zlib.compress(re.sub("[0-4]+", "-", text).encode()))
results = [0] * 4
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
digest.update(repr(results).encode())
big = [bytearray(1 << 20) for _ in range(50)]
del big[::2]
out = subprocess.run(["/bin/echo", "from a child"], capture_output=True, text=True)
print(digest.hexdigest(), len(big), out.stdout.strip())
"""


@case(limit=90)
def python3(t):
    prove(t, ["/usr/bin/python3", t.write("script.py", PYTHON)])


PERL = r"""
use strict;
my (%count, @lines);
for my $round (1 .. 250000) {
    my $word = join '', map { chr(97 + ($round * $_) % 26) } 1 .. 6;
    $count{$word}++;
    push @lines, "$round $word" if $round % 5 == 0;
}
my @sorted = sort { $b cmp $a } @lines;
my $text = join "\n", @sorted;
$text =~ s/(\d+) (\w+)/$2=$1/g;
print scalar(keys %count), ' ', length($text), ' ', unpack('%32C*', $text), "\n";
print join(',', (sort keys %count)[0 .. 5]), "\n";
print `echo from a child`;
"""


@case(limit=90)
def perl(t):
    need("perl")
    prove(t, ["/usr/bin/perl", t.write("script.pl", PERL)])


GIT = r"""
set -e
rm -rf work && cp -r start work && cd work
git -c pack.threads=1 gc --aggressive --quiet --prune=now
git fsck --full
git rev-list --objects --all | sha256sum
ls .git/objects/pack | sort
"""


def write_history(t, commits):
    """A stream for git fast-import: many versions of a few files."""
    rng, lines = random.Random(2), [f"line {n} of a file" for n in range(400)]
    with open(t.path("stream"), "w", encoding="ascii") as stream:
        for number in range(commits):
            for _ in range(5):
                lines[rng.randrange(len(lines))] = f"changed in {number}: {rng.random()}"
            text = "\n".join(lines)
            stream.write(f"commit refs/heads/main\ncommitter A <a@example> {10**9 + number} +0000\n"
                         f"data 6\nchange\nM 644 inline file{number % 7}\ndata {len(text)}\n{text}\n")
    return t.path("stream")


@case(limit=120)
def git_gc(t):
    need("git")
    write_history(t, 500)
    made = t.plain(["/bin/sh", "-c", "git init -q start && git -C start fast-import --quiet < stream"])
    check(made.status == 0, made.err)
    prove(t, ["/bin/sh", t.write("gc.sh", GIT)], match=r"pack-objects", delay=0.1)


@case(limit=120)
def gcc_compiling_something_large(t):
    need("gcc")
    functions = "\n".join(
        f"int f{n}(int *a, int n) {{ int s = {n}; for (int i = 0; i < n; i++) {{ "
        f"s = s * {n % 97 + 2} + a[i]; if (s & {1 << n % 20}) s ^= a[(i + {n}) % n]; "
        f"switch (s % 5) {{ case 0: s += {n}; break; case 1: s -= a[i]; break; default: s *= 3; }} }} "
        f"return s; }}" for n in range(250))
    t.write("large.c", functions)
    prove(t, ["/bin/sh", "-c", "gcc -O2 -c large.c -o large.o && sha256sum large.o"], match=r"/cc1 ",
          delay=0.5)


@case(limit=120)
def tar_and_xz(t):
    need("tar", "xz")
    os.mkdir(t.path("tree"))
    for number in range(6):
        write_words(t, f"tree/{number}", 15000, number)
    prove(t, ["/bin/sh", "-c",
              "tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree | xz -T2 -2 --block-size=1MiB "
              "| tee tree.xz | sha256sum; xz -dc tree.xz | tar -tvf -"], match=r"^(xz|tar) ", delay=0.2)


@case(limit=90)
def sort_parallel(t):
    need("sort")
    write_words(t, "lines", 300000)
    prove(t, ["/usr/bin/sort", "--parallel=2", "-S", "40M", "-k", "3", "lines"])


SQL = """
create table t (id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
    insert into t select i, printf('%x-%d', i * 2654435761 % 4294967296, i), i * 1.5 from n;
create index by_name on t (name);
select count(*), sum(value), min(name), max(name) from t;
select substr(name, 1, 2) as head, count(*) from t group by head order by 2 desc, 1 limit 10;
update t set name = name || '!' where id % 3 = 0;
delete from t where id % 7 = 0;
vacuum;
select count(*), total(length(name)) from t;
pragma integrity_check;
"""


@case(limit=90)
def sqlite3(t):
    need("sqlite3")
    t.write("script.sql", SQL)
    prove(t, ["/usr/bin/sqlite3", ":memory:", ".read script.sql"])


REDIS = r"""
rm -f s log
redis-server --port 0 --unixsocket "$PWD/s" --save '' --appendonly no --daemonize no >log 2>&1 &
server=$!
for i in $(seq 200); do [ -S s ] && redis-cli -s s ping >/dev/null 2>&1 && break; sleep 0.05; done
redis-cli -s s < commands
redis-benchmark -s s -n 20000 -q -t set,get,lpush,hset,sadd > /dev/null && echo benchmark done
redis-cli -s s dbsize
redis-cli -s s eval "local n = 0; for i = 1, 50000 do redis.call('set', 'k' .. i, string.rep('v', i % 100)); n = n + 1; end; return n" 0
redis-cli -s s dbsize
redis-cli -s s flushall
redis-cli -s s shutdown nosave
wait $server
echo "status $?"
"""


@case(limit=120)
def redis_server_with_a_client(t):
    need("redis-server", "redis-cli", "redis-benchmark")
    t.write("commands", "".join(f"set key{n} value{n * n}\nincr n\nlpush list {n}\nappend text {n}\n"
                                for n in range(2000)) + "lrange list 0 20\nstrlen text\nget n\n")
    prove(t, ["/bin/sh", t.write("redis.sh", REDIS)], match=r"^redis-server", delay=0.2)


NODE = r"""
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto'), zlib = require('zlib');
function work(seed) {
    const table = new Map();
    for (let i = 0; i < 200000; i++) {
        const key = 'k' + (i * seed) % 7919;
        table.set(key, (table.get(key) || '') + (i % 10));
    }
    const text = JSON.stringify([...table]);
    const packed = zlib.gzipSync(text);
    return crypto.createHash('sha256').update(zlib.gunzipSync(packed)).digest('hex');
}
if (isMainThread) {
    const results = [];
    let left = 3;
    for (let n = 0; n < 3; n++) {
        const worker = new Worker(__filename, { workerData: n + 3 });
        worker.on('message', (m) => { results[n] = m; });
        worker.on('exit', () => { if (--left == 0) console.log(results.join('\n'), work(17)); });
    }
    const buffers = [];
    for (let i = 0; i < 200; i++) buffers.push(Buffer.alloc(100000, i));
    console.log(buffers.reduce((sum, b) => sum + b[50000], 0));
} else {
    parentPort.postMessage(work(workerData));
}
"""


@case(limit=90)
def node(t):
    need("node")
    prove(t, [shutil.which("node"), t.write("script.js", NODE)], delay=0.1)


JAVA = r"""
import java.util.*;
import java.util.stream.*;
public class Work {
    static int[] squares(int n) { return IntStream.range(0, n).parallel().map(i -> i * i).toArray(); }
    public static void main(String[] arguments) throws Exception {
        Map<String, List<Integer>> table = new TreeMap<>();
        for (int i = 0; i < 400000; i++)
            table.computeIfAbsent("key" + i % 1009, k -> new ArrayList<>()).add(i);
        long sum = 0;
        for (List<Integer> list : table.values()) sum = sum * 31 + list.hashCode();
        Thread[] threads = new Thread[4];
        long[] sums = new long[4];
        for (int n = 0; n < 4; n++) {
            int me = n;
            threads[n] = new Thread(() -> {
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < 300000; i++) text.append(i * me);
                sums[me] = text.toString().hashCode();
            });
            threads[n].start();
        }
        for (Thread thread : threads) thread.join();
        System.gc();
        java.nio.ByteBuffer direct = java.nio.ByteBuffer.allocateDirect(10_000_000);
        System.out.println(sum + " " + Arrays.toString(sums) + " " + Arrays.hashCode(squares(100000))
            + " " + direct.capacity());
        try { Object o = null; o.toString(); } catch (NullPointerException e) { System.out.println("NPE"); }
    }
}
"""


@case(limit=150)
def java(t):
    """The JVM keeps SIGUSR2 for itself: another signal is set for the dumps."""
    need("java", "javac")
    t.write("Work.java", JAVA)
    java_home = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("java"))))
    if not os.path.exists(os.path.join(java_home, "lib")):
        raise Skip(f"no Java runtime in {java_home}")
    settings = {"settings": {"signal": "RTMIN+3"}, "number": 34 + 3, "delay": 0.2}
    made = t.plain(["javac", "Work.java"])
    check(made.status == 0, made.err)
    prove(t, ["java", "-Xmx256m", "-Xshare:auto", "-cp", ".", "Work"], **settings)
    prove(t, ["/bin/sh", "-c", "javac -d out Work.java && ls out"], match=r"^javac ", **settings)


@case(limit=90)
def cxx_program_that_throws(t):
    run = t.compare([t.program("throws"), "5000"], dumps=DUMPS)
    check_reports(run)


if __name__ == "__main__":
    main()
