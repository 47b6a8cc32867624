// The panel beside the page: what was clicked, in full.

import { answerOf } from "./address.js";
import { amount } from "./asked.js";
import { facts, h } from "./dom.js";
import { familyOfKind } from "./palette.js";
import { address as hex, base, bytes, count, date, duration, grouped, percent, shown, size }
	from "./say.js";
import { choose, chooseAll, onSelect, selection } from "./selection.js";

const FRAMES = 24;

// -- Call stacks ------------------------------------------------------------------------------

function frameLine(level) {
	const where = level.file ? `${base(level.file)}${level.line ? `:${level.line}` : ""}` : "";
	return h("li", { title: `${level.label}${level.module ? `  (${level.module})` : ""}` },
		h("span", { class: "function" }, level.label, level.inlined && h("i", {}, " inlined")),
		h("span", { class: "dim" }, [where, base(level.module)].filter(Boolean).join("  ")));
}

export function callStack(moment, frame) {
	const levels = moment.levels(frame);
	if (!levels.length) return h("p", { class: "dim" }, "call stack not known");
	const list = h("ol", { class: "frames" }, levels.slice(0, FRAMES).map(frameLine));
	if (levels.length > FRAMES) list.append(h("li", {}, h("button", { type: "button",
		class: "link", onclick: () => list.replaceChildren(...levels.map(frameLine)) },
	`${levels.length - FRAMES} more`)));
	return list;
}

const stackLink = (moment, frame) => h("button", { type: "button", class: "link",
	onclick: () => choose({ type: "stack", frame, owner: moment }) }, "this call stack");

// Mappings in which its live blocks lie.
function whereStack(moment, frame) {
	const { samples } = moment.books;
	const sums = new Map();
	for (let i = 0; i < samples.rows; i++) {
		const mapping = samples.mapping[i];
		if (samples.frame[i] !== frame || !mapping || !samples.live_bytes[i]) continue;
		sums.set(mapping, (sums.get(mapping) ?? 0) + samples.live_bytes[i]);
	}
	return [...sums].sort((a, b) => b[1] - a[1]);
}

function placeLink(moment, [number, sum]) {
	const mapping = moment.mappings[number - 1];
	return h("li", {}, h("button", { type: "button", class: "link",
		onclick: () => choose({ type: "mapping", mapping }) },
	`${mapping.name || mapping.kind} ${mapping.start.toString(16)}`), ` ${size(sum)}`);
}

function mappedBy(moment, frame) {
	const its = moment.report.regions.filter((region) => region.callstack === frame && region.call);
	if (!its.length) return null;
	const sum = (key) => its.reduce((total, region) => total + (region[key] ?? 0), 0);
	return ["mapped", `${size(sum("size"))} in ${count(its.length, "region")}, ` +
		`${size(sum("rss"))} in memory`];
}

function stackView({ frame, owner: moment }) {
	const held = moment.stack(frame);
	const told = (key) => amount(held[key], held[`${key}_error`], moment.sampled);
	const places = held ? whereStack(moment, frame) : [];
	return [h("h3", {}, moment.ownerOf(frame)), facts(
		held && ["live", `${told("live_bytes")} in ${count(held.live_blocks, "block")}` +
			` (${percent(held.live_bytes, moment.totals.live_bytes)} of live)`],
		held && ["resident", told("live_resident")], held && ["pins", told("pinned")],
		held && ["ever", `${told("allocated_bytes")} in ${count(held.allocations, "allocation")}`],
		mappedBy(moment, frame), ["call stack", `number ${frame}`]),
	h("h4", {}, "Frames, innermost first"), callStack(moment, frame),
	places.length > 0 && h("h4", {}, "Its blocks lie in"),
	places.length > 0 && h("ul", {}, places.slice(0, 8).map((place) => placeLink(moment, place)),
		places.length > 8 && h("li", { class: "dim" }, `${places.length - 8} more mappings`))];
}

// -- Mappings -----------------------------------------------------------------------------------

const known = (value) => value === null ? "not known" : size(value);

function figuresOf(it) {
	return [["size", size(it.size)], ["resident", known(it.rss)],
		it.live_blocks && ["live", `${size(it.live_bytes)} in ${count(it.live_blocks, "block")}, ` +
			`${known(it.live_resident)} in memory`],
		it.retained && ["retained", `${size(it.retained)}: ${known(it.pinned)} pinned, ` +
			`${known(it.trimmable)} trimmable`],
		it.swap && ["swapped", size(it.swap)],
		it.private_dirty && ["dirty", size(it.private_dirty)]].filter(Boolean);
}

