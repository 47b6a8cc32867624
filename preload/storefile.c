#include "storefile.h"
#include "storepath.h"
#include "sys.h"

#include "core/text.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>

enum {
	/* A parent waits for so long, in steps, for a child to take over its tables: 1 GiB of them
	 * takes half a second. A child that is stopped, as by a debugger, is not waited for. */
	FORK_STEP_MS = 10,
	FORK_STEPS = 100,
	FORK_TOKENS = 64,
};

/* The head as it lies in the file, and what parent and child tell each other by it. */
struct head {
	struct vmatlas_storefile file;
	_Atomic uint32_t settled[FORK_TOKENS]; /* tokens of children that have their own memory */
};
_Static_assert(sizeof(struct head) <= VMATLAS_STOREFILE_HEAD, "the head has room");

static struct {
	const struct storefile_plan *plan; /* NULL: no file is wanted */
	struct storepath path;
	struct head *head;              /* in the file; NULL: there is none */
	struct head *former;            /* a parent's, until it has heard from us */
	char *mirror;                   /* in the file: what the wiped range has */
	struct vmatlas_storefile draft; /* of a head */
	/* What of it this process has mapped. A parent's own list may grow after the fork. */
	struct vmatlas_piece piece[VMATLAS_PIECES_MOST];
	uint32_t pieces;
	_Atomic uint64_t end; /* of the file */
	/* No file yet; a parent's tables, taken over late; the wiped range has its own pages; a
	 * fork finds it wiped, which only who has a file can make good; the name is gone. */
	bool wanted, late, apart, wiping, removed;
	int error;
	uint64_t missing;
	_Atomic uint32_t forks;
	/* Where the accounts of this file lie, and how long each may be; and the last one's turn.
	 */
	uint64_t account_at[2], account_room[2], turn;
} self;

void storefile_plan(const struct storefile_plan *plan)
{
	self.plan = plan;
	self.wanted = true;
}

bool storefile_wanted(void)
{
	return self.wanted;
}

bool storefile_is(void)
{
	return self.head != NULL;
}

int storefile_error(void)
{
	return self.error;
}

uint64_t storefile_missing(void)
{
	return self.missing;
}

bool storefile_inherited_late(void)
{
	return self.late;
}

/* -- Pieces --------------------------------------------------------------------------------- */

static bool keep(uintptr_t address, size_t size, uint64_t offset)
{
	if (self.pieces == VMATLAS_PIECES_MOST)
		return false;
	self.piece[self.pieces++] = (struct vmatlas_piece){address, size, offset};
	return true;
}

/* The same, and who reads the file knows. */
static void note(uintptr_t address, size_t size, uint64_t offset)
{
	struct vmatlas_storefile *file = &self.head->file;

	if (!keep(address, size, offset))
		return;
	file->piece[self.pieces - 1] = self.piece[self.pieces - 1];
	__atomic_store_n(&file->pieces, self.pieces, __ATOMIC_RELEASE);
}

/* Room for so much more; its offset, or 0 and *error. */
static uint64_t extend(int fd, size_t size, int *error)
{
	uint64_t offset = atomic_fetch_add(&self.end, size);

	*error = storepath_allocate(fd, offset, size);
	return *error ? 0 : offset;
}

void *storefile_map(size_t size)
{
	void *memory = NULL;
	uint64_t offset;
	int fd, error;

	fd = self.head && self.pieces < VMATLAS_PIECES_MOST ? storepath_open(&self.path) : -1;
	if (fd < 0)
		return NULL;
	offset = extend(fd, size, &error);
	if (offset)
		memory = storepages_map(fd, NULL, size, offset);
	sys_close(fd);
	if (memory)
		note((uintptr_t)memory, size, offset);
	return memory;
}

void storefile_outside(uintptr_t start, size_t size)
{
	if (!self.head)
		return;
	self.missing += size;
	note(start, size, 0);
}

/* -- Moving in ------------------------------------------------------------------------------ */

/* First all is copied, then the file gets its name, then its pages come in the place of ours: so
 * who is killed in the midst of it leaves a whole store, or none. */
static int fill_range(int fd, const struct storefile_range *range, size_t used)
{
	int error;
	uint64_t offset = extend(fd, range->size, &error);

	if (error)
		return error;
	if (!keep(range->start, range->size, offset))
		return ENOSPC;
	return storepages_copy(fd, range->start, storepages_up(used), offset);
}

static int fill_head(int fd)
{
	long done;

	memcpy(self.draft.piece, self.piece, sizeof self.draft.piece);
	self.draft.pieces = self.pieces;
	done = sys_call(SYS_pwrite64, fd, (long)&self.draft, sizeof self.draft, 0, 0, 0);
	return done == (long)sizeof self.draft ? 0 : done < 0 ? (int)-done : ENOSPC;
}

