// Reads a file as speedscope does, by the importer in its published bundle, and prints what that
// found: name, unit, total and heaviest call stacks of each profile, as JSON.
//
//    node speedscope.js FOLDER-OF-THE-PACKAGE FILE
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [folder, file] = process.argv.slice(2);
const release = path.join(folder, "dist", "release");
const bundle = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));
let source = fs.readFileSync(path.join(release, bundle), "utf8");

// The bundle exports nothing and ends in drawing a page: instead of that it gives its importer away.
const importer = /async function (\w+)\(\w+,\w+\)\{return\(await \w+\)\.importProfilesFromArrayBuffer\(/.exec(source);
const drawing = source.lastIndexOf("console.log(`speedscope v");
if (!importer || drawing < 0) throw new Error(`${bundle} looks different: see tests/readers/speedscope.js`);
source = source.slice(0, drawing) + `globalThis.importFile = ${importer[1]};})();`;

// What the importer and what stands before it ask of a browser.
const nothing = new Proxy(function () {}, {
	get: (target, key) => (key === Symbol.toPrimitive ? () => "" : nothing),
	set: () => true,
	apply: () => nothing,
	construct: () => nothing,
});
const world = {
	TextDecoder, TextEncoder, URL, setTimeout, clearTimeout, Blob, WebAssembly, performance,
	console: { log() {}, warn() {}, error() {}, time() {}, timeEnd() {}, assert() {} },
	document: nothing, navigator: { userAgent: "", platform: "" }, localStorage: nothing,
	location: { hash: "", protocol: "file:", href: "file:///" },
	matchMedia: () => ({ matches: false, addEventListener() {}, addListener() {} }),
	addEventListener() {}, requestAnimationFrame() {}, fetch: async () => nothing,
	File: class {}, FileReader: class {}, Image: class {},
};
world.window = world.self = world;
vm.createContext(world);
vm.runInContext(source, world, { filename: bundle });

function stacks(profile) {
	const found = {};
	const walk = (node, names) => {
		if (node.getSelfWeight()) {
			const key = names.join(";");
			found[key] = (found[key] || 0) + node.getSelfWeight();
		}
		for (const child of node.children) walk(child, [...names, child.frame.name]);
	};
	walk(profile.getAppendOrderCalltreeRoot(), []);
	return found;
}

// The arrays must be of the bundle's own world.
const bytes = fs.readFileSync(file);
world.buffer = vm.runInContext(`new ArrayBuffer(${bytes.length})`, world);
new Uint8Array(world.buffer).set(bytes);
world.importFile(path.basename(file), world.buffer).then((group) => {
	if (!group) throw new Error("speedscope does not know the format");
	console.log(JSON.stringify({
		name: group.name,
		profiles: group.profiles.map((profile) => ({
			name: profile.getName(),
			unit: profile.getWeightUnit(),
			total: profile.getTotalNonIdleWeight(),
			stacks: stacks(profile),
		})),
	}));
}).catch((error) => { console.error(String(error.stack || error)); process.exit(1); });
