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

/* What stands for the file that the function is in. dladdr(3) looks for the function's name as
 * well: 50 us in libc, for each of the names below. */
static const void *file_of(void *function)
{
#if __GLIBC_PREREQ(2, 35)
	struct dl_find_object found;

	return _dl_find_object(function, &found) ? NULL : found.dlfo_link_map;
#else
	Dl_info info;

	return dladdr(function, &info) ? info.dli_fbase : NULL;
#endif
}

static bool in_libc(void *function)
{
	return file_of(function) == file_of((void *)gnu_get_libc_version);
}

/* The version of the malloc family's names in glibc; NULL for any other name. */
static const char *heap_version(const char *name)
{
	static const char *const family[] = {"malloc", "calloc", "realloc", "free",
		"posix_memalign", "memalign", "valloc", "pvalloc", "malloc_usable_size"};

	for (unsigned i = 0; i < sizeof family / sizeof family[0]; i++) {
		if (!strcmp(name, family[i]))
			return "GLIBC_2.2.5";
	}
	return strcmp(name, "aligned_alloc") ? NULL : "GLIBC_2.16";
}

/* What a program's own reference would find. libc_malloc_debug has its malloc under a version that
 * is not the default: dlsym passes it by and comes to libc's, while dlvsym passes by all that have
 * no versions. */
static void *find(const char *name)
{
	const char *version = heap_version(name);
	void *found = dlsym(RTLD_NEXT, name), *versioned = NULL;

	if (version && found && in_libc(found))
		versioned = dlvsym(RTLD_NEXT, name, version);
	return versioned ? versioned : found;
}

/* By hand: strtol(3) is MemorySanitizer's in a program that has it, and that may not have begun. */
static long libc_minor(void)
{
	const char *version = gnu_get_libc_version();
	long minor = 0;

	if (version[0] != '2' || version[1] != '.')
		return 0;
	for (version += 2; *version >= '0' && *version <= '9'; version++)
		minor = minor * 10 + (*version - '0');
	return minor;
}

/* The list's order matters: once malloc is known, a lookup that fails may allocate its message. */
void real_find(void)
{
	long minor = libc_minor();
	void *found;

#define WRAPPED(result, name, parameters) \
	found = find(#name);              \
	if (found)                        \
		memcpy(&real.name, &found, sizeof found);
#define WRAPPED_SINCE(result, name, since, parameters) \
	if (minor >= (since)) {                        \
		WRAPPED(result, name, parameters)      \
	}
#include "wrapped.def"
	dlerror(); /* a name that libc lacks must not be the program's next error message */
}

bool real_is_glibc(void)
{
	/* Not by __libc_malloc: tcmalloc and mimalloc define that, too. */
	return in_libc((void *)real.malloc);
}
