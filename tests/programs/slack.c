/* Allocates blocks of sizes that malloc rounds up, and tells by how much: fresh ones, ones from the
 * memory of others that were freed, and large ones. */
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tell.h"

enum { COUNT = 1000 };

static char *block[COUNT];

static void tell_slack(const char *site, bool fresh)
{
	size_t slack = 0;

	for (int i = 0; i < COUNT; i++)
		slack += malloc_usable_size(block[i]);
	for (int i = 0; i < COUNT; i++)
		slack -= (size_t)(i % 97 + 1) * (fresh ? 1 : 5);
	tell("{\"site\": \"%s\", \"slack\": %zu, \"blocks\": %d, \"fresh\": %s}", site, slack,
		COUNT, fresh ? "true" : "false");
}

__attribute__((noinline)) static void fresh_blocks(void)
{
	for (int i = 0; i < COUNT; i++)
		block[i] = malloc((size_t)i % 97 + 1);
	tell_slack(__func__, true);
}

__attribute__((noinline)) static void used_blocks(void)
{
	for (int i = 0; i < COUNT; i++)
		block[i] = malloc(((size_t)i % 97 + 1) * 5);
	tell_slack(__func__, false);
}

__attribute__((noinline)) static void large_block(void)
{
	char *large = malloc(1000001);

	tell("{\"site\": \"%s\", \"slack\": %zu, \"blocks\": 1, \"fresh\": true}", __func__,
		malloc_usable_size(large) - 1000001);
}

int main(void)
{
	static char *other[COUNT];

	fresh_blocks();
	for (int i = 0; i < COUNT; i++)
		other[i] = malloc((size_t)i % 61 * 16 + 40);
	for (int i = 0; i < COUNT; i += 2)
		free(other[i]);
	used_blocks();
	large_block();
	raise(SIGUSR2);
	return 0;
}
