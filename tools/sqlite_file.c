#include "sqlite_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_process.h"

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_CANTOPEN:
		return EACCES;
	case SQLITE_TOOBIG:
		return EFBIG;
	default:
		return EIO;
	}
}

static void keep(struct sqlite_file *file, int code)
{
	if (!file->error)
		file->error = errno_of(code);
}

static void run(struct sqlite_file *file, const char *sql)
{
	if (!file->error)
		keep(file, sqlite3_exec(file->database, sql, NULL, NULL, NULL));
}

static void make_table(struct sqlite_file *file, int index)
{
	const struct sqlite_table *table = &file->table[index];
	char sql[2048], marks[2 * 64 + 1] = "?";

	snprintf(sql, sizeof(sql), "CREATE TABLE %s(%s)", table->name, table->columns);
	run(file, sql);
	for (int i = 1; i < table->count; i++)
		strcat(marks, ",?");
	snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES(%s)", table->name, marks);
	if (!file->error)
		keep(file, sqlite3_prepare_v2(file->database, sql, -1, &file->insert[index], NULL));
}

void sqlite_file_open(struct sqlite_file *file, const char *path, const struct sqlite_table *tables,
	int count, const char *sql)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	*file = (struct sqlite_file){.table = tables};
	keep(file, sqlite3_open_v2(path, &file->database, flags, NULL));
	/* Nobody sees the file before it is whole. */
	run(file, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		  "PRAGMA locking_mode = EXCLUSIVE; BEGIN");
	for (int i = 0; i < count; i++)
		make_table(file, i);
	run(file, sql);
}

int sqlite_file_close(struct sqlite_file *file, const char *sql)
{
	run(file, sql);
	run(file, "COMMIT");
	for (int i = 0; i < SQLITE_TABLES; i++)
		sqlite3_finalize(file->insert[i]);
	keep(file, sqlite3_close(file->database));
	return file->error;
}

void sqlite_row(struct sqlite_file *file, int table)
{
	file->row = file->error ? NULL : file->insert[table];
	file->column = 0;
}

void sqlite_row_end(struct sqlite_file *file)
{
	if (!file->row)
		return;
	keep(file, sqlite3_step(file->row));
	keep(file, sqlite3_reset(file->row));
}

void sqlite_put_known(struct sqlite_file *file, uint64_t value, bool known)
{
	file->column++;
	if (!file->row)
		return;
	keep(file, known ? sqlite3_bind_int64(file->row, file->column, (sqlite3_int64)value)
			 : sqlite3_bind_null(file->row, file->column));
}

void sqlite_put_number(struct sqlite_file *file, uint64_t value)
{
	sqlite_put_known(file, value, true);
}

void sqlite_put_text(struct sqlite_file *file, const char *bytes, size_t length)
{
	char *printed = bytes ? export_printable(bytes, length) : NULL;

	if (!printed) {
		sqlite_put_known(file, 0, false);
		keep(file, bytes ? SQLITE_NOMEM : SQLITE_OK);
		return;
	}
	file->column++;
	if (file->row)
		keep(file,
			sqlite3_bind_text(file->row, file->column, printed, -1, SQLITE_TRANSIENT));
	free(printed);
}

void sqlite_put_string(struct sqlite_file *file, const char *string)
{
	sqlite_put_text(file, string, string ? strlen(string) : 0);
}
