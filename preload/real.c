#include "real.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <string.h>

/* What answers before dlsym can: glibc exports them since 2.2.5. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

struct real real = {
	.malloc = __libc_malloc,
	.calloc = __libc_calloc,
	.realloc = __libc_realloc,
	.memalign = __libc_memalign,
	.aligned_alloc = __libc_memalign,
	.free = __libc_free,
};

/* The list's order matters: once malloc is known, a lookup that fails may allocate its message. */
void real_find(void)
{
	void *found;

#define WRAPPED(result, name, parameters)                                                          \
	found = dlsym(RTLD_NEXT, #name);                                                           \
	if (found)                                                                                 \
		memcpy(&real.name, &found, sizeof found);
#include "wrapped.def"
	dlerror(); /* a name that libc lacks must not be the program's next error message */
}

bool real_is_glibc(void)
{
	Dl_info mallocs, libcs;

	/* Not by __libc_malloc: tcmalloc and mimalloc define that, too. */
	return dladdr((void *)real.malloc, &mallocs) &&
	       dladdr((void *)gnu_get_libc_version, &libcs) &&
	       mallocs.dli_fbase == libcs.dli_fbase;
}
