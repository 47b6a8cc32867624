#include "symbolizer.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* All files are made in one folder, which is the current directory. */
static char folder[] = "/tmp/vmatlas.XXXXXX";
static uint8_t build_id[20];

static const char source_c[] =
	"#include <stdlib.h>\n"
	"struct node { struct node *next; int value; };\n"
	"static inline __attribute__((always_inline)) void *deep(int n)\n"
	"{\n"
	"	void *p = malloc(n);\n"
	"	if (!p) abort();\n"
	"	return p;\n"
	"}\n"
	"static inline __attribute__((always_inline)) struct node *make(int n)\n"
	"{\n"
	"	struct node *node = deep(sizeof(*node) + n);\n"
	"	node->value = n;\n"
	"	return node;\n"
	"}\n"
	"__attribute__((noinline)) struct node *outer(int n)\n"
	"{\n"
	"	struct node *head = NULL;\n"
	"	for (int i = 0; i < n; i++) { struct node *one = make(i); one->next = head; head = "
	"one; }\n"
	"	return head;\n"
	"}\n"
	"int main(int argc, char **argv) { (void)argv; return outer(argc) == make(3); }\n";

/* Several names for one place; variables of each section. The odd names are for the assembler. */
static const char source_symbols[] =
	"static char zeros[1000]; int value = 7; const long fixed = 8; __thread int own = 9;\n"
	"char *use(int i) { own += i; return &zeros[i]; }\n"
	"int __long_name_inside(int i) { return i + value + (int)fixed; }\n"
	"int name(int i) __attribute__((alias(\"__long_name_inside\")));\n"
	"int weak_name(int i) __attribute__((weak, alias(\"__long_name_inside\")));\n"
	"int old_name(int i) __attribute__((alias(\"__long_name_inside\")));\n"
	"__asm__(\".symver old_name,n@OLD\");\n";

static const char source_cxx[] =
	"#include <map>\n"
	"#include <string>\n"
	"namespace ns { struct T { int v;\n"
	"	__attribute__((noinline)) int hard(int x) { return v * x + 1; }\n"
	"	inline int twice(int x) { return hard(x) + hard(x + 1); } }; }\n"
	"static inline __attribute__((always_inline)) int inner(int x) { ns::T t{x}; return "
	"t.twice(x); }\n"
	"__attribute__((noinline)) int outer(int x) { return inner(x) * 3; }\n"
	"int main(int c, char **) { std::map<std::string, int> m; m[\"a\"] = outer(c);\n"
	"	for (int i = 0; i < c; i++) m[std::to_string(i)] += i;\n"
	"	return m.size(); }\n";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void read_build_id(const char *path)
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "readelf -n %s | sed -n 's/.*Build ID: //p'", path);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	for (size_t i = 0; i < sizeof(build_id); i++)
		assert_int_equal(fscanf(pipe, "%2hhx", &build_id[i]), 1);
	pclose(pipe);
}

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	write_text("c.c", source_c);
	write_text("cxx.cc", source_cxx);
	write_text("symbols.c", source_symbols);
	write_text("symbols.map", "OLD { };\n");
	run("gcc -O2 -g -rdynamic -Wl,--build-id=sha1 -o c c.c");
	run("gcc -O2 -g -gdwarf-4 -no-pie -o dwarf4 c.c");
	run("gcc -O2 -g -gsplit-dwarf -o split c.c");
	run("g++ -O2 -g -o cxx cxx.cc");
	run("gcc -O1 -fPIC -shared -Wl,--version-script=symbols.map -o symbols symbols.c");
	run("objcopy --remove-section .debug_aranges c bare");
	run("strip -o stripped c");
	run("gcc -O2 -rdynamic -Wl,--build-id=sha1 -DOTHER -xc -o other - < c.c");
	read_build_id("c");
	run("mkdir -p debug/.build-id/%02x linked/.debug", build_id[0]);
	run("objcopy --only-keep-debug c debug/.build-id/%02x/$(readelf -n c | "
	    "sed -n 's/.*Build ID: ..//p').debug",
		build_id[0]);
	run("objcopy --only-keep-debug c linked/.debug/c.debug");
	run("cd linked && objcopy --add-gnu-debuglink=.debug/c.debug ../stripped c");
	return 0;
}

