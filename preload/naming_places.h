/* naming_places.h - program counters, each once, in the order of their files' addresses. */
#ifndef VMATLAS_NAMING_PLACES_H
#define VMATLAS_NAMING_PLACES_H

#include <stddef.h>
#include <stdint.h>

/* A program counter in a module, and what it is called. Frames are many more than places: each call
 * stack that goes through one has a frame there. */
struct naming_place {
	uint64_t pc;
	const char *function; /* NULL: not known */
	uint32_t module;
	uint32_t offset; /* of the pc in the function, bytes */
};

/* Places seen lately, so that few are kept twice until they are sorted. A power of two. */
enum { NAMING_LATELY = 4096 };

struct naming_lately {
	uint64_t pc;
	uint32_t module;
};

/* Two phases: places are added, then settled once and found. */
struct naming_places {
	struct naming_place *place;   /* the caller's memory, as `lately` */
	struct naming_lately *lately; /* NAMING_LATELY of them, zeros; used until it is settled */
	size_t count, room;
	uint64_t lost; /* for want of room */
};

/* Adds one, if it is new and there is room. Anywhere, as all of this file. */
void naming_places_add(struct naming_places *places, uint64_t pc, uint32_t module);

/* Puts them in order of module and pc, each once. O(n log n), in place. */
void naming_places_settle(struct naming_places *places);

/* The place, or NULL if it was not added. After settling. */
struct naming_place *naming_places_find(
	const struct naming_places *places, uint64_t pc, uint32_t module);

#endif
