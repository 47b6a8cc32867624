/* fuzz_elf.c - any bytes as an ELF file: every question must come back, whatever the answer. */

#include "core/definition.h"
#include "core/segment.h"
#include "core/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static ssize_t input_read(void *context, void *buffer, size_t size, uint64_t offset)
{
	const struct input *input = context;

	if (offset >= input->size)
		return 0;
	if (size > input->size - offset)
		size = input->size - offset;
	memcpy(buffer, input->data + offset, size);
	return (ssize_t)size;
}

static void must(bool fact)
{
	if (!fact)
		abort();
}

/* Every segment, asked for by its own offset and pages. */
static void ask_segments(const struct elf_image *image)
{
	uint64_t bias;

	must(image->load_count >= 1 && image->load_count <= ELF_LOADS_MAX);
	must(image->build_id_length <= ELF_BUILD_ID_MAX);
	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *load = &image->loads[i];

		segment_bias(image, 0x10000, load->offset, load->flags, &bias);
		must(segment_part(image, load->vaddr, load->vaddr + 1) <= PART_BSS);
		must(segment_part(image, load->vaddr + load->memsz, UINT64_MAX) <= PART_BSS);
	}
}

static void check_answer(const struct symbols_query *query, const struct symbols_request *request)
{
	if (!query->name)
		return;
	must(query->name >= request->names && query->name < request->names + request->names_used &&
		query->name[0]);
	must(strlen(query->name) < SYMBOLS_NAME_MAX);
	must(query->start <= query->vaddr);
	must(query->size == 0 || query->vaddr - query->start < query->size);
}

/* Addresses all over the first segment, and the ends of everything. */
static void ask_symbols(const struct elf_source *source, const struct elf_image *image)
{
	static char buffer[SYMBOLS_BUFFER_MIN] __attribute__((aligned(16)));
	enum { COUNT = 16 };
	struct symbols_query queries[COUNT] = {0};
	char names[100];
	struct symbols_request request = {
		queries, COUNT, buffer, sizeof(buffer), names, sizeof(names), 0, 0, 0};

	for (unsigned i = 1; i < COUNT - 1; i++)
		queries[i].vaddr = image->loads[0].vaddr / 2 + (uint64_t)i * i * 64;
	queries[COUNT - 1].vaddr = UINT64_MAX;
	if (symbols_resolve(source, image, &request) == 0)
		for (unsigned i = 0; i < COUNT; i++)
			check_answer(&queries[i], &request);
	must(request.names_used <= sizeof(names));
	must(definition_find(source, image, "malloc", buffer, sizeof(buffer)) <= 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct elf_source source = {input_read, &input};
	struct elf_image image;

	if (elf_read(&source, 4096, &image) == 0) {
		ask_segments(&image);
		ask_symbols(&source, &image);
	}
	return 0;
}
