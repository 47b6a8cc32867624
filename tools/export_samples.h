/* export_samples.h - a process's memory as what profilers call samples: values under a call stack,
 * a kind, a mapping and a thread, that sum to the figures of the report. */
#ifndef VMATLAS_EXPORT_SAMPLES_H
#define VMATLAS_EXPORT_SAMPLES_H

#include "export_figures.h"
#include "pool.h"

/* What a sample is of. */
enum export_what {
	EXPORT_BLOCKS,  /* live blocks; and with no mapping, what is known by call stack alone */
	EXPORT_PINNING, /* of an allocator's memory without a live block: three parts */
	EXPORT_TRIMMABLE,
	EXPORT_KEPT,
	EXPORT_OTHER, /* resident memory that no allocator has: `row` says what it is */
};

/* Where these are 0, they are not known, or were not asked for. */
struct export_sample {
	uint32_t frame;   /* innermost frame of the call stack */
	uint32_t mapping; /* index + 1 */
	uint32_t part;    /* index + 1 */
	uint32_t thread;  /* number of a struct vmatlas_thread */
	uint16_t what;    /* enum export_what */
	uint16_t row;     /* enum atlas_row */
	uint32_t kind;    /* enum kind + 1 */
	/* The key ends here. */
	double weighed[EXPORT_WEIGHED]; /* while it is made */
	struct export_figures figures;
};

/* By what blocks are told apart beside their call stack. */
struct export_by {
	bool kind, place, thread;
};

struct export_samples {
	struct pool pool; /* of struct export_sample */
	struct export_by by;
};

/* 0 or ENOMEM; to be given to export_samples_free in either case. The sum of each value is the
 * total of the report; of resident bytes it is RSS. Where call stacks are sampled, those of a call
 * stack are its estimates in the report, and no sum is more than an estimate. */
int export_samples_make(struct export_samples *samples, const struct export_process *process,
	const struct export_by *by);
void export_samples_free(struct export_samples *samples);

/* What stands for a sample's innermost frames, or where there is no call stack for all of them: of
 * memory that is no block, what it is ("[elf-text]"), and which ("libc.so.6"). Each word is
 * printable, and "" where there is none. */
enum { EXPORT_WORD = 4 * 256 };
struct export_words {
	char what[32], which[EXPORT_WORD];
};
void export_sample_words(struct export_words *words, const struct export_process *process,
	const struct export_sample *sample);

/* The mapping's path; of variables that start as zero, their file's; "" where it has none. Good
 * until the next call; not NUL-terminated. */
const char *export_mapping_name(
	const struct export_process *process, const struct atlas_mapping *mapping, size_t *length);

#endif
