#include "diff_key.h"

#include <string.h>

#include "../preload/core/place.h"

enum substance { OWN, A_FILE, MARKER, ANONYMOUS, INACCESSIBLE };

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t length = a_length < b_length ? a_length : b_length;
	int found = length ? memcmp(a, b, length) : 0;

	return found ? found : order(a_length, b_length);
}

static int order_paths(const struct diff_item *a, const struct diff_item *b)
{
	return order_bytes(a->path, a->path_length, b->path, b->path_length);
}

/* A name that the program gave ("[anon:NAME]") can come at any time. */
static bool is_named_anonymous(const struct diff_item *item)
{
	static const char prefix[] = "[anon:";

	return item->path_length >= sizeof(prefix) - 1 &&
	       !memcmp(item->path, prefix, sizeof(prefix) - 1);
}

static enum substance substance_of(const struct diff_item *item)
{
	if (item->own)
		return OWN;
	if (item->inode || (item->path_length && *item->path != '['))
		return A_FILE;
	if (item->path_length && !is_named_anonymous(item))
		return MARKER;
	return item->perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC) ? ANONYMOUS : INACCESSIBLE;
}

bool diff_key_same_substance(const struct diff_item *a, const struct diff_item *b)
{
	return substance_of(a) == substance_of(b);
}

/* pmap prints only the last part of a path. */
static bool same_base(const struct diff_item *a, const struct diff_item *b)
{
	size_t a_length = a->path_length, b_length = b->path_length;
	const char *a_base = place_base(a->path, &a_length);
	const char *b_base = place_base(b->path, &b_length);

	return !order_bytes(a_base, a_length, b_base, b_length);
}

static bool same_file(const struct diff_item *a, const struct diff_item *b)
{
	if (!a->located || !b->located)
		return same_base(a, b);
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->start - a->offset == b->start - b->offset;
}

bool diff_key_same_memory(const struct diff_item *a, const struct diff_item *b)
{
	enum substance substance = substance_of(a);

	if (substance != substance_of(b))
		return false;
	switch (substance) {
	case A_FILE:
		return same_file(a, b);
	case MARKER:
		return !order_paths(a, b);
	default:
		return true;
	}
}

int diff_key_purpose(const struct diff_item *a, const struct diff_item *b)
{
	int found = order(a->own, b->own);

	if (!found)
		found = order(a->kind, b->kind);
	if (!found)
		found = order_paths(a, b);
	if (!found)
		found = order(a->stack, b->stack);
	if (!found)
		found = order_bytes(a->label, a->label_length, b->label, b->label_length);
	return found;
}

int diff_key_file(const struct diff_item *a, const struct diff_item *b)
{
	int found = order(a->inode, b->inode);

	if (!found)
		found = order(a->major, b->major);
	if (!found)
		found = order(a->minor, b->minor);
	if (!found)
		found = order(a->offset, b->offset);
	if (!found)
		found = order(a->perms, b->perms);
	return found;
}
