/* region.h - reading the record of a region while its owner may be writing it. */
#ifndef VMATLAS_REGION_H
#define VMATLAS_REGION_H

#include "vmatlas_store.h"

#include <stdbool.h>

/* Copies the record into *region, all of one moment. False when it is free, makes no sense, or
 * keeps changing (a handler may have interrupted the writer, which then never gets on); *region is
 * of no use then. Anywhere, signal handlers included. */
bool region_read(const struct vmatlas_region *record, struct vmatlas_region *region);

/* "mmap", "mremap", "shmat", "brk", "before"; "other" for numbers out of range. Anywhere. */
const char *region_call_name(uint32_t call);

#endif
