#include "unwind.h"
#include "sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind.h>
#include <link.h>
#include <string.h>

#define LIBRARY "libunwind-x86_64.so.8"

/* Nobody has a call stack this deep and a frame in it that only libunwind can step over; a walk in
 * circles must end. */
enum { STEPS_MAX = 4096 };
/* Below this lies no code (vm.mmap_min_addr and more); libunwind draws the same line. */
enum { PC_MIN = 0x4000 };

/* To learn a layout, libunwind steps once from a frame whose rsp and rbp point into two areas that
 * do not exist. Each word in them "contains" a number that tells its own address, so what comes
 * out of the step tells where it was taken from. 32 bits of distance from the probe, and 24 for
 * what is added to a word that was read. */
#define PROBE_RSP 0x200000000000u
#define PROBE_RBP 0x300000000000u
#define PROBE_OTHER 0x400000000000u
#define PROBE_REACH 0x80000000u
#define WORD_MARK (1ull << 63)
#define WORD_OF_RBP (1ull << 62)
#define WORD_SECOND (1ull << 61) /* read from where a word that was read points */
#define WORD_SHIFT 24
#define WORD_MIDDLE (1ull << (WORD_SHIFT - 1))

static struct {
	unw_addr_space_t space;
	__typeof__(unw_create_addr_space) *create;
	__typeof__(unw_init_remote) *init;
	__typeof__(unw_step) *step;
	__typeof__(unw_get_reg) *get_reg;
	__typeof__(unw_get_save_loc) *get_save_loc;
	__typeof__(unw_is_signal_frame) *is_signal_frame;
	int (*search)(
		unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);
	bool ready;
	/* libunwind's own mutexes survive a fork as they are: a child that finds this set was
	 * forked in the midst of a step, and must not call it any more. */
	bool inside;
} self;

/* What the accessors are asked for. */
struct task {
	struct modules_image image; /* the last one seen */
	bool learning;
	bool no_information; /* for the last program counter looked up */
	uintptr_t pc, sp, bp;
	/* A walk only. */
	const struct aside_registers *registers;
	struct stacks *stacks;
};

static bool probe_distance(uint64_t address, uint64_t probe, int64_t *distance)
{
	*distance = (int64_t)(address - probe);
	return *distance >= -(int64_t)PROBE_REACH && *distance < (int64_t)PROBE_REACH;
}

static uint64_t probe_word(uint64_t distance, uint64_t mark)
{
	return WORD_MARK | mark | ((distance + PROBE_REACH) << WORD_SHIFT) | WORD_MIDDLE;
}

static bool probe_read(uint64_t address, uint64_t *word)
{
	int64_t distance;

	if ((address & WORD_MARK) || probe_distance(address, PROBE_OTHER, &distance))
		*word = address | WORD_MARK | WORD_SECOND;
	else if (probe_distance(address, PROBE_RSP, &distance))
		*word = probe_word((uint64_t)distance, 0);
	else if (probe_distance(address, PROBE_RBP, &distance))
		*word = probe_word((uint64_t)distance, WORD_OF_RBP);
	else
		return false;
	return true;
}

static bool image_ready(struct task *task, uintptr_t address)
{
	return address - task->image.start < task->image.end - task->image.start ||
	       modules_image(address, &task->image) == 0;
}

static bool image_read(struct task *task, uintptr_t address, uint64_t *word)
{
	if (!image_ready(task, address) ||
		!modules_covers(&task->image, address, sizeof *word, PF_R))
		return false;
	memcpy(word, (const void *)address, sizeof *word);
	return true;
}

/* The frames of our own that a walk starts in lie on the same stack as those it is for; a signal
 * frame can lead to another. */
static bool stack_read(struct task *task, uintptr_t address, uint64_t *word)
{
	struct stacks *stacks = task->stacks;

	if (!stacks_hold(&stacks->current, address) && !stacks_choose(stacks, address, true))
		return false;
	if (stacks->current.high - address < sizeof *word)
		return false;
	memcpy(word, (const void *)address, sizeof *word);
	return true;
}

