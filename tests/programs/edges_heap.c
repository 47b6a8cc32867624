/* Every function of the malloc family at its edges. Tells what came back as facts that do not vary
 * (NULL or not, alignment, content, errno), so that a plain run and one under the shim must print
 * the same.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tell.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A block bigger than this is not filled: it would cost memory and tell nothing more. */
#define FILL_LIMIT (8u << 20)

static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 24, 25, 31, 32, 100, 127, 128, 1000, 1024,
	1032, 1033, 4095, 4096, 4097, 65535, 65536, 131071, 131072, 131073, 1 << 20, (1 << 20) + 1,
	32 << 20, (size_t)1 << 46, PTRDIFF_MAX - 4096, PTRDIFF_MAX - 1, PTRDIFF_MAX,
	(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX};

static const size_t alignments[] = {0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 31, 32, 64, 100, 128, 512,
	4096, 4097, 8192, 65536, 1 << 20, 1 << 22, (size_t)1 << 47, (size_t)1 << 62,
	(size_t)1 << 63, SIZE_MAX};

/* One allocator seen as a function of a size. align: what every result of it is a multiple of. */
struct maker {
	const char *name;
	void *(*make)(size_t size);
	size_t align;
	bool zeroes;
};

static void *make_calloc(size_t size)
{
	return calloc(1, size);
}

static void *make_calloc_turned(size_t size)
{
	return calloc(size, 1);
}

static void *make_realloc(size_t size)
{
	return realloc(NULL, size);
}

static void *make_reallocarray(size_t size)
{
	return reallocarray(NULL, size, 1);
}

static void *make_memalign(size_t size)
{
	return memalign(256, size);
}

static void *make_aligned_alloc(size_t size)
{
	return aligned_alloc(64, size);
}

/* posix_memalign tells its error as a result; this turns it into an errno-like story. */
static void *make_posix_memalign(size_t size)
{
	void *untouched = &untouched, *made = untouched;
	int error = posix_memalign(&made, 1024, size);

	if (!error)
		return made;
	tell("  posix_memalign: %s, pointer %s", errno_name(error),
		made == untouched ? "untouched" : "changed");
	return NULL;
}

static const struct maker makers[] = {
	{"malloc", malloc, 16, false},
	{"calloc(1, n)", make_calloc, 16, true},
	{"calloc(n, 1)", make_calloc_turned, 16, true},
	{"realloc(NULL, n)", make_realloc, 16, false},
	{"reallocarray(NULL, n, 1)", make_reallocarray, 16, false},
	{"memalign(256)", make_memalign, 256, false},
	{"aligned_alloc(64)", make_aligned_alloc, 64, false},
	{"posix_memalign(1024)", make_posix_memalign, 1024, false},
	{"valloc", valloc, 4096, false},
	{"pvalloc", pvalloc, 4096, false},
};

static bool is_filled(const unsigned char *block, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block[i] != byte)
			return false;
	return true;
}

static void tell_block(const char *what, void *block, size_t size, size_t align, bool zeroes)
{
	const char *after = errno_name(errno);
	bool fill = size <= FILL_LIMIT;

	if (!block) {
		tell("%s: NULL, errno %s", what, after);
		return;
	}
	tell("%s: block, errno %s, %s, usable %s, content %s", what, after,
		(uintptr_t)block % align ? "misaligned" : "aligned",
		malloc_usable_size(block) >= size ? "enough" : "short",
		!zeroes || !fill || is_filled(block, 0, size) ? "right" : "dirty");
	if (fill)
		memset(block, 0xa5, size);
}

/* Releases a block and tells whether errno survived that. */
static void release(const char *what, void *block)
{
	errno = ERRNO_SENTINEL;
	free(block);
	if (errno != ERRNO_SENTINEL)
		tell("%s: free changed errno to %s", what, errno_name(errno));
}

static void try_sizes(void)
{
	char what[100];

	for (size_t m = 0; m < COUNT(makers); m++) {
		for (size_t s = 0; s < COUNT(sizes); s++) {
			snprintf(what, sizeof(what), "%s of %zu", makers[m].name, sizes[s]);
			errno = ERRNO_SENTINEL;
			void *block = makers[m].make(sizes[s]);
			tell_block(what, block, sizes[s], makers[m].align, makers[m].zeroes);
			release(what, block);
		}
	}
}

