/* color.h - --color: whether what is written for people is coloured. */
#ifndef VMATLAS_COLOR_H
#define VMATLAS_COLOR_H

#include <stdbool.h>

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* For a command's table of options. */
#define COLOR_OPTION(key, group)                                                                  \
	{                                                                                         \
		"color", key, "auto|always|never", OPTION_ARG_OPTIONAL,                           \
			"In colours; auto, the default, is on a terminal unless NO_COLOR is set", \
			group                                                                     \
	}

/* Its argument, or NULL for none; ends the process where it is none of the three. */
enum color color_parse(const char *argument);

/* Whether to colour what goes to this file, or to standard output for NULL. */
bool color_wanted(enum color color, const char *output);

#endif
