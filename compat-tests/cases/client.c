/* client.c - assertions and helpers of the client side. */
#include "conform.h"

#include <dirent.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

long t_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void t_fail(const char *file, int line, const char *fmt, ...)
{
	int none = 0;
	va_list ap;

	if (atomic_compare_exchange_strong(&T->failed, &none, 2)) {
		const char *base = strrchr(file, '/');
		int n = snprintf(T->msg, sizeof(T->msg), "%s:%d: ", base ? base + 1 : file, line);

		va_start(ap, fmt);
		vsnprintf(T->msg + n, sizeof(T->msg) - (size_t)n, fmt, ap);
		va_end(ap);
		atomic_store(&T->failed, 1);
	}
	_exit(1);
}

void t_not_true(const char *file, int line, const char *cond, const char *fmt, ...)
{
	char detail[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	t_fail(file, line, "not true: %s%s%s", cond, detail[1] ? ":" : "", detail);
}

void t_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(T->skip, sizeof(T->skip), fmt, ap);
	va_end(ap);
	_exit(0);
}

/* --- the trace ------------------------------------------------------------------------------- */

static unsigned mark_at, cursor; /* numbers of events */

static unsigned events_now(void)
{
	unsigned n = atomic_load(&T->nevents);

	return n < T_EVENTS ? n : T_EVENTS;
}

long t_patience(long ms)
{
	return T->known ? ms : t_this->expect ? ms / 3 : ms * 3;
}

/*
 * Numbers are given to events before their texts are complete. What is behind an incomplete one
 * does not count yet: the order is that of the numbers.
 */
static unsigned complete_events(void)
{
	unsigned n = events_now(), i = mark_at;

	while (i < n && atomic_load(&T->ev[i].ready))
		i++;
	return i;
}

static bool matches(const struct t_event *e, const char *pattern)
{
	return fnmatch(pattern, e->text, 0) == 0;
}

const struct t_event *t_saw(const char *file, int line, const char *pattern)
{
	for (long end = t_now_ms() + t_patience(3000);; usleep(500)) {
		for (unsigned i = cursor, n = complete_events(); i < n; i++)
			if (matches(&T->ev[i], pattern)) {
				cursor = i + 1;
				return &T->ev[i];
			}
		if (t_now_ms() > end)
			break;
	}
	int before = -1;
	for (unsigned i = mark_at; i < cursor; i++)
		if (matches(&T->ev[i], pattern))
			before = (int)i;
	t_fail(file, line, "the program did not see \"%s\"%s", pattern,
	       before >= 0 ? " in this place (it did before)" : "");
}

void t_await(const char *file, int line, const char *what, const atomic_int *flag)
{
	long ms = t_patience(3000);

	for (long end = t_now_ms() + ms; !atomic_load(flag); usleep(500))
		if (t_now_ms() > end)
			t_fail(file, line, "not within %ld ms: %s", ms, what);
}

int t_seen(const char *pattern)
{
	unsigned end = events_now();
	int n = 0;

	for (long until = t_now_ms() + t_patience(3000);
	     complete_events() < end && t_now_ms() < until;)
		usleep(500);
	for (unsigned i = mark_at; i < end; i++)
		if (atomic_load(&T->ev[i].ready) && matches(&T->ev[i], pattern))
			n++;
	return n;
}

void t_mark(void)
{
	mark_at = cursor = events_now();
}

void t_rewind(void)
{
	cursor = mark_at;
}

/* --- files -------------------------------------------------------------------------------------
 */

static const char *in(const char *dir, const char *rel)
{
	static char bufs[16][4400];
	static unsigned next;
	char *b = bufs[next++ % 16];

	snprintf(b, sizeof(bufs[0]), *rel ? "%s/%s" : "%s%s", dir, rel);
	return b;
}

const char *P(const char *rel)
{
	return in(T->mnt, rel);
}

const char *S(const char *rel)
{
	return in(T->src, rel);
}

void put(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(content);

	if (fd < 0)
		FAIL("put %s: open: %s", path, strerror(errno));
	if (n && write(fd, content, n) != (ssize_t)n)
		FAIL("put %s: write: %s", path, strerror(errno));
	if (close(fd))
		FAIL("put %s: close: %s", path, strerror(errno));
}

const char *slurp(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, got;

	if (fd < 0)
		FAIL("slurp %s: open: %s", path, strerror(errno));
	while ((got = read(fd, buf + n, sizeof(buf) - 1 - (size_t)n)) > 0)
		n += got;
	if (got < 0)
		FAIL("slurp %s: read: %s", path, strerror(errno));
	close(fd);
	buf[n] = 0;
	return buf;
}

