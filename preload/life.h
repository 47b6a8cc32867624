/* life.h - the shim's own beginning and end. */
#ifndef VMATLAS_LIFE_H
#define VMATLAS_LIFE_H

/* The process is about to end: makes the report that VMATLAS_EXIT asks for, once. Anywhere. */
void life_end(void);

/* abort(3) was called. A handler of the program's for SIGABRT may run now, and may even leave by
 * longjmp; the process mostly ends without asking us again. Anywhere. */
void life_abort(void);

#endif
