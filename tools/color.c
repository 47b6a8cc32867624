#include "color.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "terminal.h"

enum color color_parse(const char *argument)
{
	if (!argument || !strcmp(argument, "always"))
		return COLOR_ALWAYS;
	if (!strcmp(argument, "never"))
		return COLOR_NEVER;
	if (strcmp(argument, "auto") != 0)
		exit(complain_usage("--color", "'%s': expected auto, always or never", argument));
	return COLOR_AUTO;
}

bool color_wanted(enum color color, const char *output)
{
	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return !output && terminal_colors();
}
