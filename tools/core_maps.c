#include "core_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/maps.h"
#include "core_elf.h"

/* The kernel begins the heap up to 1 GiB behind the program's last page: arch_randomize_brk of
 * arch/x86/kernel/process.c. Nothing else is put there unasked. */
enum { HEAP_REACH = 1 << 30 };

/* VSYSCALL_ADDR of arch/x86/include/uapi/asm/vsyscall.h. */
static const uint64_t VSYSCALL = 0xffffffffff600000u;

/* Where the program's own file ends, its zeroed variables with it. The heap may follow at once. */
static uint64_t program_end(const struct core_file *core)
{
	const struct core_segment *program = core_file_find(core, core->entry);
	uint64_t span = program && program->path ? core_elf_span(program->path) : 0;

	for (size_t i = 0; span && i < core->segments; i++)
		if (core->segment[i].path_number == program->path_number)
			return core->segment[i].start + span;
	return 0;
}

/* As in maps, the heap may have the program's zeroed variables in it. */
static bool is_heap(const struct core_segment *segment, uint64_t end)
{
	return end && !segment->path && segment->end > end &&
	       (segment->start < end || segment->start - end < HEAP_REACH) &&
	       segment->perms == (MAPS_READ | MAPS_WRITE);
}

static bool holds(const struct core_segment *segment, uint64_t address)
{
	return address >= segment->start && address < segment->end;
}

/* What can be read only, right below the vdso: the kernel puts its variables there. Where they
 * begin; the vdso's own address where there are none. */
static uint64_t vvar_start(const struct core_file *core)
{
	uint64_t start = core->vdso;

	for (size_t i = core_file_from(core, core->vdso); i; i--) {
		const struct core_segment *segment = &core->segment[i - 1];

		if (segment->path || segment->perms != MAPS_READ || segment->end != start)
			break;
		start = segment->start;
	}
	return start;
}

/* As the kernel writes it: a newline would end the line. */
static void put_path(FILE *out, const char *path)
{
	for (; *path; path++) {
		if (*path == '\n')
			fputs("\\012", out);
		else
			putc(*path, out);
	}
}

static void put_line(FILE *out, const struct core_segment *segment,
	const struct core_elf_file *file, const char *marker)
{
	char perms[5];

	fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 "  ",
		segment->start, segment->end, maps_letters(segment->perms, perms),
		segment->path_offset, file->major, file->minor, file->inode);
	put_path(out, segment->path ? segment->path : marker);
	putc('\n', out);
}

/* What there is one of. */
struct landmarks {
	uint64_t vvar;
	uint64_t heap_from; /* the program's end; 0: not known, or the heap was there */
};

static const char *marker_of(const struct core_file *core, const struct core_segment *segment,
	struct landmarks *landmarks)
{
	if (holds(segment, core->stack))
		return "[stack]";
	if (holds(segment, core->vdso))
		return "[vdso]";
	if (segment->start >= landmarks->vvar && segment->end <= core->vdso)
		return "[vvar]";
	if (segment->start >= VSYSCALL)
		return "[vsyscall]";
	if (!is_heap(segment, landmarks->heap_from))
		return "";
	landmarks->heap_from = 0;
	return "[heap]";
}

/* Of a file that begins with this segment; where it is not that file any more, a number that no
 * other has. */
static struct core_elf_file file_of(
	const struct core_segment *segment, const struct relic_memory *memory)
{
	struct core_elf_file file = {.inode = segment->path_number};
	const char *begin = NULL;

	if (!segment->path_offset && segment->held)
		begin = relic_memory_at(memory, segment->start, segment->held);
	if (begin)
		core_elf_identify(segment->path, begin, segment->held, &file);
	return file;
}

/* Each segment's line has its path: many times what the core has of them. */
enum { TEXT_MOST = 1 << 29 };

static int put_lines(const struct core_file *core, const struct relic_memory *memory, FILE *out)
{
	const struct core_elf_file none = {0};
	struct core_elf_file file = none;
	struct landmarks landmarks = {vvar_start(core), program_end(core)};
	unsigned number = 0;

	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		if (segment->path && segment->path_number != number) {
			number = segment->path_number;
			file = file_of(segment, memory);
		}
		put_line(out, segment, segment->path ? &file : &none,
			marker_of(core, segment, &landmarks));
		if (ftello(out) > TEXT_MOST)
			return ENOMEM;
	}
	return 0;
}

int core_maps_make(const struct core_file *core, const struct relic_memory *memory, char **text,
	size_t *length)
{
	FILE *out = open_memstream(text, length);
	int error;

	if (!out)
		return errno;
	error = put_lines(core, memory, out);
	if (fclose(out) && !error)
		error = ENOMEM;
	if (error)
		free(*text);
	return error;
}
