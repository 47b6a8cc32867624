// The page of `vmatlas report --html`: reads what is embedded, and lays the parts out.

import { answers } from "./answers.js";
import { askedSection } from "./asked.js";
import { h } from "./dom.js";
import { flameSection } from "./flame.js";
import { growsSection } from "./grows.js";
import { inspector } from "./inspector.js";
import { ledgerSection } from "./ledger.js";
import { Moment } from "./moment.js";
import { familyOfKind } from "./palette.js";
import { Field, fieldLegend, fieldTools } from "./pages.js";
import { date, duration, grouped, shown, size } from "./say.js";
import { choose, chooseAll, onSelect, selection } from "./selection.js";
import { Strip, stripTools } from "./space.js";
import { tablesSection } from "./tables.js";

// -- Light and dark -------------------------------------------------------------------------------

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	window.dispatchEvent(new Event("themechange"));
}

function themeButton() {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const now = () => document.documentElement.dataset.theme;
	setTheme(dark.matches ? "dark" : "light");
	dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
	return h(
		"button",
		{
			type: "button",
			id: "theme",
			"aria-label": "Light or dark",
			onclick: () => setTheme(now() === "dark" ? "light" : "dark"),
		},
		"◐",
	);
}

// -- The head -------------------------------------------------------------------------------------

function notices({ report, head, totals }) {
	const list = [];
	if (!report.dump.complete)
		list.push("This report is not complete: something could not be read.");
	if (!head.pages_known && !head.left_behind)
		list.push(
			"The kernel does not say which pages are in memory: live and retained cannot be " +
				"told apart.",
		);
	if (report.sampling)
		list.push(
			`Call stacks are sampled: one in ${size(report.sampling.mean_bytes)} of ` +
				`allocated bytes, ${grouped(report.sampling.samples)} of ` +
				`${grouped(report.sampling.samples_ever)} samples live; ± is one standard error.`,
		);
	list.push(...report.dump.notices.map(shown));
	list.push(
		...head.lost.map((lost) => `not seen: ${grouped(lost.count)} ${shown(lost.words)}`),
	);
	if (totals.failed_allocations)
		list.push(`${grouped(totals.failed_allocations)} allocations were refused.`);
	return list.length
		? h(
				"details",
				{ class: "notices", open: list.length < 4 },
				h("summary", {}, `${grouped(list.length)} to know`),
				h(
					"ul",
					{},
					list.map((text) => h("li", {}, text)),
				),
			)
		: null;
}

function differs(moments) {
	const of = ({ report }) => `${report.process.pid} ${report.process.start_time_ns}`;
	return moments.some((moment) => of(moment) !== of(moments[0]))
		? h("p", { class: "notices" }, "These snapshots are of different processes.")
		: null;
}

function title(moment) {
	const { process, dump } = moment.report;
	document.title = `${shown(process.name)} (pid ${process.pid}), ${size(moment.rss)} – vmatlas`;
	return h(
		"div",
		{},
		h(
			"h1",
			{},
			shown(process.name) || "?",
			h("span", { class: "dim" }, ` pid ${process.pid}`),
		),
		h(
			"p",
			{ class: "dim" },
			[
				date(process.time_ns),
				moment.head.left_behind
					? "left behind"
					: `dump ${dump.number}, by ${shown(dump.reason)}`,
				`running ${duration(moment.head.running_ns)}`,
			].join("  ·  "),
		),
		h("p", { class: "command dim", title: moment.head.command }, moment.head.command),
	);
}

// -- The address space ----------------------------------------------------------------------------

// Each kind with its colour and what of it is in memory, or where that is not known, mapped.
function kinds(moment) {
	const sums = new Map();
	const bytesOf = (part) =>
		moment.head.left_behind ? part.end - part.start : (part.rss ?? 0);
	for (const part of moment.parts)
		sums.set(part.kind, (sums.get(part.kind) ?? 0) + bytesOf(part));
	const buttons = [...sums]
		.sort((a, b) => b[1] - a[1])
		.map(([kind, bytes]) =>
			h(
				"button",
				{
					type: "button",
					class: "chip",
					"data-kind": kind,
					"aria-pressed": "false",
					onclick: () =>
						selection.place.type === "kind" &&
						selection.place.kind === kind
							? chooseAll()
							: choose({ type: "kind", kind }),
				},
				h("i", { class: `swatch f-${familyOfKind(kind)}` }),
				`${kind} `,
				h("span", { class: "dim" }, size(bytes)),
			),
		);
	onSelect(() => {
		for (const button of buttons)
			button.setAttribute(
				"aria-pressed",
				String(
					selection.place.type === "kind" &&
						selection.place.kind === button.dataset.kind,
				),
			);
	});
	return h("div", { class: "chips", role: "group", "aria-label": "Kinds" }, buttons);
}

function spaceSection(moment) {
	const strip = new Strip(moment);
	const field = new Field(moment);
	const told = h("p", { class: "told mono", "aria-live": "polite" }, " ");
	const which = h("p", { class: "dim mono" });
	strip.onSay = field.onSay = (text) => {
		told.textContent = text;
	};
	field.onMove = () => {
		which.textContent = field.words();
	};
	moment.ground().then(() => {
		const largest = moment.mappings.reduce(
			(most, mapping) =>
				mapping.rss > (most?.rss ?? 0) && mapping.kind !== "vmatlas"
					? mapping
					: most,
			null,
		);
		if (largest) field.show(largest, largest.start, largest.end);
	});
	return h(
		"section",
		{ class: "card", id: "space", "aria-labelledby": "space-title" },
		h(
			"header",
			{},
			h("h2", { id: "space-title" }, "The address space, low to high"),
			stripTools(strip),
		),
		strip.element,
		told,
		kinds(moment),
		...(moment.head.pages_known
			? [
					h(
						"header",
						{},
						h("h3", {}, "Pages"),
						fieldLegend(),
						fieldTools(field),
					),
					which,
					field.element,
				]
			: [h("p", { class: "dim" }, "Which pages were in memory is not known.")]),
	);
}

// -- All of it ------------------------------------------------------------------------------------

async function readMoments() {
	const elements = document.querySelectorAll('script[data-part="head"]');
	const moments = [];
	for (let i = 0; i < elements.length; i++) moments.push(await Moment.read(i));
	return moments;
}

async function main() {
	const page = document.getElementById("page");
	const theme = themeButton();
	const moments = await readMoments();
	const moment = moments.at(-1);
	selection.moment = moment;
	page.replaceChildren(
		...[
			h("a", { class: "skip", href: "#holds" }, "To the ledger"),
			h("header", { class: "top" }, title(moment), theme),
			differs(moments),
			notices(moment),
			answers(moments),
			h(
				"main",
				{},
				h(
					"div",
					{ class: "column" },
					ledgerSection(moment),
					h(
						"div",
						{ class: "pair" },
						askedSection(moment),
						growsSection(moments),
					),
					spaceSection(moment),
					flameSection(moment, moments),
					tablesSection(moment),
				),
				inspector(moment),
			),
			h(
				"footer",
				{ class: "dim" },
				`vmatlas ${moment.head.version}  ·  ` +
					`${shown(moment.report.process.kernel)}  ·  ${moments
						.map(({ head }) => shown(head.path))
						.join("  ")}`,
			),
		].filter(Boolean),
	);
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape") chooseAll();
	});
	await moment.ground();
	document.body.dataset.ready = "true";
}

main().catch((error) => {
	document.getElementById("page").replaceChildren(
		h("p", { class: "waiting" }, `This page could not be read: ${error.message}`),
	);
	throw error;
});