static int remove_files(void **state)
{
	char command[64];

	(void)state;
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* Frames as text: "function file:line, ..." with the file's last part. */
struct text {
	size_t used;
	char bytes[65536];
};

static const char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return !path ? "??" : slash ? slash + 1 : path;
}

static void put(struct text *text, const char *function, const char *file, int line)
{
	text->used += (size_t)snprintf(text->bytes + text->used, sizeof(text->bytes) - text->used,
		"%s %s:%d, ", function, last_part(file), line);
	assert_true(text->used < sizeof(text->bytes));
}

static void put_frame(const struct symbolizer_frame *frame, void *context)
{
	put(context, frame->function ? frame->function : "??", frame->file, frame->line);
}

static void ask(struct symbolizer *symbolizer, int module, uint64_t address, struct text *text)
{
	text->used = 0;
	text->bytes[0] = '\0';
	if (symbolizer_frames(symbolizer, module, address, put_frame, text) == 0)
		put(text, "??", NULL, 0);
}

/* One answer of `addr2line -a`: the address, then a function and a place for each frame. */
static bool read_answer(FILE *pipe, char *next, uint64_t *address, struct text *text)
{
	char place[8192];
	char *colon;

	if (strncmp(next, "0x", 2) != 0)
		return false;
	*address = strtoull(next, NULL, 16);
	text->used = 0;
	while (fgets(next, 8192, pipe) && strncmp(next, "0x", 2) != 0 && fgets(place, 8192, pipe)) {
		next[strcspn(next, "\n")] = '\0';
		colon = strrchr(place, ':');
		assert_non_null(colon);
		*colon = '\0';
		put(text, next, place, atoi(colon + 1));
		next[0] = '\0';
	}
	return true;
}

/* Every byte of every function that the program's own source has. */
static FILE *ask_addr2line(const char *program, const char *functions)
{
	char command[1024];
	FILE *pipe;

	snprintf(command, sizeof(command),
		"nm -S %s | awk '$4 ~ /%s/ && $3 ~ /[tT]/ { print $1, $2 }' | while read start "
		"size; do "
		"i=0; while [ $i -lt $((0x$size)) ]; do printf '0x%%x\\n' $((0x$start + i)); "
		"i=$((i + 1)); done; done | addr2line -aifC -e %s",
		program, functions, program);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	return pipe;
}

static struct symbolizer *open_one(const char *path, int *module)
{
	struct symbolizer *symbolizer = symbolizer_open(NULL);

	assert_non_null(symbolizer);
	*module = symbolizer_add(symbolizer, path, NULL, 0);
	assert_int_equal(*module, 0);
	return symbolizer;
}

static int compare_with_addr2line(const char *program, const char *model, const char *functions)
{
	static struct text theirs, ours;
	int module, count = 0;
	struct symbolizer *symbolizer = open_one(program, &module);
	FILE *pipe = ask_addr2line(model, functions);
	char next[8192] = "";
	uint64_t address;

	assert_non_null(fgets(next, sizeof(next), pipe));
	while (read_answer(pipe, next, &address, &theirs)) {
		ask(symbolizer, module, address, &ours);
		if (strcmp(ours.bytes, theirs.bytes) != 0)
			fail_msg("%s 0x%lx:\n%s\n%s", program, address, ours.bytes, theirs.bytes);
		count++;
	}
	pclose(pipe);
	symbolizer_close(symbolizer);
	return count;
}

static void frames_are_those_of_addr2line(void **state)
{
	(void)state;
	assert_in_range(compare_with_addr2line("c", "c", "^(main|outer)$"), 80, 1000);
	assert_in_range(compare_with_addr2line("dwarf4", "dwarf4", "^(main|outer)$"), 80, 1000);
	assert_in_range(
		compare_with_addr2line("cxx", "cxx", "^(_Z5outeri|_ZN2ns.*|main)$"), 80, 5000);
}

static void units_are_found_without_aranges(void **state)
{
	(void)state;
	assert_in_range(compare_with_addr2line("bare", "c", "^(main|outer)$"), 80, 1000);
}

static void split_debug_information_is_read(void **state)
{
	(void)state;
	assert_in_range(compare_with_addr2line("split", "c", "^(main|outer)$"), 80, 1000);
}

