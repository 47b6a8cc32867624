/* complain.h - the one way in which the command says that something went wrong. */
#ifndef VMATLAS_COMPLAIN_H
#define VMATLAS_COMPLAIN_H

/* Exit statuses of every command. `run` adds those of env(1): see run.c. */
enum complain_status {
	COMPLAIN_COULD_NOT = 1,
	COMPLAIN_USAGE = 2,
};

/* Each of these prints one line, `vmatlas: WHAT: reason`, on stderr, and returns the exit status
 * that goes with it, so that a command can `return complain_cannot(path, "not a snapshot");`.
 * Bytes of the text that would move a terminal's cursor are printed as `\ooo`: names come from
 * strangers. A line that is longer than 8 KiB is cut. WHAT may be NULL: there is no such part then.
 */
int complain_cannot(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int complain_usage(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the reason that belongs to an errno: "No such file or directory". */
int complain_errno(const char *what, int error);

/* Says what is not a fault, in the same form: where a report went. Returns nothing to exit with. */
void complain_note(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
