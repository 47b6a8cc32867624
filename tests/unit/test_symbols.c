/* test_symbols.c - the names of functions, against readelf, addr2line and the dynamic loader. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_files.h"
#include "core/definition.h"
#include "core/symbols.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <time.h>

enum { BUFFER = 16 << 10, NAMES = 4 << 20 };

static unsigned char buffer[BUFFER] __attribute__((aligned(16)));
static char names[NAMES];

static int resolve_with(const struct elf_source *source, struct symbols_request *request)
{
	struct elf_image image;
	int error = elf_read(source, PAGE, &image);

	return error ? error : symbols_resolve(source, &image, request);
}

static struct symbols_request request_for(struct symbols_query *queries, size_t count)
{
	return (struct symbols_request){.queries = queries,
		.count = count,
		.buffer = buffer,
		.buffer_size = sizeof(buffer),
		.names = names,
		.names_size = sizeof(names)};
}

static int by_vaddr(const void *a, const void *b)
{
	const struct symbols_query *left = a, *right = b;

	return (left->vaddr > right->vaddr) - (left->vaddr < right->vaddr);
}

/* -- real files, against readelf ----------------------------------------------------------- */

/* A function as readelf tells of it. */
struct truth {
	uint64_t start, size;
	char *name;
};

struct truths {
	struct truth *list;
	size_t count, room;
	bool has_symtab;
};

static void truth_add(struct truths *truths, uint64_t start, uint64_t size, char *name)
{
	if (truths->count == truths->room) {
		truths->room = truths->room ? 2 * truths->room : 1024;
		truths->list = realloc(truths->list, truths->room * sizeof(*truths->list));
		assert_non_null(truths->list);
	}
	name[strcspn(name, "@\n")] = '\0';
	truths->list[truths->count++] = (struct truth){start, size, strdup(name)};
}

/* One line of `readelf -sW`: "  Num:    Value  Size Type    Bind   Vis      Ndx Name". */
static void truth_parse(struct truths *truths, char *line)
{
	char type[16], section[16];
	uint64_t start;
	int64_t size;
	int at = 0;

	if (sscanf(line, " %*u: %" SCNx64 " %" SCNi64 " %15s %*s %*s %15s %n", &start, &size, type,
		    section, &at) != 4 ||
		!at)
		return;
	if ((strcmp(type, "FUNC") == 0 || strcmp(type, "IFUNC") == 0) &&
		strcmp(section, "UND") != 0 && size > 0)
		truth_add(truths, start, (uint64_t)size, line + at);
}

static struct truths truths_load(const char *path)
{
	struct truths truths = {NULL, 0, 0, false};
	char command[PATH_MAX + 64], *line = NULL;
	size_t room = 0;
	FILE *told;

	snprintf(command, sizeof(command), "readelf -sW '%s' 2>/dev/null", path);
	told = popen(command, "r");
	assert_non_null(told);
	while (getline(&line, &room, told) > 0) {
		truths.has_symtab |= strstr(line, "'.symtab'") != NULL;
		truth_parse(&truths, line);
	}
	free(line);
	pclose(told);
	return truths;
}

static void truths_free(struct truths *truths)
{
	for (size_t i = 0; i < truths->count; i++)
		free(truths->list[i].name);
	free(truths->list);
}

static bool contains(const struct truth *truth, uint64_t vaddr)
{
	return vaddr - truth->start < truth->size;
}

/* The greatest start of any function that contains the address; UINT64_MAX for none. */
static uint64_t true_start(const struct truths *truths, uint64_t vaddr)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < truths->count; i++) {
		const struct truth *truth = &truths->list[i];

		if (contains(truth, vaddr) && (best == UINT64_MAX || truth->start > best))
			best = truth->start;
	}
	return best;
}

static bool is_true_name(const struct truths *truths, uint64_t start, const char *name)
{
	size_t length = strnlen(name, SYMBOLS_NAME_MAX - 1);

	for (size_t i = 0; i < truths->count; i++)
		if (truths->list[i].start == start &&
			strncmp(truths->list[i].name, name, length) == 0 &&
			(length == SYMBOLS_NAME_MAX - 1 || !truths->list[i].name[length]))
			return true;
	return false;
}

