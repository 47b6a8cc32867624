/* api.h - what libvmatlas.so exports for vmatlas.h.
 *
 * The contracts stand there. As all that a program calls, these may meet a closed guard: within an
 * allocator's call, or in a handler that interrupted us. */
#ifndef VMATLAS_API_H
#define VMATLAS_API_H

#include "vmatlas.h"

#define API __attribute__((visibility("default"), force_align_arg_pointer))

API int vmatlas_api_dump(const char *reason);
API int vmatlas_api_phase(const char *name);
/* Not for programs: a debugger calls it in the process that it has stopped. The snapshot that
 * `vmatlas dump --private` would get: where its path stands, or a negative errno. The file is the
 * caller's to remove. */
API intptr_t vmatlas_api_private(void);
API int vmatlas_api_describe(const void *address, struct vmatlas_description *description);

#endif
