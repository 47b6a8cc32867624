/* symbols.h - the function that an address lies in, by an ELF file's symbol tables.
 *
 * Many addresses of one file are asked for at once, and its tables are read once for all of them.
 * All functions may be called anywhere, signal handlers included, if the source's callback may;
 * the longest chain of calls takes 1.1 KiB of stack, and what the callback takes. */
#ifndef VMATLAS_SYMBOLS_H
#define VMATLAS_SYMBOLS_H

#include "elf.h"

/* The least buffer that the functions work with, in bytes. 16 KiB and more read large tables
 * several times faster. */
enum { SYMBOLS_BUFFER_MIN = 2048 };

/* The longest name copied, with its NUL. Names longer than this exist (C++ templates), but nobody
 * reads them in a text report, and the tools read the file themselves. */
enum { SYMBOLS_NAME_MAX = 1024 };

/* A symbol that may be the answer; symbols.c's own. */
struct symbols_match {
	uint64_t start, size;
	uint32_t name;
	uint16_t section;
	uint8_t table;
	uint8_t rank; /* 0: no match */
};

/* One address and its answer. */
struct symbols_query {
	/* Asked for: an address in the file's own terms (address in the process minus load bias).
	 * Of a return address ask one less: a call that does not return can be a function's last
	 * instruction. */
	uint64_t vaddr;
	/* NULL if no function's; else in the names of the request, NUL-terminated, not empty. Bytes
	 * as the file has them: mangled, and in a damaged file anything. Queries for the same
	 * function share one copy. */
	const char *name;
	uint64_t start, size; /* of the function; size 0 if the file does not say */
	bool truncated;       /* the name is longer than what fitted */
	/* While the tables are read. */
	struct symbols_match sized, bare;
	uint64_t fence;
};

/* What to look up, and the memory to do it with, all of it the caller's. */
struct symbols_request {
	struct symbols_query *queries; /* sorted by vaddr */
	size_t count;
	void *buffer; /* to read into; its content is lost */
	size_t buffer_size;
	char *names; /* holds the names after `names_used` bytes, which moves on */
	size_t names_size, names_used;
	uint64_t skipped;       /* out: symbols that could not be read, or are beyond all caps */
	uint64_t names_skipped; /* out: names that were found but had no room */
};

/* Names the function of each query, if a symbol of the file contains it.
 *
 * A symbol's function is [value, value + size). Of several that contain the address the one that
 * starts last is taken; of those with the same start, functions before untyped labels in code,
 * global and weak ones before local ones, then the smaller, then the name with fewer leading
 * underscores, then the shorter, then the one first in the alphabet (of its first 127 bytes):
 * `malloc` and not `__libc_malloc`, whatever the order in the file. A symbol without size
 * (hand-written assembly) answers where none with a size does, from its value up to the next symbol
 * or the end of its section; in .dynsym, which does not name all functions, for its very address
 * only. .symtab is read if present, and .dynsym if that left a query open.
 *
 * Time: one look at each symbol, O(log count) each, and no more than 64 million further
 * comparisons whatever the file says. Returns 0, also when nothing was found; ENOENT where the
 * file has no symbol table; ENOEXEC where those it has are damaged; the errno of the callback; or
 * EINVAL for queries that are not sorted or a buffer that is too small. No query has a name
 * then. */
int symbols_resolve(const struct elf_source *source, const struct elf_image *image,
	struct symbols_request *request);

#endif