/* Asks for first byte, middle, last byte and the byte behind, of functions evenly picked. */
static size_t queries_pick(const struct truths *truths, struct symbols_query *queries, size_t most)
{
	size_t step = truths->count / (most / 4) + 1, count = 0;

	for (size_t i = 0; i < truths->count && count + 4 <= most; i += step) {
		const struct truth *truth = &truths->list[i];

		queries[count++].vaddr = truth->start;
		queries[count++].vaddr = truth->start + truth->size / 2;
		queries[count++].vaddr = truth->start + truth->size - 1;
		queries[count++].vaddr = truth->start + truth->size;
	}
	qsort(queries, count, sizeof(*queries), by_vaddr);
	return count;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check_answer(
	const struct truths *truths, const struct symbols_query *query, const char *path)
{
	uint64_t start = true_start(truths, query->vaddr);

	/* A symbol without size, which readelf's list here leaves out. */
	if (query->name && query->size == 0)
		return;
	if ((start != UINT64_MAX) != (query->name != NULL))
		fail_msg("%s: 0x%" PRIx64 " is %s", path, query->vaddr,
			query->name ? query->name : "not named");
	if (!query->name)
		return;
	assert_int_equal(query->start, start);
	if (!is_true_name(truths, start, query->name))
		fail_msg("%s: 0x%" PRIx64 " is not %s", path, query->vaddr, query->name);
	assert_int_equal(query->truncated, strlen(query->name) == SYMBOLS_NAME_MAX - 1);
}

/* Compares up to `most` addresses of a file; returns how many were named. */
static size_t check_file(const char *path, size_t most)
{
	struct symbols_query *queries = calloc(most, sizeof(*queries));
	struct truths truths = truths_load(path);
	size_t count = queries_pick(&truths, queries, most), named = 0;
	struct symbols_request request = request_for(queries, count);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_source source = {file_read, &fd};
	double begun = seconds();

	assert_true(fd >= 0);
	assert_int_equal(resolve_with(&source, &request), 0);
	begun = seconds() - begun;
	assert_int_equal(request.skipped + request.names_skipped, 0);
	for (size_t i = 0; i < count; i++) {
		check_answer(&truths, &queries[i], path);
		named += queries[i].name != NULL;
	}
	print_message("%s: %zu functions, %zu addresses, %zu named, %.1f ms\n", path, truths.count,
		count, named, begun * 1e3);
	close(fd);
	truths_free(&truths);
	free(queries);
	return named;
}

static void need_readelf(void)
{
	if (system("readelf --version >/dev/null 2>&1") != 0)
		skip();
}

static bool path_of(void *address, char *path)
{
	Dl_info info;

	return dladdr(address, &info) && realpath(info.dli_fname, path);
}

static void names_of_libc_equal_readelf(void **state)
{
	char path[PATH_MAX];

	(void)state;
	need_readelf();
	assert_true(path_of(dlsym(RTLD_DEFAULT, "malloc"), path));
	assert_true(check_file(path, 16000) > 2000);
}

static void names_of_this_program_equal_readelf(void **state)
{
	char path[PATH_MAX];

	(void)state;
	need_readelf();
	assert_non_null(realpath("/proc/self/exe", path));
	assert_true(check_file(path, 1000) > 100);
}

/* Big ones, stripped or not, C++ and C, as far as they are installed. */
static void names_of_big_files_equal_readelf(void **state)
{
	static const char *const paths[] = {"/usr/bin/python3", "/usr/bin/perl", "/bin/bash",
		"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib64/ld-linux-x86-64.so.2"};

	(void)state;
	need_readelf();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], R_OK) == 0)
			check_file(paths[i], 400);
}

/* -- this process -------------------------------------------------------------------------- */

__attribute__((noinline)) static int a_static_function(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 1;
}

int a_global_function(int value);
__attribute__((noinline)) int a_global_function(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 2;
}

static uint64_t base_of(void *address)
{
	struct link_map *map;
	Dl_info info;

	assert_true(dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP));
	return map->l_addr;
}

static const char *name_in_self(void *address)
{
	struct symbols_query query = {.vaddr = (uintptr_t)address - base_of(address)};
	struct symbols_request request = request_for(&query, 1);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf_source source = {file_read, &fd};

	assert_int_equal(resolve_with(&source, &request), 0);
	close(fd);
	assert_non_null(query.name);
	return query.name;
}

static void own_functions_have_their_names(void **state)
{
	(void)state;
	assert_int_equal(a_static_function(1) + a_global_function(1), 5);
	assert_string_equal(
		name_in_self((void *)(uintptr_t)a_static_function), "a_static_function");
	assert_string_equal(
		name_in_self((char *)(uintptr_t)a_global_function + 1), "a_global_function");
	assert_string_equal(name_in_self((void *)(uintptr_t)own_functions_have_their_names),
		"own_functions_have_their_names");
}

/* The loader's answer to a name is the address that has this name. */
static void libc_names_come_back_from_dlsym(void **state)
{
	static const char *const asked[] = {"malloc", "calloc", "realloc", "free", "mmap", "munmap",
		"fork", "open", "read", "write", "close", "printf", "qsort", "getenv",
		"pthread_create", "fopen", "fgets", "posix_memalign", "sigaction", "dlsym", "abort",
		"exit", "nanosleep"};
	enum { ASKED = sizeof(asked) / sizeof(asked[0]) };
	struct symbols_query queries[ASKED] = {0};
	struct symbols_request request = request_for(queries, ASKED);
	uint64_t base = base_of(dlsym(RTLD_DEFAULT, "malloc"));
	char path[PATH_MAX];
	int fd;
	struct elf_source source = {file_read, &fd};

	(void)state;
	assert_true(path_of(dlsym(RTLD_DEFAULT, "malloc"), path));
	/* Under a sanitizer malloc is another's: then there is nothing to compare. */
	if (!strstr(path, "libc.so"))
		skip();
	for (size_t i = 0; i < ASKED; i++)
		queries[i].vaddr = (uintptr_t)dlsym(RTLD_DEFAULT, asked[i]) - base;
	qsort(queries, ASKED, sizeof(*queries), by_vaddr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(resolve_with(&source, &request), 0);
	close(fd);
	for (size_t i = 0; i < ASKED; i++) {
		assert_non_null(queries[i].name);
		assert_ptr_equal(
			dlsym(RTLD_DEFAULT, queries[i].name), (void *)(base + queries[i].vaddr));
	}
}

static void addr2line_agrees(void **state)
{
	void *functions[] = {(void *)(uintptr_t)a_static_function,
		(void *)(uintptr_t)a_global_function, (void *)(uintptr_t)addr2line_agrees,
		(void *)(uintptr_t)truths_load, (void *)(uintptr_t)check_file};
	char path[PATH_MAX], command[PATH_MAX + 64], told[256];

	(void)state;
	if (system("addr2line --version >/dev/null 2>&1") != 0)
		skip();
	assert_non_null(realpath("/proc/self/exe", path));
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		uintptr_t vaddr = (uintptr_t)functions[i] - base_of(functions[i]);
		FILE *pipe;

		snprintf(command, sizeof(command), "addr2line -f -e '%s' %#" PRIxPTR, path, vaddr);
		pipe = popen(command, "r");
		assert_non_null(fgets(told, sizeof(told), pipe));
		pclose(pipe);
		told[strcspn(told, "\n")] = '\0';
		assert_string_equal(name_in_self(functions[i]), told);
	}
}

