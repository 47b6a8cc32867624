/* kind_elf.h - which part of a loaded ELF file a mapping of a file shows. */
#ifndef VMATLAS_KIND_ELF_H
#define VMATLAS_KIND_ELF_H

#include "kind.h"

/* text, rodata, relro, data, padding, or file if it is no part of a loaded ELF file, or reserve if
 * it is PROT_NONE and none either. line is a private mapping of a file. Anywhere, signal handlers
 * included. */
enum kind kind_elf(const struct maps_line *line, const struct kind_context *context);

/* Is line, private anonymous and writable, the .bss behind the data of the line before? Anywhere,
 * signal handlers included. */
bool kind_elf_bss(const struct maps_line *line, const struct kind_context *context);

/* Notes what line shows of its ELF file: the part of kind_advance that concerns the module.
 * Anywhere, signal handlers included. */
void kind_elf_advance(struct kind_module *module, const struct maps_line *line, enum kind kind);

#endif
