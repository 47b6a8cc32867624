/* seed_snapshot.c - writes the seeds of fuzz_snapshot anew, from the unit tests' model of a
 * process. To be run when the format changes:
 *
 *   make units && cc -D_GNU_SOURCE -Iinclude -I. -Ipreload -Ipreload/core -Itools -Itests/unit \
 *           -o build/seed_snapshot tests/fuzz/seed_snapshot.c build/units.a -ldw -lelf -liberty \
 *           -ljansson && build/seed_snapshot tests/fuzz/corpus/snapshot */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/snapshot.h"
#include "model.h"

static void write_seed(
	const char *folder, const char *name, const struct model *model, size_t scratch)
{
	char path[4096];
	size_t size;
	char *bytes = model_write(model, scratch, &size);
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
	free(bytes);
}

int main(int argc, char **argv)
{
	struct model *model = model_make();

	if (argc != 2) {
		fprintf(stderr, "usage: seed_snapshot FOLDER\n");
		return 2;
	}
	write_seed(argv[1], "model", model, 8 * SNAPSHOT_SCRATCH_LEAST);
	model->smaps_step = 100; /* smaps in small reads */
	write_seed(argv[1], "pieces", model, SNAPSHOT_SCRATCH_LEAST);
	model->smaps_step = 0;
	model_freed(model);
	write_seed(argv[1], "history", model, 8 * SNAPSHOT_SCRATCH_LEAST);
	model_free(model);
	return 0;
}
