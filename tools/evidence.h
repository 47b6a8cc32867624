/* evidence.h - what a file says of a process, as figures with names that rules can be about. */
#ifndef VMATLAS_EVIDENCE_H
#define VMATLAS_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../preload/core/kind.h"
#include "figure.h"

/* Something that was not seen, by its JSON name. */
struct evidence_lost {
	char name[48];
	uint64_t count;
};

/* A mapping that may be written and executed. */
struct evidence_code {
	uint64_t start, end;
	char *name; /* its path, else its kind */
};

struct evidence {
	const char *form; /* "a snapshot", "a JSON report", "a list of mappings" */
	bool shim;        /* the shim has seen the process: kinds are as it knows them */
	uint64_t value[FIGURE_COUNT];
	bool known[FIGURE_COUNT];
	bool perms_known;
	struct evidence_code *code;
	size_t codes;
	bool dump_known; /* complete and lost hold */
	bool complete;
	struct evidence_lost *lost;
	size_t losts;
};

/* Reads a snapshot, a JSON report, any listing that listing.h reads, or a process by its number;
 * "-" is standard input. What goes wrong is said on stderr: returns 0 and the evidence, to be given
 * to evidence_free, or an exit status. */
int evidence_open(const char *target, struct evidence **evidence);

/* NULL is allowed. */
void evidence_free(struct evidence *evidence);

/* -- For those who fill it in --------------------------------------------------------------- */

/* Sets a figure, which is known from now on; adds to it. */
void evidence_set(struct evidence *evidence, unsigned figure, uint64_t value);
void evidence_add(struct evidence *evidence, unsigned figure, uint64_t value);

/* Counts a mapping, and keeps it where it is writable and executable. The name is copied. 0 or
 * ENOMEM. */
struct evidence_mapping {
	uint64_t start, end;
	unsigned perms;   /* enum maps_perm */
	enum kind kind;   /* its name where it has no path */
	const char *path; /* not terminated */
	size_t path_length;
};
int evidence_put_mapping(struct evidence *evidence, const struct evidence_mapping *mapping);

/* Counts so many bytes, and what is resident of them, as of that kind: a mapping's, or a part's. */
void evidence_put_kind(struct evidence *evidence, enum kind kind, uint64_t size, uint64_t rss);

/* 0 or ENOMEM. A name that is too long is cut. */
int evidence_put_lost(struct evidence *evidence, const char *name, uint64_t count);

/* All kinds are known from now on, those too of which there is no mapping. */
void evidence_know_kinds(struct evidence *evidence, bool resident);

#endif
