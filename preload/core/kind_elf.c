#include "kind_elf.h"

#include <string.h>

/* Linkers lay the segments of a file out in a few ways; r is read-only, x code, R RELRO, w data:
 *   r x r R w   GNU ld with -z separate-code (since binutils 2.31 on x86)
 *   x R w       GNU ld before, and gold
 *   r x R w     lld and mold
 * Where pages are larger than the file needs, holes of ---p stand between them (ld.so maps the
 * whole span first), or nothing (the kernel, for the program itself and for ld.so). Addresses run
 * ahead of the file's offsets by the same distance, the skew, within a segment, and from x to the r
 * behind it, which the linker aligned to pages together; R has another skew unless chance will have
 * it. */

enum { ACCESS = MAPS_READ | MAPS_WRITE | MAPS_EXEC };

static bool same_file(const struct maps_line *a, const struct maps_line *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

static bool in_module(const struct maps_line *line, const struct kind_module *module)
{
	return (module->leading || module->text) && line->inode == module->inode &&
	       line->major == module->major && line->minor == module->minor;
}

/* The line behind, if it is a private mapping of the same file. */
static const struct maps_line *sibling(
	const struct maps_line *line, const struct kind_context *context)
{
	const struct maps_line *next = context->next;

	return next && same_file(line, next) && !(next->perms & MAPS_SHARED) ? next : NULL;
}

/* Is the line before part of the same file and directly in front? */
static bool adjoins(const struct maps_line *line, const struct kind_before *before)
{
	return before->end == line->start && before->inode == line->inode &&
	       before->major == line->major && before->minor == line->minor;
}

static bool continues_into_data(const struct maps_line *line, const struct maps_line *next)
{
	return next && (next->perms & MAPS_WRITE) && next->start == line->end &&
	       next->offset == line->offset + (line->end - line->start);
}

static uint64_t skew(const struct maps_line *line)
{
	return line->start - line->offset;
}

/* Is this read-only mapping, behind the code of its file and before its data, RELRO rather than
 * constants? */
static bool relro(const struct maps_line *line, const struct kind_context *context)
{
	const struct kind_module *module = &context->module;
	const struct kind_before *before = &context->before;

	if (!module->leading || skew(line) != module->skew)
		return true;
	/* Two read-only neighbours that the kernel did not merge: the second was writable once, and
	 * is still accounted as such (VM_ACCOUNT). */
	if (adjoins(line, before) && before->kind == KIND_RODATA && before->perms == line->perms)
		return true;
	return module->rodata && continues_into_data(line, sibling(line, context));
}

static bool is_library_name(const struct maps_line *line)
{
	const char *dot = memmem(line->path, line->path_length, ".so", 3);
	size_t behind = dot ? (size_t)(line->path + line->path_length - dot) - 3 : 0;

	return dot && (behind == 0 || dot[3] == '.' || dot[3] == ' ');
}

/* Does an ELF file begin with this read-only mapping? Its code follows, or the hole before it; in a
 * file without code, its data. */
static bool begins_module(const struct maps_line *line, const struct kind_context *context)
{
	const struct maps_line *next = sibling(line, context);

	if (!next)
		return false;
	if (next->perms & MAPS_EXEC)
		return true;
	return line->offset == 0 && next->start == line->end &&
	       (!(next->perms & ACCESS) || (next->perms & MAPS_WRITE) || is_library_name(line));
}

/* Does this read-only mapping belong to the module whose code has come? Behind the data it does
 * not: then the file is loaded again (dlmopen), or read by a program that wants its symbols. Nor
 * does the file's beginning unless neighbours say so: tiny files have all their segments in it. */
static bool behind_code(const struct maps_line *line, const struct kind_context *context)
{
	const struct kind_module *module = &context->module;
	const struct maps_line *next = sibling(line, context);

	if (!in_module(line, module) || !module->text || module->data)
		return false;
	if (next && (next->perms & MAPS_EXEC) && line->offset == 0)
		return false;
	return line->offset || next || adjoins(line, &context->before);
}

/* In a file without code, data follow directly on the constants. */
static bool relro_without_code(const struct maps_line *line, const struct kind_context *context)
{
	const struct kind_module *module = &context->module;

	return in_module(line, module) && !module->text && !module->data &&
	       adjoins(line, &context->before) && continues_into_data(line, sibling(line, context));
}

static enum kind read_only(const struct maps_line *line, const struct kind_context *context)
{
	if (behind_code(line, context))
		return relro(line, context) ? KIND_RELRO : KIND_RODATA;
	if (relro_without_code(line, context))
		return KIND_RELRO;
	return begins_module(line, context) ? KIND_RODATA : KIND_FILE;
}

/* 32-bit programs without PT_GNU_STACK run with READ_IMPLIES_EXEC, where RELRO is r-x, data rwx. */
static enum kind executable(const struct maps_line *line, const struct kind_context *context)
{
	const struct maps_line *next = sibling(line, context);

	if (in_module(line, &context->module) && context->module.text && !context->module.data &&
		continues_into_data(line, next) && (next->perms & MAPS_EXEC))
		return KIND_RELRO;
	return KIND_TEXT;
}

static enum kind writable(const struct maps_line *line, const struct kind_context *context)
{
	if (in_module(line, &context->module))
		return KIND_DATA;
	return line->perms & MAPS_EXEC ? KIND_TEXT : KIND_FILE;
}

static bool within(uint64_t address, uint64_t start, uint64_t end)
{
	return address >= start && address < end;
}

static enum kind by_segments(const struct maps_line *line, const struct kind_segments *segments)
{
	if (!(line->perms & ACCESS))
		return KIND_PADDING;
	if (line->perms & MAPS_WRITE)
		return KIND_DATA;
	if (within(line->start, segments->relro_start, segments->relro_end))
		return KIND_RELRO;
	return line->perms & MAPS_EXEC ? KIND_TEXT : KIND_RODATA;
}

enum kind kind_elf(const struct maps_line *line, const struct kind_context *context)
{
	if (context->segments)
		return by_segments(line, context->segments);
	if (!(line->perms & ACCESS))
		return in_module(line, &context->module) ? KIND_PADDING : KIND_RESERVE;
	if (line->perms & MAPS_WRITE)
		return writable(line, context);
	if (line->perms & MAPS_EXEC)
		return executable(line, context);
	return read_only(line, context);
}

bool kind_elf_bss(const struct maps_line *line, const struct kind_context *context)
{
	const struct kind_segments *segments = context->segments;
	const struct kind_before *before = &context->before;

	if (segments && segments->data_end)
		return within(line->start, segments->data_start, segments->data_end);
	if (before->end != line->start)
		return false;
	/* Executable only where the data are, too. */
	return before->kind == KIND_DATA && !(line->perms & MAPS_EXEC & ~before->perms);
}

void kind_elf_advance(struct kind_module *module, const struct maps_line *line, enum kind kind)
{
	bool again =
		(kind == KIND_RODATA && line->offset == 0) || (kind == KIND_TEXT && module->data);

	if ((kind == KIND_RODATA || kind == KIND_TEXT) && (again || !in_module(line, module))) {
		*module = (struct kind_module){
			.inode = line->inode, .major = line->major, .minor = line->minor};
	}
	if (!in_module(line, module) && kind != KIND_RODATA && kind != KIND_TEXT)
		return;
	module->leading |= kind == KIND_RODATA && !module->text;
	module->rodata |= kind == KIND_RODATA && module->text;
	if (kind == KIND_TEXT) {
		module->text = true;
		module->skew = skew(line);
	}
	module->data |= kind == KIND_DATA;
}
