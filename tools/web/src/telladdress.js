// An address, told in full, in the words of `vmatlas addr` (tools/addr_headline.c).

import { facts, h } from "./dom.js";
import { address as hex, base, bytes, date, duration, shown } from "./say.js";
import { mappingFacts, regionFacts } from "./tellplace.js";
import { callStack, stackLink } from "./tellstack.js";

function whose({ main, thread }) {
	if (main) return "the main stack";
	return `the stack of ${
		thread ? `thread ${thread.tid} ${shown(thread.name)}`.trim() : "a thread"
	}`;
}

function headline({ what, block, before, after, address, stack, region, part }) {
	const into = block && address - block.address;
	const behind = before && address - before.address - before.size;
	switch (what) {
		case "block":
			return `${into ? `${bytes(into)} into a` : "The start of a"} live block of ${bytes(block.size)}`;
		case "slack":
			return (
				`${behind ? `${bytes(behind)} behind` : "Right behind"} a live block of ` +
				`${bytes(before.size)}, in what malloc rounded it up to`
			);
		case "header":
			return (
				`${bytes(after.address - address)} before a live block of ${bytes(after.size)}: ` +
				"its header"
			);
		case "gap":
			return "In malloc's memory, in no live block";
		case "stack":
			return `On ${whose(stack)}, ${bytes(stack.depth)} below ${
				stack.thread || stack.main ? "its top" : "the end of its mapping"
			}`;
		case "guard":
			return `In the guard below ${whose(stack)}`;
		case "region":
			return (
				`${address > region.start ? `${bytes(address - region.start)} into` : "The start of"} ` +
				`${bytes(region.end - region.start)} that were mapped, by ${region.call}`
			);
		case "mapping":
			return `In ${part.kind}${part.owner ? ` of ${shown(part.owner)}` : ""}`;
		default:
			return "In no mapping";
	}
}

function pageWords({ state }) {
	if (state === undefined) return "not known";
	const words = [
		state & 1 ? "in memory" : "not in memory",
		state & 2 && "swapped out",
		state & 4 && "part of a huge page",
		state & 8 && "the page of zeros",
	];
	return words.filter(Boolean).join(", ");
}

function blockFacts(moment, block) {
	const { start_time_ns: start } = moment.report.process;
	return [
		["block", `${hex(block.address)}, ${bytes(block.size)}`],
		[
			"thread",
			Number.isNaN(block.tid)
				? "not known"
				: `${block.tid} ${threadName(moment, block)}`,
		],
		[
			"born",
			Number.isNaN(block.time)
				? "not known"
				: `${duration(block.time)} after the start, ${date(start + block.time)}`,
		],
	];
}

function threadName(moment, { tid }) {
	return shown(moment.report.threads.find((thread) => thread.tid === tid)?.name ?? "");
}

function near(words, block) {
	return block && [words, `${hex(block.address)}, ${bytes(block.size)}`];
}

export function addressView(moment, answer) {
	const { block, mapping, part } = answer;
	const head = [
		h("h3", {}, h("code", {}, hex(answer.address))),
		h("p", { class: "answer", "data-what": answer.what }, headline(answer)),
	];
	if (!mapping) return head;
	const frame = block?.frame || (answer.what === "region" ? answer.region.frame : 0);
	return [
		...head,
		facts(
			...(block ? blockFacts(moment, block) : []),
			!block && near("before", answer.before),
			!block && near("after", answer.after),
			["page", pageWords(answer)],
			...mappingFacts(mapping),
			part.kind !== mapping.kind && ["part", `${part.kind} ${shown(part.owner)}`],
			...(block ? [] : regionFacts(moment, answer.region)),
		),
		block &&
			!block.sampled &&
			h("p", { class: "dim" }, "Not sampled: no call stack, no time."),
		frame > 0 && h("h4", {}, "Who asked for it: ", stackLink(moment, frame)),
		frame > 0 && callStack(moment, frame),
		h(
			"p",
			{ class: "dim" },
			"Also: ",
			h(
				"code",
				{},
				`vmatlas addr ` +
					`${base(moment.head.path)} ${hex(answer.address)}`,
			),
		),
	];
}
