// A mapping, or many of them, told in full.

import { facts, h } from "./dom.js";
import { familyOfKind } from "./palette.js";
import { count, duration, grouped, shown, size } from "./say.js";
import { choose } from "./selection.js";
import { callStack, placeLink } from "./tellstack.js";

const known = (value) => (value === null ? "not known" : size(value));

function figuresOf(it) {
	return [
		["size", size(it.size)],
		["resident", known(it.rss)],
		it.live_blocks && [
			"live",
			`${size(it.live_bytes)} in ${count(it.live_blocks, "block")}, ` +
				`${known(it.live_resident)} in memory`,
		],
		it.retained && [
			"retained",
			`${size(it.retained)}: ${known(it.pinned)} pinned, ` +
				`${known(it.trimmable)} trimmable`,
		],
		it.swap && ["swapped", size(it.swap)],
		it.private_dirty && ["dirty", size(it.private_dirty)],
	].filter(Boolean);
}

const rangeOf = (it) => `${it.start.toString(16)}-${it.end.toString(16)}`;

export function regionFacts(moment, region) {
	if (!region) return [];
	const when = Number.isNaN(region.time) ? null : duration(region.time);
	return [
		[
			"mapped by",
			[
				region.call ?? "not seen",
				Number.isNaN(region.tid) ? "" : `, thread ${region.tid}`,
				when ? `, ${when} after the start` : "",
			],
		],
	];
}

function partLine(moment, part) {
	return h(
		"li",
		{},
		h("i", { class: `swatch f-${familyOfKind(part.kind)}` }),
		h("span", {}, `${part.kind} ${known(part.rss)} of ${size(part.end - part.start)}`),
		h("span", { class: "dim" }, ` ${shown(part.owner)}`),
	);
}

export function mappingFacts(mapping) {
	return [
		["mapping", h("code", {}, `${rangeOf(mapping)} ${mapping.perms}`)],
		[
			"kind",
			h(
				"button",
				{
					type: "button",
					class: "link",
					onclick: () => choose({ type: "kind", kind: mapping.kind }),
				},
				mapping.kind,
			),
		],
		["name", mapping.name || "–"],
		mapping.owner && ["owner", shown(mapping.owner)],
	];
}

export function mappingView({ mapping, moment }) {
	const region = mapping.parts.length === 1 ? mapping.parts[0].region : null;
	return [
		h("h3", {}, mapping.name || mapping.kind),
		facts(
			...mappingFacts(mapping),
			...figuresOf(mapping),
			...regionFacts(moment, region),
		),
		region?.frame > 0 && h("h4", {}, "Who asked for it"),
		region?.frame > 0 && callStack(moment, region.frame),
		mapping.parts.length > 1 &&
			h("h4", {}, `What it consists of: ${mapping.parts.length} parts`),
		mapping.parts.length > 1 &&
			h(
				"ul",
				{ class: "parts" },
				mapping.parts.slice(0, 40).map((part) => partLine(moment, part)),
				mapping.parts.length > 40 && h("li", { class: "dim" }, "…"),
			),
	];
}

// -- Rows and kinds ------------------------------------------------------------------------------

function sumOf(parts, key) {
	return parts.reduce((sum, part) => sum + (part[key] ?? 0), 0);
}

export function groupView(title, parts, moment) {
	const mappings = new Map();
	for (const part of parts) {
		const sum = mappings.get(part.mapping) ?? 0;
		mappings.set(part.mapping, sum + (part.rss ?? 0));
	}
	const most = [...mappings].sort((a, b) => b[1] - a[1]);
	return [
		h("h3", {}, title),
		facts(
			["mappings", grouped(most.length)],
			["size", size(sumOf(parts, "end") - sumOf(parts, "start"))],
			["resident", size(sumOf(parts, "rss"))],
			sumOf(parts, "live_blocks") && [
				"live",
				`${size(sumOf(parts, "live_bytes"))} in ` +
					count(sumOf(parts, "live_blocks"), "block"),
			],
			sumOf(parts, "retained") && ["retained", size(sumOf(parts, "retained"))],
		),
		h("h4", {}, "Largest in memory"),
		h(
			"ul",
			{},
			most
				.slice(0, 12)
				.map(([mapping, sum]) =>
					placeLink(moment, [mapping.index + 1, sum]),
				),
		),
	];
}
