#include "progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../preload/core/text.h"

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool running, over; /* under lock, as all below */
	const char *what;
	size_t shown; /* columns of the line that stands there */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

/* By blanks: not each terminal knows how to clear a line. */
static void clear(void)
{
	fprintf(stderr, "\r%*s\r", (int)self.shown, "");
	self.shown = 0;
}

static void show(unsigned seconds)
{
	char line[512];
	struct text text;

	text_init(&text, line, sizeof(line), NULL, NULL);
	text_str(&text, "vmatlas: reading ");
	text_printable(&text, self.what, strlen(self.what));
	text_str(&text, ", ");
	text_dec(&text, seconds);
	text_str(&text, " s");
	fprintf(stderr, "\r%.*s", (int)text.used, line);
	self.shown = text.used;
}

static void *tick(void *unused)
{
	struct timespec next;
	unsigned seconds = 0;

	(void)unused;
	clock_gettime(CLOCK_REALTIME, &next);
	pthread_mutex_lock(&self.lock);
	while (!self.over) {
		next.tv_sec++;
		while (!self.over && pthread_cond_timedwait(&self.ended, &self.lock, &next) == 0)
			;
		if (!self.over)
			show(++seconds);
	}
	if (self.shown)
		clear();
	pthread_mutex_unlock(&self.lock);
	return NULL;
}

void progress_begin(const char *what)
{
	if (!isatty(STDERR_FILENO))
		return;
	self.what = what;
	self.over = false;
	self.running = pthread_create(&self.thread, NULL, tick, NULL) == 0;
}

void progress_end(void)
{
	if (!self.running)
		return;
	pthread_mutex_lock(&self.lock);
	self.over = true;
	pthread_cond_signal(&self.ended);
	pthread_mutex_unlock(&self.lock);
	pthread_join(self.thread, NULL);
	self.running = false;
}
