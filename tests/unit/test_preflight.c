#include "preflight.h"
#include "script.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cmocka.h>

#define NOBODY 65534

/* All files are made in one folder, which is the current directory and alone in PATH with /usr/bin.
 */
static char folder[] = "/tmp/vmatlas.XXXXXX";
static struct image shim;

static void write_file(const char *name, const void *content, size_t size, mode_t mode)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, content, size), size);
	fchmod(file, mode);
	close(file);
}

static void write_script(const char *name, const char *text)
{
	write_file(name, text, strlen(text), 0755);
}

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "re");
	char *content = malloc(1 << 22);

	assert_non_null(file);
	*size = fread(content, 1, 1 << 22, file);
	fclose(file);
	return content;
}

/* A copy of the dynamic program whose loader has another name, not longer than the real one's. */
static void write_with_loader(const char *name, const char *loader)
{
	static const char usual[] = "/lib64/ld-linux-x86-64.so.2";
	size_t size;
	char *content = read_file("dynamic", &size);
	char *place = memmem(content, size, usual, sizeof(usual));

	assert_non_null(place);
	assert_true(strlen(loader) < sizeof(usual));
	memset(place, 0, sizeof(usual));
	strcpy(place, loader);
	write_file(name, content, size, 0755);
	free(content);
}

static void write_with_machine(const char *name, uint16_t machine)
{
	size_t size;
	char *content = read_file("dynamic", &size);

	((Elf64_Ehdr *)content)->e_machine = machine;
	write_file(name, content, size, 0755);
	free(content);
}

/* The least that is a 32-bit program with a loader. */
static void write_32_bit(const char *name)
{
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr interp;
		char loader[32];
	} file = {.loader = "/lib/ld-linux.so.2"};

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_ident[EI_VERSION] = EV_CURRENT;
	file.header.e_type = ET_EXEC;
	file.header.e_machine = EM_386;
	file.header.e_version = EV_CURRENT;
	file.header.e_phoff = offsetof(__typeof__(file), interp);
	file.header.e_ehsize = sizeof(file.header);
	file.header.e_phentsize = sizeof(file.interp);
	file.header.e_phnum = 1;
	file.interp.p_type = PT_INTERP;
	file.interp.p_offset = offsetof(__typeof__(file), loader);
	file.interp.p_filesz = sizeof(file.loader);
	write_file(name, &file, sizeof(file), 0755);
}

static void write_damaged(void)
{
	size_t size;
	char *content = read_file("dynamic", &size);
	Elf64_Ehdr *header = (Elf64_Ehdr *)content;
	Elf64_Phdr *headers = (Elf64_Phdr *)(content + header->e_phoff);

	write_file("cut", content, 100, 0755);
	write_file("magic", content, 4, 0755);
	for (int i = 0; i < header->e_phnum; i++)
		if (headers[i].p_type == PT_INTERP)
			headers[i].p_offset = size - 3;
	write_file("beyond", content, size, 0755);
	header->e_phoff = size + 4096;
	write_file("headless", content, size, 0755);
	free(content);
}

static void build(const char *options)
{
	char command[256];

	snprintf(command, sizeof(command), "gcc -O1 secure.c %s", options);
	assert_int_equal(system(command), 0);
}

/* Chains of scripts: chain1 is read by cat, chain2 by chain1, and so on. */
static void write_chains(void)
{
	char name[16], text[64] = "#!/usr/bin/cat\n";

	for (int i = 1; i <= 7; i++) {
		sprintf(name, "chain%d", i);
		write_script(name, text);
		sprintf(text, "#!%s/chain%d\n", folder, i);
	}
}

