/* kind.h - what a mapping is for, as far as the lines of maps can tell. */
#ifndef VMATLAS_KIND_H
#define VMATLAS_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"
#include "smaps.h"

/* The numbers stand in snapshots: append, never reorder. */
enum kind {
	KIND_OTHER,       /* a marker or object we do not know; its path says what */
	KIND_TEXT,        /* machine code of an ELF file */
	KIND_RODATA,      /* its constants, headers and symbol tables */
	KIND_RELRO,       /* the part of its data made read-only after relocation */
	KIND_DATA,        /* its variables with a value in the file */
	KIND_BSS,         /* its variables that start as zero, behind the data */
	KIND_PADDING,     /* the inaccessible hole between its segments */
	KIND_HEAP,        /* moved by brk */
	KIND_ARENA,       /* glibc's heap for threads */
	KIND_MALLOC_MMAP, /* one big malloc; told from lines alone only where glibc names it */
	KIND_MAIN_STACK,
	KIND_THREAD_STACK,
	KIND_GUARD, /* the inaccessible pages below a stack */
	KIND_VDSO,
	KIND_VVAR,
	KIND_VSYSCALL,
	KIND_FILE,  /* a file that is not a loaded ELF file */
	KIND_SHMEM, /* shared memory: MAP_SHARED|MAP_ANONYMOUS, /dev/shm */
	KIND_MEMFD,
	KIND_SYSV, /* shmget */
	KIND_DEVICE,
	KIND_HUGETLB,
	KIND_JIT,     /* executable, and from no file */
	KIND_RESERVE, /* addresses kept free (PROT_NONE) */
	KIND_ANON,    /* private anonymous memory, nothing more is known */
	KIND_VMATLAS, /* ours */
	KIND_COUNT,
};

/* Where an ELF file is loaded, for a caller who has read its program headers: addresses in the
 * process, all 0 where there is none. With it nothing about the file has to be guessed. */
struct kind_segments {
	uint64_t relro_start, relro_end; /* PT_GNU_RELRO, rounded down to pages as ld.so does */
	uint64_t data_start, data_end; /* the writable PT_LOADs with p_memsz, rounded up to pages */
};

/* What the lines so far have shown. Zero it before the first line, give next and segments before
 * each, and leave the rest to kind_advance. */
struct kind_context {
	/* The line behind (maps_reader_peek), NULL if there is none. */
	const struct maps_line *next;
	/* Of the ELF file that this line is part of, or NULL. */
	const struct kind_segments *segments;

	struct kind_before { /* the line before; all 0 for the first */
		uint64_t end, offset_end, inode;
		uint32_t major, minor;
		uint8_t perms;
		uint8_t kind;
	} before;

	struct kind_module { /* the ELF file met last, which other mappings may interrupt */
		uint64_t inode;
		uint32_t major, minor;
		uint64_t skew; /* of its code: address minus offset in the file */
		bool leading;  /* it begins with a read-only segment */
		bool text;     /* its machine code has come */
		bool rodata;   /* constants behind the code have come */
		bool data;     /* writable data have come */
	} module;
};

/* The kind of line, from its name, its shape and its neighbours; the rules, each with its reason,
 * stand in kind.c and kind_elf.c. Lines alone cannot tell RELRO from constants in what lld or mold
 * link with -z separate-code, nor .bss from a mapping that begins where data end by chance:
 * context's segments can. Anywhere, signal handlers included. */
enum kind kind_of(const struct maps_line *line, const struct kind_context *context);

/* Takes line, of which kind_of has said kind (or somebody who knows better), as the line before.
 * Clears next and segments. Anywhere, signal handlers included. */
void kind_advance(struct kind_context *context, const struct maps_line *line, enum kind kind);

/* kind_of and kind_advance for a caller without program headers; next may be NULL. */
enum kind kind_next(
	struct kind_context *context, const struct maps_line *line, const struct maps_line *next);

/* The kind, corrected by what smaps adds: pages of hugetlbfs ("ht"), whose mount may be called
 * anything. Anywhere, signal handlers included. */
enum kind kind_refine(enum kind kind, const struct smaps *smaps);

/* "text", "malloc-mmap", ...; "other" for numbers out of range. Anywhere, signal handlers
 * included. */
const char *kind_name(enum kind kind);

/* The kind called name into *kind: true, or false and *kind untouched. Anywhere. */
bool kind_find(const char *name, enum kind *kind);

/* Is it part of a loaded ELF file, text to padding? */
bool kind_is_elf(enum kind kind);

#endif
