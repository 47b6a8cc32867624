// The pages of one mapping as a field, row by row: each cell one page, or as many as must share one.
// With few pages each is a line, with its blocks drawn to scale.

import { canvas, h, tone } from "./dom.js";
import { colour, familyOfKind, pattern } from "./palette.js";
import { count, grouped, percent, size } from "./say.js";
import { chooseAddress, onSelect, selection } from "./selection.js";
import { PRESENT, sumCells } from "./pagesums.js";

const CELL = 9,
	HIGH = 26,
	LINES = 16,
	LINE = 16,
	LEFT = 104,
	PAGES_MOST = 1 << 22;

// -- The field ------------------------------------------------------------------------------------

const WORDS = {
	live: "live",
	pinned: "retained, pinned by a live block",
	free: "retained, no live block",
	other: "in memory",
	swapped: "swapped out",
	absentLive: "live, never touched",
	absent: "not in memory",
};

export class Field {
	constructor(moment) {
		this.moment = moment;
		this.page = moment.report.process.page_size;
		this.cursor = 0;
		const { element, redraw } = canvas(
			{
				id: "pages",
				role: "application",
				"aria-label":
					"Pages of the mapping. Arrows move, Enter tells what is there, plus and " +
					"minus zoom.",
			},
			() => this.height(),
			(...how) => this.draw(...how),
		);
		this.element = element;
		this.redraw = redraw;
		this.listen();
		onSelect((from) => this.follow(from));
	}

	height() {
		if (this.lines) return this.pages * LINE + 1;
		return Math.ceil(this.pages / this.unit / this.columns) * CELL + 1;
	}

	get pages() {
		return this.range ? Math.ceil((this.range.end - this.range.start) / this.page) : 0;
	}

	get lines() {
		return this.pages > 0 && this.pages <= LINES;
	}

	get columns() {
		return Math.max(1, Math.floor(this.element.clientWidth / CELL));
	}

	// A power of two, so that a cell begins where pages of its size do.
	get unit() {
		return 2 ** Math.max(0, Math.ceil(Math.log2(this.pages / (this.columns * HIGH))));
	}

	follow(from) {
		const { mapping, address } = selection.place;
		if (!mapping) return;
		if (
			!this.range ||
			this.range.mapping !== mapping ||
			(address !== undefined &&
				(address < this.range.start || address >= this.range.end))
		)
			this.show(mapping, mapping.start, mapping.end);
		if (address !== undefined && from !== this) this.cursor = address;
		this.redraw();
	}

	show(mapping, start, end) {
		const from = Math.max(mapping.start, Math.floor(start / this.page) * this.page);
		const to = Math.min(mapping.end, Math.ceil(end / this.page) * this.page);
		const most = from + PAGES_MOST * this.page;
		this.range = { mapping, start: from, end: Math.min(to, most) };
		if (this.cursor < from || this.cursor >= to) this.cursor = from;
		this.cells = null;
		this.redraw();
		this.onMove?.(this.range);
	}

	zoom(factor, address = this.cursor) {
		const { mapping, start, end } = this.range;
		const wide = Math.max(this.page * 4, (end - start) / factor);
		const share = (address - start) / (end - start);
		let from = address - wide * Math.min(1, Math.max(0, share));
		from = Math.max(mapping.start, Math.min(from, mapping.end - wide));
		this.show(mapping, from, from + wide);
	}

	// -- Places -------------------------------------------------------------------------------

	addressAt(x, y) {
		const { start, end } = this.range;
		let address;
		if (this.lines) {
			const share = Math.min(
				1,
				Math.max(0, (x - LEFT) / (this.element.clientWidth - LEFT)),
			);
			address =
				start +
				Math.floor(y / LINE) * this.page +
				Math.min(this.page - 1, Math.floor(share * this.page));
		} else {
			const column = Math.min(this.columns - 1, Math.floor(x / CELL));
			address =
				start +
				(Math.floor(y / CELL) * this.columns + column) *
					this.unit *
					this.page;
		}
		return address < end ? address : null;
	}

	get step() {
		return this.lines ? this.page / 64 : this.unit * this.page;
	}