static void draft(void)
{
	self.draft = self.plan->head;
	self.draft.pid = (uint32_t)sys_getpid();
	memcpy(self.draft.magic, VMATLAS_STOREFILE_MAGIC, sizeof self.draft.magic);
	self.removed = false;
	self.pieces = 0;
	self.missing = self.turn = 0;
	memset(self.account_room, 0, sizeof self.account_room);
	self.end = VMATLAS_STOREFILE_HEAD;
}

/* The wiped range comes last. */
static int fill(int fd, const struct storefile_range *chunks, const size_t *used, unsigned count)
{
	const struct storefile_plan *plan = self.plan;
	int error = storepath_allocate(fd, 0, VMATLAS_STOREFILE_HEAD);

	draft();
	for (unsigned i = 0; !error && i < count; i++)
		error = fill_range(fd, &chunks[i], used[i]);
	if (!error)
		error = fill_range(fd, &plan->tables, plan->tables.size);
	if (!error)
		error = fill_range(fd, &plan->wiped, plan->wiped.size);
	return error ? error : fill_head(fd);
}

void storefile_mirror(const void *at, size_t size)
{
	if (self.mirror)
		memcpy(self.mirror + ((uintptr_t)at - self.plan->wiped.start), at, size);
}

/* There is no mirror from which a fork could have the wiped range back. */
static void stop_wiping(void)
{
	const struct storefile_range *wiped = &self.plan->wiped;

	if (self.wiping)
		self.wiping = sys_madvise((void *)wiped->start, wiped->size, MADV_KEEPONFORK) != 0;
}

static void unmap_former(void)
{
	if (self.former)
		sys_munmap(self.former, VMATLAS_STOREFILE_HEAD);
	self.former = NULL;
}

static void unmap_head(void)
{
	if (self.head)
		sys_munmap(self.head, VMATLAS_STOREFILE_HEAD);
	if (self.mirror)
		sys_munmap(self.mirror, self.plan->wiped.size);
	self.head = NULL;
	self.mirror = NULL;
}

/* In place of our own pages, those of the file; the wiped range is ours alone, and its mirror lies
 * elsewhere. How many were mapped. */
static uint32_t map_pieces(int fd)
{
	const struct storefile_range *wiped = &self.plan->wiped;
	uint32_t mapped = 0;

	for (; mapped < self.pieces; mapped++) {
		const struct vmatlas_piece *piece = &self.piece[mapped];
		bool is_wiped = piece->address == wiped->start;
		void *at = is_wiped ? NULL : (void *)(uintptr_t)piece->address;
		void *memory = storepages_map(fd, at, piece->size, piece->offset);

		if (!memory)
			break;
		if (is_wiped)
			self.mirror = memory;
	}
	return mapped;
}

static void privatize(uint32_t pieces)
{
	int fd = storepath_open(&self.path);

	for (uint32_t i = 0; i < pieces; i++) {
		const struct vmatlas_piece *piece = &self.piece[i];

		if (piece->offset && piece->address != self.plan->wiped.start)
			storepages_privatize(fd, piece->address, piece->size, piece->offset);
	}
	if (fd >= 0)
		sys_close(fd);
}

static int map_all(void)
{
	int fd = storepath_open(&self.path), error = 0;
	uint32_t mapped = 0;

	if (fd < 0)
		return -fd;
	if (!self.wiping)
		error = storepages_wipe_on_fork(self.plan->wiped.start, self.plan->wiped.size);
	self.wiping |= !error;
	self.apart |= self.wiping;
	unmap_former();
	unmap_head();
	if (!error)
		self.head = storepages_map(fd, NULL, VMATLAS_STOREFILE_HEAD, 0);
	if (self.head)
		mapped = map_pieces(fd);
	sys_close(fd);
	if (self.head && mapped == self.pieces)
		return 0;
	privatize(mapped);
	stop_wiping();
	unmap_head();
	return error ? error : ENOMEM;
}

int storefile_open(const struct storefile_range *chunks, const size_t *used, unsigned count)
{
	const struct storepath_place place = {self.plan->directory, self.plan->name, sys_getpid()};
	int fd = storepath_create(&self.path, &place);

	self.wanted = false;
	self.error = fd < 0 ? -fd : fill(fd, chunks, used, count);
	if (!self.error)
		self.error = storepath_name(&self.path, &place, fd);
	else if (fd >= 0)
		storepath_abandon(&self.path);
	if (fd >= 0)
		sys_close(fd);
	if (!self.error) {
		self.error = map_all();
		if (self.error)
			storepath_remove(&self.path);
	}
	if (self.error)
		self.pieces = 0;
	return self.error;
}

void storefile_tell(void)
{
	self.plan->opened();
}

/* -- Forks ---------------------------------------------------------------------------------- */

