// The flame graph: call stacks from main up, as wide as what they hold of what is selected.

import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import { choice, h, tone } from "./dom.js";
import { stacksGrown } from "./growth.js";
import { BLOCKS } from "./moment.js";
import { base, percent, shown, size } from "./say.js";
import { choose, holdsSample, isPlace, onSelect, selection, selectionWords } from "./selection.js";

const ROW = 19, DEEP = 34;
// Narrower frames are not seen, and not made.
const LEAST = 1 / 4000;

const VALUES = [
	["live_bytes", "Live", "Bytes of live blocks"],
	["resident", "Resident", "Bytes in memory, those of no block too"],
	["pinned", "Pinned", "Retained bytes that live blocks keep from being given back"],
	["allocated_bytes", "Allocated", "All that was allocated since the start"],
	["growth", "Growth", "Live bytes that came since the first snapshot"],
];

// -- What each call stack weighs --------------------------------------------------------------

// These are known by call stack alone: of a place, call stacks that have blocks there count whole.
const isByStackAlone = (value) => ["pinned", "allocated_bytes", "growth"].includes(value);

function* samplesOf(moment) {
	const { samples } = moment.books;
	for (let i = 0; i < samples.rows; i++) yield {
		index: i, frame: samples.frame[i], what: samples.what[i],
		row: moment.rowNames[samples.row[i]],
		part: samples.part[i] ? moment.parts[samples.part[i] - 1] : null,
	};
}

function stacksHere(moment) {
	const here = new Set();
	for (const sample of samplesOf(moment))
		if (sample.what === BLOCKS && moment.books.samples.live_blocks[sample.index] &&
			holdsSample(sample)) here.add(sample.frame);
	return here;
}

function byStackAlone(moment, value, then) {
	const here = isPlace() ? stacksHere(moment) : null;
	const { stacks } = moment.books;
	const weights = new Map();
	const put = (frame, bytes) => {
		if (bytes > 0 && (!here || here.has(frame))) weights.set(frame, bytes);
	};
	if (value === "growth")
		for (const row of stacksGrown(then, moment)) if (row.moment === moment) put(row.frame, row.bytes);
	if (value !== "growth")
		for (let i = 0; i < stacks.rows; i++) put(stacks.id[i], stacks[value][i]);
	return { weights, others: new Map() };
}

// {weights: {frame: bytes}, others: {"row": {name: bytes}}}
function byPlace(moment, value) {
	const weights = new Map(), others = new Map();
	const figures = moment.books.samples[value];
	for (const sample of samplesOf(moment)) {
		const bytes = figures[sample.index];
		if (!bytes || !holdsSample(sample)) continue;
		if (sample.frame || sample.what === BLOCKS) {
			weights.set(sample.frame, (weights.get(sample.frame) ?? 0) + bytes);
			continue;
		}
		const names = others.get(sample.row) ?? new Map();
		const name = nameOf(moment, sample);
		names.set(name, (names.get(name) ?? 0) + bytes);
		others.set(sample.row, names);
	}
	return { weights, others };
}

function nameOf(moment, { part, what }) {
	if (what !== 4) return ["", "pinned", "trimmable", "kept"][what];
	return part ? base(part.mapping.path) || shown(part.owner) || part.kind : "several parts";
}

// -- The tree ---------------------------------------------------------------------------------

// Children of each frame, and what each and its callees weigh.
function trie(moment, weights) {
	const sums = new Float64Array(moment.parentOf.length);
	const self = new Float64Array(moment.parentOf.length);
	let unknown = 0;
	for (const [frame, bytes] of weights) {
		let any = false;
		for (const index of moment.frames(frame)) {
			if (!any) self[index] += bytes;
			any = true;
			sums[index] += bytes;
		}
		if (!any) unknown += bytes;
	}
	const children = new Map(), roots = [];
	for (let i = 0; i < sums.length; i++) {
		if (!sums[i]) continue;
		const parent = moment.parentOf[i];
		if (parent < 0) roots.push(i);
		else if (children.has(parent)) children.get(parent).push(i);
		else children.set(parent, [i]);
	}
	return { sums, self, children, roots, unknown };
}

