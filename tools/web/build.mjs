// Bundles the page: build.mjs FOLDER OUTPUT, FOLDER having node_modules with what package.json says.
//
// The policy of the page names its one script and its one style by their hashes: whatever a
// snapshot holds, no other script can run.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, output] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(resolve(folder, "package.json"))("esbuild");
const MARK = "<!--vmatlas data-->";

const packages = new Set();

// Whose work the page holds, and on what terms: they are to stay with it. As a comment of HTML, which
// two dashes would end.
function licences() {
	const texts = [...packages].sort().map((name) => {
		const room = resolve(folder, "node_modules", name);
		const file = readdirSync(room).find((entry) => /^licen[cs]e/i.test(entry));
		if (!file) throw new Error(`${name} has no licence`);
		return `${name}\n\n${readFileSync(resolve(room, file), "utf8").trim()}\n`;
	});
	return texts
		.join(`\n${"=".repeat(72)}\n\n`)
		.replace(/-{2,}/g, (dashes) => "=".repeat(dashes.length));
}

async function bundle(entry, how) {
	const built = await esbuild.build({
		entryPoints: [resolve(here, "src", entry)],
		nodePaths: [resolve(folder, "node_modules")],
		bundle: true,
		write: false,
		minify: true,
		charset: "ascii",
		legalComments: "none",
		metafile: true,
		logLevel: "warning",
		...how,
	});
	for (const input of Object.keys(built.metafile.inputs)) {
		const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
		if (found) packages.add(found[1]);
	}
	return built.outputFiles[0].text.trim();
}

function hash(text) {
	return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

// What would end the element that it stands in.
function checkInline(text, end) {
	if (text.toLowerCase().includes(end)) throw new Error(`the bundle has ${end} in it`);
	return text;
}

// d3-flame-graph tells what it was given by the names of classes.
const script = checkInline(
	await bundle("main.js", {
		format: "iife",
		target: "es2022",
		keepNames: true,
		loader: { ".css": "empty" },
	}),
	"</script",
);
const style = checkInline(await bundle("page.css", {}), "</style");
const policy = [
	"default-src 'none'",
	`script-src ${hash(script)}`,
	`style-src ${hash(style)}`,
	"img-src data:",
	"base-uri 'none'",
	"form-action 'none'",
].join("; ");
const page = readFileSync(resolve(here, "src", "page.html"), "utf8")
	.replace("@policy@", () => policy)
	.replace("@style@", () => style)
	.replace("@data@", () => MARK)
	.replace("@script@", () => script)
	.replace("@licences@", licences);

if (page.split(MARK).length !== 2) throw new Error("the place of the data is not plain");
writeFileSync(`${output}.part`, page);
renameSync(`${output}.part`, output);
