// Colours that are told apart with any kind of sight (Okabe and Ito), and a mark beside each: what a
// colour says a pattern or a word says, too.

import { tone } from "./dom.js";

// family: its colour in page.css and the pattern over it.
const FAMILIES = {
	live: "plain",
	retained: "rising",
	mapped: "dots",
	stack: "falling",
	code: "plain",
	variable: "dots",
	file: "level",
	shared: "upright",
	own: "dots",
	other: "level",
	unexplained: "crossed",
	empty: "plain",
};

const ROWS = {
	live: "live",
	retained: "retained",
	mmapped: "mapped",
	"thread-stacks": "stack",
	"main-stack": "stack",
	"elf-text": "code",
	"elf-rodata": "code",
	"elf-relro": "code",
	"elf-data": "variable",
	"elf-bss": "variable",
	files: "file",
	shared: "shared",
	loader: "other",
	kernel: "other",
	vmatlas: "own",
	unexplained: "unexplained",
};

const KINDS = {
	heap: "live",
	arena: "live",
	"malloc-mmap": "live",
	anon: "mapped",
	jit: "mapped",
	"main-stack": "stack",
	"thread-stack": "stack",
	text: "code",
	rodata: "code",
	relro: "code",
	data: "variable",
	bss: "variable",
	file: "file",
	shmem: "shared",
	memfd: "shared",
	sysv: "shared",
	device: "shared",
	hugetlb: "mapped",
	vmatlas: "own",
	guard: "empty",
	padding: "empty",
	reserve: "empty",
	vdso: "other",
	vvar: "other",
	vsyscall: "other",
	other: "other",
};

export const familyOfRow = (row) => ROWS[row] ?? "other";
export const familyOfKind = (kind) => KINDS[kind] ?? "other";
export const colour = (family) => tone(`c-${family}`);

const STROKES = {
	rising: [[0, 8, 8, 0]],
	falling: [[0, 0, 8, 8]],
	level: [[0, 4, 8, 4]],
	upright: [[4, 0, 4, 8]],
	crossed: [
		[0, 8, 8, 0],
		[0, 0, 8, 8],
	],
};

function drawMark(context, mark) {
	context.strokeStyle = context.fillStyle = tone("pattern");
	context.lineWidth = 1.2;
	if (mark === "dots") context.fillRect(3, 3, 2, 2);
	for (const [x, y, toX, toY] of STROKES[mark] ?? []) {
		context.beginPath();
		context.moveTo(x, y);
		context.lineTo(toX, toY);
		context.stroke();
	}
}

const patterns = new Map();

// For fillStyle: the colour with its pattern.
export function pattern(context, family) {
	const key = `${family} ${colour(family)}`;
	if (!patterns.has(key)) {
		const square = new OffscreenCanvas(8, 8);
		const tile = square.getContext("2d");
		tile.fillStyle = colour(family);
		tile.fillRect(0, 0, 8, 8);
		drawMark(tile, FAMILIES[family]);
		patterns.set(key, context.createPattern(square, "repeat"));
	}
	return patterns.get(key);
}
