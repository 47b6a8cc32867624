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

int relic_memory_fault(const struct relic_memory *memory, uint64_t offset, const char *reason)
{
	memory->fault->offset = offset;
	snprintf(memory->fault->reason, sizeof(memory->fault->reason), "%s", reason);
	return EILSEQ;
}

/* -- Reading -------------------------------------------------------------------------------- */

static int read_at(const struct relic_memory *memory, uint64_t offset, void *bytes, size_t size)
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

char *relic_memory_bytes(const struct relic_memory *memory, uint64_t offset, uint64_t length)
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

static int fill(const struct relic_memory *memory, const struct relic_piece *piece)
{
	char buffer[STEP];
	uint64_t done = 0;
	int error = 0;

	while (!error && done < piece->size) {
		uint64_t from = past_hole(memory, piece->offset + done) - piece->offset;
		size_t step;

		done = from > done ? from & ~(uint64_t)7 : done;
		if (done >= piece->size)
			break;
		step = piece->size - done < STEP ? piece->size - done : STEP;
		error = read_at(memory, piece->offset + done, buffer, step);
		if (!error && !is_zero(buffer, step))
			memcpy(piece->bytes + done, buffer, step);
		done += step;
	}
	return error;
}

static int read_piece(const struct relic_memory *memory, struct relic_piece *piece)
{
	void *bytes = mmap(NULL, piece->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (bytes == MAP_FAILED)
		return ENOMEM;
	piece->bytes = bytes;
	return fill(memory, piece);
}

/* -- Pieces --------------------------------------------------------------------------------- */

static bool overlaps(const struct relic_memory *memory, const struct vmatlas_piece *piece)
{
	for (size_t i = 0; i < memory->pieces; i++) {
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

struct relic_piece *relic_memory_add(
	struct relic_memory *memory, uint64_t address, uint64_t size, uint64_t offset)
{
	struct relic_piece *piece = &memory->piece[memory->pieces++];

	*piece = (struct relic_piece){.address = address, .size = size, .offset = offset};
	memory->size += size;
	return piece;
}

static int by_address(const void *left, const void *right)
{
	const struct relic_piece *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static int take_pieces(struct relic_memory *memory)
{
	uint32_t count = memory->head.pieces;
	int error = 0;

	if (count > VMATLAS_PIECES_MOST)
		return relic_memory_fault(memory, offsetof(struct vmatlas_storefile, pieces),
			"more pieces than there can be");
	memory->piece = calloc(VMATLAS_PIECES_MOST, sizeof(*memory->piece));
	if (!memory->piece)
		return ENOMEM;
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
			error = read_piece(memory, relic_memory_add(memory, piece->address,
							   piece->size, piece->offset));
	}
	qsort(memory->piece, memory->pieces, sizeof(*memory->piece), by_address);
	return error;
}

/* -- The head ------------------------------------------------------------------------------- */

int relic_memory_check(const struct relic_memory *memory)
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
		error = relic_memory_check(memory);
	return error ? error : take_pieces(memory);
}

/* -- The whole ------------------------------------------------------------------------------ */

void relic_memory_free(struct relic_memory *memory)
{
	for (size_t i = 0; i < memory->pieces; i++)
		if (memory->piece[i].bytes)
			munmap(memory->piece[i].bytes, memory->piece[i].size);
	free(memory->piece);
}

/* The piece that holds the address, or NULL. */
static struct relic_piece *find(const struct relic_memory *memory, uint64_t address)
{
	size_t from = 0, to = memory->pieces;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		struct relic_piece *piece = &memory->piece[middle];

		if (address >= piece->address && address - piece->address < piece->size)
			return piece;
		if (address < piece->address)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool is_there(const struct relic_memory *memory, struct relic_piece *piece)
{
	if (!piece->bytes && !piece->absent)
		piece->absent = read_piece(memory, piece) != 0;
	return !piece->absent;
}

const void *relic_memory_at(const struct relic_memory *memory, uint64_t address, uint64_t size)
{
	struct relic_piece *piece = address & 7 ? NULL : find(memory, address);

	if (!piece || size > piece->size || address - piece->address > piece->size - size ||
		!is_there(memory, piece))
		return NULL;
	return piece->bytes + (address - piece->address);
}
