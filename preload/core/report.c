#include "report.h"
#include "maps.h"

#include <string.h>

static const char deleted[] = " (deleted)";

enum { PATH_BYTES = REPORT_PATH_WORDS * 8 };

void report_begin(struct report *report, const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text)
{
	*report = (struct report){
		.atlas = atlas,
		.view = atlas->view,
		.names = names,
		.options = options,
		.text = text,
		.scratch = options->scratch,
		.scratch_words = options->scratch ? options->scratch_words : 0,
	};
	report->path = (char *)report_take(report, REPORT_PATH_WORDS);
}

uint64_t *report_take(struct report *report, size_t words)
{
	uint64_t *taken = report->scratch;

	if (words > report->scratch_words)
		return NULL;
	report->scratch += words;
	report->scratch_words -= words;
	return taken;
}

const char *report_path(
	const struct report *report, const struct atlas_mapping *mapping, size_t *length)
{
	struct maps_line line = {
		.path = atlas_path(report->atlas, mapping),
		.path_length = mapping->path_length,
	};
	size_t most = PATH_BYTES - sizeof deleted;

	*length = line.path_length;
	if (!report->path || !*length || !memchr(line.path, '\\', *length))
		return line.path;
	*length = maps_path_decode(&line, report->path, most);
	if (*length > most - 1)
		*length = most - 1;
	if (maps_line_deleted(&line)) {
		memcpy(report->path + *length, deleted, sizeof deleted - 1);
		*length += sizeof deleted - 1;
	}
	return report->path;
}

bool report_lost(const struct report *report, unsigned index, struct view_lost *lost)
{
	const struct atlas *atlas = report->atlas;
	const struct view_lost own[] = {
		{"unplaced_blocks", "live blocks that lie in no mapping", atlas->unplaced},
		{"damaged_records",
			"records that made no sense: something wrote over vmatlas's tables",
			atlas->damaged},
		{"mappings_not_kept", "mappings or names for which there was no memory",
			atlas->overflow},
	};
	unsigned losts = report->view->losts < VIEW_LOST ? report->view->losts : VIEW_LOST;

	if (index >= losts + sizeof own / sizeof own[0])
		return false;
	*lost = index < losts ? report->view->lost[index] : own[index - losts];
	return true;
}

uint64_t report_peak(const struct report *report)
{
	uint64_t peak = report->view->peak_live_bytes, now = report->atlas->live_bytes;

	return peak > now ? peak : now; /* VIEW_UNKNOWN is more than any */
}

uint32_t report_block_frame(const struct report *report, const struct block *block)
{
	const struct vmatlas_origin *origin = lane_find(report->view->origins, block->origin);

	return origin ? origin->frame : 0;
}

const struct vmatlas_birth *report_block_birth(
	const struct report *report, const struct block *block)
{
	const struct vmatlas_birth *birth = lane_find(report->view->births, block->mapping);

	return birth && birth->start < birth->end ? birth : NULL;
}
