/* Fifty places in a program allocate, fill thousands of pages, and free nearly all. One of them
 * leaves a small block on each page, the others keep whole stretches. */
#include <signal.h>
#include <stdlib.h>

#include "tell.h"

enum { ROUNDS = 3000, SITES = 50, KEPT_ROUNDS = 40 };

static void *kept[ROUNDS], *shed[ROUNDS][SITES];

/* Each has a return address of its own. */
#define SITE(number)                                                      \
	__attribute__((noinline)) static void *site_##number(size_t size) \
	{                                                                 \
		char *block = malloc(size);                               \
		memset(block, 1, size);                                   \
		return block;                                             \
	}
#define SITES_OF_TEN(ten) \
	SITE(ten##0)      \
	SITE(ten##1)      \
	SITE(ten##2)      \
	SITE(ten##3) SITE(ten##4) SITE(ten##5) SITE(ten##6) SITE(ten##7) SITE(ten##8) SITE(ten##9)
SITES_OF_TEN(1)
SITES_OF_TEN(2)
SITES_OF_TEN(3)
SITES_OF_TEN(4)
SITES_OF_TEN(5)

#define NAMES_OF_TEN(ten)                                                                         \
	site_##ten##0, site_##ten##1, site_##ten##2, site_##ten##3, site_##ten##4, site_##ten##5, \
		site_##ten##6, site_##ten##7, site_##ten##8, site_##ten##9
static void *(*const site[SITES])(size_t) = {
	NAMES_OF_TEN(1), NAMES_OF_TEN(2), NAMES_OF_TEN(3), NAMES_OF_TEN(4), NAMES_OF_TEN(5)};

__attribute__((noinline)) static void *culprit(void)
{
	char *block = malloc(40);

	memset(block, 1, 40);
	return block;
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SITES; i++)
			shed[round][i] = site[i](200);
		kept[round] = culprit();
	}
	for (int round = 0; round < ROUNDS - KEPT_ROUNDS; round++)
		for (int i = 0; i < SITES; i++)
			free(shed[round][i]);
	raise(SIGUSR2);
	return 0;
}
