// The tables of mappings, call stacks, threads and arenas: their rows and columns. Cells are nodes, never
// HTML.

import { h } from "./dom.js";
import { BLOCKS } from "./moment.js";
import { familyOfKind } from "./palette.js";
import { amount, address as hex, base, estimate, grouped, shown, size } from "./say.js";
import { choose, chooseAddress, holdsPart, holdsSample, selectionWords } from "./selection.js";

// -- Columns --------------------------------------------------------------------------------------

const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

const cell = (make) => (it) => {
	const made = make(it.getValue(), it.getData());
	return made instanceof Node ? made : document.createTextNode(made);
};

const number = (title, field, width, write, more = {}) => ({
	title,
	field,
	width,
	hozAlign: "right",
	headerHozAlign: "right",
	sorter: "number",
	headerSortStartingDir: "desc",
	formatter: cell((value, row) =>
		known(value) && (value || more.zero) ? write(value, row) : "–",
	),
	...more.column,
});

const bytesColumn = (title, field, width = 92) => number(title, field, width, size);
const counts = (title, field, width = 84) => number(title, field, width, grouped);
const words = (title, field, more = {}) => ({
	title,
	field,
	sorter: "string",
	formatter: cell((value) => shown(value)),
	...more,
});

function kindCell(kind) {
	return h(
		"span",
		{ class: "kind" },
		h("i", { class: `swatch f-${familyOfKind(kind)}` }),
		kind,
	);
}

const kindColumn = () => ({
	title: "kind",
	field: "kind",
	width: 122,
	sorter: "string",
	formatter: cell(kindCell),
});

// -- The four tables ------------------------------------------------------------------------------

function mappingsTable(moment) {
	return {
		rows: moment.mappings,
		order: [moment.head.left_behind ? "size" : "rss", "desc"],
		columns: [
			number("start", "start", 112, (start) => start.toString(16), {
				zero: true,
				column: { headerSortStartingDir: "asc", cssClass: "mono" },
			}),
			words("perm", "perms", { width: 56, cssClass: "mono" }),
			kindColumn(),
			words("name or owner", "name", {
				minWidth: 130,
				formatter: cell((name) => h("span", { title: name }, base(name))),
			}),
			bytesColumn("size", "size"),
			bytesColumn("resident", "rss", 98),
			bytesColumn("live", "live_bytes"),
			bytesColumn("retained", "retained"),
			bytesColumn("pinned", "pinned"),
			counts("blocks", "live_blocks"),
			bytesColumn("dirty", "private_dirty"),
		],
		holds: (mapping) => mapping.parts.some(holdsPart),
		open: (mapping) => choose({ type: "mapping", mapping }, "table"),
		words: (mapping) =>
			`${mapping.name} ${shown(mapping.owner)} ${mapping.kind} ${mapping.perms} ` +
			`${hex(mapping.start)}`,
	};
}

function stackRows(moment) {
	const { stacks } = moment.books;
	return Array.from({ length: stacks.rows }, (_, i) => {
		const row = { id: i, frame: stacks.id[i], owner: moment.ownerOf(stacks.id[i]) };
		for (const key of [
			"live_blocks",
			"live_bytes",
			"live_resident",
			"pinned",
			"allocations",
			"allocated_bytes",
		]) {
			row[key] = stacks[key][i];
			row[`${key}_error`] = stacks[`${key}_error`][i];
		}
		return row;
	});
}

