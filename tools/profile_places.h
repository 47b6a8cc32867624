/* profile_places.h - where in a profile one process's call stacks are, put there when first met. */
#ifndef VMATLAS_PROFILE_PLACES_H
#define VMATLAS_PROFILE_PLACES_H

#include "profile.h"

struct profile_places {
	struct profile *profile;
	const struct export_process *process;
	uint32_t *mapping; /* the profile's, by module; 0: not met yet */
	uint32_t *node;    /* the profile's, by frame; 0: not met yet */
};

/* 0 or ENOMEM; to be given to profile_places_free in either case. */
int profile_places_begin(struct profile_places *places, struct profile *profile,
	const struct export_process *process);
void profile_places_free(struct profile_places *places);

/* Each returns 0 where memory is out, and the profile has failed. */

/* The word for bytes that strangers chose; 0 for none. */
uint32_t profile_places_word(struct profile_places *places, const char *bytes, size_t length);

/* The innermost node of a call stack; 0 for one that is not known. */
uint32_t profile_places_stack(struct profile_places *places, uint32_t frame);

/* A node for what is no code, called by `caller`. */
uint32_t profile_places_put(struct profile_places *places, const char *text, uint32_t caller);

#endif
