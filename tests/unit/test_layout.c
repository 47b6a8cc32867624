#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "layout.h"
#include "probe.h"

#include <pthread.h>
#include <string.h>

static uint64_t find(uint64_t key)
{
	struct layout_table table = layout_table();

	return layout_find(&table, key);
}

static void assert_round(struct layout layout)
{
	uint64_t word = layout_pack(&layout);

	assert_int_equal(LAYOUT_KIND(word), layout.kind);
	assert_int_equal(LAYOUT_SAVES_RBP(word), layout.saves_rbp);
	assert_int_equal(LAYOUT_INTERRUPTS(word), layout.interrupts);
	assert_int_equal(LAYOUT_CFA(word), layout.cfa);
	assert_int_equal(LAYOUT_RBP_SLOT(word), layout.rbp);
	assert_int_equal(LAYOUT_MODULE(word), layout.module);
	assert_int_equal(!!(word & LAYOUT_PLAIN),
		(layout.kind == LAYOUT_RSP || layout.kind == LAYOUT_RBP) && !layout.interrupts);
}

static void a_word_tells_what_was_packed(void **state)
{
	(void)state;
	assert_round((struct layout){LAYOUT_RSP, false, false, 8, 0, 0});
	assert_round((struct layout){LAYOUT_RBP, true, false, 16, -16, 1});
	assert_round((struct layout){LAYOUT_AT_RBP, true, false, -8, 0, 65535});
	assert_round((struct layout){LAYOUT_SIGNAL, true, true, 160, 120, 7});
	assert_round((struct layout){LAYOUT_RSP, true, true, (1 << 23) - 1, 32767 * 8, 65535});
	assert_round((struct layout){LAYOUT_RSP, true, true, -(1 << 23), -32768 * 8, 0});
}

static void what_does_not_fit_is_complex(void **state)
{
	struct layout wide = {LAYOUT_RSP, false, false, 1 << 23, 0, 3};
	struct layout far = {LAYOUT_RSP, true, false, 16, -32769 * 8, 3};
	struct layout odd = {LAYOUT_RSP, true, false, 16, -12, 3};

	(void)state;
	assert_int_equal(LAYOUT_KIND(layout_pack(&wide)), LAYOUT_COMPLEX);
	assert_int_equal(LAYOUT_KIND(layout_pack(&far)), LAYOUT_COMPLEX);
	assert_int_equal(LAYOUT_KIND(layout_pack(&odd)), LAYOUT_COMPLEX);
	assert_int_equal(LAYOUT_MODULE(layout_pack(&wide)), 3);
}

static void only_steps_by_rbp_depend_on_it(void **state)
{
	static const bool uses[] = {[LAYOUT_RBP] = true,
		[LAYOUT_AT_RBP] = true,
		[LAYOUT_UNKNOWN] = true,
		[LAYOUT_NOWHERE] = false};

	(void)state;
	for (unsigned kind = LAYOUT_NONE; kind <= LAYOUT_NOWHERE; kind++) {
		struct layout layout = {.kind = kind};

		assert_int_equal(LAYOUT_USES_RBP(layout_pack(&layout)), uses[kind]);
	}
}

enum { MANY = 50000 };
static uint64_t key_of(unsigned i)
{
	return layout_key(0x7f0000000000 + i * 5, i & 1);
}

static void many_are_found_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(find(key_of(i)), 0);
		assert_true(layout_put(key_of(i), i + 1));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(find(key_of(i)), i + 1);
	assert_int_equal(layout_count(), MANY);
}

static void what_is_dropped_can_be_put_again(void **state)
{
	uintptr_t middle = 0x7f0000000000 + MANY / 2 * 5;

	(void)state;
	layout_drop(middle, UINTPTR_MAX);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(find(key_of(i)), i < MANY / 2 ? i + 1 : 0);
	assert_true(layout_put(key_of(MANY / 2), 77));
	assert_int_equal(find(key_of(MANY / 2)), 77);
	assert_int_equal(layout_count(), MANY);
}

/* Readers while the table grows see what was put or nothing, never another's. */
static void *read_on(void *stop)
{
	unsigned wrong = 0;

	for (unsigned i = 0; !*(_Atomic bool *)stop; i = (i + 7919) % MANY) {
		uint64_t key = layout_key(0x100000 + i * 16, 0), word = find(key);

		wrong += word != 0 && word != key;
	}
	return (void *)(uintptr_t)wrong;
}

