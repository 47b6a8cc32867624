/* The tables of an SQLite export; see vmatlas-export(1), which has to say what is here. */
#include "export_sqlite.h"

const struct sqlite_table export_sqlite_schema[SQLITE_COUNT] = {
	[SQLITE_PROCESSES] = {"processes",
		"process INTEGER PRIMARY KEY, service TEXT, snapshot TEXT, pid INTEGER, name TEXT, "
		"exe TEXT, command TEXT, kernel TEXT, page_size INTEGER, start_time_ns INTEGER, "
		"time_ns INTEGER, dump INTEGER, reason TEXT, complete INTEGER, size INTEGER, "
		"rss INTEGER, pss INTEGER, swap INTEGER, live_blocks INTEGER, live_bytes INTEGER, "
		"pinned INTEGER, trimmable INTEGER, slack_least INTEGER, allocations INTEGER, "
		"allocated_bytes INTEGER, failed_allocations INTEGER, frees INTEGER, "
		"freed_bytes INTEGER, peak_live_bytes INTEGER, peak_live_bytes_error INTEGER, "
		"sample_mean INTEGER",
		31},
	[SQLITE_LEDGER] = {"ledger", "process INTEGER, row TEXT, bytes INTEGER", 3},
	[SQLITE_NOT_SEEN] = {"not_seen",
		"process INTEGER, what TEXT, explanation TEXT, count INTEGER", 4},
	[SQLITE_MODULES] = {"modules",
		"process INTEGER, module INTEGER, path TEXT, build_id TEXT, start INTEGER, "
		"end INTEGER, PRIMARY KEY(process, module)",
		6},
	[SQLITE_FRAMES] = {"frames",
		"process INTEGER, frame INTEGER, caller INTEGER, pc INTEGER, module INTEGER, "
		"offset INTEGER, PRIMARY KEY(process, frame)",
		6},
	[SQLITE_LEVELS] = {"levels",
		"process INTEGER, frame INTEGER, level INTEGER, function TEXT, file TEXT, "
		"line INTEGER, PRIMARY KEY(process, frame, level)",
		6},
	[SQLITE_CALLSTACKS] = {"callstacks",
		"process INTEGER, callstack INTEGER, live_blocks INTEGER, live_bytes INTEGER, "
		"live_resident INTEGER, pinned INTEGER, allocations INTEGER, "
		"allocated_bytes INTEGER, samples INTEGER, live_bytes_error INTEGER, "
		"allocated_bytes_error INTEGER, PRIMARY KEY(process, callstack)",
		11},
	[SQLITE_MAPPINGS] = {"mappings",
		"process INTEGER, mapping INTEGER, start INTEGER, end INTEGER, perms TEXT, "
		"offset INTEGER, dev TEXT, inode INTEGER, path TEXT, kind TEXT, owner TEXT, "
		"size INTEGER, rss INTEGER, pss INTEGER, shared_clean INTEGER, "
		"shared_dirty INTEGER, private_clean INTEGER, private_dirty INTEGER, "
		"anonymous INTEGER, anon_huge INTEGER, swap INTEGER, live_blocks INTEGER, "
		"live_bytes INTEGER, live_resident INTEGER, retained INTEGER, trimmable INTEGER, "
		"pinned INTEGER, PRIMARY KEY(process, mapping)",
		27},
	[SQLITE_PARTS] = {"parts",
		"process INTEGER, part INTEGER, mapping INTEGER, start INTEGER, end INTEGER, "
		"kind TEXT, owner TEXT, row TEXT, callstack INTEGER, thread INTEGER, rss INTEGER, "
		"live_blocks INTEGER, live_bytes INTEGER, live_resident INTEGER, "
		"retained INTEGER, trimmable INTEGER, pinned INTEGER, PRIMARY KEY(process, part)",
		17},
	[SQLITE_REGIONS] = {"regions",
		"process INTEGER, region INTEGER, start INTEGER, end INTEGER, kind TEXT, "
		"call TEXT, owner TEXT, callstack INTEGER, thread INTEGER, time_ns INTEGER, "
		"arena INTEGER",
		11},
	[SQLITE_THREADS] = {"threads",
		"process INTEGER, thread INTEGER, tid INTEGER, name TEXT, main INTEGER, "
		"ended INTEGER, stack_start INTEGER, stack_end INTEGER, guard_bytes INTEGER, "
		"creator INTEGER, start_time_ns INTEGER, end_time_ns INTEGER, "
		"PRIMARY KEY(process, thread)",
		12},
	[SQLITE_BLOCKS] = {"blocks",
		"process INTEGER, address INTEGER, size INTEGER, callstack INTEGER, "
		"thread INTEGER, time_ns INTEGER, mapping INTEGER, part INTEGER",
		8},
	[SQLITE_PAGES] = {"pages",
		"process INTEGER, mapping INTEGER, start INTEGER, end INTEGER, present INTEGER, "
		"swapped INTEGER, huge INTEGER, zero INTEGER",
		8},
	[SQLITE_PHASES] = {"phases",
		"process INTEGER, name TEXT, time_ns INTEGER, thread INTEGER, live_bytes INTEGER, "
		"live_blocks INTEGER, rss INTEGER, allocations INTEGER, allocated_bytes INTEGER",
		9},
};

/* A call stack is the number of its innermost frame; this follows its callers. */
const char export_sqlite_views[] =
	"CREATE VIEW stacks AS WITH RECURSIVE up(process, callstack, depth, frame) AS ("
	"SELECT process, callstack, 0, callstack FROM callstacks WHERE callstack != 0 UNION ALL "
	"SELECT up.process, up.callstack, up.depth + 1, frames.caller FROM up JOIN frames "
	"ON frames.process = up.process AND frames.frame = up.frame WHERE frames.caller != 0) "
	"SELECT up.process, up.callstack, up.depth, up.frame, frames.pc, modules.path AS module, "
	"frames.offset, levels.level, levels.function, levels.file, levels.line "
	"FROM up JOIN frames ON frames.process = up.process AND frames.frame = up.frame "
	"JOIN levels ON levels.process = up.process AND levels.frame = up.frame "
	"LEFT JOIN modules ON modules.process = up.process AND modules.module = frames.module;"
	"PRAGMA user_version = 1;";

/* Made when the rows are there, which is faster. */
const char export_sqlite_indexes[] =
	"CREATE INDEX blocks_by_address ON blocks(process, address);"
	"CREATE INDEX blocks_by_callstack ON blocks(process, callstack);"
	"CREATE INDEX pages_by_address ON pages(process, start);"
	"CREATE INDEX regions_by_address ON regions(process, start);";
