#include "kind.h"

#include <string.h>

#include "kind_elf.h"

enum { ACCESS = MAPS_READ | MAPS_WRITE | MAPS_EXEC };

/* glibc's and the JVM's guards are one to a few pages, of up to 64 KiB each (arm64, ppc64). What is
 * larger is more often address space kept free; stacks with larger guards are told by
 * pthread_create. */
enum { GUARD_MAX = 64 * 1024 };

/* HEAP_MAX_SIZE of glibc's malloc/arena.c: twice DEFAULT_MMAP_THRESHOLD_MAX, on 64 and on 32 bits.
 */
enum { ARENA_SPAN = 64 << 20, ARENA_SPAN_32 = 1 << 20 };

/* How the path begins or what it is, and what that means; the first match counts. */
struct sign {
	char prefix[28];
	bool whole; /* nothing may follow */
	uint8_t kind;
};

static const struct sign markers[] = {
	{"[heap]", true, KIND_HEAP},
	{"[stack]", true, KIND_MAIN_STACK},
	{"[stack:", false, KIND_THREAD_STACK}, /* Linux 3.4 to 4.4 */
	{"[vdso]", true, KIND_VDSO},
	{"[vvar]", true, KIND_VVAR},
	{"[vvar_", false, KIND_VVAR}, /* [vvar_vclock], Linux 6.13 */
	{"[vsyscall]", true, KIND_VSYSCALL},
	{"[anon_shmem:", false, KIND_SHMEM},
};

/* Names given with PR_SET_VMA_ANON_NAME; glibc's since 2.39, with glibc.mem.decorate_maps. */
static const struct sign names[] = {
	{"[anon:vmatlas", false, KIND_VMATLAS},
	{"[anon: glibc: malloc arena", false, KIND_ARENA},
	{"[anon: glibc: malloc]", true, KIND_MALLOC_MMAP},
	{"[anon: glibc: pthread ", false, KIND_THREAD_STACK},
};

/* Objects without a file, which the kernel shows as deleted ones. */
static const struct sign objects[] = {
	{"/dev/zero", true, KIND_SHMEM}, /* MAP_SHARED|MAP_ANONYMOUS */
	{"/memfd:vmatlas", false, KIND_VMATLAS}, {"/memfd:", false, KIND_MEMFD},
	{"/anon_hugepage", true, KIND_HUGETLB}, {"/drm mm object", true, KIND_SHMEM},
	{"/i915", true, KIND_SHMEM}, {"/[", false, KIND_OTHER}, /* /[aio] */
};

/* Where things are mounted by custom. */
static const struct sign places[] = {
	{"/dev/shm/", false, KIND_SHMEM},
	{"/dev/hugepages", false, KIND_HUGETLB},
	{"/run/hugepages/", false, KIND_HUGETLB},
	{"/hugepages/", false, KIND_HUGETLB},
	{"/mnt/huge", false, KIND_HUGETLB},
	{"/var/lib/hugetlbfs/", false, KIND_HUGETLB},
	{"/dev/zero", true, KIND_ANON}, /* mapped privately: memory of the old school */
	{"/dev/", false, KIND_DEVICE},
	{"/dmabuf:", false, KIND_DEVICE},
	{"/sys/", false, KIND_DEVICE}, /* resources of PCI devices */
	{"/proc/bus/pci/", false, KIND_DEVICE},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The kind that signs give to the first length bytes of path, KIND_COUNT if they say nothing. */
static enum kind look_up(const struct sign *signs, size_t count, const char *path, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		size_t prefix = strlen(signs[i].prefix);
		if (length < prefix || (signs[i].whole && length != prefix))
			continue;
		if (memcmp(path, signs[i].prefix, prefix) == 0)
			return (enum kind)signs[i].kind;
	}
	return KIND_COUNT;
}

static bool starts_with(const struct maps_line *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return line->path_length >= length && memcmp(line->path, prefix, length) == 0;
}

static bool writable_memory(const struct maps_line *line)
{
	return maps_line_anonymous(line) &&
	       (line->perms & (MAPS_READ | MAPS_WRITE | MAPS_SHARED)) == (MAPS_READ | MAPS_WRITE);
}

/* Inaccessible: is it the guard of a stack, which lies directly above and is not executable? What
 * lies behind an arena is the arena's own. */
static bool guards(const struct maps_line *line, const struct kind_context *context)
{
	const struct maps_line *next = context->next;

	if (line->end - line->start > GUARD_MAX || !next || next->start != line->end)
		return false;
	if (context->before.kind == KIND_ARENA && context->before.end == line->start)
		return false;
	return starts_with(next, "[stack") || (writable_memory(next) && !(next->perms & MAPS_EXEC));
}

/* A part in use at the bottom of a span aligned to its size, the rest inaccessible up to its end.
 * Such a shape comes about otherwise once in sixteen thousand mappings. */
static bool arena_shaped(const struct maps_line *line, const struct maps_line *next)
{
	uint64_t span = line->end > UINT32_MAX ? ARENA_SPAN : ARENA_SPAN_32;

	return next && next->start == line->end && maps_line_anonymous(next) &&
	       !(next->perms & ACCESS) && line->start % span == 0 && next->end % span == 0 &&
	       next->end - line->end < span;
}

/* Private anonymous memory that may be written, without a name that says more. */
static enum kind writable(const struct maps_line *line, const struct kind_context *context)
{
	if (kind_elf_bss(line, context))
		return KIND_BSS;
	if (line->perms & MAPS_EXEC)
		return KIND_JIT;
	if (arena_shaped(line, context->next))
		return KIND_ARENA;
	if (context->before.kind == KIND_GUARD && context->before.end == line->start)
		return KIND_THREAD_STACK;
	return KIND_ANON;
}

