// What the flame graph shows: call stacks and what each weighs of what is selected, as a tree.

import { stacksGrown } from "./growth.js";
import { BLOCKS } from "./moment.js";
import { base, shown } from "./say.js";
import { holdsSample, isPlace } from "./selection.js";

// Narrower frames are not seen, and not made.
const LEAST = 1 / 4000;

// -- What each call stack weighs --------------------------------------------------------------

// These are known by call stack alone: of a place, call stacks that have blocks there count whole.
export const isByStackAlone = (value) => ["pinned", "allocated_bytes", "growth"].includes(value);

function* samplesOf(moment) {
	const { samples } = moment.books;
	for (let i = 0; i < samples.rows; i++)
		yield {
			index: i,
			frame: samples.frame[i],
			what: samples.what[i],
			row: moment.rowNames[samples.row[i]],
			part: samples.part[i] ? moment.parts[samples.part[i] - 1] : null,
		};
}

function stacksHere(moment) {
	const here = new Set();
	for (const sample of samplesOf(moment))
		if (
			sample.what === BLOCKS &&
			moment.books.samples.live_blocks[sample.index] &&
			holdsSample(sample)
		)
			here.add(sample.frame);
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
		for (const row of stacksGrown(then, moment))
			if (row.moment === moment) put(row.frame, row.bytes);
	if (value !== "growth")
		for (let i = 0; i < stacks.rows; i++) put(stacks.id[i], stacks[value][i]);
	return { weights, others: new Map() };
}

// {weights: {frame: bytes}, others: {"row": {name: bytes}}}
function byPlace(moment, value) {
	const weights = new Map(),
		others = new Map();
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
	const children = new Map(),
		roots = [];
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
	return [...groups.values()]
		.filter((group) => group.value >= least)
		.sort((a, b) => b.value - a.value)
		.map((group) => nest(moment, tree, group, least));
}

function nest(moment, tree, group, least) {
	const callees = group.indexes.flatMap((index) => tree.children.get(index) ?? []);
	const ends = group.indexes.filter((index) => tree.self[index]);
	let node = null;
	for (const level of [...group.levels].reverse())
		node = {
			name: level.label,
			module: base(level.module),
			value: group.value,
			inlined: level.inlined,
			frames: node ? [] : ends.map((index) => moment.books.frames.id[index]),
			children: node ? [node] : grow(moment, tree, callees, least),
		};
	return node;
}

function otherNodes(moment, others) {
	return [...others].map(([row, names]) => {
		const children = [...names]
			.map(([name, value]) => ({ name, value, other: true, children: [] }))
			.sort((a, b) => b.value - a.value);
		return {
			name: `[${moment.rowWords[row].replace(/[:,(].*/, "").trim()}]`,
			other: true,
			value: children.reduce((sum, child) => sum + child.value, 0),
			children,
		};
	});
}

export function treeOf(moment, value, then) {
	const { weights, others } = isByStackAlone(value)
		? byStackAlone(moment, value, then)
		: byPlace(moment, value);
	let whole = 0;
	for (const bytes of weights.values()) whole += bytes;
	const rest = otherNodes(moment, others);
	for (const node of rest) whole += node.value;
	const tree = trie(moment, weights);
	const children = [...grow(moment, tree, tree.roots, whole * LEAST), ...rest];
	if (tree.unknown)
		children.push({
			name: "[call stack not known]",
			value: tree.unknown,
			other: true,
			children: [],
		});
	return { name: "all", value: whole, children: children.sort((a, b) => b.value - a.value) };
}
