/* setting.h - the VMATLAS_ variables that steer the shim: what a value may be. */
#ifndef VMATLAS_SETTING_H
#define VMATLAS_SETTING_H

enum setting {
	SETTING_OUTPUT,
	SETTING_FORMAT,
	SETTING_SIGNAL,
	SETTING_EXIT,
	SETTING_INTERVAL,
	SETTING_GROWTH,
	SETTING_LIMIT,
	SETTING_FAILURE,
	SETTING_KEEP,
	SETTING_DEPTH,
	SETTING_HISTORY,
	SETTING_SAMPLE,
	SETTING_STORE,
	SETTING_BLOCKS,
	SETTING_CHILDREN,
	SETTING_COUNT
};

/* Checks a value, brings it into the form that the shim reads without having to guess (bytes
 * without suffix, absolute paths), and puts it in this process's environment. Returns NULL, or what
 * would have been right: "expected a number from 1 to 256". The text is constant. */
const char *setting_put(enum setting setting, const char *value);

/* The value that the environment holds, or NULL. Valid until the next setting_put. */
const char *setting_get(enum setting setting);

/* The number of the signal that a value of VMATLAS_SIGNAL names; 0 for none, and for nonsense. */
int setting_signal(const char *value);

#endif
