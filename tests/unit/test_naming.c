/* test_naming.c - names of functions inside the process, against dladdr and what the source says;
 * and that nothing which stands at a library's path by now can harm or mislead us. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_files.h"
#include "modules.h"
#include "naming.h"
#include "naming_file.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

#define KEEP __attribute__((noinline, used))

/* -- A store made by hand ------------------------------------------------------------------- */

enum {
	FRAMES = 200000,
	MODULES = 32,
	STRING_RECORD = 64,
	STRING_RECORDS = 80, /* of each module's path: 5 KiB */
	OTHERS = 8,
};

/* What of the store names are made from. */
static struct {
	struct vmatlas_frame frame[FRAMES];
	struct vmatlas_module module[MODULES];
	char strings[MODULES * STRING_RECORDS * STRING_RECORD];
	struct vmatlas_region region[OTHERS];
	struct vmatlas_thread thread[OTHERS];
	uint32_t frame_count, module_count;
	struct lane frames, modules, texts, regions, threads;
	struct view view;
	struct naming naming;
	char *memory;
	size_t size;
} store;

static int begin(void **state)
{
	(void)state;
	memset(&store, 0, sizeof store);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (store.memory)
		munmap(store.memory, store.size);
	return 0;
}

static uint32_t text_add(const char *text)
{
	uint32_t id = store.module_count * STRING_RECORDS + 1, length = (uint32_t)strlen(text);
	char *record = store.strings + (id - 1) * STRING_RECORD;

	assert_true(length < STRING_RECORDS * STRING_RECORD - sizeof length);
	memcpy(record, &length, sizeof length);
	memcpy(record + sizeof length, text, length);
	return id;
}

/* Adds a module with that path; all else is a copy. */
static uint32_t module_copy(const struct vmatlas_module *module, const char *path)
{
	struct vmatlas_module copy = *module;

	assert_true(store.module_count < MODULES);
	copy.path = text_add(path);
	store.module[store.module_count++] = copy;
	return store.module_count;
}

struct build_id {
	uint64_t bias;
	const uint8_t *bytes;
	size_t length;
};

static int build_id_of(struct dl_phdr_info *info, size_t size, void *context)
{
	struct build_id *id = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && info->dlpi_addr == id->bias; i++) {
		const char *at = (const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		const char *stop = at + info->dlpi_phdr[i].p_memsz;

		while (info->dlpi_phdr[i].p_type == PT_NOTE && at < stop) {
			const Elf64_Nhdr *note = (const void *)at;

			if (note->n_type == NT_GNU_BUILD_ID) {
				id->bytes = (const uint8_t *)(note + 1) + 4;
				id->length = note->n_descsz;
			}
			at += sizeof *note + ((note->n_namesz + 3) & ~3u) +
			      ((note->n_descsz + 3) & ~3u);
		}
	}
	return 0;
}

static const char *path_of(const struct modules_image *image)
{
	static char path[PATH_MAX];

	assert_non_null(realpath(image->name[0] ? image->name : "/proc/self/exe", path));
	return path;
}

/* The module that holds the address, as the loader tells of it. */
static uint32_t module_add(const void *address)
{
	struct modules_image image;
	struct vmatlas_module module = {0};
	struct build_id id = {0};

	assert_int_equal(modules_image((uintptr_t)address, &image), 0);
	id.bias = image.bias;
	dl_iterate_phdr(build_id_of, &id);
	assert_true(id.length <= sizeof module.build_id);
	module.start = image.start;
	module.end = image.end;
	module.bias = image.bias;
	module.build_id_length = (uint32_t)id.length;
	memcpy(module.build_id, id.bytes, id.length);
	return module_copy(&module, path_of(&image));
}

static const struct vmatlas_module *module_get(uint32_t id)
{
	return &store.module[id - 1];
}

static uint32_t frame_add(uint64_t pc, uint32_t module, uint32_t parent)
{
	assert_true(store.frame_count < FRAMES);
	store.frame[store.frame_count++] = (struct vmatlas_frame){pc, parent, module};
	return store.frame_count;
}

/* A frame whose call is that many bytes into the function. */
static uint32_t call_add(const void *function, uint64_t offset, uint32_t module)
{
	return frame_add((uintptr_t)function + offset, module, 0);
}

