/* export_sqlite.h - the schema of an SQLite export, and what fills it. */
#ifndef VMATLAS_EXPORT_SQLITE_H
#define VMATLAS_EXPORT_SQLITE_H

#include "export_process.h"
#include "sqlite_file.h"

enum export_sqlite_table {
	SQLITE_PROCESSES,
	SQLITE_LEDGER,
	SQLITE_NOT_SEEN,
	SQLITE_MODULES,
	SQLITE_FRAMES,
	SQLITE_LEVELS,
	SQLITE_CALLSTACKS,
	SQLITE_MAPPINGS,
	SQLITE_PARTS,
	SQLITE_REGIONS,
	SQLITE_THREADS,
	SQLITE_BLOCKS,
	SQLITE_PAGES,
	SQLITE_PHASES,
	SQLITE_COUNT,
};

/* By enum export_sqlite_table; and what is made before the rows and behind them. */
extern const struct sqlite_table export_sqlite_schema[SQLITE_COUNT];
extern const char export_sqlite_views[], export_sqlite_indexes[];

/* Each row begins with the number of its process. */
struct export_sqlite {
	struct sqlite_file file;
	const struct export_process *process;
	uint32_t number; /* of the process, from 1 */
};

void export_sqlite_row(struct export_sqlite *self, enum export_sqlite_table table);

/* Fill the tables that their names say; errors are the file's. */
void export_sqlite_code(struct export_sqlite *self); /* modules, frames, levels, call stacks */
void export_sqlite_maps(struct export_sqlite *self); /* mappings, parts, regions, pages */

#endif