	get rowStep() {
		return this.lines ? this.page : this.columns * this.unit * this.page;
	}

	move(by) {
		const { start, end } = this.range;
		this.cursor = Math.min(end - 1, Math.max(start, this.cursor + by));
		this.redraw();
		this.say(this.cursor);
	}

	key(event) {
		if (!this.range) return;
		const act = {
			ArrowLeft: () => this.move(-this.step),
			ArrowRight: () => this.move(this.step),
			ArrowUp: () => this.move(-this.rowStep),
			ArrowDown: () => this.move(this.rowStep),
			"+": () => this.zoom(4),
			"=": () => this.zoom(4),
			"-": () => this.zoom(0.25),
			Home: () => this.whole(),
			Enter: () => this.choose(this.cursor),
		}[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	}

	whole() {
		const { mapping } = this.range;
		this.show(mapping, mapping.start, mapping.end);
	}

	choose(address) {
		this.cursor = address;
		chooseAddress(this.moment, address, this);
	}

	listen() {
		const { element } = this;
		const at = (event) =>
			this.range ? this.addressAt(event.offsetX, event.offsetY) : null;
		element.addEventListener("keydown", (event) => this.key(event));
		element.addEventListener("click", (event) => {
			if (at(event) !== null) this.choose(at(event));
		});
		element.addEventListener("dblclick", (event) => {
			if (at(event) !== null) this.zoom(16, at(event));
		});
		element.addEventListener(
			"wheel",
			(event) => {
				if (!event.ctrlKey && !event.altKey) return;
				event.preventDefault();
				if (at(event) !== null)
					this.zoom(event.deltaY < 0 ? 2 : 0.5, at(event));
			},
			{ passive: false },
		);
		element.addEventListener("pointermove", (event) => {
			if (at(event) !== null) this.say(at(event));
		});
	}

	cellAt(address) {
		const index = Math.floor((address - this.range.start) / (this.unit * this.page));
		return this.cells?.[index];
	}

	say(address) {
		const cell = this.cellAt(address);
		if (!cell) return;
		const whole = cell.pages * this.page;
		const words = Object.entries(WORDS)
			.filter(([key]) => cell[key])
			.map(([key, what]) => `${size(cell[key])} ${what}`);
		this.onSay?.(`${address.toString(16)}  ${size(whole)}: ${words.join(", ")}`);
	}

	// -- Drawing ------------------------------------------------------------------------------

	draw(context, width, height) {
		context.clearRect(0, 0, width, height);
		if (!this.range || !this.moment.blocks) return;
		this.cells ??= sumCells(this.moment, this.range, this.unit);
		if (this.cellsOf !== this.columns * this.unit)
			this.cells = sumCells(this.moment, this.range, this.unit);
		this.cellsOf = this.columns * this.unit;
		if (this.lines) this.drawLines(context, width);
		else this.drawCells(context);
		this.drawCursor(context, width);
	}

	familyAt(address) {
		return familyOfKind(this.moment.partAt(address)?.kind ?? "other");
	}

	drawCells(context) {
		const { columns, unit, page } = this;
		const whole = unit * page;
		this.cells.forEach((cell, index) => {
			const x = (index % columns) * CELL,
				y = Math.floor(index / columns) * CELL;
			const address = this.range.start + index * whole;
			this.drawCell(context, cell, x, y, cell.pages * page, address);
		});
	}

	// From below, as in the strip.
	drawCell(context, cell, x, y, whole, address) {
		const side = CELL - 1;
		context.fillStyle = tone("mapped");
		context.fillRect(x, y, side, side);
		let floor = y + side;
		const layer = (sum, fill) => {
			const tall = (sum / whole) * side;
			if (!tall) return;
			context.fillStyle = fill;
			context.fillRect(x, floor - tall, side, tall);
			floor -= tall;
		};
		layer(cell.live, colour("live"));
		layer(cell.pinned, colour("retained"));
		layer(cell.free, colour("free"));
		if (cell.other) layer(cell.other, colour(this.familyAt(address)));
		layer(cell.swapped, colour("swapped"));
		if (cell.absentLive && !cell.live) {
			context.fillStyle = colour("live");
			context.fillRect(x + side / 2 - 1, y + side / 2 - 1, 2, 2);
		}
	}

	drawLines(context, width) {
		context.font = "11px ui-monospace, monospace";
		for (let i = 0; i < this.pages; i++) {
			const address = this.range.start + i * this.page;
			const y = i * LINE;
			context.fillStyle = tone("dim");
			context.fillText(address.toString(16), 0, y + 12);
			this.drawPage(context, this.cellAt(address), address, y, width - LEFT);
		}
	}

	drawPage(context, cell, address, y, width) {
		const state = this.moment.pageState(address);
		const malloc = this.moment.partAt(address)?.row === "retained";
		const back = !(state & PRESENT)
			? tone("mapped")
			: malloc
				? pattern(context, cell.live ? "retained" : "free")
				: pattern(context, this.familyAt(address));
		context.fillStyle = back;
		context.fillRect(LEFT, y + 1, width, LINE - 2);
		this.drawBlocks(context, address, y, width, state & PRESENT);
	}

	drawBlocks(context, address, y, width, present) {
		const { blocks } = this.moment;
		const end = address + this.page;
		for (let i = Math.max(0, this.moment.blockUpTo(address)); i < blocks.rows; i++) {
			if (blocks.address[i] >= end) break;
			const from = Math.max(blocks.address[i], address);
			const to = Math.min(blocks.address[i] + blocks.size[i], end);
			if (to <= from) continue;
			const x = LEFT + ((from - address) / this.page) * width;
			const wide = Math.max(1, ((to - from) / this.page) * width - 1);
			context.fillStyle = colour("live");
			context.strokeStyle = colour("live");
			if (present) context.fillRect(x, y + 1, wide, LINE - 2);
			else context.strokeRect(x + 0.5, y + 1.5, wide - 1, LINE - 3);
		}
	}

	drawCursor(context, width) {
		const offset = this.cursor - this.range.start;
		if (offset < 0 || this.cursor >= this.range.end) return;
		context.strokeStyle = tone("text");
		context.lineWidth = 2;
		if (this.lines) {
			const x = LEFT + ((offset % this.page) / this.page) * (width - LEFT);
			const y = Math.floor(offset / this.page) * LINE;
			context.strokeRect(Math.min(x, width - 4), y, 3, LINE);
			return;
		}
		const index = Math.floor(offset / (this.unit * this.page));
		context.strokeRect(
			(index % this.columns) * CELL - 1,
			Math.floor(index / this.columns) * CELL - 1,
			CELL + 1,
			CELL + 1,
		);
	}

	words() {
		const { mapping, start, end } = this.range;
		const part =
			end - start < mapping.end - mapping.start
				? `, ${percent(end - start, mapping.end - mapping.start)} of it`
				: "";
		return (
			`${mapping.name || mapping.kind}  ${start.toString(16)}-${end.toString(16)}  ` +
			`${count(this.pages, "page")}${part}; ` +
			(this.lines
				? "a line is a page"
				: this.unit === 1
					? "a cell is a page"
					: `a cell is ${grouped(this.unit)} pages, ${size(this.unit * this.page)}`)
		);
	}
}

const LEGEND = [
	["live", "live"],
	["retained", "retained, pinned"],
	["free", "retained, no live block"],
	["other", "in memory, in the colour of its kind"],
	["swapped", "swapped out"],
	["empty", "not in memory"],
];

export function fieldTools(field) {
	const button = (words, label, act) =>
		h(
			"button",
			{ type: "button", "aria-label": label, title: label, onclick: act },
			words,
		);
	return h(
		"div",
		{ class: "tools", role: "group", "aria-label": "Zoom of the pages" },
		button("−", "Zoom out", () => field.range && field.zoom(0.25)),
		button("+", "Zoom in", () => field.range && field.zoom(4)),
		button("All", "Show all of the mapping", () => field.range && field.whole()),
	);
}

export const fieldLegend = () =>
	h(
		"p",
		{ class: "legend" },
		LEGEND.map(([family, words]) =>
			h("span", {}, h("i", { class: `swatch f-${family}` }), words),
		),
	);
