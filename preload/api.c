#include "api.h"
#include "boot.h"
#include "describe.h"
#include "dump.h"
#include "guard.h"
#include "phases.h"
#include "process.h"
#include "state.h"
#include "vmatlas_store.h"

/* From the first version of it to what no later one will need: a program that was built with a
 * later vmatlas.h knows more fields, which stay empty. */
#define DESCRIPTION_LEAST sizeof(struct vmatlas_description)
#define DESCRIPTION_MOST 65536

_Static_assert(VMATLAS_PHASES == PHASES_MOST, "what vmatlas.h promises");
_Static_assert(VMATLAS_PHASE_NAME == sizeof((struct vmatlas_phase){0}.name), "likewise");

static bool is_ready(void)
{
	return boot_done() && !process_vforked();
}

int vmatlas_api_dump(const char *reason)
{
	int error = errno, result = EAGAIN;

	if (is_ready())
		result = dump(reason && *reason ? reason : "api", -1);
	errno = error;
	return result;
}

/* Under the guard, which the program's handler may find closed already. */
int vmatlas_api_phase(const char *name)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
	bool closed = guard_closed(stack);
	int error = errno, result;

	if (!name || !*name)
		return EINVAL;
	if (!is_ready())
		return EAGAIN;
	if (!closed)
		guard_close(stack);
	result = phases_mark(name);
	if (!closed)
		guard_open();
	errno = error;
	return result;
}

intptr_t vmatlas_api_private(void)
{
	int error = errno, result = EAGAIN;

	if (is_ready())
		result = dump("debugger", CONFIG_SNAPSHOT | VMATLAS_REQUEST_PRIVATE);
	if (!result)
		result = vmatlas_state.private_error;
	errno = error;
	return result ? -result : (intptr_t)vmatlas_state.private_path;
}

int vmatlas_api_describe(const void *address, struct vmatlas_description *description)
{
	int error = errno, result;

	if (!description || description->size < DESCRIPTION_LEAST ||
		description->size > DESCRIPTION_MOST)
		return EINVAL;
	if (!is_ready())
		return EAGAIN;
	result = describe((uintptr_t)address, description);
	errno = error;
	return result;
}
