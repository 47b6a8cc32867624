// What holds the memory: the ledger, as a bar whose parts add up to RSS, and as its rows.

import { h } from "./dom.js";
import { familyOfRow } from "./palette.js";
import { bytes, count, percent, shown, size } from "./say.js";
import { choose, chooseAll, onSelect, selection } from "./selection.js";

// Whose memory a row is, in a few words: who has most of it.
function ownersOf(moment, row) {
	if (row === "live") return liveOwners(moment);
	const sums = new Map();
	for (const part of moment.parts) {
		if (part.row !== row || !part.rss) continue;
		const name = shown(part.owner) || part.mapping.name || part.kind;
		const bytesOf = row === "retained" ? part.retained : part.rss;
		sums.set(name, (sums.get(name) ?? 0) + (bytesOf ?? 0));
	}
	return top(sums);
}

function liveOwners(moment) {
	const { stacks } = moment.books;
	const sums = new Map();
	for (let i = 0; i < stacks.rows && i < 20; i++) {
		const owner = moment.ownerOf(stacks.id[i]);
		sums.set(owner, (sums.get(owner) ?? 0) + stacks.live_bytes[i]);
	}
	return top(sums);
}

function top(sums) {
	const owners = [...sums].filter(([, sum]) => sum).sort((a, b) => b[1] - a[1]);
	const rest = owners.length - 2;
	return (
		owners
			.slice(0, rest === 1 ? 3 : 2)
			.map(([name]) => name)
			.join("; ") + (rest > 1 ? `; ${rest} more` : "")
	);
}

// [{row, words, bytes, owner}], most bytes first and `unexplained` last, as the text report has them.
function rowsOf(moment) {
	return moment.report.ledger
		.map(({ row, bytes: sum }, index) => ({
			row,
			index,
			bytes: sum,
			words: moment.rowWords[row],
			owner: ownersOf(moment, row),
		}))
		.filter(({ row, bytes: sum }) => sum || row === "unexplained")
		.sort(
			(a, b) =>
				(a.row === "unexplained") - (b.row === "unexplained") ||
				b.bytes - a.bytes ||
				a.index - b.index,
		);
}

function partsOfRetained(moment) {
	const { pinned, trimmable } = moment.totals;
	const whole = moment.report.ledger.find(({ row }) => row === "retained")?.bytes;
	if (pinned === null || !whole) return [];
	return [
		["pinned: on a page with a live block", pinned],
		["trimmable: malloc_trim(0) would give it back", trimmable],
		[
			"kept: tops of arenas, caches, blocks that were not seen",
			whole - pinned - trimmable,
		],
	];
}

function press(event, act) {
	if (event.key !== "Enter" && event.key !== " ") return;
	event.preventDefault();
	act();
}

const chooseRow = (row) =>
	selection.place.type === "row" && selection.place.row === row
		? chooseAll()
		: choose({ type: "row", row });

