#include "describe.h"
#include "facts.h"
#include "modules.h"
#include "store.h"
#include "descriptor.h"
#include "sys.h"

#include "core/blocks_before.h"
#include "core/kind.h"
#include "core/maps_reader.h"
#include "core/region.h"

#include <errno.h>
#include <string.h>

/* Two of the longest lines, so that each can be seen beside its neighbour. */
enum { LINES = 16384 };

/* glibc gives a block a mapping of its own from this size on (DEFAULT_MMAP_THRESHOLD_MIN). */
enum { OWN_MAPPING_LEAST = 128 << 10 };

struct work {
	uintptr_t address;
	struct vmatlas_description *description;
	struct view view;
	struct maps_line line; /* of the mapping */
	enum kind kind;
	char lines[LINES];
};

static void copy_text(char *to, size_t size, const char *text, size_t length)
{
	memcpy(to, text, length < size ? length : size - 1);
}

/* -- The mapping ---------------------------------------------------------------------------- */

static ssize_t read_maps(void *fd, void *buffer, size_t size)
{
	return sys_read(*(int *)fd, buffer, size);
}

/* A kind follows from the lines before, so all of them are read. */
static int find_line(struct work *work, struct maps_reader *reader)
{
	struct kind_context context = {0};
	struct maps_line next;
	int got;

	while ((got = maps_reader_take(reader, &work->line)) > 0 &&
		work->line.start <= work->address) {
		context.next = maps_reader_peek(reader, &next) ? &next : NULL;
		work->kind = kind_of(&work->line, &context);
		if (work->address < work->line.end)
			return 0;
		kind_advance(&context, &work->line, work->kind);
	}
	return got < 0 ? -got : ENOENT;
}

static int find_mapping(struct work *work)
{
	int fd = descriptor_open("/proc/thread-self/maps", O_RDONLY), error;
	struct maps_reader reader;

	if (fd < 0)
		return -fd;
	maps_reader_init(&reader, work->lines, sizeof work->lines, read_maps, &fd);
	error = find_line(work, &reader);
	sys_close(fd);
	return error;
}

static void put_mapping(const struct work *work)
{
	struct vmatlas_description *out = work->description;
	const struct maps_line *line = &work->line;

	out->mapping_start = line->start;
	out->mapping_end = line->end;
	out->mapping_offset = line->offset;
	out->mapping_access = line->perms;
	copy_text(out->mapping_name, sizeof out->mapping_name, line->path, line->path_length);
}

/* -- Who asked for it ----------------------------------------------------------------------- */

static uint32_t put_frames(const struct view *view, uint32_t id, uintptr_t frames[VMATLAS_FRAMES])
{
	const struct vmatlas_frame *frame;
	uint32_t depth = 0;

	while (depth < VMATLAS_FRAMES && (frame = lane_find(view->frames, id)) && frame->pc) {
		frames[depth++] = frame->pc;
		id = frame->parent;
	}
	return depth;
}

static void put_block(const struct work *work)
{
	struct vmatlas_description *out = work->description;
	struct blocks_tables tables = view_tables(&work->view);
	const struct vmatlas_origin *origin;
	struct block block;

	if (!blocks_holding(work->view.blocks, &tables, work->address, work->line.start, &block))
		return;
	origin = lane_find(work->view.origins, block.origin);
	out->block_start = block.address;
	out->block_size = block.size;
	out->block_time_ns = view_time_ns(&work->view, block.time);
	out->block_thread = view_tid(&work->view, block.thread);
	out->block_depth = put_frames(&work->view, origin ? origin->frame : 0, out->block_frames);
}

static void put_region(const struct work *work)
{
	struct vmatlas_description *out = work->description;
	struct vmatlas_region region;

	if (!region_holding(work->view.regions, work->address, &region) ||
		region.call == VMATLAS_CALL_BEFORE)
		return;
	out->region_start = region.start;
	out->region_end = region.end;
	out->region_time_ns = view_time_ns(&work->view, region.time);
	out->region_thread = view_tid(&work->view, region.thread);
	out->region_depth = put_frames(&work->view, region.frame, out->region_frames);
}

/* -- What it is for ------------------------------------------------------------------------- */

/* The main thread's record has a range only once a dump has looked, since its stack grows. */
static bool has_stack(const struct work *work, const struct vmatlas_thread *thread)
{
	if (work->kind == KIND_MAIN_STACK)
		return thread->flags & VMATLAS_THREAD_MAIN;
	return work->address >= thread->stack_start && work->address < thread->stack_end;
}

static const struct vmatlas_thread *find_thread(const struct work *work)
{
	const struct lane *threads = work->view.threads;

	for (uint32_t id = 1; id <= lane_count(threads); id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && thread->tid && !thread->ended && has_stack(work, thread))
			return thread;
	}
	return NULL;
}

/* What the tables know better than the lines, as in reports. */
static enum kind kind_by_tables(const struct work *work, const struct vmatlas_thread *thread)
{
	if (store_owns(work->address))
		return KIND_VMATLAS;
	if (work->kind != KIND_ANON && work->kind != KIND_THREAD_STACK)
		return work->kind;
	if (thread)
		return KIND_THREAD_STACK;
	if (work->view.glibc && work->description->block_size >= OWN_MAPPING_LEAST)
		return KIND_MALLOC_MMAP;
	return work->kind;
}

static void put_kind(const struct work *work)
{
	struct vmatlas_description *out = work->description;
	const struct vmatlas_thread *thread = find_thread(work);
	const char *name = kind_name(kind_by_tables(work, thread));

	copy_text(out->mapping_kind, sizeof out->mapping_kind, name, strlen(name));
	if (thread)
		out->mapping_thread = thread->tid;
}

/* -- The module ----------------------------------------------------------------------------- */

/* The loader has no name for the program itself. */
static void put_exe(char *to, size_t size)
{
	sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/thread-self/exe", (long)to, (long)size - 1,
		0, 0);
}

static void put_module(const struct work *work)
{
	struct vmatlas_description *out = work->description;
	struct modules_image image;

	if (modules_image(work->address, &image))
		return;
	out->module_start = image.start;
	out->module_end = image.end;
	out->module_bias = image.bias;
	if (*image.name)
		copy_text(
			out->module_name, sizeof out->module_name, image.name, strlen(image.name));
	else
		put_exe(out->module_name, sizeof out->module_name);
}

static void clear(struct vmatlas_description *description)
{
	size_t size = description->size;

	memset(description, 0, size);
	description->size = size;
}

static int describe_in(struct work *work)
{
	int error = find_mapping(work);

	if (error)
		return error;
	clear(work->description);
	facts_tables(&work->view);
	put_mapping(work);
	put_block(work);
	put_region(work);
	put_kind(work);
	put_module(work);
	return 0;
}

int describe(uintptr_t address, struct vmatlas_description *description)
{
	struct work *work = sys_mmap_anonymous(sizeof *work, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	int error;

	if (!work)
		return ENOMEM;
	/* Not to melt into a neighbour that is then described. */
	sys_madvise(work, sizeof *work, MADV_RANDOM);
	work->address = address;
	work->description = description;
	error = describe_in(work);
	sys_munmap(work, sizeof *work);
	return error;
}
