/* top_forms.h - the views of `vmatlas top`: a file for each. */
#ifndef VMATLAS_TOP_FORMS_H
#define VMATLAS_TOP_FORMS_H

#include "top_table.h"

extern const struct top_form top_ledger, top_mappings, top_stacks, top_threads, top_arenas;

#endif
