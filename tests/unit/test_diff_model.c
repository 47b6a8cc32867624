/* Two moments of the process of model.h, made different by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "diff_leaks.h"
#include "diff_pick.h"
#include "diff_rows.h"
#include "moments.h"

/* The call stack with that frame, in the new snapshot. */
static const struct diff_stack *stack_of(const struct diff_model *model, uint32_t frame)
{
	for (uint32_t i = 0; i < model->stacks.count; i++)
		if (model->stacks.stack[i].frame[DIFF_NEW] == frame)
			return &model->stacks.stack[i];
	fail_msg("no call stack %u", frame);
	return NULL;
}

static void sum_is(const struct diff_blocks_sum *sum, uint64_t blocks, uint64_t bytes)
{
	assert_int_equal(sum->blocks, blocks);
	assert_int_equal(sum->bytes, bytes);
}

static void rows_sum_to_the_total(const struct diff_model *model)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < model->rows; i++)
		sum += (int64_t)(model->row[i].bytes[DIFF_NEW] - model->row[i].bytes[DIFF_OLD]);
	assert_int_equal(sum, diff_model_growth(model, DIFF_RSS));
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void nothing_changed(void **state)
{
	struct moments *moments = moments_make();
	struct diff_model model = moments_compared(moments);

	(void)state;
	assert_true(model.deep && model.pages && model.rss && model.same_process);
	assert_true(model.timed);
	assert_int_equal(model.ns, 1000000000);
	assert_int_equal(model.notes, 0);
	for (int i = 0; i < DIFF_FIGURES; i++)
		assert_int_equal(diff_model_growth(&model, (enum diff_figure)i), 0);
	assert_int_equal(model.shares.count, 0);
	sum_is(&stack_of(&model, F_FIRST)->stayed, 4, 24 + 100 + 8 + 8);
	sum_is(&stack_of(&model, F_SECOND)->stayed, 2, 9000 + 100000);
	sum_is(&stack_of(&model, F_FIRST)->born, 0, 0);
	rows_sum_to_the_total(&model);
	diff_model_free(&model);
	moments_free(moments);
}

static void one_came_and_one_went(void **state)
{
	struct moments *moments = moments_make();
	const struct diff_stack *stack;
	const struct diff_share *share;
	struct diff_model model;

	(void)state;
	model_place(moments->model[1], MODEL_HEAP + 0x30, 0);
	model_place(moments->model[1], MODEL_HEAP + 0x4000, model_small(1, 500, 0));
	model = moments_compared(moments);
	stack = stack_of(&model, F_FIRST);
	sum_is(&stack->born, 1, 500);
	sum_is(&stack->freed, 1, 100);
	sum_is(&stack->stayed, 3, 40);
	assert_int_equal(diff_stack_live(stack), 400);
	/* The page of the new block is not in memory, that of the old one is. */
	assert_int_equal(diff_stack_newly_live(stack), -100);
	assert_int_equal(stack->touched, 0);
	assert_int_equal(model.shares.count, 1);
	assert_int_equal(diff_shares_of(&model.shares, model.shares.share->change, &share), 1);
	assert_int_equal(share->live_bytes, 400);
	assert_int_equal(share->live_resident, -100);
	assert_int_equal((int64_t)model.newly_live, -100);
	rows_sum_to_the_total(&model);
	diff_model_free(&model);
	moments_free(moments);
}

static void at_the_same_address_is_not_the_same_block(void **state)
{
	struct moments *moments = moments_make();
	struct diff_model model;

	(void)state;
	moments->model[1]->bigs[1].time++;                                         /* later */
	model_place(moments->model[1], MODEL_HEAP + 0x30, model_small(1, 101, 2)); /* longer */
	model_place(moments->model[1], MODEL_HEAP + 0x10, model_small(2, 24, 2));  /* another's */
	model = moments_compared(moments);
	sum_is(&stack_of(&model, F_SECOND)->born, 2, 100000 + 24);
	sum_is(&stack_of(&model, F_SECOND)->freed, 1, 100000);
	sum_is(&stack_of(&model, F_FIRST)->born, 1, 101);
	sum_is(&stack_of(&model, F_FIRST)->freed, 2, 100 + 24);
	diff_model_free(&model);
	moments_free(moments);
}

