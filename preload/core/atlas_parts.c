#include "atlas_parts.h"
#include "atlas_regions.h"

uint32_t atlas_parts_room(uint32_t mappings, uint32_t spans)
{
	/* Each span begins a part and ends one; each mapping is one without any. */
	return mappings + 2 * spans;
}

/* -- Whose ---------------------------------------------------------------------------------- */

/* What lines alone take for a thread's memory, a call that was seen may know better. */
static bool is_open(uint8_t kind)
{
	switch ((enum kind)kind) {
	case KIND_ANON:
	case KIND_JIT:
	case KIND_RESERVE:
	case KIND_THREAD_STACK:
	case KIND_GUARD:
	case KIND_ARENA:
		return true;
	default:
		return false;
	}
}

/* The heap and a .bss may have been merged with what was mapped behind them. */
static bool takes_calls(const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	if (mapping->kind == KIND_BSS && !atlas->view->images)
		return false; /* where it ends, nobody has said */
	return is_open(mapping->kind) || mapping->kind == KIND_SHMEM ||
	       mapping->kind == KIND_SYSV || mapping->kind == KIND_HUGETLB ||
	       ((mapping->kind == KIND_BSS || mapping->kind == KIND_HEAP) && !mapping->inode);
}

static bool applies(
	const struct atlas *atlas, const struct atlas_mapping *mapping, enum atlas_list list)
{
	switch (list) {
	case ATLAS_LIST_OWN:
		return true;
	case ATLAS_LIST_BSS:
		return !mapping->inode &&
		       (mapping->kind == KIND_BSS || mapping->kind == KIND_HEAP ||
			       is_open(mapping->kind));
	case ATLAS_LIST_STACKS:
		return is_open(mapping->kind) || mapping->kind == KIND_BSS ||
		       mapping->kind == KIND_MAIN_STACK;
	case ATLAS_LIST_MALLOC:
		return is_open(mapping->kind) || mapping->kind == KIND_BSS;
	case ATLAS_LIST_CALLS:
		return takes_calls(atlas, mapping);
	case ATLAS_LISTS:
		break;
	}
	return false;
}

/* The kernel's word for what may be done with it, where nobody's stack or arena says more. */
static uint8_t kind_by_perms(const struct atlas_mapping *mapping)
{
	if (!(mapping->perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC)))
		return KIND_RESERVE;
	return mapping->perms & MAPS_EXEC ? KIND_JIT : KIND_ANON;
}

static void owned_by_malloc(
	struct atlas_part *part, const struct atlas_mapping *mapping, const struct span *span)
{
	part->owner = ATLAS_OWNER_ALLOCATOR;
	part->kind = kind_by_perms(mapping);
	if (part->kind == KIND_ANON)
		part->kind = (uint8_t)span->kind;
}

/* The main stack is what the kernel calls so. */
static void owned_by_thread(
	struct atlas_part *part, const struct atlas_region *region, const struct span *span)
{
	part->thread = region->thread;
	if (part->kind == KIND_MAIN_STACK)
		return;
	part->owner = ATLAS_OWNER_THREAD;
	part->kind = (uint8_t)span->kind;
}

/* Memory above a few inaccessible pages looks like a stack, in maps alone; where a call that was
 * seen made it, it is the caller's. */
static void owned_by_call(struct atlas_part *part, const struct atlas_mapping *mapping,
	const struct atlas_region *region)
{
	bool loader = region->call == VMATLAS_CALL_BEFORE;

	part->owner = loader                                ? ATLAS_OWNER_LOADER
		      : region->call == VMATLAS_CALL_WITHIN ? ATLAS_OWNER_ALLOCATOR
							    : ATLAS_OWNER_CALL;
	part->thread = region->thread;
	part->frame = region->frame;
	if (mapping->kind == KIND_BSS || mapping->kind == KIND_HEAP ||
		mapping->kind == KIND_ARENA || (!loader && is_open(mapping->kind)))
		part->kind = kind_by_perms(mapping);
}

static void give(
	struct atlas *atlas, struct atlas_part *part, enum atlas_list list, const struct span *span)
{
	const struct atlas_mapping *mapping = &atlas->mapping[part->mapping];

	part->region = span->id;
	switch (list) {
	case ATLAS_LIST_OWN:
		part->kind = KIND_VMATLAS;
		part->owner = ATLAS_OWNER_VMATLAS;
		break;
	case ATLAS_LIST_BSS:
		part->kind = mapping->perms & MAPS_EXEC ? mapping->kind : KIND_BSS;
		part->owner = ATLAS_OWNER_PATH;
		break;
	case ATLAS_LIST_MALLOC:
		owned_by_malloc(part, mapping, span);
		break;
	case ATLAS_LIST_STACKS:
		if (span->id)
			owned_by_thread(part, &atlas->region[span->id - 1], span);
		break;
	case ATLAS_LIST_CALLS:
		if (span->id)
			owned_by_call(part, mapping, &atlas->region[span->id - 1]);
		break;
	case ATLAS_LISTS:
		break;
	}
}

/* -- Cutting -------------------------------------------------------------------------------- */

