/* case_option2.c - options that change what a client sees only in a detail, and all mount flags */
#include "conform.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

/* comma separated words of a field of mountinfo */
static bool has(const char *field, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = field; (p = strstr(p, word)); p += n)
		if ((p == field || p[-1] == ',') && (p[n] == ',' || !p[n]))
			return true;
	return false;
}

CASE(flags_back, "option.flags-turned-back-by-later-ones",
     .opts = "ro,rw,nosuid,suid,nodev,dev,noexec,exec,noatime,atime,sync,async")
{
	static const char *const gone[] = {"ro", "nosuid", "nodev", "noexec", "noatime", "sync"};
	char text[300];
	snprintf(text, sizeof(text), "%s,%s", t_mount_field('o'), t_mount_field('S'));
	for (size_t i = 0; i < 6; i++)
		YES(!has(text, gone[i]), "%s is still in %s", gone[i], text);
	put(P("f"), "x");
}

CASE(flags_sync, "option.sync-and-dirsync", .opts = "sync,dirsync")
{
	char text[300];
	snprintf(text, sizeof(text), "%s,%s", t_mount_field('o'), t_mount_field('S'));
	YES(has(text, "sync"), "%s", text);
	YES(has(text, "dirsync"), "%s", text);
}

CASE(flags_atime, "option.kinds-of-atime-and-nosymfollow",
     .opts = "nodiratime,strictatime,nosymfollow")
{
	const char *text = t_mount_field('o');
	YES(has(text, "nodiratime"), "%s", text);
	YES(!has(text, "relatime"), "%s", text);
	YES(has(text, "nosymfollow"), "%s", text);
	OK(symlink("f", P("l")));
	put(S("f"), "x");
	ERR(open(P("l"), O_RDONLY), ELOOP);
}
CASE(flags_atime_back, "option.kinds-of-atime-turned-back",
     .opts = "nodiratime,diratime,dirsync,nodirsync,strictatime,nostrictatime,norelatime,relatime,"
	     "nosymfollow,symfollow")
{
	const char *text = t_mount_field('o');
	YES(has(text, "relatime"), "%s", text);
	YES(!has(text, "nodiratime") && !has(text, "nosymfollow") && !has(text, "dirsync"), "%s",
	    text);
}

CASE(flags_nordonly, "wopt.nordonly", .opts = "rdonly,nordonly")
{
	YES(!has(t_mount_field('o'), "ro"), "%s", t_mount_field('o'));
}
CASE(flags_r, "option.r-is-read-only", .args = "-r")
{
	YES(has(t_mount_field('o'), "ro"), "%s", t_mount_field('o'));
	ERR(open(P("f"), O_CREAT | O_WRONLY, 0600), EROFS);
}

CASE(opt_words, "option.words-of-mount-that-change-nothing", .args = "-f", .opts = "large_read",
     .apis = T_API2)
{
	put(P("f"), "x");
	STR(slurp(P("f")), "x");
}

/* --- threads and queues -------------------------------------------------------------------------
 */

#if FUSE_API == 2
static long conn_file(const char *name)
{
	char path[100], text[20] = "";
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/%s", T->dev, name);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		t_skip("%s: %s", path, strerror(errno));
	read(fd, text, 19);
	close(fd);
	return atol(text);
}
CASE(opt_background, "option.max-background-and-congestion-threshold", .apis = T_API2,
     .opts = "max_background=7,congestion_threshold=5")
{
	OK(stat(P(""), &(struct stat){0}));
	EQ(conn_file("max_background"), 7);
	EQ(conn_file("congestion_threshold"), 5);
}

CASE(opt_readahead, "option.max-readahead", .apis = T_API2, .opts = "max_readahead=8192")
{
	put(S("f"), "");
	OK(truncate(S("f"), 1 << 20));
	int fd = OK(open(P("f"), O_RDONLY));
	for (int i = 0; i < 64; i++)
		EQ(read(fd, (char[4096]){0}, 4096), 4096);
	for (unsigned i = 0; i < atomic_load(&T->nevents); i++)
		if (T->ev[i].op == OP_read)
			YES(T->ev[i].ret <= 8192, "%s", T->ev[i].text);
}

