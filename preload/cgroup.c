#include "cgroup.h"
#include "config.h"
#include "procfile.h"

#include "core/text.h"

#include <string.h>

enum {
	LIST = 4096,
	/* Version 1 has some 40 lines in memory.stat, version 2 some 60. */
	STAT = 8192,
	/* Groups within groups; who nests them deeper has limits higher up, too. */
	LEVELS = 32,
	/* Version 1 says LONG_MAX, rounded to pages, for no limit. */
	UNLIMITED_BITS = 60,
};

/* The names of one version. */
struct version {
	const char *folder; /* below the mount point */
	const char *limit, *used, *stat, *reclaimable;
};

static const struct version one = {"/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
	"/memory.stat", "total_inactive_file "};
static const struct version two = {
	"", "/memory.max", "/memory.current", "/memory.stat", "inactive_file "};

/* The stack may be a small thread's. */
static struct {
	char list[LIST], stat[STAT], group[CONFIG_PATH], path[CONFIG_PATH];
} self;

/* -- Figures -------------------------------------------------------------------------------- */

static bool parse(const char *text, uint64_t *number)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	*number = value;
	return true;
}

static bool open_path(const char *name)
{
	struct text text;

	text_init(&text, self.path, sizeof self.path - 1, NULL, NULL);
	text_str(&text, self.group);
	text_str(&text, name);
	self.path[text.used] = 0;
	return !text.error;
}

/* "max" is no number. */
static bool read_figure(const char *name, uint64_t *number)
{
	char digits[32];

	return open_path(name) && procfile_read(self.path, digits, sizeof digits) &&
	       parse(digits, number);
}

static uint64_t reclaimable(const struct version *version)
{
	size_t length = strlen(version->reclaimable);
	const char *line = self.stat;
	uint64_t bytes = 0;

	if (!open_path(version->stat) || !procfile_read(self.path, self.stat, sizeof self.stat))
		return 0;
	while (line && strncmp(line, version->reclaimable, length)) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line)
		parse(line + length, &bytes);
	return bytes;
}

/* -- Groups --------------------------------------------------------------------------------- */

static bool reaches(uint64_t used, uint64_t limit, unsigned percent)
{
	return used >= limit / 100 * percent;
}

static bool group_is_near(const struct version *version, unsigned percent)
{
	uint64_t limit, used, spare;

	if (!read_figure(version->limit, &limit) || limit >> UNLIMITED_BITS ||
		!read_figure(version->used, &used) || !reaches(used, limit, percent))
		return false;
	spare = reclaimable(version);
	return reaches(used > spare ? used - spare : 0, limit, percent);
}

/* The group that the list names, as far as it is seen from here: within a container the mount's
 * root may be a group far below the one that the list begins with. Then the names lead nowhere, and
 * the root is what counts. */
static bool any_is_near(const char *mount, const struct version *version, const char *name,
	size_t length, unsigned percent)
{
	size_t root = strlen(mount) + strlen(version->folder);
	struct text text;

	text_init(&text, self.group, sizeof self.group - 1, NULL, NULL);
	text_str(&text, mount);
	text_str(&text, version->folder);
	text_bytes(&text, name, length);
	self.group[text.used] = 0;
	if (text.error)
		return false;
	for (unsigned level = 0; level < LEVELS; level++) {
		char *slash = strrchr(self.group + root, '/');

		if (group_is_near(version, percent))
			return true;
		if (!slash)
			return false;
		*slash = 0;
	}
	return false;
}

/* -- The list ------------------------------------------------------------------------------- */

/* Whether "memory" is among controllers separated by commas. */
static bool has_memory(const char *controllers, const char *end)
{
	while (controllers < end) {
		const char *comma = memchr(controllers, ',', (size_t)(end - controllers));
		size_t length = (size_t)((comma ? comma : end) - controllers);

		if (length == 6 && !memcmp(controllers, "memory", length))
			return true;
		controllers += length + 1;
	}
	return false;
}

/* A line is "4:memory:/a/b", or "0::/a/b" for version 2. */
static const struct version *version_of(const char *line, const char *name)
{
	const char *controllers = memchr(line, ':', (size_t)(name - line));

	if (!controllers || controllers + 1 >= name)
		return NULL;
	if (!strncmp(line, "0::", 3))
		return &two;
	return has_memory(controllers + 1, name - 1) ? &one : NULL;
}

/* Behind the second colon; NULL where there is none. */
static const char *name_in(const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	colon = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1)) : NULL;
	return colon ? colon + 1 : NULL;
}

/* The mount's root is "/", and has no name of its own here. */
static bool line_is_near(const char *mount, const char *line, const char *end, unsigned percent)
{
	const char *name = name_in(line, end);
	const struct version *version = name ? version_of(line, name) : NULL;
	size_t length = name ? (size_t)(end - name) : 0;

	if (!version)
		return false;
	return any_is_near(mount, version, name, length == 1 ? 0 : length, percent);
}

static size_t read_list(const char *folder)
{
	struct text text;

	if (!*folder)
		return procfile_read("/proc/thread-self/cgroup", self.list, sizeof self.list);
	text_init(&text, self.path, sizeof self.path - 1, NULL, NULL);
	text_str(&text, folder);
	text_str(&text, "/list");
	self.path[text.used] = 0;
	return procfile_read(self.path, self.list, sizeof self.list);
}

bool cgroup_is_near(const char *folder, unsigned percent)
{
	const char *mount = *folder ? folder : "/sys/fs/cgroup";
	const char *line = self.list, *end = line + read_list(folder);

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if (line_is_near(mount, line, stop, percent))
			return true;
		line = stop + 1;
	}
	return false;
}