/* What holds the address, and where that ends or something surer begins. */
struct found {
	enum atlas_list list; /* ATLAS_LISTS: nothing */
	const struct span *span;
	uint64_t end;
};

static void look(
	struct atlas *atlas, const struct atlas_mapping *mapping, uint64_t at, struct found *found)
{
	*found = (struct found){ATLAS_LISTS, NULL, mapping->end};
	for (int i = 0; i < ATLAS_LISTS && found->list == ATLAS_LISTS; i++) {
		const struct span *span;
		uint64_t stop;

		if (!applies(atlas, mapping, (enum atlas_list)i))
			continue;
		span = spans_past(&atlas->lists->list[i], at);
		if (!span)
			continue;
		stop = span->start;
		if (span->start <= at) {
			found->list = (enum atlas_list)i;
			found->span = span;
			stop = span->end;
		}
		if (stop < found->end)
			found->end = stop;
	}
}

/* Our own tables stand side by side, and which is which is nobody's concern. */
static bool goes_on(const struct atlas_mapping *mapping, const struct atlas_part *part)
{
	return mapping->parts && part->kind == KIND_VMATLAS && part[-1].kind == KIND_VMATLAS;
}

/* Where there is no room for one more part, the last one is as long as the rest. */
static bool add(struct atlas *atlas, struct atlas_mapping *mapping, uint64_t start,
	const struct found *found)
{
	struct atlas_part *part = &atlas->part[atlas->parts];

	if (atlas->parts == atlas->part_room) {
		atlas->overflow++;
		return false;
	}
	*part = (struct atlas_part){
		.start = start,
		.end = found->end,
		.mapping = (uint32_t)(mapping - atlas->mapping),
		.kind = mapping->kind,
		.owner = mapping->path_length ? ATLAS_OWNER_PATH : ATLAS_OWNER_NONE,
	};
	if (found->span)
		give(atlas, part, found->list, found->span);
	if (goes_on(mapping, part)) {
		part[-1].end = part->end;
		return true;
	}
	atlas->parts++;
	mapping->parts++;
	return true;
}

static void cut(struct atlas *atlas, struct atlas_mapping *mapping)
{
	uint64_t at = mapping->start;
	struct found found;

	mapping->part = atlas->parts;
	while (at < mapping->end) {
		look(atlas, mapping, at, &found);
		if (!add(atlas, mapping, at, &found))
			break;
		at = found.end;
	}
	if (at < mapping->end && mapping->parts)
		atlas->part[atlas->parts - 1].end = mapping->end;
}

/* A guard whose size is not known is known by its place. */
static void own_guards(struct atlas *atlas)
{
	for (uint32_t i = 1; i < atlas->parts; i++) {
		const struct atlas_part *stack = &atlas->part[i];
		struct atlas_part *below = &atlas->part[i - 1];

		if (stack->kind != KIND_THREAD_STACK || stack->owner != ATLAS_OWNER_THREAD ||
			below->end != stack->start || below->owner != ATLAS_OWNER_NONE ||
			(below->kind != KIND_GUARD && below->kind != KIND_RESERVE))
			continue;
		below->kind = KIND_GUARD;
		below->owner = ATLAS_OWNER_THREAD;
		below->thread = stack->thread;
	}
}

/* What the kernel mapped below memory of MAP_GROWSDOWN, as it was touched, is whose that memory is.
 */
static void own_growth(struct atlas *atlas, const struct atlas_mapping *mapping)
{
	struct atlas_part *grown = &atlas->part[mapping->part];

	if (!mapping->grows_down || mapping->parts < 2 || grown->owner != ATLAS_OWNER_NONE ||
		grown[1].owner != ATLAS_OWNER_CALL)
		return;
	grown->kind = grown[1].kind;
	grown->owner = grown[1].owner;
	grown->region = grown[1].region;
	grown->thread = grown[1].thread;
	grown->frame = grown[1].frame;
}

/* A .bss is its module's: the mapping of a file that stands before it. Where the headers were read
 * it ends as they say, and what lies behind is nobody's yet. */
static void own_bss(struct atlas *atlas, struct atlas_mapping *mapping)
{
	if (!mapping->path_length && mapping > atlas->mapping) {
		mapping->module_path =
			mapping[-1].path_length ? mapping[-1].path : mapping[-1].module_path;
		mapping->module_path_length = mapping[-1].path_length
						      ? mapping[-1].path_length
						      : mapping[-1].module_path_length;
	}
	for (uint32_t i = 0; i < mapping->parts; i++) {
		struct atlas_part *part = &atlas->part[mapping->part + i];

		if (part->kind != KIND_BSS || part->owner != ATLAS_OWNER_NONE)
			continue;
		if (i)
			part->kind = kind_by_perms(mapping);
		else
			part->owner = ATLAS_OWNER_PATH;
	}
}

static bool has_bss(const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	return mapping->parts && atlas->part[mapping->part].kind == KIND_BSS;
}

void atlas_parts_cut(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++)
		cut(atlas, &atlas->mapping[i]);
	own_guards(atlas);
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		own_growth(atlas, &atlas->mapping[i]);
		if (has_bss(atlas, &atlas->mapping[i]))
			own_bss(atlas, &atlas->mapping[i]);
	}
}
