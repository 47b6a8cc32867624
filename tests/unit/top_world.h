/* top_world.h - the model as a picture of `vmatlas top`, for tests. */
#ifndef TOP_WORLD_H
#define TOP_WORLD_H

#include <stdio.h>

#include "model.h"
#include "tools/top_moment.h"

/* The picture, with names; to be given to close_picture. */
static inline void open_picture(
	struct top_moment *moment, const struct model *model, struct framenames **framenames)
{
	char reason[TOP_REASON];
	size_t size;
	char *bytes = model_write(model, 8192, &size);
	FILE *file = fmemopen(bytes, size, "r");

	assert_int_equal(top_moment_open(moment, file, reason), 0);
	fclose(file);
	free(bytes);
	*framenames = framenames_open(&moment->view, true);
	assert_non_null(*framenames);
	top_moment_name(moment, *framenames);
}

static inline void close_picture(struct top_moment *moment, struct framenames *framenames)
{
	framenames_close(framenames);
	top_moment_close(moment);
}

/* The model with one more block of so many bytes of its second call stack. */
static inline void model_grow(struct model *model, uint32_t size)
{
	model_place(model, MODEL_HEAP + 0x5000, model_small(2, size, 0));
}

#endif
