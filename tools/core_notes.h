/* core_notes.h - what the notes of a core file say: the process, and which files were mapped where.
 */
#ifndef VMATLAS_CORE_NOTES_H
#define VMATLAS_CORE_NOTES_H

#include "core_file.h"

/* Fills in what core->notes tell, the segments' paths too. Of files that were mapped, and of which
 * the core has no segment, it gets one that holds nothing. What makes no sense is left out. */
void core_notes_take(struct core_file *core);

#endif
