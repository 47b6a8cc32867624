// The flame graph: call stacks from main up, as wide as what they hold of what is selected.

import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import { choice, h, tone } from "./dom.js";
import { isByStackAlone, treeOf } from "./flametree.js";
import { percent, size } from "./say.js";
import { choose, isPlace, onSelect, selectionWords } from "./selection.js";

const ROW = 19,
	DEEP = 34;

const VALUES = [
	["live_bytes", "Live", "Bytes of live blocks"],
	["resident", "Resident", "Bytes in memory, those of no block too"],
	["pinned", "Pinned", "Retained bytes that live blocks keep from being given back"],
	["allocated_bytes", "Allocated", "All that was allocated since the start"],
	["growth", "Growth", "Live bytes that came since the first snapshot"],
];

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

class Flame {
	constructor(moment, then) {
		this.moment = moment;
		this.then = then;
		this.value = "live_bytes";
		this.holder = h("div", {
			class: "flame",
			id: "flame",
			tabindex: "0",
			role: "application",
			"aria-label":
				"Flame graph. Arrows go to callers, callees and neighbours, Enter zooms.",
		});
		this.told = h("p", { class: "told", "aria-live": "polite" });
		this.note = h("p", { class: "dim", id: "flame-note" });
		this.holder.addEventListener("keydown", (event) => this.key(event));
		onSelect((_, moved) => moved && this.update());
		window.addEventListener("themechange", () => this.draw());
		let before = 0;
		new ResizeObserver(() => {
			if (this.holder.clientWidth && this.holder.clientWidth !== before)
				this.draw();
			before = this.holder.clientWidth;
		}).observe(this.holder);
	}

	update() {
		this.tree = treeOf(this.moment, this.value, this.then);
		this.draw();
	}

	say(node) {
		const { data, value } = node;
		this.told.textContent =
			`${data.name}${data.module ? ` (${data.module})` : ""}: ` +
			`${size(value)}, ${percent(value, this.tree.value)}`;
	}

	draw() {
		this.tree ??= treeOf(this.moment, this.value, this.then);
		this.holder.replaceChildren();
		this.holder.dataset.total = this.tree.value;
		this.note.textContent = this.words();
		select(this.holder).datum(null);
		if (!this.tree.value || !this.holder.clientWidth) return;
		const depth = Math.min(
			DEEP,
			depthOf(this.tree, (this.tree.value / this.holder.clientWidth) * 2),
		);
		this.chart = flamegraph()
			.width(this.holder.clientWidth)
			.cellHeight(ROW)
			.minFrameSize(1)
			.transitionDuration(0)
			.inverted(true)
			.tooltip(false)
			.height(Math.max(4, depth) * ROW)
			.selfValue(false)
			.getName((node) => node.data.name)
			.setColorMapper(colourOf)
			.setLabelHandler((node) => `${node.data.name} ` + `${size(node.value)}`)
			.onHover((node) => this.say(node))
			.onClick((node) => this.chosen(node));
		select(this.holder).datum(structuredClone(this.tree)).call(this.chart);
		this.focus = null;
	}

	words() {
		const { moment, value } = this;
		const what = VALUES.find(([key]) => key === value)[2].toLowerCase();
		const where =
			isPlace() && isByStackAlone(value)
				? `of call stacks with blocks in ${selectionWords()}, wherever else they have some`
				: isPlace()
					? `in ${selectionWords()}`
					: "in the whole process";
		const sampled = moment.sampled ? "; estimates, since call stacks are sampled" : "";
		return this.tree.value
			? `${size(this.tree.value)}: ${what}, ${where}${sampled}`
			: `None: ${what}, ${where}.`;
	}

	chosen(node) {
		this.say(node);
		const frame = heaviest(node.data);
		if (frame)
			choose({
				type: "stack",
				frame,
				owner: this.moment,
				through: node.children?.length ? node.data.name : null,
			});
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
		const next = {
			ArrowDown: () => node.children?.[0],
			ArrowUp: () => node.parent,
			ArrowRight: () => beside(1),
			ArrowLeft: () => beside(-1),
		}[event.key];
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
		select(this.holder)
			.selectAll("g.frame")
			.classed("focused", (other) => other === node);
		this.say(node);
	}

	search(text) {
		if (!this.chart) return;
		if (text) this.chart.search(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
		else this.chart.clear();
	}
}

// The call stack that goes where most of it goes; undefined where there is none.
function heaviest(node) {
	const [callee] = node.children.toSorted((a, b) => b.value - a.value);
	return (callee && callee.value > node.value / 2) || !node.frames?.length
		? callee && heaviest(callee)
		: node.frames[0];
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
	return h(
		"section",
		{ class: "card", id: "stacks", "aria-labelledby": "stacks-title" },
		h(
			"header",
			{},
			h("h2", { id: "stacks-title" }, "Call stacks, from main down"),
			choice("What is shown", values, "live_bytes", (key) => {
				flame.value = key;
				flame.update();
			}),
			h("input", {
				type: "search",
				placeholder: "find a function",
				"aria-label": "Find a function",
				oninput: (event) => flame.search(event.target.value),
			}),
			h("button", { type: "button", onclick: () => flame.draw() }, "Reset zoom"),
		),
		flame.note,
		flame.told,
		flame.holder,
	);
}
