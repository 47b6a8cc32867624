/* fuzz_maps.c - any bytes through the readers of maps and smaps, and on through kinds and text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "maps.h"
#include "maps_reader.h"
#include "smaps.h"
#include "text.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int fact, const char *what)
{
	if (!fact) {
		fprintf(stderr, "fuzz_maps: %s\n", what);
		abort();
	}
}

struct input {
	const uint8_t *bytes;
	size_t length, piece;
};

static ssize_t input_read(void *context, void *buffer, size_t size)
{
	struct input *input = context;
	size_t part = input->length < input->piece ? input->length : input->piece;

	if (part > size)
		part = size;
	memcpy(buffer, input->bytes, part);
	input->bytes += part;
	input->length -= part;
	return (ssize_t)part;
}

static int append(void *context, const char *bytes, size_t length)
{
	struct text *whole = context;

	text_bytes(whole, bytes, length);
	return whole->error;
}

/* Writes the line anew in the kernel's form: what comes out must be read as the same mapping. */
static void check_round_trip(const struct maps_line *line)
{
	char buffer[256], small[7];
	struct text text, through;
	struct maps_line again;

	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	text_init(&through, small, sizeof(small), append, &text);
	text_hex_wide(&through, line->start, 8);
	text_char(&through, '-');
	text_hex_wide(&through, line->end, 8);
	text_char(&through, ' ');
	text_char(&through, line->perms & MAPS_READ ? 'r' : '-');
	text_char(&through, line->perms & MAPS_WRITE ? 'w' : '-');
	text_char(&through, line->perms & MAPS_EXEC ? 'x' : '-');
	text_char(&through, line->perms & MAPS_SHARED ? 's' : 'p');
	text_char(&through, ' ');
	text_hex_wide(&through, line->offset, 8);
	text_char(&through, ' ');
	text_hex_wide(&through, line->major, 2);
	text_char(&through, ':');
	text_hex_wide(&through, line->minor, 2);
	text_char(&through, ' ');
	text_dec(&through, line->inode);
	must(text_flush(&through) == 0, "text lost something");
	must(maps_parse(text.buffer, text.used, &again, NULL) == 0, "own line refused");
	must(again.start == line->start && again.end == line->end && again.offset == line->offset &&
			again.inode == line->inode && again.major == line->major &&
			again.minor == line->minor && again.perms == line->perms,
		"own line reads otherwise");
}

/* Whatever the path, what goes into JSON and to terminals is UTF-8 without control characters. */
static void check_clean(const struct maps_line *line)
{
	static char buffer[1 << 16];
	struct text text;
	uint32_t code;

	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	text_json_string(&text, line->path, line->path_length);
	text_printable(&text, line->path, line->path_length);
	for (size_t at = 0; at < text.used && !text.error;) {
		size_t length = utf8_decode(buffer + at, text.used - at, &code);
		must(length && code >= 0x20 && code != 0x7f, "dirty text");
		at += length;
	}
}

static void check_decode(const struct maps_line *line)
{
	char name[64];
	size_t length = maps_path_decode(line, name, sizeof(name));

	must(length <= line->path_length, "decoded name grew");
	must(length >= sizeof(name) || memchr(name, 0, sizeof(name)) == name + length,
		"name not terminated");
}

static void check_line(const char *line, size_t length)
{
	struct maps_fault fault = {0, NULL};
	struct maps_line mapping;
	struct smaps smaps;

	memset(&smaps, 0, sizeof(smaps));
	bool is_mapping = maps_parse(line, length, &mapping, &fault) == 0;
	must(is_mapping || (fault.reason && fault.column >= 1 && fault.column <= length + 1),
		"no fault named");
	enum smaps_kind kind = smaps_line(line, length, &smaps);
	must(!is_mapping || kind == SMAPS_HEADER, "mapping is no header");
	must(kind != SMAPS_HEADER || is_mapping, "header is no mapping");
	must(memchr(smaps.vm_flags, 0, sizeof(smaps.vm_flags)) != NULL, "flags not terminated");
	smaps_flag(&smaps, "gu");
}

/* The lines cut at newlines by hand, each in memory of its own size. */
static size_t check_lines(const uint8_t *data, size_t size)
{
	size_t parsed = 0;

	for (size_t at = 0; at < size;) {
		const uint8_t *newline = memchr(data + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - data) - at : size - at;
		char *exact = malloc(length ? length : 1);
		struct maps_line mapping;
		memcpy(exact, data + at, length);
		check_line(exact, length);
		parsed += maps_parse(exact, length, &mapping, NULL) == 0;
		free(exact);
		at += length + 1;
	}
	return parsed;
}

static size_t check_reader(const uint8_t *data, size_t size, size_t capacity, size_t piece)
{
	struct input input = {data, size, piece};
	struct kind_context context;
	struct maps_reader reader;
	struct maps_line line, next;
	char *buffer = malloc(capacity);
	size_t taken = 0;

	memset(&context, 0, sizeof(context));
	maps_reader_init(&reader, buffer, capacity, input_read, &input);
	while (maps_reader_take(&reader, &line) == 1) {
		bool peeked = maps_reader_peek(&reader, &next) == 1;
		enum kind kind = kind_next(&context, &line, peeked ? &next : NULL);
		must(kind < KIND_COUNT, "no kind");
		check_round_trip(&line);
		check_clean(&line);
		check_decode(&line);
		taken++;
	}
	must(reader.lines == taken + reader.damaged, "lines do not add up");
	must(reader.error == 0 && input.length == 0, "stopped early");
	taken = reader.too_long ? SIZE_MAX : taken;
	free(buffer);
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t capacity = 1 + data[0] * 16u, piece = 1 + data[1];
	size_t lines = check_lines(data + 2, size - 2);
	size_t taken = check_reader(data + 2, size - 2, capacity, piece);
	must(taken == SIZE_MAX || taken == lines, "reader and hand disagree");
	must(check_reader(data + 2, size - 2, size + 1, 4096) == lines, "large buffer loses lines");
	return 0;
}
