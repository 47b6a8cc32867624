/* seed_core.c - writes the seeds of fuzz_core anew, from the unit tests' core of a process. To be
 * run when the head of a store changes:
 *
 *   cc -D_GNU_SOURCE -Iinclude -Ipreload -Itests/unit -o build/seed_core tests/fuzz/seed_core.c &&
 *           build/seed_core tests/fuzz/corpus/core */
#include <stdio.h>
#include <stdlib.h>

#include "core_forge.h"

static void write_seed(const char *folder, const char *name, const void *bytes, size_t size)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* As many segments as the field does not hold: the first section tells. */
static void many_segments(struct core_forge *forge)
{
	Elf64_Ehdr *elf = core_forge_elf(forge);
	Elf64_Shdr section = {.sh_info = elf->e_phnum};

	elf->e_phnum = PN_XNUM;
	elf->e_shoff = 0x800;
	memcpy(forge->bytes + elf->e_shoff, &section, sizeof section);
}

int main(int argc, char **argv)
{
	struct core_forge *forge = core_forge_make();

	if (argc != 2) {
		fprintf(stderr, "usage: seed_core FOLDER\n");
		return 2;
	}
	write_seed(argv[1], "whole", forge, CORE_FORGE_SIZE);
	write_seed(argv[1], "cut", forge, CORE_FORGE_MEMORY + 0x800);
	many_segments(forge);
	write_seed(argv[1], "many", forge, CORE_FORGE_SIZE);
	free(forge);
	return 0;
}
