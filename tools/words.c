#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

enum { FIRST_SLOTS = 256, FIRST_BYTES = 4096 };

const char *words_at(const struct words *words, uint32_t number, size_t *length)
{
	const struct word *word = &words->word[number - 1];

	*length = word->length;
	return words->bytes + word->at;
}

static bool is(const struct words *words, uint32_t number, const char *bytes, size_t length)
{
	const struct word *word = &words->word[number - 1];

	return word->length == length && !memcmp(words->bytes + word->at, bytes, length);
}

static uint32_t *slot_of(const struct words *words, const char *bytes, size_t length)
{
	uint32_t at = (uint32_t)pool_hash(bytes, length) & (words->slots - 1);

	while (words->slot[at] && !is(words, words->slot[at], bytes, length))
		at = (at + 1) & (words->slots - 1);
	return &words->slot[at];
}

static bool grow_slots(struct words *words)
{
	uint32_t slots = words->slots ? 2 * words->slots : FIRST_SLOTS;
	uint32_t *slot = slots ? calloc(slots, sizeof(*slot)) : NULL;

	if (!slot)
		return false;
	free(words->slot);
	words->slot = slot;
	words->slots = slots;
	for (uint32_t number = 1; number <= words->count; number++) {
		size_t length;
		const char *bytes = words_at(words, number, &length);

		*slot_of(words, bytes, length) = number;
	}
	return true;
}

static bool grow_list(struct words *words)
{
	uint32_t room = words->room + words->room / 2 + FIRST_SLOTS;
	struct word *word =
		room > words->room ? reallocarray(words->word, room, sizeof(*word)) : NULL;

	if (!word)
		return false;
	words->word = word;
	words->room = room;
	return true;
}

static bool grow_bytes(struct words *words, size_t length)
{
	size_t size = words->size + words->size / 2 + length + FIRST_BYTES;
	char *bytes = size > words->size ? realloc(words->bytes, size) : NULL;

	if (!bytes)
		return false;
	words->bytes = bytes;
	words->size = size;
	return true;
}

static bool has_room(struct words *words, size_t length)
{
	return (words->count < words->room || grow_list(words)) &&
	       (words->size - words->used > length || grow_bytes(words, length));
}

uint32_t words_put(struct words *words, const char *bytes, size_t length)
{
	uint32_t *slot;

	if (words->count >= words->slots / 2 && !grow_slots(words))
		return 0;
	slot = slot_of(words, bytes, length);
	if (*slot || !has_room(words, length))
		return *slot;
	words->word[words->count] = (struct word){words->used, length};
	if (length)
		memcpy(words->bytes + words->used, bytes, length);
	words->bytes[words->used + length] = '\0';
	words->used += length + 1;
	*slot = ++words->count;
	return *slot;
}

void words_free(struct words *words)
{
	free(words->word);
	free(words->slot);
	free(words->bytes);
	*words = (struct words){.word = NULL};
}
