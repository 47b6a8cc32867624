"""Tables of what callgrind counted, by room of the source or by function."""

import os

import figures
from variants import ROOT


def total(by_function):
    return sum(by_function.values())


def purpose(file):
    """What the first line of a room's header says that it is for."""
    for folder in ("preload", "preload/core"):
        for name in (os.path.splitext(file)[0] + ".h", file):
            path = os.path.join(ROOT, folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as source:
                    first = source.readline()
                return first.partition(" - ")[2].strip().removesuffix("*/").strip().rstrip(".")
    return ""


def sums_by(counted, part_of):
    """{part: {column: sum}} of {column: {(file, function): count}}."""
    sums = {}
    for column, by_function in counted.items():
        for key, value in by_function.items():
            row = sums.setdefault(part_of(key), dict.fromkeys(counted, 0))
            row[column] += value
    return sums


def share_table(counted, part_of, head, least, digits=0):
    """A row for each part with at least so much in some column; what is left, and the sum."""
    sums, first = sums_by(counted, part_of), next(iter(counted))
    shown = sorted((part for part, row in sums.items() if max(row.values()) >= least),
                   key=lambda part: -sums[part][first])
    left = {column: total(of) - sum(sums[part][column] for part in shown)
            for column, of in counted.items()}
    rows = [[part, *(f"{sums[part][column]:.{digits}f}" for column in counted)] for part in shown]
    rows.append(["the rest", *(f"{left[column]:.{digits}f}" for column in counted)])
    rows.append(["**all**", *(f"**{total(of):.{digits}f}**" for of in counted.values())])
    return figures.table([head, *counted], rows)


def room_of(key):
    """`levels.h` and what it is for. What has no debug information has no file."""
    if key[0] == "???":
        return "the program itself"
    about = purpose(key[0])
    return f"`{key[0]}`" + (f" {about}" if about else "")


def by_room(counted, least, digits=0):
    return share_table(counted, room_of, "room of the source, and what it is for", least, digits)


def by_function(counted, least, digits=0):
    return share_table(counted, lambda key: f"`{key[1]}`", "function", least, digits)
