#include "smaps.h"

#include <string.h>

#include "maps.h"

enum unit { PLAIN, KB, FLAGS };

/* Names are arrays, not pointers, so that the table needs no relocation when the shim is loaded. */
struct key {
	char name[18];
	uint8_t unit;
	uint16_t at; /* in struct smaps */
};

static const struct key keys[] = {
	{"Size", KB, offsetof(struct smaps, size)},
	{"KernelPageSize", KB, offsetof(struct smaps, kernel_page_size)},
	{"MMUPageSize", KB, offsetof(struct smaps, mmu_page_size)},
	{"Rss", KB, offsetof(struct smaps, rss)},
	{"Pss", KB, offsetof(struct smaps, pss)},
	{"Pss_Dirty", KB, offsetof(struct smaps, pss_dirty)},
	{"Pss_Anon", KB, offsetof(struct smaps, pss_anon)},
	{"Pss_File", KB, offsetof(struct smaps, pss_file)},
	{"Pss_Shmem", KB, offsetof(struct smaps, pss_shmem)},
	{"Shared_Clean", KB, offsetof(struct smaps, shared_clean)},
	{"Shared_Dirty", KB, offsetof(struct smaps, shared_dirty)},
	{"Private_Clean", KB, offsetof(struct smaps, private_clean)},
	{"Private_Dirty", KB, offsetof(struct smaps, private_dirty)},
	{"Referenced", KB, offsetof(struct smaps, referenced)},
	{"Anonymous", KB, offsetof(struct smaps, anonymous)},
	{"KSM", KB, offsetof(struct smaps, ksm)},
	{"LazyFree", KB, offsetof(struct smaps, lazyfree)},
	{"AnonHugePages", KB, offsetof(struct smaps, anon_huge)},
	{"ShmemPmdMapped", KB, offsetof(struct smaps, shmem_pmd)},
	{"FilePmdMapped", KB, offsetof(struct smaps, file_pmd)},
	{"Shared_Hugetlb", KB, offsetof(struct smaps, shared_hugetlb)},
	{"Private_Hugetlb", KB, offsetof(struct smaps, private_hugetlb)},
	{"Swap", KB, offsetof(struct smaps, swap)},
	{"SwapPss", KB, offsetof(struct smaps, swap_pss)},
	{"Locked", KB, offsetof(struct smaps, locked)},
	{"THPeligible", PLAIN, offsetof(struct smaps, thp_eligible)},
	{"ProtectionKey", PLAIN, offsetof(struct smaps, protection_key)},
	{"VmFlags", FLAGS, offsetof(struct smaps, vm_flags)},
};

static const struct key *key_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
			return &keys[i];
	return NULL;
}

/* The length of the key's name in front of the colon, 0 if the line has no such form. */
static size_t name_length(const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t name = colon ? (size_t)(colon - line) : 0;

	for (size_t i = 0; i < name; i++) {
		char c = line[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!letter && (i == 0 || (c != '_' && !(c >= '0' && c <= '9'))))
			return 0;
	}
	return name;
}

/* A decimal number at *at; moves it behind. False if there is none or it exceeds max. */
static bool number(const char **at, const char *end, uint64_t max, uint64_t *out)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
		unsigned digit = (unsigned)(**at - '0');
		if (value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return *at > start;
}

/* "   132 kB", or a bare number for a plain one. */
static bool fill_number(const char *at, const char *end, enum unit unit, uint64_t *out)
{
	uint64_t value, scale = unit == KB ? 1024 : 1;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (!number(&at, end, UINT64_MAX / scale, &value))
		return false;
	if (unit == KB && (end - at != 3 || memcmp(at, " kB", 3) != 0))
		return false;
	if (unit == PLAIN && at != end)
		return false;
	*out = value * scale;
	return true;
}

/* " rd wr mr " becomes "rd wr mr". */
static bool fill_flags(const char *at, const char *end, char *out)
{
	while (at < end && *at == ' ')
		at++;
	while (end > at && end[-1] == ' ')
		end--;
	size_t length = (size_t)(end - at);
	if (length >= sizeof(((struct smaps *)NULL)->vm_flags))
		return false;
	memcpy(out, at, length);
	out[length] = 0;
	return true;
}

enum smaps_kind smaps_line(const char *line, size_t length, struct smaps *out)
{
	size_t name = name_length(line, length);
	struct maps_line header;

	/* Addresses begin with 0 to f in lower case and no key does, but a key could one day. */
	if (name == 0)
		return maps_parse(line, length, &header, NULL) == 0 ? SMAPS_HEADER : SMAPS_DAMAGED;
	const struct key *key = key_named(line, name);
	if (!key)
		return SMAPS_UNKNOWN_KEY;
	const char *at = line + name + 1, *end = line + length;
	char *field = (char *)out + key->at;
	bool filled = key->unit == FLAGS ? fill_flags(at, end, field)
					 : fill_number(at, end, (enum unit)key->unit,
						   (uint64_t *)(void *)field);
	return filled ? SMAPS_KEY : SMAPS_DAMAGED;
}

bool smaps_flag(const struct smaps *smaps, const char *flag)
{
	size_t length = strlen(flag);
	const char *at = smaps->vm_flags;

	while (*at) {
		size_t word = strcspn(at, " ");
		if (word == length && memcmp(at, flag, length) == 0)
			return true;
		at += word;
		at += *at == ' ';
	}
	return false;
}
