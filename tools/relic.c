#include "relic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/snapshot.h"
#include "core_maps.h"
#include "relic_core.h"
#include "relic_maps.h"
#include "relic_memory.h"
#include "relic_tables.h"

/* Each notice is a line; there are four at most. */
enum { NOTICE = 200, NOTICES = 4, SCRATCH = 64 << 10 };

struct relic {
	struct relic_memory memory;
	struct core_file core; /* no segments: it is a store */
	struct relic_tables tables;
	struct snapshot *account; /* NULL: none is whole */
	struct view view;
	char *maps;
	size_t maps_length, maps_at;
	uint64_t maps_added;
	char notice[NOTICES][NOTICE];
	unsigned notices;
};

bool relic_begins(const char *bytes, size_t length)
{
	return (length >= 8 && !memcmp(bytes, VMATLAS_STOREFILE_MAGIC, 8)) ||
	       core_file_begins(bytes, length);
}

static bool is_core(const struct relic *relic)
{
	return relic->core.segments != 0;
}

/* -- The account ---------------------------------------------------------------------------- */

static struct snapshot *read_account(char *bytes, const struct vmatlas_account *account)
{
	struct snapshot_fault fault;
	struct snapshot *snapshot = NULL;
	FILE *file;

	if (account->length < 8 || memcmp(bytes, VMATLAS_STORE_MAGIC, 8) != 0 ||
		vmatlas_storefile_check(0, bytes, account->length) != account->check)
		return NULL;
	file = fmemopen(bytes, account->length, "rb");
	if (!file)
		return NULL;
	if (snapshot_read(file, &snapshot, &fault))
		snapshot = NULL;
	fclose(file);
	return snapshot;
}

static bool take_account(struct relic *relic, const struct vmatlas_account *account)
{
	char *bytes = account->turn
			      ? relic_memory_bytes(&relic->memory, account->offset, account->length)
			      : NULL;

	relic->account = bytes ? read_account(bytes, account) : NULL;
	free(bytes);
	return relic->account != NULL;
}

/* The newer one, unless the end came while it was written. */
static void find_account(struct relic *relic)
{
	const struct vmatlas_account *account = relic->memory.head.account;
	int newer = account[1].turn > account[0].turn;

	if (!take_account(relic, &account[newer]))
		take_account(relic, &account[!newer]);
	if (relic->account)
		relic->view = *snapshot_view(relic->account);
	else
		relic->view.exe = relic->view.name = relic->view.kernel = relic->view.argv = "";
}

/* -- What a person should know -------------------------------------------------------------- */

static void note(struct relic *relic, const char *sentence)
{
	struct view *view = &relic->view;

	if (relic->notices == NOTICES)
		return;
	if (view->notices == VIEW_NOTICES)
		view->notices--;
	memmove(view->notice + relic->notices + 1, view->notice + relic->notices,
		(view->notices - relic->notices) * sizeof(*view->notice));
	snprintf(relic->notice[relic->notices], NOTICE, "%s", sentence);
	view->notice[relic->notices] = relic->notice[relic->notices];
	relic->notices++;
	view->notices++;
}

static void note_core(struct relic *relic)
{
	const char *signal = sigabbrev_np(relic->core.signal);
	char sentence[NOTICE];

	snprintf(sentence, sizeof(sentence), "from a core file%s%s: what was not seen is not known",
		signal ? ", at SIG" : "", signal ? signal : "");
	note(relic, sentence);
}

static void note_end(struct relic *relic)
{
	switch (relic->memory.head.state) {
	case VMATLAS_STOREFILE_ENDED:
		note(relic, "from its store: the process ended by itself");
		break;
	case VMATLAS_STOREFILE_BECAME:
		note(relic, "from its store: the process became another program by exec");
		break;
	default:
		note(relic, "from its store: the process was killed, or is still at work");
	}
}

static void note_account(struct relic *relic, const struct view *account)
{
	char sentence[NOTICE], when[32];
	uint64_t now = relic->view.now.monotonic_ns, then = account->now.monotonic_ns;

	if (!relic->account) {
		note(relic, "its list of mappings is damaged: only those with blocks are known");
		return;
	}
	if (account->number)
		snprintf(when, sizeof(when), "report %" PRIu32, account->number);
	else
		snprintf(when, sizeof(when), "the start");
	snprintf(sentence, sizeof(sentence),
		"mappings, and what was not seen, are of %s, %.1f s before the last allocation; "
		"and mappings in which live blocks were born since",
		when, now > then ? (double)(now - then) / 1e9 : 0.0);
	note(relic, sentence);
}

