/* seal.h - pointers that are kept where the program may write over them.
 *
 * The shim's tables lie in the address space of a program that may be writing wild. A number from
 * there is checked against its bounds; a pointer has none, so the bits that it does not need hold a
 * check of the others. A word that was written over reads as no pointer, but for one in a million.
 */
#ifndef VMATLAS_SEAL_H
#define VMATLAS_SEAL_H

#include <stddef.h>
#include <stdint.h>

/* User addresses have 47 bits (x86-64 with four levels of page tables), and those from an allocator
 * are multiples of 8. */
#define SEAL_SPARE (~(((uint64_t)1 << 47) - 1) | 7)

/* The word that stands for the pointer; 0 for NULL. Anywhere, as the other. */
static inline uint64_t seal(const void *pointer)
{
	uint64_t address = (uintptr_t)pointer;

	return address | ((address * 0x9e3779b97f4a7c15u) & SEAL_SPARE);
}

/* The pointer of which the word was made, NULL where none can be. */
static inline void *unseal(uint64_t word)
{
	uint64_t address = word & ~SEAL_SPARE;

	return seal((void *)(uintptr_t)address) == word ? (void *)(uintptr_t)address : NULL;
}

#endif
