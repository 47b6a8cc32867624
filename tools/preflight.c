#include "preflight.h"

#include "lookup.h"
#include "privilege.h"
#include "script.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel follows a program through this many `#!` lines (exec_binprm, fs/exec.c). */
#define SCRIPTS_NESTED 5
/* `env` starts anew each time; what is still a script after so many starts never ends. */
#define STARTS_MOST 16

/* One walk from a program to the ELF file that the kernel maps in the end. */
struct walk {
	const struct image *shim;
	struct preflight *preflight;
	int scripts; /* `#!` lines since the last start */
	int starts;
};

static enum preflight_verdict check_file(struct walk *walk, const char *path);

static enum preflight_verdict refuse(struct walk *walk, enum preflight_verdict verdict,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum preflight_verdict refuse(
	struct walk *walk, enum preflight_verdict verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(walk->preflight->reason, sizeof(walk->preflight->reason), format, arguments);
	va_end(arguments);
	return verdict;
}

/* Names the file that the reason is about, where it is not the program itself. */
static enum preflight_verdict blame(
	struct walk *walk, const char *role, const char *name, enum preflight_verdict verdict)
{
	char reason[sizeof(walk->preflight->reason)];

	if (verdict == PREFLIGHT_FINE)
		return verdict;
	strcpy(reason, walk->preflight->reason);
	return refuse(walk, verdict, "%s %s: %s", role, name, reason);
}

static bool is_glibc_loader(const char *interpreter)
{
	const char *slash = strrchr(interpreter, '/');
	const char *name = slash ? slash + 1 : interpreter;

	/* ld-linux-x86-64.so.2, ld-linux.so.2, ld64.so.1 (S/390), ld.so.1 (MIPS). */
	return !strncmp(name, "ld-linux", 8) || !strncmp(name, "ld64.so", 7) ||
	       !strncmp(name, "ld.so", 5);
}

static enum preflight_verdict check_loader(struct walk *walk, const struct image *image)
{
	const char *loader = image->interpreter;

	if (access(loader, F_OK) != 0)
		return refuse(
			walk, PREFLIGHT_NOT_FOUND, "its loader %s: %s", loader, strerror(errno));
	if (strstr(loader, "ld-musl"))
		return refuse(walk, PREFLIGHT_UNSEEN,
			"built for musl (%s): the shim needs the GNU C library", loader);
	if (!is_glibc_loader(loader))
		return refuse(walk, PREFLIGHT_UNSEEN,
			"its loader %s is not that of the GNU C library, which the shim needs",
			loader);
	return PREFLIGHT_FINE;
}

static enum preflight_verdict refuse_machine(struct walk *walk, const struct image *image)
{
	char machine[64];

	snprintf(machine, sizeof(machine), "%s", image_machine_name(image));
	return refuse(walk, PREFLIGHT_UNSEEN, "a program for %s, but the shim is built for %s",
		machine, image_machine_name(walk->shim));
}

static enum preflight_verdict check_image(
	struct walk *walk, const char *path, const struct image *image)
{
	const char *privilege = privilege_gained(path);

	if (image->type != ET_EXEC && image->type != ET_DYN)
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "an ELF file, but not a program");
	if (!image_same_machine(image, walk->shim))
		return refuse_machine(walk, image);
	/* The loader itself, given a program as its argument, heeds LD_PRELOAD. */
	if (!image->interpreter[0] && !image->library)
		return refuse(walk, PREFLIGHT_UNSEEN,
			"statically linked: LD_PRELOAD has no effect on it");
	if (privilege)
		return refuse(walk, PREFLIGHT_UNSEEN,
			"%s: the loader ignores LD_PRELOAD in privileged programs", privilege);
	return image->interpreter[0] ? check_loader(walk, image) : PREFLIGHT_FINE;
}

/* A new start, as by execvp(3): what `env` does, and this command. */
static enum preflight_verdict check_start(struct walk *walk, const char *program, char *path)
{
	int error = lookup_program(program, path);

	if (error == ENOENT || error == ENOTDIR)
		return refuse(walk, PREFLIGHT_NOT_FOUND,
			strchr(program, '/') ? "not found" : "not found in PATH");
	if (error)
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "%s", strerror(error));
	if (walk->starts++ == STARTS_MOST)
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "scripts that start each other");
	walk->scripts = 0;
	return check_file(walk, path);
}

static enum preflight_verdict check_env(struct walk *walk, const struct script *script)
{
	char program[SCRIPT_HEAD], path[PATH_MAX];
	bool cleared;

	if (!script_env_program(script, program, &cleared))
		return PREFLIGHT_FINE;
	if (cleared)
		return refuse(
			walk, PREFLIGHT_UNSEEN, "its first line empties the environment (env -i)");
	return blame(walk, "interpreter", program, check_start(walk, program, path));
}

static enum preflight_verdict check_script(struct walk *walk, const struct script *script)
{
	const char *interpreter = script->interpreter;
	enum preflight_verdict verdict;

	if (walk->scripts++ == SCRIPTS_NESTED)
		return refuse(
			walk, PREFLIGHT_NOT_RUNNABLE, "too many scripts that interpret scripts");
	verdict = blame(walk, "interpreter", interpreter, check_file(walk, interpreter));
	return verdict == PREFLIGHT_FINE ? check_env(walk, script) : verdict;
}

/* What is neither ELF nor `#!` the kernel refuses, and execvp(3) hands to the shell. */
static enum preflight_verdict check_text(struct walk *walk, const char *path)
{
	static const char shell[] = "/bin/sh";

	if (!strcmp(path, shell))
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "%s", strerror(ENOEXEC));
	return blame(walk, "interpreter", shell, check_file(walk, shell));
}

static ssize_t read_head(const char *path, char *head)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t size;

	if (descriptor < 0)
		return -1;
	size = pread(descriptor, head, SCRIPT_HEAD, 0);
	close(descriptor);
	return size;
}

static enum preflight_verdict check_content(struct walk *walk, const char *path)
{
	char head[SCRIPT_HEAD];
	struct script script;
	struct image image;
	ssize_t size = read_head(path, head);
	int error;

	if (size < 0)
		return PREFLIGHT_FINE; /* executable, but not readable */
	if (script_parse(head, (size_t)size, &script))
		return check_script(walk, &script);
	error = image_read(path, &image);
	if (error == ENOEXEC)
		return check_text(walk, path);
	if (error == EBADMSG)
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "a damaged ELF file");
	return error ? PREFLIGHT_FINE : check_image(walk, path, &image);
}

static enum preflight_verdict check_file(struct walk *walk, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return refuse(walk,
			errno == ENOENT || errno == ENOTDIR ? PREFLIGHT_NOT_FOUND
							    : PREFLIGHT_NOT_RUNNABLE,
			"%s", strerror(errno));
	if (S_ISDIR(status.st_mode))
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "%s", strerror(EISDIR));
	if (!S_ISREG(status.st_mode))
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "not a regular file");
	if (!(status.st_mode & 0111))
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "not executable (mode %03o)",
			(unsigned)status.st_mode & 0777);
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		return refuse(walk, PREFLIGHT_NOT_RUNNABLE, "not executable: %s", strerror(errno));
	return check_content(walk, path);
}

enum preflight_verdict preflight_check(
	const char *program, const struct image *shim, struct preflight *preflight)
{
	struct walk walk = {.shim = shim, .preflight = preflight};

	preflight->path[0] = '\0';
	preflight->reason[0] = '\0';
	return check_start(&walk, program, preflight->path);
}
