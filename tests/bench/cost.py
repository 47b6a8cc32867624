#!/usr/bin/python3
"""What the shim costs real programs: CPU time and peak memory, with it and without.

    tests/bench/cost.py [RUNS]

Runs each program RUNS times (7) plain and under the shim, in turns. CPU is user and system time of the
program and its children; the figures are medians. Wall clock says little on a shared machine.
Then: how long a report takes, from the signal to the whole file."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHIM = os.path.realpath(os.path.join(ROOT, "build", "libvmatlas.so"))

SQL = """CREATE TABLE visits (id INTEGER PRIMARY KEY, page TEXT, seconds REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
INSERT INTO visits SELECT i, 'page ' || (i * 7919 % 100003), i / 3.0 FROM n;
"""
PERL = """my %h; for my $i (1..300000) { $h{"key ".($i*7919%100003)} .= "x$i"; }
my @k = sort keys %h; print scalar(@k), "\\n";
"""
PYTHON = """import json
rows = [{"id": i, "name": "n%d" % i, "tags": [str(j) for j in range(i % 7)]} for i in range(60000)]
print(len(json.loads(json.dumps(rows))))
"""
CXX = """#include <iostream>
#include <map>
#include <regex>
int main() { std::map<std::string, int> seen; std::regex wanted("a+b*"); std::string line;
while (std::getline(std::cin, line)) if (std::regex_search(line, wanted)) seen[line]++;
for (auto &pair : seen) std::cout << pair.first; }
"""
BLOCKS = """import sys, time
kept = [bytearray(600) for i in range(int(sys.argv[1]))]
print("ready", flush=True)
time.sleep(600)
"""

# Name, arguments, standard input, environment.
PROGRAMS = [
    ("sqlite3, 400,000 rows", ["sqlite3", ":memory:"], "fill.sql", {}),
    ("perl, 300,000 hash entries", ["perl", "words.pl"], None, {}),
    ("python3, JSON", ["/usr/bin/python3", "json.py_"], None, {}),
    ("the same, PYTHONMALLOC=malloc", ["/usr/bin/python3", "json.py_"], None,
     {"PYTHONMALLOC": "malloc"}),
    ("sort -n, 400,000 lines", ["sort", "-n", "numbers"], None, {}),
    ("g++ -O1, one file", ["g++", "-O1", "-c", "-o", "/dev/null", "match.cc"], None, {}),
]


def write_inputs():
    """The numbers come without a list: a child's peak begins at what its parent has in memory."""
    numbers = (str(i * 7919 % 400009) for i in range(400000))
    texts = {"fill.sql": SQL, "words.pl": PERL, "json.py_": PYTHON, "match.cc": CXX,
             "blocks.py_": BLOCKS, "numbers": None}
    for name, text in texts.items():
        with open(name, "w", encoding="utf-8") as file:
            file.writelines([text] if text else (number + "\n" for number in numbers))


def run(argv, given, settings):
    """CPU seconds and peak resident KiB."""
    with open(given or os.devnull, encoding="utf-8") as source:
        program = subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL,
                                   env={**os.environ, **settings})
        _, status, usage = os.wait4(program.pid, 0)
    if status:
        sys.exit(f"{argv[0]}: wait status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure(name, argv, given, settings, runs):
    plain, shim = [], []
    for _ in range(runs):
        plain.append(run(argv, given, settings))
        shim.append(run(argv, given, {**settings, "LD_PRELOAD": SHIM}))
    (cpu, rss), (cpu_shim, rss_shim) = (
        [statistics.median(column) for column in zip(*rows)] for rows in (plain, shim))
    print(f"| {name} | {cpu:.2f} s | {cpu_shim / cpu:.2f} | {rss / 1024:.0f} MiB | "
          f"{rss_shim / rss:.2f} |", flush=True)


def report_time(blocks):
    """Milliseconds from the signal until the file is there."""
    program = subprocess.Popen(
        ["/usr/bin/python3", "blocks.py_", str(blocks)], stdout=subprocess.PIPE,
        env={**os.environ, "LD_PRELOAD": SHIM, "VMATLAS_OUTPUT": os.path.abspath("report.%n")})
    times = []
    try:
        program.stdout.readline()
        for number in range(1, 8):
            begun = time.monotonic()
            program.send_signal(12)
            while not os.path.exists(f"report.{number}"):
                time.sleep(0.0005)
            times.append((time.monotonic() - begun) * 1000)
            os.unlink(f"report.{number}")
    finally:
        program.kill()
        program.wait()
    return statistics.median(times)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as room:
        os.chdir(room)
        write_inputs()
        print("| program | CPU plain | CPU × | peak RSS plain | RSS × |\n|---|---|---|---|---|")
        for name, argv, given, settings in PROGRAMS:
            measure(name, argv, given, settings, runs)
        for blocks in (1000, 100000, 1000000):
            print(f"a text report of {blocks:,} blocks: {report_time(blocks):.0f} ms", flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main()
