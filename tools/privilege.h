/* privilege.h - whether the kernel starts a program as a privileged one (AT_SECURE, getauxval(3)).
 */
#ifndef VMATLAS_PRIVILEGE_H
#define VMATLAS_PRIVILEGE_H

#include <stddef.h>

/* Why the loader will run the file in secure-execution mode, in which it ignores LD_PRELOAD with a
 * path (ld.so(8)): "setuid", "setgid" or "has file capabilities"; NULL if it will not, or if that
 * cannot be told. Bits that change nothing do not count: a setuid-root file started by root, any on
 * a file system mounted nosuid, any under no_new_privs. What a security module decides is not seen.
 */
const char *privilege_gained(const char *path);

#endif
