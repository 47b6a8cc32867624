#include "privilege.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The xattr "security.capability" opens with this word, then {permitted, inheritable} pairs of 32
 * bits each (struct vfs_cap_data, linux/capability.h); all little endian. */
#define CAPS_WORDS 6
#define CAPS_EFFECTIVE 1

/* The kernel leaves the bits out of account there (bprm_fill_uid, fs/exec.c). */
static bool bits_are_ignored(const char *path)
{
	struct statvfs system;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return true;
	return statvfs(path, &system) == 0 && (system.f_flag & ST_NOSUID);
}

/* Root gains nothing by capabilities: cap_bprm_creds_from_file (security/commoncap.c). */
static bool has_capabilities(const char *path)
{
	uint32_t caps[CAPS_WORDS] = {0};
	ssize_t size = getxattr(path, "security.capability", caps, sizeof(caps));

	if (getuid() == 0 || size < 3 * (ssize_t)sizeof(*caps))
		return false;
	return (le32toh(caps[0]) & CAPS_EFFECTIVE) || caps[1] || caps[3];
}

const char *privilege_gained(const char *path)
{
	/* Without group execution the bit once meant mandatory locking, and nothing today. */
	const mode_t setgid = S_ISGID | S_IXGRP;
	struct stat status;

	if (stat(path, &status) != 0 || bits_are_ignored(path))
		return NULL;
	if ((status.st_mode & S_ISUID) && status.st_uid != getuid())
		return "setuid";
	if ((status.st_mode & setgid) == setgid && status.st_gid != getgid())
		return "setgid";
	return has_capabilities(path) ? "has file capabilities" : NULL;
}
