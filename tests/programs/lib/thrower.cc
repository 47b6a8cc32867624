/* A C++ library for a C program to dlopen: throws and catches, and says which object unwinds.
 * build: -shared -fPIC
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <stdexcept>
#include <string>
#include <unwind.h>

#include "../tell.h"

extern "C" int throw_and_catch(int depth);
extern "C" void tell_unwinder();

static void tell_owner(const char *name, void *function)
{
	Dl_info info;

	if (!dladdr(function, &info))
		tell("%s: nowhere", name);
	else
		tell("%s: %s", name, strrchr(info.dli_fname, '/') + 1);
}

void tell_unwinder()
{
	tell_owner("_Unwind_RaiseException", reinterpret_cast<void *>(_Unwind_RaiseException));
	tell_owner("_Unwind_Resume", reinterpret_cast<void *>(_Unwind_Resume));
	tell_owner("_Unwind_Backtrace", reinterpret_cast<void *>(_Unwind_Backtrace));
	tell_owner("backtrace", reinterpret_cast<void *>(backtrace));
}

__attribute__((noinline)) static int dive(int depth)
{
	std::string local(200, static_cast<char>('a' + depth % 26));

	if (depth == 0)
		throw std::runtime_error(local);
	return dive(depth - 1) + static_cast<int>(local.size());
}

int throw_and_catch(int depth)
{
	try {
		return dive(depth);
	} catch (const std::runtime_error &error) {
		return static_cast<int>(std::string(error.what()).size());
	}
}