const rangeOf = (it) => `${it.start.toString(16)}-${it.end.toString(16)}`;

function regionFacts(moment, region) {
	if (!region) return [];
	const when = Number.isNaN(region.time) ? null : duration(region.time);
	return [["mapped by", [region.call ?? "not seen",
		Number.isNaN(region.tid) ? "" : `, thread ${region.tid}`, when ? `, ${when} after the start`
			: ""]]];
}

function partLine(moment, part) {
	return h("li", {}, h("i", { class: `swatch f-${familyOfKind(part.kind)}` }),
		h("span", {}, `${part.kind} ${known(part.rss)} of ${size(part.end - part.start)}`),
		h("span", { class: "dim" }, ` ${shown(part.owner)}`));
}

function mappingFacts(mapping) {
	return [["mapping", h("code", {}, `${rangeOf(mapping)} ${mapping.perms}`)],
		["kind", h("button", { type: "button", class: "link",
			onclick: () => choose({ type: "kind", kind: mapping.kind }) }, mapping.kind)],
		["name", mapping.name || "–"], mapping.owner && ["owner", shown(mapping.owner)]];
}

function mappingView({ mapping, moment }) {
	const region = mapping.parts.length === 1 ? mapping.parts[0].region : null;
	return [h("h3", {}, mapping.name || mapping.kind),
		facts(...mappingFacts(mapping), ...figuresOf(mapping), ...regionFacts(moment, region)),
		region?.frame > 0 && h("h4", {}, "Who asked for it"),
		region?.frame > 0 && callStack(moment, region.frame),
		mapping.parts.length > 1 && h("h4", {}, `What it consists of: ${mapping.parts.length} parts`),
		mapping.parts.length > 1 && h("ul", { class: "parts" },
			mapping.parts.slice(0, 40).map((part) => partLine(moment, part)),
			mapping.parts.length > 40 && h("li", { class: "dim" }, "…"))];
}

// -- Addresses ------------------------------------------------------------------------------------

function whose({ main, thread }) {
	if (main) return "the main stack";
	return `the stack of ${thread ? `thread ${thread.tid} ${shown(thread.name)}`.trim()
		: "a thread"}`;
}

function headline({ what, block, before, after, address, stack, region, part }) {
	const into = block && address - block.address;
	const behind = before && address - before.address - before.size;
	switch (what) {
	case "block":
		return `${into ? `${bytes(into)} into a` : "The start of a"} live block of ${bytes(block.size)}`;
	case "slack":
		return `${behind ? `${bytes(behind)} behind` : "Right behind"} a live block of ` +
			`${bytes(before.size)}, in what malloc rounded it up to`;
	case "header":
		return `${bytes(after.address - address)} before a live block of ${bytes(after.size)}: ` +
			"its header";
	case "gap":
		return "In malloc's memory, in no live block";
	case "stack":
		return `On ${whose(stack)}, ${bytes(stack.depth)} below ${stack.thread || stack.main
			? "its top" : "the end of its mapping"}`;
	case "guard":
		return `In the guard below ${whose(stack)}`;
	case "region":
		return `${address > region.start ? `${bytes(address - region.start)} into` : "The start of"} ` +
			`${bytes(region.end - region.start)} that were mapped, by ${region.call}`;
	case "mapping":
		return `In ${part.kind}${part.owner ? ` of ${shown(part.owner)}` : ""}`;
	default:
		return "In no mapping";
	}
}

function pageWords({ state }) {
	if (state === undefined) return "not known";
	const words = [state & 1 ? "in memory" : "not in memory", state & 2 && "swapped out",
		state & 4 && "part of a huge page", state & 8 && "the page of zeros"];
	return words.filter(Boolean).join(", ");
}

function blockFacts(moment, block) {
	const { start_time_ns: start } = moment.report.process;
	return [["block", `${hex(block.address)}, ${bytes(block.size)}`],
		["thread", Number.isNaN(block.tid) ? "not known" : `${block.tid} ${threadName(moment, block)}`],
		["born", Number.isNaN(block.time) ? "not known"
			: `${duration(block.time)} after the start, ${date(start + block.time)}`]];
}

function threadName(moment, { tid }) {
	return shown(moment.report.threads.find((thread) => thread.tid === tid)?.name ?? "");
}

function near(words, block) {
	return block && [words, `${hex(block.address)}, ${bytes(block.size)}`];
}

