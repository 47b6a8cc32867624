/* Snapshots that are read beside the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/snapshot.h"
#include "model.h"
#include "top_reading.h"

/* A pipe that the test has the other end of: the snapshot comes when it writes it. */
struct world {
	struct model *model;
	char *bytes;
	size_t size;
	int pipe;
	FILE *file;
	struct top_reading reading;
};

static int make(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int ends[2];

	world->model = model_make();
	world->bytes = model_write(world->model, 8 * SNAPSHOT_SCRATCH_LEAST, &world->size);
	if (pipe(ends))
		return -1;
	world->pipe = ends[1];
	world->file = fdopen(ends[0], "rb");
	*state = world;
	return 0;
}

static int destroy(void **state)
{
	struct world *world = *state;

	model_free(world->model);
	free(world->bytes);
	free(world);
	return 0;
}

static void write_all(struct world *world, size_t size)
{
	assert_int_equal(write(world->pipe, world->bytes, size), size);
	close(world->pipe);
}

static void close_moment(struct top_moment *moment)
{
	top_moment_close(moment);
	free(moment);
}

/* It does not wait for the file, which is not there yet. */
static void the_caller_goes_on_meanwhile(void **state)
{
	struct world *world = *state;
	struct top_moment *moment;

	top_reading_begin(&world->reading, world->file);
	assert_true(world->reading.going && world->reading.alone);
	usleep(50000);
	assert_false(top_reading_is_done(&world->reading));
	write_all(world, world->size);
	moment = top_reading_take(&world->reading);
	assert_non_null(moment);
	assert_true(top_reading_is_done(&world->reading) && !world->reading.going);
	assert_int_equal(moment->view.pid, world->model->view.pid);
	close_moment(moment);
}

static void what_is_wrong_is_told(void **state)
{
	struct world *world = *state;

	top_reading_begin(&world->reading, world->file);
	write_all(world, world->size - 1);
	assert_null(top_reading_take(&world->reading));
	assert_non_null(strstr(world->reading.reason, "the file is cut short here"));
}

static void one_after_the_other(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++) {
		struct top_moment *moment;

		top_reading_begin(&world->reading,
			i ? fmemopen(world->bytes, world->size, "rb") : world->file);
		if (!i)
			write_all(world, world->size);
		moment = top_reading_take(&world->reading);
		assert_non_null(moment);
		close_moment(moment);
	}
}

static volatile sig_atomic_t caught_by;

static void catch (int number)
{
	(void)number;
	caught_by = gettid();
}

/* What is sent to the process reaches the caller, whose sleep it ends. */
static void signals_are_the_callers(void **state)
{
	struct world *world = *state;

	signal(SIGWINCH, catch);
	top_reading_begin(&world->reading, world->file);
	for (int i = 0; i < 100; i++) {
		caught_by = 0;
		kill(getpid(), SIGWINCH);
		assert_int_equal(caught_by, gettid());
	}
	write_all(world, world->size);
	close_moment(top_reading_take(&world->reading));
	signal(SIGWINCH, SIG_DFL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_caller_goes_on_meanwhile),
		TEST(what_is_wrong_is_told),
		TEST(one_after_the_other),
		TEST(signals_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