static void view_fill(void)
{
	lane_over(&store.frames, store.frame, store.frame_count, sizeof *store.frame);
	lane_over(&store.modules, store.module, store.module_count, sizeof *store.module);
	lane_over(&store.texts, store.strings, store.module_count * STRING_RECORDS, STRING_RECORD);
	lane_over(&store.regions, store.region, OTHERS, sizeof *store.region);
	lane_over(&store.threads, store.thread, OTHERS, sizeof *store.thread);
	store.view = (struct view){
		.page_size = PAGE,
		.frames = &store.frames,
		.modules = &store.modules,
		.strings = &store.texts,
		.regions = &store.regions,
		.threads = &store.threads,
	};
}

/* Memory that ends where nothing is mapped. */
static void *memory_make(size_t size)
{
	size_t whole = (size + 2 * PAGE - 1) / PAGE * PAGE;
	char *memory = mmap(NULL, whole, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory + whole - PAGE, PAGE, PROT_NONE), 0);
	if (store.memory)
		munmap(store.memory, store.size);
	store.memory = memory;
	store.size = whole;
	return memory + whole - PAGE - (size + 15) / 16 * 16;
}

static void name_wanted(const struct naming_wanted *wanted)
{
	size_t size;

	view_fill();
	size = naming_memory(&store.view, wanted);
	naming_make(&store.naming, &store.view, wanted, memory_make(size), size);
}

static void name_all(void)
{
	struct naming_wanted wanted = {0};

	name_wanted(&wanted);
}

static struct name name_get(uint32_t frame)
{
	struct name names[2] = {{0}};
	size_t count = naming_of(&store.naming, frame, names, 2);

	assert_true(count <= 1);
	assert_true((count == 1) == (names[0].function != NULL));
	return names[0];
}

static void assert_name(uint32_t frame, const char *function, uint64_t offset)
{
	struct name name = name_get(frame);

	assert_non_null(name.function);
	assert_string_equal(name.function, function);
	assert_int_equal(name.offset, offset);
	assert_null(name.file);
	assert_int_equal(name.line, 0);
}

static void assert_nameless(uint32_t frame)
{
	assert_null(name_get(frame).function);
}

static void assert_counts(uint32_t changed, uint32_t unreadable)
{
	assert_int_equal(store.naming.counts.modules_changed, changed);
	assert_int_equal(store.naming.counts.modules_unreadable, unreadable);
	assert_int_equal(store.naming.counts.names_truncated, 0);
	assert_int_equal(store.naming.counts.names_lost, 0);
	assert_int_equal(store.naming.counts.frames_lost, 0);
}

/* -- Functions to be named ------------------------------------------------------------------ */

static volatile int sink;

KEEP int naming_exported(int x);
KEEP int naming_exported(int x)
{
	return sink += x * 3;
}

static KEEP int kept_local(int x)
{
	return sink += x * 5;
}

#define TEN(text) text text text text text text text text text text
#define LONG_NAME "naming_" TEN(TEN(TEN("long_name_xy")))

static KEEP int long_named(int x) __asm__(LONG_NAME);
static KEEP int long_named(int x)
{
	return sink += x * 7;
}

/* -- Right names ---------------------------------------------------------------------------- */

static void own_functions_have_the_names_of_the_source(void **state)
{
	uint32_t module = module_add((void *)naming_exported);
	uint32_t exported = call_add((void *)naming_exported, 2, module);
	uint32_t local = call_add((void *)kept_local, 1, module);
	uint32_t again = call_add((void *)kept_local, 1, module);
	uint32_t this = call_add((void *)own_functions_have_the_names_of_the_source, 9, module);

	(void)state;
	name_all();
	assert_name(exported, "naming_exported", 2);
	assert_name(local, "kept_local", 1);
	assert_name(again, "kept_local", 1);
	assert_name(this, "own_functions_have_the_names_of_the_source", 9);
	assert_counts(0, 0);
}

/* Where the call is a function's last instruction, the return address is another function's. */
static void a_return_address_is_of_the_call_before_it(void **state)
{
	Dl_info info;
	const ElfW(Sym) * symbol;
	uint32_t frame;

	(void)state;
	assert_true(dladdr1((void *)abort, &info, (void **)&symbol, RTLD_DL_SYMENT));
	frame = call_add((void *)abort, symbol->st_size, module_add((void *)abort));
	name_all();
	assert_name(frame, "abort", symbol->st_size);
}

/* An alias is as good: the same address by another name. */
static void assert_as_dladdr(uint32_t frame, const void *function)
{
	struct name name = name_get(frame);
	Dl_info info;

	assert_non_null(name.function);
	assert_true(dladdr(function, &info));
	assert_ptr_equal(info.dli_saddr, function);
	if (strcmp(name.function, info.dli_sname) != 0 && dlsym(RTLD_DEFAULT, name.function))
		assert_ptr_equal(dlsym(RTLD_DEFAULT, name.function), function);
}

