/* facts.h - what a dump says of the process and of the shim, gathered into a view. */
#ifndef VMATLAS_FACTS_H
#define VMATLAS_FACTS_H

#include "core/view.h"
#include "pages.h"
#include "verify.h"

enum { FACTS_PATH = 4096, FACTS_ARGV = 16384, FACTS_NAME = 64 };

/* Where the view's strings and sources live; in scratch memory of the dump. */
struct facts {
	char exe[FACTS_PATH];
	char argv[FACTS_ARGV];
	char name[FACTS_NAME];
	char kernel[FACTS_NAME];
	char verified[VERIFY_SENTENCES][VERIFY_SENTENCE];
	int smaps;
	struct descriptor_identity smaps_identity;
	struct pages pages;
};

/* Fills the view from the tables, /proc and the counters. Everything stays open until facts_close.
 * Anywhere, signal handlers included. */
void facts_gather(struct facts *facts, struct view *view, uint32_t number, const char *reason);
void facts_close(struct facts *facts);

/* Fills in only what needs nothing but memory: the tables and the clock. Anywhere. */
void facts_tables(struct view *view);

/* Adds one more thing that could not be seen or kept. */
void facts_lose(struct view *view, const char *name, const char *explanation, uint64_t count);

/* Adds what other threads allocated and freed since the view was gathered: figures of the blocks
 * are then of no single moment. */
void facts_lose_meanwhile(struct view *view);

/* How many mappings there are, more or less: lines of /proc/self/maps; 0 when it cannot be read. */
uint32_t facts_mappings(char *buffer, size_t size);

#endif
