// What is looked at. The place: all that is resident, or a row of the ledger, a kind, a mapping, the
// mapping of an address; pictures and tables show what is there. And what is told in full: a place, or a
// call stack, which is none. Whoever draws listens; whoever is clicked chooses.

const ALL = { type: "all" };
const listeners = [];

export const selection = { moment: null, place: ALL, told: ALL };

// listener(from, moved): who chose, and whether the place is another.
export function onSelect(listener) {
	listeners.push(listener);
}

// choose({type: "mapping", mapping}), …; `from`: who, so as not to answer itself.
export function choose(what, from = null) {
	const moved = what.type !== "stack";
	selection.told = what;
	if (moved) selection.place = what;
	for (const listener of listeners) listener(from, moved);
}

export function chooseAll() {
	choose(ALL);
}

// What lies there is known when the blocks are read.
export function chooseAddress(moment, address, from) {
	moment.ground().then(() =>
		choose({ type: "address", address, mapping: moment.mappingAt(address) }, from),
	);
}

// Whether a part of a mapping is in the place.
export function holdsPart(part) {
	switch (selection.place.type) {
		case "row":
			return (
				part.row === selection.place.row ||
				(selection.place.row === "live" && part.row === "retained")
			);
		case "kind":
			return part.kind === selection.place.kind;
		case "mapping":
		case "address":
			return part.mapping === selection.place.mapping;
		default:
			return true;
	}
}

export function holdsSample(sample) {
	switch (selection.place.type) {
		case "row":
			return sample.row === selection.place.row;
		case "kind":
		case "mapping":
		case "address":
			return sample.part !== null && holdsPart(sample.part);
		default:
			return true;
	}
}

export const isPlace = () => selection.place.type !== "all";

function mappingWords(mapping) {
	if (!mapping) return "nothing";
	return `${mapping.name || mapping.kind} at ${mapping.start.toString(16)}`;
}

export function selectionWords() {
	switch (selection.place.type) {
		case "row":
			return selection.moment.rowWords[selection.place.row];
		case "kind":
			return `kind ${selection.place.kind}`;
		case "mapping":
		case "address":
			return mappingWords(selection.place.mapping);
		default:
			return "the whole process";
	}
}
