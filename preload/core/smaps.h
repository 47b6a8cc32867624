/* smaps.h - the keys that /proc/PID/smaps gives for one mapping. */
#ifndef VMATLAS_SMAPS_H
#define VMATLAS_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, though the kernel prints kB; 0 where the kernel does not know the key. Zero it before each
 * mapping. proc_pid_smaps(5), Documentation/filesystems/proc.rst. */
struct smaps {
	uint64_t size, kernel_page_size, mmu_page_size;
	uint64_t rss, pss, pss_dirty;
	uint64_t pss_anon, pss_file, pss_shmem; /* in smaps_rollup only */
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t referenced, anonymous, ksm, lazyfree;
	uint64_t anon_huge, shmem_pmd, file_pmd;
	uint64_t shared_hugetlb, private_hugetlb;
	uint64_t swap, swap_pss, locked;
	uint64_t thp_eligible, protection_key; /* as the kernel writes them: no bytes */
	char vm_flags[200]; /* "rd wr mr mw me ac": the kernel has 64 flags at most, 3 bytes each */
};

enum smaps_kind {
	SMAPS_HEADER,      /* a line of maps: the next mapping begins; nothing was filled in */
	SMAPS_KEY,         /* filled in */
	SMAPS_UNKNOWN_KEY, /* well-formed, but a key of another kernel: passed over */
	SMAPS_DAMAGED,     /* neither, or a known key without its number and unit */
};

/* Reads one line, length without its newline, and fills the key it carries into *out; the rest of
 * *out is untouched. Anywhere, signal handlers included. */
enum smaps_kind smaps_line(const char *line, size_t length, struct smaps *out);

/* Is the two-letter flag of VmFlags set, such as "gu" (has guard pages), "gd" (grows down), "ht"
 * (hugetlb)? Anywhere, signal handlers included. */
bool smaps_flag(const struct smaps *smaps, const char *flag);

#endif