static void a_block_that_stayed_was_touched(void **state)
{
	struct moments *moments = moments_make();
	const struct diff_stack *stack;
	struct diff_model model;

	(void)state;
	moments->model[1]->view.runs = moments_more_pages;
	model = moments_compared(moments);
	stack = stack_of(&model, F_SECOND);
	assert_int_equal(stack->touched, 0x1000);
	assert_int_equal(diff_stack_resident(stack), 0x1000);
	assert_int_equal(diff_stack_newly_live(stack), 0);
	assert_int_equal((int64_t)model.newly_touched, stack->touched);
	diff_model_free(&model);
	moments_free(moments);
}

static void blocks_of_another_process_are_others(void **state)
{
	struct moments *moments = moments_make();
	const struct diff_stack *stack;
	struct diff_model model;

	(void)state;
	moments->model[1]->view.pid++;
	model_place(moments->model[1], MODEL_HEAP + 0x4000, model_small(1, 500, 0));
	model = moments_compared(moments);
	assert_false(model.same_process);
	assert_true(model.same_space);
	stack = stack_of(&model, F_FIRST);
	assert_int_equal(stack->frame[DIFF_OLD], F_FIRST);
	assert_int_equal(diff_stack_live(stack), 500);
	sum_is(&stack->born, 0, 0);
	sum_is(&stack->stayed, 0, 0);
	assert_true(model.notes > 0);
	diff_model_free(&model);
	moments_free(moments);
}

static void where_pages_are_not_known_nothing_is_said_of_them(void **state)
{
	struct moments *moments = moments_make();
	struct diff_model model;

	(void)state;
	moments->model[1]->pages_refused = true;
	model = moments_compared(moments);
	assert_false(model.pages);
	assert_true(model.deep);
	assert_int_equal(diff_model_growth(&model, DIFF_LIVE_RESIDENT), 0);
	assert_int_equal(diff_model_growth(&model, DIFF_RETAINED), 0);
	assert_int_equal(model.notes, 1);
	rows_sum_to_the_total(&model);
	diff_model_free(&model);
	moments_free(moments);
}

/* -- Items ---------------------------------------------------------------------------------- */

static void parts_have_their_place_in_the_file_and_swap_once(void **state)
{
	struct atlas_mapping mapping = {.start = 0x10000,
		.end = 0x18000,
		.offset = 0x5000,
		.inode = 7,
		.parts = 2,
		.swap = 0x3000};
	struct atlas_part part[] = {{.start = 0x10000, .end = 0x12000},
		{.start = 0x12000, .end = 0x18000, .kind = KIND_BSS}};
	struct moments *moments = moments_make();
	struct atlas atlas = {.view = &moments->model[0]->view,
		.mapping = &mapping,
		.mappings = 1,
		.part = part,
		.parts = 2,
		.paths = ""};
	struct diff_items items;

	(void)state;
	assert_int_equal(diff_items_of_parts(&items, &atlas), 0);
	assert_int_equal(items.count, 2);
	assert_int_equal(items.item[0].offset, 0x5000);
	assert_int_equal(items.item[1].offset, 0x7000);
	assert_int_equal(items.item[1].kind, KIND_BSS);
	assert_int_equal(items.item[0].figure[DIFF_SWAP], 0);
	assert_int_equal(items.item[1].figure[DIFF_SWAP], 0x3000);
	free(items.item);
	assert_int_equal(diff_items_of_mappings(&items, &atlas), 0);
	assert_int_equal(items.count, 1);
	assert_int_equal(items.item[0].figure[DIFF_SWAP], 0x3000);
	free(items.item);
	moments_free(moments);
}

/* -- What is shown -------------------------------------------------------------------------- */

static void growths_come_first_then_what_shrank(void **state)
{
	static const int64_t order[] = {900, 5, 1, -800, -7, -1, 0};
	const size_t count = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			assert_int_equal(diff_rows_order(order[i], order[j]), i == j  ? 0
									      : i < j ? -1
										      : 1);
	assert_int_equal(diff_rows_order(INT64_MIN, -1), -1);
	assert_int_equal(diff_pick_amount(INT64_MIN), (uint64_t)1 << 63);
}

