#include "testament.h"
#include "aside.h"
#include "config.h"
#include "crowd.h"
#include "facts.h"
#include "landmark.h"
#include "process.h"
#include "store.h"
#include "storefile.h"
#include "storetables.h"
#include "sys.h"
#include "warm.h"
#include "table.h"

#include "core/snapshot.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = STOREPAGES_PAGE, STACK = 64 << 10, SCRATCH = 64 << 10, BUFFER = 16 << 10 };

/* What an account is made with; mapped for it and unmapped after it. */
struct desk {
	struct facts facts;
	struct view view;
	struct text text;
	char buffer[BUFFER];
	uint64_t scratch[SCRATCH / 8];
	char stack[STACK] __attribute__((aligned(16)));
	const struct view *given; /* a report's, or NULL */
	int maps;                 /* /proc/thread-self/maps */
	/* Where it goes; -1 to find out how long it is. */
	int fd;
	uint64_t at, end, check;
};

static struct {
	struct storefile_plan plan;
	bool begun;
	/* The tables of an account: the file has the real ones. */
	struct blocks no_blocks;
	struct lane none[VMATLAS_STOREFILE_TABLES];
} self WARM_NOT;

/* -- An account ----------------------------------------------------------------------------- */

static ssize_t read_maps(void *context, void *buffer, size_t size)
{
	return sys_read(((struct desk *)context)->maps, buffer, size);
}

static int rewind_maps(void *context)
{
	struct desk *desk = context;

	if (desk->maps >= 0)
		sys_close(desk->maps);
	desk->maps = descriptor_open("/proc/thread-self/maps", O_RDONLY);
	return desk->maps < 0 ? desk->maps : 0;
}

static const struct lane *empty(enum vmatlas_storefile_table table, const struct lane *like)
{
	lane_over(&self.none[table], NULL, 0, like ? like->record_size : 0);
	return &self.none[table];
}

/* Mappings as maps has them: what was resident then is not what is at the end. */
static void strip(struct desk *desk)
{
	struct view *view = &desk->view;

	view->blocks = &self.no_blocks;
	view->frames = empty(VMATLAS_STOREFILE_FRAMES, view->frames);
	view->origins = empty(VMATLAS_STOREFILE_ORIGINS, view->origins);
	view->moments = empty(VMATLAS_STOREFILE_MOMENTS, view->moments);
	view->births = empty(VMATLAS_STOREFILE_BIRTHS, view->births);
	view->bigs = empty(VMATLAS_STOREFILE_BIGS, view->bigs);
	view->threads = empty(VMATLAS_STOREFILE_THREADS, view->threads);
	view->regions = empty(VMATLAS_STOREFILE_REGIONS, view->regions);
	view->modules = empty(VMATLAS_STOREFILE_MODULES, view->modules);
	view->strings = empty(VMATLAS_STOREFILE_STRINGS, view->strings);
	view->weights = empty(VMATLAS_STOREFILE_WEIGHTS, view->weights);
	view->phases = view->freed = NULL;
	view->helds = 0;
	view->smaps_read = read_maps;
	view->smaps_rewind = rewind_maps;
	view->runs = NULL;
	view->context = desk;
}

static int sink(void *context, const char *bytes, size_t length)
{
	struct desk *desk = context;
	size_t done = 0;

	if (desk->fd >= 0 && desk->at + length > desk->end)
		return ENOSPC; /* there are more mappings than a moment ago */
	while (desk->fd >= 0 && done < length) {
		long got = sys_call(SYS_pwrite64, desk->fd, (long)(bytes + done),
			(long)(length - done), (long)(desk->at + done), 0, 0);

		if (got <= 0 && got != -EINTR)
			return got ? (int)-got : ENOSPC;
		done += got > 0 ? (size_t)got : 0;
	}
	desk->check = vmatlas_storefile_check(desk->check, bytes, length);
	desk->at += length;
	return 0;
}

static int write_to(struct desk *desk, int fd, uint64_t at, uint64_t room)
{
	desk->fd = fd;
	desk->at = at;
	desk->end = at + room;
	desk->check = 0;
	text_init(&desk->text, desk->buffer, sizeof desk->buffer, sink, desk);
	return snapshot_write(&desk->view, desk->scratch, sizeof desk->scratch, &desk->text, NULL);
}

static void write_account(struct desk *desk)
{
	uint64_t offset, room;
	int fd;

	if (write_to(desk, -1, 0, 0))
		return;
	room = desk->at + desk->at / 8 + PAGE;
	fd = storefile_account(room, &offset);
	if (fd < 0)
		return;
	if (!write_to(desk, fd, offset, room))
		storefile_account_end(offset, desk->at - offset, desk->check);
	sys_close(fd);
}

static void work(void *argument, const struct aside_registers *registers)
{
	struct desk *desk = argument;
	struct view_clock *now = &desk->view.now;

	(void)registers;
	if (desk->given)
		desk->view = *desk->given;
	else
		facts_gather(&desk->facts, &desk->view, 0, "start");
	storefile_clock(&(struct vmatlas_instant){now->ticks, now->realtime_ns, now->monotonic_ns});
	desk->view.own[desk->view.owns++] =
		(struct view_range){(uintptr_t)desk, (uintptr_t)desk + sizeof *desk};
	strip(desk);
	write_account(desk);
	if (desk->maps >= 0)
		sys_close(desk->maps);
	if (!desk->given)
		facts_close(&desk->facts);
}

void testament_write(const struct view *view)
{
	struct desk *desk;

	if (!storefile_is())
		return;
	desk = sys_mmap_anonymous(sizeof *desk, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	if (!desk)
		return;
	desk->given = view;
	desk->maps = -1;
	aside_switch(work, desk, desk->stack + sizeof desk->stack);
	sys_munmap(desk, sizeof *desk);
}

static void opened(void)
{
	uint64_t signals;

	sys_signals_block(&signals);
	testament_write(NULL);
	sys_signals_restore(&signals);
}

/* -- The plan ------------------------------------------------------------------------------- */

/* The program's own name, without what a name in a directory cannot be. */
static void plan_name(void)
{
	char path[1024];
	long length = sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/thread-self/exe", (long)path,
		sizeof path - 1, 0, 0);
	const char *slash;

	path[length > 0 ? length : 0] = 0;
	slash = strrchr(path, '/');
	strncpy(self.plan.name, slash ? slash + 1 : "program", sizeof self.plan.name - 1);
}

static void plan(void)
{
	strcpy(self.plan.directory, config()->store);
	plan_name();
	self.plan.tables = storetables();
	landmark_describe(&self.plan.head);
	self.plan.wiped = (struct storefile_range){(uintptr_t)&table_live, sizeof table_live};
	self.plan.opened = opened;
	storefile_plan(&self.plan);
}

/* -- Moments -------------------------------------------------------------------------------- */

static void move(void)
{
	uint64_t signals;

	if (!storefile_wanted())
		return;
	sys_signals_block(&signals);
	store_move();
	sys_signals_restore(&signals);
}

void testament_boot(void)
{
	if (self.begun)
		return;
	self.begun = true;
	config_boot(environ);
	if (!config()->store[0])
		return;
	plan();
	move();
}

void testament_move(void)
{
	testament_boot();
	move();
}

void testament_end(void)
{
	if (storefile_is() && !process_vforked())
		storefile_end();
}

/* With other threads the tables could not move into another file, should it fail. */
void testament_leave(void)
{
	if (storefile_is() && !process_vforked())
		storefile_leave(crowd_threads() == 1);
}

void testament_stay(void)
{
	if (storefile_is() && !process_vforked())
		storefile_stay();
}
