// Who asked for it: the call stacks that hold most, pin most, have mapped most, or asked for most.

import { choice, h } from "./dom.js";
import { amount, count, percent, size } from "./say.js";
import { choose, onSelect, selection } from "./selection.js";

const SHOWN = 7;

const VIEWS = [
	["live_bytes", "Live", "Bytes of live blocks"],
	[
		"pinned",
		"Pins",
		"Retained bytes on pages that its live blocks keep from being given back",
	],
	["mapped", "Mapped", "Bytes that it has mapped and still has"],
	["allocated_bytes", "Ever", "All that was allocated there since the start"],
];

function ofStacks(moment, key) {
	const { stacks } = moment.books;
	const rows = [];
	for (let i = 0; i < stacks.rows; i++)
		if (stacks[key][i] > 0)
			rows.push({
				frame: stacks.id[i],
				bytes: stacks[key][i],
				error: stacks[`${key}_error`][i],
				note:
					key === "allocated_bytes"
						? moment.stackCount(i, "allocations", "allocation")
						: moment.stackCount(i, "live_blocks", "block"),
			});
	return rows.sort((a, b) => b.bytes - a.bytes);
}

// As "Who mapped what" in the text report, and with what is resident of it.
function ofRegions(moment) {
	const rows = new Map();
	for (const region of moment.report.regions) {
		if (!["mmap", "mremap", "shmat", "brk"].includes(region.call)) continue;
		const row = rows.get(region.callstack) ?? {
			frame: region.callstack,
			bytes: 0,
			rss: 0,
			error: 0,
			regions: 0,
		};
		row.bytes += region.size;
		row.rss += region.rss ?? 0;
		row.regions++;
		rows.set(region.callstack, row);
	}
	for (const row of rows.values())
		row.note = `${count(row.regions, "region")}, ${size(row.rss)} in memory`;
	return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

function wholeOf(moment, key, rows) {
	const { totals } = moment;
	if (key === "mapped") return rows.reduce((sum, row) => sum + row.bytes, 0);
	return totals[key];
}

const chooseStack = (moment, frame) => choose({ type: "stack", frame, owner: moment });

function entry(moment, row, whole, sampled) {
	const share = percent(row.bytes, whole);
	const most = Math.min(100, (row.bytes / (whole || 1)) * 100);
	return h(
		"li",
		{},
		h(
			"button",
			{
				type: "button",
				class: "entry",
				"data-frame": row.frame,
				"data-bytes": row.bytes,
				onclick: () => chooseStack(moment, row.frame),
			},
			h("span", { class: "fill", style: { width: `${most}%` } }),
			h(
				"span",
				{ class: "number strong" },
				amount(row.bytes, row.error, sampled),
			),
			h("span", { class: "name" }, moment.ownerOf(row.frame)),
			h("span", { class: "number dim" }, share),
			h("span", { class: "dim note" }, row.note + moment.behind(row.frame)),
		),
	);
}

export function askedSection(moment) {
	const list = h("ol", { class: "entries" });
	const rest = h("p", { class: "dim" });
	const show = (key) => {
		const rows = key === "mapped" ? ofRegions(moment) : ofStacks(moment, key);
		const whole = wholeOf(moment, key, rows);
		const sampled = moment.sampled && key !== "mapped";
		list.replaceChildren(
			...rows.slice(0, SHOWN).map((row) => entry(moment, row, whole, sampled)),
		);
		rest.textContent = rows.length
			? `${
					rows.length > SHOWN
						? `${count(rows.length - SHOWN, "more call stack")} below`
						: "these are all"
				}; ` + `${VIEWS.find(([k]) => k === key)[2].toLowerCase()}`
			: key === "pinned" && !moment.head.pages_known
				? "Not known."
				: "None.";
	};
	show("live_bytes");
	onSelect(() => {
		for (const button of list.querySelectorAll("[data-frame]"))
			button.toggleAttribute(
				"data-on",
				selection.told.type === "stack" &&
					Number(button.dataset.frame) === selection.told.frame,
			);
	});
	return h(
		"section",
		{ class: "card", id: "asked", "aria-labelledby": "asked-title" },
		h("h2", { id: "asked-title" }, "Who asked for it?"),
		choice("Which call stacks", VIEWS, "live_bytes", show),
		moment.sampled &&
			h(
				"p",
				{ class: "dim" },
				"Call stacks are sampled, one in " +
					`${size(moment.sampled.mean_bytes)}: ± is one standard error.`,
			),
		list,
		rest,
	);
}
