#include "naming_file.h"
#include "descriptor.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

static const char DELETED[] = " (deleted)";

static ssize_t file_read(void *context, void *buffer, size_t size, uint64_t offset)
{
	const struct naming_file *file = context;
	ssize_t got;

	do
		got = sys_pread(file->fd, buffer, size, offset);
	while (got == -EINTR);
	return got;
}

static bool is_ours(const struct naming_file *file)
{
	struct stat status = {0};

	return sys_fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_dev == file->device && status.st_ino == file->inode;
}

bool naming_file_close(struct naming_file *file)
{
	bool ours = is_ours(file);

	if (ours)
		sys_close(file->fd);
	file->fd = -1;
	return ours;
}

/* Notes which file stands at the path, if it is a regular one, without opening it: O_PATH asks no
 * driver and no process at the other end of a FIFO. */
static int identify(struct naming_file *file)
{
	struct stat status = {0};
	int fd = sys_open(file->path, O_PATH), error;

	if (fd < 0)
		return -fd;
	error = -sys_fstat(fd, &status);
	if (error != EBADF)
		sys_close(fd);
	if (error)
		return error;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	return S_ISREG(status.st_mode) ? 0 : ENXIO;
}

int naming_file_open(struct naming_file *file, uint64_t page_size)
{
	int error = identify(file);

	if (error)
		return error;
	/* The flags are for what may have been put there since: it does not make us wait. */
	file->fd = descriptor_open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0)
		return -file->fd;
	file->source = (struct elf_source){file_read, file};
	if (!is_ours(file)) {
		sys_close(file->fd);
		return ENXIO;
	}
	error = elf_read(&file->source, page_size, &file->image);
	if (error)
		naming_file_close(file);
	return error;
}

/* The record holds the first bytes of a long one. */
static bool is_same_build(const struct elf_image *image, const struct vmatlas_module *module)
{
	size_t length = module->build_id_length;

	if (length > sizeof module->build_id || image->build_id_length < length ||
		(image->build_id_length > length && length < sizeof module->build_id))
		return false;
	return memcmp(image->build_id, module->build_id, length) == 0;
}

/* Whether the file would be loaded where the module lies, to the page. */
static bool is_same_shape(const struct elf_image *image, const struct vmatlas_module *module)
{
	uint64_t end = 0, page = image->page_size;

	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *load = &image->loads[i];

		if (load->vaddr + load->memsz > end)
			end = load->vaddr + load->memsz;
	}
	return elf_page_down(image, module->start - module->bias) == image->base &&
	       elf_page_down(image, module->end - module->bias + page - 1) ==
		       elf_page_down(image, end + page - 1);
}

static bool is_same(const struct elf_image *image, const struct vmatlas_module *module)
{
	if (module->build_id_length)
		return is_same_build(image, module);
	return is_same_shape(image, module);
}

/* Opens file->path if it is the module's file. */
static int open_same(
	struct naming_file *file, const struct view *view, const struct vmatlas_module *module)
{
	int error = naming_file_open(file, view->page_size);

	if (error || is_same(&file->image, module))
		return error;
	naming_file_close(file);
	return ESTALE;
}

static int path_take(struct naming_file *file, const struct view *view, uint32_t string)
{
	size_t length;
	const char *path = view_string(view, string, &length);

	if (length >= sizeof file->path)
		return ENAMETOOLONG;
	memcpy(file->path, path, length);
	file->path[length] = '\0';
	/* A relative one would be looked for in whatever directory the program is in by now. */
	return file->path[0] == '/' ? 0 : file->path[0] == '[' ? ENODATA : ENOENT;
}

/* Cuts off the kernel's mark; false where there is none. */
static bool path_undelete(char *path)
{
	size_t length = strlen(path), mark = sizeof DELETED - 1;

	if (length <= mark || memcmp(path + length - mark, DELETED, mark) != 0)
		return false;
	path[length - mark] = '\0';
	return true;
}

int naming_file_open_module(
	struct naming_file *file, const struct view *view, const struct vmatlas_module *module)
{
	static const char self[] = "/proc/self/exe";
	int error = path_take(file, view, module->path), last;

	if (!error)
		error = open_same(file, view, module);
	if (!error || error == ENODATA || module->build_id_length == 0)
		return error;
	if (path_undelete(file->path)) {
		error = open_same(file, view, module);
		if (!error)
			return 0;
	}
	memcpy(file->path, self, sizeof self);
	last = open_same(file, view, module);
	return last ? error : 0;
}

static char *hex(char *to, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	return to;
}

/* /usr/lib/debug/.build-id/ab/cdef....debug: the first byte, and the others (gdb's manual,
 * "Debugging Information in Separate Files"). */
static void path_debug(char *path, const struct vmatlas_module *module)
{
	static const char directory[] = "/usr/lib/debug/.build-id/", end[] = ".debug";
	char *at = path + sizeof directory - 1;

	memcpy(path, directory, sizeof directory);
	at = hex(at, module->build_id, 1);
	*at++ = '/';
	at = hex(at, module->build_id + 1, module->build_id_length - 1);
	memcpy(at, end, sizeof end);
}

int naming_file_open_debug(
	struct naming_file *file, const struct view *view, const struct vmatlas_module *module)
{
	/* One that filled the record may have been longer, and then its file has another name. */
	if (module->build_id_length < 2 || module->build_id_length >= sizeof module->build_id)
		return ENOENT;
	path_debug(file->path, module);
	return open_same(file, view, module);
}
