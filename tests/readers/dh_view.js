// Reads a file as DHAT's viewer does, by the very script that valgrind ships, and prints the sums of
// the tree that it builds, as JSON.
//
//    node dh_view.js .../dh_view.js FILE
"use strict";

const fs = require("fs");
const vm = require("vm");

const [script, file] = process.argv.slice(2);
const world = { document: { title: "" }, location: { search: "" }, window: {}, console };
vm.createContext(world);
vm.runInContext(fs.readFileSync(script, "utf8"), world, { filename: script });
world.input = fs.readFileSync(file, "utf8");
world.print = (text) => console.log(text);
vm.runInContext(`
	gData = JSON.parse(input);
	const options = gSelectData.map((data) => ({ selected: data.isDefault }));
	gSelect = { childNodes: options, selectedIndex: 1 };
	buildTree();
	print(JSON.stringify({
		totalBytes: gRoot._totalBytes, totalBlocks: gRoot._totalBlocks,
		endBytes: gRoot._atTEndBytes, endBlocks: gRoot._atTEndBlocks,
		mode: gData.mode, command: gData.cmd, kids: (gRoot._kids || []).length,
		points: gData.pps.map((pp) => ({ bytes: pp.eb, frames: pp.fs.map((f) => gData.ftbl[f]) })),
	}));
`, world);
