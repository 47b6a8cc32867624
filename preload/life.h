/* life.h - the shim's own beginning and end. */
#ifndef VMATLAS_LIFE_H
#define VMATLAS_LIFE_H

/* The process is about to end: makes the report that VMATLAS_EXIT asks for, once. Anywhere. */
void life_end(void);

#endif
