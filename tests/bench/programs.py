"""The ten real programs: Debian's, each rich in allocations, on inputs made by inputs.py."""

import os
import shutil
import subprocess

import measure
import serving

JQ = "group_by(.name) | map({name: .[0].name, count: length, sum: map(.values[0]) | add})"


def compiler_proper(name):
    """The path of cc1: under the driver, a shim that leaves children alone would see nothing."""
    told = subprocess.run(["gcc", f"-print-prog-name={name}"], capture_output=True, text=True)
    return told.stdout.strip()


class Program:
    def __init__(self, name, argv, settings=()):
        self.name, self.argv, self.settings = name, argv, settings

    def is_here(self):
        return shutil.which(self.argv[0]) is not None

    def run(self, room, variant, size, limit_s):
        del size  # it is in the inputs
        inputs = os.path.join(room, "inputs")
        argv = [word.replace("@", inputs + "/") for word in self.argv]
        return measure.run_once(room, variant, argv, self.settings, limit_s)


class Server(Program):
    def run(self, room, variant, size, limit_s):
        return serving.run_server(room, variant, self.settings, size, limit_s)


def ten():
    return [
        Program("sqlite3", ["sqlite3", ":memory:", ".read @fill.sql"]),
        Server("redis under load", ["redis-server"]),
        Program("python3", ["/usr/bin/python3", "@work.py"], ["PYTHONMALLOC=malloc"]),
        Program("perl", ["perl", "@work.pl"]),
        Program("cc1", [compiler_proper("cc1"), "-quiet", "-O1", "-o", "-", "@work.c"]),
        Program("clang++", ["clang++", "-std=c++17", "-O1", "-S", "-o", "-", "@work.cc"]),
        Program("git rev-list", ["git", "-C", "@history.git", "rev-list", "--objects", "--all"]),
        Program("jq", ["jq", "-S", JQ, "@rows.json"]),
        Program("xmllint", ["xmllint", "--format", "@rows.xml"]),
        Program("sort", ["sort", "--parallel=2", "-k3,3", "-k2n", "@lines"]),
    ]
