#include "config.h"
#include "sys.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Call stacks that are cut share no outer frames, so all of each is walked: a pair in each
	 * frame of a recursion 100 deep takes 5,600 instructions with 64, 1,000 with 256. clang has
	 * 73 frames on average. */
	DEPTH_DEFAULT = 256,
	DEPTH_MOST = 256,
	/* 1 GiB of records. */
	HISTORY_MOST = 1 << 24,
	INTERVAL_MOST = 10000000,
	/* fs.nr_open, the most descriptors that a process can have unless root raises it. */
	DESCRIPTOR_MOST = 1 << 20,
	/* Between these and SIGRTMIN libc keeps signals for itself (nptl(7)). */
	KERNEL_RTMIN = 32,
	PREFIX_LENGTH = sizeof "VMATLAS_" - 1,
};

/* No address space is larger. */
#define BYTES_MOST ((unsigned long)1 << 57)
/* POISSON_MEAN_MOST: less than one sample in all that a program ever allocates. */
#define SAMPLE_MOST ((uint64_t)1 << 40)

static struct config self = {
	.fd = 2,
	.signal = SIGUSR2,
	.children = true,
	.depth = DEPTH_DEFAULT,
};

const struct config *config(void)
{
	return &self;
}

static size_t append(char *to, size_t used, size_t capacity, const char *text)
{
	while (*text && used + 1 < capacity) {
		/* A value may hold anything; a report is for a terminal. */
		to[used++] = *text >= ' ' && *text < 127 ? *text : '?';
		text++;
	}
	to[used] = 0;
	return used;
}

static void complain(const char *name, const char *value, const char *why)
{
	char *line;
	size_t used = 0;

	if (self.notices == CONFIG_NOTICES)
		return;
	line = self.notice[self.notices++];
	used = append(line, used, CONFIG_NOTICE, name);
	used = append(line, used, CONFIG_NOTICE, "=");
	used = append(line, used, CONFIG_NOTICE / 2, value);
	used = append(line, used, CONFIG_NOTICE, ": ");
	append(line, used, CONFIG_NOTICE, why);
}

/* Digits only, up to `most`. */
static bool parse_number(const char *text, unsigned long most, unsigned long *number)
{
	unsigned long value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned long)(*text - '0');
		if (value > most)
			return false;
	}
	*number = value;
	return true;
}

/* The program may go to another directory before it is asked for a report. In a template, a % in
 * the name of this one is no letter. 0 where the directory has no name, or one that does not fit.
 */
static size_t here(char *path, size_t capacity, bool template)
{
	char name[CONFIG_PATH / 2];
	long length = sys_call(SYS_getcwd, (long)name, sizeof name, 0, 0, 0, 0);
	size_t used = 0;

	if (length <= 0 || name[0] != '/')
		return 0;
	for (const char *c = name; *c; c++) {
		if (used + 3 >= capacity)
			return 0;
		path[used++] = *c;
		if (*c == '%' && template)
			path[used++] = '%';
	}
	path[used++] = '/';
	path[used] = 0;
	return used;
}

static void set_path(const char *value)
{
	size_t used = *value == '/' ? 0 : here(self.output, sizeof self.output, true);

	if (*value != '/' && !used) {
		complain("VMATLAS_OUTPUT", value, "no name for this directory; reports go to fd:2");
	} else if (used + strlen(value) >= sizeof self.output) {
		complain("VMATLAS_OUTPUT", value, "too long; reports go to fd:2");
	} else {
		strcpy(self.output + used, value);
		self.fd = -1;
	}
	if (self.fd >= 0)
		self.output[0] = 0;
}

/* The part behind the prefix, or NULL. */
static const char *behind(const char *value, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(value, prefix, length) ? NULL : value + length;
}

/* "/dev/stderr" and its like are names of descriptors. Taken for files they would be replaced by
 * the report, for the whole system if root asks. -1 for other paths. */
