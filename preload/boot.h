/* boot.h - from nothing to a shim that works, at the first call that needs it.
 *
 * Other libraries' constructors run before ours and allocate, so the first wrapped call starts the
 * tables; our constructor only finishes what could not be done that early. */
#ifndef VMATLAS_BOOT_H
#define VMATLAS_BOOT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether tables and clock are ready. Anywhere. */
bool boot_done(void);

/* Whether libunwind is loaded, too, or was tried. Anywhere. */
bool boot_complete(void);

/* Set once, at the start. */
extern bool boot_is_glibc __attribute__((visibility("hidden")));

/* Whether the allocator behind the wrappers is glibc's. Anywhere. */
static inline bool boot_glibc(void)
{
	return boot_is_glibc;
}

/* Whether the program carries a sanitizer's runtime, whose malloc needs each thread set up first.
 * Anywhere. */
bool boot_beside_sanitizer(void);

/* Makes them ready unless another call is at it. `caller` is the program counter of who asked:
 * the loader calls malloc in the midst of its own work, and libunwind must not be loaded then.
 * Keeps errno. Not in a signal handler. */
void boot_try(uintptr_t caller);

/* Start only: the constructor's part. libc's own environ may still be NULL. */
void boot_finish(char *const *environment);

#endif
