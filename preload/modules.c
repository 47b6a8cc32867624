#include "modules.h"
#include "ask.h"
#include "clock.h"
#include "core/maps.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"
#include "strings.h"
#include "vmatlas_store.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

/* A layout word has 16 bits for it, see layout.h. */
enum { MODULES_LIMIT = 65535 };
/* Program headers stand in the first page of every file that a linker made. */
enum { HEADER_BYTES = 4096 };

/* What tells a module from another one at the same place; same numbers as the records. */
struct identity {
	uint64_t start, end;
	uint64_t hash;         /* of its name and build-id */
	_Atomic uint32_t gone; /* another module lies there now */
};

static struct {
	struct lane lane;
	struct lane identities;
} self STORETABLES = {
	.lane = {.record_size = sizeof(struct vmatlas_module)},
	.identities = {.record_size = sizeof(struct identity)},
};

static uintptr_t page_of(uintptr_t address)
{
	return address & ~(uintptr_t)(HEADER_BYTES - 1);
}

/* Start, end and unwind table follow from the program headers. */
static void measure(struct modules_image *image)
{
	const ElfW(Phdr) *header = image->headers;
	uintptr_t start = UINTPTR_MAX, end = 0;

	for (unsigned i = 0; i < image->header_count; i++) {
		uintptr_t at = image->bias + header[i].p_vaddr;

		if (header[i].p_type == PT_GNU_EH_FRAME)
			image->unwind_table = at;
		if (header[i].p_type == PT_LOAD && page_of(at) < start)
			start = page_of(at);
		if (header[i].p_type == PT_LOAD && at + header[i].p_memsz > end)
			end = at + header[i].p_memsz;
	}
	if (end) {
		image->start = start;
		image->end = end;
	}
}

#if __GLIBC_PREREQ(2, 35)

/* Whether the file's first page is mapped here, headers and all. */
static bool headers_at(struct modules_image *image, uintptr_t start)
{
	const ElfW(Ehdr) *file = (const void *)start;

	if (memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 ||
		file->e_phentsize != sizeof(ElfW(Phdr)) || file->e_phoff > HEADER_BYTES / 2 ||
		file->e_phoff + file->e_phnum * sizeof(ElfW(Phdr)) > HEADER_BYTES)
		return false;
	image->headers = (const void *)(start + file->e_phoff);
	image->header_count = file->e_phnum;
	return true;
}

static bool readable_start(uintptr_t address)
{
	struct ask_answer answer;

	return page_of(address) == address && ask_mapping(address, &answer, NULL, 0) == 0 &&
	       (answer.perms & MAPS_READ) && answer.offset == 0;
}

/* glibc gives the whole image where its segments have no holes between them, else one segment
 * (l_contiguous in elf/dl-find_object.c). A library is linked at 0, so its bias is where it starts,
 * unless it was prelinked. */
static void headers_find(struct modules_image *image)
{
	if (!image->name[0]) {
		image->headers = (const void *)getauxval(AT_PHDR);
		image->header_count = image->headers ? (unsigned)getauxval(AT_PHNUM) : 0;
	} else if (!headers_at(image, image->start) && readable_start(image->bias)) {
		headers_at(image, image->bias);
	}
}

int modules_image(uintptr_t address, struct modules_image *image)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)address, &found))
		return ENOENT;
	*image = (struct modules_image){
		.start = (uintptr_t)found.dlfo_map_start,
		.end = (uintptr_t)found.dlfo_map_end,
		.bias = found.dlfo_link_map->l_addr,
		.unwind_table = (uintptr_t)found.dlfo_eh_frame,
		.name = found.dlfo_link_map->l_name ? found.dlfo_link_map->l_name : "",
	};
	headers_find(image);
	measure(image);
	return 0;
}

#else

struct search {
	uintptr_t address;
	struct modules_image *image;
};

static int consider(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;
	struct modules_image image = {
		.bias = info->dlpi_addr,
		.headers = info->dlpi_phdr,
		.header_count = info->dlpi_phnum,
		.name = info->dlpi_name ? info->dlpi_name : "",
	};

	(void)size;
	measure(&image);
	if (search->address - image.start >= image.end - image.start)
		return 0;
	*search->image = image;
	return 1;
}

int modules_image(uintptr_t address, struct modules_image *image)
{
	struct search search = {address, image};

	return dl_iterate_phdr(consider, &search) ? 0 : ENOENT;
}

#endif

