/* config.h - what the environment asks for, read once. */
#ifndef VMATLAS_CONFIG_H
#define VMATLAS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_format { CONFIG_TEXT, CONFIG_JSON, CONFIG_SNAPSHOT };

enum { CONFIG_PATH = 4096, CONFIG_NOTICES = 8, CONFIG_NOTICE = 160 };

/* Reports that can be kept count of (VMATLAS_KEEP). */
enum { CONFIG_KEEP = 256 };

struct config {
	int fd;                    /* VMATLAS_OUTPUT=fd:N; -1 where a path is given */
	char output[CONFIG_PATH];  /* the template, made absolute; "" with fd */
	enum config_format format; /* VMATLAS_FORMAT */
	int signal;                /* VMATLAS_SIGNAL; 0 for none */
	bool at_exit;              /* VMATLAS_EXIT */
	bool blocks;               /* VMATLAS_BLOCKS: list every block */
	bool children;             /* VMATLAS_CHILDREN: what it execs keeps the shim */
	bool verify;               /* VMATLAS_VERIFY: compare each call stack with libunwind's */
	bool maps_as_text;         /* VMATLAS_QUERY=text: never PROCMAP_QUERY */
	unsigned interval_s;       /* VMATLAS_INTERVAL: a report so often; 0 for never */
	uint64_t growth;        /* VMATLAS_GROWTH: one for so many more bytes, live or resident */
	unsigned limit_percent; /* VMATLAS_LIMIT: one near a control group's limit; 0 for none */
	bool failure;           /* VMATLAS_FAILURE: one when malloc fails */
	unsigned keep;          /* VMATLAS_KEEP: so many files, the last ones; 0 for all */
	char cgroups[CONFIG_NOTICE]; /* VMATLAS_CGROUP: where they are told of; "": by the kernel */
	uint32_t history;            /* VMATLAS_HISTORY: so many freed blocks; 0 for none */
	uint64_t sample;             /* VMATLAS_SAMPLE: mean bytes between call stacks; 0 for all */
	char store[CONFIG_PATH];     /* VMATLAS_STORE: the directory, absolute; "" for none */
	unsigned depth;              /* VMATLAS_DEPTH: most frames of a call stack */
	/* One line for each value that could not be used and what holds instead. */
	char notice[CONFIG_NOTICES][CONFIG_NOTICE];
	unsigned notices;
	bool read;
};

/* Anywhere, once config_boot is done. */
const struct config *config(void);

/* Reads the environment, the first time that there is one: before libc has started, environ is
 * NULL. Start only. */
void config_boot(char *const *environment);

#endif