static void others_have_the_rest(void **state)
{
	struct moments *moments = moments_make();
	struct diff_options options = {.json = true};
	struct diff_picked_stacks all, one;
	struct diff_model model;

	(void)state;
	model_place(moments->model[1], MODEL_HEAP + 0x4000, model_small(1, 500, 0));
	model_place(moments->model[1], MODEL_HEAP + 0x6000, model_small(2, 300, 0));
	model = moments_compared(moments);
	assert_int_equal(diff_pick_stacks(&all, &model, &options, DIFF_PICK_BLOCKS), 0);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.others.stacks, 0);
	assert_int_equal(diff_stack_live(all.stack[0]), 500);
	options.top = 1;
	assert_int_equal(diff_pick_stacks(&one, &model, &options, DIFF_PICK_BLOCKS), 0);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.others.stacks, 1);
	assert_int_equal(one.others.bytes, 300);
	diff_pick_take(&one.others, all.stack[1], DIFF_PICK_BLOCKS);
	assert_int_equal(one.others.stacks, 0);
	assert_int_equal(one.others.bytes, 0);
	options.top = 0;
	options.least = 400;
	free(one.stack);
	assert_int_equal(diff_pick_stacks(&one, &model, &options, DIFF_PICK_BLOCKS), 0);
	assert_int_equal(one.count, 1);
	free(one.stack);
	free(all.stack);
	diff_model_free(&model);
	moments_free(moments);
}

/* -- Leaks ---------------------------------------------------------------------------------- */

static struct diff_leaks leaks_of(struct moments *moments, unsigned sides)
{
	struct diff_leaks leaks;

	for (unsigned i = 0; i < sides; i++)
		moments_side(moments, i);
	assert_null(diff_leaks_cannot(moments->side, sides));
	assert_int_equal(diff_leaks_make(&leaks, moments->side, sides), 0);
	return leaks;
}

/* A block at that place in all moments from `from` to `to`. */
static void lives(struct moments *moments, uint64_t place, uint32_t origin, uint32_t size,
	unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		model_place(moments->model[i], MODEL_HEAP + place, model_small(origin, size, 0));
}

static void who_grows_always_and_keeps_is_a_suspect(void **state)
{
	struct moments *moments = moments_make();
	struct diff_leaks leaks;

	(void)state;
	/* The first call stack keeps what it gets; the second exchanges it. */
	for (unsigned i = 1; i < MOMENTS; i++) {
		lives(moments, 0x8000 + i * 0x100, 1, 60 + i, i, MOMENTS - 1);
		lives(moments, 0xa000 + i * 0x1000, 2, 1000 * i, i, i);
		moments->model[i]->origins[0].allocations += 3 * i;
	}
	leaks = leaks_of(moments, MOMENTS);
	assert_true(leaks.survived);
	assert_int_equal(leaks.count, 1);
	assert_int_equal(leaks.leak->frame, F_FIRST);
	assert_int_equal(leaks.leak->blocks, 1);
	assert_int_equal(leaks.leak->bytes, 61);
	assert_int_equal(leaks.leak->allocations, 3);
	for (unsigned i = 0; i < MOMENTS; i++)
		assert_int_equal(leaks.leak->live[i],
			140 + (i > 0 ? 61 : 0) + (i > 1 ? 62 : 0) + (i > 2 ? 63 : 0));
	diff_leaks_free(&leaks);
	moments_free(moments);
}

static void who_stops_once_is_none(void **state)
{
	struct moments *moments = moments_make();
	struct diff_leaks leaks;

	(void)state;
	lives(moments, 0x8100, 1, 64, 1, 3);
	lives(moments, 0x8200, 1, 64, 3, 3);
	leaks = leaks_of(moments, MOMENTS);
	assert_int_equal(leaks.count, 0);
	diff_leaks_free(&leaks);
	moments_free(moments);
}

/* Freed and allocated anew at the same place is another block. */
static void who_came_back_did_not_survive(void **state)
{
	struct moments *moments = moments_make();
	struct diff_leaks leaks;

	(void)state;
	lives(moments, 0x8100, 1, 64, 1, 1);
	lives(moments, 0x8200, 1, 64, 2, 3);
	lives(moments, 0x8300, 1, 64, 2, 3);
	lives(moments, 0x8100, 1, 64, 3, 3);
	leaks = leaks_of(moments, MOMENTS);
	assert_int_equal(leaks.count, 0);
	diff_leaks_free(&leaks);
	moments_free(moments);
}

