/* export_frames.h - the frames of call stacks as words, each made once. */
#ifndef VMATLAS_EXPORT_FRAMES_H
#define VMATLAS_EXPORT_FRAMES_H

#include "../preload/core/place.h"
#include "export_process.h"
#include "words.h"

/* Writes what a format calls one level of a frame. What strangers chose goes through
 * text_printable. */
typedef void export_frames_put(
	struct text *text, const struct place *place, const struct name *name);

/* Zeros but the first two are a beginning. */
struct export_frames {
	const struct export_process *process;
	export_frames_put *put;
	struct words words;
	uint32_t *level; /* numbers of words: levels of a frame lie together, innermost first */
	uint32_t levels, room;
	uint32_t *first; /* by frame: the first of its levels + 1; 0: not asked for yet */
	uint8_t *count;  /* by frame */
};

/* 0 or ENOMEM. To be given to export_frames_free in either case. */
int export_frames_begin(
	struct export_frames *frames, const struct export_process *process, export_frames_put *put);
void export_frames_free(struct export_frames *frames);

/* A call stack as words, innermost level first: fills `list`, and returns how many there are, 0
 * where it is not known or memory is out (*error is ENOMEM then, else untouched). */
enum { EXPORT_FRAMES_MOST = PLACE_DEPTH * NAMES_LEVELS };
size_t export_frames_list(struct export_frames *frames, uint32_t frame,
	uint32_t list[EXPORT_FRAMES_MOST], int *error);

/* What stands for a call stack that is not known. */
#define EXPORT_UNKNOWN "[call stack not known]"

/* The function, else "libfoo.so+0xOFFSET", else "0xPC". */
void export_frames_put_function(
	struct text *text, const struct place *place, const struct name *name);

#endif
