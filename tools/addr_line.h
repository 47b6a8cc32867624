/* addr_line.h - what the lines below an answer's first are made of. */
#ifndef VMATLAS_ADDR_LINE_H
#define VMATLAS_ADDR_LINE_H

#include "addr_source.h"

/* A line begins with what it tells of. */
void addr_line_begin(struct text *text, const char *label);

/* ", by thread 1234 NAME" and ", 3.2 s ago", of a thread's record and a time in ticks; nothing
 * where they are not known. */
void addr_line_thread(const struct addr_source *source, struct text *text, uint32_t thread);
void addr_line_ago(const struct addr_source *source, struct text *text, uint64_t ticks);

/* Lines of their own, below. */
void addr_line_frames(const struct addr_source *source, uint32_t frame);
void addr_line_maker(const struct addr_source *source, const struct block *block);

/* What a neighbour has to say before all: how far away it is. */
void addr_line_distance(struct text *text, const char *label, uint64_t bytes, const char *words);

#endif
