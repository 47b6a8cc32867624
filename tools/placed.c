#include "placed.h"

#include <errno.h>
#include <stdlib.h>

static struct blocks_branch *branch_of(struct blocks *blocks, uint64_t window)
{
	uint64_t root = window >> (BLOCKS_BRANCH_BITS + BLOCKS_LEAF_BITS);

	if (!blocks->branch[root])
		blocks->branch[root] = calloc(1, sizeof(struct blocks_branch));
	return blocks->branch[root];
}

static int add_leaf(struct blocks *blocks, uint64_t window)
{
	struct blocks_branch *branch = branch_of(blocks, window);
	uint64_t number = window >> BLOCKS_LEAF_BITS & ((1u << BLOCKS_BRANCH_BITS) - 1);

	if (!branch)
		return ENOMEM;
	/* Fresh from the kernel at this size: only pages that are written to cost memory. */
	branch->leaf[number] = seal(calloc(1, blocks_leaf_size(blocks)));
	return branch->leaf[number] ? 0 : ENOMEM;
}

static int put(struct blocks *blocks, const struct vmatlas_placed *placed, size_t *leaves)
{
	const uint64_t window = placed->window;
	const uint32_t plane = VMATLAS_WORD_EIGHTH(placed->word);
	struct blocks_leaf *leaf = blocks_leaf(blocks, window);

	if (!leaf) {
		int error = ++*leaves > PLACED_LEAVES_MOST ? E2BIG : add_leaf(blocks, window);

		if (error)
			return error;
		leaf = blocks_leaf(blocks, window);
	}
	*blocks_word(leaf, plane, window) = placed->word;
	*blocks_mark(leaf, plane, window) = 1;
	return 0;
}

int placed_make(struct blocks **blocks, const struct vmatlas_placed *placed, size_t count)
{
	size_t leaves = 0;
	int error = 0;

	*blocks = calloc(1, sizeof(struct blocks));
	if (!*blocks)
		return ENOMEM;
	(*blocks)->plane_mask = BLOCKS_PLANES - 1;
	for (size_t i = 0; i < count && !error; i++)
		error = put(*blocks, &placed[i], &leaves);
	return error;
}

static void free_branch(struct blocks_branch *branch)
{
	for (size_t i = 0; branch && i < 1u << BLOCKS_BRANCH_BITS; i++)
		free(unseal(branch->leaf[i]));
	free(branch);
}

void placed_free(struct blocks *blocks)
{
	for (size_t i = 0; blocks && i < 1u << BLOCKS_ROOT_BITS; i++)
		free_branch(blocks->branch[i]);
	free(blocks);
}
