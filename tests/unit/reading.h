/* reading.h - what this kernel gives a program that only reads a fresh page. */
#ifndef READING_H
#define READING_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Whether it is a page of its own, which counts as resident, and not the shared page of zeros: by
 * smaps, since some kernels do without the latter. */
static inline bool reading_takes_a_page(void)
{
	const size_t size = 3 * 4096; /* the middle one has no neighbour to be merged with */
	char *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char line[512], start[32];
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long kib = 0;
	bool ours = false;

	mprotect(memory + 4096, 4096, PROT_READ | PROT_WRITE);
	(void)*(volatile char *)(memory + 4096);
	snprintf(start, sizeof start, "%lx-", (unsigned long)(memory + 4096));
	while (smaps && fgets(line, sizeof line, smaps)) {
		ours = ours || !strncmp(line, start, strlen(start));
		if (ours && sscanf(line, "Rss: %lu", &kib) == 1)
			break;
	}
	if (smaps)
		fclose(smaps);
	munmap(memory, size);
	return kib != 0;
}

#endif
