"""RESULTS.md: parts between two marks each, every part written by a script and by none else."""

import os
import re

import results

ORDER = ("measured", "misses", "hot")
HEAD = """# What vmatlas costs, measured

Written by `make bench` and `make bench-hot NOTE=1`; [README.md](README.md) says how it is measured.
"""


def link(path, target):
    """A symbolic link, made anew."""
    if os.path.islink(path):
        os.unlink(path)
    os.symlink(target, path)


def part(text, name):
    """What stands between the marks of this part; None without them."""
    found = re.search(rf"<!-- begin {name} -->\n(.*?)<!-- end {name} -->\n", text, re.S)
    return found.group(1) if found else None


def read(path):
    if not os.path.exists(path):
        return HEAD
    with open(path, encoding="utf-8") as file:
        return file.read()


def put(path, name, content):
    """Writes this part anew; the others stay, in their order."""
    text = read(path)
    parts = {known: part(text, known) for known in re.findall(r"<!-- begin (\S+) -->", text)}
    parts[name] = content
    names = [known for known in ORDER if known in parts] + [other for other in parts if other not in ORDER]
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(f"\n<!-- begin {known} -->\n{parts[known]}<!-- end {known} -->\n"
                        for known in names)
    os.rename(path + ".part", path)


def seconds(figure):
    return f"{figure.median:.2f} s"


def mebibytes(figure):
    return f"{figure.median / 1024:.0f} MiB"


def where(all_of):
    machine = all_of["machine"]
    return (f"{machine['date']}, {machine['commit'].partition(' ')[0]}: {machine['processors']} × "
            f"{machine['model']}, Linux {machine['kernel']}, {machine['libc']}, {machine['heaptrack']}. "
            f"Load when it began {machine['load'][0]:.1f}, when it ended {machine['load'][-1]:.1f} "
            f"(1 would be ours); it took {machine['minutes']:.0f} minutes. Medians of "
            f"{all_of['rounds']} runs (peers {max(1, all_of['rounds'] // 3)}), in turns, after one "
            f"that does not count; inputs of size {all_of['size']:g}.\n")


def measured(all_of):
    """The part of `make bench`."""
    texts = [where(all_of)]
    if all_of["pairs"]:
        texts += ["## The goals\n", results.goals_text(all_of),
                  "## Limits: a part alone, or all without it\n", results.limits_text(all_of)]
    texts += ["## Variants\n", results.variants_text(all_of["variants"]),
              "## CPU of the ten programs, over plain's\n",
              results.programs_text(all_of, "cpu_s", seconds),
              "## Wall clock\n", results.programs_text(all_of, "wall_s", seconds),
              "## Peak RSS\n", results.programs_text(all_of, "rss_kib", mebibytes),
              "## What there was to record\n", results.counted_text(all_of["counted"])]
    if all_of["pairs"]:
        texts += ["## Pairs\n", results.pairs_text(all_of["pairs"]),
                  "## Reports of a large process\n", results.dumps_text(all_of["dumps"])]
    return "\n".join(texts)
