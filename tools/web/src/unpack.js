// What the elements of the page hold: gzip in base64; within it JSON, or sheets (tools/sheet.h).

function bytesOf(base64) {
	if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
	const text = atob(base64);
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
	return bytes;
}

async function unzip(base64) {
	const stream = new Blob([bytesOf(base64)]).stream();
	const whole = new Response(stream.pipeThrough(new DecompressionStream("gzip")));
	return new Uint8Array(await whole.arrayBuffer());
}

// The element's bytes; null where there is none. What was read is given back to the browser.
async function take(moment, part) {
	const element = document.querySelector(
		`script[data-moment="${moment}"][data-part="${part}"]`,
	);
	if (!element) return null;
	const bytes = await unzip(element.textContent);
	element.remove();
	return bytes;
}

export async function takeJson(moment, part) {
	return JSON.parse(new TextDecoder().decode(await take(moment, part)));
}

class Reader {
	constructor(bytes) {
		this.bytes = bytes;
		this.at = 0;
	}

	// Seven bits a byte, lowest first. Beyond 2^53 a number is a BigInt.
	varint() {
		let value = 0;
		for (let shift = 1; ; shift *= 128) {
			const byte = this.bytes[this.at++];
			if (shift > 2 ** 42) return this.long(value, shift, byte);
			value += (byte & 127) * shift;
			if (byte < 128) return value;
		}
	}

	long(low, shift, byte) {
		let value = BigInt(low);
		let factor = BigInt(shift);
		for (; ; factor *= 128n, byte = this.bytes[this.at++]) {
			value += BigInt(byte & 127) * factor;
			if (byte < 128) return value;
		}
	}

	take(length) {
		this.at += length;
		return this.bytes.subarray(this.at - length, this.at);
	}
}

function difference(code) {
	if (typeof code === "bigint") {
		const zigzag = code - 1n;
		return zigzag & 1n ? -(zigzag + 1n) / 2n : zigzag / 2n;
	}
	const zigzag = code - 1;
	return zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
}

// Addresses are below 2^53 or multiples of 4,096, so that they are exact as numbers.
function add(last, step) {
	const sum = typeof step === "bigint" ? BigInt(last) + step : last + step;
	if (typeof sum === "number" && sum >= 0 && sum < 2 ** 53) return sum;
	return Number(BigInt.asUintN(64, BigInt(sum)));
}

// NaN stands for what is not known.
function column(bytes) {
	const reader = new Reader(bytes);
	const values = new Float64Array(reader.varint());
	let last = 0;
	for (let i = 0; i < values.length; i++) {
		const code = reader.varint();
		values[i] = code ? (last = add(last, difference(code))) : NaN;
	}
	return values;
}

// {sheet: {column: Float64Array, rows}}, and the texts as `words`, from 1.
export async function takeSheets(moment, part) {
	const bytes = await take(moment, part);
	if (!bytes) return null;
	const sheets = {};
	const reader = new Reader(bytes);
	let text = new Uint8Array();
	while (reader.at < bytes.length) {
		const [sheet, name] = new TextDecoder()
			.decode(reader.take(reader.varint()))
			.split(".");
		const section = reader.take(reader.varint());
		if (!name) {
			text = section;
			continue;
		}
		sheets[sheet] ??= {};
		sheets[sheet][name] = column(section);
		sheets[sheet].rows = sheets[sheet][name].length;
	}
	if (sheets.words) sheets.words = wordsOf(sheets.words.length, text);
	return sheets;
}

function wordsOf(lengths, text) {
	const decoder = new TextDecoder();
	const words = [""];
	let at = 0;
	for (const length of lengths) {
		words.push(decoder.decode(text.subarray(at, at + length)));
		at += length + 1;
	}
	return words;
}
