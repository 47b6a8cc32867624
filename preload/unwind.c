#include "unwind.h"
#include "probe.h"
#include "sys.h"
#include "unwind_access.h"
#include "warm.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#define LIBRARY "libunwind-x86_64.so.8"

/* Nobody has a call stack this deep and a frame in it that only libunwind can step over; a walk in
 * circles must end. */
enum { STEPS_MAX = 4096 };
/* Below this lies no code (vm.mmap_min_addr and more); libunwind draws the same line. */
enum { PC_MIN = 0x4000 };
/* What unw_create_addr_space allocates (struct unw_addr_space of libunwind 1.6), and more. */
enum { SPACE_BYTES = 26 * 1024 };

static struct {
	unw_addr_space_t space;
	__typeof__(unw_create_addr_space) *create;
	__typeof__(unw_init_remote) *init;
	__typeof__(unw_step) *step;
	__typeof__(unw_get_reg) *get_reg;
	__typeof__(unw_get_save_loc) *get_save_loc;
	__typeof__(unw_is_signal_frame) *is_signal_frame;
	unwind_search *search;
	bool ready;
	/* libunwind's own mutexes survive a fork as they are: a child that finds this set was
	 * forked in the midst of a step, and must not call it any more. */
	bool inside;
} self;

static bool enter(void)
{
	if (self.inside)
		self.ready = false;
	self.inside = self.ready;
	return self.ready;
}

static void leave(void)
{
	self.inside = false;
}

/* A register as it is after the step, and the address it was loaded from, 0 when it was not. */
static bool restored(unw_cursor_t *cursor, int number, uint64_t *address)
{
	unw_save_loc_t location;
	uint64_t value, word;

	if (self.get_save_loc(cursor, number, &location) || self.get_reg(cursor, number, &value))
		return false;
	*address = 0;
	if (location.type == UNW_SLT_REG)
		return location.u.regnum == number;
	*address = location.u.addr;
	return location.type == UNW_SLT_MEMORY && probe_read(*address, &word) && word == value;
}

static void read_off(unw_cursor_t *cursor, struct layout *layout)
{
	struct probe_step step;

	layout->interrupts = self.is_signal_frame(cursor) > 0;
	layout->kind = LAYOUT_COMPLEX;
	if (self.get_reg(cursor, UNW_REG_SP, &step.cfa) == 0 &&
		restored(cursor, UNW_X86_64_RIP, &step.rip_at) &&
		restored(cursor, UNW_X86_64_RBP, &step.rbp_at))
		probe_decode(&step, layout);
}

/* libunwind looks for a return address one byte before it, where the call is; a cursor that is
 * made by unw_init_remote does not, so we do. */
static void learn(uintptr_t pc, bool exact, struct layout *layout)
{
	struct unwind_task task = {
		.search = self.search, .pc = pc - !exact, .sp = PROBE_RSP, .bp = PROBE_RBP};
	unw_cursor_t cursor;
	int result;

	layout->kind = LAYOUT_END;
	if (self.init(&cursor, self.space, &task))
		return;
	result = self.step(&cursor);
	if (result > 0)
		read_off(&cursor, layout);
	/* What it makes of a frame without information depends on the contents of the stack. Only
	 * one guess does not: an entry of a procedure linkage table. */
	if (task.no_information && layout->kind != LAYOUT_RSP)
		layout->kind = LAYOUT_UNKNOWN;
}

void unwind_learn(uintptr_t pc, bool exact, struct layout *layout)
{
	memset(layout, 0, sizeof *layout);
	layout->kind = LAYOUT_UNKNOWN;
	if (!enter())
		return;
	learn(pc, exact, layout);
	leave();
}

static unsigned walk(struct unwind_task *task, const struct unwind_place *from,
	struct unwind_place *places, unsigned capacity)
{
	struct unwind_place place;
	unw_cursor_t cursor;
	unsigned count = 0;

	if (self.init(&cursor, self.space, task))
		return 0;
	for (int i = 0; i < STEPS_MAX && count < capacity && self.step(&cursor) > 0; i++) {
		if (self.get_reg(&cursor, UNW_REG_IP, &place.pc) ||
			self.get_reg(&cursor, UNW_REG_SP, &place.sp) || place.pc < PC_MIN)
			break;
		if (count > 0 || (place.pc == from->pc && place.sp == from->sp))
			places[count++] = place;
	}
	return count;
}

unsigned unwind_walk(const struct aside_registers *registers, const struct unwind_place *from,
	struct stacks *stacks, struct unwind_place *places, unsigned capacity)
{
	struct unwind_task task = {.search = self.search,
		.registers = registers,
		.stacks = stacks,
		.pc = registers->rip,
		.sp = aside_stack_pointer(registers),
		.bp = registers->rbp};
	unsigned count;

	if (!enter())
		return 0;
	count = walk(&task, from, places, capacity);
	leave();
	return count;
}

static bool symbols_find(void *library)
{
	struct {
		const char *name;
		void *pointer;
	} wanted[] = {
		{"_Ux86_64_create_addr_space", &self.create},
		{"_Ux86_64_init_remote", &self.init},
		{"_Ux86_64_step", &self.step},
		{"_Ux86_64_get_reg", &self.get_reg},
		{"_Ux86_64_get_save_loc", &self.get_save_loc},
		{"_Ux86_64_is_signal_frame", &self.is_signal_frame},
		{"_Ux86_64_dwarf_search_unwind_table", &self.search},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		void *symbol = dlsym(library, wanted[i].name);

		if (!symbol)
			return false;
		memcpy(wanted[i].pointer, &symbol, sizeof symbol);
	}
	return true;
}

static bool same_pipe(const int pair[2])
{
	struct stat first = {0}, second = {0};

	return sys_fstat(pair[0], &first) == 0 && sys_fstat(pair[1], &second) == 0 &&
	       S_ISFIFO(first.st_mode) && first.st_ino == second.st_ino &&
	       first.st_dev == second.st_dev;
}

/* For a moment, to know their numbers; what is opened is the cheapest there is. No call but those
 * that the loader makes, too: a filter from before our time may kill for any other. */
static int lowest_free(int pair[2])
{
	pair[0] = sys_open("/", O_PATH);
	pair[1] = sys_open("/", O_PATH);
	if (pair[0] >= 0)
		sys_close(pair[0]);
	if (pair[1] >= 0)
		sys_close(pair[1]);
	return pair[0] < 0 || pair[1] < 0 ? EMFILE : 0;
}

static void close_pair(const int pair[2])
{
	sys_close(pair[0]);
	sys_close(pair[1]);
}

/* The first cursor makes libunwind open a pipe, which only its local interface would use. It gets
 * the two lowest free descriptors. */
static int first_cursor(void)
{
	struct unwind_task task = {.search = self.search};
	unw_cursor_t cursor;
	int pair[2];

	if (lowest_free(pair))
		return EMFILE;
	if (self.init(&cursor, self.space, &task))
		return ENOSYS;
	if (same_pipe(pair))
		close_pair(pair);
	return 0;
}

int unwind_boot(void)
{
	unw_accessors_t accessors = unwind_accessors; /* which it wants to be able to write */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	int error;

	if (!library)
		return ENOENT;
	if (!symbols_find(library))
		return ENOSYS;
	warm_library((const void *)(uintptr_t)self.init);
	warm_heap(SPACE_BYTES);
	self.space = self.create(&accessors, 0);
	if (!self.space)
		return ENOMEM;
	error = first_cursor();
	self.ready = error == 0;
	return error;
}

bool unwind_ready(void)
{
	return self.ready;
}
