/* demangle.h - names of C++ and Rust functions as their authors wrote them. */
#ifndef VMATLAS_DEMANGLE_H
#define VMATLAS_DEMANGLE_H

#include <stddef.h>

/* A name of 200 letters can stand for one of gigabytes (each S_ repeats what it refers to). */
#define DEMANGLE_MOST 4096

/* The demangled name, for the caller to free, or NULL if the name is not mangled (or memory is
 * out): then it is best shown as it is. Knows Itanium C++ (_Z...), Rust's legacy form
 * (_ZN...17h<hash>E, shown without the hash) and v0 (_R...), with the suffixes that compilers add
 * (.cold, .isra.0: shown in brackets) and without a symbol's version (@@VERSION). A name that would
 * be longer than DEMANGLE_MOST bytes is cut and ends with "...". Not for several threads at once.
 */
char *demangle_name(const char *mangled);

#endif
