// What is at an address, as `vmatlas addr` tells it (tools/addr_answer.c). Symbols of variables and
// functions are not in a page.

// MINSIZE, MALLOC_ALIGNMENT and SIZE_SZ of 64-bit glibc (tools/addr_chunk.c).
const LEAST = 32,
	ALIGNMENT = 16,
	WORD = 8;
const HEADER = 16;
// No page of a process lies above; maps may list [vsyscall] there.
const USER_END = 2 ** 63;

function usable(asked) {
	const chunk = Math.ceil((asked + WORD) / ALIGNMENT) * ALIGNMENT;
	return Math.max(chunk, LEAST) - WORD;
}

function blockAt(moment, index) {
	const { blocks } = moment;
	if (index < 0 || index >= blocks.rows) return null;
	return {
		address: blocks.address[index],
		size: blocks.size[index],
		frame: blocks.frame[index],
		tid: blocks.tid[index],
		time: blocks.time[index],
		sampled: blocks.sampled[index] === 1,
	};
}

// Blocks do not end where the kernel splits a mapping.
function stretch(moment, mapping) {
	let low = mapping,
		high = mapping;
	for (let i = mapping.index; i > 0 && moment.mappings[i - 1].end === low.start; i--)
		low = moment.mappings[i - 1];
	for (let i = mapping.index + 1; moment.mappings[i]?.start === high.end; i++)
		high = moment.mappings[i];
	return [low.start, high.end];
}

function findBlocks(moment, answer) {
	if (!moment.blocks) return;
	const [floor, end] = stretch(moment, answer.mapping);
	const index = moment.blockUpTo(answer.address);
	const here = blockAt(moment, index);
	const after = blockAt(moment, index + 1);
	if (after && after.address < end) answer.after = after;
	if (!here || here.address < floor) return;
	// A block of no bytes holds its own address.
	if (answer.address < here.address + Math.max(here.size, 1)) answer.block = here;
	else answer.before = here;
}

function stackOf(moment, answer) {
	const { address, part, mapping } = answer;
	for (const thread of moment.report.threads) {
		if (thread.ended || !thread.stack_start) continue;
		const start = Number(thread.stack_start),
			end = Number(thread.stack_end);
		if (address >= end || address < start - thread.guard_bytes) continue;
		return { thread, guard: address < start, main: thread.main, depth: end - address };
	}
	if (part.kind === "main-stack")
		return { main: true, guard: false, depth: mapping.end - address };
	if (part.kind === "thread-stack") return { guard: false, depth: mapping.end - address };
	return part.kind === "guard" ? { guard: true } : null;
}

function around(moment, { address, before, after }) {
	if (!moment.head.glibc) return null;
	if (before && address < before.address + usable(before.size)) return "slack";
	return after && after.address - address <= HEADER ? "header" : null;
}

function isMappedByCall({ region, mapping }) {
	return region?.call && region.call !== "before" && !mapping.path?.startsWith("/");
}

function whatIs(moment, answer) {
	const beside = answer.block ? "block" : around(moment, answer);
	if (beside) return beside;
	if (answer.stack) return answer.stack.guard ? "guard" : "stack";
	if (answer.part.row === "retained") return "gap";
	return isMappedByCall(answer) ? "region" : "mapping";
}

// To be asked when moment.ground() is there.
export function answerOf(moment, address) {
	const mapping = moment.mappingAt(address);
	const answer = { address, mapping, what: "nothing" };
	if (!mapping) return answer;
	answer.part = moment.partAt(address);
	answer.region = answer.part.region;
	findBlocks(moment, answer);
	answer.stack = stackOf(moment, answer);
	if (moment.pages && moment.head.pages_known && address < USER_END)
		answer.state = moment.pageState(address);
	answer.what = whatIs(moment, answer);
	return answer;
}