static void lose(struct view *view, const char *name, const char *explanation, uint64_t count)
{
	for (unsigned i = 0; i < view->losts; i++) {
		if (!strcmp(view->lost[i].name, name)) {
			view->lost[i].count = count;
			return;
		}
	}
	if (view->losts < VIEW_LOST)
		view->lost[view->losts++] = (struct view_lost){name, explanation, count};
}

static void put_lost(struct relic *relic)
{
	if (relic->memory.missing)
		lose(&relic->view, "store_missing",
			"bytes of tables that the store's file had no room for: it does not tell "
			"all",
			relic->memory.missing);
	if (relic->tables.cut)
		note(relic, "tables go on where the file does not: blocks and call stacks are "
			    "missing");
}

/* -- Mappings ------------------------------------------------------------------------------- */

static ssize_t read_maps(void *context, void *buffer, size_t size)
{
	struct relic *relic = context;
	size_t rest = relic->maps_length - relic->maps_at;

	if (size > rest)
		size = rest;
	memcpy(buffer, relic->maps + relic->maps_at, size);
	relic->maps_at += size;
	return (ssize_t)size;
}

static int rewind_maps(void *context)
{
	((struct relic *)context)->maps_at = 0;
	return 0;
}

static int put_mappings(struct relic *relic, const struct view *account)
{
	struct view *view = &relic->view;
	int error = is_core(relic) ? core_maps_make(&relic->core, &relic->memory, &relic->maps,
					     &relic->maps_length)
				   : relic_maps_make(account, view, &relic->maps,
					     &relic->maps_length, &relic->maps_added);

	if (error) {
		relic->maps = NULL;
		return error;
	}
	view->maps_only = true;
	view->smaps_read = read_maps;
	view->smaps_rewind = rewind_maps;
	view->runs = NULL;
	view->helds = 0;
	view->context = relic;
	return 0;
}

/* -- The whole ------------------------------------------------------------------------------ */

static void put_store(struct relic *relic, const struct view *account)
{
	relic->view.reason = "store";
	relic->view.complete = !relic->tables.cut && relic->account;
	note_end(relic);
	note_account(relic, account);
}

static void put_core(struct relic *relic)
{
	relic->view.reason = "core";
	relic->view.complete = false;
	if (relic->core.pid)
		relic->view.pid = relic->core.pid;
	relic_core_own(&relic->core, &relic->memory, &relic->view);
	note_core(relic);
}

static int make_view(struct relic *relic)
{
	struct view account;
	int error = relic_tables_make(&relic->tables, &relic->memory);

	if (error)
		return error;
	if (is_core(relic))
		relic_core_names(&relic->core, &relic->view);
	else
		find_account(relic);
	account = relic->view;
	relic_tables_view(&relic->tables, &relic->memory, &relic->view);
	error = put_mappings(relic, &account);
	if (is_core(relic))
		put_core(relic);
	else
		put_store(relic, &account);
	put_lost(relic);
	return error;
}

static int sink(void *out, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, out) == length ? 0 : ENOMEM;
}

static int write_snapshot(const struct relic *relic, char **bytes, size_t *length)
{
	FILE *out = open_memstream(bytes, length);
	char *scratch = malloc(2 * SCRATCH);
	int error = out && scratch ? 0 : ENOMEM;
	struct text text;

	if (!error) {
		text_init(&text, scratch + SCRATCH, SCRATCH, sink, out);
		error = snapshot_write(&relic->view, scratch, SCRATCH, &text, NULL);
	}
	if (out && fclose(out) && !error)
		error = ENOMEM;
	free(scratch);
	if (error && out)
		free(*bytes);
	return error;
}

static int read_core(struct relic *relic, FILE *file, struct snapshot_fault *fault)
{
	int error = core_file_read(&relic->core, file, fault);

	return error ? error : relic_core_open(&relic->memory, file, &relic->core, fault);
}

static int read_file(struct relic *relic, FILE *file, struct snapshot_fault *fault)
{
	char begin[20];
	size_t got;

	rewind(file);
	got = fread(begin, 1, sizeof(begin), file);
	return core_file_begins(begin, got) ? read_core(relic, file, fault)
					    : relic_memory_read(&relic->memory, file, fault);
}

int relic_read(FILE *file, char **bytes, size_t *length, struct snapshot_fault *fault)
{
	struct relic *relic = calloc(1, sizeof(*relic));
	int error = relic ? read_file(relic, file, fault) : ENOMEM;

	if (!error)
		error = make_view(relic);
	if (!error)
		error = write_snapshot(relic, bytes, length);
	if (!relic)
		return error;
	free(relic->maps);
	snapshot_free(relic->account);
	relic_tables_free(&relic->tables);
	relic_memory_free(&relic->memory);
	core_file_free(&relic->core);
	free(relic);
	return error;
}
