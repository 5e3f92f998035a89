/* case_load.c - many at once: threads, races of names, nothing lost, nothing stuck */
#include "conform.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/statvfs.h>

static int different_threads(void)
{
	int tids[T_EVENTS], n = 0;
	unsigned events = atomic_load(&T->nevents);

	for (unsigned i = 0; i < events && i < T_EVENTS; i++) {
		int k = 0;
		while (k < n && tids[k] != T->ev[i].tid)
			k++;
		if (k == n)
			tids[n++] = T->ev[i].tid;
	}
	return n;
}

/* statfs: the kernel lets any number through at once, and lookups in one directory only singly */
static void one_statfs(long arg)
{
	struct statvfs sv;
	(void)arg;
	OK(statvfs(P(""), &sv));
}

/* stock-faults 13 */
CASE(load_bursts, "load.threads-are-not-made-and-destroyed-at-the-rhythm-of-the-load",
     .modes = T_MODE_POOL, .timeout = 40)
{
	pid_t p[24];
	atomic_store(&T->knob[OP_statfs].delay_ms, 5);
	for (int burst = 0; burst < 15; burst++) {
		for (long i = 0; i < 24; i++)
			p[i] = spawn(one_statfs, i);
		for (int i = 0; i < 24; i++)
			reap(p[i]);
		usleep(10000);
	}
	YES(different_threads() <= 90, "%d different threads for at most 24 calls at a time",
	    different_threads());
}

/* ten is the documented most in FUSE 3 */
#if FUSE_API == 3
#define MANY_THREADS .opts = "max_threads=64"
#else
#define MANY_THREADS .opts = "attr_timeout=0"
#endif
CASE(load_blocked, "load.threads-grow-while-all-are-blocked", .modes = T_MODE_POOL, MANY_THREADS)
{
	pid_t p[40];
	atomic_store(&T->knob[OP_statfs].block, 1);
	for (long i = 0; i < 40; i++)
		p[i] = spawn(one_statfs, i);
	WITHIN(3000, atomic_load(&T->knob[OP_statfs].blocked) == 40);
	atomic_store(&T->knob[OP_statfs].block, 0);
	for (int i = 0; i < 40; i++)
		EQ(reap(p[i]), 0);
}

CASE(load_bounded, "load.number-of-threads-has-a-ceiling", .modes = T_MODE_POOL, .timeout = 40)
{
	static pid_t p[400];
	atomic_store(&T->knob[OP_statfs].delay_ms, 30);
	for (long i = 0; i < 400; i++)
		p[i] = spawn(one_statfs, i);
	int most = 0;
	for (int i = 0; i < 400; i++) {
		int n = t_server_threads();
		most = n > most ? n : most;
		EQ(reap(p[i]), 0);
	}
	YES(most <= 300, "%d threads", most);
}

CASE(load_idle, "load.idle-threads-go-away", .modes = T_MODE_POOL, .timeout = 40)
{
	pid_t p[40];
	atomic_store(&T->knob[OP_statfs].delay_ms, 20);
	for (long i = 0; i < 40; i++)
		p[i] = spawn(one_statfs, i);
	for (int i = 0; i < 40; i++)
		reap(p[i]);
	/* slowly, but in the end most of them */
	atomic_store(&T->knob[OP_statfs].delay_ms, 0);
	for (int i = 0; i < 2500 && t_server_threads() > 24; i++) {
		/* some traffic: a library may let a thread go only when it has answered */
		one_statfs(0);
		usleep(10000);
	}
	YES(t_server_threads() <= 24, "%d threads", t_server_threads());
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	YES(d != NULL);
	while ((e = readdir(d)))
		empty &= !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

static void churn(long no)
{
	char a[60], b[60];
	for (int i = 0; i < 60; i++) {
		snprintf(a, sizeof(a), "%ld-a%d", no, i);
		snprintf(b, sizeof(b), "%ld-b%d", no, i);
		put(P(a), a);
		OK(rename(P(a), P(b)));
		STR(slurp(P(b)), a);
		OK(mkdir(P(a), 0755));
		OK(rmdir(P(a)));
		OK(unlink(P(b)));
	}
}
CASE(load_churn, "load.eight-processes-create-rename-and-remove", .timeout = 40)
{
	at_once_in(8, churn);
	WITHIN(3000, is_empty(S(""))); /* what was hidden goes with its RELEASE */
}

/* Everybody renames the same two names; each call must end, in success or ENOENT. */
static void rename_loop(long no)
{
	for (int i = 0; i < 300; i++) {
		int r = no & 1 ? rename(P("x/f"), P("y/f")) : rename(P("y/f"), P("x/f"));
		if (r && errno != ENOENT)
			FAIL("rename: %s", strerror(errno));
	}
}
CASE(load_rename, "load.opposite-renames-do-not-deadlock", .timeout = 40)
{
	OK(mkdir(S("x"), 0755));
	OK(mkdir(S("y"), 0755));
	put(S("x/f"), "content");
	at_once_in(6, rename_loop);
	bool in_x = access(P("x/f"), F_OK) == 0;
	STR(slurp(P(in_x ? "x/f" : "y/f")), "content");
}

static void rename_dirs(long no)
{
	(void)no;
	for (int i = 0; i < 200; i++) {
		OK(rename(P("d"), P("e")));
		OK(rename(P("e"), P("d")));
	}
}
static void read_in(long dirfd)
{
	char buf[20];
	for (int i = 0; i < 400; i++) {
		int fd = openat((int)dirfd, "f", O_RDONLY);
		if (fd < 0)
			FAIL("openat: %s", strerror(errno));
		EQ(read(fd, buf, sizeof(buf)), 7);
		close(fd);
	}
}
/* Two processes at it at once; they are given the open directory. */
static void below_a_renamed_directory(void (*fn)(long))
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "content");
	int dir = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	pid_t r = spawn(rename_dirs, 0), a = spawn(fn, dir), b = spawn(fn, dir);
	EQ(reap(r), 0);
	EQ(reap(a), 0);
	EQ(reap(b), 0);
}
CASE(load_dir_rename, "load.reading-below-a-directory-that-is-renamed-all-the-time", .timeout = 40)
{
	below_a_renamed_directory(read_in);
}

