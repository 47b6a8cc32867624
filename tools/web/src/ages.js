// Of one snapshot: when what is live was allocated. What grows has live blocks of all ages.

import uPlot from "uplot";
import { h } from "./dom.js";
import { colour } from "./palette.js";
import { axes, plot } from "./plot.js";
import { duration, percent, size } from "./say.js";

const BINS = 48;

// How many blocks like it a sampled block stands for (preload/core/poisson.h).
function weightOf({ sampled }, size) {
	return sampled ? 1 / -Math.expm1(-Math.max(1, size) / sampled.mean_bytes) : 1;
}

// Live bytes by the time of their birth.
function ages(moment) {
	const { blocks } = moment;
	const sums = new Array(BINS).fill(0);
	const whole = moment.head.running_ns || 1;
	let known = 0;
	for (let i = 0; i < blocks.rows; i++) {
		const bin = Math.min(
			BINS - 1,
			Math.max(0, Math.floor((blocks.time[i] / whole) * BINS)),
		);
		if (Number.isNaN(bin)) continue;
		const bytes = blocks.size[i] * weightOf(moment, blocks.size[i]);
		sums[bin] += bytes;
		known += bytes;
	}
	return { sums, known };
}

function agesPlot(moment, sums) {
	const step = moment.head.running_ns / BINS;
	const holder = h("div", {
		class: "plot",
		role: "img",
		"aria-label": "Live bytes by when they were allocated",
	});
	return plot(
		holder,
		(width) =>
			new uPlot(
				{
					width,
					height: 190,
					cursor: { y: false },
					scales: { x: { time: false } },
					legend: { show: true },
					axes: axes((ns) => duration(ns)),
					series: [
						{
							label: "born",
							value: (_, value) =>
								value === null
									? "–"
									: `at ${duration(value)}`,
						},
						{
							label: "still live",
							stroke: colour("live"),
							width: 1,
							fill: colour("live"),
							paths: uPlot.paths.bars({
								size: [0.9, 40],
							}),
							points: { show: false },
							value: (_, value) =>
								value === null ? "–" : size(value),
						},
					],
				},
				[sums.map((_, i) => (i + 0.5) * step), sums],
				holder,
			),
	);
}

export function single(moment) {
	const holder = h("div", {}, h("p", { class: "dim" }, "Reading blocks…"));
	moment.ground().then(() => {
		const { sums, known } = ages(moment);
		const last = sums.slice(-Math.ceil(BINS / 4)).reduce((a, b) => a + b, 0);
		holder.replaceChildren(
			agesPlot(moment, sums),
			h(
				"p",
				{},
				known
					? `${percent(last, known)} of the live bytes whose birth is known ` +
							"were allocated in the last quarter of the run."
					: "No birth is known.",
			),
		);
	});
	return [
		h(
			"p",
			{ class: "dim" },
			"One snapshot tells what is there, not what grows. What grows " +
				"leaves live blocks of all ages: this is when the live bytes were allocated.",
		),
		holder,
		h(
			"p",
			{ class: "dim" },
			"Give several snapshots for growth: ",
			h("code", {}, "vmatlas report --html -o a.html 1.snapshot 2.snapshot"),
		),
	];
}
