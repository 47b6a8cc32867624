/* tell.h - how a self-telling program prints: whole lines, no allocation, errno untouched. */
#ifndef TELL_H
#define TELL_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A value that no libc function sets: errno still holds it where a call has kept errno. */
#define ERRNO_SENTINEL 4242

/* Prints one line on stdout. Anywhere, signal handlers included (snprintf of plain conversions
 * does not allocate in glibc). The raw system call leaves buffers and wrappers alone. */
__attribute__((format(printf, 1, 2))) static inline void tell(const char *format, ...)
{
	char line[1024];
	int kept = errno;
	va_list values;

	va_start(values, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, values);
	va_end(values);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	(void)!syscall(SYS_write, 1, line, (size_t)length);
	errno = kept;
}

/* The name of errno's value: "kept" for the sentinel. Valid forever. */
static inline const char *errno_name(int number)
{
	if (number == ERRNO_SENTINEL)
		return "kept";
	const char *name = number ? strerrorname_np(number) : "0";
	return name ? name : "unknown";
}

#endif
