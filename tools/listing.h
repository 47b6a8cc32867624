/* listing.h - the mappings of a process as a list, read from whatever shows them. */
#ifndef VMATLAS_LISTING_H
#define VMATLAS_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../preload/core/kind.h"
#include "../preload/core/maps.h"
#include "../preload/core/smaps.h"

/* What the list was read from. */
enum listing_form {
	LISTING_MAPS,     /* /proc/PID/maps or smaps, live, saved or pasted */
	LISTING_PMAP,     /* what procps' pmap prints, with or without -x */
	LISTING_GDB,      /* what gdb's `info proc mappings` prints */
	LISTING_SNAPSHOT, /* a snapshot of the shim's */
};

/* Which columns that had: what it had not is 0 in the rows, and not known. */
enum listing_known {
	LISTING_PERMS = 1,
	LISTING_OFFSET = 2,
	LISTING_FILE = 4,     /* device and inode */
	LISTING_PATH = 8,     /* whole paths, not their last part */
	LISTING_RSS = 16,     /* smaps.rss, and of pmap -x private_dirty */
	LISTING_SMAPS = 32,   /* all of smaps */
	LISTING_LIVE = 64,    /* what the shim knew: blocks and owners */
	LISTING_GUARDS = 128, /* where there are guard pages that maps does not show */
};

/* Keys of smaps kept for one mapping. Linux 6.18 has 25. */
enum { LISTING_KEYS = 64 };

/* A key of smaps as the kernel spells it, VmFlags left out. */
struct listing_key {
	const char *name; /* not terminated */
	size_t length;
	bool kib; /* its numbers are followed by "kB" */
};

/* What the shim knew of a mapping; atlas.h explains the figures. */
struct listing_live {
	uint64_t blocks, bytes, resident, retained, trimmable, pinned;
	bool pages_known; /* resident to pinned hold */
};

/* A stretch of a mapping that is for one thing, where the kernel has made one mapping of several
 * (atlas.h): without file, permissions and the rest of smaps, which are the mapping's. */
struct listing_part {
	uint64_t start, end, rss;
	enum kind kind;
	char *owner; /* NULL where none is known */
	struct listing_live live;
};

struct listing_row {
	struct maps_line line;   /* its path is the listing's; offset as maps_line_normalise */
	uint64_t written_offset; /* as it stood there */
	const char *text;        /* the very line of maps, not terminated; NULL in other forms */
	size_t text_length;
	struct smaps smaps;           /* zeros where unknown */
	uint64_t value[LISTING_KEYS]; /* by listing->key, as the kernel wrote it (kB) */
	enum kind kind;
	char *owner; /* in a few words, NULL where none is known */
	struct listing_live live;
	struct listing_part *part; /* of a snapshot: what it consists of */
	size_t parts;              /* 2 at least; 0: it is one thing */
	bool guards;               /* some of its pages are guards that maps does not show, */
	uint64_t guard_bytes;      /* so many; 0: how many is not known */
	const struct listing_module *module; /* loaded ELF file it is part of; NULL unknown */
};

struct listing {
	enum listing_form form;
	unsigned known;          /* bits of enum listing_known */
	long pid;                /* 0 unknown */
	bool alive;              /* it was read from the process itself */
	char *title;             /* command line or file name; bytes of strangers */
	struct listing_row *row; /* in the order of the source */
	size_t count;
	struct listing_key key[LISTING_KEYS]; /* in the order of the kernel */
	size_t keys;
	size_t disorder; /* rows that begin before the end of the one before */

	struct snapshot *snapshot; /* what it was read from; NULL: nothing of the shim's */

	/* The listing's own. */
	struct listing_module *modules; /* chains: listing_modules.h */
	struct listing_image *images;
	char *bytes; /* of the source; rows point into it */
	size_t length, capacity;
};

/* Where a text stops making sense. */
struct listing_fault {
	size_t line, column; /* from 1 */
	const char *reason;  /* a constant text; NULL when there is no fault */
};

/* How to read. */
struct listing_how {
	bool pasted; /* forgive what web pages and logs do to lines of maps: pasted.h */
	bool smaps;  /* of a live process: read smaps, which costs ten times as much as maps */
	bool ask;    /* of a live process: ask the shim in it for a snapshot */
	bool guards; /* look for guard pages that maps does not show: listing_guards.h */
};

/* Reads the target: a number is a process (or a thread of it), "-" standard input, anything else a
 * file, whose form is told by its content. What goes wrong is said on stderr, a text that makes no
 * sense with line and column of the first fault: returns 0 and the listing, to be given to
 * listing_free, or an exit status. A listing has at least one row. */
int listing_open(const char *target, const struct listing_how *how, struct listing **listing);

/* The same for the content of a file that is in memory, from malloc, which becomes the listing's or
 * is freed. `what` is its name. */
int listing_take(const char *what, char *bytes, size_t length, const struct listing_how *how,
	struct listing **listing);

/* Is it the number of a process, by its look? */
bool listing_is_process(const char *target);

/* Reads a text of `length` bytes in any form but a snapshot's. The bytes, from malloc, become the
 * listing's. Rows have no kinds, owners and modules yet. Returns 0; EILSEQ and *fault; or ENOMEM.
 * In these cases the bytes are freed. */
int listing_parse(char *bytes, size_t length, const struct listing_how *how,
	struct listing **listing, struct listing_fault *fault);

/* NULL is allowed. */
void listing_free(struct listing *listing);

/* An empty listing, and a row of zeros at its end (good until the next); NULL if memory is out. */
struct listing *listing_new(void);
struct listing_row *listing_add(struct listing *listing);

/* The row that holds the address, or NULL. */
const struct listing_row *listing_find(const struct listing *listing, uint64_t address);

/* The name behind the last slash of a row's path, or the whole marker; moves *length. */
const char *listing_base(const struct listing_row *row, size_t *length);

#endif
