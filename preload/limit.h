/* limit.h - the time that a socket's calls may take (SO_RCVTIMEO, SO_SNDTIMEO in socket(7)), when
 * one of them is begun anew. */
#ifndef VMATLAS_LIMIT_H
#define VMATLAS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* What limit_left says of a call that may take for ever. */
#define LIMIT_NONE (-1)

/* Whether the program has set a limit anywhere. Only becomes true. */
extern bool limit_set __attribute__((visibility("hidden")));

/* A call begins: a moment to count from, 0 while no limit was ever set. Anywhere, as all of this
 * file. */
uint64_t limit_start(void);

/* Whether limit_wait, and messages instead of reads and writes, are to be had: a program that
 * confines itself may allow none of them. */
bool limit_can_wait(void);

/* Milliseconds that are left to a call, rounded up. `option` is the limit that it is under; `start`
 * may be 0, for one of which nothing is known: then all of it is left. */
int limit_left_ms(int fd, int option, uint64_t start);

/* Waits until one of the events may have come to pass, at most `most_ms` or for what is left if
 * that is less. False with EAGAIN in errno when the time is over, or with another error. A point of
 * cancellation, which the call was as well. */
bool limit_wait(int fd, short events, int option, uint64_t start, int most_ms);

#endif