static void write_scripts(void)
{
	char text[512];

	write_script("shell", "#!/bin/sh\nexit 3\n");
	write_script("blanks", "#! \t/bin/sh -e\nexit 3\n");
	write_script("text", "exit 3\n");
	write_script("empty", "");
	write_script("env", "#!/usr/bin/env sh\n");
	write_script("env_split", "#!/usr/bin/env -S -u FOO A=1 sh -e\n");
	write_script("env_clears", "#!/usr/bin/env -S -i sh\n");
	write_script("env_static", "#!/usr/bin/env static\n");
	write_script("env_missing", "#!/usr/bin/env no-such-program\n");
	write_script("env_itself", "#!/usr/bin/env env_itself\n");
	sprintf(text, "#!%s/static\n", folder);
	write_script("by_static", text);
	sprintf(text, "#!%s/musl\n", folder);
	write_script("by_musl", text);
	sprintf(text, "#!%s/itself\n", folder);
	write_script("itself", text);
	write_script("by_missing", "#!/no/such/interpreter\n");
	write_script("dos", "#!/bin/sh\r\n");
	write_file("plain", "#!/bin/sh\n", 10, 0644);
	write_chains();
}

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	chmod(folder, 0755);
	setenv("PATH", "here:/usr/bin:/bin:.", 1);
	write_script("secure.c",
		"#include <sys/auxv.h>\nint main(void) { return getauxval(AT_SECURE); }\n");
	build("-o dynamic");
	build("-static -o static");
	build("-static-pie -o static_pie");
	build("-no-pie -o fixed");
	build("-c -o object");
	chmod("object", 0755);
	write_with_loader("musl", "/lib/ld-musl-x86_64.so.1");
	write_file("ld-musl-x", "", 0, 0755);
	write_with_loader("other_loader", "/bin/true");
	write_with_loader("no_loader", "/lib64/ld-linux-gone.so.2");
	write_with_machine("aarch64", EM_AARCH64);
	write_32_bit("i386");
	write_damaged();
	write_scripts();
	mkdir("directory", 0755);
	mkfifo("fifo", 0755);
	mkdir("here", 0755);
	mkdir("here/dynamic", 0755);
	return image_read("/proc/self/exe", &shim);
}

