/* output.h - where a report goes.
 *
 * To a descriptor, if it is for writing and still the file it was at the start; else to a file,
 * which appears whole under its name by a rename. Never kills and never hangs the program: no
 * SIGPIPE, no SIGXFSZ, and a reader that does not read is waited for only so long. */
#ifndef VMATLAS_OUTPUT_H
#define VMATLAS_OUTPUT_H

#include "config.h"
#include "descriptor.h"
#include "newfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct output {
	int fd;
	bool owned;    /* ours to close */
	bool stream;   /* a pipe, socket or terminal: may be full */
	bool socket;   /* written by send(2), which can be told not to block */
	bool fallback; /* the configured descriptor is not what it was */
	struct descriptor_identity identity; /* of what was opened */
	char path[CONFIG_PATH];              /* "fd:2", or where the file will be */
	struct newfile file;                 /* where it is one */
};

/* What a template's %-letters stand for. */
struct output_facts {
	int pid;
	uint32_t number;
	const char *name;
	uint64_t time_s;
	bool private; /* to a file of its own in /tmp, whatever is configured */
};

/* Notes what the configured descriptor is. Start only. */
void output_boot(void);

/* Opens. 0, or an errno; output->path says what could not be opened. All signals must be blocked.
 * Anywhere, as the others; 1 KiB of stack besides the struct. */
int output_open(struct output *output, const struct output_facts *facts);

/* The report's number, or the next one for which no file is there yet: a program that executes
 * another leaves it its process number. */
uint32_t output_number(const struct output_facts *facts);

/* Writes all of it, or gives an errno. */
int output_write(struct output *output, const char *bytes, size_t length);

/* The report is whole: the file gets its name. Or it is not, and what there is goes away. Returns 0
 * or an errno. */
int output_close(struct output *output, bool whole);

/* The template with its letters put in; false when it does not fit. */
bool output_expand(const char *format, const struct output_facts *facts, char *path, size_t size);

#endif
