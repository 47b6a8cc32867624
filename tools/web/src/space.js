// The address space, low to high: each mapping as wide as what of it is in memory weighs, gaps
// compressed. Within a mapping addresses are in proportion, so that one can zoom down to its bytes.

import { canvas, h, tone } from "./dom.js";
import { familyOfKind, pattern } from "./palette.js";
import { base, size } from "./say.js";
import { chooseAddress, holdsPart, isPlace, onSelect, selection } from "./selection.js";

const TALL = 132,
	TOP = 22,
	FOOT = 12;

// Each doubling counts more than the one before: small ones are seen, large ones look large, and a
// thousand stacks of which nobody has touched more than a page do not fill the picture.
function weigh(part, page) {
	const whole = (part.end - part.start) / page;
	const resident = part.rss === null ? whole : part.rss / page;
	return Math.log2(1 + resident) ** 3 + Math.log2(1 + whole);
}

// [{start, end, from, to, part}]: a stretch of addresses and where it is drawn, from 0 to the whole.
function layOut(moment) {
	const page = moment.report.process.page_size;
	const stretches = [];
	let at = 0,
		before = 0;
	const add = (start, end, wide, part) => {
		stretches.push({ start, end, from: at, to: at + wide, part });
		at += wide;
	};
	for (const part of moment.parts) {
		if (part.start > before) add(before, part.start, before ? 4 : 8, null);
		add(part.start, part.end, weigh(part, page), part);
		before = part.end;
	}
	return stretches;
}

function labelOf(part) {
	return base(part.mapping.parts.length > 1 ? "" : part.mapping.path) || part.kind;
}

function fitted(context, words, width) {
	if (context.measureText(words).width <= width) return words;
	let length = words.length;
	while (length && context.measureText(`${words.slice(0, length)}…`).width > width) length--;
	return length ? `${words.slice(0, length)}…` : "";
}

// [{words, from, to}]: neighbours of one name have it once, also where a little lies between.
function labelsOf(stretches) {
	const near = (stretches.at(-1)?.to ?? 0) / 60;
	const labels = [];
	for (const { part, from, to } of stretches) {
		if (!part) continue;
		const words = labelOf(part);
		const before = labels.findLast(
			(label) => from - label.to > near || label.words === words,
		);
		if (before?.words === words && from - before.to <= near) before.to = to;
		else labels.push({ words, from, to });
	}
	return labels;
}

export class Strip {
	constructor(moment) {
		this.moment = moment;
		this.stretches = layOut(moment);
		this.labels = labelsOf(this.stretches);
		this.whole = this.stretches.at(-1)?.to ?? 1;
		this.view = [0, this.whole];
		this.cursor = null;
		const { element, redraw } = canvas(
			{
				id: "strip",
				role: "application",
				"aria-label":
					"The address space, low to high. Arrows move, Enter tells what is " +
					"there, plus and minus zoom.",
			},
			TALL,
			(...how) => this.draw(...how),
		);
		this.element = element;
		this.redraw = redraw;
		this.listen();
		onSelect((from) => (from === this ? redraw() : this.follow()));
	}

	// -- Places -------------------------------------------------------------------------------

	x(at) {
		return (
			((at - this.view[0]) / (this.view[1] - this.view[0])) *
			this.element.clientWidth
		);
	}

	at(x) {
		return (
			this.view[0] +
			(x / this.element.clientWidth) * (this.view[1] - this.view[0])
		);
	}

