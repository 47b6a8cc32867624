/* symbolizer.h - from an address in a module to functions, files and lines. */
#ifndef VMATLAS_SYMBOLIZER_H
#define VMATLAS_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Modules are numbered as they are added; their files are opened when first asked about, and stay
 * open until symbolizer_close. Everything is read from this machine's disks: elfutils' look-ups in
 * the network (debuginfod) are switched off. Not for several threads at once. */
struct symbolizer;

/* Where the names of a module come from, or why there are none. */
enum symbolizer_state {
	SYMBOLIZER_READY,      /* a file with the build-id that was asked for */
	SYMBOLIZER_UNVERIFIED, /* the file at that path; there was no build-id to compare */
	SYMBOLIZER_MISSING,    /* no such file, and no separate debug file with that build-id */
	SYMBOLIZER_CHANGED,    /* the file has another build-id now; it is not used */
	SYMBOLIZER_DAMAGED,    /* the file cannot be read as ELF */
};

/* A frame of the source. Texts are valid until the callback returns. */
struct symbolizer_frame {
	const char *function; /* demangled; NULL unknown */
	const char *symbol;   /* as the file has it; NULL unknown */
	const char *file; /* absolute where the compiler said in which directory; NULL unknown */
	int line, column; /* 0 unknown */
	bool inlined;     /* the next frame's function contains this one's code */
};

/* What an address lies in: a function or a variable. */
struct symbolizer_symbol {
	const char *name;     /* as the file has it; valid as long as the symbolizer */
	uint64_t start, size; /* in the file's own addresses; 0: the file does not say how large */
	bool variable;
};

typedef void symbolizer_found(const struct symbolizer_frame *frame, void *context);

/* debug_path is a list as of libdwfl, of directories that hold separate debug files; NULL for the
 * usual: beside the file, in .debug there, /usr/lib/debug. NULL if memory is out. */
struct symbolizer *symbolizer_open(const char *debug_path);
void symbolizer_close(struct symbolizer *symbolizer);

/* Makes a module known: the path of its file and its build-id (size 0: unknown), as they were when
 * the program ran. Both are copied. Returns its number, or -1 if memory is out. */
int symbolizer_add(struct symbolizer *symbolizer, const char *path, const uint8_t *build_id,
	size_t build_id_size);

/* Opens the module's file if need be, and tells what came of it. */
enum symbolizer_state symbolizer_module_state(struct symbolizer *symbolizer, int module);
/* For people: "the file has changed since"; "" when ready. Constant. */
const char *symbolizer_state_text(enum symbolizer_state state);

/* Calls found for each frame at an address, inlined functions first, then the function that
 * contains them. The address is as in the file's own headers (the pc minus the module's bias); for
 * a return address it is that minus 1, since the call is meant and not what comes after it. Returns
 * the number of frames: 0 if nothing is known, 1 without file and line where there is only a symbol
 * table. */
int symbolizer_frames(struct symbolizer *symbolizer, int module, uint64_t address,
	symbolizer_found *found, void *context);

/* The symbol that covers the address, which is as above but for a call's minus 1. 0, or ENOENT. */
int symbolizer_symbol(struct symbolizer *symbolizer, int module, uint64_t address,
	struct symbolizer_symbol *symbol);

/* The symbol of that name, as the file has it, a function before a variable. 0, or ENOENT. */
int symbolizer_named(struct symbolizer *symbolizer, int module, const char *name,
	struct symbolizer_symbol *symbol);

/* Turns an offset in the module's file into an address as above, by its program headers: for
 * callers that know a mapping's offset but no bias. Returns 0, or ENOENT if no segment holds it. */
int symbolizer_address(
	struct symbolizer *symbolizer, int module, uint64_t offset, uint64_t *address);

#endif