static uint64_t address_of(const char *program, const char *function)
{
	char command[256];
	uint64_t address = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "nm %s | awk '$3 == \"%s\" { print $1 }'", program,
		function);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%lx", &address), 1);
	pclose(pipe);
	return address;
}

/* What a module of that path and the build-id of `c` says about `outer`. */
static enum symbolizer_state outer_of(const char *path, const char *debug_path, struct text *text)
{
	struct symbolizer *symbolizer = symbolizer_open(debug_path);
	int module = symbolizer_add(symbolizer, path, build_id, sizeof(build_id));
	enum symbolizer_state state = symbolizer_module_state(symbolizer, module);

	ask(symbolizer, module, address_of("c", "outer"), text);
	symbolizer_close(symbolizer);
	return state;
}

/* The compiler chooses which line of `outer` comes first. */
static void check_outer(
	const char *path, const char *debug_path, enum symbolizer_state state, const char *begin)
{
	static struct text text;

	assert_int_equal(outer_of(path, debug_path, &text), state);
	assert_memory_equal(text.bytes, begin, strlen(begin));
}

static void separate_files_are_found(void **state)
{
	static const char whole[] = "outer c.c:1", name[] = "outer ??:0, ";
	char debug_path[64];

	(void)state;
	snprintf(debug_path, sizeof(debug_path), "%s/debug", folder);
	check_outer("c", "", SYMBOLIZER_READY, whole);
	check_outer("stripped", "", SYMBOLIZER_READY, name);
	check_outer("stripped", debug_path, SYMBOLIZER_READY, whole);
	check_outer("linked/c", ".debug", SYMBOLIZER_READY, whole);
}

static void a_file_that_changed_is_not_used(void **state)
{
	static const char none[] = "?? ??:0, ", whole[] = "outer c.c:1";
	char debug_path[64];

	(void)state;
	snprintf(debug_path, sizeof(debug_path), "/none:%s/debug", folder);
	check_outer("other", "", SYMBOLIZER_CHANGED, none);
	check_outer("other", debug_path, SYMBOLIZER_READY, whole);
	check_outer("gone", "", SYMBOLIZER_MISSING, none);
	check_outer("gone", debug_path, SYMBOLIZER_READY, whole);
	check_outer("c.c", "", SYMBOLIZER_DAMAGED, none);
	check_outer(folder, "", SYMBOLIZER_MISSING, none);
}

static void states_have_words(void **state)
{
	(void)state;
	assert_string_equal(symbolizer_state_text(SYMBOLIZER_READY), "");
	for (int i = SYMBOLIZER_UNVERIFIED; i <= SYMBOLIZER_DAMAGED; i++)
		assert_true(strlen(symbolizer_state_text((enum symbolizer_state)i)) > 10);
}

static void modules_do_not_mix(void **state)
{
	static struct text text;
	struct symbolizer *symbolizer = symbolizer_open(NULL);
	int one = symbolizer_add(symbolizer, "c", NULL, 0);
	int other = symbolizer_add(symbolizer, "dwarf4", NULL, 0);

	(void)state;
	ask(symbolizer, one, address_of("c", "outer"), &text);
	assert_memory_equal(text.bytes, "outer c.c:1", 11);
	ask(symbolizer, other, address_of("dwarf4", "outer"), &text);
	assert_memory_equal(text.bytes, "outer c.c:1", 11);
	ask(symbolizer, one, address_of("dwarf4", "outer"), &text);
	assert_string_equal(text.bytes, "?? ??:0, ");
	symbolizer_close(symbolizer);
}

static void offsets_become_addresses(void **state)
{
	int module;
	struct symbolizer *symbolizer = open_one("dwarf4", &module);
	uint64_t address = 0, outer = address_of("dwarf4", "outer");

	(void)state;
	/* Not position independent: the first segment holds offset 0 at 0x400000. */
	assert_int_equal(symbolizer_address(symbolizer, module, outer - 0x400000, &address), 0);
	assert_int_equal(address, outer);
	assert_int_not_equal(symbolizer_address(symbolizer, module, 1 << 30, &address), 0);
	assert_int_equal(address, outer);
	symbolizer_close(symbolizer);
}

static void ask_everything(const char *path)
{
	static struct text text;
	int module;
	struct symbolizer *symbolizer = open_one(path, &module);

	for (uint64_t address = 0; address < 0x1600; address += 16)
		ask(symbolizer, module, address, &text);
	symbolizer_close(symbolizer);
}

