/* lookup.h - which file a program's name means. */
#ifndef VMATLAS_LOOKUP_H
#define VMATLAS_LOOKUP_H

/* Looks a program up as execvp(3) does: a name with a slash is a path, any other is searched in
 * PATH. Leaves the first runnable file in path (PATH_MAX bytes), else the first that exists, for
 * the caller to say what is wrong with it, and returns 0; ENOENT if there is none, ENAMETOOLONG if
 * the name cannot be a path. The path always has a slash, so that it is not searched again. */
int lookup_program(const char *program, char *path);

#endif
