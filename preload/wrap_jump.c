/* wrap_jump.c - ways to leave a frame without returning from it.
 *
 * A handler that interrupted one of our wrappers may leave it so: then nobody is inside any more.
 * Nothing else of a jump concerns us. */
#include "wrap.h"

/* Where the frame is that setjmp(3) returns to. glibc keeps the stack pointer as the seventh word,
 * exclusive-or'ed with the pointer guard and rotated (sysdeps/x86_64/jmpbuf-offsets.h and
 * setjmp.S); elsewhere the guard is not to be had. */
static uintptr_t target_of(const struct __jmp_buf_tag *env)
{
#if defined __x86_64__ && !defined __ILP32__
	uintptr_t mangled = (uintptr_t)env->__jmpbuf[6], secret;

	__asm__("mov %%fs:0x30, %0" : "=r"(secret));
	return (mangled >> 17 | mangled << 47) ^ secret;
#else
	(void)env;
	return 0;
#endif
}

static uintptr_t target_of_context(const ucontext_t *to)
{
#if defined __x86_64__
	return (uintptr_t)to->uc_mcontext.gregs[REG_RSP];
#else
	return (uintptr_t)to->uc_mcontext.sp;
#endif
}

static inline void jump(const struct __jmp_buf_tag *env)
{
	if (__builtin_expect(guard.state != GUARD_OPEN, 0))
		guard_jump(WRAP_STACK, target_of(env));
}

WRAPPER void longjmp(struct __jmp_buf_tag env[1], int value)
{
	jump(env);
	REAL(longjmp)(env, value);
	__builtin_unreachable();
}

WRAPPER void _longjmp(struct __jmp_buf_tag env[1], int value)
{
	jump(env);
	REAL(_longjmp)(env, value);
	__builtin_unreachable();
}

WRAPPER void siglongjmp(sigjmp_buf env, int value)
{
	jump(env);
	REAL(siglongjmp)(env, value);
	__builtin_unreachable();
}

/* What fortified programs call. */
WRAPPER void __longjmp_chk(struct __jmp_buf_tag env[1], int value)
{
	jump(env);
	REAL(__longjmp_chk)(env, value);
	__builtin_unreachable();
}

/* One that cannot be set returns. */
WRAPPER int setcontext(const ucontext_t *to)
{
	if (guard.state != GUARD_OPEN)
		guard_jump(WRAP_STACK, target_of_context(to));
	return REAL(setcontext)(to);
}

/* Comes back when somebody switches to `from`. */
WRAPPER int swapcontext(ucontext_t *from, const ucontext_t *to)
{
	struct guard_kept kept = guard_suspend();
	int result = REAL(swapcontext)(from, to);

	guard_resume(&kept);
	return result;
}
