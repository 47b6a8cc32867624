#include "state.h"
#include "config.h"
#include "vmatlas_store.h"

struct vmatlas_state vmatlas_state;

void state_boot(void)
{
	vmatlas_state.version = VMATLAS_STORE_VERSION;
	vmatlas_state.size = sizeof vmatlas_state;
	vmatlas_state.configured = config()->signal;
	vmatlas_state.format = config()->format;
	vmatlas_state.magic = VMATLAS_STATE_MAGIC;
}
