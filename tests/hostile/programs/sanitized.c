/* Threads that allocate beside reports, in a program that a sanitizer's runtime watches. */
#include "hostile.h"

#include <pthread.h>

static void *allocate(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;

	for (int i = 0; i < 20000; i++) {
		size_t size = (size_t)rand_r(&seed) % 2000 + 1;
		char *block = malloc(size);

		block[size - 1] = 1;
		if (i % 3 == 0)
			block = realloc(block, size * 2);
		if (i % 5000 == 0)
			ask();
		free(block);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 4; i++)
		must(!pthread_create(&thread[i], NULL, allocate, (void *)(i + 1)));
	for (int i = 0; i < 4; i++)
		must(!pthread_join(thread[i], NULL));
	ask();
	tell("done");
	return 0;
}
