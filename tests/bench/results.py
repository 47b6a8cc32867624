"""Texts of what was measured: the goals with ours beside them, and the tables behind."""

from figures import Figure, geometric_mean, table, text_of
import synthetic
from synthetic import added_ns

# Name of the variant whose figure stands in a column of the goals.
OURS, BEST_PEER, LIMIT, SHALLOW = "vmatlas", "heaptrack", "forward", "depth 1"
BESIDE = (LIMIT, SHALLOW, BEST_PEER)


class Goal:
    """One row: a figure of ours, those it is held against, and what is wanted."""

    def __init__(self, measure, digits, most=None, least=None):
        self.measure, self.digits, self.most, self.least = measure, digits, most, least
        self.figures = {}

    def wanted(self):
        return f"≥ {text_of(self.least, self.digits)}" if self.least else \
            f"≤ {text_of(self.most, self.digits)}"

    def is_met(self):
        figure = self.figures.get(OURS)
        if figure is None:
            return None
        return figure >= self.least if self.least else figure <= self.most

    def row(self):
        verdict = {None: "not measured", True: "met", False: "**missed**"}[self.is_met()]
        return [self.measure, *(text_of(self.figures.get(name), self.digits)
                                for name in (*BESIDE, OURS)), self.wanted(), verdict]

    def as_json(self):
        return {"measure": self.measure, "wanted": self.wanted(), "met": self.is_met(),
                "figures": self.figures}


def over_programs(programs, what, fold=geometric_mean):
    """{variant: the ratios to plain of all programs, folded}, for variants that ran them all."""
    names = {name for results in programs.values() for name in results.runs}
    ratios = {name: [results.ratio(name, what) for results in programs.values()] for name in names}
    return {name: fold(of_it) for name, of_it in ratios.items() if of_it and None not in of_it}


def goal(measure, figures, digits=2, ours=OURS, **wanted):
    made = Goal(measure, digits, **wanted)
    made.figures = {OURS: figures.get(ours), **{name: figures.get(name) for name in BESIDE}}
    made.figures_of_all = figures
    return made


def pair_goal(pairs, name, most):
    results = pairs[name]
    return goal(f"ns added to a pair: {name}",
                {variant: added_ns(results, variant) for variant in results.runs}, 0, most=most)


def growth(pairs, few, many, cost):
    """{variant: what a pair costs with many over what it costs with few}."""
    return {variant: cost(pairs[many], variant) / cost(pairs[few], variant)
            for variant in pairs[many].runs}


def cost_in_all(results, variant):
    return results.figure(variant, "ns").median


def cost_over_plain(results, variant):
    return cost_in_all(results, variant) / cost_in_all(results, "plain")


def growth_goals(pairs):
    """Among many blocks plain's own pairs get dearer, by its cache misses: ours are held against
    plain's then."""
    few, many = (f"{blocks:,} live blocks" for blocks in synthetic.live_blocks(pairs))
    plains = growth(pairs, f"among {few}", f"among {many}", cost_in_all)["plain"]
    return [
        goal(f"a pair beside {many}, over beside {few}",
             growth(pairs, f"beside {few}", f"beside {many}", cost_in_all), most=1.3),
        goal(f"a pair among {many}, over among {few}, both over plain's (which grows {plains:.1f} times)",
             growth(pairs, f"among {few}", f"among {many}", cost_over_plain), most=1.3),
        goal("a pair with 30,000 mappings, over 10",
             growth(pairs, "10 mappings", "30,000 mappings", cost_in_all), most=1.1)]


def dump_goals(dumps):
    """Of CPU, too: on a busy machine a report waits for a processor as everybody does."""
    rows = [row for row in dumps.get("snapshot", []) if row["what"] == "report"]
    if not rows:
        return []
    size = "{:,} live blocks, {:,} mappings, {:,} call stacks".format(*rows[0]["size"])
    took, worked = (Figure([row[what] for row in rows]).median for what in ("ms", "cpu_ms"))
    return [goal(f"ms for a snapshot of {size}", {OURS: took}, 0, most=250),
            goal("of which CPU", {OURS: worked}, 0, most=250),
            goal("how often another thread waited meanwhile",
                 {OURS: sum(row["waits"] for row in rows)}, 0, most=0)]


def redis_goal(programs):
    results = programs.get("redis under load")
    figures = {name: results.ratio(name, "requests_per_s") for name in results.runs} if results else {}
    return goal("redis, requests per second", figures, least=0.85)


def start_goal(start):
    plain = start.figure("plain", "wall_ms")
    return goal("ms added to the start of `true`", {
        name: start.figure(name, "wall_ms").median - plain.median for name in start.runs}, most=1.5)


