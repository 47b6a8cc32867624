/* question.h - a snapshot of a process, asked for as `vmatlas dump` asks.
 *
 * The asking is done by that command in a process of its own: it waits where it must, and ends
 * where it stands when something is wrong. Its files are in a folder of their own in TMPDIR, for
 * their owner only, and gone with question_end. */
#ifndef VMATLAS_QUESTION_H
#define VMATLAS_QUESTION_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct question {
	pid_t child; /* 0: none, or it has ended */
	char folder[PATH_MAX];
	char path[PATH_MAX + 16]; /* of the snapshot */
	char said[PATH_MAX + 16]; /* what the command said on stderr; "" where that is ours */
};

/* Asks. `apart`: what the command says goes to a file, and a Ctrl-C on our terminal does not reach
 * it. 0 or an errno; after 0 to be given to question_end. */
int question_ask(struct question *question, const char *pid, bool apart);

/* Waits for the answer: 0, and the snapshot is there, or an exit status. */
int question_wait(struct question *question);

/* The same without waiting: false where there is no answer yet. */
bool question_answered(struct question *question, int *status);

/* The first line of what the command said, without "vmatlas: "; "" for nothing. */
void question_reason(const struct question *question, char *reason, size_t size);

/* Removes what there is; one that is not answered yet is given a moment and then up. */
void question_end(struct question *question);

#endif
