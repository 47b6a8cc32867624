#include "kept.h"
#include "config.h"
#include "sys.h"

#include <string.h>
#include <sys/stat.h>

/* Of a name only what it is made of: the template says the rest. */
struct record {
	uint64_t time_s;
	struct descriptor_identity identity;
	uint32_t number;
};

/* Written by the dump that is at work alone. A ring: number n stands at n % CONFIG_KEEP. In a
 * forked child its parent's records lead to no file: another process, another name, or another
 * file. */
static struct {
	struct record record[CONFIG_KEEP];
	uint32_t first, next;
} self;

static struct descriptor_identity identify(const char *path)
{
	struct stat status;

	if (sys_call(SYS_newfstatat, AT_FDCWD, (long)path, (long)&status, AT_SYMLINK_NOFOLLOW, 0,
		    0) ||
		!S_ISREG(status.st_mode))
		return (struct descriptor_identity){0, 0};
	return (struct descriptor_identity){status.st_dev, status.st_ino};
}

static bool name_of(const struct record *record, const struct output_facts *facts, char *path)
{
	struct output_facts then = *facts;

	then.number = record->number;
	then.time_s = record->time_s;
	return output_expand(config()->output, &then, path, CONFIG_PATH);
}

/* Whether a later report has this name, and so its file: by its inode it cannot be told from the
 * one that it replaced, as the file system may give the number again. */
static bool is_replaced(const char *path, const struct output_facts *facts)
{
	char other[CONFIG_PATH];

	for (uint32_t n = self.first; n != self.next; n++) {
		if (name_of(&self.record[n % CONFIG_KEEP], facts, other) && !strcmp(other, path))
			return true;
	}
	return false;
}

static void remove_oldest(const struct output_facts *facts)
{
	const struct record *record = &self.record[self.first++ % CONFIG_KEEP];
	struct descriptor_identity found;
	char path[CONFIG_PATH];

	if (!name_of(record, facts, path) || is_replaced(path, facts))
		return;
	found = identify(path);
	if (found.inode && found.inode == record->identity.inode &&
		found.device == record->identity.device)
		sys_call(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

void kept_add(const struct output *output, const struct output_facts *facts)
{
	struct descriptor_identity identity;

	if (!config()->keep || facts->private || config()->fd >= 0)
		return;
	identity = identify(output->path);
	if (!identity.inode)
		return;
	self.record[self.next++ % CONFIG_KEEP] =
		(struct record){facts->time_s, identity, facts->number};
	while (self.next - self.first > config()->keep)
		remove_oldest(facts);
}
