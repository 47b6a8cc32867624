// What is looked at: all that is resident, or a row of the ledger, a kind, a mapping, a call stack.
// Whoever draws listens; whoever is clicked chooses.

const listeners = [];

export const selection = { moment: null, moments: [], type: "all" };

export function onSelect(listener) {
	listeners.push(listener);
}

// choose({type: "mapping", mapping}), …; `from`: who, so as not to answer itself.
export function choose(what, from = null) {
	for (const key of Object.keys(selection))
		if (key !== "moment" && key !== "moments") delete selection[key];
	Object.assign(selection, what);
	for (const listener of listeners) listener(selection, from);
}

export function chooseAll() {
	choose({ type: "all" });
}

// Whether a part of a mapping is in it. A call stack is no place.
export function holdsPart(part) {
	switch (selection.type) {
	case "row":
		return part.row === selection.row ||
			(selection.row === "live" && part.row === "retained");
	case "kind":
		return part.kind === selection.kind;
	case "mapping":
	case "address":
		return part.mapping === selection.mapping;
	default:
		return true;
	}
}

export function holdsSample(sample) {
	switch (selection.type) {
	case "row":
		return sample.row === selection.row;
	case "kind":
	case "mapping":
	case "address":
		return sample.part !== null && holdsPart(sample.part);
	default:
		return true;
	}
}

export const isPlace = () => !["all", "stack"].includes(selection.type);

export function selectionWords() {
	switch (selection.type) {
	case "row":
		return selection.moment.rowWords[selection.row];
	case "kind":
		return `kind ${selection.kind}`;
	case "mapping":
	case "address":
		return selection.mapping ? `${selection.mapping.name || selection.mapping.kind} ` +
			`at ${selection.mapping.start.toString(16)}` : "nothing";
	default:
		return "the whole process";
	}
}
