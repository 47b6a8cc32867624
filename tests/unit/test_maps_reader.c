#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps_reader.h"

/* A stream of given bytes, in pieces of at most piece; EINTR before each piece if wished; error at
 * the end. */
struct stream {
	const char *bytes;
	size_t length, at, piece;
	bool interrupted;
	int error;
	unsigned turn;
};

static ssize_t stream_read(void *context, void *buffer, size_t size)
{
	struct stream *stream = context;
	size_t part = stream->length - stream->at;

	if (stream->interrupted && stream->turn++ % 2 == 0)
		return -EINTR;
	if (part == 0)
		return stream->error;
	if (part > stream->piece)
		part = stream->piece;
	if (part > size)
		part = size;
	memcpy(buffer, stream->bytes + stream->at, part);
	stream->at += part;
	return (ssize_t)part;
}

static struct stream stream_of(const char *bytes, size_t piece)
{
	return (struct stream){.bytes = bytes, .length = strlen(bytes), .piece = piece};
}

static const char three[] = "1000-2000 r--p 00000000 00:00 0 \n"
			    "2000-3000 rw-p 00000000 fd:01 5 /a\n"
			    "5000-6000 r-xp 00000000 00:00 0 [vdso]\n";

static void lines_come_whole_whatever_the_pieces_and_the_buffer(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(three); piece++) {
		for (size_t capacity = 39; capacity < sizeof(three) + 2; capacity++) {
			struct stream stream = stream_of(three, piece);
			struct maps_reader reader;
			char *buffer = malloc(capacity);
			const char *line, *expected = three;
			size_t length;
			stream.interrupted = piece % 2;
			maps_reader_init(&reader, buffer, capacity, stream_read, &stream);
			while (maps_reader_next(&reader, &line, &length) == 1) {
				assert_int_equal(length, strcspn(expected, "\n"));
				assert_memory_equal(line, expected, length);
				expected += length + 1;
			}
			assert_int_equal(*expected, 0);
			assert_int_equal(reader.lines, 3);
			assert_int_equal(reader.too_long, 0);
			assert_int_equal(maps_reader_next(&reader, &line, &length), 0);
			free(buffer);
		}
	}
}

static void last_line_may_lack_its_newline(void **state)
{
	struct stream stream = stream_of("first\n\nlast", 3);
	struct maps_reader reader;
	char buffer[64];
	const char *line;
	size_t length;

	(void)state;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 1);
	assert_int_equal(length, 5);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 1);
	assert_int_equal(length, 0);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 1);
	assert_int_equal(length, 4);
	assert_memory_equal(line, "last", 4);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 0);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 0);
	assert_int_equal(reader.lines, 3);
}

static void empty_stream_ends_at_once(void **state)
{
	struct stream stream = stream_of("", 1);
	struct maps_reader reader;
	struct maps_line mapping;
	char buffer[4];

	(void)state;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	assert_int_equal(maps_reader_take(&reader, &mapping), 0);
	assert_int_equal(maps_reader_peek(&reader, &mapping), 0);
	maps_reader_init(&reader, buffer, 0, stream_read, &stream);
	assert_int_equal(maps_reader_take(&reader, &mapping), -ENOBUFS);
}

static void lines_before_an_error_are_given_out_first(void **state)
{
	struct stream stream = stream_of("one\ntwo\nhal", 100);
	struct maps_reader reader;
	char buffer[64];
	const char *line;
	size_t length;

	(void)state;
	stream.error = -EIO;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 1);
	assert_memory_equal(line, "one", 3);
	assert_int_equal(maps_reader_next(&reader, &line, &length), 1);
	assert_memory_equal(line, "two", 3);
	/* Half a line is none. */
	assert_int_equal(maps_reader_next(&reader, &line, &length), -EIO);
	assert_int_equal(maps_reader_next(&reader, &line, &length), -EIO);
	assert_int_equal(reader.lines, 2);
}

static void line_longer_than_the_buffer_is_skipped_and_counted(void **state)
{
	static const char text[] =
		"short\n0123456789abcdef0123456789\nafter\n0123456789abcdef\nend";

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		struct stream stream = stream_of(text, piece);
		struct maps_reader reader;
		char buffer[12], all[64] = "";
		const char *line;
		size_t length;
		maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
		while (maps_reader_next(&reader, &line, &length) == 1)
			strncat(strcat(all, "|"), line, length);
		assert_string_equal(all, "|short|after|end");
		assert_int_equal(reader.too_long, 2);
		assert_int_equal(reader.lines, 3);
	}
}

static void line_too_long_is_cut_where_that_was_asked_for(void **state)
{
	static const char text[] = "a\n0123456789abcdef0123456789\nb\n0123456789abcdef";

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		struct stream stream = stream_of(text, piece);
		struct maps_reader reader;
		char buffer[12], all[128] = "";
		const char *line;
		size_t length;
		maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
		reader.keep_long = true;
		while (maps_reader_next(&reader, &line, &length) == 1)
			strncat(strcat(all, reader.cut ? "|cut:" : "|"), line, length);
		assert_string_equal(all, "|a|cut:0123456789ab|b|cut:0123456789ab");
		assert_int_equal(reader.too_long, 2);
	}
}

