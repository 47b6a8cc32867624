/* crowd.h - how many threads the kernel knows of. */
#ifndef VMATLAS_CROWD_H
#define VMATLAS_CROWD_H

#include <stdint.h>

/* 0 where it does not say. Anywhere. */
uint64_t crowd_threads(void);

#endif
