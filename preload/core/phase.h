/* phase.h - the moments that the program has named. */
#ifndef VMATLAS_CORE_PHASE_H
#define VMATLAS_CORE_PHASE_H

#include "view.h"

/* How many there are, at most: the newest may not be written yet. A view without that table has
 * none. Anywhere, as all of this file. */
uint32_t phase_count(const struct view *view);

/* Copies phase number `id`, from 1, whose name is then of name_length bytes, without a NUL. False
 * where it is not whole. */
bool phase_read(const struct view *view, uint32_t id, struct vmatlas_phase *phase);

#endif
