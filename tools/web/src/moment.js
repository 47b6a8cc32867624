// One snapshot: the report's JSON, with call stacks and samples beside it (tools/html_moment.h).

import { amount, base, counted, shown } from "./say.js";
import { takeJson, takeSheets } from "./unpack.js";

// Code that a compiler puts into programs.
const LIBRARY = /^([\w:<>]+ )?(std|__gnu_cxx|core|alloc)::|^operator (new|delete)|^_start/;

// What a sample is of (tools/export_samples.h).
export const BLOCKS = 0;

export class Moment {
	static async read(number) {
		const moment = new Moment();
		moment.number = number;
		moment.head = await takeJson(number, "head");
		moment.report = await takeJson(number, "report");
		moment.books = await takeSheets(number, "books");
		moment.settle();
		return moment;
	}

	settle() {
		const { report, head } = this;
		this.totals = report.totals;
		this.rss = report.totals.rss;
		this.sampled = report.sampling;
		this.rowNames = head.rows.map((row) => row.row);
		this.rowWords = Object.fromEntries(head.rows.map((row) => [row.row, row.words]));
		this.settleMappings();
		this.settleFrames();
		this.settleStacks();
	}

	word(number) {
		return this.books.words[number] ?? "";
	}

	// -- Mappings ---------------------------------------------------------------------------

	settleMappings() {
		const columns = this.books.parts;
		this.parts = [];
		this.mappings = this.report.mappings.map((mapping, index) => {
			const row = {
				...mapping,
				index,
				start: Number(mapping.start),
				end: Number(mapping.end),
				parts: [],
			};
			row.name = shown(mapping.path) || shown(mapping.owner) || "";
			for (const part of mapping.parts ?? [mapping])
				row.parts.push(this.settlePart(columns, row, part));
			return row;
		});
	}

	settlePart(columns, mapping, figures) {
		const index = this.parts.length;
		const part = {
			...figures,
			index,
			mapping,
			start: columns.start[index],
			end: columns.end[index],
			kind: this.word(columns.kind[index]),
			owner: this.word(columns.owner[index]),
			row: this.rowNames[columns.row[index]],
			frame: columns.frame[index],
		};
		if (!Number.isNaN(columns.region_start[index]))
			part.region = {
				start: columns.region_start[index],
				end: columns.region_end[index],
				kind: this.word(columns.region_kind[index]),
				call: this.word(columns.call[index]) || null,
				frame: columns.region_frame[index],
				tid: columns.tid[index],
				time: columns.time[index],
				arena: columns.arena[index],
				committed: columns.committed[index],
			};
		this.parts.push(part);
		return part;
	}

	mappingAt(address) {
		const index = last(this.mappings.length, (i) => this.mappings[i].start <= address);
		const mapping = this.mappings[index];
		return mapping && address < mapping.end ? mapping : null;
	}

	partAt(address) {
		const mapping = this.mappingAt(address);
		return (
			mapping?.parts.find(
				(part) => address >= part.start && address < part.end,
			) ?? null
		);
	}

	// -- Call stacks ------------------------------------------------------------------------

	settleFrames() {
		const { frames, levels } = this.books;
		this.frameIndex = new Map();
		for (let i = 0; i < frames.rows; i++) this.frameIndex.set(frames.id[i], i);
		this.firstLevel = new Int32Array(frames.rows + 1).fill(-1);
		for (let i = levels.rows - 1; i >= 0; i--) {
			const frame = this.frameIndex.get(levels.frame[i]);
			if (frame !== undefined) this.firstLevel[frame] = i;
		}
		this.parentOf = Int32Array.from(
			frames.parent,
			(parent) => this.frameIndex.get(parent) ?? -1,
		);
	}

	settleStacks() {
		const { stacks } = this.books;
		this.stackIndex = new Map();
		for (let i = 0; i < stacks.rows; i++) this.stackIndex.set(stacks.id[i], i);
	}

	moduleOf(index) {
		return this.word(this.books.frames.module[index]);
	}

	// The function, else "libfoo.so+0xOFFSET", else "0xPC".
	labelOf(index) {
		const { frames } = this.books;
		const module = base(this.moduleOf(index));
		if (module) return `${module}+0x${frames.offset[index].toString(16)}`;
		return `0x${BigInt(frames.pc[index]).toString(16)}`;
	}

