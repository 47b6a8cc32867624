// Opens the page of `vmatlas report --html` in a browser without a screen and does what a person would:
//
//    page.js PACKAGES FILE <STEPS
//
// PACKAGES has playwright-core. STEPS is JSON, [[what, selector or text, value]…]; prints what each gave,
// as JSON, and what the page complained of. Nothing is fetched: that would be a complaint.
const { readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");

const [packages, file] = process.argv.slice(2);
const { chromium } = require(join(resolve(packages), "playwright-core"));
const steps = JSON.parse(readFileSync(0, "utf8"));
const quiet = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

const does = {
	click: (page, selector) => page.click(selector),
	// At a share of its width and height.
	click_at: async (page, selector, [x, y]) => {
		const box = await page.locator(selector).boundingBox();
		await page
			.locator(selector)
			.click({ position: { x: x * box.width, y: y * box.height } });
	},
	hover: (page, selector) => page.hover(selector),
	fill: (page, selector, value) => page.fill(selector, value),
	focus: (page, selector) => page.focus(selector),
	press: (page, keys) => page.keyboard.press(keys),
	text: (page, selector) => page.innerText(selector),
	texts: (page, selector) => page.locator(selector).allInnerTexts(),
	attributes: (page, selector, name) =>
		page
			.locator(selector)
			.evaluateAll(
				(elements, key) =>
					elements.map((element) => element.getAttribute(key)),
				name,
			),
	evaluate: (page, expression) => page.evaluate(expression),
	wait: (page, selector) => page.waitForSelector(selector),
	pause: (page, _, ms) => page.waitForTimeout(ms),
	theme: (page, theme) => page.emulateMedia({ colorScheme: theme }),
	screenshot: (page, path) => page.screenshot({ path }),
};

async function main() {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: quiet });
	const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
	const complaints = [],
		results = [];
	page.setDefaultTimeout(60000);
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("dialog", (dialog) => {
		complaints.push(`dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", (request) => {
		if (!/^(file|data):/.test(request.url()))
			complaints.push(`fetched ${request.url()}`);
	});
	await page.goto(`file://${resolve(file)}`);
	await page.waitForSelector("body[data-ready]");
	for (const [what, selector, value] of steps)
		results.push((await does[what](page, selector, value)) ?? null);
	await browser.close();
	console.log(JSON.stringify({ results, complaints }));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
