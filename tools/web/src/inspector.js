// The panel beside the page: what was chosen, in full.

import { answerOf } from "./address.js";
import { h } from "./dom.js";
import { chooseAddress, chooseAll, onSelect, selection } from "./selection.js";
import { addressView } from "./telladdress.js";
import { groupView, mappingView } from "./tellplace.js";
import { stackView } from "./tellstack.js";

function nothingView() {
	return [
		h("h3", {}, "What is it?"),
		h(
			"p",
			{ class: "dim" },
			"Click on anything: a row of " +
				"the ledger, a call stack, a place in the address space. It is told here, and the flame " +
				"graph and the tables follow.",
		),
		h(
			"p",
			{ class: "dim" },
			"All of it works by keys: Tab " +
				"goes on, Enter chooses, arrows move within pictures, + and - zoom, Escape shows the " +
				"whole process again.",
		),
	];
}

function viewOf(moment) {
	const { told } = selection;
	switch (told.type) {
		case "row":
			return groupView(
				moment.rowWords[told.row],
				moment.parts.filter(
					(part) =>
						part.row === told.row ||
						(told.row === "live" && part.row === "retained"),
				),
				moment,
			);
		case "kind":
			return groupView(
				`kind ${told.kind}`,
				moment.parts.filter((part) => part.kind === told.kind),
				moment,
			);
		case "mapping":
			return mappingView({ ...told, moment });
		case "address":
			return addressView(moment, answerOf(moment, told.address));
		case "stack":
			return stackView(told);
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

function addressForm(moment) {
	const error = h("p", { class: "dim", role: "status" });
	const input = h("input", {
		id: "address",
		type: "text",
		spellcheck: "false",
		autocomplete: "off",
		placeholder: "7f30c2a41f10",
		"aria-label": "What is at an address",
	});
	return h(
		"form",
		{
			class: "ask",
			onsubmit: (event) => {
				event.preventDefault();
				askAddress(moment, input.value, (text) => {
					error.textContent = text;
				});
			},
		},
		input,
		h("button", { type: "submit" }, "What is there?"),
		error,
	);
}

export function inspector(moment) {
	const body = h("div", { "aria-live": "polite", id: "told" }, nothingView());
	const all = h(
		"button",
		{ type: "button", class: "link", hidden: true, onclick: chooseAll },
		"show the whole process",
	);
	onSelect(() => {
		body.replaceChildren(...viewOf(moment).filter(Boolean));
		all.hidden = selection.told.type === "all" && selection.place.type === "all";
	});
	return h(
		"aside",
		{ class: "card", id: "inspector", "aria-label": "What was chosen" },
		addressForm(moment),
		body,
		all,
	);
}