static void functions_of_libraries_are_those_of_dladdr(void **state)
{
	static const char *const names[] = {"malloc", "free", "qsort", "getaddrinfo", "printf",
		"fopen", "abort", "raise", "mmap", "read", "setlocale", "regcomp", "glob",
		"vfprintf", "dlsym", "pthread_create", "sem_wait", "_cmocka_run_group_tests",
		"_assert_true", "cbrt", "erf", "j0", "lgamma"};
	enum { NAMES = sizeof names / sizeof names[0] };
	uint32_t module[3] = {module_add((void *)abort), module_add((void *)_assert_true),
		module_add(dlsym(RTLD_DEFAULT, "cbrt"))};
	void *function[NAMES];
	uint32_t frame[NAMES] = {0};
	Dl_info info;

	(void)state;
	for (int i = 0; i < NAMES; i++) {
		function[i] = dlsym(RTLD_DEFAULT, names[i]);
		assert_non_null(function[i]);
		assert_true(dladdr(function[i], &info));
		for (unsigned m = 0; m < 3; m++)
			if ((uintptr_t)info.dli_fbase == module_get(module[m])->start)
				frame[i] = call_add(function[i], 1, module[m]);
	}
	name_all();
	for (int i = 0; i < NAMES; i++)
		assert_as_dladdr(frame[i], function[i]);
	assert_counts(0, 0);
}

static void frames_in_no_file_have_no_name(void **state)
{
	uint32_t frame = call_add((void *)abort, 4, 0);

	(void)state;
	name_all();
	assert_nameless(frame);
	assert_nameless(0);
	assert_nameless(frame + 1);
	assert_nameless(UINT32_MAX);
	assert_counts(0, 0);
}

static void a_giver_without_room_gives_nothing(void **state)
{
	uint32_t frame = call_add((void *)abort, 4, module_add((void *)abort));
	struct name name = {.line = 7};

	(void)state;
	name_all();
	assert_int_equal(naming_of(&store.naming, frame, &name, 0), 0);
	assert_int_equal(name.line, 7);
}

static void a_name_too_long_is_cut_and_says_so(void **state)
{
	uint32_t module = module_add((void *)long_named);
	uint32_t first = call_add((void *)long_named, 2, module);
	uint32_t second = call_add((void *)long_named, 3, module);
	const char *name;

	(void)state;
	name_all();
	name = name_get(first).function;
	assert_non_null(name);
	assert_memory_equal(name, LONG_NAME, 1000);
	assert_string_equal(name + strlen(name) - 3, "...");
	assert_ptr_equal(name_get(second).function, name);
	assert_int_equal(store.naming.counts.names_truncated, 1);
	assert_int_equal(store.naming.counts.names_lost, 0);
}

/* -- Files that are not what they were ------------------------------------------------------ */

static char directory[] = "/tmp/vmatlas-naming-XXXXXX";

static int directory_make(void **state)
{
	(void)state;
	if (!dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL))
		return -1;
	return mkdtemp(directory) && !chmod(directory, 0755) ? 0 : -1;
}