static enum kind anonymous(const struct maps_line *line, const struct kind_context *context)
{
	if (line->perms & MAPS_SHARED)
		return KIND_SHMEM;
	if (!(line->perms & ACCESS))
		return guards(line, context) ? KIND_GUARD : KIND_RESERVE;
	if (line->perms & MAPS_WRITE)
		return writable(line, context);
	return line->perms & MAPS_EXEC ? KIND_JIT : KIND_ANON;
}

static enum kind named(const struct maps_line *line, const struct kind_context *context)
{
	enum kind kind = look_up(names, COUNT(names), line->path, line->path_length);
	bool plain = (line->perms & ACCESS) == (MAPS_READ | MAPS_WRITE);

	/* A name stays on all parts of what it was given to: an arena's rest and a stack's guard.
	 */
	if (kind == KIND_VMATLAS || (kind != KIND_COUNT && plain))
		return kind;
	return anonymous(line, context);
}

static enum kind marker(const struct maps_line *line, const struct kind_context *context)
{
	enum kind kind = look_up(markers, COUNT(markers), line->path, line->path_length);

	if (kind != KIND_COUNT)
		return kind;
	return starts_with(line, "[anon:") ? named(line, context) : KIND_OTHER;
}

/* "/SYSV" and the key in eight digits (ipc/shm.c). */
static bool sysv(const char *path, size_t length)
{
	return length == 13 && memcmp(path, "/SYSV", 5) == 0 && memchr(path, ' ', length) == NULL &&
	       memchr(path + 5, '/', 8) == NULL;
}

static enum kind from_file(const struct maps_line *line, const struct kind_context *context)
{
	enum kind kind = KIND_COUNT;
	size_t length = line->path_length;

	if (maps_line_deleted(line)) {
		length -= sizeof(" (deleted)") - 1;
		if (sysv(line->path, length))
			return KIND_SYSV;
		kind = look_up(objects, COUNT(objects), line->path, length);
	}
	if (kind == KIND_COUNT)
		kind = look_up(places, COUNT(places), line->path, length);
	if (kind != KIND_COUNT)
		return kind;
	return line->perms & MAPS_SHARED ? KIND_FILE : kind_elf(line, context);
}

enum kind kind_of(const struct maps_line *line, const struct kind_context *context)
{
	if (line->path_length == 0)
		return maps_line_anonymous(line) ? anonymous(line, context) : KIND_OTHER;
	if (line->path[0] == '[')
		return marker(line, context);
	/* anon_inode:[io_uring], socket:[4711] */
	return line->path[0] == '/' ? from_file(line, context) : KIND_OTHER;
}

void kind_advance(struct kind_context *context, const struct maps_line *line, enum kind kind)
{
	kind_elf_advance(&context->module, line, kind);
	context->before = (struct kind_before){
		.end = line->end,
		.offset_end = line->offset + (line->end - line->start),
		.inode = line->inode,
		.major = line->major,
		.minor = line->minor,
		.perms = line->perms,
		.kind = (uint8_t)kind,
	};
	context->next = NULL;
	context->segments = NULL;
}

enum kind kind_next(
	struct kind_context *context, const struct maps_line *line, const struct maps_line *next)
{
	context->next = next;
	enum kind kind = kind_of(line, context);
	kind_advance(context, line, kind);
	return kind;
}

enum kind kind_refine(enum kind kind, const struct smaps *smaps)
{
	bool says_more = kind == KIND_SYSV || kind == KIND_MEMFD || kind == KIND_VMATLAS;

	return smaps_flag(smaps, "ht") && !says_more ? KIND_HUGETLB : kind;
}

static const char kind_names[KIND_COUNT][13] = {
	[KIND_OTHER] = "other",
	[KIND_TEXT] = "text",
	[KIND_RODATA] = "rodata",
	[KIND_RELRO] = "relro",
	[KIND_DATA] = "data",
	[KIND_BSS] = "bss",
	[KIND_PADDING] = "padding",
	[KIND_HEAP] = "heap",
	[KIND_ARENA] = "arena",
	[KIND_MALLOC_MMAP] = "malloc-mmap",
	[KIND_MAIN_STACK] = "main-stack",
	[KIND_THREAD_STACK] = "thread-stack",
	[KIND_GUARD] = "guard",
	[KIND_VDSO] = "vdso",
	[KIND_VVAR] = "vvar",
	[KIND_VSYSCALL] = "vsyscall",
	[KIND_FILE] = "file",
	[KIND_SHMEM] = "shmem",
	[KIND_MEMFD] = "memfd",
	[KIND_SYSV] = "sysv",
	[KIND_DEVICE] = "device",
	[KIND_HUGETLB] = "hugetlb",
	[KIND_JIT] = "jit",
	[KIND_RESERVE] = "reserve",
	[KIND_ANON] = "anon",
	[KIND_VMATLAS] = "vmatlas",
};

const char *kind_name(enum kind kind)
{
	return kind_names[(unsigned)kind < KIND_COUNT ? kind : KIND_OTHER];
}

bool kind_find(const char *name, enum kind *kind)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*kind = (enum kind)i;
			return true;
		}
	}
	return false;
}

bool kind_is_elf(enum kind kind)
{
	return kind >= KIND_TEXT && kind <= KIND_PADDING;
}
