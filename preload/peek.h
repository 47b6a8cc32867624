/* peek.h - reading this process's memory where it may be gone by now.
 *
 * The kernel reads for us (process_vm_readv(2)): what was unmapped meanwhile is an error and no
 * crash. */
#ifndef VMATLAS_PEEK_H
#define VMATLAS_PEEK_H

#include "core/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies `size` bytes, at most a page. False where there are none, or where a page of them is not
 * there yet: it may be somebody's to fill in (userfaultfd(2)), and he may be waiting for us.
 * Anywhere, as all here. */
bool peek(const struct view *view, uint64_t address, void *to, size_t size);

/* The same without a look at the pages first: for those of files. */
bool peek_file(uint64_t address, void *to, size_t size);

#endif
