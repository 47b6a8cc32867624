/* Libraries that come, allocate and vanish. */
#include "hostile.h"

#include <dlfcn.h>
#include <pthread.h>

static const char *folder;

struct plugin {
	void *handle;
	void *(*allocate)(int depth, size_t size);
	int (*number)(void);
};

static struct plugin load(const char *name, int flags)
{
	char path[1000];
	struct plugin plugin;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	plugin.handle = dlopen(path, flags);
	if (!plugin.handle)
		tell("%s", dlerror());
	must(plugin.handle != NULL);
	*(void **)&plugin.allocate = dlsym(plugin.handle, "plugin_allocate");
	*(void **)&plugin.number = dlsym(plugin.handle, "plugin_number");
	must(plugin.allocate && plugin.number);
	return plugin;
}

static void *left[200];
static int count;

static void leave(void *block)
{
	must(block != NULL);
	left[count++ % 200] = block;
}

/* Two libraries take turns at the same addresses; what they allocated outlives them. */
static void taking_turns(void)
{
	void *first = NULL;
	int same = 0;

	for (int i = 0; i < 100; i++) {
		struct plugin plugin = load(i % 2 ? "plugin1.so" : "plugin2.so", RTLD_NOW);

		must(plugin.number() == (i % 2 ? 1 : 2));
		for (int depth = 0; depth < 30; depth += 10)
			leave(plugin.allocate(depth, 100 + (size_t)depth));
		if (i % 20 < 2)
			ask();
		same += (void *)plugin.allocate == first;
		first = (void *)plugin.allocate;
		must(dlclose(plugin.handle) == 0);
		if (i % 20 < 2)
			ask();
		if (i > 66) {
			for (int j = 0; j < 3; j++)
				free(left[count - 200 + j]);
		}
	}
	ask();
	tell("again at the same address: %d", same > 0);
}

static volatile bool over;

static void *allocate_meanwhile(void *unused)
{
	while (!over) {
		free(malloc(100));
		free(realloc(malloc(50), 5000));
	}
	return unused;
}

static void *load_meanwhile(void *name)
{
	for (int i = 0; i < 100; i++) {
		struct plugin plugin = load(name, RTLD_LAZY);

		free(plugin.allocate(i % 40, 1000));
		must(dlclose(plugin.handle) == 0);
	}
	return NULL;
}

static void in_threads(void)
{
	pthread_t worker[2], loader[2];

	for (int i = 0; i < 2; i++) {
		must(!pthread_create(&worker[i], NULL, allocate_meanwhile, NULL));
		must(!pthread_create(
			&loader[i], NULL, load_meanwhile, i ? "plugin1.so" : "plugin2.so"));
	}
	for (int i = 0; i < 20; i++)
		ask();
	for (int i = 0; i < 2; i++)
		pthread_join(loader[i], NULL);
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(worker[i], NULL);
	tell("done");
}

/* The file is replaced and removed while it is loaded. */
static void removed_meanwhile(void)
{
	char path[1000], copy[1100];
	struct plugin plugin;

	snprintf(path, sizeof path, "cp %s/plugin1.so %s", folder, "mine.so");
	must(system(path) == 0);
	folder = ".";
	plugin = load("mine.so", RTLD_NOW);
	leave(plugin.allocate(3, 100));
	ask();
	must(unlink("mine.so") == 0);
	leave(plugin.allocate(4, 100));
	ask();
	snprintf(copy, sizeof copy, "head -c 100 /dev/urandom > mine.so");
	must(system(copy) == 0);
	leave(plugin.allocate(5, 100));
	ask();
	must(dlclose(plugin.handle) == 0);
	ask();
	unlink("mine.so");
	tell("done");
}