static void readers_need_no_lock(void **state)
{
	_Atomic bool stop = false;
	pthread_t reader;
	void *wrong;

	(void)state;
	pthread_create(&reader, NULL, read_on, &stop);
	for (unsigned i = 0; i < MANY; i++)
		layout_put(layout_key(0x100000 + i * 16, 0), layout_key(0x100000 + i * 16, 0));
	layout_drop(0x100000, 0x200000);
	stop = true;
	pthread_join(reader, &wrong);
	assert_null(wrong);
}

/* What an unwinder would find that steps by these rules. */
static uint64_t word_at(uint64_t address)
{
	uint64_t word = 0;

	assert_true(probe_read(address, &word));
	return word;
}

static struct layout decoded(uint64_t cfa, uint64_t rip_at, uint64_t rbp_at)
{
	struct probe_step step = {cfa, rip_at, rbp_at};
	struct layout layout = {0};

	probe_decode(&step, &layout);
	return layout;
}

static void assert_layout(struct layout is, struct layout must)
{
	assert_int_equal(is.kind, must.kind);
	assert_int_equal(is.cfa, must.cfa);
	assert_int_equal(is.rbp, must.rbp);
	assert_int_equal(is.saves_rbp, must.saves_rbp);
}

static void a_step_tells_the_layout(void **state)
{
	uint64_t at_rbp = word_at(PROBE_RBP - 8), at_rsp = word_at(PROBE_RSP + 160);

	(void)state;
	assert_layout(decoded(PROBE_RSP + 64, PROBE_RSP + 56, 0),
		(struct layout){.kind = LAYOUT_RSP, .cfa = 64});
	assert_layout(decoded(PROBE_RBP + 16, PROBE_RBP + 8, PROBE_RBP),
		(struct layout){.kind = LAYOUT_RBP, .cfa = 16, .saves_rbp = true, .rbp = -16});
	assert_layout(decoded(at_rbp, at_rbp - 8, PROBE_RBP),
		(struct layout){.kind = LAYOUT_AT_RBP, .cfa = -8, .saves_rbp = true});
	assert_layout(decoded(at_rsp, PROBE_RSP + 168, PROBE_RSP + 120),
		(struct layout){.kind = LAYOUT_SIGNAL, .cfa = 160, .saves_rbp = true, .rbp = 120});
}

static void what_no_kind_says_is_complex(void **state)
{
	uint64_t at_rsp = word_at(PROBE_RSP + 160), at_other = word_at(PROBE_OTHER);

	(void)state;
	assert_int_equal(decoded(PROBE_RSP + 64, PROBE_RSP + 48, 0).kind, LAYOUT_COMPLEX);
	assert_int_equal(decoded(at_rsp + 8, at_rsp, 0).kind, LAYOUT_COMPLEX);
	assert_int_equal(decoded(at_other, at_other - 8, 0).kind, LAYOUT_COMPLEX);
	assert_int_equal(decoded(PROBE_OTHER + 16, PROBE_OTHER + 8, 0).kind, LAYOUT_COMPLEX);
	assert_int_equal(decoded(word_at(at_rsp), word_at(at_rsp) - 8, 0).kind, LAYOUT_COMPLEX);
	assert_int_equal(decoded(0, 0, 0).kind, LAYOUT_COMPLEX);
}

static void probes_are_nowhere_else(void **state)
{
	uint64_t word = 42;

	(void)state;
	assert_false(probe_read((uintptr_t)&word, &word));
	assert_false(probe_read((uintptr_t)strlen, &word));
	assert_false(probe_read(0, &word));
	assert_int_equal(word, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_tells_what_was_packed),
		cmocka_unit_test(what_does_not_fit_is_complex),
		cmocka_unit_test(only_steps_by_rbp_depend_on_it),
		cmocka_unit_test(many_are_found_again),
		cmocka_unit_test(what_is_dropped_can_be_put_again),
		cmocka_unit_test(readers_need_no_lock),
		cmocka_unit_test(a_step_tells_the_layout),
		cmocka_unit_test(what_no_kind_says_is_complex),
		cmocka_unit_test(probes_are_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
