/* vmatlas_storefile.h - the file that VMATLAS_STORE makes: the tables of a process, as they stand.
 *
 * The process works in the pages of this file. Nothing is written at its end, so what it says
 * is true at every moment: a record is filled before its number counts, and a file that was left by
 * SIGKILL is as good as any. Pointers in it are addresses of the process that made it; the pieces
 * say where in the file what lay at an address is. */
#ifndef VMATLAS_STOREFILE_LAYOUT_H
#define VMATLAS_STOREFILE_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "vmatlas_snapshot.h"

#define VMATLAS_STOREFILE_MAGIC "vmatlas\v"
#define VMATLAS_STOREFILE_VERSION 2

/* The head has so many bytes, and the pieces begin behind it. */
#define VMATLAS_STOREFILE_HEAD 8192

enum { VMATLAS_PIECES_MOST = 128 };

/* What lay at `address` is at `offset` in the file; offset 0: it is not in it, for want of room. */
struct vmatlas_piece {
	uint64_t address, size, offset;
};

/* Of each the head has the address of a struct lane (core/lane.h). */
enum vmatlas_storefile_table {
	VMATLAS_STOREFILE_FRAMES,
	VMATLAS_STOREFILE_ORIGINS,
	VMATLAS_STOREFILE_MOMENTS,
	VMATLAS_STOREFILE_BIRTHS,
	VMATLAS_STOREFILE_BIGS,
	VMATLAS_STOREFILE_THREADS,
	VMATLAS_STOREFILE_REGIONS,
	VMATLAS_STOREFILE_MODULES,
	VMATLAS_STOREFILE_STRINGS,
	VMATLAS_STOREFILE_PHASES,
	VMATLAS_STOREFILE_FREED,
	VMATLAS_STOREFILE_WEIGHTS, /* only where it samples */
	VMATLAS_STOREFILE_SLOTS,   /* sealed pointers (core/seal.h) to what a thread works with */
	VMATLAS_STOREFILE_TABLES,
};

/* So many bytes into what a thread works with stand its counters: only grow. */
struct vmatlas_counters {
	uint64_t allocations, allocated_bytes, frees, freed_bytes;
	uint64_t unknown_frees, replaced, failed;
};

/* A snapshot (vmatlas_snapshot.h) whose tables are empty: names, notices, and the list of mappings
 * as they were at a report or the start. There are two places, written in turn. */
struct vmatlas_account {
	uint64_t offset, length;
	uint64_t check; /* vmatlas_storefile_check of its bytes */
	uint64_t turn;  /* the larger is the newer; 0: none; written last */
};

enum vmatlas_storefile_state {
	VMATLAS_STOREFILE_RUNNING, /* or killed */
	VMATLAS_STOREFILE_ENDED,   /* by exit; the file was to be removed, and could not */
	VMATLAS_STOREFILE_BECAME,  /* another program, by exec */
};

struct vmatlas_storefile {
	char magic[8];           /* VMATLAS_STOREFILE_MAGIC; written last */
	uint32_t byte_order;     /* VMATLAS_BYTE_ORDER */
	uint32_t version;        /* VMATLAS_STOREFILE_VERSION */
	uint32_t record_version; /* VMATLAS_STORE_VERSION */
	uint32_t page_size;      /* bytes */
	/* Of the structs of the core that lie in the file as they are, bytes. */
	uint32_t lane_bytes, blocks_bytes, leaf_bytes;
	uint32_t counters_at; /* where in what a thread works with */
	uint32_t pid;
	uint32_t state;  /* enum vmatlas_storefile_state */
	uint32_t glibc;  /* the allocator is glibc's */
	uint32_t pieces; /* so many are filled; only grows */
	uint64_t sample; /* mean bytes between samples; 0: everything was recorded */
	/* Two instants, some time apart, to tell ns from ticks. `frequency`, ticks a second, is
	 * good to a few percent, for where they are too close. */
	struct vmatlas_instant start, later;
	uint64_t frequency;
	uint64_t history;                         /* so many freed blocks are remembered */
	uint64_t table[VMATLAS_STOREFILE_TABLES]; /* addresses of their struct lane, 0: none */
	uint64_t blocks;                          /* address of the struct blocks (core/blocks.h) */
	/* Addresses of an int64_t each: live bytes that all threads know of, and the most there
	 * were. One thread alone has at `highest_at` an int64_t: how many more there were since it
	 * last told; of several each may have had `peak_error` more, or less, than the others knew.
	 */
	uint64_t live, peak;
	uint64_t highest_at, peak_error;
	uint64_t resolution; /* address of a uint64_t: ticks between two birth times */
	struct vmatlas_account account[2];
	struct vmatlas_piece piece[VMATLAS_PIECES_MOST];
};

/* So much of the head is known from the start on. These bytes stand in the variables of
 * libvmatlas.so in each process, with or without a file: whoever reads its memory, of a core file
 * say, finds the tables by them. The pid is that of the process that loaded the library, its forked
 * children's too.
 */
#define VMATLAS_STOREFILE_KNOWN offsetof(struct vmatlas_storefile, account)

/* FNV-1a, 64 bits, from `check` on; begin with 0. */
static inline uint64_t vmatlas_storefile_check(uint64_t check, const void *bytes, uint64_t length)
{
	const unsigned char *byte = (const unsigned char *)bytes;

	check ^= 0xcbf29ce484222325u;
	for (uint64_t i = 0; i < length; i++)
		check = (check ^ byte[i]) * 0x100000001b3u;
	return check ^ 0xcbf29ce484222325u;
}

#endif