/* stock-faults 15 */
static void links_in(long dirfd)
{
	char name[40], buf[40];
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "l%d-%d", getpid(), i);
		OK(linkat((int)dirfd, "f", (int)dirfd, name, 0));
		OK(unlinkat((int)dirfd, name, 0));
		OK(symlinkat("target", (int)dirfd, name));
		EQ(readlinkat((int)dirfd, name, buf, sizeof(buf)), 6);
		OK(unlinkat((int)dirfd, name, 0));
	}
}
CASE(load_linkat, "load.linkat-and-symlinkat-below-a-directory-that-is-renamed-all-the-time",
     .timeout = 40)
{
	below_a_renamed_directory(links_in);
}

static void create_same(long no)
{
	for (int i = 0; i < 200; i++) {
		int fd = open(P("same"), O_CREAT | O_RDWR, 0600);
		if (fd >= 0) {
			(void)!write(fd, &no, sizeof(no));
			close(fd);
		} else if (errno != ENOENT && errno != EEXIST && errno != ESTALE) {
			FAIL("open: %s", strerror(errno));
		}
		if (unlink(P("same")) && errno != ENOENT)
			FAIL("unlink: %s", strerror(errno));
	}
}
CASE(load_same_name, "load.creating-and-removing-one-name", .timeout = 40)
{
	at_once_in(4, create_same);
}

static void walk(long depth)
{
	char path[600];
	for (int i = 0; i < 50; i++) {
		path[0] = 0;
		for (int d = 0; d < depth; d++)
			snprintf(path + strlen(path), 20, "%sd%d", d ? "/" : "", d);
		OK(stat(P(path), &(struct stat){0}));
	}
}
CASE(load_deep, "load.deep-paths-from-eight-processes")
{
	char path[600] = "";
	pid_t p[8];
	for (int d = 0; d < 40; d++) {
		snprintf(path + strlen(path), 20, "%sd%d", d ? "/" : "", d);
		OK(mkdir(S(path), 0755));
	}
	for (long i = 0; i < 8; i++)
		p[i] = spawn(walk, 33 + i);
	for (int i = 0; i < 8; i++)
		EQ(reap(p[i]), 0);
}

CASE(load_slow_one, "load.a-slow-operation-does-not-hold-up-others", .modes = T_MODE_POOL)
{
	/* in another directory: the kernel lets only one at a time change a directory */
	OK(mkdir(S("d"), 0755));
	OK(mkdir(S("x"), 0755));
	put(S("d/f"), "x");
	atomic_store(&T->knob[OP_mkdir].block, 1);
	/* a directory is being made, for ever; the file beside it is not concerned */
	pid_t p = fork();
	if (!p) {
		mkdir(P("x/slow"), 0755);
		_exit(0);
	}
	SAW("mkdir /x/slow *");
	STR(slurp(P("d/f")), "x");
	OK(chmod(P("d/f"), 0600));
	WITHIN(3000, atomic_load(&T->knob[OP_mkdir].blocked) == 1);
	atomic_store(&T->knob[OP_mkdir].block, 0);
	EQ(reap(p), 0);
}

/*
 * What was fast a hundred times runs at once in the thread that serves a processor's queue, and
 * then blocks: what comes behind it there has to get on all the same. On each processor.
 */
CASE(load_fast_blocks, "load.a-fast-operation-that-suddenly-blocks-does-not-hold-up-others",
     .modes = T_MODE_POOL, .real = "the kernel's queues")
{
	cpu_set_t all, one;
	put(S("f"), "x");
	OK(sched_getaffinity(0, sizeof(all), &all));
	for (int cpu = 0, done = 0; cpu < CPU_SETSIZE && done < 4; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		OK(sched_setaffinity(0, sizeof(one), &one)); /* and so of those that are spawned */
		for (int i = 0; i < 100; i++)
			one_statfs(0);
		atomic_store(&T->knob[OP_statfs].block, 1);
		pid_t p = spawn(one_statfs, 0);
		WITHIN(2000, atomic_load(&T->knob[OP_statfs].blocked) == 1);
		long start = t_now_ms();
		for (int i = 0; i < 20; i++)
			STR(slurp(P("f")), "x");
		pid_t q =
			spawn(one_statfs, 0); /* of the same kind, which is not known to be slow */
		WITHIN(2000, atomic_load(&T->knob[OP_statfs].blocked) == 2);
		YES(t_now_ms() - start < 2000, "%ld ms on processor %d", t_now_ms() - start, cpu);
		atomic_store(&T->knob[OP_statfs].block, 0);
		EQ(reap(p), 0);
		EQ(reap(q), 0);
		done++;
	}
	OK(sched_setaffinity(0, sizeof(all), &all));
}