static void damaged_lines_are_counted_and_passed_over(void **state)
{
	struct stream stream = stream_of("garbage\n1000-2000 r--p 00000000 00:00 0 \n\n"
					 "2000-1000 r--p 00000000 00:00 0 \n"
					 "4000-5000 r--p 00000000 00:00 0 \ntorn-",
		7);
	struct maps_reader reader;
	struct maps_line mapping;
	char buffer[128];

	(void)state;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	assert_int_equal(maps_reader_take(&reader, &mapping), 1);
	assert_int_equal(mapping.start, 0x1000);
	assert_int_equal(maps_reader_take(&reader, &mapping), 1);
	assert_int_equal(mapping.start, 0x4000);
	assert_int_equal(maps_reader_take(&reader, &mapping), 0);
	assert_int_equal(reader.damaged, 4);
	assert_int_equal(reader.lines, 6);
	assert_int_equal(reader.disorder, 0);
}

static void mapping_that_starts_before_the_last_one_ends_is_disorder(void **state)
{
	struct stream stream = stream_of("1000-3000 r--p 00000000 00:00 0 \n"
					 "2000-4000 r--p 00000000 00:00 0 \n"
					 "4000-5000 r--p 00000000 00:00 0 \n",
		100);
	struct maps_reader reader;
	struct maps_line mapping;
	char buffer[128];

	(void)state;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	while (maps_reader_take(&reader, &mapping) == 1)
		;
	assert_int_equal(reader.lines, 3);
	assert_int_equal(reader.disorder, 1);
}

static void peek_shows_the_next_mapping_and_leaves_the_present_one_alone(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(three); piece++) {
		struct stream stream = stream_of(three, piece);
		struct maps_reader reader;
		struct maps_line now, next;
		char buffer[80];
		maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
		assert_int_equal(maps_reader_take(&reader, &now), 1);
		assert_int_equal(maps_reader_peek(&reader, &next), 1);
		assert_int_equal(next.start, 0x2000);
		assert_int_equal(maps_reader_take(&reader, &now), 1);
		assert_int_equal(maps_reader_peek(&reader, &next), 1);
		assert_memory_equal(next.path, "[vdso]", 6);
		assert_memory_equal(now.path, "/a", 2);
		assert_int_equal(maps_reader_take(&reader, &now), 1);
		assert_int_equal(now.start, 0x5000);
		assert_int_equal(maps_reader_peek(&reader, &next), 0);
		assert_int_equal(maps_reader_take(&reader, &now), 0);
	}
}

static void peek_has_no_answer_where_the_next_line_is_damaged_or_does_not_fit(void **state)
{
	struct stream stream = stream_of("1000-2000 r--p 00000000 00:00 0 \nnonsense\n", 100);
	struct maps_reader reader;
	struct maps_line now, next;
	char buffer[64], small[40];

	(void)state;
	maps_reader_init(&reader, buffer, sizeof(buffer), stream_read, &stream);
	assert_int_equal(maps_reader_take(&reader, &now), 1);
	assert_int_equal(maps_reader_peek(&reader, &next), 0);
	stream = stream_of(three, 100);
	maps_reader_init(&reader, small, sizeof(small), stream_read, &stream);
	assert_int_equal(maps_reader_take(&reader, &now), 1);
	assert_int_equal(maps_reader_peek(&reader, &next), 0);
	assert_int_equal(maps_reader_take(&reader, &now), 1);
	assert_int_equal(now.start, 0x2000);
}

static ssize_t file_read(void *context, void *buffer, size_t size)
{
	ssize_t got = read(*(int *)context, buffer, size);

	return got < 0 ? -errno : got;
}

/* S29 in small: a process of many mappings, read through a small buffer, is the one that stdio
 * reads. */
static void own_maps_are_read_without_loss_or_disorder(void **state)
{
	enum { PAGES = 3000 };
	char *area = mmap(NULL, 2 * PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/maps", O_RDONLY);
	struct maps_reader reader;
	struct maps_line mapping;
	unsigned ours = 0;
	char buffer[512];

	(void)state;
	assert_ptr_not_equal(area, MAP_FAILED);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(mprotect(area + 2 * i * 4096, 4096, PROT_READ), 0);
	maps_reader_init(&reader, buffer, sizeof(buffer), file_read, &fd);
	while (maps_reader_take(&reader, &mapping) == 1)
		ours += mapping.start >= (uintptr_t)area &&
			mapping.end <= (uintptr_t)area + 2 * PAGES * 4096 &&
			mapping.perms == MAPS_READ;
	assert_int_equal(ours, PAGES);
	assert_int_equal(reader.damaged + reader.too_long + reader.disorder, 0);
	close(fd);
	munmap(area, 2 * PAGES * 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole_whatever_the_pieces_and_the_buffer),
		cmocka_unit_test(last_line_may_lack_its_newline),
		cmocka_unit_test(empty_stream_ends_at_once),
		cmocka_unit_test(lines_before_an_error_are_given_out_first),
		cmocka_unit_test(line_longer_than_the_buffer_is_skipped_and_counted),
		cmocka_unit_test(line_too_long_is_cut_where_that_was_asked_for),
		cmocka_unit_test(damaged_lines_are_counted_and_passed_over),
		cmocka_unit_test(mapping_that_starts_before_the_last_one_ends_is_disorder),
		cmocka_unit_test(peek_shows_the_next_mapping_and_leaves_the_present_one_alone),
		cmocka_unit_test(peek_has_no_answer_where_the_next_line_is_damaged_or_does_not_fit),
		cmocka_unit_test(own_maps_are_read_without_loss_or_disorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