/* Another libc and its malloc in a namespace of its own. */
static void name_spaces(void)
{
	char path[1000];

	snprintf(path, sizeof path, "%s/plugin1.so", folder);
	for (int i = 0; i < 8; i++) {
		void *handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
		void *(*allocate)(int, size_t);
		void (*release)(void *);

		must(handle != NULL);
		*(void **)&allocate = dlsym(handle, "plugin_allocate");
		*(void **)&release = dlsym(handle, "free");
		must(allocate && release);
		for (int j = 0; j < 100; j++) {
			char *block = allocate(j % 20, (size_t)j * 3000 + 1);

			must(block != NULL);
			block[j * 3000] = 1;
			if (j == 50)
				ask();
			release(block);
		}
		free(malloc(5000));
		must(dlclose(handle) == 0);
	}
	ask();
	tell("done");
}

/* How much static thread-local storage a library may still take must not depend on the shim. */
static void static_tls(void)
{
	static const char *const names[] = {
		"tls64.so", "tls512.so", "tls1024.so", "tls1500.so", "tls3000.so"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[1000], *(*local)(void);
		void *handle;

		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		handle = dlopen(path, RTLD_NOW);
		tell("%s: %s", names[i], handle ? "loaded" : "refused");
		if (!handle)
			continue;
		*(void **)&local = dlsym(handle, "plugin_local");
		must(local && local()[0] == 0);
		local()[10] = 1;
		ask();
		dlclose(handle);
	}
}

/* Asked in the midst of the loader's work: a constructor of a library allocates, and so do we. */
static void asked_while_loading(void)
{
	for (int i = 0; i < 30; i++) {
		struct plugin plugin = load("asking.so", RTLD_NOW);

		leave(plugin.allocate(2, 50));
		must(dlclose(plugin.handle) == 0);
	}
	tell("done");
}

/* Damaged heaps are reported by glibc as before: each in a way of its own. */
static void *volatile hidden;

static void damage(const char *kind)
{
	char *block = malloc(100), *big = malloc(200000), local[64] = "";

	ask();
	hidden = block;
	if (!strcmp(kind, "double")) {
		free(hidden);
		free(hidden);
	} else if (!strcmp(kind, "double_big")) {
		char *wide = malloc(3000), *fence = malloc(5000);
		hidden = wide;
		free(hidden);
		free(hidden);
		free(fence);
	} else if (!strcmp(kind, "inside")) {
		free(block + 16);
	} else if (!strcmp(kind, "misaligned")) {
		free(block + 1);
	} else if (!strcmp(kind, "stack")) {
		hidden = local + 16;
		free(hidden);
	} else if (!strcmp(kind, "realloc")) {
		hidden = block + 8;
		hidden = realloc(hidden, 50);
	} else if (!strcmp(kind, "size")) {
		((size_t *)block)[-1] = 0x1000001;
		free(block);
	} else if (!strcmp(kind, "mapped_size")) {
		((size_t *)big)[-1] = 12345 << 3 | 2;
		free(big);
	} else if (!strcmp(kind, "overrun")) {
		hidden = malloc(2000);
		memset(hidden, 0x41, 2100);
		free(malloc(3000));
		free(hidden);
		free(malloc(100000));
	} else if (!strcmp(kind, "low")) {
		free((void *)0x10);
	} else if (!strcmp(kind, "freed_realloc")) {
		free(hidden);
		hidden = realloc(hidden, 5000);
	}
	free(big);
	tell("not noticed");
}

static const struct scenario rows[] = {{"taking_turns", taking_turns}, {"in_threads", in_threads},
	{"removed_meanwhile", removed_meanwhile}, {"name_spaces", name_spaces},
	{"static_tls", static_tls}, {"asked_while_loading", asked_while_loading}};

int main(int argc, char **argv)
{
	folder = argc > 2 ? argv[2] : ".";
	if (argc > 2 && !strcmp(argv[1], "damage")) {
		damage(argv[2]);
		return 0;
	}
	return scenarios_run(rows, sizeof rows / sizeof *rows, argc, argv);
}
