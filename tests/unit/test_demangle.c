#include "demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct row {
	const char *mangled, *expected; /* NULL: shown as it is */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *name = demangle_name(rows[i].mangled);

		if (rows[i].expected)
			assert_non_null(name);
		if (!rows[i].expected)
			assert_null(name);
		else
			assert_string_equal(name, rows[i].expected);
		free(name);
	}
}

static void names_of_c_stay(void **state)
{
	static const struct row rows[] = {
		{"main", NULL},
		{"", NULL},
		{"_", NULL},
		{"_Z", NULL},
		{"_R", NULL},
		{"_Zebra", NULL},
		{"_Read", NULL},
		{"malloc@@GLIBC_2.2.5", NULL},
		{"foo.isra.0", NULL},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void names_of_cxx_are_readable(void **state)
{
	static const struct row rows[] = {
		{"_Znwm", "operator new(unsigned long)"},
		{"_ZN2ns1T5twiceEi", "ns::T::twice(int)"},
		{"_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo()"},
		{"_Z3fooi.cold", "foo(int) [clone .cold]"},
		{"_Z3fooi.constprop.0", "foo(int) [clone .constprop.0]"},
		{"_Z3fooi@@LIB_1.0", "foo(int)"},
		{"_Z3fooi@LIB_1.0", "foo(int)"},
		{"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
		{"_ZTVN2ns1TE", "vtable for ns::T"},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void names_of_rust_are_readable(void **state)
{
	static const struct row rows[] = {
		{"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
		{"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar"
		 "17h930b740aa94f1d3aE",
			"<Test + 'static as foo::Bar<Test>>::bar"},
		{"_RNvCs1234_7mycrate4main", "mycrate::main"},
		{"_RNvMs_Cs4fqI2P2rA04_7mycrateNtB4_3Foo3bar", "<mycrate::Foo>::bar"},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(*rows));
}

/* f(p<int, int>, p<that, that>, p<that, that>, ...): each parameter is twice as long as the one
 * before, and costs ten letters. S_ is p, S0_ the first parameter, S1_ the second. */
static void build_doubling(char *name, int parameters)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	name += sprintf(name, "_Z1f1pIiiE");
	for (int i = 1; i < parameters; i++)
		name += sprintf(name, "S_IS%c_S%c_E", digits[i - 1], digits[i - 1]);
}

static void a_name_that_explodes_is_cut(void **state)
{
	char mangled[1024];
	char *name;

	(void)state;
	build_doubling(mangled, 34);
	name = demangle_name(mangled);
	assert_non_null(name);
	assert_int_equal(strlen(name), DEMANGLE_MOST + 3);
	assert_string_equal(name + DEMANGLE_MOST, "...");
	free(name);
}

static void a_huge_name_stays(void **state)
{
	char *mangled = malloc(200001);

	(void)state;
	memset(mangled, 'P', 200000);
	mangled[200000] = '\0';
	memcpy(mangled, "_Z1f", 4);
	assert_null(demangle_name(mangled));
	mangled[60000] = 'i';
	mangled[60001] = '\0';
	free(demangle_name(mangled));
	free(mangled);
}

/* Any bytes may stand in a symbol table: what they give is nothing or a text within bounds. */
static void damaged_names_do_no_harm(void **state)
{
	static const char good[] =
		"_ZNSt8__detail9__variant17__gen_vtable_implILb1ENS0_12_Multi_arrayIPF"
		"NS0_21__deduce_visit_resultIvEEOZ4mainEUlRT_E_EJEEESt16integer_"
		"sequenceImJLm0EEEE14__visit_invokeES9_";
	char name[sizeof(good)];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char *result;

		memcpy(name, good, sizeof(good));
		for (int change = 0; change < 3; change++) {
			seed = seed * 1664525 + 1013904223;
			name[2 + (seed >> 8) % (sizeof(good) - 3)] =
				good[(seed >> 16) % (sizeof(good) - 1)];
		}
		if (round % 2)
			name[1] = 'R';
		result = demangle_name(name);
		assert_true(!result || strlen(result) <= DEMANGLE_MOST + 3);
		free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_c_stay),
		cmocka_unit_test(names_of_cxx_are_readable),
		cmocka_unit_test(names_of_rust_are_readable),
		cmocka_unit_test(a_name_that_explodes_is_cut),
		cmocka_unit_test(a_huge_name_stays),
		cmocka_unit_test(damaged_names_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
