// What the pages of a stretch of addresses hold.

import { last } from "./moment.js";

export const PRESENT = 1,
	SWAPPED = 2;

// Live bytes of each page of [start, end).
function livePages(moment, start, end, page) {
	const live = new Float64Array(Math.ceil((end - start) / page));
	const { blocks } = moment;
	// A large block may begin far below; blocks are disjoint, so only the last one can reach in.
	for (let i = Math.max(0, moment.blockUpTo(start)); i < blocks.rows; i++) {
		const from = Math.max(blocks.address[i], start);
		const to = Math.min(blocks.address[i] + blocks.size[i], end);
		if (blocks.address[i] >= end) break;
		for (let at = from; at < to;) {
			const index = Math.floor((at - start) / page);
			const stop = Math.min(to, start + (index + 1) * page);
			live[index] += stop - at;
			at = stop;
		}
	}
	return live;
}

function statePages(moment, start, end, page) {
	const states = new Uint8Array(Math.ceil((end - start) / page));
	const { pages } = moment;
	const first = last(pages.rows, (i) => pages.start[i] <= start);
	for (let i = Math.max(0, first); i < pages.rows && pages.start[i] < end; i++) {
		const from = Math.max(0, Math.floor((pages.start[i] - start) / page));
		const to = Math.min(states.length, Math.ceil((pages.end[i] - start) / page));
		if (to > from) states.fill(pages.state[i], from, to);
	}
	return states;
}

// Per cell of `unit` pages, bytes: live and in memory, retained on pages with a live block (pinned)
// and without, else in memory, swapped out, live and not in memory.
export function sumCells(moment, range, unit) {
	const page = moment.report.process.page_size;
	const live = livePages(moment, range.start, range.end, page);
	const states = statePages(moment, range.start, range.end, page);
	const cells = Array.from({ length: Math.ceil(live.length / unit) }, () => ({
		pages: 0,
		live: 0,
		pinned: 0,
		free: 0,
		other: 0,
		swapped: 0,
		absentLive: 0,
		absent: 0,
	}));
	const malloc = allocatorPages(moment, range, page, live.length);
	for (let i = 0; i < live.length; i++) {
		const cell = cells[Math.floor(i / unit)];
		cell.pages++;
		addPage(cell, page, live[i], states[i], malloc[i]);
	}
	return cells;
}

function addPage(cell, page, live, state, malloc) {
	if (!(state & PRESENT)) {
		cell[state & SWAPPED ? "swapped" : "absent"] += page - live;
		cell.absentLive += live;
		return;
	}
	cell.live += live;
	if (!malloc) cell.other += page - live;
	else if (live) cell.pinned += page - live;
	else cell.free += page;
}

function allocatorPages(moment, range, page, length) {
	const malloc = new Uint8Array(length);
	for (const part of range.mapping.parts) {
		if (part.row !== "retained") continue;
		const from = Math.max(0, Math.floor((part.start - range.start) / page));
		const to = Math.min(length, Math.ceil((part.end - range.start) / page));
		if (to > from) malloc.fill(1, from, to);
	}
	return malloc;
}