static int descriptor_named(const char *path)
{
	static const char *const directories[] = {
		"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
	unsigned long fd;

	if (!strcmp(path, "/dev/stdout"))
		return 1;
	if (!strcmp(path, "/dev/stderr"))
		return 2;
	for (unsigned i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		const char *number = behind(path, directories[i]);

		if (number && parse_number(number, DESCRIPTOR_MOST, &fd))
			return (int)fd;
	}
	return -1;
}

/* What an earlier entry of this name said is gone: it may be there twice. */
static void set_output(const char *value)
{
	const char *number = behind(value, "fd:");
	unsigned long fd;

	self.fd = STDERR_FILENO;
	self.output[0] = 0;
	if (number && parse_number(number, DESCRIPTOR_MOST, &fd))
		self.fd = (int)fd;
	else if (number)
		complain("VMATLAS_OUTPUT", value, "not fd:NUMBER; reports go to fd:2");
	else if (!*value)
		complain("VMATLAS_OUTPUT", value, "not a path; reports go to fd:2");
	else if (descriptor_named(value) >= 0)
		self.fd = descriptor_named(value);
	else
		set_path(value);
}

static void set_format(const char *value)
{
	static const char *const names[] = {"text", "json", "snapshot"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!strcmp(value, names[i])) {
			self.format = (enum config_format)i;
			return;
		}
	}
	complain("VMATLAS_FORMAT", value, "not text, json or snapshot; reports are text");
}

static void set_bool(const char *name, const char *value, bool *flag)
{
	if (!strcmp(value, "0") || !strcmp(value, "1"))
		*flag = *value == '1';
	else
		complain(name, value, *flag ? "not 0 or 1; it stays 1" : "not 0 or 1; it stays 0");
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"USR1", SIGUSR1},
	{"USR2", SIGUSR2},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"CHLD", SIGCHLD},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"PWR", SIGPWR},
};

static int signal_named(const char *name)
{
	unsigned long number;

	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		if (!strcmp(name, signals[i].name))
			return signals[i].number;
	}
	if (!strcmp(name, "RTMIN"))
		return SIGRTMIN;
	if (!strncmp(name, "RTMIN+", 6) && parse_number(name + 6, 30, &number))
		return SIGRTMIN + (int)number;
	if (!strcmp(name, "RTMAX"))
		return SIGRTMAX;
	if (!strncmp(name, "RTMAX-", 6) && parse_number(name + 6, 30, &number))
		return SIGRTMAX - (int)number;
	return parse_number(name, (unsigned long)SIGRTMAX, &number) ? (int)number : -1;
}

static bool can_be_caught(int signal)
{
	return signal >= 0 && signal <= SIGRTMAX && signal != SIGKILL && signal != SIGSTOP &&
	       (signal < KERNEL_RTMIN || signal >= SIGRTMIN);
}

static void set_signal(const char *value)
{
	int number = !strcmp(value, "none") ? 0 : signal_named(value);

	if (can_be_caught(number))
		self.signal = number;
	else
		complain("VMATLAS_SIGNAL", value, "not a signal that can be caught; it is USR2");
}

static void set_depth(const char *value)
{
	unsigned long depth;

	if (parse_number(value, DEPTH_MOST, &depth) && depth > 0)
		self.depth = (unsigned)depth;
	else
		complain("VMATLAS_DEPTH", value, "not a number from 1 to 256; it is 256");
}

static void set_interval(const char *value)
{
	unsigned long seconds;

	if (parse_number(value, INTERVAL_MOST, &seconds))
		self.interval_s = (unsigned)seconds;
	else
		complain("VMATLAS_INTERVAL", value, "not a number of seconds; there is none");
}

/* "64M": a number and K, M, G or T, powers of 1,024. */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	size_t length = strlen(text);
	const char *suffix = length ? strchr(suffixes, text[length - 1]) : NULL;
	unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
	char digits[24];
	unsigned long number;

	length -= suffix != NULL;
	if (length >= sizeof digits)
		return false;
	memcpy(digits, text, length);
	digits[length] = 0;
	if (!parse_number(digits, BYTES_MOST >> shift, &number))
		return false;
	*bytes = (uint64_t)number << shift;
	return true;
}

static void set_growth(const char *value)
{
	if (!parse_bytes(value, &self.growth))
		complain("VMATLAS_GROWTH", value, "not a size such as 64M; there is none");
}

static void set_limit(const char *value)
{
	size_t length = strlen(value);
	char digits[4];
	unsigned long percent = 0;

	length -= length && value[length - 1] == '%';
	if (length < sizeof digits) {
		memcpy(digits, value, length);
		digits[length] = 0;
	}
	if (length < sizeof digits && parse_number(digits, 100, &percent))
		self.limit_percent = (unsigned)percent;
	else
		complain("VMATLAS_LIMIT", value, "not a percentage such as 90%; there is none");
}

