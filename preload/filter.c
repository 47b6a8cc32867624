#include "filter.h"

#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

struct filter_flags filter_flags;
_Atomic int32_t filter_calls;
const struct filter filter_none;

#define ALLOW_IF(number)                                   \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* kernel/seccomp.c: mode1_syscalls. */
const struct sock_filter filter_strict[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW_IF(SYS_read),
	ALLOW_IF(SYS_write),
	ALLOW_IF(SYS_exit),
	ALLOW_IF(SYS_rt_sigreturn),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
const uint32_t filter_strict_length = sizeof filter_strict / sizeof *filter_strict;

static __thread const struct filter *own;
static struct {
	/* Only change by filter_stands and filter_fell: what a program does once or twice. */
	const struct filter *shared, *newest;
} self;

/* -- The machine (Documentation/networking/filter.rst, less what seccomp does not allow) ------ */

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const uint32_t *call;
};

static bool load(struct machine *machine, const struct sock_filter *op)
{
	uint32_t *to = BPF_CLASS(op->code) == BPF_LD ? &machine->a : &machine->x;

	switch (BPF_MODE(op->code)) {
	case BPF_ABS:
		if (op->k % 4 || op->k >= sizeof(struct seccomp_data))
			return false;
		*to = machine->call[op->k / 4];
		return true;
	case BPF_IMM:
		*to = op->k;
		return true;
	case BPF_LEN:
		*to = sizeof(struct seccomp_data);
		return true;
	case BPF_MEM:
		*to = machine->memory[op->k % BPF_MEMWORDS];
		return true;
	}
	return false;
}

static bool calculate(struct machine *machine, const struct sock_filter *op)
{
	uint32_t with = BPF_SRC(op->code) == BPF_X ? machine->x : op->k, *a = &machine->a;

	switch (BPF_OP(op->code)) {
	case BPF_ADD:
		*a += with;
		return true;
	case BPF_SUB:
		*a -= with;
		return true;
	case BPF_MUL:
		*a *= with;
		return true;
	case BPF_DIV:
		*a = with ? *a / with : 0;
		return with != 0;
	case BPF_AND:
		*a &= with;
		return true;
	case BPF_OR:
		*a |= with;
		return true;
	case BPF_XOR:
		*a ^= with;
		return true;
	case BPF_LSH:
		*a <<= with & 31;
		return true;
	case BPF_RSH:
		*a >>= with & 31;
		return true;
	case BPF_NEG:
		*a = -*a;
		return true;
	}
	return false;
}

/* How many instructions to skip. */
static uint32_t jump(const struct machine *machine, const struct sock_filter *op)
{
	uint32_t with = BPF_SRC(op->code) == BPF_X ? machine->x : op->k, a = machine->a;

	switch (BPF_OP(op->code)) {
	case BPF_JEQ:
		return a == with ? op->jt : op->jf;
	case BPF_JGT:
		return a > with ? op->jt : op->jf;
	case BPF_JGE:
		return a >= with ? op->jt : op->jf;
	case BPF_JSET:
		return a & with ? op->jt : op->jf;
	}
	return op->k; /* BPF_JA */
}

static bool step(struct machine *machine, const struct sock_filter *op)
{
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
	case BPF_LDX:
		return load(machine, op);
	case BPF_ST:
		machine->memory[op->k % BPF_MEMWORDS] = machine->a;
		return true;
	case BPF_STX:
		machine->memory[op->k % BPF_MEMWORDS] = machine->x;
		return true;
	case BPF_ALU:
		return calculate(machine, op);
	case BPF_MISC:
		if (BPF_MISCOP(op->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
		return true;
	}
	return false;
}

uint32_t filter_run(const struct filter *filter, const struct seccomp_data *call)
{
	struct machine machine = {.call = (const uint32_t *)(const void *)call};

	/* Jumps go forward only, so this ends. */
	for (uint64_t at = 0; at < filter->length; at++) {
		const struct sock_filter *op = &filter->code[at];

		if (BPF_CLASS(op->code) == BPF_RET)
			return BPF_RVAL(op->code) == BPF_A ? machine.a : op->k;
		if (BPF_CLASS(op->code) == BPF_JMP)
			at += jump(&machine, op);
		else if (!step(&machine, op))
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* -- Who asks ------------------------------------------------------------------------------- */

static bool passes(const struct filter *filter, const struct seccomp_data *call)
{
	uint32_t action = filter_run(filter, call) & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

/* Where the instruction is, nobody asks who means to run on other machines. */
static struct seccomp_data call_of(long number, const long *arguments)
{
	struct seccomp_data call = {.nr = (int)number, .arch = ARCHITECTURE};

	call.instruction_pointer = (uintptr_t)__builtin_return_address(0);
	memcpy(call.args, arguments, sizeof call.args);
	return call;
}

bool filter_passes(const struct filter *filter, long number, const long *arguments)
{
	struct seccomp_data call = call_of(number, arguments);

	return passes(filter, &call);
}

static bool all_pass(const struct filter *newest, const struct seccomp_data *call)
{
	for (; newest && newest != &filter_none; newest = newest->parent) {
		if (!passes(newest, call))
			return false;
	}
	return true;
}

/* A thread of which nothing is known may have any of them. */
static bool every_one_passes(const struct seccomp_data *call)
{
	for (const struct filter *filter = self.newest; filter; filter = filter->older) {
		if (!passes(filter, call))
			return false;
	}
	return true;
}

bool filter_allows(long number, long a, long b, long c, long d, long e, long f)
{
	const long arguments[] = {a, b, c, d, e, f};
	struct seccomp_data call = call_of(number, arguments);

	if (!own)
		return every_one_passes(&call);
	return all_pass(own, &call) && (self.shared == own || all_pass(self.shared, &call));
}

/* -- Who has which -------------------------------------------------------------------------- */

const struct filter *filter_own(void)
{
	return own;
}

void filter_adopt(const struct filter *filter)
{
	own = filter;
}

void filter_stands(struct filter *filter, bool shared)
{
	filter->parent = own ? own : self.newest;
	filter->older = self.newest;
	self.newest = filter;
	if (shared)
		self.shared = filter;
	own = filter;
	filter_flags.stand = true;
	atomic_thread_fence(
		memory_order_seq_cst); /* before filter_calls is read, see filter_enter */
}

/* For threads of which nothing is known it goes on to hold. */
void filter_fell(const struct filter *filter)
{
	own = filter->parent ? filter->parent : &filter_none;
	if (self.shared == filter)
		self.shared = own;
}

void filter_forked(void)
{
	atomic_store_explicit(&filter_calls, 0, memory_order_relaxed);
}
