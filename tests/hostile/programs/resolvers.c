/* A resolver of an IFUNC symbol that allocates. In a program of its own: it runs before main of
 * whatever is asked for. */
#include "hostile.h"

/* Chosen while the program is relocated: before any constructor, ours too. */
static char *resolved;

static size_t length(const char *text)
{
	size_t count = 0;

	while (text[count])
		count++;
	return count;
}

static size_t (*choose(void))(const char *text)
{
	resolved = malloc(100);
	if (resolved)
		strcpy(resolved, "chosen");
	free(realloc(calloc(3, 50), 300000));
	return length;
}

static size_t chosen(const char *text) __attribute__((ifunc("choose")));

static void choosing(void)
{
	must(resolved != NULL && chosen(resolved) == 6);
	ask();
	resolved = realloc(resolved, 200);
	must(!strcmp(resolved, "chosen"));
	free(resolved);
	ask();
	tell("done");
}

SCENARIOS({"choosing", choosing})
