#include "inventory.h"
#include "clock.h"
#include "regions.h"
#include "store.h"
#include "sys.h"

#include "core/maps_reader.h"

/* Holds the longest line; at the start there are some 40 lines, most of 100 bytes. */
enum { BUFFER = 16384 };

static ssize_t read_maps(void *fd, void *buffer, size_t size)
{
	return sys_read(*(int *)fd, buffer, size);
}

static void record(const struct maps_line *line)
{
	struct vmatlas_region region;

	if (!maps_line_anonymous(line) || line->path_length || store_owns(line->start) ||
		regions_find(line->start, &region))
		return;
	region = (struct vmatlas_region){
		.start = line->start,
		.end = line->end,
		.time = clock_start().ticks,
		.call = VMATLAS_CALL_BEFORE,
	};
	regions_put(&region);
}

void inventory_take(void)
{
	char *buffer = store_take(BUFFER);
	int fd = sys_open("/proc/self/maps", O_RDONLY);
	struct maps_reader reader;
	struct maps_line line;

	if (fd < 0)
		return;
	if (buffer) {
		maps_reader_init(&reader, buffer, BUFFER, read_maps, &fd);
		while (maps_reader_take(&reader, &line) > 0)
			record(&line);
	}
	sys_close(fd);
}
