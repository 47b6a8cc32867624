/* Each of a run of calls fails once, at every n: what failed says so, and the rest is whole. */
#include "hostile.h"

#include <dlfcn.h>
#include <malloc.h>

static int works(void)
{
	char *a = malloc(100), *b = calloc(10, 1000), *c = NULL, *d;
	int failed = !a + !b;

	if (posix_memalign((void **)&c, 64, 5000))
		failed++;
	if (a) {
		memset(a, 7, 100);
		d = realloc(a, 100000);
		must(d || errno == ENOMEM);
		failed += !d;
		a = d ? d : a;
		must(a[0] == 7 && a[99] == 7);
	}
	d = strdup("text");
	failed += !d;
	free(d);
	d = aligned_alloc(4096, 4096);
	failed += !d;
	free(d);
	FILE *file = fopen("/dev/null", "w");
	failed += !file;
	if (file)
		fclose(file);
	free(a);
	free(b);
	free(c);
	return failed;
}

int main(void)
{
	void (*fail_at)(long);
	int faults = 0;

	*(void **)&fail_at = dlsym(RTLD_DEFAULT, "fail_at");
	works();
	ask();
	for (long n = 1; fail_at && n < 20; n++) {
		fail_at(n);
		ask();
		int failed = works();
		fail_at(-1);
		ask();
		tell("%ld: %d", n, failed);
		faults += failed;
	}
	tell("%d", faults);
}
