/* state.h - what the command reads of us from outside. */
#ifndef VMATLAS_PRELOAD_STATE_H
#define VMATLAS_PRELOAD_STATE_H

#include "vmatlas_state.h"

/* Read by `vmatlas dump` through process_vm_readv, at any moment: each field is true by itself. */
extern __attribute__((visibility("default"))) struct vmatlas_state vmatlas_state;

/* Fills in what does not change and makes it known. Start only. */
void state_boot(void);

#endif
