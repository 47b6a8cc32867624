/* The picture, line by line. */
#include "fixture.h"

#include <stdlib.h>

#include "listing_kinds.h"
#include "maps_picture.h"

static const char source[] =
	"00400000-00408000 r-xp 00000000 fd:01 139198    /bin/a-program-with-a-long-name\n"
	"Rss:                  16 kB\nVmFlags: rd ex\n"
	"00408000-00409000 rw-p 00008000 fd:01 139198    /bin/a-program-with-a-long-name\n"
	"Rss:                   4 kB\nVmFlags: rd wr\n"
	"00600000-00640000 rwxp 00000000 00:00 0 \n"
	"Rss:                   0 kB\nVmFlags: rd wr ex\n"
	"7ffff7000000-7ffff7001000 rw-p 00000000 00:00 0 [stack]\n"
	"Rss:                   4 kB\nVmFlags: rd wr\n";

static char output[8192];
static struct text text;
static struct maps_view view;
static struct listing *listing;
static const struct listing_row *rows[8];

static int make_view(void **state)
{
	const struct listing_how how = {0};
	struct listing_fault fault = {0};

	(void)state;
	if (listing_parse(strdup(source), strlen(source), &how, &listing, &fault) ||
		listing_kinds_find(listing))
		return 1;
	listing->pid = 17;
	listing->title = strdup("main");
	for (size_t i = 0; i < listing->count; i++)
		rows[i] = &listing->row[i];
	view = (struct maps_view){
		.listing = listing, .row = rows, .count = listing->count, .text = &text};
	text_init(&text, output, sizeof(output) - 1, NULL, NULL);
	return 0;
}

static int free_view(void **state)
{
	(void)state;
	listing_free(listing);
	return 0;
}

static void assert_picture(const struct maps_paper *paper, const char *wanted)
{
	maps_picture(&view, paper);
	assert_int_equal(text.error, 0);
	output[text.used] = 0;
	assert_string_equal(output, wanted);
}

static void upwards(void **state)
{
	const struct maps_paper paper = {.columns = 72};

	(void)state;
	assert_picture(&paper,
		"17:   main\n"
		"000000000000 ┊ 4.0 MiB not mapped\n"
		"000000400000 │  32K r-xp text          █████░░░░        a-program-with-…\n"
		"000000408000 │ 4.0K rw-p data          █                a-program-with-…\n"
		"000000409000 ┊ 2.0 MiB not mapped\n"
		"000000600000 │ 256K rwxp!jit           ░░░░░░░░░░░░░░░░\n"
		"000000640000 ┊ 128.0 TiB not mapped\n"
		"7ffff7000000 │ 4.0K rw-p main-stack    █                [ stack ]\n"
		" total              296K\n"
		" 4 mappings; resident 24.0 KiB; 1 writable and executable; no [heap]\n"
		" bars: 4.0 KiB is one column, 256.0 KiB 16, by the logarithm; █ resident, ░ "
		"not\n");
}

static void downwards_and_of_plain_signs(void **state)
{
	const struct maps_paper paper = {.columns = 60, .ascii = true, .downwards = true};
	const struct listing_row *turned[] = {rows[3], rows[2], rows[1], rows[0]};

	(void)state;
	view.row = turned;
	assert_picture(&paper,
		"17:   main\n"
		"7ffff7000000 | 4.0K rw-p main-stack    #          [ stack ]\n"
		"000000640000 : 128.0 TiB not mapped\n"
		"000000600000 | 256K rwxp!jit           ..........\n"
		"000000409000 : 2.0 MiB not mapped\n"
		"000000408000 | 4.0K rw-p data          #          a-program~\n"
		"000000400000 |  32K r-xp text          ###...     a-program~\n"
		"000000000000 : 4.0 MiB not mapped\n"
		" total              296K\n"
		" 4 mappings; resident 24.0 KiB; 1 writable and executable; no [heap]\n"
		" bars: 4.0 KiB is one column, 256.0 KiB 10, by the logarithm; # resident, . "
		"not\n");
}

