/* ask.h - what the kernel says about one address.
 *
 * By ioctl(PROCMAP_QUERY) on /proc/self/maps where the kernel has it (Linux 6.11,
 * include/uapi/linux/fs.h), else by reading the text. No descriptor is kept between questions: the
 * program would see it, close it, or inherit it, and a child's would answer for its parent. The
 * price is that for microseconds the lowest free number is taken; raising it takes as long. */
#ifndef VMATLAS_ASK_H
#define VMATLAS_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask_answer {
	uint64_t start, end, offset, inode;
	uint32_t major, minor;
	uint8_t perms; /* enum maps_perm */
};

/* The mapping that holds the address: 0; ENOENT when none does; another errno when the kernel
 * could not be asked (counted). When `path` is given, its name with a NUL, or "" where it has none
 * or one that does not fit: the kernel cuts no names.
 * Anywhere the stack has 1 KiB (8 KiB where only the text can be read). */
int ask_mapping(uintptr_t address, struct ask_answer *answer, char *path, size_t capacity);

/* How often was asked, by which way, and how often in vain. Anywhere. */
struct ask_counts {
	uint64_t queries, readings, failures;
};
struct ask_counts ask_counts(void);

/* Reads the text even where the kernel knows the query. Start only. */
void ask_by_text(void);

#endif