/* -- forged files: which symbol is the answer ---------------------------------------------- */

static int forge_resolve(struct forge *forge, struct symbols_request *request)
{
	struct elf_source source = bytes_source(&forge->bytes);

	return resolve_with(&source, request);
}

/* The name of one address, or "-" for none. */
static const char *forge_name(struct forge *forge, uint64_t vaddr)
{
	struct symbols_query query = {.vaddr = vaddr};
	struct symbols_request request = request_for(&query, 1);

	assert_int_equal(forge_resolve(forge, &request), 0);
	return query.name ? query.name : "-";
}

static void forge_start(struct forge *forge, bool is64, uint16_t machine)
{
	forge_begin(forge, is64, machine);
	forge_loads(forge);
}

static struct forged function(const char *name, uint64_t value, uint64_t size)
{
	return (struct forged){name, value, size, STT_FUNC, STB_GLOBAL, FORGE_TEXT, FORGE_SYMTAB};
}

static struct forged dynamic(const char *name, uint64_t value, uint64_t size)
{
	return (struct forged){name, value, size, STT_FUNC, STB_GLOBAL, FORGE_TEXT, FORGE_DYNSYM};
}

static void both_classes_name_alike(void **state)
{
	(void)state;
	for (int is64 = 0; is64 <= 1; is64++) {
		struct forge forge;

		forge_start(&forge, is64, is64 ? EM_X86_64 : EM_386);
		forge_symbol(&forge, function("second", 0x1100, 0x80));
		forge_symbol(&forge, function("first", 0x1000, 0x100));
		assert_string_equal(forge_name(&forge, 0xfff), "-");
		assert_string_equal(forge_name(&forge, 0x1000), "first");
		assert_string_equal(forge_name(&forge, 0x10ff), "first");
		assert_string_equal(forge_name(&forge, 0x1100), "second");
		assert_string_equal(forge_name(&forge, 0x117f), "second");
		assert_string_equal(forge_name(&forge, 0x1180), "-");
		forge_end(&forge);
	}
}

static void inner_function_wins(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("inner", 0x1100, 0x10));
	forge_symbol(&forge, function("outer", 0x1000, 0x1000));
	assert_string_equal(forge_name(&forge, 0x1105), "inner");
	assert_string_equal(forge_name(&forge, 0x1110), "outer");
	forge_end(&forge);
}

/* In whichever order two symbols with one start stand in the file. */
static void check_tie(struct forged winner, struct forged loser)
{
	for (int order = 0; order < 2; order++) {
		struct forge forge;

		forge_start(&forge, true, EM_X86_64);
		forge_symbol(&forge, order ? winner : loser);
		forge_symbol(&forge, order ? loser : winner);
		assert_string_equal(forge_name(&forge, 0x1008), winner.name);
		forge_end(&forge);
	}
}

static void ties_do_not_depend_on_order(void **state)
{
	struct forged global = function("zzz_global", 0x1000, 0x20);
	struct forged local = function("local", 0x1000, 0x10);
	struct forged label = {"label", 0x1000, 0x10, STT_NOTYPE, STB_GLOBAL, FORGE_TEXT, 0};

	(void)state;
	local.bind = STB_LOCAL;
	check_tie(global, local);
	check_tie(global, label);
	check_tie(local, label);
	check_tie(function("small_and_long", 0x1000, 0x10), function("large", 0x1000, 0x20));
	check_tie(function("malloc", 0x1000, 0x20), function("__libc_malloc", 0x1000, 0x20));
	check_tie(function("abcdef", 0x1000, 0x20), function("_abc", 0x1000, 0x20));
	check_tie(function("short", 0x1000, 0x20), function("longer", 0x1000, 0x20));
	check_tie(function("_ZN3FooC1Ev", 0x1000, 0x20), function("_ZN3FooC2Ev", 0x1000, 0x20));
	check_tie(function("named", 0x1000, 0x20), function("", 0x1000, 0x20));
}

static void weak_counts_as_global(void **state)
{
	struct forged weak = function("write", 0x1000, 0x20);

	(void)state;
	weak.bind = STB_WEAK;
	check_tie(weak, function("__write", 0x1000, 0x20));
}

static void version_is_no_part_of_the_name(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("memcpy@@GLIBC_2.14", 0x1000, 0x10));
	forge_symbol(&forge, function("@odd", 0x2000, 0x10));
	assert_string_equal(forge_name(&forge, 0x1000), "memcpy");
	assert_string_equal(forge_name(&forge, 0x2000), "@odd");
	forge_end(&forge);
}

static void what_is_no_code_names_nothing(void **state)
{
	static const struct forged others[] = {
		{"object", 0x1000, 0x10, STT_OBJECT, STB_GLOBAL, FORGE_TEXT, 0},
		{"tls", 0x1000, 0x10, STT_TLS, STB_GLOBAL, FORGE_TEXT, 0},
		{"section", 0x1000, 0x10, STT_SECTION, STB_LOCAL, FORGE_TEXT, 0},
		{"file", 0x1000, 0x10, STT_FILE, STB_LOCAL, SHN_ABS, 0},
		{"undefined", 0x1000, 0x10, STT_FUNC, STB_GLOBAL, SHN_UNDEF, 0},
		{"absolute", 0x1000, 0x10, STT_FUNC, STB_GLOBAL, SHN_ABS, 0},
		{"common", 0x1000, 0x10, STT_FUNC, STB_GLOBAL, SHN_COMMON, 0},
		{"data_label", 0x7000, 0x10, STT_NOTYPE, STB_GLOBAL, FORGE_DATA, 0},
		{"", 0x2000, 0x10, STT_FUNC, STB_GLOBAL, FORGE_TEXT, 0},
		{"wraps", 0x3000, UINT64_MAX, STT_FUNC, STB_GLOBAL, FORGE_TEXT, 0},
	};
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		forge_symbol(&forge, others[i]);
	assert_string_equal(forge_name(&forge, 0x1008), "-");
	assert_string_equal(forge_name(&forge, 0x2008), "-");
	assert_string_equal(forge_name(&forge, 0x3008), "-");
	assert_string_equal(forge_name(&forge, 0x7008), "-");
	forge_end(&forge);
}