/* The parent went on: what it has mapped since, our copies of its tables may point to. */
static void stand_in(const struct vmatlas_piece *piece)
{
	sys_call(SYS_mmap, (long)piece->address, (long)piece->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

void storefile_forked(void)
{
	const struct storefile_range *wiped;
	const struct vmatlas_storefile *file;
	uint32_t now;

	if (!self.head)
		return;
	wiped = &self.plan->wiped;
	file = &self.head->file;
	privatize(self.pieces);
	memcpy((void *)wiped->start, self.mirror, wiped->size);
	stop_wiping();
	now = __atomic_load_n(&file->pieces, __ATOMIC_ACQUIRE);
	for (uint32_t i = self.pieces; i < now && i < VMATLAS_PIECES_MOST; i++)
		stand_in(&file->piece[i]);
	unmap_former();
	self.former = self.head;
	self.head = NULL;
	unmap_head();
	self.pieces = 0;
	self.late = true; /* until we hear that the parent waits for us */
	self.wanted = !self.removed;
}

uint32_t storefile_fork_begin(void)
{
	return self.head ? atomic_fetch_add(&self.forks, 1) + 1 : 0;
}

static _Atomic uint32_t *word_of(struct head *head, uint32_t token)
{
	return &head->settled[token % FORK_TOKENS];
}

void storefile_fork_settled(uint32_t token)
{
	_Atomic uint32_t *word;

	if (!token || !self.former)
		return;
	word = word_of(self.former, token);
	self.late = false;
	atomic_store(word, token);
	sys_call(SYS_futex, (long)word, FUTEX_WAKE, INT32_MAX, 0, 0, 0);
	unmap_former();
}

void storefile_fork_end(uint32_t token, bool forked)
{
	const struct timespec step = {0, FORK_STEP_MS * 1000000};
	_Atomic uint32_t *word;

	if (!token || !forked || !self.head)
		return;
	word = word_of(self.head, token);
	for (int i = 0; i < FORK_STEPS; i++) {
		uint32_t now = atomic_load(word);

		if (now == token)
			return;
		sys_call(SYS_futex, (long)word, FUTEX_WAIT, now, (long)&step, 0, 0);
	}
}

/* -- What is said beside the tables --------------------------------------------------------- */

/* Word by word; a reader that meets it half written is off by the time between two of these. */
void storefile_clock(const struct vmatlas_instant *now)
{
	if (self.head)
		self.head->file.later = *now;
}

static bool make_room(int fd, unsigned slot, uint64_t length)
{
	/* Half as much again: the next one is longer. */
	size_t room = storepages_up(length + length / 2);
	int error;

	if (self.account_room[slot] >= length)
		return true;
	self.account_at[slot] = extend(fd, room, &error);
	self.account_room[slot] = self.account_at[slot] ? room : 0;
	return self.account_at[slot] != 0;
}

int storefile_account(uint64_t length, uint64_t *offset)
{
	unsigned slot = (self.turn + 1) % 2;
	int fd = self.head ? storepath_open(&self.path) : -ENOENT;

	if (fd < 0)
		return fd;
	/* While it is written, it does not count. */
	__atomic_store_n(&self.head->file.account[slot].turn, 0, __ATOMIC_SEQ_CST);
	if (!make_room(fd, slot, length)) {
		sys_close(fd);
		return -ENOSPC;
	}
	*offset = self.account_at[slot];
	return fd;
}

void storefile_account_end(uint64_t offset, uint64_t length, uint64_t check)
{
	struct vmatlas_account *account;

	if (!self.head)
		return;
	account = &self.head->file.account[++self.turn % 2];
	account->offset = offset;
	account->length = length;
	account->check = check;
	__atomic_store_n(&account->turn, self.turn, __ATOMIC_RELEASE);
}

/* -- Ends ----------------------------------------------------------------------------------- */

static void leave(enum vmatlas_storefile_state state, bool remove)
{
	if (!self.head || self.removed)
		return;
	self.head->file.state = state;
	self.removed = remove && !storepath_remove(&self.path);
}

void storefile_end(void)
{
	self.wanted = false;
	leave(VMATLAS_STOREFILE_ENDED, true);
}

void storefile_leave(bool remove)
{
	leave(VMATLAS_STOREFILE_BECAME, remove);
}

/* Without its name the file is lost for others; the next growth of the tables moves into another.
 */
void storefile_stay(void)
{
	if (!self.head)
		return;
	self.head->file.state = VMATLAS_STOREFILE_RUNNING;
	self.wanted = self.removed;
}

unsigned storefile_own(struct storefile_range *ranges, unsigned capacity)
{
	unsigned count = 0;

	if (!self.plan || !self.apart)
		return 0;
	if (count < capacity)
		ranges[count++] = self.plan->tables;
	if (count < capacity)
		ranges[count++] = self.plan->wiped;
	if (self.head && count < capacity)
		ranges[count++] =
			(struct storefile_range){(uintptr_t)self.head, VMATLAS_STOREFILE_HEAD};
	if (self.mirror && count < capacity)
		ranges[count++] =
			(struct storefile_range){(uintptr_t)self.mirror, self.plan->wiped.size};
	return count;
}
