/* heirs.h - what an exec'ed program inherits of the shim: its environment.
 *
 * With VMATLAS_CHILDREN=0 a program that this one executes runs without the shim: our entry leaves
 * LD_PRELOAD, and our variables go. Else the environment is the program's business. */
#ifndef VMATLAS_HEIRS_H
#define VMATLAS_HEIRS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether environments must be changed at all. Anywhere, vfork children included, as the others. */
bool heirs_disinherit(void);

/* Bytes that heirs_environment needs for this environment. */
size_t heirs_size(char *const *environment);

/* The environment without us, built in `memory` (aligned to 8, heirs_size bytes); its strings are
 * the given ones. */
char **heirs_environment(char *const *environment, void *memory);

#endif
