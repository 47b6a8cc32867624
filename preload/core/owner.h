/* owner.h - what owns a mapping or asked for it, in a few words. */
#ifndef VMATLAS_OWNER_H
#define VMATLAS_OWNER_H

#include "report.h"

/* Longer function names are shortened to so many columns, file names cut to so many bytes. */
enum { OWNER_FUNCTION = 72, OWNER_MODULE = 64, OWNER_BYTES = 400 };

/* "FUNCTION (module)" of whoever is behind a call stack: the innermost frame outside of libc and
 * the like; "module+0xOFFSET" or "0xPC" where no name is known. Each function fills out, whose
 * bytes are as the process gave them (no NUL behind), and returns how many; 0 when nothing is
 * known. Anywhere the names may be asked, with 1.5 KiB of stack beside theirs. */
size_t owner_of_stack(const struct report *report, uint32_t frame, char out[OWNER_BYTES]);

/* "libfoo.so", "malloc", "malloc, arena 2", "thread 1234 NAME", "FUNCTION (module)", "vmatlas". */
size_t owner_of_mapping(
	const struct report *report, const struct atlas_mapping *mapping, char out[OWNER_BYTES]);

size_t owner_of_part(
	const struct report *report, const struct atlas_part *part, char out[OWNER_BYTES]);

/* Who asked for it: "FUNCTION (module)", "thread 1234 NAME", "malloc, arena 2". */
size_t owner_of_region(
	const struct report *report, const struct atlas_region *region, char out[OWNER_BYTES]);

/* "thread 1234 NAME", of the thread's record. */
size_t owner_of_thread(const struct report *report, uint32_t thread, char out[OWNER_BYTES]);

/* A thread's name, which fills its field when it has 15 bytes. Anywhere. */
size_t owner_thread_name(const struct vmatlas_thread *thread);

#endif