function addressView(moment, answer) {
	const { block, mapping, part } = answer;
	if (!mapping) return [h("h3", {}, hex(answer.address)), h("p", {}, headline(answer))];
	const frame = block?.frame || (answer.what === "region" ? answer.region.frame : 0);
	return [h("h3", {}, h("code", {}, hex(answer.address))),
		h("p", { class: "answer", "data-what": answer.what }, headline(answer)),
		facts(...(block ? blockFacts(moment, block) : []),
			!block && near("before", answer.before), !block && near("after", answer.after),
			["page", pageWords(answer)], ...mappingFacts(mapping),
			part.kind !== mapping.kind && ["part", `${part.kind} ${shown(part.owner)}`],
			...(block ? [] : regionFacts(moment, answer.region))),
		block && !block.sampled && h("p", { class: "dim" }, "Not sampled: no call stack, no time."),
		frame > 0 && h("h4", {}, "Who asked for it: ", stackLink(moment, frame)),
		frame > 0 && callStack(moment, frame),
		h("p", { class: "dim" }, "Also: ", h("code", {}, `vmatlas addr ` +
			`${base(moment.head.path)} ${hex(answer.address)}`))];
}

// -- Rows, kinds, and nothing ---------------------------------------------------------------------

function sumOf(parts, key) {
	return parts.reduce((sum, part) => sum + (part[key] ?? 0), 0);
}

function groupView(title, parts, moment) {
	const mappings = new Map();
	for (const part of parts) {
		const sum = mappings.get(part.mapping) ?? 0;
		mappings.set(part.mapping, sum + (part.rss ?? 0));
	}
	const most = [...mappings].sort((a, b) => b[1] - a[1]);
	return [h("h3", {}, title), facts(["mappings", grouped(most.length)],
		["size", size(sumOf(parts, "end") - sumOf(parts, "start"))],
		["resident", size(sumOf(parts, "rss"))],
		sumOf(parts, "live_blocks") && ["live", `${size(sumOf(parts, "live_bytes"))} in ` +
			count(sumOf(parts, "live_blocks"), "block")],
		sumOf(parts, "retained") && ["retained", size(sumOf(parts, "retained"))]),
	h("h4", {}, "Largest in memory"),
	h("ul", {}, most.slice(0, 12).map(([mapping, sum]) =>
		placeLink(moment, [mapping.index + 1, sum])))];
}

function nothingView() {
	return [h("h3", {}, "What is it?"), h("p", { class: "dim" }, "Click on anything: a row of " +
		"the ledger, a call stack, a place in the address space. It is told here, and the flame " +
		"graph and the tables follow."), h("p", { class: "dim" }, "All of it works by keys: Tab " +
		"goes on, Enter chooses, arrows move within pictures, + and - zoom, Escape shows the " +
		"whole process again.")];
}

function viewOf(moment) {
	switch (selection.type) {
	case "row":
		return groupView(moment.rowWords[selection.row], moment.parts.filter((part) =>
			part.row === selection.row || (selection.row === "live" && part.row === "retained")),
		moment);
	case "kind":
		return groupView(`kind ${selection.kind}`,
			moment.parts.filter((part) => part.kind === selection.kind), moment);
	case "mapping":
		return mappingView({ ...selection, moment });
	case "address":
		return addressView(moment, answerOf(moment, selection.address));
	case "stack":
		return stackView(selection);
	default:
		return nothingView();
	}
}

function askAddress(moment, text, complain) {
	const value = text.trim().replace(/^0x/i, "");
	if (!/^[0-9a-f]{1,16}$/i.test(value)) {
		complain("Expected an address, in hexadecimal.");
		return;
	}
	complain("");
	chooseAddress(moment, Number(BigInt(`0x${value}`)));
}

export function chooseAddress(moment, address, from) {
	moment.ground().then(() =>
		choose({ type: "address", address, mapping: moment.mappingAt(address) }, from));
}

function addressForm(moment) {
	const error = h("p", { class: "dim", role: "status" });
	const input = h("input", { id: "address", type: "text", spellcheck: "false",
		autocomplete: "off", placeholder: "7f30c2a41f10", "aria-label": "What is at an address" });
	return h("form", { class: "ask", onsubmit: (event) => {
		event.preventDefault();
		askAddress(moment, input.value, (text) => { error.textContent = text; });
	} }, input, h("button", { type: "submit" }, "What is there?"), error);
}

export function inspector(moment) {
	const body = h("div", { "aria-live": "polite", id: "told" }, nothingView());
	const all = h("button", { type: "button", class: "link", hidden: true, onclick: chooseAll },
		"show the whole process");
	onSelect(() => {
		body.replaceChildren(...viewOf(moment).filter(Boolean));
		all.hidden = selection.type === "all";
	});
	return h("aside", { class: "card", id: "inspector", "aria-label": "What was chosen" },
		addressForm(moment), body, all);
}
