#include "maps_explain.h"

#include <string.h>

#include "maps_annotate.h"

static const char of_file[] = "\1"; /* stands for the file in the texts below */

/* What each kind is for. */
static const char *const purposes[KIND_COUNT] = {
	[KIND_OTHER] = "Something that the kernel names and this command has no word for",
	[KIND_TEXT] = "Machine code of \1",
	[KIND_RODATA] = "Constants, headers and symbol tables of \1, which nobody may change",
	[KIND_RELRO] =
		"Data of \1 that the loader filled in with addresses and then made read-only "
		"(RELRO)",
	[KIND_DATA] = "Variables of \1 that have a value in the file (.data)",
	[KIND_BSS] =
		"Variables that start as zero (.bss), which take no room in the file and so lie "
		"in anonymous memory behind its data",
	[KIND_PADDING] = "A hole between the segments of \1, kept so that nothing else is mapped "
			 "there: neither a guard nor a leak",
	[KIND_HEAP] = "The heap, which malloc makes longer with brk()",
	[KIND_ARENA] =
		"An arena: glibc's heap for threads, since [heap] serves the first arena only",
	[KIND_MALLOC_MMAP] = "One big malloc, which got a mapping of its own",
	[KIND_MAIN_STACK] = "The stack of the main thread, which the kernel makes longer downwards "
			    "as it is used",
	[KIND_THREAD_STACK] = "The stack of a thread, mapped whole when the thread was made",
	[KIND_GUARD] =
		"The guard of the mapping above: what runs over the end of that stack faults "
		"here instead of writing into what lies below",
	[KIND_VDSO] = "Code that the kernel lends to each process, so that clock_gettime() and its "
		      "like need no system call",
	[KIND_VVAR] = "The kernel's variables that the code in [vdso] reads",
	[KIND_VSYSCALL] = "Where such calls were before there was [vdso], at one address in every "
			  "process",
	[KIND_FILE] = "Bytes of \1, read as if they were memory",
	[KIND_SHMEM] = "Memory shared between processes, without a file on any disk",
	[KIND_MEMFD] = "Memory of memfd_create(), a file that is in no directory",
	[KIND_SYSV] = "System V shared memory (shmget() and shmat())",
	[KIND_DEVICE] = "Memory of a device or its driver, \1",
	[KIND_HUGETLB] = "Huge pages that were set aside beforehand (hugetlbfs)",
	[KIND_JIT] = "Code made at run time: executable, and from no file",
	[KIND_RESERVE] = "Addresses kept free for later, with no memory behind them",
	[KIND_ANON] =
		"Anonymous memory: malloc asked for much at once, or the program or a library "
		"called mmap() itself",
	[KIND_VMATLAS] = "Tables of vmatlas itself",
};

static void put_file_name(struct text *text, const struct listing_row *row)
{
	size_t length;
	const char *name = listing_base(row, &length);

	text_printable(text, name, length);
	if (!length)
		text_str(text, "its file");
}

void maps_explain_purpose(struct text *text, const struct listing_row *row)
{
	const char *purpose = purposes[row->kind], *file = strchr(purpose, of_file[0]);

	if (!file) {
		text_str(text, purpose);
	} else {
		text_bytes(text, purpose, (size_t)(file - purpose));
		put_file_name(text, row);
		text_str(text, file + 1);
	}
	if (!row->owner)
		return;
	text_str(text, " (");
	text_printable(text, row->owner, strlen(row->owner));
	text_char(text, ')');
}

/* -- Permissions ---------------------------------------------------------------------------- */

static void put_access(struct text *text, unsigned perms)
{
	static const char *const words[] = {"nothing may be done with it",
		"it may be read, not written or executed", "it may be written only",
		"it may be read and written, not executed", "it may be executed only",
		"it may be read and executed, not written", "it may be WRITTEN AND EXECUTED",
		"it may be read, WRITTEN AND EXECUTED"};

	text_str(text, words[perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC)]);
	if ((perms & (MAPS_WRITE | MAPS_EXEC)) == (MAPS_WRITE | MAPS_EXEC))
		text_str(text, ", so whoever can write there can run code");
}

