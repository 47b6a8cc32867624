/* maps.h - one line of /proc/PID/maps, taken apart. */
#ifndef VMATLAS_MAPS_H
#define VMATLAS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every function of this file may be called anywhere, signal handlers included; each keeps
 * under 300 bytes of stack. */

enum maps_perm {
	MAPS_READ = 1,
	MAPS_WRITE = 2,
	MAPS_EXEC = 4,
	MAPS_SHARED = 8,
};

/* 7f7877c1f000-7f7877c20000 r--p 00021000 fd:01 1049982                    /usr/lib64/ld-2.17.so */
struct maps_line {
	uint64_t start, end; /* bytes; start < end, end is the first address behind */
	uint64_t offset;     /* bytes, as the kernel wrote it: see maps_line_normalise */
	uint64_t inode;
	uint32_t major, minor;
	uint8_t perms;    /* bits of enum maps_perm */
	const char *path; /* points into the line, not terminated, escapes kept; "" when none */
	size_t path_length;
};

struct maps_fault {
	size_t column; /* counted from 1, in bytes; one behind the line when something is missing */
	const char *reason; /* a constant string, lower case, no full stop */
};

/* Reads one line in the form that the kernel writes (show_map_vma in fs/proc/task_mmu.c):
 * lower-case hexadecimal numbers of 1 to 16 digits, one space between fields, any number of them
 * before the path. length does not count a newline. Everything else is a fault: glued or missing
 * fields, capitals, garbage, an empty or reversed range, numbers that do not fit, NUL and newline
 * within the path. Trailing spaces belong to the name of a file, unless they are all that there is.
 * Returns 0, or EINVAL and fills *fault, which may be NULL; *out is untouched then. */
int maps_parse(const char *line, size_t length, struct maps_line *out, struct maps_fault *fault);

/* Is it a mapping without a file behind: neither device nor inode? A [marker] has none either. */
bool maps_line_anonymous(const struct maps_line *line);

/* Kernels before 2.6.30 or so show an anonymous mapping's address, not 0, as its offset (the
 * stack's: the address it was created at). Sets the offset of a mapping without a file to 0. */
void maps_line_normalise(struct maps_line *line);

/* Does the path end in " (deleted)"? The kernel adds it (d_path in fs/d_path.c) when the file has
 * no name any more, but a file can also be called so: only stat can tell. */
bool maps_line_deleted(const struct maps_line *line);

/* Copies the file's name as it is on disk: "\012" becomes a newline, the only character that the
 * kernel escapes in maps (seq_path(m, path, "\n")), and " (deleted)" is left off. A file whose name
 * holds the four characters \012 looks the same in maps and is decoded as well. Writes at most
 * capacity - 1 bytes and a terminating zero (nothing if capacity is 0), and returns the whole
 * length, as snprintf does. out may not overlap the path. */
size_t maps_path_decode(const struct maps_line *line, char *out, size_t capacity);

/* "rwxp" of enum maps_perm, terminated; returns out. */
const char *maps_letters(unsigned perms, char out[5]);

#endif