static void of_two_moments_who_freed_nothing(void **state)
{
	struct moments *moments = moments_make();
	struct diff_leaks leaks;

	(void)state;
	lives(moments, 0x8100, 1, 64, 1, 1);
	moments->model[1]->origins[0].allocations += 1;
	lives(moments, 0x8200, 2, 640, 1, 1);
	moments->model[1]->origins[1].allocations += 2; /* one is gone again */
	leaks = leaks_of(moments, 2);
	assert_false(leaks.survived);
	assert_int_equal(leaks.count, 1);
	assert_int_equal(leaks.leak->frame, F_FIRST);
	assert_int_equal(leaks.leak->bytes, 64);
	diff_leaks_free(&leaks);
	moments_free(moments);
}

/* A region of the second call stack in one moment, beside the one that all have. */
static void maps(struct moments *moments, unsigned moment, uint64_t size, uint64_t time)
{
	moments->model[moment]->regions[1] =
		(struct vmatlas_region){2, VMATLAS_REGION_LIVE, MODEL_FAR + 0x200000,
			MODEL_FAR + 0x200000 + size, time, F_SECOND, 1, VMATLAS_CALL_MMAP, 0};
}

static void who_maps_ever_more_is_a_suspect(void **state)
{
	struct moments *moments = moments_make();
	uint64_t born = moments->model[1]->view.now.ticks - 10;
	struct diff_leaks leaks;

	(void)state;
	maps(moments, 1, 0x10000, born);
	maps(moments, 2, 0x20000, born);
	leaks = leaks_of(moments, 3);
	assert_int_equal(leaks.count, 1);
	assert_true(leaks.leak->mapped);
	assert_int_equal(leaks.leak->frame, F_SECOND);
	assert_int_equal(leaks.leak->blocks, 1);
	assert_int_equal(leaks.leak->bytes, 0x10000);
	assert_int_equal(leaks.leak->live[0], 0x100000);
	assert_int_equal(leaks.leak->live[2], 0x120000);
	diff_leaks_free(&leaks);
	moments_free(moments);
}

static void who_maps_anew_keeps_nothing(void **state)
{
	struct moments *moments = moments_make();
	struct diff_leaks leaks;

	(void)state;
	maps(moments, 1, 0x10000, moments->model[1]->view.now.ticks - 10);
	maps(moments, 2, 0x20000, moments->model[2]->view.now.ticks - 10);
	leaks = leaks_of(moments, 3);
	assert_int_equal(leaks.count, 0);
	diff_leaks_free(&leaks);
	moments_free(moments);
}

static void of_two_moments_who_unmapped_nothing(void **state)
{
	for (int unmapped = 0; unmapped < 2; unmapped++) {
		struct moments *moments = moments_make();
		struct diff_leaks leaks;

		(void)state;
		/* What all have is the second call stack's as well: it is made smaller. */
		moments->model[1]->regions[0].end -= unmapped ? 0x1000 : 0;
		maps(moments, 1, 0x10000, moments->model[1]->view.now.ticks - 10);
		leaks = leaks_of(moments, 2);
		assert_int_equal(leaks.count, !unmapped);
		diff_leaks_free(&leaks);
		moments_free(moments);
	}
}

static void leaks_need_one_process_in_order(void **state)
{
	struct moments *moments = moments_make();
	struct diff_side swapped[2];

	(void)state;
	for (unsigned i = 0; i < MOMENTS; i++)
		moments_side(moments, i);
	swapped[0] = moments->side[1];
	swapped[1] = moments->side[0];
	assert_non_null(diff_leaks_cannot(swapped, 2));
	moments->side[2].view.pid++;
	assert_null(diff_leaks_cannot(moments->side, 2));
	assert_non_null(diff_leaks_cannot(moments->side, 3));
	moments->side[1].snapshot = NULL;
	assert_non_null(diff_leaks_cannot(moments->side, 2));
	moments_free(moments);
}

/* -- Sampled call stacks -------------------------------------------------------------------- */