static int access_mem(
	unw_addr_space_t space, unw_word_t address, unw_word_t *word, int write, void *context)
{
	struct task *task = context;
	bool done = !write &&
		    (task->learning ? probe_read(address, word) : stack_read(task, address, word));

	(void)space;
	return done || (!write && image_read(task, address, word)) ? 0 : -UNW_EINVAL;
}

static bool register_known(const struct task *task, unw_regnum_t number, uint64_t *value)
{
	const struct aside_registers *registers = task->registers;

	switch (number) {
	case UNW_X86_64_RBX:
		*value = registers->rbx;
		return true;
	case UNW_X86_64_R12:
		*value = registers->r12;
		return true;
	case UNW_X86_64_R13:
		*value = registers->r13;
		return true;
	case UNW_X86_64_R14:
		*value = registers->r14;
		return true;
	case UNW_X86_64_R15:
		*value = registers->r15;
		return true;
	default:
		return false;
	}
}

static int access_reg(
	unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *context)
{
	const struct task *task = context;

	(void)space;
	if (write)
		return -UNW_EREADONLYREG;
	if (number == UNW_X86_64_RIP)
		*value = task->pc;
	else if (number == UNW_X86_64_RSP)
		*value = task->sp;
	else if (number == UNW_X86_64_RBP)
		*value = task->bp;
	else if (task->learning)
		*value = PROBE_OTHER;
	else if (!register_known(task, number, value))
		return -UNW_EBADREG;
	return 0;
}

static int access_fpreg(
	unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write, void *context)
{
	(void)space, (void)number, (void)value, (void)write, (void)context;
	return -UNW_EBADREG;
}

/* PT_GNU_EH_FRAME (LSB core, .eh_frame_hdr): version 1, three encodings, the pointer to .eh_frame,
 * the number of entries, a sorted table of them. Linkers write the forms below and no other. */
struct table_head {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
};
enum { PE_UDATA4 = 0x03, PE_SDATA4 = 0x0b, PE_DATAREL = 0x30, PE_FORM = 0x0f };
enum { TABLE_ENTRY = 8 };

static bool table_head_good(const struct table_head *head)
{
	int form = head->frame_encoding & PE_FORM;

	return head->version == 1 && (form == PE_SDATA4 || form == PE_UDATA4) &&
	       head->count_encoding == PE_UDATA4 &&
	       head->table_encoding == (PE_DATAREL | PE_SDATA4);
}

static bool table_of(const struct modules_image *image, unw_dyn_info_t *table)
{
	uintptr_t at = image->unwind_table;
	struct table_head head;

	if (!at || !modules_covers(image, at, sizeof head, PF_R))
		return false;
	memcpy(&head, (const void *)at, sizeof head);
	if (!table_head_good(&head) ||
		!modules_covers(image, at, sizeof head + (size_t)head.count * TABLE_ENTRY, PF_R))
		return false;
	memset(table, 0, sizeof *table);
	table->start_ip = image->start;
	table->end_ip = image->end;
	table->format = UNW_INFO_FORMAT_REMOTE_TABLE;
	table->u.rti.segbase = at;
	table->u.rti.table_data = at + sizeof head;
	table->u.rti.table_len = (unw_word_t)head.count * TABLE_ENTRY / sizeof(unw_word_t);
	return true;
}

static int find_proc_info(
	unw_addr_space_t space, unw_word_t pc, unw_proc_info_t *info, int need, void *context)
{
	struct task *task = context;
	unw_dyn_info_t table;
	int result = -UNW_ENOINFO;

	if (image_ready(task, pc) && table_of(&task->image, &table))
		result = self.search(space, pc, &table, info, need, context);
	task->no_information = result == -UNW_ENOINFO;
	return result;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context)
{
	(void)space, (void)info, (void)context;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *context)
{
	(void)space, (void)address, (void)context;
	return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context)
{
	(void)space, (void)cursor, (void)context;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t address, char *name, size_t size,
	unw_word_t *offset, void *context)
{
	(void)space, (void)address, (void)name, (void)size, (void)offset, (void)context;
	return -UNW_ENOINFO;
}

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