/* the same file read ahead: more than one request under way, or one at a time */
static void read_ahead(long fd)
{
	posix_fadvise((int)fd, 0, 1 << 20, POSIX_FADV_WILLNEED);
}
/* How many reads of one reader are in the program at a time: waits for so many, then looks on. */
static int most_at_a_time(int wanted)
{
	int most = wanted;
	put(S("f"), "");
	OK(truncate(S("f"), 1 << 20));
	int fd = OK(open(P("f"), O_RDONLY));
	atomic_store(&T->knob[OP_read].block, 1);
	pid_t p = spawn(read_ahead, fd);
	WITHIN(3000, atomic_load(&T->knob[OP_read].blocked) >= wanted);
	for (int i = 0; i < 60; i++) {
		int now = atomic_load(&T->knob[OP_read].blocked);
		most = now > most ? now : most;
		usleep(1000);
	}
	atomic_store(&T->knob[OP_read].block, 0);
	EQ(reap(p), 0);
	return most;
}
CASE(opt_async_read, "option.async-read", .apis = T_API2, .opts = "async_read,max_read=16384",
     .modes = T_MODE_POOL)
{
	YES(most_at_a_time(2) > 1);
}
CASE(opt_sync_read, "option.sync-read-is-one-request-at-a-time", .apis = T_API2,
     .opts = "sync_read,max_read=16384", .modes = T_MODE_POOL)
{
	EQ(most_at_a_time(1), 1);
}

#endif
#if FUSE_API == 3
CASE(opt_threads, "option.max-threads-is-the-ceiling", .apis = T_API3, .modes = T_MODE_POOL,
     .args = "-o max_threads=3,max_idle_threads=2,clone_fd")
{
	put(S("f"), "x");
	atomic_store(&T->knob[OP_statfs].delay_ms, 30);
	for (int i = 0; i < 20; i++)
		OK(stat(P("f"), &(struct stat){0}));
	YES(t_server_threads() <= 3 + 2, "%d threads", t_server_threads());
}

