#include "profile.h"

#include <stdlib.h>
#include <string.h>

void profile_begin(struct profile *profile)
{
	*profile = (struct profile){
		.mappings = POOL(struct profile_mapping, start),
		.functions = POOL_WHOLE(struct profile_function),
		.locations = POOL(struct profile_location, line),
		.nodes = POOL_WHOLE(struct profile_node),
		.samples = POOL(struct profile_sample, figures),
	};
}

void profile_free(struct profile *profile)
{
	words_free(&profile->words);
	words_free(&profile->comments);
	pool_free(&profile->mappings);
	pool_free(&profile->functions);
	pool_free(&profile->locations);
	pool_free(&profile->nodes);
	pool_free(&profile->samples);
	free(profile->line);
}

uint32_t profile_put(struct profile *profile, struct pool *pool, const void *record)
{
	uint32_t number = pool_put(pool, record);

	profile->failed = profile->failed || !number;
	return number;
}

uint32_t profile_word(struct profile *profile, const char *printable)
{
	uint32_t number = words_put(&profile->words, printable, strlen(printable));

	profile->failed = profile->failed || !number;
	return number;
}

static bool has_room(struct profile *profile)
{
	uint32_t room = profile->line_room + profile->line_room / 2 + 256;
	struct profile_line *line;

	if (profile->lines < profile->line_room)
		return true;
	line = reallocarray(profile->line, room, sizeof(*line));
	if (!line)
		return false;
	profile->line = line;
	profile->line_room = room;
	return true;
}

uint32_t profile_add_line(struct profile *profile, uint32_t function, uint32_t line)
{
	if (!has_room(profile)) {
		profile->failed = true;
		return 0;
	}
	profile->line[profile->lines++] = (struct profile_line){function, line};
	return profile->lines;
}

void profile_add(struct profile *profile, const struct profile_sample *sample)
{
	struct profile_sample key = *sample, *sum;
	uint32_t number;

	key.figures = (struct export_figures){.value = {0}};
	number = profile_put(profile, &profile->samples, &key);
	sum = number ? pool_at(&profile->samples, number) : NULL;
	for (int i = 0; sum && i < EXPORT_VALUES; i++)
		sum->figures.value[i] += sample->figures.value[i];
}