/* CFA is a register plus a constant. */
static bool plain(uint64_t cfa, uint64_t rip_at, uint64_t rbp_at, struct layout *layout)
{
	int64_t distance, rbp = (int64_t)(rbp_at - cfa);

	if (probe_distance(cfa, PROBE_RSP, &distance))
		layout->kind = LAYOUT_RSP;
	else if (probe_distance(cfa, PROBE_RBP, &distance))
		layout->kind = LAYOUT_RBP;
	else
		return false;
	layout->cfa = (int32_t)distance;
	layout->rbp = rbp_at ? (int32_t)rbp : 0;
	return rip_at == cfa - 8 && layout->rbp == (rbp_at ? rbp : 0);
}

/* CFA was read from where a register plus a constant points. */
static bool indirect(uint64_t cfa, uint64_t rip_at, uint64_t rbp_at, struct layout *layout)
{
	uint64_t base = cfa & WORD_OF_RBP ? PROBE_RBP : PROBE_RSP;
	int64_t distance = (int64_t)(cfa << 2 >> 2 >> WORD_SHIFT) - PROBE_REACH;
	int64_t rbp = rbp_at ? (int64_t)(rbp_at - base) : 0;
	bool signal = base == PROBE_RSP;

	layout->kind = signal ? LAYOUT_SIGNAL : LAYOUT_AT_RBP;
	layout->cfa = (int32_t)distance;
	layout->rbp = (int32_t)rbp;
	return probe_word((uint64_t)distance, cfa & WORD_OF_RBP) == cfa && layout->rbp == rbp &&
	       rip_at == (signal ? base + (uint64_t)distance + 8 : cfa - 8);
}

static void read_off(unw_cursor_t *cursor, struct layout *layout)
{
	uint64_t cfa, rip_at, rbp_at;
	bool good = self.get_reg(cursor, UNW_REG_SP, &cfa) == 0 &&
		    restored(cursor, UNW_X86_64_RIP, &rip_at) && rip_at &&
		    restored(cursor, UNW_X86_64_RBP, &rbp_at);

	if (good)
		good = cfa & WORD_MARK ? indirect(cfa, rip_at, rbp_at, layout)
				       : plain(cfa, rip_at, rbp_at, layout);
	layout->saves_rbp = good && rbp_at;
	layout->interrupts = self.is_signal_frame(cursor) > 0;
	if (!good)
		layout->kind = LAYOUT_COMPLEX;
}

/* libunwind looks for a return address one byte before it, where the call is; a cursor that is
 * made by unw_init_remote does not, so we do. */
static void learn(uintptr_t pc, bool exact, struct layout *layout)
{
	struct task task = {.learning = true, .pc = pc - !exact, .sp = PROBE_RSP, .bp = PROBE_RBP};
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

static unsigned walk(struct task *task, const struct unwind_place *from,
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
	struct task task = {.registers = registers,
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
	struct stat first, second;

	return sys_fstat(pair[0], &first) == 0 && sys_fstat(pair[1], &second) == 0 &&
	       S_ISFIFO(first.st_mode) && first.st_ino == second.st_ino &&
	       first.st_dev == second.st_dev;
}

static void close_pair(const int pair[2])
{
	sys_close(pair[0]);
	sys_close(pair[1]);
}

/* The first cursor makes libunwind open a pipe, which only its local interface would use. It gets
 * the two lowest free descriptors, as a pipe of ours got just before. */
static int first_cursor(void)
{
	struct task task = {.learning = true};
	unw_cursor_t cursor;
	int pair[2];

	if (sys_call(SYS_pipe2, (long)pair, O_CLOEXEC, 0, 0, 0, 0))
		return EMFILE;
	close_pair(pair);
	if (self.init(&cursor, self.space, &task))
		return ENOSYS;
	if (same_pipe(pair))
		close_pair(pair);
	return 0;
}

int unwind_boot(void)
{
	unw_accessors_t accessors = {find_proc_info, put_unwind_info, get_dyn_info_list_addr,
		access_mem, access_reg, access_fpreg, resume, get_proc_name};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	int error;

	if (!library)
		return ENOENT;
	if (!symbols_find(library))
		return ENOSYS;
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
