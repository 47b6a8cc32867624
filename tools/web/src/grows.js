// What grows: over several snapshots a timeline, rows and call stacks; of one, when what is live
// was allocated.

import uPlot from "uplot";
import { choice, h, tone } from "./dom.js";
import { growsEachTime, rowsGrown, stacksGrown } from "./growth.js";
import { amount } from "./asked.js";
import { colour, familyOfRow } from "./palette.js";
import { count, duration, grouped, grown, percent, size } from "./say.js";
import { choose } from "./selection.js";

const SHOWN = 6;

// -- A picture over time --------------------------------------------------------------------------

const AXIS = () => ({ stroke: tone("dim"), grid: { stroke: tone("line"), width: 1 },
	ticks: { stroke: tone("line"), width: 1 }, font: "11px system-ui, sans-serif" });

function plot(holder, make) {
	let chart = null;
	const draw = () => {
		const width = holder.clientWidth;
		if (!width) return;
		chart?.destroy();
		chart = make(width);
	};
	let before = 0;
	new ResizeObserver(() => {
		if (holder.clientWidth !== before) draw();
		before = holder.clientWidth;
	}).observe(holder);
	window.addEventListener("themechange", draw);
	return holder;
}

// Steps that are round in KiB, MiB and so on.
const STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);

const axes = (x) => [{ ...AXIS(), values: (_, at) => at.map(x), space: 70 },
	{ ...AXIS(), values: (_, at) => at.map((value) => size(value)), size: 76, space: 34,
		incrs: STEPS }];

function line(label, family, dash, width = 2) {
	return { label, stroke: family === "text" ? tone("text") : colour(family), dash, width,
		points: { size: 6 }, value: (_, value) => value === null || value === undefined ? "–"
			: size(value) };
}

const rowBytes = (moment, row) =>
	moment.report.ledger.find((entry) => entry.row === row)?.bytes ?? null;

function timeline(moments) {
	const start = moments[0].report.process.time_ns;
	const at = moments.map((moment) => (moment.report.process.time_ns - start) / 1e9);
	const series = [["RSS", "text", [], (moment) => moment.rss],
		...["live", "retained", "mmapped"].map((row, i) => [
			row === "mmapped" ? "mapped" : row, familyOfRow(row), [[], [6, 3], [2, 3]][i],
			(moment) => rowBytes(moment, row)])]
		.filter(([, , , of]) => moments.some((moment) => of(moment)));
	const data = [at, ...series.map(([, , , of]) => moments.map(of))];
	const holder = h("div", { class: "plot", role: "img", "aria-label":
		`RSS over time: ${moments.map((moment) => size(moment.rss)).join(", ")}` });
	return plot(holder, (width) => new uPlot({
		width, height: 190, cursor: { y: false }, scales: { x: { time: false } },
		hooks: { ready: [(chart) => chart.setLegend({ idx: at.length - 1 })] },
		axes: axes((seconds) => `${duration(seconds * 1e9)}`),
		series: [{ label: "after", value: (_, value) => value === null ? "–" : `+${duration(value * 1e9)}` },
			...series.map(([label, family, dash]) => line(label, family, dash))],
	}, data, holder));
}

// -- Several snapshots ----------------------------------------------------------------------------

function rowEntry(now, row) {
	return h("li", {}, h("button", { type: "button", class: "entry", "data-row": row.row,
		"data-bytes": row.bytes, onclick: () => choose({ type: "row", row: row.row }) },
	h("span", { class: "number strong" }, grown(row.bytes)),
	h("span", { class: "name" }, h("i", { class: `swatch f-${familyOfRow(row.row)}` }),
		now.rowWords[row.row].replace(/:.*/, "")),
	h("span", { class: "dim note" }, `now ${size(row.is)}`)));
}

function stackEntry(moments, row, whole) {
	const sampled = row.moment.sampled;
	const each = growsEachTime(moments, row);
	return h("li", {}, h("button", { type: "button", class: "entry", "data-frame": row.frame,
		"data-bytes": row.bytes,
		onclick: () => choose({ type: "stack", frame: row.frame, owner: row.moment }) },
	h("span", { class: "fill", style: {
		width: `${Math.max(0, Math.min(100, row.bytes / (whole || 1) * 100))}%` } }),
	h("span", { class: "number strong" }, `${row.bytes > 0 ? "+" : ""}` +
		amount(row.bytes, row.error, sampled)),
	h("span", { class: "name" }, row.moment.ownerOf(row.frame)),
	h("span", { class: "dim note" }, `${row.blocks > 0 ? "+" : ""}${count(row.blocks, "block")}`,
		each && h("b", { class: "badge" }, "grows each time"), row.moment.behind(row.frame))));
}

