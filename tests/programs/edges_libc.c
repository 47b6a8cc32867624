/* Everything in libc that allocates for its caller, and allocation before main and after it: in
 * constructors, destructors, the pre-initialisation array, thread-local destructors. Tells facts
 * that do not vary, so that a plain run and one under the shim must print the same.
 */
#include <argz.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fts.h>
#include <glob.h>
#include <iconv.h>
#include <locale.h>
#include <malloc.h>
#include <netdb.h>
#include <obstack.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <search.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <wchar.h>
#include <wordexp.h>

#include "tell.h"

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

static void *early, *in_constructor;

static void before_all(int argc, char **argv, char **environment)
{
	(void)argc, (void)argv, (void)environment;
	early = malloc(100);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(
	int, char **, char **) = before_all;

__attribute__((constructor(101))) static void construct(void)
{
	in_constructor = calloc(10, 20);
	early = realloc(early, 200);
}

__attribute__((destructor(101))) static void destruct(void)
{
	free(in_constructor);
	free(early);
	void *late = malloc(50);
	tell("destructor: %s", late ? "block" : "NULL");
	free(late);
}

static void take(const char *what, void *block)
{
	tell("%s: %s, usable %d", what, block ? "block" : "NULL", malloc_usable_size(block) > 0);
	free(block);
}

static void try_strings(void)
{
	char *text = NULL;
	wchar_t *wide = wcsdup(L"wide");
	size_t length = 0;

	take("strdup", strdup("text"));
	take("strndup", strndup("text", 2));
	take("wcsdup", wide);
	tell("asprintf: %d", asprintf(&text, "%d %s", 5, "text"));
	take("asprintf", text);
	text = NULL;
	FILE *file = fopen("/proc/self/status", "r");
	tell("getline: %d", getline(&text, &length, file) > 0);
	tell("getdelim: %d", getdelim(&text, &length, 'x', file) >= -1);
	take("getline", text);
	fclose(file);
	text = NULL;
	tell("sscanf: %d", sscanf("one two", "%ms", &text));
	take("sscanf", text);
	argz_create_sep("a:b:c", ':', &text, &length);
	argz_append(&text, &length, "d", 2);
	tell("argz: %zu", argz_count(text, length));
	take("argz", text);
}

static void try_streams(void)
{
	char *text = NULL;
	wchar_t *wide = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	for (int i = 0; i < 1000; i++)
		fprintf(stream, "%d ", i);
	fclose(stream);
	tell("open_memstream: %zu", length);
	take("open_memstream", text);
	stream = open_wmemstream(&wide, &length);
	fputwc(L'w', stream);
	fclose(stream);
	take("open_wmemstream", wide);
	stream = fmemopen(NULL, 100, "w+");
	setvbuf(stream, NULL, _IOFBF, 10000);
	tell("fmemopen: %d", fputs("text", stream) >= 0 && fclose(stream) == 0);
	stream = tmpfile();
	tell("tmpfile: %d", stream && fclose(stream) == 0);
}

static void try_files(void)
{
	static char *const roots[] = {"/proc/self/task", NULL};
	struct dirent **names;
	glob_t found;
	FTSENT *entry;
	int entries = 0, count = scandir("/", &names, NULL, alphasort);

	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	tell("scandir: %d", count > 3);
	take("getcwd", getcwd(NULL, 0));
	take("get_current_dir_name", get_current_dir_name());
	take("realpath", realpath("/proc/..", NULL));
	take("canonicalize_file_name", canonicalize_file_name("/"));
	tell("glob: %d", glob("/etc/pass*", GLOB_BRACE, NULL, &found));
	globfree(&found);
	FTS *tree = fts_open(roots, FTS_PHYSICAL, NULL);
	while ((entry = fts_read(tree)))
		entries++;
	tell("fts: %d", entries > 1 && fts_close(tree) == 0);
}

static void try_names(void)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
	struct addrinfo *address;
	wordexp_t words;
	regex_t expression;

	tell("getaddrinfo: %d", getaddrinfo("127.0.0.1", "80", &hints, &address));
	freeaddrinfo(address);
	tell("getpwuid: %d", getpwuid(0) != NULL);
	tell("wordexp: %d", wordexp("a 'b c' $HOME", &words, 0));
	wordfree(&words);
	tell("regcomp: %d", regcomp(&expression, "^(a|b)+[[:alpha:]]*$", REG_EXTENDED));
	tell("regexec: %d", regexec(&expression, "abba", 0, NULL, 0));
	regfree(&expression);
	tell("setlocale: %d", setlocale(LC_ALL, "C.UTF-8") != NULL);
	locale_t locale = newlocale(LC_ALL_MASK, "C", NULL);
	freelocale(duplocale(locale));
	freelocale(locale);
	iconv_t converter = iconv_open("UTF-16", "UTF-8");
	tell("iconv: %d", iconv_close(converter));
	setenv("EDGE", "1", 1);
	tell("putenv: %d, unsetenv: %d", putenv("EDGE=2"), unsetenv("EDGE"));
	tzset();
}

