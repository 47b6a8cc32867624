/* testament.h - what is left of a process that was killed: VMATLAS_STORE.
 *
 * The tables lie in a file (storefile.h) from the start on. What else a report needs, names,
 * notices and the list of mappings, is written to it at the start and with each report. */
#ifndef VMATLAS_TESTAMENT_H
#define VMATLAS_TESTAMENT_H

#include "core/view.h"

/* Reads the configuration, if that was not done, and makes the file, if one is wanted. Start only.
 */
void testament_boot(void);

/* The thread is about to make another, and is the last moment at which tables can move into a file.
 * Under the guard. */
void testament_move(void);

/* What a report knows goes into the file, too. In a dump. */
void testament_write(const struct view *view);

/* The process ends by its own will: the file is of no use any more. Anywhere. */
void testament_end(void);

/* Before the process becomes another program, and when that has failed. Anywhere, vfork children
 * included. */
void testament_leave(void);
void testament_stay(void);

#endif