def goals(all_of):
    """All rows of the table of goals. `all_of` is what bench.py gathers."""
    programs, pairs = all_of["programs"], all_of["pairs"]
    cpu = over_programs(programs, "cpu_s")
    larson = {name: all_of["larson"].ratio(name, "cpu_s") for name in all_of["larson"].runs}
    return [
        goal("CPU, geometric mean of the programs", cpu, most=1.25),
        goal("CPU, the worst of them", over_programs(programs, "cpu_s", max), most=1.60),
        goal("wall clock, geometric mean", over_programs(programs, "wall_s"), most=1.25),
        goal("peak RSS, geometric mean", over_programs(programs, "rss_kib"), most=1.30),
        redis_goal(programs),
        goal("larson, CPU", larson, most=2.0),
        pair_goal(pairs, "15 frames, one place", 40),
        pair_goal(pairs, "15 frames, two places in turn", 40),
        pair_goal(pairs, "35 frames, one place", 45),
        pair_goal(pairs, "35 frames, two places in turn", 45),
        pair_goal(pairs, "recursion, 100 deep", 80),
        goal("sampling, CPU, geometric mean", {"sampling": cpu.get("sampling")}, ours="sampling",
             most=1.03),
        start_goal(all_of["start"]),
        *growth_goals(pairs),
        goal("cache lines that pairs of two threads share",
             {OURS: len(all_of["shared"])} if "shared" in all_of else {}, 0, most=0),
        *dump_goals(all_of["dumps"])]


def goals_text(all_of):
    return table(["measure", "limit: only forwards", "vmatlas, the caller alone", "heaptrack", "vmatlas",
                  "goal", ""],
                 [each.row() for each in goals(all_of)])


def limits(all_of):
    """Of goals: the goal, and what is left of its figure when a part of ours is not there."""
    programs, pairs = all_of["programs"], all_of["pairs"]
    cpu = over_programs(programs, "cpu_s")
    return [
        (goal("sampling, CPU, geometric mean", cpu), (LIMIT, "totals alone", "no sample", "sampling")),
        (goal("CPU, geometric mean of the programs", cpu), (LIMIT, SHALLOW, OURS)),
        (redis_goal(programs), (LIMIT, "totals alone", "no sample", SHALLOW, OURS)),
        (start_goal(all_of["start"]), (LIMIT, "libunwind alone", OURS)),
        (pair_goal(pairs, "35 frames, two places in turn", 45), (LIMIT, "no sample", OURS)),
        (pair_goal(pairs, "recursion, 100 deep", 80), (LIMIT, "no sample", OURS)),
        (growth_goals(pairs)[1], ("totals alone", "no sample", OURS)),
    ]


def limits_text(all_of):
    rows = [[each.measure, name, text_of(each.figures_of_all.get(name), each.digits or 1)]
            for each, names in limits(all_of) for name in names]
    return table(["measure", "variant", "figure"], [row for row in rows if row[2] != "–"])


def cell(results, name, what):
    if name in results.why_none:
        return results.why_none[name]
    ratio = results.ratio(name, what)
    if ratio is None:
        return "–"
    figure = results.figure(name, what)
    return f"{ratio:.2f}" + (f" ±{100 * figure.spread():.0f} %" if len(figure.values) > 1 else "")


def programs_text(all_of, what, unit):
    """One row for each program: plain's figure, and the ratio to it of each variant."""
    programs, names = all_of["programs"], [variant.name for variant in all_of["variants"][1:]]
    means = over_programs(programs, what)
    rows = [[name, unit(results.figure("plain", what)), *(cell(results, variant, what)
                                                          for variant in names)]
            for name, results in programs.items()]
    rows.append(["geometric mean", "", *(text_of(means.get(name)) for name in names)])
    return table(["program", "plain", *names], rows)


def counted_text(counted):
    return table(["program", "allocations", "per second of plain CPU", "call stacks", "live at the peak"],
                 [[name, f"{of['allocations']:,}", f"{of['per_s']:,.0f}", f"{of['callstacks']:,}",
                   text_of(of["peak_mib"], 1, " MiB")] for name, of in counted.items()])


def pairs_text(pairs):
    names = ["plain", LIMIT, SHALLOW, OURS, BEST_PEER]
    rows = []
    for label, results in pairs.items():
        figures = [results.figure(name, "ns") for name in names]
        rows.append([label, *(text_of(figure.median, 1) if figure else "–" for figure in figures),
                     text_of(added_ns(results, OURS), 1)])
    return table(["pair of malloc and free, ns of CPU", *names, "vmatlas adds"], rows)


def dumps_text(dumps):
    rows = [[form, row["what"], f"{row['ms']:.0f} ms", f"{row['cpu_ms']:.0f} ms",
             f"{row['gap_ms']:.2f} ms", row["waits"]] for form, of in dumps.items() for row in of]
    return table(["form", "", "took", "of CPU", "largest gap of another thread", "times it waited"], rows)


def variants_text(variants):
    return table(["variant", "what it is"], [[each.name, each.about] for each in variants])
