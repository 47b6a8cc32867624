/* addr_stack.h - whose stack an address is on, and how deep. */
#ifndef VMATLAS_ADDR_STACK_H
#define VMATLAS_ADDR_STACK_H

#include "addr_source.h"

struct addr_stack {
	bool on;       /* it is on a stack, */
	bool guard;    /* or in the inaccessible pages below one */
	bool main;     /* the main thread's */
	bool exact;    /* the top is the stack's; else the mapping's end, which may hold more */
	uint32_t tid;  /* 0 unknown */
	char name[16]; /* the thread's; "" unknown */
	uint64_t top;  /* the address that the stack grows down from; 0 unknown */
};

struct addr_stack addr_stack_find(
	const struct addr_source *source, const struct listing_row *row, uint64_t address);

#endif
