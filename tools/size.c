#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool size_number(const char *text, uint64_t most, uint64_t *number)
{
	unsigned long long value;
	char *end;

	/* strtoull would take blanks and a sign. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end || errno || value > most)
		return false;
	*number = value;
	return true;
}

const char *size_bytes(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT", wanted[] = "expected bytes: 4096, 64K, 100M, 2G";
	size_t digits = strspn(text, "0123456789");
	const char *suffix = text[digits] > 0 ? strchr(suffixes, toupper(text[digits])) : NULL;
	int shift = suffix ? 10 * (int)(suffix - suffixes + 1) : 0;
	char number[32];
	uint64_t value;

	if (text[digits] && (!suffix || text[digits + 1]))
		return wanted;
	if (digits >= sizeof(number))
		return wanted;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!size_number(number, UINT64_MAX >> shift, &value))
		return wanted;
	*bytes = value << shift;
	return NULL;
}
