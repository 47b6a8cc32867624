/* diff_notes.h - what a person should know before reading what `vmatlas diff` found. */
#ifndef VMATLAS_DIFF_NOTES_H
#define VMATLAS_DIFF_NOTES_H

#include "diff_model.h"

/* Puts the notes into a model that is otherwise made; they are freed with it. */
void diff_notes_make(struct diff_model *model);

#endif
