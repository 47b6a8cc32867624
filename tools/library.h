/* library.h - where the shim is, and how it gets into a program. */
#ifndef VMATLAS_LIBRARY_H
#define VMATLAS_LIBRARY_H

/* Finds libvmatlas.so: $VMATLAS_LIBRARY, else near this command's own file. Leaves its absolute
 * path in path (PATH_MAX bytes) and returns 0, or ENOENT, or what realpath(3) said about
 * $VMATLAS_LIBRARY; path then names what was tried. */
int library_find(char *path);

/* Puts the library first into this process's LD_PRELOAD, where it takes effect on what is executed
 * from here on; libraries that stand there already stay behind it. Returns 0, ENOMEM, or EINVAL if
 * the loader cannot be told this path (blanks and colons separate its list, ld.so(8)). */
int library_preload(const char *path);

#endif
