/* forward.c - the limit: stands in front of the same functions as the shim, and only calls on.
 *
 * Each function of wrapped.def is a jump through a pointer. The first call of each finds what
 * comes next in the loader's order; the registers that carry arguments are kept meanwhile. */
#define WRAPPED(result, name, parameters) ENTRY(name)
#define WRAPPED_ALONE(result, name, parameters) ENTRY(name)

#include <dlfcn.h>
#include <stddef.h>

/* forward_find(NAME of %r11) in %r10. Arguments are in six registers, and %al counts those in
 * vector registers, of which no function of the list takes any. */
__asm__(".text\n"
	"forward_first:\n"
	"	push %rdi\n push %rsi\n push %rdx\n push %rcx\n push %r8\n push %r9\n push %rax\n"
	"	sub $8, %rsp\n"
	"	mov %r11, %rdi\n"
	"	call forward_find\n"
	"	mov %rax, %r10\n"
	"	add $8, %rsp\n"
	"	pop %rax\n pop %r9\n pop %r8\n pop %rcx\n pop %rdx\n pop %rsi\n pop %rdi\n"
	"	ret\n");

#define ENTRY(name)                                        \
	__asm__(".section .rodata\n"                       \
		"text_" #name ": .asciz \"" #name "\"\n"   \
		".local next_" #name "\n"                  \
		".comm next_" #name ", 8, 8\n"             \
		".text\n"                                  \
		".globl " #name "\n"                       \
		".type " #name ", @function\n" #name ":\n" \
		"	mov next_" #name "(%rip), %r10\n"  \
		"	test %r10, %r10\n"                       \
		"	jne 1f\n"                                \
		"	lea text_" #name "(%rip), %r11\n"  \
		"	call forward_first\n"                    \
		"	mov %r10, next_" #name "(%rip)\n"  \
		"1:	jmp *%r10\n");
#include "wrapped.def"

/* Called from above. A name that this libc does not have is called by no program on it. */
void *forward_find(const char *name);
__attribute__((used)) void *forward_find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}