struct stat st_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		FAIL("lstat %s: %s", path, strerror(errno));
	return st;
}

/* Counts again when it came too late for the caches by itself. */
int getattrs_of_second_stat(const char *name, int ms)
{
	for (int i = 0;; i++) {
		long at = t_now_ms();
		int first;

		MARK();
		OK(stat(P(name), &(struct stat){0}));
		first = t_seen("getattr*");
		usleep((useconds_t)ms * 1000);
		OK(stat(P(name), &(struct stat){0}));
		if (ms || t_now_ms() - at < 100 || i == 10)
			return t_seen("getattr*") - first;
		usleep(1100000);
	}
}

int reads_of_second_slurp(const char *name, const char *content)
{
	int first;

	STR(slurp(P(name)), content);
	first = t_seen("read *");
	STR(slurp(P(name)), content);
	return t_seen("read *") - first;
}

void wait_for_input(long unused)
{
	struct pollfd p = {.events = POLLIN};

	(void)unused;
	p.fd = (int)OK(open(P("f"), O_RDWR));
	EQ(poll(&p, 1, 8000), 1);
	EQ(p.revents, POLLIN);
}

/* --- orders to the server, other processes
 * --------------------------------------------------------- */

void force(enum t_op op, long value, int n)
{
	atomic_store(&T->knob[op].value, value);
	atomic_store(&T->knob[op].force, n);
}

pid_t spawn(void (*fn)(long), long arg)
{
	pid_t pid = fork();

	if (pid < 0)
		FAIL("fork: %s", strerror(errno));
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	return pid;
}

bool reaped_within(pid_t pid, int ms, int *status)
{
	int s;

	for (long end = t_now_ms() + t_patience(ms);; usleep(500)) {
		if (waitpid(pid, &s, WNOHANG) == pid) {
			if (status)
				*status = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
			return true;
		}
		if (t_now_ms() > end)
			return false;
	}
}

int reap(pid_t pid)
{
	int s;

	if (!reaped_within(pid, 10000, &s))
		FAIL("process %d did not end", pid);
	return s;
}

void at_once_in(int n, void (*fn)(long))
{
	pid_t pid[n];

	for (int i = 0; i < n; i++)
		pid[i] = spawn(fn, i);
	for (int i = 0; i < n; i++)
		EQ(reap(pid[i]), 0);
}

long command(long cmd, long a, long b)
{
	int n = atomic_load(&T->cmd_asked) + 1;

	T->cmd = cmd;
	T->cmd_a = a;
	T->cmd_b = b;
	atomic_store(&T->cmd_asked, n);
	for (long end = t_now_ms() + t_patience(5000); atomic_load(&T->cmd_done) != n; usleep(200))
		if (t_now_ms() > end)
			FAIL("the server did not do command %ld", cmd);
	return T->cmd_ret;
}

int t_server_end(int ms)
{
	for (long end = t_now_ms() + t_patience(ms); !atomic_load(&T->server_ended); usleep(500))
		if (t_now_ms() > end)
			FAIL("the server did not end within %ld ms", t_patience(ms));
	return T->server_status;
}

const char *t_log(void)
{
	static char buf[32768];
	ssize_t n = pread(T->log_fd, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = 0;
	return buf;
}

/* The line of mountinfo for our mount point; never touches the mount itself. */
static bool mount_line(char *line, size_t size)
{
	bool found = false;

	if (T->sim)
		t_na("looks at the table of mounts");
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && !found && fgets(line, (int)size, f)) {
		char point[200];

		found = sscanf(line, "%*d %*d %*s %*s %199s", point) == 1 && !strcmp(point, T->mnt);
	}
	if (f)
		fclose(f);
	return found;
}

bool t_mounted(void)
{
	char line[4096];

	return mount_line(line, sizeof(line));
}

const char *t_mount_field(int field)
{
	static char line[4096], opts[512], type[200], source[512], super[1024];

	if (!mount_line(line, sizeof(line)))
		FAIL("not mounted");
	char *dash = strstr(line, " - ");
	sscanf(line, "%*d %*d %*s %*s %*s %511s", opts);
	sscanf(dash + 3, "%199s %511s %1023s", type, source, super);
	return field == 'o' ? opts : field == 't' ? type : field == 's' ? source : super;
}

int t_server_threads(void)
{
	char path[64];
	struct dirent *e;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", T->server);
	DIR *d = opendir(path);
	while (d && (e = readdir(d)))
		n += *e->d_name != '.';
	if (d)
		closedir(d);
	return n;
}
