#include "shimstate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../preload/core/maps_reader.h"
#include "vmatlas_store.h"

/* The state is in the shim's data or bss, which are some hundred KiB. It is looked for there by
 * what it says of itself and not by the symbol table of the file: the file may have been removed
 * or replaced since, may lie in another mount namespace, and is the other user's to forge. */
enum { SEARCH_MOST = 64 << 20, STEP = 64 << 10 };

static const char NAME[] = "/libvmatlas.so";

/* One walk over the mappings. */
struct search {
	pid_t pid;
	struct shimstate *shim;
	struct maps_line last; /* a mapping of the library, or bss behind one */
	bool inside;           /* `last` is such */
	int error;             /* ENOENT: not seen yet */
};

static ssize_t read_file(void *context, void *buffer, size_t size)
{
	ssize_t got = read(*(int *)context, buffer, size);

	return got < 0 ? -errno : got;
}

/* How much could be read, or a negative errno. */
static ssize_t read_some(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = {buffer, size}, remote = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return got < 0 ? -errno : got;
}

static bool is_shim(const struct maps_line *mapping)
{
	const char *name = memmem(mapping->path, mapping->path_length, NAME, sizeof(NAME) - 1);
	size_t rest;

	if (!name)
		return false;
	rest = mapping->path_length - (size_t)(name - mapping->path) - (sizeof(NAME) - 1);
	return !memchr(name + 1, '/', rest + sizeof(NAME) - 2);
}

/* Some of its pages may be a store's (VMATLAS_STORE): they divide the rest. */
static bool is_store(const struct maps_line *mapping)
{
	return mapping->perms & MAPS_SHARED &&
	       memmem(mapping->path, mapping->path_length, "/vmatlas.", 9) &&
	       memmem(mapping->path, mapping->path_length, ".store", 6);
}

static bool is_sound(const struct vmatlas_state *state)
{
	return state->magic == VMATLAS_STATE_MAGIC && state->signal >= 0 && state->signal <= 64;
}

/* True when it is found, or is found to be of another version. */
static bool look_at(struct search *search, uint64_t address, const struct vmatlas_state *state)
{
	if (!is_sound(state))
		return false;
	search->shim->address = address;
	search->shim->version = state->version;
	search->error = state->version == VMATLAS_STORE_VERSION && state->size == sizeof(*state)
				? 0
				: EPROTO;
	return true;
}

/* Looks for what begins in [start, end) and within STEP; it may reach into the next mapping, as
 * bss does that begins in the last page of data. */
static bool search_step(struct search *search, uint64_t start, uint64_t end)
{
	static char buffer[STEP + sizeof(struct vmatlas_state)];
	const ssize_t head = offsetof(struct vmatlas_state, path);
	ssize_t got = read_some(search->pid, start, buffer, sizeof(buffer));

	if (got == -EPERM || got == -ESRCH) {
		search->error = (int)-got;
		return true;
	}
	for (ssize_t at = 0; at + head <= got && at < STEP && start + at < end; at += 8) {
		struct vmatlas_state state = {0};

		memcpy(&state, buffer + at, head);
		if (look_at(search, start + at, &state))
			return true;
	}
	return false;
}

static bool search_mapping(struct search *search, const struct maps_line *mapping)
{
	uint64_t end = mapping->end;

	if (end - mapping->start > SEARCH_MOST)
		end = mapping->start + SEARCH_MOST;
	for (uint64_t at = mapping->start; at < end; at += STEP)
		if (search_step(search, at, end))
			return true;
	return false;
}

static void keep_library(struct search *search, const struct maps_line *mapping)
{
	size_t length = mapping->path_length;

	if (length >= sizeof(search->shim->library))
		length = sizeof(search->shim->library) - 1;
	memcpy(search->shim->library, mapping->path, length);
	search->shim->library[length] = '\0';
}

/* True when the search is over. */
static bool visit(struct search *search, const struct maps_line *mapping)
{
	const uint8_t writable = MAPS_READ | MAPS_WRITE;
	bool shim = is_shim(mapping);
	bool behind = search->inside && mapping->start == search->last.end;
	bool bss = behind && maps_line_anonymous(mapping) && !mapping->path_length;

	if (shim && search->error == ENOENT) {
		keep_library(search, mapping);
		search->error = EAGAIN;
	}
	search->inside = shim || bss || (behind && is_store(mapping));
	search->last = *mapping;
	return (shim || bss) && (mapping->perms & writable) == writable &&
	       search_mapping(search, mapping);
}

int shimstate_find(pid_t pid, struct shimstate *shim)
{
	struct search search = {.pid = pid, .shim = shim, .error = ENOENT};
	struct maps_reader reader;
	struct maps_line mapping;
	char path[64], buffer[16384];
	int maps, got;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = open(path, O_RDONLY | O_CLOEXEC);
	if (maps < 0)
		return errno == ENOENT ? ESRCH : errno;
	maps_reader_init(&reader, buffer, sizeof(buffer), read_file, &maps);
	while ((got = maps_reader_take(&reader, &mapping)) > 0 && !visit(&search, &mapping))
		;
	close(maps);
	return got < 0 && search.error == ENOENT ? -got : search.error;
}

int shimstate_read(pid_t pid, const struct shimstate *shim, struct vmatlas_state *state)
{
	struct vmatlas_state now = {0};
	ssize_t got = read_some(pid, shim->address, &now, sizeof(now));

	if (got == -EPERM)
		return EPERM;
	/* Gone, or another program in the same process. */
	if (got != sizeof(now) || !is_sound(&now))
		return ESRCH;
	now.path[sizeof(now.path) - 1] = now.private_path[sizeof(now.private_path) - 1] = '\0';
	*state = now;
	return 0;
}
