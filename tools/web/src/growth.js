// The same call stacks in several snapshots, by their frames: file and offset, else address.

const union = new Map();

// A number that frames of all snapshots share, by caller and place.
function numberOf(caller, place) {
	const key = `${caller} ${place}`;
	let number = union.get(key);
	if (number === undefined) union.set(key, (number = union.size + 1));
	return number;
}

function placeOf(moment, index) {
	const { frames } = moment.books;
	const module = moment.moduleOf(index);
	return module ? `${frames.offset[index]} ${module}` : frames.pc[index];
}

// By frame index, its number.
function numbered(moment) {
	const numbers = new Int32Array(moment.parentOf.length);
	const path = [];
	for (let i = 0; i < numbers.length; i++) {
		path.length = 0;
		for (
			let at = i;
			at >= 0 && !numbers[at] && path.length < 256;
			at = moment.parentOf[at]
		)
			path.push(at);
		for (const at of path.reverse())
			numbers[at] = numberOf(
				numbers[moment.parentOf[at]] ?? 0,
				placeOf(moment, at),
			);
	}
	return numbers;
}

// {number: {value of each key, frame}} of all call stacks.
function held(moment) {
	moment.held ??= (() => {
		const numbers = (moment.numbers ??= numbered(moment));
		const { stacks } = moment.books;
		const all = new Map();
		for (let i = 0; i < stacks.rows; i++) {
			const number = numbers[moment.frameIndex.get(stacks.id[i])] ?? 0;
			all.set(number, { frame: stacks.id[i], index: i });
		}
		return all;
	})();
	return moment.held;
}

const at = (moment, entry, key) => (entry ? moment.books.stacks[key][entry.index] : 0);

// Of each call stack of `now` or `then`: {frame, moment (that knows its frames), bytes, blocks,
// error}; most growth first, those that stayed the same left out.
export function stacksGrown(then, now) {
	const before = held(then),
		after = held(now);
	const rows = [];
	for (const number of new Set([...before.keys(), ...after.keys()])) {
		const [old, young] = [before.get(number), after.get(number)];
		const row = {
			frame: (young ?? old).frame,
			moment: young ? now : then,
			bytes: at(now, young, "live_bytes") - at(then, old, "live_bytes"),
			blocks: at(now, young, "live_blocks") - at(then, old, "live_blocks"),
			blocks_error: Math.hypot(
				at(now, young, "live_blocks_error"),
				at(then, old, "live_blocks_error"),
			),
			error: Math.round(
				Math.hypot(
					at(now, young, "live_bytes_error"),
					at(then, old, "live_bytes_error"),
				),
			),
			was: at(then, old, "live_bytes"),
			is: at(now, young, "live_bytes"),
		};
		if (row.bytes || row.blocks) rows.push(row);
	}
	return rows.sort((a, b) => b.bytes - a.bytes);
}

// Whether the call stack had more live bytes in each snapshot than in the one before.
export function growsEachTime(moments, row) {
	if (moments.length < 3) return false;
	const now = moments.at(-1);
	const number = (now.numbers ??= numbered(now))[now.frameIndex.get(row.frame)] ?? 0;
	let last = -1;
	return moments.every((moment) => {
		const is = at(moment, held(moment).get(number), "live_bytes");
		const grows = is > last;
		last = is;
		return grows;
	});
}

export function rowsGrown(then, now) {
	const before = new Map(then.report.ledger.map(({ row, bytes }) => [row, bytes]));
	return now.report.ledger
		.map(({ row, bytes }) => ({
			row,
			bytes: bytes - (before.get(row) ?? 0),
			is: bytes,
		}))
		.filter(({ bytes }) => bytes)
		.sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes));
}
