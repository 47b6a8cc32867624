/* export_process.h - one process's snapshot, worked out and named. */
#ifndef VMATLAS_EXPORT_PROCESS_H
#define VMATLAS_EXPORT_PROCESS_H

#include <inttypes.h>

#include "../preload/core/report.h"
#include "framenames.h"
#include "snapshot.h"

struct export_process {
	const char *path; /* of the snapshot, as it was given */
	char *service;    /* what it is counted under; printable */
	struct snapshot *snapshot;
	struct view view;
	struct atlas atlas;
	struct framenames *framenames;
	struct names names;
	struct report_options options;
	struct report report; /* for owner.h and report_path */
	void *memory;         /* the atlas's */
};

/* Reads the snapshot and works it out. `service`: NULL for the name of the program's file.
 * `source`: as framenames_open. What goes wrong is said on stderr: returns 0 or an exit status; to
 * be given to export_process_close in either case. */
int export_process_open(
	struct export_process *process, const char *path, const char *service, bool source);
void export_process_close(struct export_process *process);

/* Bytes that strangers chose, as a text of its own that may be shown: see text_printable. The
 * caller's to free; NULL when memory is out. */
char *export_printable(const char *bytes, size_t length);

/* The command line, its arguments behind blanks; printable. */
void export_put_command(struct text *text, const struct view *view);

/* From the shim's start to the snapshot; 0 where the snapshot makes no sense. */
uint64_t export_elapsed_ns(const struct view *view);

/* In hexadecimal; nothing for a module without one. */
void export_put_build_id(struct text *text, const struct vmatlas_module *module);

/* What is to be said where view->sample_mean is not 0: printf's format, for that number. */
#define EXPORT_SAMPLED \
	"call stacks are sampled, one in %" PRIu64 " bytes: their figures are estimates"

#endif
