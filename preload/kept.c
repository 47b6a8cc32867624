#include "kept.h"
#include "config.h"
#include "sys.h"

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

static void remove_oldest(const struct output_facts *facts)
{
	const struct record *record = &self.record[self.first++ % CONFIG_KEEP];
	struct output_facts old = *facts;
	struct descriptor_identity found;
	char path[CONFIG_PATH];

	old.number = record->number;
	old.time_s = record->time_s;
	if (!output_expand(config()->output, &old, path, sizeof path))
		return;
	found = identify(path);
	if (found.inode && found.inode == record->identity.inode &&
		found.device == record->identity.device)
		sys_call(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

/* A name without %n or %t is each report's: there is one file at most. */
static bool is_last(const struct descriptor_identity *identity)
{
	const struct record *last = &self.record[(self.next - 1) % CONFIG_KEEP];

	return self.next != self.first && last->identity.inode == identity->inode &&
	       last->identity.device == identity->device;
}

void kept_add(const struct output *output, const struct output_facts *facts)
{
	struct descriptor_identity identity;

	if (!config()->keep || facts->private || config()->fd >= 0)
		return;
	identity = identify(output->path);
	if (!identity.inode || is_last(&identity))
		return;
	self.record[self.next++ % CONFIG_KEEP] =
		(struct record){facts->time_s, identity, facts->number};
	while (self.next - self.first > config()->keep)
		remove_oldest(facts);
}
