"""Medians, spreads, ratios, and tables in Markdown."""

import math
import statistics


class Figure:
    """A measured value: the median of its runs, with the least and the most beside it."""

    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(self.values)
        self.least, self.most = self.values[0], self.values[-1]

    def over(self, other):
        """The ratio of medians; None where there is nothing to divide by."""
        return self.median / other.median if other.median else None

    def spread(self):
        """Half the distance from least to most, as a share of the median: ± so much."""
        return (self.most - self.least) / 2 / self.median if self.median else 0.0

    def as_json(self):
        return {"median": round(self.median, 6), "values": [round(value, 6) for value in self.values]}


def geometric_mean(ratios):
    """None where there is none: a mean of nothing is no figure."""
    known = [ratio for ratio in ratios if ratio]
    return math.exp(statistics.fmean(map(math.log, known))) if known else None


def text_of(value, digits=2, unit=""):
    """A figure for a table; what was not measured is a dash."""
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def table(head, rows):
    """A table in Markdown: a head of names, rows of texts."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"
