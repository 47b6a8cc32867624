// What grows: over several snapshots a timeline, and the call stacks, rows and mappings that grew.

import uPlot from "uplot";
import { single } from "./ages.js";
import { choice, h } from "./dom.js";
import { growsEachTime, rowsGrown, stacksGrown } from "./growth.js";
import { familyOfRow } from "./palette.js";
import { axes, line, plot } from "./plot.js";
import { amount, count, counted, duration, grouped, grown, size } from "./say.js";
import { choose } from "./selection.js";

const SHOWN = 6;

const rowBytes = (moment, row) =>
	moment.report.ledger.find((entry) => entry.row === row)?.bytes ?? null;

function timeline(moments) {
	const start = moments[0].report.process.time_ns;
	const at = moments.map((moment) => (moment.report.process.time_ns - start) / 1e9);
	const series = [
		["RSS", "text", [], (moment) => moment.rss],
		...["live", "retained", "mmapped"].map((row, i) => [
			row === "mmapped" ? "mapped" : row,
			familyOfRow(row),
			[[], [6, 3], [2, 3]][i],
			(moment) => rowBytes(moment, row),
		]),
	].filter(([, , , of]) => moments.some((moment) => of(moment)));
	const data = [at, ...series.map(([, , , of]) => moments.map(of))];
	const holder = h("div", {
		class: "plot",
		role: "img",
		"aria-label": `RSS over time: ${moments.map((moment) => size(moment.rss)).join(", ")}`,
	});
	return plot(
		holder,
		(width) =>
			new uPlot(
				{
					width,
					height: 190,
					cursor: { y: false },
					scales: { x: { time: false } },
					hooks: {
						ready: [
							(chart) =>
								chart.setLegend({
									idx: at.length - 1,
								}),
						],
					},
					axes: axes((seconds) => `${duration(seconds * 1e9)}`),
					series: [
						{
							label: "after",
							value: (_, value) =>
								value === null
									? "–"
									: `+${duration(value * 1e9)}`,
						},
						...series.map(([label, family, dash]) =>
							line(label, family, dash),
						),
					],
				},
				data,
				holder,
			),
	);
}
// -- Several snapshots ----------------------------------------------------------------------------

function rowEntry(now, row) {
	return h(
		"li",
		{},
		h(
			"button",
			{
				type: "button",
				class: "entry",
				"data-row": row.row,
				"data-bytes": row.bytes,
				onclick: () => choose({ type: "row", row: row.row }),
			},
			h("span", { class: "number strong" }, grown(row.bytes)),
			h(
				"span",
				{ class: "name" },
				h("i", { class: `swatch f-${familyOfRow(row.row)}` }),
				now.rowWords[row.row].replace(/:.*/, ""),
			),
			h("span", { class: "dim note" }, `now ${size(row.is)}`),
		),
	);
}

function stackEntry(moments, row, whole) {
	const sampled = row.moment.sampled;
	const each = growsEachTime(moments, row);
	return h(
		"li",
		{},
		h(
			"button",
			{
				type: "button",
				class: "entry",
				"data-frame": row.frame,
				"data-bytes": row.bytes,
				onclick: () =>
					choose({
						type: "stack",
						frame: row.frame,
						owner: row.moment,
					}),
			},
			h("span", {
				class: "fill",
				style: {
					width: `${Math.max(0, Math.min(100, (row.bytes / (whole || 1)) * 100))}%`,
				},
			}),
			h(
				"span",
				{ class: "number strong" },
				`${row.bytes > 0 ? "+" : ""}` +
					amount(row.bytes, row.error, sampled),
			),
			h("span", { class: "name" }, row.moment.ownerOf(row.frame)),
			h(
				"span",
				{ class: "dim note" },
				(row.blocks > 0 ? "+" : "") +
					counted(
						row.blocks,
						Math.round(row.blocks_error),
						"block",
						sampled,
					),
				each && h("b", { class: "badge" }, "grows each time"),
				row.moment.behind(row.frame),
			),
		),
	);
}

// Mappings by address and kind: what came, what grew.
function mappingsGrown(then, now) {
	const before = new Map(then.mappings.map((mapping) => [mapping.start, mapping]));
	return now.mappings
		.map((mapping) => {
			const old = before.get(mapping.start);
			const same = old && old.kind === mapping.kind;
			return {
				mapping,
				bytes: (mapping.rss ?? 0) - (same ? (old.rss ?? 0) : 0),
				isNew: !same,
			};
		})
		.filter(({ bytes: more }) => more > 0)
		.sort((a, b) => b.bytes - a.bytes);
}

function mappingEntry(row) {
	const { mapping } = row;
	return h(
		"li",
		{},
		h(
			"button",
			{
				type: "button",
				class: "entry",
				"data-bytes": row.bytes,
				onclick: () => choose({ type: "mapping", mapping }),
			},
			h("span", { class: "number strong" }, grown(row.bytes)),
			h(
				"span",
				{ class: "name" },
				`${mapping.name || mapping.kind} ${mapping.start.toString(16)}`,
			),
			h(
				"span",
				{ class: "dim note" },
				mapping.kind,
				row.isNew && h("b", { class: "badge" }, "new"),
			),
		),
	);
}

function several(moments) {
	const [then, now] = [moments[0], moments.at(-1)];
	const list = h("ol", { class: "entries" });
	const rest = h("p", { class: "dim" });
	const stacks = stacksGrown(then, now);
	const whole = now.totals.live_bytes - then.totals.live_bytes;
	const show = (what) => {
		const all = {
			stacks,
			rows: rowsGrown(then, now),
			mappings: mappingsGrown(then, now),
		}[what];
		list.replaceChildren(
			...all.slice(0, SHOWN).map((row) =>
				({
					stacks: () => stackEntry(moments, row, whole),
					rows: () => rowEntry(now, row),
					mappings: () => mappingEntry(row),
				})[what](),
			),
		);
		rest.textContent = all.length > SHOWN ? `${grouped(all.length - SHOWN)} more` : "";
	};
	show("stacks");
	const elapsed = now.report.process.time_ns - then.report.process.time_ns;
	return [
		h(
			"p",
			{ class: "figure" },
			h("strong", {}, grown(now.rss - then.rss)),
			" of RSS",
			h(
				"span",
				{ class: "dim" },
				` in ${duration(elapsed)}, over ` +
					`${count(moments.length, "snapshot")}; live ${grown(whole)}`,
			),
		),
		timeline(moments),
		choice(
			"What grew",
			[
				["stacks", "Call stacks", "Live bytes by call stack"],
				["rows", "Rows", "Rows of the ledger"],
				["mappings", "Mappings", "Resident bytes by mapping"],
			],
			"stacks",
			show,
		),
		list,
		rest,
	];
}
export function growsSection(moments) {
	return h(
		"section",
		{ class: "card", id: "grows", "aria-labelledby": "grows-title" },
		h("h2", { id: "grows-title" }, "What grows?"),
		...(moments.length > 1 ? several(moments) : single(moments[0])),
	);
}
