// The first answers, before anything is looked for: what holds most, who asked for most, what pins most,
// what grew most.

import { h } from "./dom.js";
import { stacksGrown } from "./growth.js";
import { familyOfRow } from "./palette.js";
import { amount, percent, size } from "./say.js";
import { choose } from "./selection.js";

function tile(question, figure, family, words, note, act) {
	return h(
		act ? "button" : "div",
		{ class: "tile", type: act && "button", onclick: act },
		h("span", { class: "question" }, question),
		h(
			"strong",
			{},
			family && h("i", { class: `swatch f-${family}` }),
			figure.replace(/ ±.*/, ""),
			h("small", {}, figure.match(/ ±.*/)?.[0] ?? ""),
		),
		h("span", { class: "name" }, words),
		h("span", { class: "dim" }, note),
	);
}

function holdsTile(moment) {
	if (moment.head.left_behind)
		return tile("Holds most", "not known", null, "what was in memory is not known", "");
	const most = moment.report.ledger.reduce((a, b) => (b.bytes > a.bytes ? b : a));
	return tile(
		"Holds most",
		size(most.bytes),
		familyOfRow(most.row),
		moment.rowWords[most.row].replace(/:.*/, ""),
		`${percent(most.bytes, moment.rss)} of ${size(moment.rss)} in memory`,
		() => choose({ type: "row", row: most.row }),
	);
}

// The call stack with most of a figure.
function stackTile(moment, question, key, family, note) {
	const { stacks } = moment.books;
	if (Number.isNaN(stacks[key][0]))
		return tile(question, "not known", null, "what was in memory is not known", "");
	let most = -1;
	for (let i = 0; i < stacks.rows; i++)
		if (stacks[key][i] > 0 && (most < 0 || stacks[key][i] > stacks[key][most]))
			most = i;
	if (most < 0) return tile(question, "none", null, "no call stack", "");
	const frame = stacks.id[most];
	return tile(
		question,
		moment.stackBytes(most, key),
		family,
		moment.ownerOf(frame),
		note(most),
		() => choose({ type: "stack", frame, owner: moment }),
	);
}

function grewTile(moments) {
	const [then, now] = [moments[0], moments.at(-1)];
	if (then === now)
		return tile(
			"Grew most",
			"?",
			null,
			"one snapshot does not tell",
			"two or more do: report --html 1.snapshot 2.snapshot",
		);
	const [most] = stacksGrown(then, now);
	if (!most || most.bytes <= 0)
		return tile(
			"Grew most",
			"nothing",
			null,
			"no call stack holds more than before",
			"",
		);
	return tile(
		"Grew most",
		`+${amount(most.bytes, most.error, most.moment.sampled)}`,
		"live",
		most.moment.ownerOf(most.frame),
		`live bytes, from ${size(most.was)} to ${size(most.is)}`,
		() => choose({ type: "stack", frame: most.frame, owner: most.moment }),
	);
}

export function answers(moments) {
	const moment = moments.at(-1);
	const { stacks } = moment.books;
	return h(
		"div",
		{ class: "tiles", id: "answers", role: "group", "aria-label": "First answers" },
		holdsTile(moment),
		stackTile(
			moment,
			"Asked for most of what is live",
			"live_bytes",
			"live",
			(i) =>
				`${percent(stacks.live_bytes[i], moment.totals.live_bytes)} of live, in ` +
				`${moment.stackCount(i, "live_blocks", "block")}${moment.behind(stacks.id[i])}`,
		),
		stackTile(
			moment,
			"Pins most free memory",
			"pinned",
			"retained",
			(i) =>
				`beside its ${moment.stackCount(i, "live_blocks", "live block")} of ` +
				moment.stackBytes(i, "live_bytes"),
		),
		grewTile(moments),
	);
}
