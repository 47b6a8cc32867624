/* fuzz_commands.c - any bytes as the file that each command reads: it answers, or says in one line
 * what is wrong, and nothing of the file moves a terminal's cursor. The whole way of a report that
 * a stranger sent, which the other targets go in parts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { WORDS = 8, WRITTEN_MOST = 1 << 24 };

/* What is written to standard output goes into `written`; libFuzzer's own words to stderr. */
static struct {
	int input, written;
	char path[32];
} self;

#define INPUT self.path

static void must(int fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	self.input = memfd_create("input", 0);
	self.written = memfd_create("written", 0);
	must(self.input >= 0 && self.written >= 0);
	must(dup2(self.written, STDOUT_FILENO) == STDOUT_FILENO);
	snprintf(self.path, sizeof self.path, "/proc/self/fd/%d", self.input);
	return 0;
}

/* Nothing that a stranger wrote may reach a terminal as it is. */
static void check_written(void)
{
	off_t size = lseek(self.written, 0, SEEK_END);
	unsigned char *bytes;

	must(size >= 0 && size < WRITTEN_MOST);
	if (!size)
		return;
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, self.written, 0);
	must(bytes != MAP_FAILED);
	for (off_t i = 0; i < size; i++)
		must((bytes[i] >= ' ' && bytes[i] != 127) || bytes[i] == '\n' || bytes[i] == '\t');
	munmap(bytes, (size_t)size);
}

static void call(const char *const *words)
{
	char *argv[WORDS + 1] = {NULL};
	int argc = 0, status;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	status = command_call(command_find(argv[0]), argc, argv);
	must(status >= 0 && status <= 2);
	must(!fflush(stdout));
	check_written();
	must(!ftruncate(self.written, 0) && lseek(self.written, 0, SEEK_SET) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const calls[][WORDS] = {
		{"report", "--no-source", INPUT},
		{"report", "--no-source", "--json", "--blocks", INPUT},
		{"maps", INPUT},
		{"maps", "--picture", INPUT},
		{"addr", INPUT, "0x7f0000001000", "0x55d000000010", "7fffffffe000"},
		{"diff", INPUT, INPUT},
		{"diff", "--json", INPUT, INPUT},
		{"check", INPUT, "--max-rss", "1M", "--no-wx"},
	};

	must(!ftruncate(self.input, 0));
	must(pwrite(self.input, data, size, 0) == (ssize_t)size);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		call(calls[i]);
	return 0;
}
