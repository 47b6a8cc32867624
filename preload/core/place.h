/* place.h - which file a program counter lies in, and where in it. */
#ifndef VMATLAS_PLACE_H
#define VMATLAS_PLACE_H

#include "text.h"
#include "view.h"

#include <stdbool.h>

/* Call stacks are no deeper than the shim makes them (levels.h); a chain of parents that goes on is
 * damaged. */
enum { PLACE_DEPTH = 256 };

struct place {
	uint64_t pc;
	const char *module; /* its path; NULL: in no file that is known */
	size_t module_length;
	uint64_t offset; /* the pc as the file's own headers count addresses, which is what
			  * addr2line(1) takes; 0 without a module */
	uint32_t parent; /* the caller's frame, 0 for none */
};

/* Fills in where frame number `frame` is; false where there is no such frame. Anywhere. */
bool place_of(const struct view *view, uint32_t frame, struct place *place);

/* The module's name without its directories, not NUL-terminated; NULL without a module. Anywhere.
 */
const char *place_module(const struct place *place, size_t *length);

/* The innermost frame of a call stack that is not of the C or C++ library or the loader, and so
 * says who asked; the innermost of all when there is no other. False where there is no such call
 * stack. Anywhere. */
bool place_of_caller(
	const struct view *view, uint32_t frame, uint32_t *caller, struct place *place);

/* The last part of a path: moves *length bytes of it. Anywhere. */
const char *place_base(const char *path, size_t *length);

#endif
