// Figures and names as the text report writes them (preload/core/text_human.c, text.c).

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

export function size(bytes) {
	if (bytes === null || Number.isNaN(bytes)) return "not known";
	if (bytes < 0) return `-${size(-bytes)}`;
	if (bytes < 1024) return bytes ? `${bytes} B` : "0";
	let unit = 0;
	const tenths = () => Math.round((bytes / 1024 ** (unit + 1)) * 10);
	while (tenths() >= 10240) unit++;
	return `${(tenths() / 10).toFixed(1)} ${UNITS[unit]}`;
}

export const grown = (bytes) => (bytes > 0 ? `+${size(bytes)}` : size(bytes));

export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

export function bytes(number) {
	if (number === null || Number.isNaN(number)) return "not known";
	return `${grouped(number)} ${Math.abs(number) === 1 ? "byte" : "bytes"}`;
}

export const count = (value, noun) => `${grouped(value)} ${noun}${value === 1 ? "" : "s"}`;

// Where call stacks are sampled, their figures have one standard error behind.
export const amount = (value, error, sampled) =>
	sampled ? `${size(value)} ± ${size(error)}` : size(value);

export const estimate = (value, error, sampled) =>
	sampled ? `${grouped(value)} ± ${grouped(error)}` : grouped(value);

export const counted = (value, error, noun, sampled) =>
	`${estimate(value, error, sampled)} ${noun}${value === 1 ? "" : "s"}`;

export function percent(part, whole) {
	return whole ? `${(Math.round((part * 1000) / whole) / 10).toFixed(1)}%` : "-";
}

export function duration(ns) {
	const tenths = (unit) => (Math.round((ns / unit) * 10) / 10).toFixed(1);
	if (ns < 1e3) return ns ? `${ns} ns` : "0";
	if (ns < 999950) return `${tenths(1e3)} us`;
	if (ns < 999950000) return `${tenths(1e6)} ms`;
	if (ns < 59950000000) return `${tenths(1e9)} s`;
	const seconds = Math.max(60, Math.floor(ns / 1e9));
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	if (seconds < 86400)
		return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
	return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export const address = (value) => `0x${BigInt(value).toString(16)}`;

export function date(ns) {
	return new Date(ns / 1e6).toISOString().replace("T", " ").slice(0, 19) + " UTC";
}

const hex = (code) => `\\x${code.toString(16).padStart(2, "0")}`;

function escaped(character) {
	const code = character.codePointAt(0);
	if (code >= 0xdc80 && code <= 0xdcff) return hex(code - 0xdc00);
	if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
	return [...new TextEncoder().encode(character)].map(hex).join("");
}

// Names come from strangers: what turns the writing direction, breaks lines or is no character is
// shown as bytes.
const STEERS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;

export const shown = (text) => String(text ?? "").replace(STEERS, escaped);

export const base = (path) => shown(path).replace(/^.*\/(?=.)/, "");
