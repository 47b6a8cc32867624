#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this nobody looks, and libiberty's stack grows with the name. */
#define MANGLED_MOST 65536

/* What libiberty says piece by piece; the jump is the only way to make it stop. It loses nothing:
 * with a callback libiberty keeps its work on the stack (punycode in a Rust name excepted). */
struct demangling {
	jmp_buf stop;
	size_t used;
	char text[DEMANGLE_MOST + 4];
};

static void collect(const char *piece, size_t size, void *opaque)
{
	struct demangling *demangling = opaque;
	size_t room = DEMANGLE_MOST - demangling->used;
	size_t taken = size < room ? size : room;

	memcpy(demangling->text + demangling->used, piece, taken);
	demangling->used += taken;
	if (taken < size) {
		strcpy(demangling->text + demangling->used, "...");
		longjmp(demangling->stop, 1);
	}
	demangling->text[demangling->used] = '\0';
}

static bool demangle(const char *mangled, struct demangling *demangling)
{
	const int options = DMGL_PARAMS | DMGL_ANSI;

	if (setjmp(demangling->stop))
		return true;
	if (rust_demangle_callback(mangled, options, collect, demangling))
		return true;
	demangling->used = 0;
	return cplus_demangle_v3_callback(mangled, options, collect, demangling);
}

/* `_Z4freePv@@LIB_1.0` is what symbol tables say. */
static char *without_version(const char *mangled)
{
	return strndup(mangled, strcspn(mangled, "@"));
}

static bool looks_mangled(const char *name)
{
	return !strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2);
}

char *demangle_name(const char *mangled)
{
	struct demangling *demangling;
	char *bare, *result = NULL;

	if (!looks_mangled(mangled) || strlen(mangled) > MANGLED_MOST)
		return NULL;
	bare = without_version(mangled);
	demangling = calloc(1, sizeof(*demangling));
	if (bare && demangling && demangle(bare, demangling))
		result = strdup(demangling->text);
	free(demangling);
	free(bare);
	return result;
}
