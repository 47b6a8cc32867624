/* stack_use.h - how much of a thread's stack is in memory. */
#ifndef VMATLAS_STACK_USE_H
#define VMATLAS_STACK_USE_H

#include "atlas.h"

/* Resident bytes of the stack into *bytes: true, or false where they are not known. A stack that
 * shares its mapping with something else is counted page by page. Anywhere the view's callbacks
 * may be called. */
bool stack_use(const struct atlas *atlas, const struct vmatlas_thread *thread, uint64_t *bytes);

/* Bytes from the stack's top down to the deepest page that was ever touched, in memory or swapped
 * out, into *bytes; the thread has not been deeper unless it gave such pages back. True, or false
 * where pages are not known. Anywhere, as above. */
bool stack_touched(const struct atlas *atlas, const struct vmatlas_thread *thread, uint64_t *bytes);

#endif
