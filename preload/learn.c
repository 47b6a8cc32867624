#include "learn.h"
#include "ask.h"
#include "aside.h"
#include "core/maps.h"
#include "layout.h"
#include "modules.h"
#include "unwind.h"

#include <errno.h>
#include <link.h>

_Atomic uint32_t learn_generation;

static struct {
	_Atomic uint64_t count, guesses;
	/* Where generated code was met, [low, high); 0 for nowhere. */
	_Atomic uintptr_t generated_low, generated_high;
} self;

struct lesson {
	uintptr_t pc;
	bool exact;
	struct layout layout;
};

static uint32_t module_number(const struct modules_image *image, uintptr_t pc)
{
	bool replaced = false;
	uint32_t number = modules_number(image, pc, &replaced);

	if (replaced)
		learn_forget(image->start, image->end);
	return number;
}

/* Only widens. Two at once may lose one of them to the next call from there. */
static void note_generated(uintptr_t pc)
{
	if (!self.generated_high || pc < self.generated_low)
		atomic_store_explicit(&self.generated_low, pc, memory_order_relaxed);
	if (pc >= self.generated_high)
		atomic_store_explicit(&self.generated_high, pc + 1, memory_order_relaxed);
}

bool learn_generated(uintptr_t start, uintptr_t end)
{
	return start < self.generated_high && end > self.generated_low;
}

/* Outside of all modules lies generated code, or nothing that could have called. */
static enum layout_kind kind_elsewhere(uintptr_t pc)
{
	struct ask_answer answer;
	int error = ask_mapping(pc, &answer, NULL, 0);

	if (error)
		return error == ENOENT ? LAYOUT_NOWHERE : LAYOUT_UNKNOWN;
	if (!(answer.perms & MAPS_EXEC))
		return LAYOUT_NOWHERE;
	note_generated(pc);
	return LAYOUT_UNKNOWN;
}

/* A return address may stand behind the last instruction of a module: the call is what counts. */
static void learn_aside(void *argument, const struct aside_registers *registers)
{
	struct lesson *lesson = argument;
	uintptr_t call = lesson->pc - !lesson->exact;
	struct modules_image image;

	(void)registers;
	if (modules_image(call, &image)) {
		lesson->layout.kind = kind_elsewhere(call);
	} else if (image.header_count && !modules_covers(&image, call, 1, PF_X)) {
		lesson->layout.kind = LAYOUT_NOWHERE;
	} else {
		unwind_learn(lesson->pc, lesson->exact, &lesson->layout);
		lesson->layout.module = module_number(&image, call);
	}
}

uint64_t learn(uintptr_t pc, bool exact)
{
	struct lesson lesson = {.pc = pc, .exact = exact};
	uint64_t word;

	if (!aside_run(learn_aside, &lesson))
		return LAYOUT_NONE;
	word = layout_pack(&lesson.layout);
	if (lesson.layout.kind == LAYOUT_NOWHERE)
		return word; /* there may be code later */
	if (lesson.layout.kind == LAYOUT_UNKNOWN)
		atomic_fetch_add_explicit(&self.guesses, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&self.count, 1, memory_order_relaxed);
	layout_put(layout_key(pc, exact), word);
	return word;
}

uint32_t learn_module(uintptr_t pc)
{
	struct modules_image image;

	return modules_image(pc - 1, &image) ? 0 : module_number(&image, pc - 1);
}

void learn_forget(uintptr_t start, uintptr_t end)
{
	layout_drop(start, end);
	atomic_fetch_add_explicit(&learn_generation, 1, memory_order_release);
}

uint64_t learn_count(void)
{
	return atomic_load_explicit(&self.count, memory_order_relaxed);
}

uint64_t learn_guesses(void)
{
	return atomic_load_explicit(&self.guesses, memory_order_relaxed);
}