// Mappings by address and kind: what came, what grew.
function mappingsGrown(then, now) {
	const before = new Map(then.mappings.map((mapping) => [mapping.start, mapping]));
	return now.mappings.map((mapping) => {
		const old = before.get(mapping.start);
		const same = old && old.kind === mapping.kind;
		return { mapping, bytes: (mapping.rss ?? 0) - (same ? old.rss ?? 0 : 0), isNew: !same };
	}).filter(({ bytes: more }) => more > 0).sort((a, b) => b.bytes - a.bytes);
}

function mappingEntry(row) {
	const { mapping } = row;
	return h("li", {}, h("button", { type: "button", class: "entry", "data-bytes": row.bytes,
		onclick: () => choose({ type: "mapping", mapping }) },
	h("span", { class: "number strong" }, grown(row.bytes)),
	h("span", { class: "name" }, `${mapping.name || mapping.kind} ${mapping.start.toString(16)}`),
	h("span", { class: "dim note" }, mapping.kind,
		row.isNew && h("b", { class: "badge" }, "new"))));
}

function several(moments) {
	const [then, now] = [moments[0], moments.at(-1)];
	const list = h("ol", { class: "entries" });
	const rest = h("p", { class: "dim" });
	const stacks = stacksGrown(then, now);
	const whole = now.totals.live_bytes - then.totals.live_bytes;
	const show = (what) => {
		const all = { stacks, rows: rowsGrown(then, now), mappings: mappingsGrown(then, now) }[what];
		list.replaceChildren(...all.slice(0, SHOWN).map((row) => ({
			stacks: () => stackEntry(moments, row, whole),
			rows: () => rowEntry(now, row),
			mappings: () => mappingEntry(row),
		})[what]()));
		rest.textContent = all.length > SHOWN ? `${grouped(all.length - SHOWN)} more` : "";
	};
	show("stacks");
	const elapsed = now.report.process.time_ns - then.report.process.time_ns;
	return [h("p", { class: "figure" }, h("strong", {}, grown(now.rss - then.rss)), " of RSS",
		h("span", { class: "dim" }, ` in ${duration(elapsed)}, over ` +
			`${count(moments.length, "snapshot")}; live ${grown(whole)}`)),
	timeline(moments),
	choice("What grew", [["stacks", "Call stacks", "Live bytes by call stack"],
		["rows", "Rows", "Rows of the ledger"],
		["mappings", "Mappings", "Resident bytes by mapping"]], "stacks", show),
	list, rest];
}

// -- One snapshot ---------------------------------------------------------------------------------

const BINS = 48;

// Live bytes by the time of their birth: what grows has live blocks of all ages.
function ages(moment) {
	const { blocks } = moment;
	const sums = new Array(BINS).fill(0);
	const whole = moment.head.running_ns || 1;
	let known = 0;
	for (let i = 0; i < blocks.rows; i++) {
		const bin = Math.min(BINS - 1, Math.max(0, Math.floor(blocks.time[i] / whole * BINS)));
		if (Number.isNaN(bin)) continue;
		sums[bin] += blocks.size[i];
		known += blocks.size[i];
	}
	return { sums, known };
}

function agesPlot(moment, sums) {
	const step = moment.head.running_ns / BINS;
	const holder = h("div", { class: "plot", role: "img",
		"aria-label": "Live bytes by when they were allocated" });
	return plot(holder, (width) => new uPlot({
		width, height: 190, cursor: { y: false }, scales: { x: { time: false } },
		legend: { show: true }, axes: axes((ns) => duration(ns)),
		series: [{ label: "born", value: (_, value) => value === null ? "–" : `at ${duration(value)}` },
			{ label: "still live", stroke: colour("live"), width: 1,
				fill: colour("live"), paths: uPlot.paths.bars({ size: [0.9, 40] }),
				points: { show: false },
				value: (_, value) => value === null ? "–" : size(value) }],
	}, [sums.map((_, i) => (i + 0.5) * step), sums], holder));
}

function single(moment) {
	const holder = h("div", {}, h("p", { class: "dim" }, "Reading blocks…"));
	moment.ground().then(() => {
		const { sums, known } = ages(moment);
		const last = sums.slice(-Math.ceil(BINS / 4)).reduce((a, b) => a + b, 0);
		holder.replaceChildren(agesPlot(moment, sums), h("p", {},
			known ? `${percent(last, known)} of the live bytes whose birth is known ` +
				"were allocated in the last quarter of the run." : "No birth is known."));
	});
	return [h("p", { class: "dim" }, "One snapshot tells what is there, not what grows. What grows " +
		"leaves live blocks of all ages: this is when the live bytes were allocated."), holder,
	h("p", { class: "dim" }, "Give several snapshots for growth: ",
		h("code", {}, "vmatlas report --html -o a.html 1.snapshot 2.snapshot"))];
}

export function growsSection(moments) {
	return h("section", { class: "card", id: "grows", "aria-labelledby": "grows-title" },
		h("h2", { id: "grows-title" }, "What grows?"),
		...(moments.length > 1 ? several(moments) : single(moments[0])));
}
