#include "evidence_listing.h"

#include <errno.h>

#include "complain.h"

static int put_row(struct evidence *evidence, const struct listing_row *row, unsigned known)
{
	const struct maps_line *line = &row->line;
	const struct evidence_mapping mapping = {
		.start = line->start,
		.end = line->end,
		.perms = line->perms,
		.kind = row->kind,
		.path = line->path,
		.path_length = line->path_length,
	};

	evidence_add(evidence, FIGURE_SIZE, line->end - line->start);
	if (known & LISTING_RSS)
		evidence_add(evidence, FIGURE_RSS, row->smaps.rss);
	if (known & LISTING_SMAPS) {
		evidence_add(evidence, FIGURE_PSS, row->smaps.pss);
		evidence_add(evidence, FIGURE_SWAP, row->smaps.swap);
	}
	evidence_put_kind(evidence, row->kind, line->end - line->start, row->smaps.rss);
	return evidence_put_mapping(evidence, &mapping);
}

int evidence_listing(const char *what, const struct listing *listing, struct evidence *evidence)
{
	evidence->form = "a list of mappings";
	evidence->perms_known = listing->known & LISTING_PERMS;
	evidence_know_kinds(evidence, listing->known & LISTING_RSS);
	for (size_t i = 0; i < listing->count; i++)
		if (put_row(evidence, &listing->row[i], listing->known))
			return complain_errno(what, ENOMEM);
	return 0;
}