static void label_in_code_names_it(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(
		&forge, (struct forged){"label", 0x1000, 0, STT_NOTYPE, STB_LOCAL, FORGE_TEXT, 0});
	forge_symbol(&forge,
		(struct forged){"resolver", 0x2000, 4, STT_GNU_IFUNC, STB_GLOBAL, FORGE_TEXT, 0});
	assert_string_equal(forge_name(&forge, 0x1234), "label");
	assert_string_equal(forge_name(&forge, 0x2003), "resolver");
	forge_end(&forge);
}

static void mapping_symbols_are_no_names(void **state)
{
	static const uint16_t machines[] = {EM_AARCH64, EM_ARM, EM_RISCV};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct forge forge;

		forge_start(&forge, machines[i] != EM_ARM, machines[i]);
		forge_symbol(&forge, function("true_name", 0x1000, 0x100));
		forge_symbol(&forge,
			(struct forged){"$x", 0x1000, 0, STT_NOTYPE, STB_LOCAL, FORGE_TEXT, 0});
		forge_symbol(&forge,
			(struct forged){"$d", 0x1200, 0, STT_NOTYPE, STB_LOCAL, FORGE_TEXT, 0});
		assert_string_equal(forge_name(&forge, 0x1010), "true_name");
		assert_string_equal(forge_name(&forge, 0x1210), "-");
		forge_end(&forge);
	}
}

static void thumb_bit_is_no_part_of_the_address(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, false, EM_ARM);
	forge_symbol(&forge, function("thumb", 0x1001, 0x10));
	assert_string_equal(forge_name(&forge, 0x1000), "thumb");
	assert_string_equal(forge_name(&forge, 0x1010), "-");
	forge_end(&forge);
}

/* -- symbols without size ------------------------------------------------------------------ */

static void bare_symbol_reaches_to_the_next(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("bare", 0x1000, 0));
	forge_symbol(&forge, function("sized", 0x2000, 0x10));
	forge_symbol(&forge, function("bare_again", 0x3000, 0));
	assert_string_equal(forge_name(&forge, 0xfff), "-");
	assert_string_equal(forge_name(&forge, 0x1000), "bare");
	assert_string_equal(forge_name(&forge, 0x1fff), "bare");
	assert_string_equal(forge_name(&forge, 0x2005), "sized");
	assert_string_equal(forge_name(&forge, 0x2010), "-");
	assert_string_equal(forge_name(&forge, 0x3456), "bare_again");
	forge_end(&forge);
}

static void bare_symbol_ends_with_its_section(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("last_of_text", 0x4f00, 0));
	assert_string_equal(forge_name(&forge, 0x4fff), "last_of_text");
	assert_string_equal(forge_name(&forge, 0x5000), "-");
	forge_end(&forge);
}

static void sized_symbol_beats_a_bare_one_inside(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("bare", 0x1010, 0));
	forge_symbol(&forge, function("sized", 0x1000, 0x100));
	assert_string_equal(forge_name(&forge, 0x1020), "sized");
	/* Behind the function a label inside of it says nothing. */
	assert_string_equal(forge_name(&forge, 0x1100), "-");
	forge_end(&forge);
}

/* Many queries at once must say what each says alone: bare symbols are handed on. */
static void many_queries_answer_like_one(void **state)
{
	enum { COUNT = 0x5000 / 8 };
	static struct symbols_query queries[COUNT];
	struct symbols_request request = request_for(queries, COUNT);
	uint32_t random = 4711;
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	for (unsigned i = 0; i < 120; i++) {
		char name[16];
		struct forged symbol = function(name, 0x1000 + next_random(&random) % 0x4000,
			random >> 20 & 1 ? next_random(&random) % 0x100 : 0);

		snprintf(name, sizeof(name), "f%u", i);
		symbol.bind = random & 1;
		forge_symbol(&forge, symbol);
	}
	for (unsigned i = 0; i < COUNT; i++)
		queries[i].vaddr = 0x1000 + 8 * i;
	assert_int_equal(forge_resolve(&forge, &request), 0);
	for (unsigned i = 0; i < COUNT; i++) {
		struct symbols_query one = {.vaddr = queries[i].vaddr};
		struct symbols_request alone = request_for(&one, 1);

		alone.names_used = request.names_used;
		assert_int_equal(forge_resolve(&forge, &alone), 0);
		assert_int_equal(one.name != NULL, queries[i].name != NULL);
		assert_int_equal(one.start, queries[i].start);
		assert_int_equal(one.size, queries[i].size);
		if (one.name)
			assert_string_equal(one.name, queries[i].name);
	}
	forge_end(&forge);
}

/* -- .dynsym ------------------------------------------------------------------------------- */

static void dynsym_fills_what_symtab_left_open(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("in_symtab", 0x1000, 0x10));
	forge_symbol(&forge, dynamic("in_dynsym", 0x2000, 0x10));
	assert_string_equal(forge_name(&forge, 0x1001), "in_symtab");
	assert_string_equal(forge_name(&forge, 0x2001), "in_dynsym");
	forge_end(&forge);
}

static void dynsym_alone_is_enough(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, dynamic("visible", 0x1000, 0x10));
	assert_string_equal(forge_name(&forge, 0x100f), "visible");
	assert_string_equal(forge_name(&forge, 0x1010), "-");
	forge_end(&forge);
}

