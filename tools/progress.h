/* progress.h - a line on the terminal while something takes long. */
#ifndef VMATLAS_PROGRESS_H
#define VMATLAS_PROGRESS_H

/* From a second on says on stderr what is read and for how long: "vmatlas: reading a.snapshot, 3
 * s". Nothing where that is no terminal. One at a time; `what` must outlive it. */
void progress_begin(const char *what);

/* It is done: the line goes. */
void progress_end(void);

#endif
