/* profile.h - a profile as pprof knows it (github.com/google/pprof, proto/profile.proto), put
 * together from any number of processes: what is the same is kept once. */
#ifndef VMATLAS_PROFILE_H
#define VMATLAS_PROFILE_H

#include <stdio.h>

#include "export_figures.h"
#include "pool.h"
#include "words.h"

/* A file that was loaded as code: the same in all processes, wherever it lay. */
struct profile_mapping {
	uint32_t path, build_id; /* words; 0: none */
	/* The key ends here. The addresses are those of the process that was first. */
	uint64_t start, end;
	bool has_functions, has_files, has_lines, has_inlined;
};

struct profile_function {
	uint32_t name, file; /* words; file 0: not known */
};

struct profile_line {
	uint32_t function, line;
};

/* A code address; or, of memory that is no block's, what it is. */
struct profile_location {
	uint64_t address; /* as in its mapping */
	uint32_t mapping; /* 0: in none */
	uint32_t word;    /* what it is, 0: a code address */
	/* The key ends here. */
	uint32_t line, lines; /* in profile->line, innermost first */
};

/* A location, and what called it. */
struct profile_node {
	uint32_t location, caller; /* caller: a node, 0 for none */
};

/* Labels are words, 0: none. */
struct profile_sample {
	uint32_t node; /* the innermost; 0: none */
	uint32_t service, kind, mapping, thread;
	uint32_t tid, pid; /* 0: none, or of several */
	uint32_t rest;     /* 0 */
	/* The key ends here. */
	struct export_figures figures;
};

struct profile {
	struct words words;
	struct pool mappings, functions, locations, nodes, samples;
	struct profile_line *line;
	uint32_t lines, line_room;
	uint64_t time_ns, duration_ns; /* of the newest snapshot, of the longest process */
	uint64_t period; /* bytes of which one is sampled, of the process that was last; 0: all */
	struct words comments;
	bool failed; /* memory was out */
};

void profile_begin(struct profile *profile);
void profile_free(struct profile *profile);

/* Numbers of what is put in; 0 when memory is out, and the profile has failed. */
uint32_t profile_word(struct profile *profile, const char *printable);
uint32_t profile_add_line(struct profile *profile, uint32_t function, uint32_t line);
void profile_add(struct profile *profile, const struct profile_sample *sample);
uint32_t profile_put(struct profile *profile, struct pool *pool, const void *record);

/* Writes it, compressed by gzip, to the file of the stream. 0 or an errno. */
int profile_write(const struct profile *profile, FILE *stream);

#endif