static int directory_remove(void **state)
{
	char command[sizeof directory + 16];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

static const char *in_directory(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void file_write(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static const uint8_t *find(const struct bytes *bytes, const uint8_t *wanted, size_t size)
{
	return memmem(bytes->data, bytes->size, wanted, size);
}

/* Copies the file of libm, and changes its build-id if asked to. */
static const char *libm_copy(const char *name, const struct vmatlas_module *module, bool other)
{
	struct modules_image image;
	const char *path = in_directory(name);
	struct bytes bytes;

	assert_int_equal(modules_image(module->start, &image), 0);
	bytes = bytes_load(image.name);
	assert_non_null(bytes.data);
	if (other)
		((uint8_t *)find(&bytes, module->build_id, module->build_id_length))[0] ^= 1;
	file_write(path, bytes.data, bytes.size);
	free(bytes.data);
	return path;
}

/* The one frame of these tests: in libm, or what pretends to be. */
static uint32_t cbrt_add(const struct vmatlas_module *like, const char *path)
{
	return call_add(dlsym(RTLD_DEFAULT, "cbrt"), 2, module_copy(like, path));
}

static struct vmatlas_module libm(void)
{
	uint32_t id = module_add(dlsym(RTLD_DEFAULT, "cbrt"));

	return *module_get(id);
}

static void assert_unreadable(const char *path)
{
	struct vmatlas_module module = libm();
	uint32_t frame = cbrt_add(&module, path);

	name_all();
	assert_nameless(frame);
	assert_counts(0, 1);
}

static void a_copy_with_the_same_build_id_serves(void **state)
{
	struct vmatlas_module module = libm();
	uint32_t frame = cbrt_add(&module, libm_copy("libm.so", &module, false));

	(void)state;
	name_all();
	assert_name(frame, "cbrt", 2);
	assert_counts(0, 0);
}

static void a_file_with_another_build_id_gives_no_names(void **state)
{
	struct vmatlas_module module = libm();
	uint32_t frame = cbrt_add(&module, libm_copy("other.so", &module, true));

	(void)state;
	name_all();
	assert_nameless(frame);
	assert_counts(1, 0);
}

static void a_build_id_longer_than_the_record_is_compared_as_far(void **state)
{
	struct vmatlas_module module = libm();
	uint32_t frame;

	(void)state;
	module.build_id_length--;
	frame = cbrt_add(&module, libm_copy("libm.so", &module, false));
	name_all();
	assert_nameless(frame);
	assert_counts(1, 0);
}

static void a_file_that_was_deleted_and_came_back_serves(void **state)
{
	struct vmatlas_module module = libm();
	char path[PATH_MAX + 16];
	uint32_t frame;

	(void)state;
	snprintf(path, sizeof path, "%s (deleted)", libm_copy("libm.so", &module, false));
	frame = cbrt_add(&module, path);
	name_all();
	assert_name(frame, "cbrt", 2);
	assert_counts(0, 0);
}

static void a_file_that_was_deleted_and_replaced_does_not(void **state)
{
	struct vmatlas_module module = libm();
	char path[PATH_MAX + 16];
	uint32_t frame;

	(void)state;
	snprintf(path, sizeof path, "%s (deleted)", libm_copy("other.so", &module, true));
	frame = cbrt_add(&module, path);
	name_all();
	assert_nameless(frame);
	assert_counts(1, 0);
}

static void a_deleted_program_is_found_through_proc(void **state)
{
	uint32_t own = module_add((void *)naming_exported);
	uint32_t gone = module_copy(module_get(own), "/nonexistent/program (deleted)");
	uint32_t frame = call_add((void *)kept_local, 2, gone);

	(void)state;
	name_all();
	assert_name(frame, "kept_local", 2);
	assert_counts(0, 0);
}

static void a_path_through_a_link_is_followed(void **state)
{
	struct vmatlas_module module = libm();
	char link[PATH_MAX];
	uint32_t frame;

	(void)state;
	snprintf(link, sizeof link, "%s", in_directory("link.so"));
	assert_int_equal(symlink(libm_copy("libm.so", &module, false), link), 0);
	frame = cbrt_add(&module, link);
	name_all();
	assert_name(frame, "cbrt", 2);
}

static void without_build_id_the_addresses_must_agree(void **state)
{
	struct vmatlas_module same = libm(), larger, shifted;
	uint32_t frame[3];

	(void)state;
	same.build_id_length = 0;
	larger = shifted = same;
	larger.end += PAGE;
	shifted.bias -= PAGE;
	frame[0] = cbrt_add(&same, libm_copy("libm.so", &same, false));
	frame[1] = cbrt_add(&larger, in_directory("libm.so"));
	frame[2] = cbrt_add(&shifted, in_directory("libm.so"));
	name_all();
	assert_name(frame[0], "cbrt", 2);
	assert_nameless(frame[1]);
	assert_nameless(frame[2]);
	assert_counts(2, 0);
}

/* The loader's figures and the file's must agree for all that is loaded here. */
static void every_module_without_build_id_would_be_recognised(void **state)
{
	void *const inside[] = {(void *)naming_exported, (void *)abort, (void *)_assert_true,
		dlsym(RTLD_DEFAULT, "cbrt"), dlsym(RTLD_DEFAULT, "_r_debug"),
		dlsym(RTLD_DEFAULT, "dwfl_begin"), dlsym(RTLD_DEFAULT, "json_object"),
		dlsym(RTLD_DEFAULT, "elf_begin")};

	(void)state;
	for (unsigned i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		uint32_t id = inside[i] ? module_add(inside[i]) : 0;

		if (!id)
			continue;
		store.module[id - 1].build_id_length = 0;
		frame_add(module_get(id)->start + 0x1800, id, 0);
	}
	name_all();
	assert_counts(0, 0);
}

static void a_missing_file_is_counted(void **state)
{
	(void)state;
	assert_unreadable(in_directory("missing.so"));
}

static void a_directory_is_no_library(void **state)
{
	(void)state;
	assert_unreadable(directory);
}

static void a_device_is_left_alone(void **state)
{
	(void)state;
	assert_unreadable("/dev/zero");
}

static void a_file_that_is_no_elf_file_is_counted(void **state)
{
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof path, "%s", in_directory("text.so"));
	file_write(path, "#!/bin/sh\n", 10);
	assert_unreadable(path);
}

static void an_empty_file_is_counted(void **state)
{
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof path, "%s", in_directory("empty.so"));
	file_write(path, "", 0);
	assert_unreadable(path);
}

static void a_relative_path_is_not_looked_for(void **state)
{
	(void)state;
	assert_unreadable("Makefile");
}

static void a_path_too_long_is_counted(void **state)
{
	char path[PATH_MAX + 1];

	(void)state;
	memset(path, '/', sizeof path - 1);
	path[sizeof path - 1] = 0;
	assert_unreadable(path);
}

static void the_kernels_own_are_no_files(void **state)
{
	struct vmatlas_module module = libm();
	uint32_t frame = cbrt_add(&module, "[vdso]");

	(void)state;
	name_all();
	assert_nameless(frame);
	assert_counts(0, 0);
}

static void a_file_that_may_not_be_read_is_counted(void **state)
{
	struct vmatlas_module module = libm();
	char path[PATH_MAX];
	uid_t user = geteuid();

	(void)state;
	snprintf(path, sizeof path, "%s", libm_copy("secret.so", &module, false));
	assert_int_equal(chmod(path, 0), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_unreadable(path);
	if (user == 0)
		assert_int_equal(seteuid(user), 0);
}

/* A FIFO without writer blocks whoever opens it, and one who waits to write would go on. */
static void a_fifo_neither_blocks_nor_notices(void **state)
{
	char path[PATH_MAX];
	pid_t writer;

	(void)state;
	snprintf(path, sizeof path, "%s", in_directory("fifo.so"));
	assert_int_equal(mkfifo(path, 0644), 0);
	writer = fork();
	if (writer == 0)
		_exit(open(path, O_WRONLY) >= 0);
	alarm(20);
	usleep(50000);
	assert_unreadable(path);
	usleep(50000);
	assert_int_equal(waitpid(writer, NULL, WNOHANG), 0);
	alarm(0);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

static unsigned descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(all);
	while (readdir(all))
		count++;
	closedir(all);
	return count;
}

static void no_descriptor_stays_open(void **state)
{
	struct vmatlas_module module = libm();
	unsigned before = descriptors();

	(void)state;
	cbrt_add(&module, libm_copy("libm.so", &module, false));
	cbrt_add(&module, libm_copy("other.so", &module, true));
	cbrt_add(&module, in_directory("missing.so"));
	cbrt_add(&module, "/dev/null");
	cbrt_add(&module, "/etc/passwd");
	name_all();
	assert_int_equal(descriptors(), before);
}

/* Programs close descriptors that they did not open, and the number is used again. */
static void a_descriptor_that_became_the_programs_stays_open(void **state)
{
	static struct naming_file file;
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	strcpy(file.path, "/proc/self/exe");
	assert_int_equal(naming_file_open(&file, PAGE), 0);
	assert_int_equal(dup2(other, file.fd), file.fd);
	other = file.fd;
	assert_false(naming_file_close(&file));
	assert_true(fcntl(other, F_GETFD) >= 0);
	close(other);
}

/* -- Symbols kept apart --------------------------------------------------------------------- */

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* A library whose only function that is not exported is named in its debug file alone. */
static const char *stripped_make(void)
{
	char command[4096];

	snprintf(command, sizeof command,
		"cd %s && echo 'static __attribute__((noinline,used)) int hidden(int x) { return x "
		"* 3; }"
		" int shown(int x) { return hidden(x) + 1; }' >apart.c && "
		"cc -g -O1 -fPIC -shared -Wl,--build-id=0xabcdef0123456789 -o apart.so apart.c && "
		"objcopy --only-keep-debug apart.so apart.debug && strip apart.so",
		directory);
	run(command);
	return in_directory("apart.so");
}

/* Where the debug file says it lies, by nm. */
static uint64_t hidden_place(void)
{
	char command[PATH_MAX];
	unsigned long place = 0;
	FILE *told;

	snprintf(command, sizeof command, "nm %s/apart.debug | grep ' hidden$'", directory);
	told = popen(command, "r");
	assert_non_null(told);
	assert_int_equal(fscanf(told, "%lx", &place), 1);
	pclose(told);
	return place;
}

/* In a view of the file system that only we have. */
static bool debug_install(void)
{
	char command[4096];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", "/usr/lib/debug", "tmpfs", 0, NULL))
		return false;
	snprintf(command, sizeof command,
		"mkdir -p /usr/lib/debug/.build-id/ab && "
		"cp %s/apart.debug /usr/lib/debug/.build-id/ab/cdef0123456789.debug",
		directory);
	return system(command) == 0;
}

static uint32_t hidden_add(void)
{
	char path[PATH_MAX];
	void *library, *shown;
	uint32_t id;

	snprintf(path, sizeof path, "%s", stripped_make());
	library = dlopen(path, RTLD_NOW);
	assert_non_null(library);
	shown = dlsym(library, "shown");
	assert_non_null(shown);
	id = module_add(shown);
	call_add(shown, 2, id);
	return frame_add(module_get(id)->bias + hidden_place() + 2, id, 0);
}

static void without_debug_file_only_exported_functions_have_names(void **state)
{
	uint32_t hidden = hidden_add();

	(void)state;
	name_all();
	assert_name(hidden - 1, "shown", 2);
	assert_nameless(hidden);
	assert_counts(0, 0);
}

static int names_with_debug_file(uint32_t hidden)
{
	const char *shown, *name;

	if (!debug_install())
		return 77;
	name_all();
	shown = name_get(hidden - 1).function;
	name = name_get(hidden).function;
	return shown && name && !strcmp(shown, "shown") && !strcmp(name, "hidden") ? 0 : 1;
}

static void with_debug_file_all_functions_have_names(void **state)
{
	uint32_t hidden = hidden_add();
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(names_with_debug_file(hidden));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* -- Which frames --------------------------------------------------------------------------- */

static uint32_t chain_add(unsigned depth, uint64_t first, uint32_t module)
{
	uint32_t frame = 0;

	for (unsigned i = 0; i < depth; i++)
		frame = frame_add(first + depth - 1 - i, module, frame);
	return frame;
}

/* How many frames have names, from the innermost outwards. */
static unsigned named(uint32_t frame)
{
	unsigned count = 0;

	while (frame && name_get(frame).function) {
		count++;
		frame = store.frame[frame - 1].parent;
	}
	return count;
}

static void only_what_is_wanted_has_names(void **state)
{
	uint64_t first = (uintptr_t)dlsym(RTLD_DEFAULT, "cbrt") + 1;
	uint32_t module = module_add((void *)(uintptr_t)first), chain[6];
	struct atlas_stack stacks[3] = {{0}};
	struct atlas_part part = {0};
	struct atlas atlas = {.stack = stacks, .stacks = 3, .part = &part, .parts = 1};
	struct naming_wanted wanted = {.atlas = &atlas, .stacks = 2, .depth = 3};

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		chain[i] = chain_add(4, first + 4 * i, module);
	for (unsigned i = 0; i < 3; i++)
		stacks[i].frame = chain[i];
	part.frame = chain[3];
	store.region[2].frame = chain[4];
	store.region[2].state = VMATLAS_REGION_LIVE;
	store.region[3].frame = chain[2];
	store.thread[OTHERS - 1].creator = chain[5];
	name_wanted(&wanted);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(named(chain[i]), i == 2 ? 0 : 3);
	wanted.depth = UINT32_MAX;
	wanted.stacks = UINT32_MAX;
	name_wanted(&wanted);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(named(chain[i]), 4);
}

/* The library's own frames are many, and the line of a region names who called it. */
static void the_caller_of_a_maker_is_named_however_deep(void **state)
{
	uint32_t own = module_add((void *)naming_exported), libc = module_add((void *)abort);
	uint32_t caller = call_add((void *)kept_local, 2, own), frame = caller;
	struct atlas atlas = {0};
	struct naming_wanted wanted = {.atlas = &atlas, .stacks = 1, .depth = 1};

	(void)state;
	for (unsigned i = 1; i < 20; i++)
		frame = frame_add((uintptr_t)abort + i, libc, frame);
	store.thread[0].creator = frame;
	name_wanted(&wanted);
	assert_name(frame, "abort", 19);
	assert_name(caller, "kept_local", 2);
	assert_nameless(frame - 1);
}

/* -- Damage --------------------------------------------------------------------------------- */

static void damaged_tables_give_no_names(void **state)
{
	struct vmatlas_module zeros = {0}, wild = {.end = UINT64_MAX, .path = UINT32_MAX};
	uint32_t good = module_add((void *)abort), null = module_copy(&zeros, "");
	uint32_t lost = module_copy(&wild, "/x"), frame;
	struct atlas_stack stack = {.frame = 7};
	struct atlas atlas = {.stack = &stack, .stacks = 1};
	struct naming_wanted wanted = {.atlas = &atlas, .stacks = 1, .depth = UINT32_MAX};

	(void)state;
	store.module[lost - 1].path = UINT32_MAX;
	frame_add(0, good, 1);
	frame_add(1, null, 2);
	frame_add(UINT64_MAX, good, 3);
	frame_add((uintptr_t)abort + 1, UINT32_MAX, 4);
	frame_add((uintptr_t)abort + 1, lost, UINT32_MAX);
	frame_add(module_get(good)->start, good, 7);
	frame = frame_add((uintptr_t)abort + 1, good, 6);
	name_all();
	for (uint32_t i = 1; i < frame; i++)
		assert_nameless(i);
	assert_name(frame, "abort", 1);
	name_wanted(&wanted);
	assert_name(frame, "abort", 1);
}

static uint64_t noise(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 16;
}

static void tables_of_noise_do_no_harm(void **state)
{
	uint64_t seed = 1, *words;

	(void)state;
	module_add((void *)abort);
	for (unsigned i = 0; i < 8; i++)
		module_copy(module_get(1), "/proc/self/exe");
	for (unsigned i = 0; i < 1000; i++)
		frame_add(0, 0, 0);
	words = (uint64_t *)store.frame;
	for (unsigned i = 0; i < 1000 * sizeof *store.frame / 8; i++)
		words[i] = noise(&seed) & (i & 1 ? 0x3ff0000000fu : ~0ull);
	for (unsigned i = 0; i < 9; i++) {
		store.module[i].bias = noise(&seed);
		store.module[i].start = noise(&seed);
		store.module[i].end = noise(&seed);
		store.module[i].build_id_length = (uint32_t)noise(&seed) % 64;
		store.module[i].path = (uint32_t)noise(&seed) % 1024;
	}
	name_all();
}

/* -- Bounds --------------------------------------------------------------------------------- */

static void exported_of_libc_add(uint32_t module, unsigned count)
{
	uint64_t first = (uintptr_t)abort & ~0xfffull;

	for (unsigned i = 0; i < count; i++)
		frame_add(first + i * 7 % 1000000, module, 0);
}

static uint64_t time_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* More places than are asked for at once, so that the tables are read twice. */
static void a_hundred_thousand_frames_take_no_time(void **state)
{
	uint32_t module = module_add((void *)abort), named_frames = 0;
	uint64_t start, taken;

	(void)state;
	exported_of_libc_add(module, 100000);
	start = time_ms();
	name_all();
	taken = time_ms() - start;
	for (uint32_t frame = 1; frame <= store.frame_count; frame++)
		named_frames += name_get(frame).function != NULL;
	print_message("100,000 frames: %u named, %lu ms, %zu KiB of names, %zu KiB in all\n",
		named_frames, taken, store.naming.names_used >> 10, store.size >> 10);
	/* .dynsym alone, where no debug file is installed, names a quarter of libc. */
	assert_true(named_frames > 20000);
	assert_true(taken < 5000);
	assert_counts(0, 0);
}

/* The innermost places of many call stacks are the same. */
static void frames_of_the_same_place_are_looked_up_once(void **state)
{
	uint32_t module = module_add((void *)abort);

	(void)state;
	for (unsigned i = 0; i < 150000; i++)
		frame_add((uintptr_t)abort + 1 + i % 5000, module, i);
	name_all();
	assert_int_equal(store.naming.places.count, 5000);
	assert_name(1, "abort", 1);
	assert_ptr_equal(name_get(1).function, name_get(5001).function);
}

/* Every frame has its right name or none, and what has none is counted. */
static void check_with(size_t size)
{
	struct naming_wanted wanted = {0};
	Dl_info info;
	uint64_t missing = 0;

	naming_make(&store.naming, &store.view, &wanted, memory_make(size), size);
	for (uint32_t frame = 1; frame <= store.frame_count; frame++) {
		const char *name = name_get(frame).function;

		if (!name) {
			missing++;
			continue;
		}
		assert_true(dladdr((void *)(store.frame[frame - 1].pc - 1), &info));
		assert_ptr_equal(dlsym(RTLD_DEFAULT, name), info.dli_saddr);
	}
	assert_true(
		missing == 0 || store.naming.counts.frames_lost || store.naming.counts.names_lost);
}

static void less_memory_gives_fewer_names_and_no_wrong_ones(void **state)
{
	static const char *const names[] = {"malloc", "qsort", "fopen", "regcomp", "glob",
		"setlocale", "getaddrinfo", "pthread_create", "abort", "scandir"};
	uint32_t module = module_add((void *)abort);
	struct naming_wanted wanted = {0};
	size_t whole;

	(void)state;
	for (unsigned i = 0; i < 240; i++)
		call_add(dlsym(RTLD_DEFAULT, names[i % 10]), 1 + i / 10 % 8, module);
	view_fill();
	whole = naming_memory(&store.view, &wanted);
	for (size_t size = 0; size < whole; size += size < 80000 ? 7919 : 797)
		check_with(size);
	check_with(whole);
	assert_counts(0, 0);
	assert_int_equal(named(1), 1);
}

static void no_frames_are_no_trouble(void **state)
{
	(void)state;
	name_all();
	assert_nameless(1);
	assert_counts(0, 0);
}

/* -- Stack ---------------------------------------------------------------------------------- */

enum { STACK = 64 << 10, STACK_MOST = 4 << 10, PAINT = 0xa5 };

static ucontext_t caller;

static void name_on_own_stack(void)
{
	struct naming_wanted wanted = {0};

	naming_make(&store.naming, &store.view, &wanted, store.memory, store.size - PAGE);
}

static size_t stack_used(const unsigned char *stack)
{
	size_t untouched = 0;

	while (untouched < STACK && stack[untouched] == PAINT)
		untouched++;
	return STACK - untouched;
}

static void a_small_stack_suffices(void **state)
{
	static unsigned char stack[STACK] __attribute__((aligned(16)));
	static ucontext_t context;
	struct naming_wanted wanted = {0};
	uint32_t frame = hidden_add();

	(void)state;
	exported_of_libc_add(module_add((void *)abort), 1000);
	view_fill();
	memory_make(naming_memory(&store.view, &wanted));
	memset(stack, PAINT, sizeof stack);
	assert_int_equal(getcontext(&context), 0);
	context.uc_stack.ss_sp = stack;
	context.uc_stack.ss_size = sizeof stack;
	context.uc_link = &caller;
	makecontext(&context, name_on_own_stack, 0);
	assert_int_equal(swapcontext(&caller, &context), 0);
	assert_name(frame - 1, "shown", 2);
	print_message("stack: %zu bytes\n", stack_used(stack));
	assert_true(stack_used(stack) <= STACK_MOST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(own_functions_have_the_names_of_the_source),
		TEST(a_return_address_is_of_the_call_before_it),
		TEST(functions_of_libraries_are_those_of_dladdr),
		TEST(frames_in_no_file_have_no_name),
		TEST(a_giver_without_room_gives_nothing),
		TEST(a_name_too_long_is_cut_and_says_so),
		TEST(a_copy_with_the_same_build_id_serves),
		TEST(a_file_with_another_build_id_gives_no_names),
		TEST(a_build_id_longer_than_the_record_is_compared_as_far),
		TEST(a_file_that_was_deleted_and_came_back_serves),
		TEST(a_file_that_was_deleted_and_replaced_does_not),
		TEST(a_deleted_program_is_found_through_proc),
		TEST(a_path_through_a_link_is_followed),
		TEST(without_build_id_the_addresses_must_agree),
		TEST(every_module_without_build_id_would_be_recognised),
		TEST(a_missing_file_is_counted),
		TEST(a_directory_is_no_library),
		TEST(a_device_is_left_alone),
		TEST(a_file_that_is_no_elf_file_is_counted),
		TEST(an_empty_file_is_counted),
		TEST(a_relative_path_is_not_looked_for),
		TEST(a_path_too_long_is_counted),
		TEST(the_kernels_own_are_no_files),
		TEST(a_file_that_may_not_be_read_is_counted),
		TEST(a_fifo_neither_blocks_nor_notices),
		TEST(no_descriptor_stays_open),
		TEST(a_descriptor_that_became_the_programs_stays_open),
		TEST(without_debug_file_only_exported_functions_have_names),
		TEST(with_debug_file_all_functions_have_names),
		TEST(only_what_is_wanted_has_names),
		TEST(the_caller_of_a_maker_is_named_however_deep),
		TEST(damaged_tables_give_no_names),
		TEST(tables_of_noise_do_no_harm),
		TEST(a_hundred_thousand_frames_take_no_time),
		TEST(frames_of_the_same_place_are_looked_up_once),
		TEST(less_memory_gives_fewer_names_and_no_wrong_ones),
		TEST(no_frames_are_no_trouble),
		TEST(a_small_stack_suffices),
	};

	return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
