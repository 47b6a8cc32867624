/* text_human.h - sizes, shares and durations as people read them. */
#ifndef VMATLAS_TEXT_HUMAN_H
#define VMATLAS_TEXT_HUMAN_H

#include <stdint.h>

/* Each fills out, terminates it, and returns it, so that a column is
 * text_right(text, text_size_human(bytes, out), 10). No result is longer than TEXT_HUMAN - 1, and a
 * size not longer than 10 characters. Anywhere, signal handlers included. */
#define TEXT_HUMAN 24

/* "0"; below 1 KiB "512 B"; else tenths of the largest of KiB, MiB, GiB, TiB, PiB, EiB that gives
 * at least 1.0, rounded half up: 1023 is "1023 B", 1024 "1.0 KiB", 1048575 "1.0 MiB" (not 1024.0
 * KiB). */
char *text_size_human(uint64_t bytes, char out[TEXT_HUMAN]);

/* "12.3%": part of whole, rounded half up to tenths; "-" when whole is 0. More than 100% is
 * possible. */
char *text_percent_human(uint64_t part, uint64_t whole, char out[TEXT_HUMAN]);

/* "0", "850 ns", "12.3 us", "4.5 ms", "2.5 s" below a minute, rounded half up; then "3 min 5 s",
 * "2 h 14 min", "5 d 4 h", cut off to the smaller unit. */
char *text_duration_human(uint64_t duration_ns, char out[TEXT_HUMAN]);

#endif