	// Levels of one frame, the inlined ones first: {label, module, file, line, inlined}.
	levelsOf(index) {
		const { frames, levels } = this.books;
		const found = [];
		for (
			let i = this.firstLevel[index];
			i >= 0 && i < levels.rows && levels.frame[i] === frames.id[index];
			i++
		)
			found.push({
				label: this.word(levels.function[i]) || this.labelOf(index),
				file: this.word(levels.file[i]),
				line: levels.line[i],
				inlined: true,
				module: this.moduleOf(index),
			});
		if (!found.length)
			found.push({ label: this.labelOf(index), module: this.moduleOf(index) });
		found.at(-1).inlined = false;
		return found;
	}

	// Indexes of a call stack's frames, innermost first. What goes in circles is damaged.
	*frames(frame) {
		let index = this.frameIndex.get(frame) ?? -1;
		for (let depth = 0; index >= 0 && depth < 256; depth++) {
			yield index;
			index = this.parentOf[index];
		}
	}

	levels(frame) {
		return [...this.frames(frame)].flatMap((index) => this.levelsOf(index));
	}

	// The figures of a call stack, NaN where not known; null where it holds nothing.
	stack(frame) {
		const index = this.stackIndex.get(frame);
		if (index === undefined) return null;
		const { stacks } = this.books;
		const figures = {};
		for (const key of Object.keys(stacks)) figures[key] = stacks[key][index];
		return { ...figures, owner: this.ownerOf(frame), rank: index + 1 };
	}

	// Figures of the call stack with this index as words.
	stackBytes(index, key) {
		const { stacks } = this.books;
		return amount(stacks[key][index], stacks[`${key}_error`][index], this.sampled);
	}

	stackCount(index, key, noun) {
		const { stacks } = this.books;
		return counted(
			stacks[key][index],
			stacks[`${key}_error`][index],
			noun,
			this.sampled,
		);
	}

	ownerOf(frame) {
		const index = this.stackIndex.get(frame);
		const owner = index === undefined ? "" : this.word(this.books.stacks.owner[index]);
		return owner || this.ownerByFrames(frame);
	}

	// Call stacks of one owner are told apart by who is behind it: the first function that is of no
	// library of the language.
	behind(frame) {
		const owner = this.ownerOf(frame);
		const levels = this.levels(frame).filter(
			({ label, module }) =>
				!LIBRARY.test(label) &&
				!/\/(libc|libstdc\+\+|libc\+\+|ld-linux)[^/]*$/.test(module),
		);
		const name = (label) => label.replace(/[(<].*$/s, "");
		const level = levels.find(
			({ label }) => !name(label) || !owner.startsWith(name(label)),
		);
		return level ? `, for ${level.label}` : "";
	}

	// Of a call stack that only mapped something the first row with it says whose it is.
	ownerByFrames(frame) {
		this.regionOwners ??= new Map(
			this.report.regions.map((region) => [
				region.callstack,
				shown(region.owner),
			]),
		);
		return this.regionOwners.get(frame) || "call stack not known";
	}

	// -- Blocks and pages, of the last snapshot ---------------------------------------------

	ground() {
		this.groundRead ??= takeSheets(this.number, "ground").then((sheets) => {
			this.blocks = sheets?.blocks ?? null;
			this.pages = sheets?.pages ?? null;
			return this;
		});
		return this.groundRead;
	}

	// The index of the last block that begins at the address or before; -1 for none.
	blockUpTo(address) {
		return this.blocks
			? last(this.blocks.rows, (i) => this.blocks.address[i] <= address)
			: -1;
	}

	// The state of the page there: 1 present, 2 swapped, 4 huge, 8 zeros; 0 none of these.
	pageState(address) {
		const i = last(this.pages.rows, (at) => this.pages.start[at] <= address);
		return i >= 0 && address < this.pages.end[i] ? this.pages.state[i] : 0;
	}
}

// The last index below `count` for which it holds, where it holds for the first ones; -1 for none.
export function last(count, holds) {
	let low = 0;
	let high = count;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (holds(middle)) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