struct modules_segment modules_segment(
	const struct modules_image *image, uintptr_t address, size_t size, uint32_t flags)
{
	const ElfW(Phdr) *header = image->headers;

	for (unsigned i = 0; i < image->header_count; i++) {
		struct modules_segment segment = {
			image->bias + header[i].p_vaddr, header[i].p_memsz};

		if (header[i].p_type == PT_LOAD && (header[i].p_flags & flags) == flags &&
			modules_holds(&segment, address, size))
			return segment;
	}
	return (struct modules_segment){0, 0};
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* The build-id among these notes; its length, or 0. */
static size_t note_find(const char *note, size_t size, const uint8_t **build_id)
{
	ElfW(Nhdr) head;
	size_t whole;

	for (; size >= sizeof head; note += whole, size -= whole) {
		memcpy(&head, note, sizeof head);
		whole = sizeof head + padded(head.n_namesz) + padded(head.n_descsz);
		if (whole > size || head.n_namesz > size || head.n_descsz > size)
			return 0;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
			memcmp(note + sizeof head, "GNU", 4) == 0) {
			*build_id = (const uint8_t *)note + sizeof head + 4;
			return head.n_descsz;
		}
	}
	return 0;
}

static size_t build_id_find(const struct modules_image *image, const uint8_t **build_id)
{
	const ElfW(Phdr) *header = image->headers;
	size_t length = 0;

	for (unsigned i = 0; i < image->header_count && !length; i++) {
		uintptr_t at = image->bias + header[i].p_vaddr;

		if (header[i].p_type == PT_NOTE &&
			modules_covers(image, at, header[i].p_memsz, PF_R))
			length = note_find((const char *)at, header[i].p_memsz, build_id);
	}
	return length;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	/* FNV-1a */
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
	return hash;
}

static struct identity identity_of(const struct modules_image *image)
{
	const uint8_t *build_id = NULL;
	size_t length = build_id_find(image, &build_id);
	uint64_t hash = mix(0xcbf29ce484222325u, image->name, strlen(image->name));

	return (struct identity){image->start, image->end, mix(hash, build_id, length), 0};
}

static uint32_t find(const struct identity *wanted)
{
	for (uint32_t id = lane_count(&self.identities); id > 0; id--) {
		const struct identity *known = lane_get(&self.identities, id);

		if (known->start == wanted->start && known->end == wanted->end &&
			known->hash == wanted->hash && !known->gone)
			return id;
	}
	return 0;
}

/* Whether there were any in this place. */
static bool others_leave(const struct identity *newcomer)
{
	bool any = false;

	for (uint32_t id = lane_count(&self.identities); id > 0; id--) {
		struct identity *known = lane_get(&self.identities, id);

		if (known->start < newcomer->end && newcomer->start < known->end && !known->gone) {
			known->gone = 1;
			any = true;
		}
	}
	return any;
}

/* The kernel's word for it is absolute and tells deleted files; the loader's serves where /proc
 * is not mounted. */
static uint32_t path_of(const struct modules_image *image, uintptr_t pc)
{
	char path[STRINGS_LONGEST];
	struct ask_answer answer;

	if (ask_mapping(pc, &answer, path, sizeof path) || !path[0])
		return strings_add(image->name, strlen(image->name));
	return strings_add(path, strlen(path));
}

static void describe(struct vmatlas_module *module, const struct modules_image *image, uintptr_t pc)
{
	const uint8_t *build_id = NULL;
	size_t length = build_id_find(image, &build_id);

	if (length > sizeof module->build_id)
		length = sizeof module->build_id;
	if (length)
		memcpy(module->build_id, build_id, length);
	module->build_id_length = (uint32_t)length;
	module->path = path_of(image, pc);
	module->loaded = clock_ticks();
	module->bias = image->bias;
	module->end = image->end;
	module->start = image->start;
}

/* The two lanes grow together; one that lost its partner to a lack of memory is never a number. */
static uint32_t append(const struct identity *identity)
{
	uint32_t id = store_append(&self.identities, MODULES_LIMIT);
	uint32_t same = lane_count(&self.lane) < id ? store_append(&self.lane, MODULES_LIMIT) : id;

	if (!id || same != id)
		return 0;
	memcpy(lane_get(&self.identities, id), identity, sizeof *identity);
	return id;
}

uint32_t modules_number(const struct modules_image *image, uintptr_t pc, bool *replaced)
{
	struct identity identity = identity_of(image);
	uint32_t id = find(&identity);
	struct held held;

	if (id || !lock_take(&locks()->modules, &held))
		return id;
	id = find(&identity);
	if (!id) {
		*replaced = others_leave(&identity);
		id = append(&identity);
		if (id)
			describe(lane_get(&self.lane, id), image, pc);
	}
	lock_release(&held);
	return id;
}

const struct lane *modules_lane(void)
{
	return &self.lane;
}
