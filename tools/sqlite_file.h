/* sqlite_file.h - tables of an SQLite database, filled row by row. */
#ifndef VMATLAS_SQLITE_FILE_H
#define VMATLAS_SQLITE_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table's name, and its columns as CREATE TABLE has them. */
struct sqlite_table {
	const char *name, *columns;
	int count; /* of columns */
};

enum { SQLITE_TABLES = 16 };

struct sqlite_file {
	sqlite3 *database;
	const struct sqlite_table *table;
	sqlite3_stmt *insert[SQLITE_TABLES]; /* a row, by table */
	sqlite3_stmt *row;                   /* the one that is being filled */
	int column;
	int error; /* the first errno, 0 while all is well; all that follows is dropped */
};

/* Makes the tables in a file that is empty, and what else the SQL says. It is the caller's who sees
 * the file, and who removes it where this went wrong: no journal is kept. Errors are the file's. */
void sqlite_file_open(struct sqlite_file *file, const char *path, const struct sqlite_table *tables,
	int count, const char *sql);

/* Runs what SQL is left, writes all, and closes. Returns 0 or an errno. */
int sqlite_file_close(struct sqlite_file *file, const char *sql);

/* A row, column by column. */
void sqlite_row(struct sqlite_file *file, int table);
void sqlite_row_end(struct sqlite_file *file);

/* Integers have 64 bits and a sign in SQLite: what is larger than 2^63 comes out negative. */
void sqlite_put_number(struct sqlite_file *file, uint64_t value);
/* NULL where it is not known. */
void sqlite_put_known(struct sqlite_file *file, uint64_t value, bool known);
/* As text_printable has it, since a text in SQLite is UTF-8; NULL is NULL. */
void sqlite_put_text(struct sqlite_file *file, const char *bytes, size_t length);
void sqlite_put_string(struct sqlite_file *file, const char *string);

#endif