static int remove_files(void **state)
{
	char command[64];

	(void)state;
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

struct row {
	const char *program;
	enum preflight_verdict verdict;
	const char *reason; /* a part of it */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct preflight preflight;
		enum preflight_verdict verdict =
			preflight_check(rows[i].program, &shim, &preflight);

		if (verdict != rows[i].verdict || !strstr(preflight.reason, rows[i].reason))
			fail_msg("%s: %d '%s'", rows[i].program, verdict, preflight.reason);
		if (verdict == PREFLIGHT_FINE)
			assert_string_equal(preflight.reason, "");
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

static void what_works_is_let_through(void **state)
{
	static const struct row rows[] = {
		{"./dynamic", PREFLIGHT_FINE, ""},
		{"dynamic", PREFLIGHT_FINE, ""},
		{"./fixed", PREFLIGHT_FINE, ""},
		{"ls", PREFLIGHT_FINE, ""},
		{"/usr/bin/ls", PREFLIGHT_FINE, ""},
		{"/lib64/ld-linux-x86-64.so.2", PREFLIGHT_FINE, ""},
		{"./shell", PREFLIGHT_FINE, ""},
		{"shell", PREFLIGHT_FINE, ""},
		{"./blanks", PREFLIGHT_FINE, ""},
		{"./text", PREFLIGHT_FINE, ""},
		{"./empty", PREFLIGHT_FINE, ""},
		{"./env", PREFLIGHT_FINE, ""},
		{"./env_split", PREFLIGHT_FINE, ""},
		{"./chain5", PREFLIGHT_FINE, ""},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void what_the_shim_cannot_enter_is_named(void **state)
{
	static const struct row rows[] = {
		{"./static", PREFLIGHT_UNSEEN, "statically linked: LD_PRELOAD has no effect on it"},
		{"./static_pie", PREFLIGHT_UNSEEN, "statically linked"},
		{"./aarch64", PREFLIGHT_UNSEEN,
			"a program for AArch64, but the shim is built for x86-64"},
		{"./i386", PREFLIGHT_UNSEEN, "a program for 32-bit x86, but the shim"},
		{"./other_loader", PREFLIGHT_UNSEEN,
			"its loader /bin/true is not that of the GNU C"},
		{"./by_static", PREFLIGHT_UNSEEN, "/static: statically linked"},
		{"./env_static", PREFLIGHT_UNSEEN, "interpreter static: statically linked"},
		{"./env_clears", PREFLIGHT_UNSEEN, "env -i"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void what_cannot_be_executed_is_named(void **state)
{
	static const struct row rows[] = {
		{"./plain", PREFLIGHT_NOT_RUNNABLE, "not executable (mode 644)"},
		{"./directory", PREFLIGHT_NOT_RUNNABLE, "Is a directory"},
		{"./fifo", PREFLIGHT_NOT_RUNNABLE, "not a regular file"},
		{"./object", PREFLIGHT_NOT_RUNNABLE, "not a program"},
		{"./cut", PREFLIGHT_NOT_RUNNABLE, "damaged"},
		{"./beyond", PREFLIGHT_NOT_RUNNABLE, "damaged"},
		{"./headless", PREFLIGHT_NOT_RUNNABLE, "damaged"},
		{"./magic", PREFLIGHT_NOT_RUNNABLE, "damaged"},
		{"./chain6", PREFLIGHT_NOT_RUNNABLE, "too many scripts"},
		{"./itself", PREFLIGHT_NOT_RUNNABLE, "too many scripts"},
		{"./env_itself", PREFLIGHT_NOT_RUNNABLE, "scripts that start each other"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void what_is_not_there_is_named(void **state)
{
	static const struct row rows[] = {
		{"./none", PREFLIGHT_NOT_FOUND, "not found"},
		{"no-such-program", PREFLIGHT_NOT_FOUND, "not found in PATH"},
		{"", PREFLIGHT_NOT_FOUND, "not found"},
		{"./dynamic/x", PREFLIGHT_NOT_FOUND, "not found"},
		{"./by_missing", PREFLIGHT_NOT_FOUND,
			"interpreter /no/such/interpreter: No such file"},
		{"./dos", PREFLIGHT_NOT_FOUND, "interpreter /bin/sh\r: No such file"},
		{"./env_missing", PREFLIGHT_NOT_FOUND,
			"interpreter no-such-program: not found in PATH"},
		{"./no_loader", PREFLIGHT_NOT_FOUND,
			"its loader /lib64/ld-linux-gone.so.2: No such"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* Where musl is not installed, its loader is missing; where it is, it is the wrong library. */
static void musl_is_told_apart(void **state)
{
	struct preflight preflight;

	(void)state;
	if (access("/lib/ld-musl-x86_64.so.1", F_OK) != 0) {
		assert_int_equal(preflight_check("./musl", &shim, &preflight), PREFLIGHT_NOT_FOUND);
		write_with_loader("musl", "./ld-musl-x");
	}
	assert_int_equal(preflight_check("./musl", &shim, &preflight), PREFLIGHT_UNSEEN);
	assert_non_null(strstr(preflight.reason, "built for musl"));
	assert_int_equal(preflight_check("./by_musl", &shim, &preflight), PREFLIGHT_UNSEEN);
}

/* The status that execvp(3) leads to, in a child that may become another user. */
static int execute(const char *program, uid_t user)
{
	char *arguments[] = {(char *)program, NULL};
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (user && (setgid(user) != 0 || setuid(user) != 0))
			_exit(99);
		if (freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stdout) &&
			freopen("/dev/null", "w", stderr))
			execvp(program, arguments);
		_exit(errno == ENOENT ? 127 : 126);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Where the verdict is 126 or 127, execution itself must say the same, and elsewhere not. */
static void verdicts_agree_with_the_kernel(void **state)
{
	static const char *const programs[] = {"./dynamic", "dynamic", "./static", "./shell",
		"./text", "./plain", "./directory", "./none", "./by_missing", "./dos",
		"./no_loader", "./chain5", "./chain6", "./chain7", "./env", "./by_static",
		"no-such-program", "./beyond"};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct preflight preflight;
		enum preflight_verdict verdict = preflight_check(programs[i], &shim, &preflight);
		int status = execute(programs[i], 0);

		if (verdict >= PREFLIGHT_NOT_RUNNABLE ? status != (int)verdict : status > 125)
			fail_msg("%s: %d, but execution gives %d", programs[i], verdict, status);
	}
}

/* The program returns its AT_SECURE: 1 exactly where the verdict is that it is privileged. */
static void check_secure(const char *program, uid_t user)
{
	struct preflight preflight;
	int secure = execute(program, user), status;
	pid_t child = fork();

	if (child == 0) {
		if (user && (setgid(user) != 0 || setuid(user) != 0))
			_exit(99);
		_exit((int)preflight_check(program, &shim, &preflight));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WEXITSTATUS(status) != secure)
		fail_msg("%s as %u: verdict %d, AT_SECURE %d", program, user, WEXITSTATUS(status),
			secure);
}

static void copy_with(const char *name, uid_t owner, gid_t group, mode_t mode)
{
	size_t size;
	char *content = read_file("dynamic", &size);

	write_file(name, content, size, 0755);
	assert_int_equal(chown(name, owner, group), 0);
	chmod(name, mode);
	free(content);
}

/* permitted 1 << 10 is CAP_NET_BIND_SERVICE; version 2, see linux/capability.h. */
static int give_capability(const char *name, int effective)
{
	uint32_t caps[5] = {0x02000000u | (uint32_t)effective, 1 << 10, 0, 0, 0};

	return setxattr(name, "security.capability", caps, sizeof(caps), 0);
}

static void privilege_is_what_the_kernel_grants(void **state)
{
	static const char *const names[] = {"dynamic", "user_root", "user_nobody", "group_root",
		"group_nobody", "group_no_x", "capable", "capable_now", "group_text"};

	(void)state;
	if (getuid() != 0)
		skip();
	copy_with("user_root", 0, 0, 04755);
	copy_with("user_nobody", NOBODY, NOBODY, 04755);
	copy_with("group_root", 0, 0, 02755);
	copy_with("group_nobody", 0, NOBODY, 02755);
	copy_with("group_no_x", 0, NOBODY, 02745);
	copy_with("capable", 0, 0, 0755);
	copy_with("capable_now", 0, 0, 0755);
	write_script("group_text", "#!./dynamic\n");
	chmod("group_text", 06755);
	if (give_capability("capable", 0) != 0 || give_capability("capable_now", 1) != 0)
		print_message("no file capabilities on this file system\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];

		sprintf(path, "./%s", names[i]);
		check_secure(path, 0);
		check_secure(path, NOBODY);
	}
}

static void first_lines_are_read_as_the_kernel_reads_them(void **state)
{
	char head[SCRIPT_HEAD];
	struct script script;

	(void)state;
	assert_false(script_parse("#", 1, &script));
	assert_false(script_parse("#!", 2, &script));
	assert_false(script_parse("#!  \t\n/bin/sh", 14, &script));
	assert_true(script_parse("#!/bin/sh", 9, &script));
	assert_string_equal(script.interpreter, "/bin/sh");
	assert_string_equal(script.argument, "");
	assert_true(script_parse("#!/a\tb  c \n", 11, &script));
	assert_string_equal(script.argument, "b  c");
	memset(head, 'x', sizeof(head));
	memcpy(head, "#!/", 3);
	assert_false(script_parse(head, sizeof(head), &script));
	head[200] = ' ';
	assert_true(script_parse(head, sizeof(head), &script));
	assert_int_equal(strlen(script.interpreter), 198);
	assert_int_equal(strlen(script.argument), SCRIPT_HEAD - 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_works_is_let_through),
		cmocka_unit_test(what_the_shim_cannot_enter_is_named),
		cmocka_unit_test(what_cannot_be_executed_is_named),
		cmocka_unit_test(what_is_not_there_is_named),
		cmocka_unit_test(musl_is_told_apart),
		cmocka_unit_test(verdicts_agree_with_the_kernel),
		cmocka_unit_test(privilege_is_what_the_kernel_grants),
		cmocka_unit_test(first_lines_are_read_as_the_kernel_reads_them),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