/* In a child: what happens to it is the result. */
static int ask_damaged(const char *path)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		alarm(20);
		ask_everything(path);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void write_damaged(const char *content, size_t size, uint32_t *seed)
{
	char *copy = malloc(size);
	FILE *file = fopen("damaged", "we");
	size_t length = size;

	assert_true(copy && file);
	memcpy(copy, content, size);
	for (int change = 0; change < 16; change++) {
		*seed = *seed * 1664525 + 1013904223;
		copy[(change < 2 ? *seed % 1024 : *seed % size)] = (char)(*seed >> 24);
	}
	if (*seed >> 28 == 0)
		length = *seed % size;
	fwrite(copy, 1, length, file);
	fclose(file);
	free(copy);
}

static void damaged_files_do_no_harm(void **state)
{
	char *content = malloc(1 << 20);
	FILE *file = fopen("c", "re");
	size_t size = fread(content, 1, 1 << 20, file);
	uint32_t seed = 1;

	(void)state;
	fclose(file);
	for (int round = 0; round < 300; round++) {
		write_damaged(content, size, &seed);
		if (ask_damaged("damaged") != 0)
			fail_msg("round %d, see %s/damaged", round, folder);
	}
	free(content);
}

/* -- Symbols -------------------------------------------------------------------------------- */

/* What nm(1) says: the address and size of a symbol. */
static void ask_nm(const char *name, unsigned long *start, unsigned long *size)
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "nm -S symbols | awk '$4 == \"%s\"'", name);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%lx %lx", start, size), 2);
	pclose(pipe);
}

static void assert_symbol(struct symbolizer *symbolizer, const char *name, bool variable)
{
	struct symbolizer_symbol symbol;
	unsigned long start, size;

	ask_nm(name, &start, &size);
	for (unsigned long offset = 0; offset < size; offset++) {
		assert_int_equal(symbolizer_symbol(symbolizer, 0, start + offset, &symbol), 0);
		assert_string_equal(symbol.name, name);
		assert_int_equal(symbol.start, start);
		assert_int_equal(symbol.size, size);
		assert_int_equal(symbol.variable, variable);
	}
	assert_int_equal(symbolizer_named(symbolizer, 0, name, &symbol), 0);
	assert_int_equal(symbol.start, start);
	assert_int_equal(symbol.variable, variable);
}

static void symbols_are_those_of_nm(void **state)
{
	struct symbolizer *symbolizer = symbolizer_open(NULL);
	struct symbolizer_symbol symbol;

	(void)state;
	assert_int_equal(symbolizer_add(symbolizer, "symbols", NULL, 0), 0);
	assert_symbol(symbolizer, "zeros", true);
	assert_symbol(symbolizer, "value", true);
	assert_symbol(symbolizer, "fixed", true);
	assert_symbol(symbolizer, "use", false);
	assert_int_equal(symbolizer_symbol(symbolizer, 0, 0, &symbol), ENOENT);
	assert_int_equal(symbolizer_named(symbolizer, 0, "nobody", &symbol), ENOENT);
	assert_int_equal(symbolizer_named(symbolizer, 0, "own", &symbol), ENOENT); /* a thread's */
	symbolizer_close(symbolizer);
}

/* The one that people use, of all that mean the same place. */
static void of_several_names_the_plainest_is_taken(void **state)
{
	struct symbolizer *symbolizer = symbolizer_open(NULL);

	(void)state;
	assert_int_equal(symbolizer_add(symbolizer, "symbols", NULL, 0), 0);
	assert_symbol(symbolizer, "name", false);
	symbolizer_close(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_those_of_addr2line),
		cmocka_unit_test(units_are_found_without_aranges),
		cmocka_unit_test(split_debug_information_is_read),
		cmocka_unit_test(separate_files_are_found),
		cmocka_unit_test(a_file_that_changed_is_not_used),
		cmocka_unit_test(states_have_words),
		cmocka_unit_test(modules_do_not_mix),
		cmocka_unit_test(offsets_become_addresses),
		cmocka_unit_test(symbols_are_those_of_nm),
		cmocka_unit_test(of_several_names_the_plainest_is_taken),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
