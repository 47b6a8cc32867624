/* sightings.h - since which report a mapping is there.
 *
 * Memory that was mapped by a raw system call passes no wrapper. Who asked for it nobody knows, but
 * between which two reports it came, the maps of each do tell. */
#ifndef VMATLAS_SIGHTINGS_H
#define VMATLAS_SIGHTINGS_H

#include "vmatlas_store.h"

#include <stdint.h>

/* Begins report `number`; then all anonymous mappings in order; then its end. What was there in the
 * report before keeps its number, but for what was unmapped and mapped again in between, which
 * looks the same. By the one who dumps; anywhere. */
void sightings_begin(uint32_t number);
void sightings_add(uint64_t start, uint64_t end);
void sightings_end(void);

/* Those of the report that ended last, in order; good until the next begins. Memory for some
 * thousands: of more mappings the highest are not in it. */
const struct vmatlas_sighting *sightings(uint32_t *count);

#endif