/* those of struct fuse_conn_info: a program parses them itself */
static unsigned want_after(char *opts, unsigned want)
{
	char *argv[] = {"prog", "-o", opts, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_conn_info conn = {.capable = ~0u, .want = want};
	struct fuse_conn_info_opts *o = fuse_parse_conn_info_opts(&args);
	YES(o, "%s is not taken", opts);
	EQ(args.argc, 1);
	fuse_apply_conn_info_opts(o, &conn);
	free(o);
	fuse_opt_free_args(&args);
	return conn.want;
}
CASE(conn_bits, "option.each-of-the-connection-turns-its-bits", .apis = T_API3,
     .only = "getattr init destroy")
{
	static const struct {
		const char *opts;
		unsigned before, after;
	} t[] = {
		{"async_read", 0, FUSE_CAP_ASYNC_READ},
		{"sync_read", FUSE_CAP_ASYNC_READ, 0},
		{"no_remote_lock", FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS, 0},
		{"no_remote_posix_lock", FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS,
		 FUSE_CAP_FLOCK_LOCKS},
		{"no_remote_flock", FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS,
		 FUSE_CAP_POSIX_LOCKS},
		{"splice_read", 0, FUSE_CAP_SPLICE_READ},
		{"no_splice_read", FUSE_CAP_SPLICE_READ, 0},
		{"splice_write", 0, FUSE_CAP_SPLICE_WRITE},
		{"no_splice_write", FUSE_CAP_SPLICE_WRITE, 0},
		{"splice_move", 0, FUSE_CAP_SPLICE_MOVE},
		{"no_splice_move", FUSE_CAP_SPLICE_MOVE, 0},
		{"auto_inval_data", 0, FUSE_CAP_AUTO_INVAL_DATA},
		{"no_auto_inval_data", FUSE_CAP_AUTO_INVAL_DATA, 0},
		{"async_dio", 0, FUSE_CAP_ASYNC_DIO},
		{"no_async_dio", FUSE_CAP_ASYNC_DIO, 0},
		{"writeback_cache", 0, FUSE_CAP_WRITEBACK_CACHE},
		{"no_writeback_cache", FUSE_CAP_WRITEBACK_CACHE, 0},
		{"readdirplus=no", FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO,
		 FUSE_CAP_READDIRPLUS_AUTO},
		{"readdirplus=yes", FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO,
		 FUSE_CAP_READDIRPLUS},
		{"readdirplus=auto", FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO,
		 FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO},
	};
	char opts[40];
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		snprintf(opts, sizeof(opts), "%s", t[i].opts);
		unsigned got = want_after(opts, t[i].before);
		YES(got == t[i].after, "%s: 0x%x, expected 0x%x", opts, got, t[i].after);
	}
}
CASE(conn_gran, "option.time-gran-of-the-connection", .apis = T_API3,
     .only = "getattr init destroy")
{
	char *argv[] = {"prog", "-o", "time_gran=1000,atomic_o_trunc", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_conn_info conn = {.capable = ~0u, .time_gran = 1};
	struct fuse_conn_info_opts *o = fuse_parse_conn_info_opts(&args);
	YES(o);
	fuse_apply_conn_info_opts(o, &conn);
	EQ(conn.time_gran, 1000);
	free(o);
	fuse_opt_free_args(&args);
}
/* fuse_main leaves them to the program */
CASE(conn_main, "option.of-the-connection-is-unknown-to-fuse-main", .apis = T_API3,
     .opts = "max_background=7", .no_mount = true, .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
	LOGGED("max_background");
}

CASE(opt_rofd, "option.no-rofd-flush", .apis = T_API3, .opts = "no_rofd_flush")
{
	put(S("f"), "x");
	close((int)OK(open(P("f"), O_RDONLY)));
	SAW("release fh1 /f");
	UNSEEN("flush*");
	close((int)OK(open(P("f"), O_RDWR)));
	SAW("flush fh2 /f");
}
#else
CASE(conn_splice, "option.splice-words-are-taken", .apis = T_API2,
     .opts = "splice_read,splice_write,splice_move,no_splice_read,no_splice_write,no_splice_move")
{
	put(P("f"), "x");
	STR(slurp(P("f")), "x");
}
CASE(lock_words, "option.no-remote-posix-lock-leaves-flock", .apis = T_API2,
     .opts = "no_remote_posix_lock")
{
	struct flock l = {.l_type = F_WRLCK};
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	UNSEEN("lock*");
}
CASE(flock_words, "option.no-remote-flock-leaves-posix", .apis = T_API2, .opts = "no_remote_flock")
{
	struct flock l = {.l_type = F_WRLCK};
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	SAW("lock fh1 /f set wr 0+0");
}
CASE(opt_nopath, "option.nopath-gives-no-path-where-there-is-a-handle", .apis = T_API2,
     .opts = "nopath")
{
	put(S("f"), "hello");
	STR(slurp(P("f")), "hello");
	SAW("open fh1 /f ro");
	SAW("read fh1 - *@0");
	SAW("release fh1 -");
}
static void flag_nopath(struct fuse_operations *ops)
{
	ops->flag_nopath = 1;
}
CASE(ops_nopath, "option.flag-nopath-of-the-table", .apis = T_API2, .ops = flag_nopath)
{
	put(S("f"), "hello");
	STR(slurp(P("f")), "hello");
	SAW("open fh1 /f ro");
	SAW("read fh1 - *@0");
}
CASE(opt_intr_signal, "option.intr-signal-with-another-signal", .apis = T_API2,
     .opts = "intr,intr_signal=12", .modes = T_MODE_POOL)
{
	put(S("f"), "x");
	atomic_store(&T->knob[OP_open].block, 1);
	pid_t p = fork();
	if (!p) {
		open(P("f"), O_RDONLY);
		_exit(errno == EINTR ? 0 : 1);
	}
	signal(SIGINT, SIG_IGN);
	WITHIN(3000, atomic_load(&T->knob[OP_open].blocked) == 1);
	kill(p, SIGKILL);
	EQ(reap(p), 128 + SIGKILL);
	WITHIN(3000, atomic_load(&T->knob[OP_open].blocked) == 0);
	atomic_store(&T->knob[OP_open].block, 0);
	YES(!atomic_load(&T->server_ended));
}
#endif

CASE(opt_ac_timeout, "option.ac-attr-timeout-is-how-long-auto-cache-trusts", .raw = true,
     .opts = "auto_cache,ac_attr_timeout=0,attr_timeout=100,entry_timeout=100")
{
	put(S("f"), "old");
	STR(slurp(P("f")), "old");
	put(S("f"), "new");
	STR(slurp(P("f")), "new"); /* open looked, although the attributes last */
}
CASE(opt_noauto, "option.noauto-cache-turns-it-back", .raw = true,
     .opts = "auto_cache,noauto_cache")
{
	put(S("f"), "abc");
	slurp(P("f"));
	MARK();
	slurp(P("f"));
	SAW("read *"); /* without it, an open drops what is cached */
}

CASE(opt_debug_word, "option.debug-word-prints-too", .opts = "debug")
{
	OK(stat(P(""), &(struct stat){0}));
	WITHIN(1000, strstr(t_log(), "GETATTR"));
}

CASE(opt_help_h, "option.h-prints-help", .args = "-h", .no_mount = true, .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "status 0x%x", s);
	LOGGED("allow_other");
	YES(!t_mounted());
}
CASE(opt_version_long, "option.version-long", .args = "--version", .no_mount = true,
     .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "status 0x%x", s);
	LOGGED("version");
	YES(!t_mounted());
}