/* In a stripped library the static functions behind a bare symbol are not it. */
static void bare_dynamic_symbol_names_only_its_address(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, dynamic("bare", 0x1000, 0));
	assert_string_equal(forge_name(&forge, 0x1000), "bare");
	assert_string_equal(forge_name(&forge, 0x1001), "-");
	forge_end(&forge);
}

/* -- names and room ------------------------------------------------------------------------ */

static void names_are_cut_to_the_room(void **state)
{
	struct symbols_query queries[3] = {{.vaddr = 0x1000}, {.vaddr = 0x2000}, {.vaddr = 0x3000}};
	struct symbols_request request = request_for(queries, 3);
	char room[12];
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("alpha", 0x1000, 0x10));
	forge_symbol(&forge, function("beta_and_more", 0x2000, 0x10));
	forge_symbol(&forge, function("gamma", 0x3000, 0x10));
	memset(room, 'x', sizeof(room));
	request.names = room;
	request.names_size = sizeof(room) - 1;
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_string_equal(queries[0].name, "alpha");
	assert_false(queries[0].truncated);
	assert_string_equal(queries[1].name, "beta");
	assert_true(queries[1].truncated);
	assert_null(queries[2].name);
	assert_int_equal(request.names_skipped, 1);
	assert_int_equal(request.names_used, sizeof(room) - 1);
	assert_int_equal(room[sizeof(room) - 1], 'x');
	forge_end(&forge);
}

static void very_long_name_is_cut_and_marked(void **state)
{
	static char longest[3000];
	struct symbols_query query = {.vaddr = 0x1000};
	struct symbols_request request = request_for(&query, 1);
	struct forge forge;

	(void)state;
	memset(longest, 'L', sizeof(longest) - 1);
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function(longest, 0x1000, 0x10));
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_int_equal(strlen(query.name), SYMBOLS_NAME_MAX - 1);
	assert_true(query.truncated);
	forge_end(&forge);
}

static void same_function_shares_one_name(void **state)
{
	struct symbols_query queries[3] = {{.vaddr = 0x1000}, {.vaddr = 0x1004}, {.vaddr = 0x1004}};
	struct symbols_request request = request_for(queries, 3);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("shared", 0x1000, 0x10));
	request.names_used = 100;
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_ptr_equal(queries[0].name, names + 100);
	assert_ptr_equal(queries[1].name, queries[0].name);
	assert_ptr_equal(queries[2].name, queries[0].name);
	assert_int_equal(request.names_used, 107);
	forge_end(&forge);
}

static void same_start_is_not_yet_the_same_function(void **state)
{
	struct symbols_query queries[2] = {{.vaddr = 0x1008}, {.vaddr = 0x1080}};
	struct symbols_request request = request_for(queries, 2);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("entry", 0x1000, 0x10));
	forge_symbol(&forge, function("whole", 0x1000, 0x100));
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_string_equal(queries[0].name, "entry");
	assert_string_equal(queries[1].name, "whole");
	forge_end(&forge);
}

static void name_outside_of_its_table_is_none(void **state)
{
	struct forge forge;
	Elf64_Sym *entry;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("inside", 0x1000, 0x10));
	/* The text behind the table is that of another one. */
	forge_symbol(&forge, dynamic("other", 0x2000, 0x10));
	entry = (Elf64_Sym *)(forge.bytes.data + forge_place(FORGE_SYMTAB));
	entry->st_name = (uint32_t)(forge_place(FORGE_DYNSTR) - forge_place(FORGE_STRTAB)) + 1;
	assert_string_equal(forge_name(&forge, 0x1000), "-");
	entry->st_name = UINT32_MAX;
	assert_string_equal(forge_name(&forge, 0x1000), "-");
	forge_end(&forge);
}

static void string_without_an_end_is_cut(void **state)
{
	struct forge forge;
	struct symbols_query query = {.vaddr = 0x1000};
	struct symbols_request request = request_for(&query, 1);

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("unending", 0x1000, 0x10));
	/* The string table ends before the NUL; what stands behind is not the name. */
	forge.strings[FORGE_STRTAB] -= 3;
	forge_symtab(&forge, FORGE_SYMTAB);
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_string_equal(query.name, "unendi");
	assert_true(query.truncated);
	forge_end(&forge);
}

/* -- what cannot be done ------------------------------------------------------------------- */

static void no_table_is_enoent(void **state)
{
	struct symbols_query query = {.vaddr = 0x1000, .name = "left over"};
	struct symbols_request request = request_for(&query, 1);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	assert_int_equal(forge_resolve(&forge, &request), ENOENT);
	assert_null(query.name);
	forge_end(&forge);
}

static void damaged_table_is_enoexec(void **state)
{
	const size_t header = FORGE_SECTION_HEADERS + FORGE_SYMTAB * sizeof(Elf64_Shdr);
	const size_t strings = FORGE_SECTION_HEADERS + FORGE_STRTAB * sizeof(Elf64_Shdr);
	const size_t damage[] = {header + offsetof(Elf64_Shdr, sh_entsize),
		header + offsetof(Elf64_Shdr, sh_link), strings + offsetof(Elf64_Shdr, sh_type)};

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct symbols_query query = {.vaddr = 0x1000};
		struct symbols_request request = request_for(&query, 1);
		struct forge forge;

		forge_start(&forge, true, EM_X86_64);
		forge_symbol(&forge, function("f", 0x1000, 0x10));
		forge.bytes.data[damage[i]] = 0x77;
		assert_int_equal(forge_resolve(&forge, &request), ENOEXEC);
		assert_null(query.name);
		/* The other table still answers. */
		forge_symbol(&forge, dynamic("dynamic", 0x1000, 0x10));
		assert_int_equal(forge_resolve(&forge, &request), 0);
		assert_string_equal(query.name, "dynamic");
		forge_end(&forge);
	}
}

