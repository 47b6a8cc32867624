/* script.h - the first line of a script, as the kernel reads it. */
#ifndef VMATLAS_SCRIPT_H
#define VMATLAS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel looks at so many bytes of a file (BINPRM_BUF_SIZE, linux/binfmts.h). */
#define SCRIPT_HEAD 256

struct script {
	char interpreter[SCRIPT_HEAD];
	char argument[SCRIPT_HEAD]; /* the one argument, blanks inside; "" for none */
};

/* Reads `#! INTERPRETER [ARGUMENT]` out of the first bytes of a file (at most SCRIPT_HEAD). False
 * if the kernel would not take it for a script: no `#!`, no name, or a name that may be cut. */
bool script_parse(const char *head, size_t size, struct script *script);

/* What `#!/usr/bin/env ARGUMENT` starts: the name goes to program (SCRIPT_HEAD bytes), to be looked
 * up in PATH. *cleared tells whether env empties the environment first (-i). False if the
 * interpreter is not env, or what it would start cannot be told. */
bool script_env_program(const struct script *script, char *program, bool *cleared);

#endif
