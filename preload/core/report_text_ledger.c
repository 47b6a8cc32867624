#include "report_text_ledger.h"
#include "text_column.h"

const char *report_text_row(enum atlas_row row)
{
	static const char *const texts[ATLAS_ROWS] = {
		[ATLAS_LIVE] = "live blocks",
		[ATLAS_RETAINED] = "retained by malloc: free, fragmented, or its own books",
		[ATLAS_MMAPPED] = "mapped by the program",
		[ATLAS_LOADER] = "the loader's, and the main thread's control block",
		[ATLAS_THREAD_STACKS] = "stacks of threads",
		[ATLAS_MAIN_STACK] = "main stack",
		[ATLAS_ELF_TEXT] = "machine code",
		[ATLAS_ELF_RODATA] = "constants of programs and libraries",
		[ATLAS_ELF_RELRO] = "relocated constants of programs and libraries",
		[ATLAS_ELF_DATA] = "variables with initial values",
		[ATLAS_ELF_BSS] = "variables that start as zero",
		[ATLAS_FILES] = "mapped files",
		[ATLAS_SHARED] = "shared memory",
		[ATLAS_KERNEL] = "pages of the kernel's (vdso, vvar)",
		[ATLAS_VMATLAS] = "vmatlas itself",
		[ATLAS_UNEXPLAINED] = "unexplained",
	};

	return texts[row < ATLAS_ROWS ? row : ATLAS_UNEXPLAINED];
}

static void put_row(struct text *text, const struct atlas *atlas, uint64_t bytes, const char *what)
{
	char size[TEXT_HUMAN], percent[TEXT_HUMAN];

	text_right(text, text_size_human(bytes, size), 13);
	text_right(text, text_percent_human(bytes, atlas->rss, percent), 9);
	text_put_grouped(text, bytes, 18);
	text_str(text, "  ");
	text_str(text, what);
	text_char(text, '\n');
}

static void put_retained_parts(struct text *text, const struct atlas *atlas)
{
	uint64_t kept = atlas->row[ATLAS_RETAINED] - atlas->pinned - atlas->trimmable;

	if (!atlas->pages_known)
		return;
	put_row(text, atlas, atlas->pinned, "  of which pinned: on a page with a live block");
	put_row(text, atlas, atlas->trimmable,
		"  of which trimmable: malloc_trim(0) would give it back");
	if (kept)
		put_row(text, atlas, kept,
			"  of which kept: tops of arenas, caches, blocks that were not seen");
}

static bool is_larger(const struct atlas *atlas, unsigned a, unsigned b)
{
	return atlas->row[a] == atlas->row[b] ? a < b : atlas->row[a] > atlas->row[b];
}

/* The largest row that comes behind `last`; ATLAS_ROWS where there is none but `unexplained`. */
static unsigned next_row(const struct atlas *atlas, unsigned last)
{
	unsigned next = ATLAS_ROWS;

	for (unsigned row = 0; row < ATLAS_UNEXPLAINED; row++) {
		if (!atlas->row[row] || (last < ATLAS_ROWS && !is_larger(atlas, last, row)))
			continue;
		if (next == ATLAS_ROWS || is_larger(atlas, row, next))
			next = row;
	}
	return next;
}

void report_text_ledger(struct text *text, const struct atlas *atlas)
{
	text_str(text, "\nWhat RSS is made of\n");
	for (unsigned row = next_row(atlas, ATLAS_ROWS); row < ATLAS_ROWS;
		row = next_row(atlas, row)) {
		put_row(text, atlas, atlas->row[row], report_text_row((enum atlas_row)row));
		if (row == ATLAS_RETAINED)
			put_retained_parts(text, atlas);
	}
	put_row(text, atlas, atlas->row[ATLAS_UNEXPLAINED], report_text_row(ATLAS_UNEXPLAINED));
	put_row(text, atlas, atlas->rss, "RSS");
}