static void damaged_dynsym_alone_is_enoexec(void **state)
{
	struct symbols_query query = {.vaddr = 0x1000};
	struct symbols_request request = request_for(&query, 1);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, dynamic("f", 0x1000, 0x10));
	forge.bytes.data[FORGE_SECTION_HEADERS + FORGE_DYNSYM * sizeof(Elf64_Shdr) +
			 offsetof(Elf64_Shdr, sh_entsize)] = 0x77;
	assert_int_equal(forge_resolve(&forge, &request), ENOEXEC);
	forge_end(&forge);
}

static void unfit_requests_are_einval(void **state)
{
	struct symbols_query queries[2] = {{.vaddr = 0x1001}, {.vaddr = 0x1000}};
	struct symbols_request request = request_for(queries, 2);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("f", 0x1000, 0x10));
	assert_int_equal(forge_resolve(&forge, &request), EINVAL);
	queries[1].vaddr = 0x1001;
	request.buffer_size = SYMBOLS_BUFFER_MIN - 1;
	assert_int_equal(forge_resolve(&forge, &request), EINVAL);
	request.buffer_size = SYMBOLS_BUFFER_MIN;
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_string_equal(queries[1].name, "f");
	request.names_used = request.names_size + 1;
	assert_int_equal(forge_resolve(&forge, &request), EINVAL);
	request = request_for(queries, 0);
	assert_int_equal(forge_resolve(&forge, &request), 0);
	forge_end(&forge);
}

static void unreadable_rest_is_counted(void **state)
{
	struct symbols_query query = {.vaddr = 0x1000};
	struct symbols_request request = request_for(&query, 1);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, dynamic("f", 0x1000, 0x10));
	/* The file ends after that table's string table; .symtab claims to go on behind. */
	forge.symbols[FORGE_DYNSYM] = 1 << 20;
	forge_symtab(&forge, FORGE_DYNSYM);
	assert_int_equal(forge_resolve(&forge, &request), 0);
	assert_string_equal(query.name, "f");
	assert_int_equal(request.skipped,
		(1 << 20) - (FORGE_SIZE - forge_place(FORGE_DYNSYM)) / sizeof(Elf64_Sym));
	forge_end(&forge);
}

/* -- tables without end -------------------------------------------------------------------- */

/* A forged file whose symbol table is made while it is read, and larger than memory should be
 * spent on. */
struct endless {
	struct forge forge;
	Elf64_Sym entry; /* the first; each has its value `stride` after the one before */
	uint64_t stride, reads;
};

enum { ENDLESS_OFFSET = 1 << 24 };

static ssize_t endless_read(void *context, void *into, size_t size, uint64_t offset)
{
	struct endless *endless = context;
	Elf64_Sym *entries = into;

	endless->reads++;
	if (offset < ENDLESS_OFFSET)
		return bytes_read(&endless->forge.bytes, into, size, offset);
	for (size_t i = 0; i < size / sizeof(*entries); i++) {
		entries[i] = endless->entry;
		entries[i].st_value +=
			((offset - ENDLESS_OFFSET) / sizeof(*entries) + i) * endless->stride;
	}
	return (ssize_t)size;
}

static void endless_begin(struct endless *endless, uint64_t count, uint64_t size, uint64_t stride)
{
	forge_start(&endless->forge, true, EM_X86_64);
	endless->entry = (Elf64_Sym){.st_name = forge_string(&endless->forge, FORGE_SYMTAB, "same"),
		.st_value = 0x1000,
		.st_size = size,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = FORGE_TEXT};
	endless->stride = stride;
	endless->reads = 0;
	forge_section(&endless->forge, FORGE_SYMTAB,
		(Elf64_Shdr){.sh_type = SHT_SYMTAB,
			.sh_offset = ENDLESS_OFFSET,
			.sh_size = count * sizeof(Elf64_Sym),
			.sh_entsize = sizeof(Elf64_Sym),
			.sh_link = FORGE_STRTAB});
}

/* Resolves `count` addresses that stand 16 apart, and tells the time it took, in seconds. */
static double endless_resolve(
	struct endless *endless, struct symbols_query *queries, size_t count, uint64_t *skipped)
{
	struct symbols_request request = request_for(queries, count);
	struct elf_source source = {endless_read, endless};
	double begun = seconds();

	for (size_t i = 0; i < count; i++)
		queries[i] = (struct symbols_query){.vaddr = 0x1008 + 16 * i};
	assert_int_equal(resolve_with(&source, &request), 0);
	*skipped = request.skipped;
	return seconds() - begun;
}

static void symtab_of_500_mb_needs_no_memory(void **state)
{
	enum { COUNT = 500, SYMBOLS = 22 << 20 };
	static struct symbols_query queries[COUNT];
	struct endless endless;
	uint64_t skipped;
	double took;

	(void)state;
	endless_begin(&endless, SYMBOLS, 16, 16);
	took = endless_resolve(&endless, queries, COUNT, &skipped);
	print_message("%d MB of symbols: %.2f s, %" PRIu64 " reads\n",
		(int)(SYMBOLS * sizeof(Elf64_Sym) >> 20), took, endless.reads);
	assert_int_equal(skipped, 0);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(queries[i].start, 0x1000 + 16 * i);
	forge_end(&endless.forge);
}

static void claims_beyond_all_caps_are_counted(void **state)
{
	static struct symbols_query queries[1];
	const uint64_t claimed = (uint64_t)1 << 58;
	struct endless endless;
	uint64_t skipped;

	(void)state;
	endless_begin(&endless, claimed, 16, 16);
	endless_resolve(&endless, queries, 1, &skipped);
	assert_string_equal(queries[0].name, "same");
	assert_true(skipped > claimed / 16 && skipped < claimed);
	forge_end(&endless.forge);
}

