#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "aside.h"
#include "modules.h"
#include "strings.h"
#include "vmatlas_store.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

struct question {
	uintptr_t pc;
	uint32_t number;
	bool replaced;
};

static void ask(void *argument, const struct aside_registers *registers)
{
	struct question *question = argument;
	struct modules_image image;

	(void)registers;
	if (modules_image(question->pc, &image) == 0)
		question->number = modules_number(&image, question->pc, &question->replaced);
}

static struct question number_of(const void *pc)
{
	struct question question = {.pc = (uintptr_t)pc};

	assert_true(aside_run(ask, &question));
	return question;
}

static const struct vmatlas_module *module_of(const void *pc)
{
	return lane_find(modules_lane(), number_of(pc).number);
}

static void assert_path(const struct vmatlas_module *module, const char *path)
{
	const struct strings_text *text = strings_get(module->path);

	assert_non_null(text);
	assert_int_equal(text->length, strlen(path));
	assert_memory_equal(text->bytes, path, text->length);
}

static void the_program_has_its_path(void **state)
{
	const struct vmatlas_module *module = module_of((const void *)number_of);
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

	(void)state;
	assert_true(length > 0);
	path[length] = 0;
	assert_path(module, path);
	assert_in_range((uintptr_t)number_of, module->start, module->end);
}

static void a_library_has_its_bounds_and_bias(void **state)
{
	const struct vmatlas_module *module = module_of((const void *)strtol);
	struct link_map *map;
	Dl_info info;

	(void)state;
	assert_non_null(module);
	assert_int_equal(dladdr1((void *)strtol, &info, (void **)&map, RTLD_DL_LINKMAP), 1);
	assert_int_equal(module->bias, map->l_addr);
	assert_int_equal(module->start, (uintptr_t)info.dli_fbase);
	assert_true(module->loaded > 0);
}

static void the_kernels_own_code_is_a_module(void **state)
{
	uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);

	(void)state;
	if (!vdso)
		skip();
	assert_path(module_of((const void *)(vdso + 0x40)), "[vdso]");
}

static void what_is_no_module_has_no_number(void **state)
{
	struct modules_image image;
	int local = 0;

	(void)state;
	assert_int_equal(number_of(&local).number, 0);
	assert_int_equal(number_of(NULL).number, 0);
	assert_int_equal(number_of((const void *)UINTPTR_MAX).number, 0);
	assert_int_equal(modules_image((uintptr_t)&local, &image), ENOENT);
}

static void the_same_module_has_the_same_number(void **state)
{
	(void)state;
	assert_int_equal(
		number_of((const void *)strtol).number, number_of((const void *)qsort).number);
	assert_int_not_equal(
		number_of((const void *)strtol).number, number_of((const void *)ask).number);
}

static void the_build_id_is_that_of_the_file(void **state)
{
	const struct vmatlas_module *module = module_of((const void *)strtol);
	const struct strings_text *path = strings_get(module->path);
	char command[PATH_MAX + 64], line[256] = "", hex[2 * 32 + 1];
	FILE *pipe;

	(void)state;
	snprintf(command, sizeof command,
		"readelf -n '%.*s' 2>/dev/null | sed -n 's/.*Build ID: //p'", (int)path->length,
		path->bytes);
	pipe = popen(command, "r");
	if (!pipe || !fgets(line, sizeof line, pipe))
		skip();
	pclose(pipe);
	for (uint32_t i = 0; i < module->build_id_length; i++)
		sprintf(hex + 2 * i, "%02x", module->build_id[i]);
	line[strcspn(line, "\n")] = 0;
	assert_string_equal(hex, line);
}

static void only_loaded_segments_are_covered(void **state)
{
	struct modules_image image;

	(void)state;
	assert_int_equal(modules_image((uintptr_t)ask, &image), 0);
	assert_true(modules_covers(&image, (uintptr_t)ask, 8, PF_R | PF_X));
	assert_true(modules_covers(&image, image.unwind_table, 12, PF_R));
	assert_false(modules_covers(&image, image.unwind_table, 12, PF_X));
	assert_false(modules_covers(&image, image.end + 4096, 1, PF_R));
	assert_false(modules_covers(&image, image.start - 8, 8, PF_R));
	assert_false(modules_covers(&image, (uintptr_t)ask, SIZE_MAX, PF_R));
}

/* Two libraries of the same size: when one goes, the other is put in its place. */
static void *load(const char *directory, const char *name, int value)
{
	char command[512], path[256];
	void *library;

	snprintf(path, sizeof path, "%s/%s.so", directory, name);
	snprintf(command, sizeof command,
		"echo 'int vmatlas_test(void) { return %d; }' | cc -shared -fPIC -Wl,--build-id "
		"-x c - -o %s",
		value, path);
	assert_int_equal(system(command), 0);
	library = dlopen(path, RTLD_NOW);
	assert_non_null(library);
	return library;
}

static void another_library_in_the_same_place_has_another_number(void **state)
{
	char directory[] = "/tmp/test_modules.XXXXXX", command[128];
	struct question first, second;
	void *library, *function;

	(void)state;
	assert_non_null(mkdtemp(directory));
	library = load(directory, "one", 1);
	function = dlsym(library, "vmatlas_test");
	first = number_of(function);
	assert_false(first.replaced);
	dlclose(library);
	library = load(directory, "two", 2);
	second = number_of(dlsym(library, "vmatlas_test"));
	assert_int_not_equal(first.number, second.number);
	if (dlsym(library, "vmatlas_test") == function)
		assert_true(second.replaced);
	snprintf(command, sizeof command, "%s/one.so", directory);
	assert_path(lane_get(modules_lane(), first.number), command);
	dlclose(library);
	snprintf(command, sizeof command, "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

static void texts_are_kept_whole(void **state)
{
	enum { TEXTS = 300 };
	uint32_t number[TEXTS];
	char text[5000];

	(void)state;
	for (unsigned i = 0; i < TEXTS; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof text);
		number[i] = strings_add(text, i * 14);
		assert_true(number[i] > 0);
	}
	for (unsigned i = 0; i < TEXTS; i++) {
		const struct strings_text *kept = strings_get(number[i]);
		uint32_t length = i * 14 < STRINGS_LONGEST ? i * 14 : STRINGS_LONGEST;

		memset(text, 'a' + (int)(i % 26), sizeof text);
		assert_int_equal(kept->length, length);
		assert_memory_equal(kept->bytes, text, length);
	}
	assert_null(strings_get(0));
	assert_null(strings_get(1 << 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_has_its_path),
		cmocka_unit_test(a_library_has_its_bounds_and_bias),
		cmocka_unit_test(the_kernels_own_code_is_a_module),
		cmocka_unit_test(what_is_no_module_has_no_number),
		cmocka_unit_test(the_same_module_has_the_same_number),
		cmocka_unit_test(the_build_id_is_that_of_the_file),
		cmocka_unit_test(only_loaded_segments_are_covered),
		cmocka_unit_test(another_library_in_the_same_place_has_another_number),
		cmocka_unit_test(texts_are_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