static void what_is_not_shown_is_counted(void **state)
{
	const struct maps_paper paper = {.ascii = true};
	const struct listing_row *some[] = {rows[1]};

	(void)state;
	view.row = some;
	view.count = 1;
	view.filtered = true;
	view.listing = listing;
	assert_picture(&paper, "17:   main\n"
			       "00000000 : 4.0 MiB not shown, with 1 mapping\n"
			       "00408000 | 4.0K rw-p data          # a-program-with-a-long-name\n"
			       " total                4K\n"
			       " 1 mapping of 4; resident 4.0 KiB\n"
			       " bars: 4.0 KiB is one column; # resident, . not\n");
}

static void nothing_to_show(void **state)
{
	const struct maps_paper paper = {0};

	(void)state;
	view.count = 0;
	view.filtered = true;
	assert_picture(
		&paper, "17:   main\n total                0K\n 0 mappings of 4; resident 0\n");
}

static void colours_by_kind(void **state)
{
	const struct maps_paper paper = {.columns = 60};

	(void)state;
	view.color = true;
	maps_picture(&view, &paper);
	output[text.used] = 0;
	assert_non_null(strstr(output, "r-xp \033[32mtext          ███░░░     \033[0ma-"));
	assert_non_null(strstr(output, "rwxp!\033[1;31mjit"));
	assert_non_null(strstr(output, "rw-p \033[35mmain-stack"));
}

/* A mapping of 14 things: as many lines as are shown, and how many more. */
static void parts(void **state)
{
	struct listing_row *row = &listing->row[2];
	const struct maps_paper paper = {.columns = 72, .ascii = true};
	const struct maps_paper turned = {.columns = 72, .ascii = true, .downwards = true};

	(void)state;
	row->parts = 14;
	row->part = calloc(row->parts, sizeof(*row->part));
	for (size_t i = 0; i < row->parts; i++)
		row->part[i] = (struct listing_part){.start = 0x600000 + i * 0x1000,
			.end = 0x601000 + i * 0x1000,
			.rss = 4096,
			.kind = KIND_MALLOC_MMAP};
	row->part[0].owner = strdup("first\033[31m");
	maps_picture(&view, &paper);
	output[text.used] = 0;
	assert_non_null(strstr(output,
		"000000600000 | 256K rwxp!jit           ................\n"
		"000000600000 + 4.0K      malloc-mmap   #                first\\x1b[31m\n"
		"000000601000 + 4.0K      malloc-mmap   #\n"));
	assert_non_null(strstr(output,
		"00000060b000 + 4.0K      malloc-mmap   #\n              and 2 more parts\n"));
	assert_null(strstr(output, "00000060c000"));
	text_init(&text, output, sizeof(output) - 1, NULL, NULL);
	maps_picture(&view, &turned);
	output[text.used] = 0;
	assert_non_null(strstr(output,
		"jit           ................\n00000060d000 + 4.0K      malloc-mmap   #\n"));
}

/* However narrow it is, no figure is cut. */
static void narrow_paper(void **state)
{
	const struct maps_paper paper = {.columns = 1, .ascii = true};

	(void)state;
	maps_picture(&view, &paper);
	output[text.used] = 0;
	assert_non_null(strstr(output, "000000408000 | 4.0K rw-p data          #        ~\n"));
	assert_non_null(strstr(output, "000000640000 : 128.0 TiB not mapped\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(upwards, make_view, free_view),
		cmocka_unit_test_setup_teardown(downwards_and_of_plain_signs, make_view, free_view),
		cmocka_unit_test_setup_teardown(what_is_not_shown_is_counted, make_view, free_view),
		cmocka_unit_test_setup_teardown(nothing_to_show, make_view, free_view),
		cmocka_unit_test_setup_teardown(colours_by_kind, make_view, free_view),
		cmocka_unit_test_setup_teardown(parts, make_view, free_view),
		cmocka_unit_test_setup_teardown(narrow_paper, make_view, free_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
