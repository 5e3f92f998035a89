/*
 * conform.h - all that a conformance case sees.  How to write one: docs/writing-a-case.md.
 *
 * A case is a client function and a description of the file system it talks to.  For each run of
 * a case there are, in a mount namespace and a process namespace of their own:
 *   - the supervisor (supervise.c): makes a scratch tmpfs, starts the others, keeps the time
 *   - the server: the file system under test, by default pathfs.c, or llfs.c for the low level
 *   - the client: runs the case's function; the first failed assertion ends it
 * The three share `T`, in which the server records what it was asked (the trace) and from which
 * it takes its orders (knobs, commands).
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "api.h"

/* Every operation of the path API and of the low-level API, once. */
#define T_OPS(X)                                                                                   \
	X(getattr)                                                                                 \
	X(readlink)                                                                                \
	X(mknod)                                                                                   \
	X(mkdir)                                                                                   \
	X(unlink) X(rmdir) X(symlink) X(rename) X(link) X(chmod) X(chown) X(truncate) X(open)      \
		X(read) X(write) X(statfs) X(flush) X(release) X(fsync) X(setxattr) X(getxattr) X( \
			listxattr) X(removexattr) X(opendir) X(readdir) X(releasedir) X(fsyncdir)  \
			X(init) X(destroy) X(access) X(create) X(lock) X(utimens) X(bmap) X(ioctl) \
				X(poll) X(write_buf) X(read_buf) X(flock) X(fallocate)             \
					X(copy_file_range) X(lseek) X(lookup) X(forget) X(setattr) \
						X(getlk) X(setlk) X(readdirplus) X(retrieve_reply) \
							X(forget_multi) T_EXTENSIONS(X) X(other)

/* Operations of <ambifuse.h>. */
#define T_EXTENSIONS(X)                                                                            \
	X(getpath) X(statfs_x) X(setvolname) X(exchange) X(renamex) X(getxtimes) X(setbkuptime)    \
	X(setchgtime) X(setcrtime) X(chflags) X(setattr_x) X(fsetattr_x)

enum t_op {
#define T_OP_ENUM(name) OP_##name,
	T_OPS(T_OP_ENUM)
#undef T_OP_ENUM
		OP_MAX
};

/* One operation as the program saw it. */
struct t_event {
	atomic_int ready; /* text and caller are complete */
	atomic_int done;  /* the operation has returned, ret is valid */
	enum t_op op;
	long ret;
	int tid;           /* thread of the server */
	int uid, gid, pid; /* of the caller, as told by fuse_get_context or fuse_req_ctx */
	unsigned umask;
	char text[232]; /* canonical form, e.g. "truncate fh1 /a 5" */
};

/* What the client can make an operation of the server do. */
struct t_knob {
	atomic_int force; /* this many calls return `value` and do nothing (-1: all of them) */
	atomic_long value;
	atomic_int delay_ms;
	atomic_int block;   /* calls wait while this is set; ends with -EINTR when interrupted */
	atomic_int blocked; /* calls waiting now */
};

#define T_EVENTS 4096
#define T_WORDS  64

struct t_shm {
	atomic_int failed; /* 1: msg is valid */
	char msg[2048];
	char skip[256];
	char na[256]; /* why the case does not apply here */
	char stacks[24576];

	char dir[64]; /* the scratch tmpfs */
	char mnt[96]; /* the mount point */
	char src[96]; /* the directory pathfs shows */
	char blk[96]; /* case.fuseblk: the block device */
	int mode_s;   /* run with -s */
	int log_fd;   /* output of the server */

	/* The simulated kernel instead of a mount; see sim.h. */
	bool known; /* the table lists a fault: do not look for causes */
	int sim, sim_minor, sim_fd;
	uint64_t sim_caps;
	atomic_int sim_ready, sim_stop; /* ready: -1 if INIT failed */

	pid_t server;
	atomic_int server_started;
	atomic_int server_ended;
	int server_status; /* as from waitpid */
	atomic_int want_mount_gone;
	unsigned dev; /* minor device number of the mount, names its control directory */
	int fds_before, fds_after, threads_after;

	atomic_uint nevents;
	struct t_event ev[T_EVENTS];
	atomic_long count[OP_MAX];
	struct t_knob knob[OP_MAX];

	/* A command of the client to the server's command thread (case.on_command). */
	atomic_int cmd_asked, cmd_done;
	long cmd, cmd_a, cmd_b, cmd_ret;

	atomic_long word[T_WORDS];   /* free for the cases */
	atomic_long readdir_offsets; /* pathfs: readdir passes offsets to the filler */
	atomic_long poll_revents;    /* pathfs: what poll answers */
	atomic_long lookups[1024];   /* llfs: lookup count by node number */
	char data[131072];           /* free for the cases */
};

