// A call stack, told in full.

import { facts, h } from "./dom.js";
import { amount, counted, base, count, percent, size } from "./say.js";
import { choose } from "./selection.js";

const FRAMES = 24;

function frameLine(level) {
	const where = level.file ? `${base(level.file)}${level.line ? `:${level.line}` : ""}` : "";
	return h(
		"li",
		{ title: `${level.label}${level.module ? `  (${level.module})` : ""}` },
		h(
			"span",
			{ class: "function" },
			level.label,
			level.inlined && h("i", {}, " inlined"),
		),
		h("span", { class: "dim" }, [where, base(level.module)].filter(Boolean).join("  ")),
	);
}

export function callStack(moment, frame) {
	const levels = moment.levels(frame);
	if (!levels.length) return h("p", { class: "dim" }, "call stack not known");
	const list = h("ol", { class: "frames" }, levels.slice(0, FRAMES).map(frameLine));
	if (levels.length > FRAMES)
		list.append(
			h(
				"li",
				{},
				h(
					"button",
					{
						type: "button",
						class: "link",
						onclick: () =>
							list.replaceChildren(
								...levels.map(frameLine),
							),
					},
					`${levels.length - FRAMES} more`,
				),
			),
		);
	return list;
}

export const stackLink = (moment, frame) =>
	h(
		"button",
		{
			type: "button",
			class: "link",
			onclick: () => choose({ type: "stack", frame, owner: moment }),
		},
		"this call stack",
	);

// Mappings in which its live blocks lie.
function whereStack(moment, frame) {
	const { samples } = moment.books;
	const sums = new Map();
	for (let i = 0; i < samples.rows; i++) {
		const mapping = samples.mapping[i];
		if (samples.frame[i] !== frame || !mapping || !samples.live_bytes[i]) continue;
		sums.set(mapping, (sums.get(mapping) ?? 0) + samples.live_bytes[i]);
	}
	return [...sums].sort((a, b) => b[1] - a[1]);
}

export function placeLink(moment, [number, sum]) {
	const mapping = moment.mappings[number - 1];
	return h(
		"li",
		{},
		h(
			"button",
			{
				type: "button",
				class: "link",
				onclick: () => choose({ type: "mapping", mapping }),
			},
			`${mapping.name || mapping.kind} ${mapping.start.toString(16)}`,
		),
		` ${size(sum)}`,
	);
}

function mappedBy(moment, frame) {
	const its = moment.report.regions.filter(
		(region) => region.callstack === frame && region.call,
	);
	if (!its.length) return null;
	const sum = (key) => its.reduce((total, region) => total + (region[key] ?? 0), 0);
	return [
		"mapped",
		`${size(sum("size"))} in ${count(its.length, "region")}, ` +
			`${size(sum("rss"))} in memory`,
	];
}

export function stackView({ frame, owner: moment, through }) {
	const held = moment.stack(frame);
	const counts = (key, noun) =>
		counted(held[key], held[`${key}_error`], noun, moment.sampled);
	const told = (key) => amount(held[key], held[`${key}_error`], moment.sampled);
	const places = held ? whereStack(moment, frame) : [];
	return [
		h("h3", {}, moment.ownerOf(frame)),
		through && h("p", { class: "dim" }, `the heaviest call stack through ${through}`),
		facts(
			held && [
				"live",
				`${told("live_bytes")} in ${counts("live_blocks", "block")}` +
					` (${percent(held.live_bytes, moment.totals.live_bytes)} of live)`,
			],
			held && ["resident", told("live_resident")],
			held && ["pins", told("pinned")],
			held && [
				"ever",
				`${told("allocated_bytes")} in ${counts("allocations", "allocation")}`,
			],
			mappedBy(moment, frame),
			["call stack", `number ${frame}`],
		),
		h("h4", {}, "Frames, innermost first"),
		callStack(moment, frame),
		places.length > 0 && h("h4", {}, "Its blocks lie in"),
		places.length > 0 &&
			h(
				"ul",
				{},
				places.slice(0, 8).map((place) => placeLink(moment, place)),
				places.length > 8 &&
					h(
						"li",
						{ class: "dim" },
						`${places.length - 8} more mappings`,
					),
			),
	];
}
