#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

/* A folder that stands for the kernel's. */
static char folder[] = "/tmp/vmatlas-cgroup.XXXXXX";

static void put(const char *name, const char *text)
{
	char path[300], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "mkdir -p %s/%s", folder, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static bool is_near(unsigned percent)
{
	return cgroup_is_near(folder, percent);
}

/* 90 MiB of 100. */
static void put_two(const char *group)
{
	char name[200];

	snprintf(name, sizeof(name), "%s/memory.max", group);
	put(name, "104857600\n");
	snprintf(name, sizeof(name), "%s/memory.current", group);
	put(name, "94371840\n");
}

static void version_two(void **state)
{
	(void)state;
	put("list", "0::/a/b\n");
	put_two("a/b");
	assert_true(is_near(90));
	assert_false(is_near(91));
}

static void a_limit_of_a_group_above_counts(void **state)
{
	(void)state;
	put("list", "0::/a/b/c\n");
	put("a/b/c/memory.max", "max\n");
	put("a/b/c/memory.current", "94371840\n");
	put_two("a");
	assert_true(is_near(90));
}

static void no_limit_is_never_near(void **state)
{
	(void)state;
	put("list", "0::/a\n");
	put("a/memory.max", "max\n");
	put("a/memory.current", "94371840\n");
	assert_false(is_near(1));
	put("list", "4:memory:/a\n");
	put("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	put("memory/a/memory.usage_in_bytes", "94371840\n");
	assert_false(is_near(1));
}

static void file_pages_that_can_go_do_not_count(void **state)
{
	(void)state;
	put("list", "0::/a\n");
	put_two("a");
	put("a/memory.stat", "anon 1000\ninactive_anon 94371840\ninactive_file 10485760\n");
	assert_false(is_near(90));
	assert_true(is_near(80));
	put("a/memory.stat", "anon 1000\ninactive_file 99999999999\n");
	assert_false(is_near(1));
}

static void version_one(void **state)
{
	(void)state;
	put("list", "5:cpuset:/x\n4:cpu,memory,pids:/a\n1:name=systemd:/a\n0::/\n");
	put("memory/a/memory.limit_in_bytes", "104857600\n");
	put("memory/a/memory.usage_in_bytes", "94371840\n");
	put("memory/a/memory.stat", "inactive_file 94371840\ntotal_inactive_file 0\n");
	assert_true(is_near(90));
	assert_false(is_near(91));
	put("memory/a/memory.stat", "inactive_file 0\ntotal_inactive_file 10485760\n");
	assert_false(is_near(90));
}

/* In a container the mount begins where the host's list does not. */
static void a_list_that_leads_nowhere_means_the_root_of_the_mount(void **state)
{
	(void)state;
	put("list", "4:memory:/docker/0123\n");
	put("memory/memory.limit_in_bytes", "104857600\n");
	put("memory/memory.usage_in_bytes", "94371840\n");
	assert_true(is_near(90));
	put("list", "0::/\n");
	put_two(".");
	assert_true(is_near(90));
}

static void nonsense_is_never_near(void **state)
{
	static const char *const lists[] = {"", "\n\n", "4", "4:", "4:memory", "::", ":::\n",
		"4:memor:/a\n", "4:memory2:/a\n", "x:,,,:/a\n", "0::/a"};
	char longest[9000];

	(void)state;
	put("a/memory.max", "max");
	put("a/memory.current", "-5");
	put("memory/a/memory.limit_in_bytes", "104857600\n");
	put("memory/a/memory.usage_in_bytes", "94371840\n");
	for (unsigned i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		put("list", lists[i]);
		assert_false(is_near(1));
	}
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "0::/", 4);
	longest[sizeof(longest) - 1] = '\0';
	put("list", longest);
	assert_false(is_near(1));
	assert_false(cgroup_is_near("/no/such/folder", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_two, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_limit_of_a_group_above_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_limit_is_never_near, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			file_pages_that_can_go_do_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(version_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_list_that_leads_nowhere_means_the_root_of_the_mount, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_is_never_near, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