	stretchAt(at) {
		let low = 0,
			high = this.stretches.length - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.stretches[middle].to <= at) low = middle + 1;
			else high = middle;
		}
		return this.stretches[low];
	}

	addressAt(at) {
		const stretch = this.stretchAt(at);
		const share = Math.min(
			1,
			Math.max(0, (at - stretch.from) / (stretch.to - stretch.from)),
		);
		const offset = Math.floor(share * (stretch.end - stretch.start));
		return Math.min(stretch.start + offset, stretch.end - 1);
	}

	placeOf(address) {
		const stretch = this.stretches.find(
			(one) => address >= one.start && address < one.end,
		);
		if (!stretch) return this.whole;
		const share = (address - stretch.start) / (stretch.end - stretch.start);
		return stretch.from + share * (stretch.to - stretch.from);
	}

	// -- Moving -------------------------------------------------------------------------------

	show(from, to) {
		const wide = Math.max(1e-6, Math.min(to - from, this.whole));
		const start = Math.min(Math.max(0, from), this.whole - wide);
		this.view = [start, start + wide];
		this.redraw();
		this.onMove?.();
	}

	zoom(factor, at = (this.view[0] + this.view[1]) / 2) {
		const [from, to] = this.view;
		this.show(at - (at - from) / factor, at + (to - at) / factor);
	}

	pan(share) {
		const step = (this.view[1] - this.view[0]) * share;
		this.show(this.view[0] + step, this.view[1] + step);
	}

	// What was chosen elsewhere is brought into view.
	follow() {
		const { mapping, address } = selection.place;
		if (mapping) {
			const from = this.placeOf(mapping.start),
				to = this.placeOf(mapping.end - 1);
			if (from < this.view[0] || to > this.view[1])
				this.show(from - (to - from) * 2 - 20, to + (to - from) * 2 + 20);
		}
		this.cursor = address ?? null;
		this.redraw();
	}

	moveCursor(step) {
		const wide = (this.view[1] - this.view[0]) / this.element.clientWidth;
		const at =
			this.cursor === null
				? (this.view[0] + this.view[1]) / 2
				: this.placeOf(this.cursor) + step * wide * 6;
		this.cursor = this.addressAt(Math.min(this.whole - wide, Math.max(0, at)));
		const place = this.placeOf(this.cursor);
		if (place < this.view[0] || place > this.view[1]) this.pan(step > 0 ? 0.5 : -0.5);
		this.redraw();
		this.say(this.cursor);
	}

	choose(address) {
		this.cursor = address;
		chooseAddress(this.moment, address, this);
	}

	key(event) {
		const act = {
			ArrowLeft: () => this.moveCursor(event.shiftKey ? -10 : -1),
			ArrowRight: () => this.moveCursor(event.shiftKey ? 10 : 1),
			"+": () => this.zoom(2, this.cursorPlace()),
			"=": () => this.zoom(2, this.cursorPlace()),
			"-": () => this.zoom(0.5, this.cursorPlace()),
			Home: () => this.show(0, this.whole),
			Enter: () => this.cursor !== null && this.choose(this.cursor),
		}[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	}

	cursorPlace() {
		return this.cursor === null ? undefined : this.placeOf(this.cursor);
	}

	listen() {
		const { element } = this;
		let drag = null;
		element.addEventListener("keydown", (event) => this.key(event));
		element.addEventListener(
			"wheel",
			(event) => {
				event.preventDefault();
				if (Math.abs(event.deltaX) > Math.abs(event.deltaY))
					this.pan(event.deltaX / 1000);
				else this.zoom(1.0015 ** -event.deltaY, this.at(event.offsetX));
			},
			{ passive: false },
		);
		element.addEventListener("pointerdown", (event) => {
			drag = { x: event.offsetX, moved: false };
			element.setPointerCapture(event.pointerId);
		});
		element.addEventListener("pointermove", (event) => {
			if (drag && (drag.moved || Math.abs(event.offsetX - drag.x) > 4)) {
				this.pan((drag.x - event.offsetX) / element.clientWidth);
				drag = { x: event.offsetX, moved: true };
			}
			this.say(this.addressAt(this.at(event.offsetX)));
		});
		element.addEventListener("pointerup", (event) => {
			if (drag && !drag.moved)
				this.choose(this.addressAt(this.at(event.offsetX)));
			drag = null;
		});
		element.addEventListener("dblclick", (event) =>
			this.zoom(4, this.at(event.offsetX)),
		);
	}

	say(address) {
		const { part } = this.stretchAt(this.placeOf(address));
		const figures =
			part &&
			`${part.kind} ${part.mapping.name}  ` +
				`${size(part.end - part.start)}, ${size(part.rss)} in memory` +
				(part.live_bytes ? `, ${size(part.live_bytes)} live` : "");
		this.onSay?.(`${address.toString(16)}  ${figures ?? "not mapped"}`);
	}

	// -- Drawing ------------------------------------------------------------------------------

	draw(context, width, height) {
		context.clearRect(0, 0, width, height);
		context.font = "11px system-ui, sans-serif";
		for (const stretch of this.stretches) {
			const from = this.x(stretch.from),
				to = this.x(stretch.to);
			if (to < 0 || from > width) continue;
			if (stretch.part)
				this.drawPart(
					context,
					stretch.part,
					from,
					Math.max(to - from, 0.5),
					height,
				);
			else this.drawGap(context, stretch, from, to, height);
		}
		this.drawLabels(context, width);
		this.drawCursor(context, height);
	}

	drawGap(context, { start, end }, from, to, height) {
		context.strokeStyle = tone("gap");
		context.beginPath();
		for (let y = TOP, side = 0; y <= height - FOOT; y += 6, side = 1 - side)
			context.lineTo((from + to) / 2 + (side ? 1.5 : -1.5), y);
		context.stroke();
		const words = size(end - start);
		const wide = context.measureText(words).width;
		if (to - from < wide + 12) return;
		context.fillStyle = tone("dim");
		context.fillText(words, (from + to - wide) / 2, height / 2);
	}

	// From below: what is live, what is retained, the rest that is in memory; above it what is not.
	drawPart(context, part, x, width, height) {
		const whole = part.end - part.start,
			tall = height - TOP - FOOT;
		const family = familyOfKind(part.kind);
		const faded = isPlace() && !holdsPart(part);
		const resident = Math.min(1, (part.rss ?? 0) / whole) * tall;
		const live =
			part.live_resident === null
				? Math.min(1, part.live_bytes / whole) * tall
				: Math.min(resident, (part.live_resident / whole) * tall);
		const floor = height - FOOT;
		context.globalAlpha = faded ? 0.22 : 1;
		context.fillStyle = tone("mapped");
		context.fillRect(x, TOP, width, tall);
		context.fillStyle = pattern(context, part.row === "retained" ? "retained" : family);
		context.fillRect(x, floor - resident, width, resident);
		context.fillStyle = pattern(context, "live");
		context.fillRect(x, floor - live, width, live);
		context.fillStyle = pattern(context, family);
		context.fillRect(x, floor + 2, width, FOOT - 4);
		context.globalAlpha = 1;
		if (width < 3) return;
		context.fillStyle = tone("surface");
		context.fillRect(x, TOP, 1, tall);
	}

	drawLabels(context, width) {
		let labelled = 0;
		context.fillStyle = tone("text");
		for (const { words, from, to } of this.labels) {
			const left = Math.max(this.x(from), labelled),
				right = Math.min(this.x(to), width);
			if (right - left < 30) continue;
			context.fillText(
				fitted(context, words, right - left - 6),
				left + 2,
				TOP - 8,
			);
			labelled = right;
		}
	}

	drawCursor(context, height) {
		if (this.cursor === null) return;
		const x = this.x(this.placeOf(this.cursor));
		context.fillStyle = tone("text");
		context.fillRect(x - 1, TOP - 6, 2, height - TOP + 6);
		context.beginPath();
		context.moveTo(x - 6, TOP - 10);
		context.lineTo(x + 6, TOP - 10);
		context.lineTo(x, TOP - 2);
		context.fill();
	}
}

export function stripTools(strip) {
	const button = (words, label, act) =>
		h(
			"button",
			{ type: "button", "aria-label": label, title: label, onclick: act },
			words,
		);
	return h(
		"div",
		{ class: "tools", role: "group", "aria-label": "Zoom of the address space" },
		button("−", "Zoom out", () => strip.zoom(0.5, strip.cursorPlace())),
		button("+", "Zoom in", () => strip.zoom(2, strip.cursorPlace())),
		button("All", "Show all of it", () => strip.show(0, strip.whole)),
	);
}