/* memalign rounds odd alignments up; aligned_alloc is the same function in this glibc. */
static void try_alignment(size_t align, size_t size)
{
	bool power = align && !(align & (align - 1));
	char what[100];

	errno = ERRNO_SENTINEL;
	void *block = memalign(align, size);
	snprintf(what, sizeof(what), "memalign(%zu, %zu)", align, size);
	tell_block(what, block, size, power && align < (1u << 30) ? align : 1, false);
	release(what, block);

	errno = ERRNO_SENTINEL;
	block = aligned_alloc(align, size);
	snprintf(what, sizeof(what), "aligned_alloc(%zu, %zu)", align, size);
	tell_block(what, block, size, power && align < (1u << 30) ? align : 1, false);
	release(what, block);
}

static void try_posix_alignment(size_t align, size_t size)
{
	void *untouched = &untouched, *block = untouched;

	errno = ERRNO_SENTINEL;
	int error = posix_memalign(&block, align, size);
	tell("posix_memalign(%zu, %zu): %s, errno %s, pointer %s", align, size, errno_name(error),
		errno_name(errno),
		error ? (block == untouched ? "untouched" : "changed")
		      : ((uintptr_t)block % align ? "misaligned" : "aligned"));
	if (!error)
		release("posix_memalign", block);
}

static void try_alignments(void)
{
	static const size_t some[] = {0, 1, 100, 4096, 200000, PTRDIFF_MAX - 100, SIZE_MAX};

	for (size_t a = 0; a < COUNT(alignments); a++) {
		for (size_t s = 0; s < COUNT(some); s++) {
			try_alignment(alignments[a], some[s]);
			try_posix_alignment(alignments[a], some[s]);
		}
	}
}

static void try_products(void)
{
	static const size_t factors[][2] = {{0, 0}, {0, 5}, {5, 0}, {0, SIZE_MAX}, {SIZE_MAX, 0},
		{1, 1}, {3, 5}, {1000, 1000}, {(size_t)1 << 32, (size_t)1 << 32},
		{(size_t)1 << 63, 2}, {2, (size_t)1 << 63}, {SIZE_MAX, 2}, {SIZE_MAX, SIZE_MAX},
		{SIZE_MAX / 2, 2}, {SIZE_MAX / 3, 3}, {(size_t)1 << 33, (size_t)1 << 31}};
	char what[100];

	for (size_t i = 0; i < COUNT(factors); i++) {
		size_t a = factors[i][0], b = factors[i][1];

		errno = ERRNO_SENTINEL;
		void *block = calloc(a, b);
		snprintf(what, sizeof(what), "calloc(%zu, %zu)", a, b);
		tell_block(what, block, a * b, 16, true);
		release(what, block);

		char *old = malloc(40);
		memset(old, 0x3c, 40);
		errno = ERRNO_SENTINEL;
		block = reallocarray(old, a, b);
		snprintf(what, sizeof(what), "reallocarray(40 bytes, %zu, %zu)", a, b);
		bool freed = !block && errno == ERRNO_SENTINEL; /* a product of 0 frees */
		bool kept = freed || is_filled(block ? block : old, 0x3c, a * b < 40 ? a * b : 40);
		tell_block(what, block, a * b, 16, false);
		tell("%s: content %s", what, kept ? "kept" : "lost");
		release(what, block ? block : freed ? NULL : old);
	}
}

static void try_realloc(const char *from, void *block, size_t old, size_t size)
{
	char what[100];

	snprintf(what, sizeof(what), "realloc(%s of %zu, %zu)", from, old, size);
	if (old <= FILL_LIMIT)
		memset(block, 0x77, old);
	errno = ERRNO_SENTINEL;
	char *made = realloc(block, size);
	bool freed = !made && !size;
	size_t common = old < size ? old : size;
	bool same = freed || common > FILL_LIMIT ||
		    is_filled((unsigned char *)(made ? made : block), 0x77, made ? common : old);
	tell_block(what, made, size, 16, false);
	tell("%s: content %s", what, same ? "kept" : "lost");
	release(what, made ? made : freed ? NULL : block);
}

