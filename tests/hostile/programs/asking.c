/* A library whose constructor and destructor allocate and ask for a report: within dlopen and
 * dlclose, with the loader's lock taken. */
#include "hostile.h"

__attribute__((constructor)) static void construct(void)
{
	void *block = malloc(3000);

	ask();
	free(block);
}

__attribute__((destructor)) static void destruct(void)
{
	construct();
}

void *plugin_allocate(int depth, size_t size)
{
	return depth ? plugin_allocate(depth - 1, size) : malloc(size);
}

int plugin_number(void)
{
	return 3;
}
