/* framenames.h - what the frames of a snapshot are called, by the symbolizer. */
#ifndef VMATLAS_FRAMENAMES_H
#define VMATLAS_FRAMENAMES_H

#include <stdbool.h>

#include "../preload/core/names.h"
#include "../preload/core/view.h"

struct framenames;

/* Names for the view's frames; the view must outlive them. `source`: with files, lines and inlined
 * functions, else the function alone. NULL if memory is out. */
struct framenames *framenames_open(const struct view *view, bool source);
void framenames_close(struct framenames *framenames);

/* Goes on with a later view of the same process: what a frame is called stays, as frames of a
 * process never change. The earlier view may go. 0, or ENOMEM and it stays with the earlier one. */
int framenames_follow(struct framenames *framenames, const struct view *view);

/* To be given to a report. Each frame is looked up once; its names stay good until the end. */
struct names framenames_names(struct framenames *framenames);

/* Says on stderr which of the modules that were asked about could not be used, and why. */
void framenames_tell(const struct framenames *framenames);

#endif