/* Millions of symbols that each contain every query would be billions of comparisons. */
static void all_spanning_symbols_do_not_take_forever(void **state)
{
	enum { COUNT = 20000, SYMBOLS = 4 << 20 };
	static struct symbols_query queries[COUNT];
	struct endless endless;
	uint64_t skipped;
	double took;

	(void)state;
	endless_begin(&endless, SYMBOLS, 1 << 30, 0);
	took = endless_resolve(&endless, queries, COUNT, &skipped);
	print_message("%d symbols around %d queries: %.2f s, %" PRIu64 " skipped, %" PRIu64
		      " reads\n",
		SYMBOLS, COUNT, took, skipped, endless.reads);
	assert_true(skipped > 0);
	assert_true(endless.reads < 100000);
	assert_string_equal(queries[0].name, "same");
	forge_end(&endless.forge);
}

/* -- definitions --------------------------------------------------------------------------- */

static unsigned find_in_file(const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_source source = {file_read, &fd};
	struct elf_image image;
	unsigned found;

	assert_int_equal(elf_read(&source, PAGE, &image), 0);
	found = definition_find(&source, &image, name, buffer, sizeof(buffer));
	close(fd);
	return found;
}

static unsigned find_in_forge(struct forge *forge, const char *name, size_t buffer_size)
{
	struct elf_source source = bytes_source(&forge->bytes);
	struct elf_image image;

	assert_int_equal(elf_read(&source, PAGE, &image), 0);
	return definition_find(&source, &image, name, buffer, buffer_size);
}

static void libc_defines_malloc_and_this_program_does_not(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_true(path_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), path));
	assert_true(find_in_file(path, "malloc") & DEFINITION_DYNSYM);
	assert_true(find_in_file(path, "memcpy") & DEFINITION_DYNSYM);
	assert_int_equal(find_in_file(path, "mallo"), 0);
	assert_int_equal(find_in_file(path, "vmatlas_dump"), 0);
	if (strstr(path, "libc.so") && dlsym(RTLD_DEFAULT, "__asan_init") == NULL)
		assert_int_equal(find_in_file("/proc/self/exe", "malloc"), 0);
	assert_int_equal(find_in_file("/proc/self/exe", "a_static_function"), DEFINITION_SYMTAB);
}

static void hidden_and_visible_definitions_differ(void **state)
{
	struct forged hidden = function("malloc", 0x1000, 0x10);
	struct forged imported = dynamic("free", 0, 0);
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	hidden.bind = STB_LOCAL;
	imported.section = SHN_UNDEF;
	forge_symbol(&forge, hidden);
	forge_symbol(&forge, imported);
	forge_symbol(&forge, dynamic("calloc", 0x2000, 0x10));
	forge_symbol(&forge, function("calloc@@V1", 0x2000, 0x10));
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), DEFINITION_SYMTAB);
	assert_int_equal(find_in_forge(&forge, "free", BUFFER), 0);
	assert_int_equal(
		find_in_forge(&forge, "calloc", BUFFER), DEFINITION_DYNSYM | DEFINITION_SYMTAB);
	assert_int_equal(find_in_forge(&forge, "calloc@@V1", BUFFER), DEFINITION_SYMTAB);
	assert_int_equal(find_in_forge(&forge, "alloc", BUFFER), 0);
	forge_end(&forge);
}

static void variable_of_that_name_is_no_definition(void **state)
{
	struct forged variable = {"malloc", 0x7000, 8, STT_OBJECT, STB_GLOBAL, FORGE_DATA, 0};
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, variable);
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), 0);
	forge_end(&forge);
}

/* Linkers let a name be the end of a longer one. */
static void name_may_be_the_tail_of_another(void **state)
{
	struct forge forge;
	Elf64_Sym *entries;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	forge_symbol(&forge, function("xmalloc", 0x1000, 0x10));
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), 0);
	forge_symbol(&forge, function("", 0x2000, 0x10));
	entries = (Elf64_Sym *)(forge.bytes.data + forge_place(FORGE_SYMTAB));
	entries[1].st_name = entries[0].st_name + 1;
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), DEFINITION_SYMTAB);
	assert_int_equal(find_in_forge(&forge, "xmalloc", BUFFER), DEFINITION_SYMTAB);
	forge_end(&forge);
}

/* The string table is read in windows; a name can lie across the border of two. */
static void name_is_found_wherever_a_window_ends(void **state)
{
	(void)state;
	for (unsigned pad = 1400; pad < 1600; pad++) {
		struct forge forge;
		char padding[1600] = "";

		memset(padding, 'p', pad);
		forge_start(&forge, true, EM_X86_64);
		forge_string(&forge, FORGE_SYMTAB, padding);
		forge_symbol(&forge, function("malloc", 0x1000, 0x10));
		assert_int_equal(
			find_in_forge(&forge, "malloc", DEFINITION_BUFFER_MIN), DEFINITION_SYMTAB);
		forge_end(&forge);
	}
}

static void doubt_is_told(void **state)
{
	struct forge forge;

	(void)state;
	forge_start(&forge, true, EM_X86_64);
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), 0);
	assert_int_equal(find_in_forge(&forge, "malloc", 100), DEFINITION_UNSURE);
	assert_int_equal(find_in_forge(&forge, "", BUFFER), DEFINITION_UNSURE);
	forge_symbol(&forge, function("other", 0x1000, 0x10));
	forge.strings[FORGE_STRTAB] = 1 << 24;
	forge_symtab(&forge, FORGE_SYMTAB);
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), DEFINITION_UNSURE);
	/* Names that end alike, more of them than can be kept. */
	forge.strings[FORGE_STRTAB] = 1;
	for (unsigned i = 0; i < 200; i++)
		forge_string(&forge, FORGE_SYMTAB, "other_malloc");
	assert_int_equal(find_in_forge(&forge, "malloc", DEFINITION_BUFFER_MIN), DEFINITION_UNSURE);
	assert_int_equal(find_in_forge(&forge, "malloc", BUFFER), 0);
	forge_end(&forge);
}

