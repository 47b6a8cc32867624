/* probe.h - how a frame is laid out, read off one step out of a frame that does not exist.
 *
 * The unwinder is given an rsp and an rbp that point into two areas where no memory is. Each word
 * there "contains" a number that tells its own address; so the values that the registers have
 * after the step tell where they were taken from and what was added. */
#ifndef VMATLAS_PROBE_H
#define VMATLAS_PROBE_H

#include "layout.h"

#include <stdbool.h>
#include <stdint.h>

/* What rsp, rbp and all other registers hold. Far apart, canonical, and no address of a program. */
#define PROBE_RSP 0x200000000000u
#define PROBE_RBP 0x300000000000u
#define PROBE_OTHER 0x400000000000u

/* What the unwinder found: the CFA, and where it loaded rip and rbp from, 0 where it did not. */
struct probe_step {
	uint64_t cfa, rip_at, rbp_at;
};

/* The word at an address near a probe, or where such a word points. False elsewhere. Anywhere, as
 * all in this file. */
bool probe_read(uint64_t address, uint64_t *word);

/* Fills in kind, cfa, rbp and saves_rbp; LAYOUT_COMPLEX where no other kind can say it. */
void probe_decode(const struct probe_step *step, struct layout *layout);

#endif
