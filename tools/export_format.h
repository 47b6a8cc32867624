/* export_format.h - the formats of `vmatlas export`. */
#ifndef VMATLAS_EXPORT_FORMAT_H
#define VMATLAS_EXPORT_FORMAT_H

#include <stdio.h>

#include "export_process.h"

enum export_table {
	EXPORT_CALLSTACKS,
	EXPORT_BLOCK_TABLE,
	EXPORT_LEDGER,
};

struct export_options {
	uint32_t value;          /* enum export_value: of folded */
	enum export_table table; /* of csv */
	bool kind;               /* folded: the kind is the outermost frame */
	bool blocks;             /* json: list them */
	bool source;             /* files, lines and inlined functions */
};

/* What one export is written to. */
struct export_job {
	const struct export_options *options;
	FILE *stream;
	struct text *text;  /* goes to the stream */
	uint32_t processes; /* how many there are to be */
	const char *path;   /* of the stream's file, which is empty; "" where there is none */
	void *state;        /* the format's own; NULL at first */
};

/* What a format's function returns that has said itself what went wrong. */
enum { EXPORT_TOLD = -1 };

/* A format takes the processes one by one, so that only one is in memory at a time. Each function
 * returns 0, an errno or EXPORT_TOLD; `end` is called in any case, if `begin` was, with the error
 * there was, and gives back what the state has. NULL: nothing to be done. */
struct export_format {
	const char *name;
	const char *suffix; /* of a file that is meant to have it */
	const char *summary;
	bool many;   /* takes several processes */
	bool binary; /* nothing for a terminal */
	int (*begin)(struct export_job *job);
	int (*add)(struct export_job *job, const struct export_process *process);
	int (*end)(struct export_job *job, int error);
};

extern const struct export_format export_pprof, export_folded, export_speedscope, export_dhat,
	export_heaptrack, export_csv, export_json, export_sqlite, export_openmetrics;

/* The format of that name, or that a file of that name has; NULL for none. */
const struct export_format *export_format_find(const char *name);
const struct export_format *export_format_of_file(const char *path);

/* By number from 0; NULL behind the last. */
const struct export_format *export_format_at(unsigned index);

#endif
