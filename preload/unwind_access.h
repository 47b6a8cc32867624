/* unwind_access.h - all that libunwind gets to see.
 *
 * Its remote interface asks for memory, registers and unwind tables through callbacks. Ours give
 * it the tables and code of loaded modules, the stack within its bounds, and the registers or
 * probes that one task is about; nothing else, and nothing to write. */
#ifndef VMATLAS_UNWIND_ACCESS_H
#define VMATLAS_UNWIND_ACCESS_H

#include "aside.h"
#include "modules.h"
#include "stacks.h"

#include <libunwind.h>
#include <stdbool.h>

/* libunwind's own search in a sorted table, which is not in its public header. */
typedef int unwind_search(unw_addr_space_t space, unw_word_t pc, unw_dyn_info_t *table,
	unw_proc_info_t *info, int need, void *context);

/* What one step or walk is about; the `void *` argument of unw_init_remote. */
struct unwind_task {
	unwind_search *search;
	uintptr_t pc, sp, bp;
	bool no_information; /* out: for the last program counter looked up */
	/* The other registers, and the stacks that may be read; NULL both: the probes of probe.h.
	 */
	const struct aside_registers *registers;
	struct stacks *stacks;
	/* The last image seen, and where the words of its readable segment begin that was read
	 * last: `words` addresses from `readable` on. All zeros at first. libunwind reads tables
	 * byte by byte, a hundred times in one step and thousands in a large function: in cc1 a
	 * twentieth of the program's own instructions went there. */
	struct modules_image image;
	uintptr_t readable, words;
};

extern const unw_accessors_t unwind_accessors __attribute__((visibility("hidden")));

#endif
