#include "unwind_access.h"
#include "probe.h"

#include <link.h>
#include <string.h>

static bool image_ready(struct unwind_task *task, uintptr_t address)
{
	return address - task->image.start < task->image.end - task->image.start ||
	       modules_image(address, &task->image) == 0;
}

static bool segment_read(const struct unwind_task *task, uintptr_t address, uint64_t *word)
{
	if (address - task->readable >= task->words)
		return false;
	memcpy(word, (const void *)address, sizeof *word);
	return true;
}

static bool image_read(struct unwind_task *task, uintptr_t address, uint64_t *word)
{
	struct modules_segment segment;

	if (!image_ready(task, address))
		return false;
	segment = modules_segment(&task->image, address, sizeof *word, PF_R);
	task->readable = segment.start;
	task->words = segment.size ? segment.size - sizeof *word + 1 : 0;
	return segment_read(task, address, word);
}

/* The frames of our own that a walk starts in lie on the same stack as those it is for; a signal
 * frame can lead to another. */
static bool stack_read(struct unwind_task *task, uintptr_t address, uint64_t *word)
{
	struct stacks *stacks = task->stacks;

	if (!stacks_hold(&stacks->current, address) && !stacks_choose(stacks, address, true))
		return false;
	if (stacks->current.high - address < sizeof *word)
		return false;
	memcpy(word, (const void *)address, sizeof *word);
	return true;
}

static bool place_read(struct unwind_task *task, uintptr_t address, uint64_t *word)
{
	return task->stacks ? stack_read(task, address, word) : probe_read(address, word);
}

static __attribute__((noinline)) bool elsewhere_read(
	struct unwind_task *task, uintptr_t address, uint64_t *word)
{
	return place_read(task, address, word) || image_read(task, address, word);
}

static int access_mem(
	unw_addr_space_t space, unw_word_t address, unw_word_t *word, int write, void *context)
{
	struct unwind_task *task = context;

	(void)space;
	if (write)
		return -UNW_EINVAL;
	if (__builtin_expect(segment_read(task, address, word), 1))
		return 0;
	return elsewhere_read(task, address, word) ? 0 : -UNW_EINVAL;
}

static bool register_known(const struct unwind_task *task, unw_regnum_t number, uint64_t *value)
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
	const struct unwind_task *task = context;

	(void)space;
	if (write)
		return -UNW_EREADONLYREG;
	if (number == UNW_X86_64_RIP)
		*value = task->pc;
	else if (number == UNW_X86_64_RSP)
		*value = task->sp;
	else if (number == UNW_X86_64_RBP)
		*value = task->bp;
	else if (!task->registers)
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
	struct unwind_task *task = context;
	unw_dyn_info_t table;
	int result = -UNW_ENOINFO;

	if (image_ready(task, pc) && table_of(&task->image, &table))
		result = task->search(space, pc, &table, info, need, context);
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

const unw_accessors_t unwind_accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list_addr,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
	.get_proc_name = get_proc_name,
};
