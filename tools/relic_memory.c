#include "relic_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../preload/core/blocks.h"

/* So much is read at once, and what is zeros takes no memory. */
enum { STEP = 64 << 10 };

int relic_memory_fault(struct relic_memory *memory, uint64_t offset, const char *reason)
{
	memory->fault->offset = offset;
	snprintf(memory->fault->reason, sizeof(memory->fault->reason), "%s", reason);
	return EILSEQ;
}

/* -- Reading -------------------------------------------------------------------------------- */

static int read_at(struct relic_memory *memory, uint64_t offset, void *bytes, size_t size)
{
	errno = 0;
	if (fseeko(memory->file, (off_t)offset, SEEK_SET))
		return errno ? errno : EIO;
	if (fread(bytes, 1, size, memory->file) == size)
		return 0;
	if (ferror(memory->file) && errno)
		return errno;
	return relic_memory_fault(memory, offset, "the file is cut short here");
}

char *relic_memory_bytes(struct relic_memory *memory, uint64_t offset, uint64_t length)
{
	char *bytes;

	if (length > memory->file_size || offset > memory->file_size - length)
		return NULL;
	bytes = malloc(length + 1);
	if (bytes && read_at(memory, offset, bytes, length)) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

/* Where the next byte is that is no hole's, as far as the file system tells; a file in memory has
 * no holes. */
static uint64_t past_hole(const struct relic_memory *memory, uint64_t offset)
{
	int fd = fileno(memory->file);
	off_t data = fd < 0 ? -1 : lseek(fd, (off_t)offset, SEEK_DATA);

	if (data >= 0)
		return (uint64_t)data;
	return fd >= 0 && errno == ENXIO ? memory->file_size : offset;
}

static bool is_zero(const char *bytes, size_t size)
{
	return size == 0 || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

static int fill(struct relic_memory *memory, const struct relic_piece *piece, uint64_t offset)
{
	char buffer[STEP];
	uint64_t done = 0;
	int error = 0;

	while (!error && done < piece->size) {
		uint64_t from = past_hole(memory, offset + done) - offset;
		size_t step;

		done = from > done ? from & ~(uint64_t)7 : done;
		if (done >= piece->size)
			break;
		step = piece->size - done < STEP ? piece->size - done : STEP;
		error = read_at(memory, offset + done, buffer, step);
		if (!error && !is_zero(buffer, step))
			memcpy(piece->bytes + done, buffer, step);
		done += step;
	}
	return error;
}

/* -- Pieces --------------------------------------------------------------------------------- */

static bool overlaps(const struct relic_memory *memory, const struct vmatlas_piece *piece)
{
	for (unsigned i = 0; i < memory->pieces; i++) {
		const struct relic_piece *other = &memory->piece[i];

		if (piece->address < other->address + other->size &&
			other->address < piece->address + piece->size)
			return true;
	}
	return false;
}

static bool makes_sense(const struct relic_memory *memory, const struct vmatlas_piece *piece)
{
	const uint64_t most = (uint64_t)1 << BLOCKS_ADDRESS_BITS;

	return piece->size && !((piece->address | piece->size | piece->offset) % 4096) &&
	       piece->size <= most && piece->address <= most - piece->size &&
	       !overlaps(memory, piece);
}

static bool is_in_file(const struct relic_memory *memory, const struct vmatlas_piece *piece)
{
	return piece->size <= memory->file_size &&
	       piece->offset <= memory->file_size - piece->size &&
	       piece->size <= memory->file_size - memory->size;
}

static int take(struct relic_memory *memory, const struct vmatlas_piece *piece)
{
	struct relic_piece *made = &memory->piece[memory->pieces];

	made->address = piece->address;
	made->size = piece->size;
	made->bytes = mmap(NULL, piece->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (made->bytes == MAP_FAILED)
		return ENOMEM;
	memory->pieces++;
	memory->size += piece->size;
	return fill(memory, made, piece->offset);
}

static int take_pieces(struct relic_memory *memory)
{
	uint32_t count = memory->head.pieces;
	int error = 0;

	if (count > VMATLAS_PIECES_MOST)
		return relic_memory_fault(memory, offsetof(struct vmatlas_storefile, pieces),
			"more pieces than there can be");
	for (uint32_t i = 0; i < count && !error; i++) {
		const struct vmatlas_piece *piece = &memory->head.piece[i];
		uint64_t at = offsetof(struct vmatlas_storefile, piece) + i * sizeof(*piece);

		if (!piece->offset)
			memory->missing += piece->size;
		else if (!makes_sense(memory, piece))
			error = relic_memory_fault(memory, at, "a piece of memory that is none");
		else if (!is_in_file(memory, piece))
			error = relic_memory_fault(memory, at, "a piece that is not in the file");
		else
			error = take(memory, piece);
	}
	return error;
}

/* -- The head ------------------------------------------------------------------------------- */

static int check_head(struct relic_memory *memory)
{
	const struct vmatlas_storefile *head = &memory->head;

	if (head->byte_order == __builtin_bswap32(VMATLAS_BYTE_ORDER))
		return relic_memory_fault(memory, 0, "from a machine of the other byte order");
	if (head->byte_order != VMATLAS_BYTE_ORDER)
		return relic_memory_fault(memory, 8, "no byte order");
	if (head->version != VMATLAS_STOREFILE_VERSION ||
		head->record_version != VMATLAS_STORE_VERSION ||
		head->lane_bytes != sizeof(struct lane) ||
		head->leaf_bytes != sizeof(struct blocks_leaf) ||
		head->blocks_bytes != sizeof(struct blocks))
		return relic_memory_fault(
			memory, 0, "the store of another version: only its own vmatlas reads it");
	if (head->page_size != 4096)
		return relic_memory_fault(
			memory, offsetof(struct vmatlas_storefile, page_size), "odd pages");
	return 0;
}

static int find_size(struct relic_memory *memory)
{
	off_t size;

	if (fseeko(memory->file, 0, SEEK_END) || (size = ftello(memory->file)) < 0) {
		relic_memory_fault(memory, 0, "a store must be a file: it is not read in one go");
		return EILSEQ;
	}
	memory->file_size = (uint64_t)size;
	return 0;
}

int relic_memory_read(struct relic_memory *memory, FILE *file, struct snapshot_fault *fault)
{
	int error;

	*memory = (struct relic_memory){.file = file, .fault = fault};
	error = find_size(memory);
	if (!error)
		error = read_at(memory, 0, &memory->head, sizeof(memory->head));
	if (!error)
		error = check_head(memory);
	return error ? error : take_pieces(memory);
}

void relic_memory_free(struct relic_memory *memory)
{
	for (unsigned i = 0; i < memory->pieces; i++)
		munmap(memory->piece[i].bytes, memory->piece[i].size);
}

const void *relic_memory_at(const struct relic_memory *memory, uint64_t address, uint64_t size)
{
	for (unsigned i = 0; i < memory->pieces && !(address & 7); i++) {
		const struct relic_piece *piece = &memory->piece[i];

		if (address >= piece->address && size <= piece->size &&
			address - piece->address <= piece->size - size)
			return piece->bytes + (address - piece->address);
	}
	return NULL;
}
