#include "storetables.h"

/* By the linker, as for each section whose name could be a variable's. */
extern char __start_vmatlas_tables[] __attribute__((visibility("hidden")));
extern char __stop_vmatlas_tables[] __attribute__((visibility("hidden")));

/* The section begins with a page, since this does. It ends with one, since zeroed data comes next,
 * in which table_live begins with one (storefile.h); tests/cases/store.py looks. */
static char edge STORETABLES __attribute__((aligned(STOREPAGES_PAGE), used));

struct storefile_range storetables(void)
{
	uintptr_t start = (uintptr_t)__start_vmatlas_tables;

	return (struct storefile_range){
		start, storepages_up((uintptr_t)__stop_vmatlas_tables - start)};
}
