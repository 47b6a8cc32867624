/* maps_now.h - the mapping that holds an address, asked of the kernel without allocating. */
#ifndef MAPS_NOW_H
#define MAPS_NOW_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct span {
	uintptr_t start, end;
};

/* Reads /proc/self/maps by raw system calls into a buffer of its caller's thread; the text ends
 * with 0. It is valid until the same thread reads again. */
static inline const char *maps_read(void)
{
	static __thread char text[1 << 17];
	size_t length = 0;
	long got;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while ((got = syscall(SYS_read, fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	syscall(SYS_close, fd);
	text[length] = 0;
	return text;
}

/* Parses the range at the head of a line of maps. */
static inline struct span line_span(const char *line)
{
	char *dash;
	struct span span;

	span.start = strtoul(line, &dash, 16);
	span.end = strtoul(dash + 1, NULL, 16);
	return span;
}

/* The line of maps that holds an address, or NULL. Valid until the thread reads maps again. */
static inline const char *maps_line(uintptr_t address)
{
	for (const char *line = maps_read(); *line; line = strchr(line, '\n') + 1) {
		struct span span = line_span(line);

		if (span.start <= address && address < span.end)
			return line;
	}
	return NULL;
}

/* The range that holds an address; 0-0 where no mapping does. */
static inline struct span maps_find(const void *address)
{
	const char *line = maps_line((uintptr_t)address);

	return line ? line_span(line) : (struct span){0, 0};
}

#endif