static void try_reallocs(void)
{
	static const size_t lengths[] = {1, 16, 24, 100, 1032, 5000, 131072, 200000, 1 << 20};
	static const size_t wanted[] = {0, 1, 16, 24, 25, 100, 1100, 5000, 130000, 140000, 300000,
		4 << 20, (size_t)1 << 46, PTRDIFF_MAX, SIZE_MAX};

	for (size_t i = 0; i < COUNT(lengths); i++) {
		for (size_t j = 0; j < COUNT(wanted); j++) {
			void *aligned;
			size_t old = lengths[i], size = wanted[j];

			try_realloc("malloc", malloc(old), old, size);
			try_realloc("calloc", calloc(1, old), old, size);
			try_realloc("memalign", memalign(4096, old), old, size);
			if (!posix_memalign(&aligned, 512, old))
				try_realloc("posix_memalign", aligned, old, size);
		}
	}
}

/* One block goes through all sizes, up and down, and keeps its head. */
static void try_chain(void)
{
	static const size_t steps[] = {1, 16, 17, 200, 5000, 5100, 4000, 131000, 140000, 10000000,
		20000000, 300000, 100, 24, 1};
	char *block = NULL;

	for (size_t i = 0; i < COUNT(steps); i++) {
		errno = ERRNO_SENTINEL;
		block = realloc(block, steps[i]);
		if (!i)
			*block = 'v';
		tell("chain step %zu to %zu: errno %s, head %s", i, steps[i], errno_name(errno),
			*block == 'v' ? "kept" : "lost");
	}
	release("chain", block);
}

/* libc versions without these answer NULL here; a plain free says the same. */
extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

static void try_free_sized(void)
{
	static const size_t lengths[] = {0, 1, 24, 5000, 200000};

	for (size_t i = 0; i < COUNT(lengths); i++) {
		void *block = malloc(lengths[i]), *wide = aligned_alloc(64, lengths[i] * 64);

		errno = ERRNO_SENTINEL;
		if (free_sized)
			free_sized(block, lengths[i]);
		else
			free(block);
		if (free_aligned_sized)
			free_aligned_sized(wide, 64, lengths[i] * 64);
		else
			free(wide);
		tell("sized free of %zu: errno %s", lengths[i], errno_name(errno));
	}
	if (free_sized)
		free_sized(NULL, 5);
	if (free_aligned_sized)
		free_aligned_sized(NULL, 64, 64);
}

static void try_free(void)
{
	static const size_t lengths[] = {0, 24, 1032, 5000, 130000, 140000, 50000000};

	errno = ERRNO_SENTINEL;
	free(NULL);
	tell("free(NULL): errno %s", errno_name(errno));
	tell("malloc_usable_size(NULL): %zu", malloc_usable_size(NULL));
	for (size_t i = 0; i < COUNT(lengths); i++) {
		void *block = malloc(lengths[i]);

		errno = ERRNO_SENTINEL;
		free(block);
		tell("free of %zu: errno %s", lengths[i], errno_name(errno));
	}
}

/* malloc may not take errno's old value for an error, nor leave one behind. */
static void try_errno_values(void)
{
	static const int values[] = {0, ENOMEM, EINVAL, EAGAIN, EINTR, 12345, -1};

	for (size_t i = 0; i < COUNT(values); i++) {
		errno = values[i];
		void *block = malloc(100);
		int after_malloc = errno;
		block = realloc(block, 200);
		int after_realloc = errno;
		free(block);
		tell("errno %d: %d after malloc, %d after realloc, %d after free", values[i],
			after_malloc, after_realloc, errno);
	}
}

int main(void)
{
	try_sizes();
	try_alignments();
	try_products();
	try_reallocs();
	try_chain();
	try_free();
	try_free_sized();
	try_errno_values();
	tell("end");
	return 0;
}
