/* loading.c - a limit of the start: only loads libunwind, as the shim must, and makes it ready. */
#define UNW_REMOTE_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <stddef.h>

static int access_reg(
	unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int writes, void *arg)
{
	(void)space, (void)number, (void)arg;
	if (!writes)
		*value = 0;
	return 0;
}

static int access_mem(
	unw_addr_space_t space, unw_word_t address, unw_word_t *value, int writes, void *arg)
{
	(void)space, (void)address, (void)value, (void)writes, (void)arg;
	return -UNW_EINVAL;
}

static __attribute__((constructor)) void begin(void)
{
	unw_accessors_t accessors = {.access_reg = access_reg, .access_mem = access_mem};
	void *library = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);
	__typeof__(unw_create_addr_space) *create;
	__typeof__(unw_init_remote) *init;
	unw_addr_space_t space = NULL;
	unw_cursor_t cursor;

	if (!library)
		return;
	create = (__typeof__(create))dlsym(library, "_Ux86_64_create_addr_space");
	init = (__typeof__(init))dlsym(library, "_Ux86_64_init_remote");
	if (create && init)
		space = create(&accessors, 0);
	if (space)
		init(&cursor, space, NULL);
}