static void put_sharing(struct text *text, const struct maps_line *line)
{
	if (line->perms & MAPS_SHARED)
		text_str(text, ", shared with whoever maps it");
	else if (!maps_line_anonymous(line))
		text_str(text, ", private: a page that is written becomes a copy of its own");
	else
		text_str(text, ", private");
}

/* -- Where the bytes come from -------------------------------------------------------------- */

static void put_offset(struct text *text, const struct listing_row *row)
{
	text_str(text, "; it begins ");
	text_dec(text, row->line.offset);
	text_str(text, " bytes into the file");
}

static void put_segment(struct text *text, const struct listing_row *row)
{
	if (!row->module)
		return;
	text_str(text, "; segment");
	maps_view_sections(text, row);
}

static void put_inode(struct text *text, const struct maps_line *line)
{
	text_str(text, ", which is inode ");
	text_dec(text, line->inode);
	text_str(text, " on device ");
	maps_view_device(text, line);
	if (maps_line_deleted(line))
		text_str(text, " and has no name any more (deleted)");
}

static void put_no_inode(struct text *text, const struct maps_line *line)
{
	text_str(text, "; its inode is 0, because ");
	if (!line->path_length)
		text_str(text, "it is memory without a file");
	else if (line->path[0] != '[')
		text_str(text, "what is behind it is no file of a file system with inodes");
	else if (line->path_length > 5 && !memcmp(line->path, "[anon", 5))
		text_str(text, "there is no file: the program gave this name itself");
	else
		text_str(text, "there is no file: the name in brackets is the kernel's");
}

/* Kernels before 2.6.30 or so: see maps_line_normalise. */
static void put_old_offset(struct text *text, const struct listing_row *row)
{
	if (row->written_offset == row->line.offset)
		return;
	text_str(text, "; what stands as its offset is an address, as old kernels have it for "
		       "memory without a file");
}

static void put_origin(struct text *text, const struct listing_row *row, unsigned known)
{
	if ((known & LISTING_OFFSET) && row->line.path_length && row->line.path[0] != '[' &&
		(row->line.inode || !(known & LISTING_FILE)))
		put_offset(text, row);
	if (!(known & LISTING_FILE))
		return;
	if (row->line.inode)
		put_inode(text, &row->line);
	else
		put_no_inode(text, &row->line);
	put_old_offset(text, row);
	put_segment(text, row);
}

static void put_guards(struct text *text, const struct listing_row *row)
{
	text_str(text, "; ");
	if (row->guard_bytes)
		text_size(text, row->guard_bytes);
	else
		text_str(text, "some");
	text_str(text, " of it are guard pages, on which each access faults, though maps does not "
		       "show them (MADV_GUARD_INSTALL)");
}

/* A stack that seems to have no guard may have one. */
static void put_untold_guards(
	struct text *text, const struct listing *listing, const struct listing_row *row)
{
	const struct listing_row *below = row - 1;
	bool guarded = row > listing->row && below->line.end == row->line.start &&
		       below->kind == KIND_GUARD;

	if (row->kind == KIND_THREAD_STACK && !guarded)
		text_str(text, "; if it has guard pages that maps does not show, nothing here says "
			       "so: Linux 6.15 does, of a process that lives");
}

/* -- The whole ------------------------------------------------------------------------------ */

static void put_sentence(const struct maps_view *view, const struct listing_row *row)
{
	unsigned known = view->listing->known;
	struct text *text = view->text;

	text_str(text, "    ");
	text_size(text, row->line.end - row->line.start);
	text_str(text, ": ");
	maps_explain_purpose(text, row);
	if (known & LISTING_PERMS) {
		text_str(text, "; ");
		put_access(text, row->line.perms);
		put_sharing(text, &row->line);
	}
	put_origin(text, row, known);
	if (row->guards)
		put_guards(text, row);
	else if (!(known & LISTING_GUARDS))
		put_untold_guards(text, view->listing, row);
	text_str(text, ".\n");
}

void maps_explain(const struct maps_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		maps_view_color(view, view->row[i]);
		maps_annotate_line(view, view->row[i]);
		maps_view_plain(view);
		text_char(view->text, '\n');
		put_sentence(view, view->row[i]);
	}
}
