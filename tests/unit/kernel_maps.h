/* kernel_maps.h - what /proc/self/maps says, read with stdio: the other way to the same answer. */
#ifndef VMATLAS_TEST_KERNEL_MAPS_H
#define VMATLAS_TEST_KERNEL_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct kernel_line {
	uint64_t start, end, offset, inode;
	unsigned major, minor;
	char perms[5];
	char name[512];
};

static inline bool kernel_parse(const char *text, struct kernel_line *line)
{
	unsigned long start, end, offset, inode;
	int at = 0;

	if (sscanf(text, "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, line->perms, &offset,
		    &line->major, &line->minor, &inode, &at) < 7)
		return false;
	line->start = start;
	line->end = end;
	line->offset = offset;
	line->inode = inode;
	snprintf(line->name, sizeof line->name, "%s", text + at);
	line->name[strcspn(line->name, "\n")] = 0;
	return true;
}

/* All lines, at most `most` of them; returns how many. */
static inline unsigned kernel_maps(struct kernel_line *lines, unsigned most)
{
	static char buffer[1 << 16]; /* no allocation may change what is read */
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned count = 0;
	char text[1024];

	setvbuf(file, buffer, _IOFBF, sizeof buffer);
	while (count < most && fgets(text, sizeof text, file))
		count += kernel_parse(text, &lines[count]);
	fclose(file);
	return count;
}

/* The line that holds the address; false when none does. */
static inline bool kernel_find(uint64_t address, struct kernel_line *line)
{
	static struct kernel_line all[30000];
	unsigned count = kernel_maps(all, sizeof all / sizeof all[0]);

	for (unsigned i = 0; i < count; i++) {
		if (address >= all[i].start && address < all[i].end) {
			*line = all[i];
			return true;
		}
	}
	return false;
}

#endif
