/* listing_kinds.h - what each mapping of a listing is for. */
#ifndef VMATLAS_LISTING_KINDS_H
#define VMATLAS_LISTING_KINDS_H

#include "listing.h"

/* Sets row->kind, by the modules found and else by the shape of lines, and the owners of what has
 * one: bss, named thread stacks. Where the form lacks columns, kinds are told from what there is. 0
 * or ENOMEM. */
int listing_kinds_find(struct listing *listing);

#endif