static void set_keep(const char *value)
{
	unsigned long count;

	if (parse_number(value, CONFIG_KEEP, &count))
		self.keep = (unsigned)count;
	else
		complain("VMATLAS_KEEP", value, "not a number up to 256; all are kept");
}

static void set_cgroup(const char *value)
{
	if (strlen(value) < sizeof self.cgroups)
		strcpy(self.cgroups, value);
	else
		complain("VMATLAS_CGROUP", value, "too long; it is the kernel's");
}

static void set_history(const char *value)
{
	uint64_t count;

	if (parse_bytes(value, &count) && count <= HISTORY_MOST)
		self.history = (uint32_t)count;
	else
		complain("VMATLAS_HISTORY", value, "not a number up to 16M; there is none");
}

static void set_sample(const char *value)
{
	uint64_t bytes;

	if (parse_bytes(value, &bytes) && bytes <= SAMPLE_MOST)
		self.sample = bytes;
	else
		complain("VMATLAS_SAMPLE", value,
			"not a size up to 1T such as 512K; all get their call stack");
}

static void set_query(const char *value)
{
	if (!strcmp(value, "text"))
		self.maps_as_text = true;
	else
		complain("VMATLAS_QUERY", value, "not text; the kernel is asked as it can best");
}

static void set_store(const char *value)
{
	size_t used = *value == '/' ? 0 : here(self.store, sizeof self.store, false);

	if (!*value || !strcmp(value, "0")) {
		used = 0;
	} else if (*value != '/' && !used) {
		complain("VMATLAS_STORE", value, "no name for this directory; there is no store");
	} else if (used + strlen(value) < sizeof self.store) {
		strcpy(self.store + used, value);
		return;
	} else {
		complain("VMATLAS_STORE", value, "too long; there is no store");
	}
	self.store[0] = 0;
}

/* Names that stand for something, but not here; 0 asks for nothing. */
static void set_other(const char *name, const char *value)
{
	static const char *const names[] = {"VMATLAS_LOG"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!strcmp(name, names[i] + PREFIX_LENGTH) && *value && strcmp(value, "0"))
			complain(names[i], value, "this version cannot do that; ignored");
	}
}

static void set(const char *name, const char *value)
{
	if (!strcmp(name, "OUTPUT"))
		set_output(value);
	else if (!strcmp(name, "FORMAT"))
		set_format(value);
	else if (!strcmp(name, "SIGNAL"))
		set_signal(value);
	else if (!strcmp(name, "DEPTH"))
		set_depth(value);
	else if (!strcmp(name, "EXIT"))
		set_bool("VMATLAS_EXIT", value, &self.at_exit);
	else if (!strcmp(name, "BLOCKS"))
		set_bool("VMATLAS_BLOCKS", value, &self.blocks);
	else if (!strcmp(name, "CHILDREN"))
		set_bool("VMATLAS_CHILDREN", value, &self.children);
	else if (!strcmp(name, "VERIFY"))
		set_bool("VMATLAS_VERIFY", value, &self.verify);
	else if (!strcmp(name, "INTERVAL"))
		set_interval(value);
	else if (!strcmp(name, "GROWTH"))
		set_growth(value);
	else if (!strcmp(name, "LIMIT"))
		set_limit(value);
	else if (!strcmp(name, "FAILURE"))
		set_bool("VMATLAS_FAILURE", value, &self.failure);
	else if (!strcmp(name, "KEEP"))
		set_keep(value);
	else if (!strcmp(name, "CGROUP"))
		set_cgroup(value);
	else if (!strcmp(name, "HISTORY"))
		set_history(value);
	else if (!strcmp(name, "SAMPLE"))
		set_sample(value);
	else if (!strcmp(name, "STORE"))
		set_store(value);
	else if (!strcmp(name, "QUERY"))
		set_query(value);
	else
		set_other(name, value);
}

void config_boot(char *const *environment)
{
	char name[16];

	if (self.read || !environment)
		return;
	self.read = true;
	for (; *environment; environment++) {
		const char *entry = *environment, *value = strchr(entry, '=');
		size_t length;

		if (strncmp(entry, "VMATLAS_", PREFIX_LENGTH) || !value)
			continue;
		length = (size_t)(value - entry) - PREFIX_LENGTH;
		if (length >= sizeof name)
			continue;
		memcpy(name, entry + PREFIX_LENGTH, length);
		name[length] = 0;
		set(name, value + 1);
	}
}