CASE(opt_auto_unmount, "option.auto-unmount-after-sigkill", .opts = "auto_unmount",
     .any_exit = true, .may_leak = true)
{
	OK(stat(P(""), &(struct stat){0}));
	OK(kill(T->server, SIGKILL));
	WITHIN(5000, !t_mounted());
}

/* Nodes beyond the bound are forgotten, so their names are asked for again; data stays right. */
CASE(opt_max_nodes, "option.max-nodes", .raw = true,
     .opts = "max_nodes=200,entry_timeout=3600,attr_timeout=3600",
     .real = "the kernel's cache of names")
{
	char name[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(S(name), name);
		st_of(P(name));
	}
	sleep(1);
	MARK();
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		EQ(st_of(P(name)).st_size, strlen(name));
	}
	int again = t_seen("getattr /f*");
	YES(again >= 600, "%d of 1000 names were asked for again", again);
}

/* --- read-ahead ---------------------------------------------------------------------------------
 * How much the kernel reads ahead is a matter of the mount, which root may raise.
 */

static void read_through(const char *name)
{
	static char buf[65536];
	int fd = OK(open(P(name), O_RDONLY));
	while (OK(read(fd, buf, sizeof(buf))) > 0)
		;
	close(fd);
}
/* Reads larger than what the kernel does by itself. */
static int large_reads(void)
{
	return t_seen("read * 262144@*") + t_seen("read * 524288@*") + t_seen("read * 1048576@*");
}
/* In KiB; -1: there is no /sys. */
static int ahead_kb(void)
{
	char path[80], text[20] = "-1";
	snprintf(path, sizeof(path), "/sys/class/bdi/0:%u/read_ahead_kb", T->dev);
	int fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		strcpy(text, "-1");
	close(fd);
	return atoi(text);
}
static void two_files(void)
{
	put(S("a"), "");
	put(S("b"), "");
	OK(truncate(S("a"), 8 << 20));
	OK(truncate(S("b"), 8 << 20));
}
#define READ_AHEAD .real = "the kernel's read-ahead", .modes = T_MODE_POOL
CASE(ahead_slow, "option.read-ahead-is-raised-where-reads-are-slow", READ_AHEAD)
{
	two_files();
	atomic_store(&T->knob[OP_read].delay_ms, 2);
	read_through("a");
	EQ(large_reads(), 0);
	read_through("b");
	if (!large_reads() && access("/sys/class/bdi", F_OK))
		t_skip("there is no /sys");
	YES(large_reads() >= 4, "%d large reads", large_reads());
}
CASE(ahead_off, "option.read-ahead-kb-of-zero-leaves-it", READ_AHEAD, .opts = "read_ahead_kb=0")
{
	two_files();
	atomic_store(&T->knob[OP_read].delay_ms, 2);
	read_through("a");
	read_through("b");
	EQ(large_reads(), 0);
}
CASE(ahead_given, "option.read-ahead-kb", READ_AHEAD, .opts = "read_ahead_kb=512")
{
	two_files();
	OK(stat(P("b"), &(struct stat){0}));
	/* raised when INIT is answered, which is when the kernel asks for more */
	WITHIN(2000, ahead_kb() == 512 || ahead_kb() < 0);
	read_through("b");
	if (!large_reads() && access("/sys/class/bdi", F_OK))
		t_skip("there is no /sys");
	YES(t_seen("read * 524288@*") >= 4, "%d reads", t_seen("read * 524288@*"));
}
static void less(struct fuse_conn_info *conn)
{
	conn->max_readahead = 65536;
}
CASE(ahead_less, "option.read-ahead-that-init-lowered-is-not-raised", READ_AHEAD, .init = less)
{
	two_files();
	atomic_store(&T->knob[OP_read].delay_ms, 1);
	read_through("a");
	read_through("b");
	EQ(large_reads() + t_seen("read * 131072@*"), 0);
}
CASE(ahead_bad, "option.read-ahead-kb-that-is-too-much", .opts = "read_ahead_kb=70000",
     .no_mount = true, .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
	LOGGED("read_ahead_kb");
}