/* -- damage -------------------------------------------------------------------------------- */

static void ask_everything(struct bytes *bytes)
{
	struct symbols_query queries[] = {{.vaddr = 0}, {.vaddr = 0x1008}, {.vaddr = 0x2345},
		{.vaddr = 0x100000}, {.vaddr = UINT64_MAX}};
	struct symbols_request request = request_for(queries, 5);
	struct elf_source source = bytes_source(bytes);
	struct elf_image image;

	request.names_size = 64;
	if (elf_read(&source, PAGE, &image))
		return;
	symbols_resolve(&source, &image, &request);
	for (size_t i = 0; i < 5; i++)
		if (queries[i].name)
			assert_in_range(strlen(queries[i].name), 1, 63);
	definition_find(&source, &image, "malloc", buffer, DEFINITION_BUFFER_MIN);
}

static void truncated_files_are_harmless(void **state)
{
	struct bytes bytes = bytes_load("/proc/self/exe");
	size_t whole = bytes.size;

	(void)state;
	/* All of the first pages, then the tables, which stand at the end. */
	for (bytes.size = 0; bytes.size < whole; bytes.size += bytes.size < 4 * PAGE ? 64 : 2048) {
		struct bytes copy = {malloc(bytes.size + 1), bytes.size};

		memcpy(copy.data, bytes.data, copy.size);
		ask_everything(&copy);
		free(copy.data);
	}
	free(bytes.data);
}

static void flipped_bytes_are_harmless(void **state)
{
	static const size_t places[] = {0, FORGE_PROGRAM_HEADERS, FORGE_SECTION_HEADERS,
		FORGE_SECTION_HEADERS + FORGE_SYMTAB * sizeof(Elf64_Shdr), FORGE_TABLES,
		FORGE_TABLES + FORGE_TABLE_SIZE};
	uint32_t random = 19700101;

	(void)state;
	for (int round = 0; round < 6000; round++) {
		struct forge forge;

		forge_start(&forge, round & 1, EM_X86_64);
		forge_symbol(&forge, function("one", 0x1000, 0x10));
		forge_symbol(&forge, function("malloc", 0x2000, 0));
		forge_symbol(&forge, dynamic("three", 0x2000, 0x1000));
		for (int i = 0; i < 6; i++) {
			size_t place = places[next_random(&random) % 6];

			forge.bytes.data[place + next_random(&random) % 256] ^=
				(unsigned char)(random >> 9);
		}
		ask_everything(&forge.bytes);
		forge_end(&forge);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_libc_equal_readelf),
		cmocka_unit_test(names_of_this_program_equal_readelf),
		cmocka_unit_test(names_of_big_files_equal_readelf),
		cmocka_unit_test(own_functions_have_their_names),
		cmocka_unit_test(libc_names_come_back_from_dlsym),
		cmocka_unit_test(addr2line_agrees),
		cmocka_unit_test(both_classes_name_alike),
		cmocka_unit_test(inner_function_wins),
		cmocka_unit_test(ties_do_not_depend_on_order),
		cmocka_unit_test(weak_counts_as_global),
		cmocka_unit_test(version_is_no_part_of_the_name),
		cmocka_unit_test(what_is_no_code_names_nothing),
		cmocka_unit_test(label_in_code_names_it),
		cmocka_unit_test(mapping_symbols_are_no_names),
		cmocka_unit_test(thumb_bit_is_no_part_of_the_address),
		cmocka_unit_test(bare_symbol_reaches_to_the_next),
		cmocka_unit_test(bare_symbol_ends_with_its_section),
		cmocka_unit_test(sized_symbol_beats_a_bare_one_inside),
		cmocka_unit_test(many_queries_answer_like_one),
		cmocka_unit_test(dynsym_fills_what_symtab_left_open),
		cmocka_unit_test(dynsym_alone_is_enough),
		cmocka_unit_test(bare_dynamic_symbol_names_only_its_address),
		cmocka_unit_test(names_are_cut_to_the_room),
		cmocka_unit_test(very_long_name_is_cut_and_marked),
		cmocka_unit_test(same_function_shares_one_name),
		cmocka_unit_test(same_start_is_not_yet_the_same_function),
		cmocka_unit_test(name_outside_of_its_table_is_none),
		cmocka_unit_test(string_without_an_end_is_cut),
		cmocka_unit_test(no_table_is_enoent),
		cmocka_unit_test(damaged_table_is_enoexec),
		cmocka_unit_test(damaged_dynsym_alone_is_enoexec),
		cmocka_unit_test(unfit_requests_are_einval),
		cmocka_unit_test(unreadable_rest_is_counted),
		cmocka_unit_test(symtab_of_500_mb_needs_no_memory),
		cmocka_unit_test(claims_beyond_all_caps_are_counted),
		cmocka_unit_test(all_spanning_symbols_do_not_take_forever),
		cmocka_unit_test(libc_defines_malloc_and_this_program_does_not),
		cmocka_unit_test(hidden_and_visible_definitions_differ),
		cmocka_unit_test(variable_of_that_name_is_no_definition),
		cmocka_unit_test(name_may_be_the_tail_of_another),
		cmocka_unit_test(name_is_found_wherever_a_window_ends),
		cmocka_unit_test(doubt_is_told),
		cmocka_unit_test(truncated_files_are_harmless),
		cmocka_unit_test(flipped_bytes_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
