#include "inventory.h"
#include "clock.h"
#include "lock.h"
#include "modules.h"
#include "regions.h"
#include "store.h"
#include "sys.h"
#include "thread.h"

#include "core/kind.h"
#include "core/maps_reader.h"

/* Holds the longest line; at the start there are some 40 lines, most of 100 bytes. */
enum { BUFFER = 16384, PAGE = 4096 };

static ssize_t read_maps(void *fd, void *buffer, size_t size)
{
	return sys_read(*(int *)fd, buffer, size);
}

static bool is_ours(uintptr_t address)
{
	return store_owns(address) || address == (uintptr_t)locks();
}

/* The loader's memory may have become one mapping with the variables of the file below. Where the
 * loader does not know its files yet, all of it is recorded: what is variables, their file's own
 * headers tell when it matters. */
static uint64_t start_of(const struct maps_line *line, enum kind kind)
{
	struct modules_image image;

	if (kind != KIND_ANON && kind != KIND_BSS)
		return line->end;
	if (kind == KIND_ANON || modules_image(line->start - 1, &image))
		return line->start;
	return (image.end + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static void record(const struct maps_line *line, enum kind kind)
{
	uint64_t start = start_of(line, kind);
	struct vmatlas_region region;

	if (start < line->start || start >= line->end || is_ours(start) ||
		regions_find(start, &region))
		return;
	region = (struct vmatlas_region){
		.start = start,
		.end = line->end,
		.time = clock_start().ticks,
		.thread = guard.thread ? guard.thread->id : 0,
		.call = VMATLAS_CALL_BEFORE,
	};
	regions_put(&region);
}

static struct stacks_bounds record_all(int fd, char *buffer, uintptr_t address)
{
	struct stacks_bounds bounds = {0, 0};
	struct kind_context context = {0};
	struct maps_reader reader;
	struct maps_line line, next;
	int more;

	maps_reader_init(&reader, buffer, BUFFER, read_maps, &fd);
	while (maps_reader_take(&reader, &line) > 0) {
		more = maps_reader_peek(&reader, &next);
		record(&line, kind_next(&context, &line, more > 0 ? &next : NULL));
		if (line.start <= address && address < line.end)
			bounds = (struct stacks_bounds){line.start, line.end};
	}
	return bounds;
}

struct stacks_bounds inventory_take(uintptr_t address)
{
	struct stacks_bounds bounds = {0, 0};
	char *buffer = store_take(BUFFER);
	int fd = sys_open("/proc/self/maps", O_RDONLY);

	if (fd < 0)
		return bounds;
	if (buffer)
		bounds = record_all(fd, buffer, address);
	sys_close(fd);
	return bounds;
}
