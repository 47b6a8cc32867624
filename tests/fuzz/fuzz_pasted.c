/* fuzz_pasted.c - what the strict reader accepts, the lenient one must read alike. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pasted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int differ(const struct maps_line *a, const struct maps_line *b)
{
	return a->start != b->start || a->end != b->end || a->perms != b->perms ||
	       a->offset != b->offset || a->major != b->major || a->minor != b->minor ||
	       a->inode != b->inode;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1);
	struct maps_fault fault = {0, NULL};
	struct maps_line lenient, strict;

	memcpy(exact, data, size);
	int error = pasted_parse(exact, size, &lenient, &fault);
	if (error && (!fault.reason || fault.column < 1 || fault.column > size + 1))
		abort();
	if (maps_parse(exact, size, &strict, NULL) == 0 && (error || differ(&lenient, &strict)))
		abort();
	free(exact);
	return 0;
}
