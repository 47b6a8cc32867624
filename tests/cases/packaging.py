#!/usr/bin/python3
"""make dist and make deb: a tarball that is the same each time, and a package that lintian likes."""

import glob
import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import COMMAND, ROOT, Skip, case, check, check_equal, main, need


def make(t, target, **settings):
    """In a build tree of the test's own."""
    need("git")
    if not os.path.exists(os.path.join(ROOT, ".git")):
        raise Skip("no git checkout, of which alone a tarball is made")
    told = subprocess.run(["make", "--no-print-directory", f"BUILD={t.path('build')}", target],
                          cwd=ROOT, capture_output=True, text=True, env={**os.environ, **settings})
    check_equal(f"make {target}\n{told.stdout[-3000:]}{told.stderr[-3000:]}", 0, told.returncode)


def only(pattern):
    found = glob.glob(pattern)
    check_equal(pattern, 1, len(found))
    return found[0]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@case()
def a_tarball_is_the_same_each_time(t):
    sums = []
    for _ in range(2):
        make(t, "dist")
        sums.append(digest(only(t.path("build", "dist", "*.tar.gz"))))
    check_equal("bytes", sums[0], sums[1])
    listed = subprocess.run(["tar", "-tzf", only(t.path("build", "dist", "*.tar.gz"))],
                            capture_output=True, text=True, check=True).stdout.splitlines()
    ours = subprocess.run(["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=ROOT,
                          capture_output=True, text=True, check=True).stdout.splitlines()
    folder = listed[0]
    check_equal("files", sorted(ours),
                sorted(name.removeprefix(folder) for name in listed if not name.endswith("/")))


@case()
def both_say_the_same_version(t):
    need("dpkg-parsechangelog")
    changelog = os.path.join(ROOT, "tools", "packaging", "debian", "changelog")
    told = subprocess.run(["dpkg-parsechangelog", "-l", changelog, "-S", "Version"],
                          capture_output=True, text=True, check=True).stdout
    command = subprocess.run([COMMAND, "--version"], capture_output=True, text=True).stdout
    check_equal("changelog", command, f"vmatlas {told}")


@case(limit=400, parallel=False)
def a_package_is_built_of_the_tarball(t):
    """Which shows that the tarball builds on its own, too."""
    need("dpkg-buildpackage", "dh", "lintian")
    # Unoptimised, which takes half the time: what the code does is for the other tests.
    make(t, "deb", DEB_BUILD_OPTIONS="noopt")
    changes = only(t.path("build", "deb", "*.changes"))
    told = subprocess.run(["lintian", "--display-info", "--fail-on", "error,warning,info",
                           "--no-tag-display-limit", changes], capture_output=True, text=True)
    check_equal(f"lintian ({told.stderr})", ("", 0), (told.stdout, told.returncode))
    package = only(t.path("build", "deb", "vmatlas_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, t.path("root")], check=True)
    told = subprocess.run([t.path("root/usr/bin/vmatlas"), "run", "-o", t.path("report"), "sort",
                           t.write("lines", "b\na\n")], capture_output=True, text=True)
    check_equal(f"the packaged command ({told.stderr})", (0, "a\nb\n"), (told.returncode, told.stdout))
    with open(t.path("report"), encoding="utf-8") as file:
        check("What RSS is made of" in file.read(), "a report of the packaged library's")


main()
