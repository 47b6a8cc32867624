#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "model.h"
#include "tools/export_samples.h"

/* The model, as a process that an export has opened. */
static void open_model(struct export_process *process, const struct model *model)
{
	char path[] = "/tmp/vmatlas-test.XXXXXX";
	int descriptor = mkstemp(path);
	size_t size;
	char *bytes = model_write(model, 8192, &size);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, size), size);
	close(descriptor);
	free(bytes);
	assert_int_equal(export_process_open(process, path, NULL, false), 0);
	unlink(path);
}

static void open_plain(struct export_process *process)
{
	struct model *model = model_make();

	open_model(process, model);
	model_free(model);
}

static uint64_t sum_of(const struct export_samples *samples, enum export_value value)
{
	uint64_t sum = 0;

	for (uint32_t number = 1; number <= samples->pool.count; number++) {
		const struct export_sample *sample = pool_at(&samples->pool, number);

		sum += sample->figures.value[value];
	}
	return sum;
}

static uint64_t sum_in(const struct export_samples *samples, uint32_t part)
{
	uint64_t sum = 0;

	for (uint32_t number = 1; number <= samples->pool.count; number++) {
		const struct export_sample *sample = pool_at(&samples->pool, number);

		sum += sample->part == part + 1 ? sample->figures.value[EXPORT_RESIDENT] : 0;
	}
	return sum;
}

static void check_sums(const struct export_samples *samples, const struct export_process *process)
{
	const struct atlas *atlas = &process->atlas;

	assert_int_equal(sum_of(samples, EXPORT_LIVE_BYTES), atlas->live_bytes);
	assert_int_equal(sum_of(samples, EXPORT_LIVE_BLOCKS), atlas->live_blocks);
	assert_int_equal(sum_of(samples, EXPORT_RESIDENT), atlas->rss);
	assert_int_equal(sum_of(samples, EXPORT_RETAINED), atlas->row[ATLAS_RETAINED]);
	assert_int_equal(sum_of(samples, EXPORT_PINNED), atlas->pinned);
}

static void the_sums_are_the_reports_however_divided(void **state)
{
	struct export_process process;

	(void)state;
	open_plain(&process);
	assert_true(process.atlas.rss > 0 && process.atlas.row[ATLAS_RETAINED] > 0);
	for (unsigned bits = 0; bits < 8; bits++) {
		const struct export_by by = {bits & 1, bits & 2, bits & 4};
		struct export_samples samples;

		assert_int_equal(export_samples_make(&samples, &process, &by), 0);
		check_sums(&samples, &process);
		assert_int_equal(sum_of(&samples, EXPORT_ALLOCATIONS), 7);
		export_samples_free(&samples);
	}
	export_process_close(&process);
}

static void resident_bytes_of_a_call_stack_are_the_atlass(void **state)
{
	const struct export_by by = {.kind = false};
	struct export_process process;
	struct export_samples samples;

	(void)state;
	open_plain(&process);
	assert_int_equal(export_samples_make(&samples, &process, &by), 0);
	for (uint32_t i = 0; i < process.atlas.stacks; i++) {
		const struct atlas_stack *stack = &process.atlas.stack[i];
		const struct export_sample key = {
			.frame = stack->frame, .what = EXPORT_BLOCKS, .row = ATLAS_LIVE};
		struct export_sample *sample =
			pool_at(&samples.pool, pool_put(&samples.pool, &key));

		assert_int_equal(sample->figures.value[EXPORT_RESIDENT], stack->live_resident);
		assert_int_equal(sample->figures.value[EXPORT_LIVE_BYTES], stack->live_bytes);
		assert_int_equal(sample->figures.value[EXPORT_PINNED], stack->pinned);
	}
	export_samples_free(&samples);
	export_process_close(&process);
}

static void without_pages_all_of_a_mapping_is_what_the_ledger_says(void **state)
{
	const struct export_by by = {true, true, true};
	struct model *model = model_make();
	struct export_process process;
	struct export_samples samples;

	(void)state;
	model->view.runs = NULL;
	open_model(&process, model);
	assert_false(process.atlas.pages_known);
	assert_int_equal(export_samples_make(&samples, &process, &by), 0);
	assert_int_equal(sum_of(&samples, EXPORT_RESIDENT), process.atlas.rss);
	assert_int_equal(sum_of(&samples, EXPORT_RETAINED), 0);
	assert_int_equal(sum_of(&samples, EXPORT_LIVE_BYTES), process.atlas.live_bytes);
	export_samples_free(&samples);
	export_process_close(&process);
	model_free(model);
}

/* Pages came between the look at smaps and the look at them. */
static void blocks_have_no_more_than_smaps_counted(void **state)
{
	const struct export_by by = {true, true, true};
	struct export_process process;
	struct export_samples samples;
	struct atlas_part *heap;

	(void)state;
	open_plain(&process);
	heap = (struct atlas_part *)(uintptr_t)atlas_part_find(&process.atlas, MODEL_HEAP);
	assert_true(heap->live_resident > 100);
	heap->rss = 100;
	heap->retained = heap->pinned = heap->trimmable = 0;
	assert_int_equal(export_samples_make(&samples, &process, &by), 0);
	assert_int_equal(sum_in(&samples, (uint32_t)(heap - process.atlas.part)), 100);
	export_samples_free(&samples);
	export_process_close(&process);
}

static void memory_that_is_no_block_has_words(void **state)
{
	struct export_sample sample = {.mapping = 1, .what = EXPORT_OTHER, .row = ATLAS_ELF_TEXT};
	struct export_process process;
	struct export_words words;

	(void)state;
	open_plain(&process);
	export_sample_words(&words, &process, &sample);
	assert_string_equal(words.what, "[elf-text]");
	assert_string_equal(words.which, "model");
	sample.what = EXPORT_TRIMMABLE;
	sample.row = ATLAS_RETAINED;
	export_sample_words(&words, &process, &sample);
	assert_string_equal(words.what, "[retained]");
	assert_string_equal(words.which, "[trimmable]");
	sample.what = EXPORT_BLOCKS;
	export_sample_words(&words, &process, &sample);
	assert_string_equal(words.what, "");
	export_process_close(&process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sums_are_the_reports_however_divided),
		cmocka_unit_test(resident_bytes_of_a_call_stack_are_the_atlass),
		cmocka_unit_test(without_pages_all_of_a_mapping_is_what_the_ledger_says),
		cmocka_unit_test(blocks_have_no_more_than_smaps_counted),
		cmocka_unit_test(memory_that_is_no_block_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