extern struct t_shm *T;

#define T_API2      1
#define T_API3      2
#define T_MODE_S    1
#define T_MODE_POOL 2

struct sk; /* the simulated kernel */

struct t_case {
	const char *name; /* "area.what-it-checks" */
	void (*client)(void);
	const char *file;
	int line;

	unsigned apis;  /* T_API2 | T_API3; 0: both */
	unsigned modes; /* T_MODE_S | T_MODE_POOL; 0: both */
	int timeout;    /* seconds; 0: 20 */
	int end_ms;     /* the server has to end so soon after the unmount; 0: 6000 */

	/* The file system.  `server` replaces everything; it returns the exit status. */
	const char *opts; /* comma separated, for -o */
	const char *args; /* further words of the command line, separated by blanks */
	bool raw; /* do not add the timeouts of zero, which make traces independent of time */
	const char *only;    /* operations the table has (blank separated); others are NULL */
	const char *without; /* operations the table does not have */
	bool buf;            /* path: offer read_buf and write_buf */
	void (*ops)(struct fuse_operations *);        /* path: change the table */
	void (*init)(struct fuse_conn_info *);        /* path and low level: called in init */
	void (*config)(struct fuse_config *);         /* path, FUSE 3: called in init */
	bool ll;                                      /* low level: llfs.c */
	void (*ll_ops)(struct fuse_lowlevel_ops *);   /* low level: change the table */
	int (*ll_loop)(struct fuse_session *);        /* low level: in place of the library's loop */
	long (*on_command)(long cmd, long a, long b); /* runs in a thread of the server */
	int (*server)(int argc, char **argv);
	bool no_mount;   /* the server is not expected to get as far as mounting */
	int exit_status; /* of the server; compare t_server_exit() */
	bool any_exit;   /* how the server ends is the client's business */
	bool may_keep;   /* the program itself keeps memory of the library's at the end */
	bool may_leak;   /* a server that is ended by force: nothing to count */

	/* What else the case needs; without it, or on another kind of kernel, it is "not applicable". */
	const char *real; /* why only a real mount will do, e.g. "the kernel's page cache" */
	/*
	 * The case's own kernel instead of a client: it gets the simulated kernel, INIT not sent yet,
	 * and does what it likes (simkernel.h). What the books show at the end fails the case, unless
	 * `violates` says so.
	 */
	void (*sim)(struct sk *kernel);
	unsigned minor;       /* the simulated kernel's protocol, 12..45; 0: the newest, or as asked */
	uint64_t caps;        /* INIT flags it offers; 0: all that Linux has */
	const char *violates; /* words of the violation that must be found */
	bool fuseblk;     /* mounted with blkdev on a loop device of 16 MiB, whose name is T->blk */
	unsigned uid;     /* the server runs as this user (65534: nobody) and mounts through the set-uid
			     helper, which wants it to be in the password file */
	const char *fuse_conf; /* content of /etc/fuse.conf, in the case's namespace only */

	const char *expect_stack; /* self-tests: and this is among the stacks that were recorded */
	const char *expect; /* self-tests: the case must fail with a message that contains this */
};

/*
 * CASE(function, "area.name", .field = value, ...) { client code }
 */
#define CASE(id, nm, ...)                                                                          \
	static void id(void);                                                                      \
	static const struct t_case id##_case = {                                                   \
		.name = nm, .client = id, .file = __FILE__, .line = __LINE__, __VA_ARGS__};        \
	static const struct t_case *const id##_entry __attribute__((used, section("t_cases"))) =   \
		&id##_case;                                                                        \
	static void id(void)

/*
 * A setting that is an option in FUSE 2 and a field of struct fuse_config in FUSE 3; use as a
 * field of CASE: SETTING(hard_remove).
 */
#define T_SETTINGS(X) X(hard_remove) X(use_ino) X(readdir_ino) X(direct_io) X(intr) X(nullpath_ok)
#if FUSE_API == 2
#define SETTING(field) .opts = #field
#else
#define SETTING(field)   .config = t_set_##field
#define T_DECLARE(field) void t_set_##field(struct fuse_config *cfg);
T_SETTINGS(T_DECLARE)
#undef T_DECLARE
#endif

/* --- assertions, client side: the first that fails ends the case ------------------------------ */

void t_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
#define FAIL(...) t_fail(__FILE__, __LINE__, __VA_ARGS__)

