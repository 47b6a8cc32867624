// Pictures of bytes over time.

import { tone } from "./dom.js";
import { colour } from "./palette.js";
import { size } from "./say.js";

const AXIS = () => ({
	stroke: tone("dim"),
	grid: { stroke: tone("line"), width: 1 },
	ticks: { stroke: tone("line"), width: 1 },
	font: "11px system-ui, sans-serif",
});

export function plot(holder, make) {
	let chart = null;
	const draw = () => {
		const width = holder.clientWidth;
		if (!width) return;
		chart?.destroy();
		chart = make(width);
	};
	let before = 0;
	new ResizeObserver(() => {
		if (holder.clientWidth !== before) draw();
		before = holder.clientWidth;
	}).observe(holder);
	window.addEventListener("themechange", draw);
	return holder;
}

// Steps that are round in KiB, MiB and so on.
const STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);

export const axes = (x) => [
	{ ...AXIS(), values: (_, at) => at.map(x), space: 70 },
	{
		...AXIS(),
		values: (_, at) => at.map((value) => size(value)),
		size: 76,
		space: 34,
		incrs: STEPS,
	},
];

export function line(label, family, dash, width = 2) {
	return {
		label,
		stroke: family === "text" ? tone("text") : colour(family),
		dash,
		width,
		points: { size: 6 },
		value: (_, value) => (value === null || value === undefined ? "–" : size(value)),
	};
}