// Frames of one function are one, whichever of its instructions called.
function grow(moment, tree, indexes, least) {
	const groups = new Map();
	for (const index of indexes) {
		const levels = moment.levelsOf(index).reverse();
		const key = levels.map((level) => `${level.module} ${level.label}`).join("\n");
		const group = groups.get(key) ?? { levels, indexes: [], value: 0 };
		group.indexes.push(index);
		group.value += tree.sums[index];
		groups.set(key, group);
	}
	return [...groups.values()].filter((group) => group.value >= least)
		.sort((a, b) => b.value - a.value).map((group) => nest(moment, tree, group, least));
}

function nest(moment, tree, group, least) {
	const callees = group.indexes.flatMap((index) => tree.children.get(index) ?? []);
	const ends = group.indexes.filter((index) => tree.self[index]);
	let node = null;
	for (const level of [...group.levels].reverse())
		node = { name: level.label, module: base(level.module), value: group.value,
			inlined: level.inlined, frames: node ? [] : ends.map(
				(index) => moment.books.frames.id[index]),
			children: node ? [node] : grow(moment, tree, callees, least) };
	return node;
}

function otherNodes(moment, others) {
	return [...others].map(([row, names]) => {
		const children = [...names].map(([name, value]) => ({ name, value, other: true, children: [] }))
			.sort((a, b) => b.value - a.value);
		return { name: `[${moment.rowWords[row].replace(/[:,(].*/, "").trim()}]`, other: true,
			value: children.reduce((sum, child) => sum + child.value, 0), children };
	});
}

export function treeOf(moment, value, then) {
	const { weights, others } = isByStackAlone(value) ? byStackAlone(moment, value, then)
		: byPlace(moment, value);
	let whole = 0;
	for (const bytes of weights.values()) whole += bytes;
	const rest = otherNodes(moment, others);
	for (const node of rest) whole += node.value;
	const tree = trie(moment, weights);
	const children = [...grow(moment, tree, tree.roots, whole * LEAST), ...rest];
	if (tree.unknown) children.push({ name: "[call stack not known]", value: tree.unknown,
		other: true, children: [] });
	return { name: "all", value: whole, children: children.sort((a, b) => b.value - a.value) };
}

// -- The graph --------------------------------------------------------------------------------

const HUES = 5;

// The same module has the same colour; memory of no call stack is grey.
function hue(text) {
	let sum = 0;
	for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
	return sum % HUES;
}

function colourOf({ data, highlight }) {
	if (highlight) return tone("found");
	if (data.other || data.name === "all") return tone("flame-other");
	return tone(`flame-${hue(data.module)}`);
}

export class Flame {
	constructor(moment, then) {
		this.moment = moment;
		this.then = then;
		this.value = "live_bytes";
		this.holder = h("div", { class: "flame", id: "flame", tabindex: "0", role: "application",
			"aria-label": "Flame graph. Arrows go to callers, callees and neighbours, Enter zooms." });
		this.told = h("p", { class: "told", "aria-live": "polite" });
		this.note = h("p", { class: "dim", id: "flame-note" });
		this.holder.addEventListener("keydown", (event) => this.key(event));
		onSelect(() => selection.type !== "stack" && this.update());
		window.addEventListener("themechange", () => this.draw());
		let before = 0;
		new ResizeObserver(() => {
			if (this.holder.clientWidth && this.holder.clientWidth !== before) this.draw();
			before = this.holder.clientWidth;
		}).observe(this.holder);
	}

	update() {
		this.tree = treeOf(this.moment, this.value, this.then);
		this.draw();
	}

	say(node) {
		const { data, value } = node;
		this.told.textContent = `${data.name}${data.module ? ` (${data.module})` : ""}: ` +
			`${size(value)}, ${percent(value, this.tree.value)}`;
	}