/* Lets call stacks of all moments be sampled; of the first origin so many samples were taken. */
static void sample(struct moments *moments, uint64_t mean, const uint64_t samples[MOMENTS])
{
	static struct vmatlas_weight weights[MOMENTS][2];
	static struct lane lanes[MOMENTS];

	for (unsigned i = 0; i < MOMENTS; i++) {
		struct view *view = &moments->model[i]->view;

		weights[i][0] = (struct vmatlas_weight){.samples = samples[i]};
		lane_over(&lanes[i], weights[i], 2, sizeof(weights[i][0]));
		view->weights = &lanes[i];
		view->sample_mean = mean;
	}
}

static double variance_of(double size, double mean)
{
	double p = -expm1(-size / mean);

	return size * size * (1 - p) / p / p;
}

/* What stayed is the same sample: only what came and went is in doubt. */
static void a_growth_is_as_sure_as_what_came_and_went(void **state)
{
	struct moments *moments = moments_make();
	const struct diff_stack *stack;
	struct diff_model model;

	(void)state;
	sample(moments, 4096, (const uint64_t[MOMENTS]){4, 5, 5, 5});
	model_place(moments->model[1], MODEL_HEAP + 0x30, 0);
	model_place(moments->model[1], MODEL_HEAP + 0x4000, model_small(1, 500, 0));
	model_place(moments->model[1], MODEL_HEAP + 0x5000, model_small(0, 700, 0));
	model = moments_compared(moments);
	stack = stack_of(&model, F_FIRST);
	assert_true(model.sampled);
	assert_int_equal(stack->born.bytes, llround(500 / -expm1(-500 / 4096.0)));
	assert_int_equal(stack->freed.bytes, llround(100 / -expm1(-100 / 4096.0)));
	assert_int_equal(stack->live_error,
		(uint64_t)ceil(sqrt(variance_of(500, 4096) + variance_of(100, 4096))));
	assert_int_equal(diff_model_growth(&model, DIFF_LIVE), 500 + 700 - 100);
	diff_model_free(&model);
	moments_free(moments);
}

static void few_samples_are_no_suspicion(void **state)
{
	/* Of n alike, the sum is n / p, its error nearly the root of n by p: more than twice from 4
	 * on. */
	static const unsigned suspected[] = {0, 0, 0, 0, 1, 1, 1, 1, 1};

	(void)state;
	for (unsigned more = 1; more < sizeof(suspected) / sizeof(*suspected); more++) {
		struct moments *moments = moments_make();
		struct diff_leaks leaks;

		sample(moments, 4096, (const uint64_t[MOMENTS]){4, 4 + more, 0, 0});
		for (unsigned i = 0; i < more; i++)
			model_place(moments->model[1], MODEL_HEAP + 0x4000 + i * 0x100,
				model_small(1, 100, 0));
		leaks = leaks_of(moments, 2);
		assert_int_equal(leaks.count, suspected[more]);
		if (leaks.count) {
			assert_int_equal(leaks.leak[0].blocks, more);
			assert_true(leaks.leak[0].variance > 0);
		}
		diff_leaks_free(&leaks);
		moments_free(moments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changed),
		cmocka_unit_test(one_came_and_one_went),
		cmocka_unit_test(at_the_same_address_is_not_the_same_block),
		cmocka_unit_test(a_block_that_stayed_was_touched),
		cmocka_unit_test(blocks_of_another_process_are_others),
		cmocka_unit_test(where_pages_are_not_known_nothing_is_said_of_them),
		cmocka_unit_test(parts_have_their_place_in_the_file_and_swap_once),
		cmocka_unit_test(growths_come_first_then_what_shrank),
		cmocka_unit_test(others_have_the_rest),
		cmocka_unit_test(who_grows_always_and_keeps_is_a_suspect),
		cmocka_unit_test(who_stops_once_is_none),
		cmocka_unit_test(who_came_back_did_not_survive),
		cmocka_unit_test(of_two_moments_who_freed_nothing),
		cmocka_unit_test(who_maps_ever_more_is_a_suspect),
		cmocka_unit_test(who_maps_anew_keeps_nothing),
		cmocka_unit_test(of_two_moments_who_unmapped_nothing),
		cmocka_unit_test(leaks_need_one_process_in_order),
		cmocka_unit_test(a_growth_is_as_sure_as_what_came_and_went),
		cmocka_unit_test(few_samples_are_no_suspicion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
