// Elements, made of texts and never of HTML.

// h("p", {class: "note", onclick}, "text", child…); what is null or false is left out.
export function h(name, attributes = {}, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
		else if (key === "style") Object.assign(element.style, value);
		else element.setAttribute(key, value === true ? "" : value);
	}
	element.append(
		...children
			.flat()
			.filter(
				(child) => child !== null && child !== undefined && child !== false,
			),
	);
	return element;
}

// Words and what they stand for, beside each other.
export function facts(...pairs) {
	return h(
		"dl",
		{ class: "facts" },
		pairs
			.filter(Boolean)
			.flatMap(([what, value]) => [
				h("dt", {}, what),
				h("dd", {}, ...[value].flat()),
			]),
	);
}

// Buttons of which one is pressed; choose(key) is called when another is.
export function choice(label, options, chosen, choose) {
	const buttons = options.map(([key, words, title]) =>
		h(
			"button",
			{
				type: "button",
				"data-key": key,
				title,
				"aria-pressed": String(key === chosen),
				onclick: () => {
					for (const button of buttons)
						button.setAttribute(
							"aria-pressed",
							String(button.dataset.key === key),
						);
					choose(key);
				},
			},
			words,
		),
	);
	return h("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

// A canvas of the size that it is shown in, sharp on any screen; draw(context, width, height).
export function canvas(attributes, height, draw) {
	const element = h("canvas", { tabindex: "0", ...attributes });
	const redraw = () => {
		const width = element.parentElement?.clientWidth ?? 0;
		const tall = typeof height === "function" ? height() : height;
		const scale = window.devicePixelRatio || 1;
		if (!width) return;
		element.width = width * scale;
		element.height = tall * scale;
		element.style.height = `${tall}px`;
		const context = element.getContext("2d");
		context.scale(scale, scale);
		draw(context, width, tall);
	};
	new ResizeObserver(redraw).observe(element);
	window.addEventListener("themechange", redraw);
	return { element, redraw };
}

let tones = new Map();

window.addEventListener(
	"themechange",
	() => {
		tones = new Map();
	},
	{ capture: true },
);

// A colour of page.css, as the theme has it.
export function tone(name) {
	let value = tones.get(name);
	if (value === undefined) {
		value = getComputedStyle(document.documentElement)
			.getPropertyValue(`--${name}`)
			.trim();
		tones.set(name, value);
	}
	return value;
}
