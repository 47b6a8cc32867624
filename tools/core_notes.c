#include "core_notes.h"

#include <elf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "core_elf.h"

/* -- The process ---------------------------------------------------------------------------- */

static void take_text(char *to, size_t size, const char *from)
{
	memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	for (size_t end = strlen(to); end && to[end - 1] == ' '; end--)
		to[end - 1] = '\0';
}

static void take_process(struct core_file *core, const char *bytes, size_t length)
{
	struct elf_prpsinfo process;

	if (length < sizeof(process))
		return;
	memcpy(&process, bytes, sizeof(process));
	core->pid = (uint32_t)process.pr_pid;
	take_text(core->name, sizeof(core->name), process.pr_fname);
	take_text(core->arguments, sizeof(core->arguments), process.pr_psargs);
}

/* The first is of the thread that the core was made for. */
static void take_status(struct core_file *core, const char *bytes, size_t length)
{
	struct elf_prstatus status;

	if (length < sizeof(status) || core->signal)
		return;
	memcpy(&status, bytes, sizeof(status));
	core->signal = status.pr_cursig > 0 && status.pr_cursig < 65 ? status.pr_cursig : 0;
}

static void take_vector(struct core_file *core, const char *bytes, size_t length)
{
	Elf64_auxv_t entry;

	for (; length >= sizeof(entry); bytes += sizeof(entry), length -= sizeof(entry)) {
		memcpy(&entry, bytes, sizeof(entry));
		if (entry.a_type == AT_RANDOM)
			core->stack = entry.a_un.a_val;
		else if (entry.a_type == AT_SYSINFO_EHDR)
			core->vdso = entry.a_un.a_val;
		else if (entry.a_type == AT_ENTRY)
			core->entry = entry.a_un.a_val;
	}
}

/* -- Files that were mapped ----------------------------------------------------------------- */

/* One mapping of NT_FILE. */
struct mapped {
	uint64_t start, end, offset; /* the last in pages */
};

/* gdb leaves out what the file has as well, if it was not written to. */
static void add_left_out(struct core_file *core, const struct mapped *mapped, uint64_t page,
	const char *path, size_t *added)
{
	size_t next = core_file_from(core, mapped->start);
	const struct core_segment *segments = core->segment;

	if ((mapped->start | mapped->end) % 4096 || mapped->start >= mapped->end ||
		(next && segments[next - 1].end > mapped->start) ||
		(next < core->segments && segments[next].start < mapped->end))
		return;
	core->segment[core->segments + (*added)++] = (struct core_segment){
		.start = mapped->start,
		.end = mapped->end,
		.perms = core_elf_mapped(path, mapped->offset * page),
	};
}

static void name_segments(struct core_file *core, const struct mapped *mapped, uint64_t page,
	const char *path, unsigned number)
{
	for (size_t i = core_file_from(core, mapped->start); i < core->segments; i++) {
		struct core_segment *segment = &core->segment[i];

		if (segment->start >= mapped->end || segment->path)
			return;
		segment->path = path;
		segment->path_offset = mapped->offset * page + (segment->start - mapped->start);
		segment->path_number = number;
	}
}

/* As many as core_file.c takes segments: for each a file may be opened. */
enum { MAPPED_MOST = 1 << 20 };

/* The note: how many, the size of a page; each mapping; then the paths, each with its NUL. */
struct files {
	uint64_t count, page;
	const char *mapped, *path, *end;
};

static bool find_files(struct files *files, const char *bytes, size_t length)
{
	uint64_t head[2];

	if (length < sizeof(head))
		return false;
	memcpy(head, bytes, sizeof(head));
	*files = (struct files){head[0], head[1], bytes + sizeof(head), NULL, bytes + length};
	if (head[0] > (length - sizeof(head)) / sizeof(struct mapped) || head[0] > MAPPED_MOST)
		return false;
	files->path = files->mapped + head[0] * sizeof(struct mapped);
	return true;
}

/* The kernel has no longer paths, and each segment of a file will be a line with its path. */
static bool next_file(struct files *files, struct mapped *mapped, const char **path)
{
	size_t rest = (size_t)(files->end - files->path);

	if (!files->count || !memchr(files->path, 0, rest < PATH_MAX ? rest : PATH_MAX))
		return false;
	memcpy(mapped, files->mapped, sizeof(*mapped));
	*path = files->path;
	files->count--;
	files->mapped += sizeof(*mapped);
	files->path += strlen(files->path) + 1;
	return true;
}

static void add_all_left_out(struct core_file *core, struct files files)
{
	struct core_segment *grown = reallocarray(
		core->segment, core->segments + files.count + 1, sizeof(*core->segment));
	struct mapped mapped;
	const char *path;
	uint64_t until = 0;
	size_t added = 0;

	if (!grown)
		return;
	core->segment = grown;
	/* In order, as the kernel and gdb write them: two at one address would be no core's. */
	while (next_file(&files, &mapped, &path)) {
		if (mapped.start < until || mapped.end <= mapped.start)
			break;
		until = mapped.end;
		add_left_out(core, &mapped, files.page, path, &added);
	}
	core->segments += added;
	core_file_sort(core);
}

static void take_files(struct core_file *core, const char *bytes, size_t length)
{
	const char *path, *before = NULL;
	struct files files;
	struct mapped mapped;
	unsigned number = 0;

	/* There is one such note; many would take time without end. */
	if (core->named || !find_files(&files, bytes, length))
		return;
	core->named = true;
	add_all_left_out(core, files);
	while (next_file(&files, &mapped, &path)) {
		number += !before || strcmp(path, before) != 0;
		name_segments(core, &mapped, files.page, path, number);
		before = path;
	}
}

/* -- One after the other -------------------------------------------------------------------- */

static void take_note(struct core_file *core, uint32_t type, const char *bytes, size_t length)
{
	if (type == NT_PRPSINFO)
		take_process(core, bytes, length);
	else if (type == NT_PRSTATUS)
		take_status(core, bytes, length);
	else if (type == NT_AUXV)
		take_vector(core, bytes, length);
	else if (type == NT_FILE)
		take_files(core, bytes, length);
}

static size_t padded(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

void core_notes_take(struct core_file *core)
{
	const char *bytes = core->notes;
	size_t rest = core->notes_length;
	Elf64_Nhdr note;

	while (rest >= sizeof(note)) {
		size_t name, size;

		memcpy(&note, bytes, sizeof(note));
		name = sizeof(note) + padded(note.n_namesz);
		size = name + padded(note.n_descsz);
		if (size > rest)
			return;
		if (note.n_namesz == 5 && !memcmp(bytes + sizeof(note), "CORE", 5))
			take_note(core, note.n_type, bytes + name, note.n_descsz);
		bytes += size;
		rest -= size;
	}
}
