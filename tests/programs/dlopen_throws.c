/* A C program that dlopens a C++ library (its argument), which throws: the exceptions must be
 * unwound by the same library as without the shim.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "tell.h"

static void open_and_throw(const char *path, int flags)
{
	void *library = dlopen(path, flags);

	if (!library) {
		tell("dlopen: %s", dlerror());
		exit(1);
	}
	int (*throw_and_catch)(int) = (int (*)(int))dlsym(library, "throw_and_catch");
	void (*tell_unwinder)(void) = (void (*)(void))dlsym(library, "tell_unwinder");
	for (int depth = 0; depth < 2000; depth += 100)
		tell("depth %d: %d", depth, throw_and_catch(depth));
	tell_unwinder();
	tell("dlclose: %d", dlclose(library));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	tell("before: %s",
		dlsym(RTLD_DEFAULT, "_Unwind_RaiseException") ? "visible" : "not visible");
	tell("unw_step: %s", dlsym(RTLD_DEFAULT, "unw_step") ? "visible" : "not visible");
	open_and_throw(argv[1], RTLD_NOW | RTLD_LOCAL);
	open_and_throw(argv[1], RTLD_LAZY | RTLD_GLOBAL);
	return 0;
}