static int compare(const void *one, const void *two)
{
	return strcmp(one, two);
}

static void no_release(void *node)
{
	(void)node;
}

static void try_containers(void)
{
	struct obstack stack;
	void *root = NULL;

	obstack_init(&stack);
	for (int i = 0; i < 1000; i++)
		obstack_grow(&stack, "piece", 5);
	tell("obstack: %d", (int)obstack_object_size(&stack));
	obstack_free(&stack, NULL);
	hcreate(100);
	tell("hsearch: %d", hsearch((ENTRY){.key = "key"}, ENTER) != NULL);
	hdestroy();
	for (int i = 0; i < 26; i++)
		tsearch(&"abcdefghijklmnopqrstuvwxyz"[i], &root, compare);
	tdestroy(root, no_release);
	tell("qsort of much: done");
	int *numbers = calloc(200000, sizeof(int));
	qsort(numbers, 200000, sizeof(int), compare);
	free(numbers);
}

static void try_loader(void)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);

	tell("dlopen: %d, dlsym: %d", library != NULL, library && dlsym(library, "cos"));
	tell("dlsym of nothing: %d", dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere") != NULL);
	tell("dlerror: %d", dlerror() != NULL);
	tell("dlerror again: %d", dlerror() != NULL);
	tell("dlclose: %d", dlclose(library));
	tell("dlopen of nothing: %d", dlopen("/no/such/library.so", RTLD_NOW) != NULL);
	tell("dlerror: %s", dlerror());
	library = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
	tell("dlmopen: %d", library && dlclose(library) == 0);
}

static __thread char *kept;

static void release_kept(void *block)
{
	free(block);
	kept = malloc(30);
	tell("thread-local destructor: %s", kept ? "block" : "NULL");
	free(kept);
}

extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

static void *run_thread(void *unused)
{
	__cxa_thread_atexit_impl(release_kept, malloc(20), &__dso_handle);
	return unused;
}

static void try_tuning(FILE *out)
{
	struct mallinfo2 before = mallinfo2(), after;
	char *trace = malloc(5000);

	after = mallinfo2();
	tell("mallinfo2: %d", after.uordblks >= before.uordblks + 5000);
	tell("mallopt: %d", mallopt(M_MMAP_THRESHOLD, 100000));
	free(trace);
	tell("malloc_trim: %d", malloc_trim(0) >= 0);
	tell("malloc_info: %d", malloc_info(0, out));
}

int main(void)
{
	pthread_t thread;

	tell("early: %d, in a constructor: %d", malloc_usable_size(early) >= 200,
		in_constructor != NULL);
	try_strings();
	try_streams();
	try_files();
	try_names();
	try_containers();
	try_loader();
	pthread_create(&thread, NULL, run_thread, NULL);
	pthread_join(thread, NULL);
	FILE *nowhere = fopen("/dev/null", "w");
	try_tuning(nowhere);
	fclose(nowhere);
	tell("end");
	return 0;
}
