#include "addr_line.h"

#include "../preload/core/owner.h"
#include "../preload/core/report_text_stacks.h"
#include "addr_block.h"
#include "addr_headline.h"

/* The details stand behind labels of so many columns. */
enum { LABEL = 12, INDENT = 16 };

void addr_line_begin(struct text *text, const char *label)
{
	text_str(text, "  ");
	text_left(text, label, LABEL);
}

void addr_line_ago(const struct addr_source *source, struct text *text, uint64_t ticks)
{
	if (!ticks)
		return;
	text_str(text, ", ");
	text_duration(text, view_age_ns(source->view, ticks));
	text_str(text, " ago");
}

void addr_line_thread(const struct addr_source *source, struct text *text, uint32_t thread)
{
	char name[OWNER_BYTES];
	size_t length = owner_of_thread(&source->report, thread, name);

	if (!length)
		return;
	text_str(text, ", by ");
	text_printable(text, name, length);
}

void addr_line_frames(const struct addr_source *source, uint32_t frame)
{
	report_text_frames(&source->report, frame, INDENT);
}

void addr_line_maker(const struct addr_source *source, const struct block *block)
{
	struct text *text = source->report.text;

	if (view_has_callstack(source->view, block)) {
		addr_line_frames(source, addr_block_frame(source->view, block));
		return;
	}
	text_repeat(text, ' ', INDENT);
	text_str(text, block->time ? "call stack not known\n" : "call stack not sampled\n");
}

void addr_line_distance(struct text *text, const char *label, uint64_t bytes, const char *words)
{
	addr_line_begin(text, label);
	addr_headline_bytes(text, bytes);
	text_str(text, words);
}
