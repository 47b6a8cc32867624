/* vmatlas_state.h - what the command reads of a shim in another process.
 *
 * The shim exports one object of this type, `vmatlas_state`. `vmatlas dump` finds it through the
 * ELF symbol table of libvmatlas.so and process_vm_readv(2), sends the signal that it names, and
 * watches `finished`. */
#ifndef VMATLAS_STATE_H
#define VMATLAS_STATE_H

#include <stdint.h>

#define VMATLAS_STATE_MAGIC 0x73616c74616d7631ull /* "1vmatlas" */

/* The value of sigqueue(3) that asks for one format instead of the configured one. */
#define VMATLAS_REQUEST(format) (0x564d4100 | (format)) /* 0 text, 1 json, 2 snapshot */
/* Or'ed to the format: the report goes to a file of its own in /tmp, wherever others go. It is the
 * asker's, who takes it away. */
#define VMATLAS_REQUEST_PRIVATE 4

struct vmatlas_state {
	uint64_t magic;
	uint32_t version; /* VMATLAS_STORE_VERSION */
	uint32_t size;    /* of this struct */
	uint32_t pid;     /* whose it is; another after a fork until the child's first dump */
	int32_t signal;   /* the signal that dumps now, 0 for none */
	int32_t second; /* another that dumps, for when the program blocks the first; 0 for none */
	int32_t configured; /* VMATLAS_SIGNAL; differs where the program uses that itself */
	uint32_t format;    /* of the reports it writes unless asked otherwise */
	_Atomic uint32_t started, finished; /* dumps, since the start of the process */
	int32_t error;                      /* errno of the last dump's output, 0 for none */
	uint32_t fallback; /* 1: the last report could not go to its descriptor but to a file */
	/* Of `finished`, those of VMATLAS_REQUEST_PRIVATE. Whoever asked for one waits for this,
	 * and finds the rest below: error, fallback and path are the others'. Stands before
	 * private_path and is written after it, as readers go upwards. */
	_Atomic uint32_t private_finished;
	int32_t private_error;
	/* What all dumps took so far, by the clock; of each, until it was finished. A thread is
	 * held up by so much, the others are not. Written before `finished`, and stands behind it.
	 */
	_Atomic uint64_t spent_ns;
	char path[4096]; /* where the last report went: "fd:2" or an absolute path */
	char private_path[4096];
};

#endif
