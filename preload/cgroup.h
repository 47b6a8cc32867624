/* cgroup.h - how near our control groups are to their limits of memory.
 *
 * cgroups(7); memory.max, memory.current and memory.stat of version 2
 * (Documentation/admin-guide/cgroup-v2.rst), memory.limit_in_bytes, memory.usage_in_bytes and
 * memory.stat of version 1. A limit holds for all groups below, so each one up to the root counts.
 */
#ifndef VMATLAS_CGROUP_H
#define VMATLAS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a group uses so many percent of its limit or more. What the kernel can drop at once, file
 * pages that were not used lately, does not count: a program that reads files would always be near.
 * False where there is no limit, or nobody says. `folder`: where they are mounted, with a file
 * `list` as the kernel's /proc/self/cgroup; "" for the kernel's own. Anywhere, by one caller at a
 * time. */
bool cgroup_is_near(const char *folder, unsigned percent);

#endif