/* The system call succeeds; gives its value. */
#define OK(expr)                                                                                   \
	({                                                                                         \
		long ok_ = (long)(expr);                                                           \
		if (ok_ == -1)                                                                     \
			FAIL("%s: %s", #expr, strerror(errno));                                    \
		ok_;                                                                               \
	})
/* The system call fails with that errno. */
#define ERR(expr, e)                                                                               \
	do {                                                                                       \
		long ret_ = (long)(expr);                                                          \
		int err_ = errno;                                                                  \
		if (ret_ != -1)                                                                    \
			FAIL("%s: returned %ld, expected %s", #expr, ret_, strerror(e));           \
		if (err_ != (e))                                                                   \
			FAIL("%s: %s, expected %s", #expr, strerror(err_), strerror(e));           \
	} while (0)
#define EQ(a, b)                                                                                   \
	do {                                                                                       \
		long a_ = (long)(a), b_ = (long)(b);                                               \
		if (a_ != b_)                                                                      \
			FAIL("%s is %ld (0x%lx), expected %s = %ld (0x%lx)", #a, a_, a_, #b, b_,   \
			     b_);                                                                  \
	} while (0)
#define STR(a, b)                                                                                  \
	do {                                                                                       \
		const char *a_ = (a), *b_ = (b);                                                   \
		if (strcmp(a_, b_))                                                                \
			FAIL("%s is \"%s\", expected \"%s\"", #a, a_, b_);                         \
	} while (0)
#define YES(cond, ...)                                                                             \
	do {                                                                                       \
		if (!(cond))                                                                       \
			t_not_true(__FILE__, __LINE__, #cond, " " __VA_ARGS__);                    \
	} while (0)
void t_not_true(const char *file, int line, const char *cond, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
/* The case cannot be decided here: ends it. */
void t_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The case does not apply on this kernel: ends it. */
void t_na(const char *why) __attribute__((noreturn));

/* --- the trace ---------------------------------------------------------------------------------
 * A pattern is one of fnmatch(3) over the canonical text.  SAW finds the first event that matches
 * behind the one that the previous SAW found, so a row of SAWs asserts an order; it waits for one
 * that is still to come (RELEASE and FORGET are asynchronous).  MARK forgets all that was.
 */
const struct t_event *t_saw(const char *file, int line, const char *pattern);
#define SAW(pattern) t_saw(__FILE__, __LINE__, pattern)
/* the same, and that the program returned that value */
#define SAW_RET(pattern, value)                                                                    \
	do {                                                                                       \
		const struct t_event *v_ = SAW(pattern);                                           \
		t_await(__FILE__, __LINE__, "return of " pattern, &v_->done);                      \
		EQ(v_->ret, value);                                                                \
	} while (0)
void t_await(const char *file, int line, const char *what, const atomic_int *flag);
/* How many events since MARK match. */
int t_seen(const char *pattern);
#define SEEN(pattern, n)                                                                           \
	do {                                                                                       \
		int n_ = t_seen(pattern);                                                          \
		if (n_ != (n))                                                                     \
			FAIL("the program saw \"%s\" %d times, expected %d", pattern, n_, n);      \
	} while (0)
#define UNSEEN(pattern) SEEN(pattern, 0)
void t_mark(void);
/* Let SAW search from the mark again. */
void t_rewind(void);
#define MARK() t_mark()

/*
 * How long to wait for what takes less than `ms` on an idle machine: longer, since a machine may be
 * busy and only a hang is to be found; but not where a failure is what is expected.
 */
long t_patience(long ms);

/* Wait until the condition holds, for t_patience(ms). */
#define WITHIN(ms, cond)                                                                           \
	do {                                                                                       \
		long left_ = t_patience(ms);                                                       \
		while (!(cond)) {                                                                  \
			if (left_-- <= 0)                                                          \
				FAIL("not within %ld ms: %s", t_patience(ms), #cond);              \
			usleep(1000);                                                              \
		}                                                                                  \
	} while (0)

/* --- client helpers ----------------------------------------------------------------------------
 */

/* Paths: on the mount, and in the directory that pathfs shows.  Good for the next 16 calls. */
const char *P(const char *rel);
const char *S(const char *rel);
/* Make a file with that content / read a whole file (good until the next call). */
void put(const char *path, const char *content);
const char *slurp(const char *path);
struct stat st_of(const char *path); /* lstat, asserted */
/*
 * Do it twice: how many operations of the program the second time took, GETATTRs of a stat of
 * P(name) `ms` after the first one, READs of the whole file P(name), which has that content.
 */
int getattrs_of_second_stat(const char *name, int ms);
int reads_of_second_slurp(const char *name, const char *content);
/* For spawn: waits until poll(2) tells POLLIN of the file "f", 8 s at most. */
void wait_for_input(long unused);
/* Force an operation's return value, for n calls (-1: until told otherwise). */
void force(enum t_op op, long value, int n);
/* Run a function in a process of its own; reap it; ask whether it has ended. */
pid_t spawn(void (*fn)(long), long arg);
int reap(pid_t pid); /* exit status, or 128 + signal */
/* fn(0) ... fn(n - 1), each in a process of its own, at once; all of them end well. */
void at_once_in(int n, void (*fn)(long));
bool reaped_within(pid_t pid, int ms, int *status);
/* Have case.on_command run in the server. */
long command(long cmd, long a, long b);
/* Waits until the server process has ended; as waitpid's status, asserted to be there. */
int t_server_end(int ms);
#define SERVER_EXITS(ms, code)                                                                     \
	do {                                                                                       \
		int s_ = t_server_end(ms);                                                         \
		YES(WIFEXITED(s_), "the server was killed by signal %d", WTERMSIG(s_));            \
		EQ(WEXITSTATUS(s_), code);                                                         \
	} while (0)
const char *t_log(void); /* what the server has printed so far */
#define LOGGED(sub)                                                                                \
	do {                                                                                       \
		long left_ = t_patience(1000);                                                     \
		while (!strstr(t_log(), sub)) {                                                    \
			if (left_-- <= 0)                                                          \
				FAIL("\"%s\" is not in the server's output", sub);                 \
			usleep(1000);                                                              \
		}                                                                                  \
	} while (0)
bool t_mounted(void);                 /* is the mount point a mount? Never blocks. */
const char *t_mount_field(int field); /* mountinfo: 'o' options, 't' type, 's' source, 'S' super */
int t_server_threads(void);
long t_now_ms(void);
/*
 * ioctl(2) as a 32-bit program makes it (the kernel's compat path). The argument is copied to and
 * from memory that such a program could have, size bytes of it; 0: the pointer is passed as a
 * number. Skips the case where the kernel runs no 32-bit programs.
 */
int t_ioctl32(int fd, unsigned cmd, void *arg, size_t size);

/* --- server side -------------------------------------------------------------------------------
 */

struct t_call {
	struct t_event *ev;
	enum t_op op;
	long ret;
};
/*
 * Record an operation.  `fh` is the handle's number, 0 for none; `path` may be NULL (shown as
 * "-").  True if a knob says that the operation is to return c->ret at once.
 */
bool t_begin(struct t_call *c, enum t_op op, const struct fuse_ctx *ctx, uint64_t fh,
	     const char *path, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
long t_end(struct t_call *c, long ret);
/* The program found something wrong: fails the case. */
void t_server_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, as seen from outside of the client and the program. */
void t_case_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

extern const struct t_case *t_this; /* the case that runs */
extern t_channel t_chan;            /* low level: for notifications */
extern struct fuse *t_fuse;         /* path API: from the context in init, for fuse_exit */
extern struct fuse_session *t_session;

/* The table of pathfs before the case's changes; the operations of llfs. */
void t_path_ops(struct fuse_operations *ops);
void t_ll_ops(struct fuse_lowlevel_ops *ops);
/* Apply .only and .without to a table: to its fields of these names. */
struct t_field {
	const char *name;
	size_t offset;
};
void t_select(void *ops, const struct t_field *fields, size_t count, const struct t_case *c);
void t_path_select(struct fuse_operations *ops, const struct t_case *c);
void t_ll_select(struct fuse_lowlevel_ops *ops, const struct t_case *c);
/* For a server of the case's own on the path API: the table, ready; and what comes after. */
void t_path_prepare(struct fuse_operations *ops);
void t_path_finish(void);
void t_ll_prepare(struct fuse_lowlevel_ops *ops);
/* The servers: mount, loop, unmount. */
int t_path_server(int argc, char **argv);
/* fuse_main, on whatever kernel this run has. */
int t_fuse_main(int argc, char **argv, const struct fuse_operations *ops, void *user);
int t_ll_server(int argc, char **argv);
void t_command_start(void);
void t_command_stop(void);
/* pathfs: the operating system's descriptor behind a handle, for operations of a case's own */
int t_path_fd(const struct fuse_file_info *fi);
/*
 * Open files of pathfs have that bit of struct fuse_file_info set:
 * OPENED_WITH(direct, direct_io), then .ops = direct.
 */
#define OPENED_WITH(id, bit)                                                                       \
	static int (*id##_below)(const char *, struct fuse_file_info *);                           \
	static int id##_open(const char *path, struct fuse_file_info *fi)                          \
	{                                                                                          \
		fi->bit = 1;                                                                       \
		return id##_below(path, fi);                                                       \
	}                                                                                          \
	static void id(struct fuse_operations *ops)                                                \
	{                                                                                          \
		id##_below = ops->open;                                                            \
		ops->open = id##_open;                                                             \
	}

extern const char *const t_op_name[OP_MAX];
bool t_word_in(const char *list, const char *word);

#endif