	draw() {
		this.tree ??= treeOf(this.moment, this.value, this.then);
		this.holder.replaceChildren();
		this.holder.dataset.total = this.tree.value;
		this.note.textContent = this.words();
		select(this.holder).datum(null);
		if (!this.tree.value || !this.holder.clientWidth) return;
		const depth = Math.min(DEEP,
			depthOf(this.tree, this.tree.value / this.holder.clientWidth * 2));
		this.chart = flamegraph().width(this.holder.clientWidth).cellHeight(ROW)
			.minFrameSize(1).transitionDuration(0).inverted(true).tooltip(false)
			.height(Math.max(4, depth) * ROW).selfValue(false)
			.getName((node) => node.data.name)
			.setColorMapper(colourOf).setLabelHandler((node) => `${node.data.name} ` +
				`${size(node.value)}`)
			.onHover((node) => this.say(node)).onClick((node) => this.chosen(node));
		select(this.holder).datum(structuredClone(this.tree)).call(this.chart);
		this.focus = null;
	}

	words() {
		const { moment, value } = this;
		const what = VALUES.find(([key]) => key === value)[2].toLowerCase();
		const where = isPlace() && isByStackAlone(value)
			? `of call stacks with blocks in ${selectionWords()}, wherever else they have some`
			: isPlace() ? `in ${selectionWords()}` : "in the whole process";
		const sampled = moment.sampled ? "; estimates, since call stacks are sampled" : "";
		return this.tree.value ? `${size(this.tree.value)}: ${what}, ${where}${sampled}`
			: `None: ${what}, ${where}.`;
	}

	chosen(node) {
		this.say(node);
		const frames = node.data.frames ?? [];
		if (frames.length === 1 && !node.children?.length)
			choose({ type: "stack", frame: frames[0], owner: this.moment });
	}

	// -- By keys ------------------------------------------------------------------------------

	key(event) {
		const root = select(this.holder).datum();
		if (!root?.descendants) return;
		const node = this.focus ?? root;
		const beside = (step) => {
			const row = node.parent?.children ?? [];
			return row[row.indexOf(node) + step];
		};
		const next = { ArrowDown: () => node.children?.[0], ArrowUp: () => node.parent,
			ArrowRight: () => beside(1), ArrowLeft: () => beside(-1) }[event.key];
		if (next) {
			event.preventDefault();
			this.mark(next() ?? node);
		} else if (event.key === "Enter") {
			event.preventDefault();
			this.chart.zoomTo(node);
			this.chosen(node);
			this.mark(node);
		} else if (event.key === "Home") {
			event.preventDefault();
			this.draw();
		}
	}

	mark(node) {
		this.focus = node;
		select(this.holder).selectAll("g.frame").classed("focused", (other) => other === node);
		this.say(node);
	}

	search(text) {
		if (!this.chart) return;
		if (text) this.chart.search(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
		else this.chart.clear();
	}
}

// Of what is wide enough to be seen.
function depthOf(node, least) {
	let deep = 0;
	for (const child of node.children)
		if (child.value > least) deep = Math.max(deep, depthOf(child, least));
	return deep + 1;
}

export function flameSection(moment, moments) {
	const then = moments.length > 1 ? moments[0] : null;
	const flame = new Flame(moment, then);
	const values = VALUES.filter(([key]) => key !== "growth" || then);
	return h("section", { class: "card", id: "stacks", "aria-labelledby": "stacks-title" },
		h("header", {}, h("h2", { id: "stacks-title" }, "Call stacks, from main down"),
			choice("What is shown", values, "live_bytes", (key) => {
				flame.value = key;
				flame.update();
			}),
			h("input", { type: "search", placeholder: "find a function", "aria-label":
				"Find a function", oninput: (event) => flame.search(event.target.value) }),
			h("button", { type: "button", onclick: () => flame.draw() }, "Reset zoom")),
		flame.note, flame.told, flame.holder);
}
