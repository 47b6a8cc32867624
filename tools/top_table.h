/* top_table.h - what `vmatlas top` shows, as rows: a view of one moment, sorted and filtered.
 *
 * Knows nothing of terminals. */
#ifndef VMATLAS_TOP_TABLE_H
#define VMATLAS_TOP_TABLE_H

#include "top_moment.h"

enum top_view { TOP_LEDGER, TOP_MAPPINGS, TOP_STACKS, TOP_THREADS, TOP_ARENAS, TOP_VIEWS };

/* How a cell is written. */
enum top_unit {
	TOP_HUMAN,   /* "76.7 MiB" */
	TOP_SIZE,    /* "77M" */
	TOP_GROUPED, /* "80,421,205" */
	TOP_NUMBER,  /* "2196" */
	TOP_ADDRESS, /* "7f30c2a41f10" */
	TOP_AGE,     /* nanoseconds: "2 h 14 min" */
	TOP_SHARE,   /* of the column before it, in its total: "12.3%" */
	TOP_GROWTH,  /* of the measured column: "+1.2M" */
	TOP_WORD,    /* a constant text */
	TOP_NAME,    /* the last column: as long as it is */
};

struct top_column {
	const char *title; /* its heading */
	const char *key;   /* in JSON, and behind --sort; NULL: in neither */
	enum top_unit unit;
	uint8_t width;
	uint8_t rank; /* where there is no room, the highest go first; 0 stays */
	bool sampled; /* an estimate where call stacks are sampled */
};

enum { TOP_COLUMNS = 12 };

struct top_row {
	uint64_t key;               /* the same thing has the same key at each moment */
	uint64_t cell[TOP_COLUMNS]; /* by column; of a word and the name nothing */
	uint16_t unknown;           /* a bit for each column: what is not known */
	bool child;                 /* a part of the row above it that is none */
	bool idle;                  /* not shown while it measures 0 and did not grow */
	const char *word;           /* of TOP_WORD */
	int64_t growth;
	uint32_t frame; /* the call stack behind it; 0: none */
	uint32_t index; /* of what it is made from */
	char *name;     /* NULL until top_table_name */
};

struct top_table;

/* What a view is. */
struct top_form {
	const char *title;    /* "Call stacks" */
	const char *name;     /* behind --view, and in JSON */
	const char *measured; /* what grows: "live" */
	unsigned measure;     /* its column */
	unsigned sort;        /* the column by which it is sorted at first */
	struct top_column column[TOP_COLUMNS];
	/* Enters all rows with top_table_add. 0 or ENOMEM. */
	int (*fill)(struct top_table *table, struct top_moment *moment);
	/* Writes what a row is called; printable. */
	void (*put_name)(
		struct text *text, const struct top_moment *moment, const struct top_row *row);
};

struct top_table {
	const struct top_form *form;
	struct top_moment *moment;
	struct top_row *row;
	size_t rows, room;
	struct top_row total; /* beneath all; its name is set, or there is none */
	uint32_t *shown;      /* indices of those that passed the filter, in order */
	size_t showns;
};

const struct top_form *top_form(enum top_view view);

/* The columns of a form, the name included. */
unsigned top_form_columns(const struct top_form *form);

/* All rows of the moment, which must outlive the table, as they come. 0 or ENOMEM; to be given to
 * top_table_free in any case. */
int top_table_make(struct top_table *table, enum top_view view, struct top_moment *moment);
void top_table_free(struct top_table *table);

/* Only for `fill`: a row of zeros, or NULL when memory is out. */
struct top_row *top_table_add(struct top_table *table);

/* What it is called; "" when memory is out. Good until top_table_free. */
const char *top_table_name(struct top_table *table, struct top_row *row);

struct top_order {
	unsigned column;
	bool reversed;      /* figures: least first; words: z first */
	const char *filter; /* rows that have this text in name or word, in any case; "" for all */
};

/* Which rows are shown, in which order. Children stay behind their parents, and come with them. 0
 * or ENOMEM, and all stays. */
int top_table_arrange(struct top_table *table, const struct top_order *order);

#endif
