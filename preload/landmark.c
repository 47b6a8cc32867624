#include "landmark.h"
#include "boot.h"
#include "clock.h"
#include "facts.h"
#include "process.h"
#include "storepages.h"
#include "table.h"
#include "thread.h"
#include "track.h"

#include <string.h>

/* Kept small: the rest of the head would be most of a page that each process had to touch. */
static struct {
	_Alignas(8) char bytes[VMATLAS_STOREFILE_KNOWN];
} self;

static void add_tables(struct vmatlas_storefile *head)
{
	struct view view = {0};
	const struct lane *tables[VMATLAS_STOREFILE_TABLES];

	facts_tables(&view);
	tables[VMATLAS_STOREFILE_FRAMES] = view.frames;
	tables[VMATLAS_STOREFILE_ORIGINS] = view.origins;
	tables[VMATLAS_STOREFILE_MOMENTS] = view.moments;
	tables[VMATLAS_STOREFILE_BIRTHS] = view.births;
	tables[VMATLAS_STOREFILE_BIGS] = view.bigs;
	tables[VMATLAS_STOREFILE_THREADS] = view.threads;
	tables[VMATLAS_STOREFILE_REGIONS] = view.regions;
	tables[VMATLAS_STOREFILE_MODULES] = view.modules;
	tables[VMATLAS_STOREFILE_STRINGS] = view.strings;
	tables[VMATLAS_STOREFILE_PHASES] = view.phases;
	tables[VMATLAS_STOREFILE_FREED] = view.freed;
	tables[VMATLAS_STOREFILE_WEIGHTS] = view.sample_mean ? view.weights : NULL;
	tables[VMATLAS_STOREFILE_SLOTS] = thread_slots();
	for (unsigned table = 0; table < VMATLAS_STOREFILE_TABLES; table++)
		head->table[table] = (uintptr_t)tables[table];
	head->sample = view.sample_mean;
	head->history = view.freed ? view.history : 0;
}

static struct vmatlas_instant start_instant(void)
{
	struct clock_pair start = clock_start();

	return (struct vmatlas_instant){start.ticks, start.realtime_ns, start.monotonic_ns};
}

void landmark_describe(struct vmatlas_storefile *head)
{
	head->byte_order = VMATLAS_BYTE_ORDER;
	head->version = VMATLAS_STOREFILE_VERSION;
	head->record_version = VMATLAS_STORE_VERSION;
	head->page_size = STOREPAGES_PAGE;
	head->lane_bytes = sizeof(struct lane);
	head->blocks_bytes = sizeof(struct blocks);
	head->leaf_bytes = sizeof(struct blocks_leaf);
	head->counters_at = offsetof(struct thread, counters);
	head->glibc = boot_glibc();
	head->start = head->later = start_instant();
	head->frequency = clock_frequency();
	head->blocks = (uintptr_t)table_blocks();
	head->live = (uintptr_t)thread_live_bytes();
	head->peak = head->live + sizeof(int64_t);
	head->highest_at = offsetof(struct thread, highest);
	head->peak_error = THREAD_SETTLE;
	head->resolution = (uintptr_t)track_resolution();
	add_tables(head);
}
_Static_assert(sizeof(struct thread_counters) == sizeof(struct vmatlas_counters), "as the file's");

void landmark_boot(void)
{
	struct vmatlas_storefile head = {.magic = VMATLAS_STOREFILE_MAGIC};

	landmark_describe(&head);
	head.pid = (uint32_t)process_pid();
	memcpy(self.bytes, &head, sizeof self.bytes);
	/* The compiler sees that nobody reads them. */
	__asm__ volatile("" : : "r"(self.bytes) : "memory");
}