function stacksTable(moment) {
	const { sampled } = moment;
	const column = (write) => (title, field, width) =>
		number(title, field, sampled ? 168 : width, (value, row) =>
			write(value, row[`${field}_error`], sampled),
		);
	const [sum, many] = [column(amount), column(estimate)];
	return {
		rows: stackRows(moment),
		order: ["live_bytes", "desc"],
		columns: [
			words("who asked", "owner", { minWidth: 240 }),
			sum("live", "live_bytes", 96),
			many("blocks", "live_blocks", 84),
			sum("resident", "live_resident", 98),
			sum("pins", "pinned", 96),
			sum("ever", "allocated_bytes", 96),
			many("allocations", "allocations", 108),
			number("number", "frame", 86, String),
		],
		holds: (row) => stacksIn(moment).has(row.frame),
		open: (row) => choose({ type: "stack", frame: row.frame, owner: moment }, "table"),
		words: (row) =>
			`${row.owner} ${moment
				.levels(row.frame)
				.map((level) => `${level.label} ${level.file ?? ""}`)
				.join(" ")}`,
	};
}

let inPlace = { of: null };

// Call stacks with live blocks in what is selected.
function stacksIn(moment) {
	if (inPlace.of === selectionWords()) return inPlace.frames;
	const { samples } = moment.books;
	const frames = new Set();
	for (let i = 0; i < samples.rows; i++) {
		if (samples.what[i] !== BLOCKS || !samples.live_blocks[i]) continue;
		const part = samples.part[i] ? moment.parts[samples.part[i] - 1] : null;
		if (holdsSample({ part, row: moment.rowNames[samples.row[i]] }))
			frames.add(samples.frame[i]);
	}
	inPlace = { of: selectionWords(), frames };
	return frames;
}

function threadsTable(moment) {
	const rows = moment.report.threads.map((thread) => ({
		...thread,
		stack: thread.stack_start
			? Number(thread.stack_end) - Number(thread.stack_start)
			: null,
		made: thread.main
			? "main thread"
			: thread.creator
				? moment.ownerOf(thread.creator)
				: "",
		state: thread.ended ? "ended" : "lives",
	}));
	return {
		rows,
		order: ["stack_resident", "desc"],
		columns: [
			number("tid", "tid", 90, String, {
				column: { headerSortStartingDir: "asc" },
			}),
			words("name", "name", { width: 170 }),
			bytesColumn("stack in memory", "stack_resident", 140),
			bytesColumn("touched", "stack_touched"),
			bytesColumn("of", "stack"),
			bytesColumn("guard", "guard_bytes"),
			words("state", "state", { width: 80 }),
			words("made by", "made", { minWidth: 200 }),
		],
		holds: () => true,
		open: (thread) =>
			thread.stack_start &&
			chooseAddress(moment, Number(thread.stack_end) - 8, "table"),
		words: (thread) =>
			`${thread.tid} ${shown(thread.name)} ${thread.made} ${thread.state}`,
	};
}

function arenasTable(moment) {
	const rows = moment.report.arenas.map((arena) => ({
		...arena,
		heap: arena.heaps.length,
		users: `${arena.threads.join(" ")}${arena.more_threads ? " …" : ""}`,
		start: arena.heaps[0]?.start,
	}));
	return {
		rows,
		order: ["rss", "desc"],
		columns: [
			number("arena", "number", 80, String),
			counts("heaps", "heap", 76),
			bytesColumn("reserved", "reserved"),
			bytesColumn("committed", "committed", 100),
			bytesColumn("resident", "rss"),
			counts("blocks", "live_blocks"),
			bytesColumn("live", "live_bytes"),
			bytesColumn("retained", "retained"),
			bytesColumn("pinned", "pinned"),
			bytesColumn("trimmable", "trimmable"),
			words("threads with blocks in it", "users", { minWidth: 160 }),
		],
		holds: () => true,
		open: (arena) =>
			arena.start &&
			choose(
				{ type: "mapping", mapping: moment.mappingAt(Number(arena.start)) },
				"table",
			),
		words: (arena) => `arena ${arena.number} ${arena.users}`,
	};
}

export const TABLES = [
	["mappings", "Mappings", mappingsTable],
	["callstacks", "Call stacks", stacksTable],
	["threads", "Threads", threadsTable],
	["arenas", "Arenas", arenasTable],
];
