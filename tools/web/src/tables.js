// Mappings, call stacks, threads and arenas as tables, to be sorted and filtered.

import {
	FilterModule,
	FormatModule,
	ResizeColumnsModule,
	SortModule,
	InteractionModule,
	ResizeTableModule,
	Tabulator,
} from "tabulator-tables";
import { TABLES } from "./columns.js";
import { choice, h } from "./dom.js";
import { grouped } from "./say.js";
import { isPlace, onSelect, selectionWords } from "./selection.js";

Tabulator.registerModule([
	FilterModule,
	FormatModule,
	ResizeColumnsModule,
	SortModule,
	InteractionModule,
	ResizeTableModule,
]);

// Headers and rows are reached by keys, too.
function reachable(element, table) {
	for (const header of element.querySelectorAll(".tabulator-col[role=columnheader]")) {
		header.tabIndex = 0;
		header.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" && event.key !== " ") return;
			event.preventDefault();
			const field = header.getAttribute("tabulator-field");
			const [sorter] = table.getSorters().filter((one) => one.field === field);
			table.setSort(field, sorter?.dir === "desc" ? "asc" : "desc");
		});
	}
}

function walk(event, made, table) {
	const row = event.target.closest(".tabulator-row");
	if (!row) return;
	const beside = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling };
	if (event.key in beside) {
		event.preventDefault();
		beside[event.key]?.focus();
	} else if (event.key === "Enter") {
		made.open(table.getRow(row).getData());
	}
}

class Tables {
	constructor(moment) {
		this.moment = moment;
		this.filter = h("input", {
			type: "search",
			id: "filter",
			"aria-label": "Filter the table",
			placeholder: "filter by words",
			oninput: () => this.refilter(),
		});
		this.holder = h("div", { class: "table", id: "table" });
		this.told = h("p", { class: "dim", role: "status" });
		onSelect((from, moved) => {
			if (moved && from !== "table") this.refilter();
		});
	}

	show(key) {
		this.table?.destroy();
		this.made = TABLES.find(([one]) => one === key)[2](this.moment);
		const element = h("div");
		this.holder.replaceChildren(element);
		this.holder.dataset.table = key;
		const table = (this.table = new Tabulator(element, {
			data: this.made.rows,
			columns: this.made.columns,
			maxHeight: 420,
			layout: "fitColumns",
			initialSort: [{ column: this.made.order[0], dir: this.made.order[1] }],
			index: "index",
			columnDefaults: { resizable: true },
			rowFormatter: (row) => {
				row.getElement().tabIndex = 0;
			},
		}));
		table.on("rowClick", (_, row) => this.made.open(row.getData()));
		table.on("tableBuilt", () => {
			reachable(element, table);
			this.refilter();
		});
		element.addEventListener("keydown", (event) => walk(event, this.made, table));
	}

	refilter() {
		if (!this.table?.initialized) return;
		const wanted = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
		const { made } = this;
		this.table.setFilter(
			(row) =>
				(!isPlace() || made.holds(row)) &&
				(!wanted.length ||
					wanted.every((word) =>
						made.words(row).toLowerCase().includes(word),
					)),
		);
		const count = this.table.getDataCount("active");
		const where = isPlace() ? `, in ${selectionWords()}` : "";
		this.told.textContent = `${grouped(count)} of ${grouped(made.rows.length)}${where}`;
	}
}

export function tablesSection(moment) {
	const tables = new Tables(moment);
	const counted = TABLES.map(([key, title]) => [
		key,
		`${title} ${grouped(
			{
				mappings: moment.mappings,
				threads: moment.report.threads,
				arenas: moment.report.arenas,
				callstacks: moment.books.stacks.id,
			}[key].length,
		)}`,
	]);
	requestAnimationFrame(() => tables.show("mappings"));
	return h(
		"section",
		{ class: "card", id: "tables", "aria-labelledby": "tables-title" },
		h(
			"header",
			{},
			h("h2", { id: "tables-title" }, "Tables"),
			choice("Which table", counted, "mappings", (key) => tables.show(key)),
			tables.filter,
		),
		tables.holder,
		tables.told,
	);
}
