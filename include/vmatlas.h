/* vmatlas.h - what a program may ask of the vmatlas that it runs under. C and C++.
 *
 * All of it is optional: there is no library to link, and where the program runs without
 * libvmatlas.so (LD_PRELOAD, or `vmatlas run`), each call costs one look at a pointer and says
 * ENOSYS. So it may stay in what is shipped.
 *
 * Every function returns 0 or a positive errno, leaves errno as it is, takes no lock that is waited
 * for without end, allocates nothing with malloc, and may be called by any thread from anywhere:
 * from a signal handler, from within an allocator, in the child of a fork. Beside what is said
 * there, each says EAGAIN where vmatlas cannot work: before its start (a constructor of a library
 * that comes before it) and in the child of a vfork, whose memory is its parent's. */
#ifndef VMATLAS_H
#define VMATLAS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- Dump ----------------------------------------------------------------------------------- */

/* Makes a report now, in the form and to the place that the environment names (VMATLAS_FORMAT,
 * VMATLAS_OUTPUT), and returns when it is written. `reason` stands in its first line and as
 * dump.reason of the JSON; NULL or "" for "api". It stays the caller's, and is read until the call
 * returns.
 *
 * EBUSY: a dump was at work, of another thread or interrupted by this very handler; it will make
 * one more when it is done, for this and all other requests that came meanwhile. ENOMEM: the kernel
 * gave no memory for it. Any other: why it could not be written. */
static __inline__ int vmatlas_dump(const char *reason);

/* -- Phases --------------------------------------------------------------------------------- */

/* Room for a phase's name. The rest of a longer one is left out. */
#define VMATLAS_PHASE_NAME 64
/* So many phases are kept. */
#define VMATLAS_PHASES 16384

/* Marks that a phase of the program begins now: reports list the phases with their names, times,
 * and what was live and resident at that moment. The name is copied. Takes 20 us.
 *
 * ENOSPC: there are VMATLAS_PHASES already, or no memory for one more; the report counts it.
 * EINVAL: no name. */
static __inline__ int vmatlas_phase(const char *name);

/* -- Describe ------------------------------------------------------------------------------- */

/* Bits of mapping_access. */
#define VMATLAS_READ 1u
#define VMATLAS_WRITE 2u
#define VMATLAS_EXEC 4u
#define VMATLAS_SHARED 8u

/* Frames of a call stack that a description holds. */
#define VMATLAS_FRAMES 16

/* What an address is. Set `size`, and vmatlas_describe fills in the rest: what is not known is 0 or
 * "". Later versions only add fields at the end. */
struct vmatlas_description {
	size_t size; /* sizeof(struct vmatlas_description), as the caller knows it */

	/* The mapping: as a line of /proc/PID/maps has it. */
	uintptr_t mapping_start, mapping_end;
	uint64_t mapping_offset;
	uint32_t mapping_access;
	uint32_t mapping_thread; /* whose stack it is: the kernel's number of the thread */
	char mapping_kind[16];   /* as in reports: "heap", "arena", "text", "thread-stack", ... */
	char mapping_name[256];  /* cut where it is longer */

	/* The live block of the malloc family that the address lies in: its first byte is
	 * block_start, and so many bytes were asked for. */
	uintptr_t block_start;
	size_t block_size;
	uint64_t block_time_ns; /* since 1970; 0, and no frames, where it was not sampled */
	uint32_t block_thread;  /* 0 where it was not sampled */
	uint32_t block_depth;   /* how many frames there are */
	uintptr_t block_frames[VMATLAS_FRAMES]; /* who asked for it, innermost first */

	/* What one mmap, mremap or shmat created there, whatever the kernel has merged it with. */
	uintptr_t region_start, region_end;
	uint64_t region_time_ns;
	uint32_t region_thread;
	uint32_t region_depth;
	uintptr_t region_frames[VMATLAS_FRAMES];

	/* The program or library that is loaded there. address - module_bias is what addr2line(1)
	 * takes. */
	uintptr_t module_start, module_end, module_bias;
	char module_name[256]; /* its path; cut where it is longer */
};

/* Describes the address. Of a block that another thread is just allocating or freeing either is
 * said. Reads /proc/self/maps: 0.1 ms in a small process, 8 ms where there are 20,000 mappings;
 * needs 2 KiB of stack beside the description.
 *
 * ENOENT: no mapping holds the address, and *description is as it was. EINVAL: its size is too
 * small for the first version of it. ENOMEM: the kernel gave no memory. Any other: why the kernel
 * could not be asked. */
static __inline__ int vmatlas_describe(
	const void *address, struct vmatlas_description *description);

/* -- How it is found ------------------------------------------------------------------------ */

/* What libvmatlas.so exports; for languages that look symbols up by themselves, too. */
int vmatlas_api_dump(const char *reason) __attribute__((__weak__));
int vmatlas_api_phase(const char *name) __attribute__((__weak__));
int vmatlas_api_describe(const void *address, struct vmatlas_description *description)
	__attribute__((__weak__));

/* The symbol's address as the loader found it, NULL without the shim. In code that is not position
 * independent the linker takes a weak symbol that it does not find for 0 once and for all; not
 * so where the address comes from the global offset table, by which it is asked for here. */
#if defined __x86_64__ && defined __LP64__
#define VMATLAS_FIND(symbol, found) \
	__asm__(".weak " #symbol "\n\tmovq " #symbol "@GOTPCREL(%%rip), %0" : "=r"(found))
#elif defined __aarch64__ && defined __LP64__
#define VMATLAS_FIND(symbol, found)                           \
	__asm__(".weak " #symbol "\n\tadrp %0, :got:" #symbol \
		"\n\tldr %0, [%0, :got_lo12:" #symbol "]"     \
		: "=r"(found))
#else
#define VMATLAS_FIND(symbol, found) ((found) = (symbol))
#endif

static __inline__ int vmatlas_dump(const char *reason)
{
	int (*found)(const char *);

	VMATLAS_FIND(vmatlas_api_dump, found);
	return found ? found(reason) : ENOSYS;
}

static __inline__ int vmatlas_phase(const char *name)
{
	int (*found)(const char *);

	VMATLAS_FIND(vmatlas_api_phase, found);
	return found ? found(name) : ENOSYS;
}

static __inline__ int vmatlas_describe(const void *address, struct vmatlas_description *description)
{
	int (*found)(const void *, struct vmatlas_description *);

	VMATLAS_FIND(vmatlas_api_describe, found);
	return found ? found(address, description) : ENOSYS;
}

#ifdef __cplusplus
}
#endif

#endif