function segment(moment, row, tell) {
	const told =
		`${row.words}: ${size(row.bytes)}, ${bytes(row.bytes)}, ` +
		`${percent(row.bytes, moment.rss)} of RSS${row.owner ? `; ${row.owner}` : ""}`;
	return h(
		"button",
		{
			type: "button",
			class: `segment f-${familyOfRow(row.row)}`,
			"data-row": row.row,
			"data-bytes": row.bytes,
			"aria-label": told,
			"aria-pressed": "false",
			style: { flexGrow: String(row.bytes) },
			onclick: () => chooseRow(row.row),
			onfocus: () => tell(told),
			onmouseenter: () => tell(told),
		},
		h("span", {}, row.bytes > moment.rss / 9 ? row.words.replace(/[:,(].*/, "") : ""),
	);
}

function line(moment, row) {
	return h(
		"tr",
		{
			"data-row": row.row,
			"data-bytes": row.bytes,
			tabindex: "0",
			role: "button",
			"aria-label": `${row.words}: ${size(row.bytes)}, ${percent(row.bytes, moment.rss)}`,
			onclick: () => chooseRow(row.row),
			onkeydown: (event) => press(event, () => chooseRow(row.row)),
		},
		h("td", {}, h("i", { class: `swatch f-${familyOfRow(row.row)}` })),
		h("td", { class: "number strong" }, size(row.bytes)),
		h("td", { class: "number" }, percent(row.bytes, moment.rss)),
		h("td", { class: "number dim exact" }, bytes(row.bytes).replace(/ .*/, "")),
		h("td", {}, row.words),
		h("td", { class: "dim owner", title: row.owner }, row.owner),
	);
}

function subline(moment, [words, sum]) {
	return h(
		"tr",
		{ class: "sub" },
		h("td"),
		h("td", { class: "number" }, size(sum)),
		h("td", { class: "number" }, percent(sum, moment.rss)),
		h("td", { class: "number dim exact" }, bytes(sum).replace(/ .*/, "")),
		h("td", { colspan: "2" }, `of which ${words}`),
	);
}

function table(moment, rows) {
	const body = rows.flatMap((row) => [
		line(moment, row),
		...(row.row === "retained" ? partsOfRetained(moment) : [])
			.filter(([, sum]) => sum)
			.map((part) => subline(moment, part)),
	]);
	return h(
		"table",
		{ class: "ledger" },
		h("caption", { class: "hidden" }, "The ledger: rows that add up to RSS"),
		h("tbody", {}, body),
		h(
			"tfoot",
			{},
			h(
				"tr",
				{},
				h("td"),
				h("td", { class: "number strong" }, size(moment.rss)),
				h("td", { class: "number" }, "100.0%"),
				h(
					"td",
					{ class: "number dim exact" },
					bytes(moment.rss).replace(/ .*/, ""),
				),
				h("td", {}, "RSS"),
				h("td"),
			),
		),
	);
}

function headline(moment) {
	const { totals } = moment;
	if (moment.head.left_behind)
		return [
			h("strong", {}, size(totals.size)),
			" mapped",
			h("span", { class: "dim" }, " what of it was in memory is not known"),
		];
	return [
		h("strong", {}, size(moment.rss)),
		" in memory",
		h(
			"span",
			{ class: "dim" },
			` of ${size(totals.size)} mapped; ` +
				`PSS ${size(totals.pss)}${totals.swap ? `; swapped out ${size(totals.swap)}` : ""}`,
		),
	];
}

function liveline(moment) {
	const { totals } = moment;
	const error = totals.peak_live_bytes_error;
	const peak =
		totals.peak_live_bytes === null
			? "not known"
			: `${size(totals.peak_live_bytes)}${error ? ` ± ${size(error)}` : ""}`;
	const ever =
		totals.allocations === null
			? "not known"
			: `${size(totals.allocated_bytes)} in ${count(totals.allocations, "allocation")}, ` +
				`${count(totals.frees, "free")}`;
	return h(
		"p",
		{ class: "dim" },
		`Live ${size(totals.live_bytes)} in ` +
			`${count(totals.live_blocks, "block")}; peak ${peak}; ever ${ever}`,
	);
}

function sectionOf(moment, ...children) {
	return h(
		"section",
		{ class: "card", id: "holds", "aria-labelledby": "holds-title" },
		h("h2", { id: "holds-title" }, "What holds the memory?"),
		h("p", { class: "figure" }, ...headline(moment)),
		liveline(moment),
		...children,
	);
}

export function ledgerSection(moment) {
	if (moment.head.left_behind) return sectionOf(moment);
	const rows = rowsOf(moment);
	const told = h("p", { class: "told", "aria-live": "polite" });
	const quiet = "Point at the bar, or walk it with Tab. A click shows only that.";
	const tell = (text) => {
		told.textContent = text;
	};
	const bar = h(
		"div",
		{
			class: "bar",
			role: "group",
			"aria-label": "What RSS is made of",
			onmouseleave: () => tell(quiet),
		},
		rows.filter((row) => row.bytes).map((row) => segment(moment, row, tell)),
	);
	tell(quiet);
	onSelect(() => {
		for (const element of bar.parentElement?.querySelectorAll("[data-row]") ?? []) {
			const on =
				selection.place.type === "row" &&
				selection.place.row === element.dataset.row;
			element.setAttribute("aria-pressed", String(on));
		}
	});
	return sectionOf(moment, bar, told, table(moment, rows));
}
