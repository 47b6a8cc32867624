/* intake.h - the chunks of a snapshot's file, taken in and checked one by one. */
#ifndef VMATLAS_INTAKE_H
#define VMATLAS_INTAKE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot.h"

/* The tables that chunks make up. */
enum intake_table {
	INTAKE_FACTS,
	INTAKE_EXE,
	INTAKE_NAME,
	INTAKE_KERNEL,
	INTAKE_REASON,
	INTAKE_ARGV,
	INTAKE_NOTICES,
	INTAKE_LOST,
	INTAKE_OWN,
	INTAKE_BLOCKS,
	INTAKE_BIGS,
	INTAKE_ORIGINS,
	INTAKE_WEIGHTS,
	INTAKE_MOMENTS,
	INTAKE_BIRTHS,
	INTAKE_REGIONS,
	INTAKE_THREADS,
	INTAKE_PHASES,
	INTAKE_FREED,
	INTAKE_FRAMES,
	INTAKE_MODULES,
	INTAKE_EXTENTS,
	INTAKE_SIGHTINGS,
	INTAKE_HELD,
	INTAKE_IMAGES,
	INTAKE_STRINGS,
	INTAKE_SMAPS,
	INTAKE_RUNS,
	INTAKE_END,
	INTAKE_TABLES,
};

/* Records of all chunks of one tag, one behind the other. Texts have a NUL behind them that is not
 * counted; in INTAKE_NOTICES and INTAKE_LOST each chunk is followed by a NUL that is. */
struct intake_records {
	char *bytes;
	size_t used, capacity; /* in bytes */
	uint32_t record_size;
	uint64_t count;
	uint32_t chunks;
};

struct intake {
	FILE *file; /* the caller's */
	uint64_t offset;
	uint32_t page_size;
	struct intake_records records[INTAKE_TABLES];
	struct snapshot_fault *fault;
};

/* What intake_read returns where the file is no snapshot but the store of a process. */
enum { INTAKE_STORE = -1 };

/* Reads the whole file. What is in the records afterwards has the sizes that vmatlas_snapshot.h
 * gives it, facts and end are there, windows of blocks and runs of pages make sense by themselves;
 * numbers of records are not looked at. Memory follows what was read, not what the file says that
 * it has. Returns as snapshot_read does,
 * or INTAKE_STORE; to be freed in any case. */
int intake_read(struct intake *intake, FILE *file, struct snapshot_fault *fault);
void intake_free(struct intake *intake);

#endif
