#include "evidence_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../preload/core/report.h"
#include "complain.h"
#include "snapshot.h"

static void put_totals(struct evidence *evidence, const struct report *report)
{
	const struct atlas *atlas = report->atlas;

	evidence_set(evidence, FIGURE_SIZE, atlas->size);
	evidence_set(evidence, FIGURE_LIVE_BYTES, atlas->live_bytes);
	evidence_set(evidence, FIGURE_LIVE_BLOCKS, atlas->live_blocks);
	if (report_peak(report) != VIEW_UNKNOWN)
		evidence_set(evidence, FIGURE_PEAK_LIVE_BYTES, report_peak(report));
	if (report->view->maps_only)
		return;
	evidence_set(evidence, FIGURE_RSS, atlas->rss);
	evidence_set(evidence, FIGURE_PSS, atlas->pss);
	evidence_set(evidence, FIGURE_SWAP, atlas->swap);
	for (unsigned row = 0; row < ATLAS_ROWS; row++)
		evidence_set(evidence, FIGURE_ROW + row, atlas->row[row]);
	if (!atlas->pages_known) {
		evidence->known[FIGURE_ROW + ATLAS_LIVE] = false;
		evidence->known[FIGURE_ROW + ATLAS_RETAINED] = false;
		return;
	}
	evidence_set(evidence, FIGURE_PINNED, atlas->pinned);
	evidence_set(evidence, FIGURE_TRIMMABLE, atlas->trimmable);
}

static int put_mappings(struct evidence *evidence, const struct report *report)
{
	const struct atlas *atlas = report->atlas;
	int error = 0;

	evidence->perms_known = true;
	evidence_know_kinds(evidence, !report->view->maps_only);
	evidence_set(evidence, FIGURE_MAPPINGS, 0);
	for (uint32_t i = 0; i < atlas->mappings && !error; i++) {
		const struct atlas_mapping *from = &atlas->mapping[i];
		struct evidence_mapping mapping = {.start = from->start,
			.end = from->end,
			.perms = from->perms,
			.kind = (enum kind)from->kind};
		mapping.path = report_path(report, from, &mapping.path_length);
		error = evidence_put_mapping(evidence, &mapping);
	}
	for (uint32_t i = 0; i < atlas->parts; i++) {
		const struct atlas_part *part = &atlas->part[i];
		evidence_put_kind(
			evidence, (enum kind)part->kind, part->end - part->start, part->rss);
	}
	return error;
}

static int put_dump(struct evidence *evidence, const struct report *report)
{
	struct view_lost lost;
	int error = 0;

	evidence->shim = evidence->dump_known = true;
	evidence->complete = report->view->complete;
	evidence_set(evidence, FIGURE_LOST, 0);
	for (unsigned i = 0; !error && report_lost(report, i, &lost); i++)
		error = evidence_put_lost(evidence, lost.name, lost.count);
	return error;
}

static void put_threads(struct evidence *evidence, const struct lane *threads)
{
	uint32_t count = lane_count(threads);

	evidence_set(evidence, FIGURE_THREADS, 0);
	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);
		if (thread && thread->tid && !thread->ended)
			evidence_add(evidence, FIGURE_THREADS, 1);
	}
}

static int put_atlas(struct evidence *evidence, const struct atlas *atlas)
{
	const struct names names = {0};
	struct report_options options = {0};
	struct report report;
	int error;

	options.scratch_words = report_scratch(atlas, &options);
	options.scratch = calloc(options.scratch_words + 1, sizeof(uint64_t));
	if (!options.scratch)
		return ENOMEM;
	report_begin(&report, atlas, &names, &options, NULL);
	put_totals(evidence, &report);
	put_threads(evidence, report.view->threads);
	error = put_mappings(evidence, &report);
	if (!error)
		error = put_dump(evidence, &report);
	free(options.scratch);
	return error;
}

static int put_snapshot(struct evidence *evidence, const struct snapshot *snapshot)
{
	struct view view = *snapshot_view(snapshot);
	uint32_t mappings = snapshot_mappings(snapshot);
	size_t size = atlas_memory(&view, mappings);
	void *memory = calloc(1, size);
	struct atlas atlas;
	int error;

	if (!memory)
		return ENOMEM;
	view.complete &= atlas_make(&atlas, &view, memory, size, mappings) == 0;
	error = put_atlas(evidence, &atlas);
	free(memory);
	return error;
}

int evidence_snapshot(const char *what, const char *bytes, size_t length, struct evidence *evidence)
{
	FILE *file = fmemopen((void *)(uintptr_t)bytes, length, "rb");
	struct snapshot_fault fault = {0};
	struct snapshot *snapshot = NULL;
	int error;

	evidence->form = "a snapshot";
	if (!file)
		return complain_errno(what, errno);
	error = snapshot_read(file, &snapshot, &fault);
	fclose(file);
	if (!error)
		error = put_snapshot(evidence, snapshot);
	snapshot_free(snapshot);
	return error ? snapshot_complain(what, error, &fault) : 0;
}
