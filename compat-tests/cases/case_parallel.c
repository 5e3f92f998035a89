/*
 * case_parallel.c - what may run at once where a program is multi-threaded: operations in one
 * directory, the pieces of one large direct read or write, direct writes of one file.  And what by
 * default may not.
 */
#include "conform.h"

#define KERNEL .real = "the kernel's locks"

/* How many calls of op get into the program at a time, of so many that could. */
static void at_once(enum t_op op, void (*client)(long), int clients, int expected)
{
	pid_t p[4];
	OK(stat(P(""), &(struct stat){0})); /* INIT is answered */
	MARK();
	atomic_store(&T->knob[op].block, 1);
	for (int i = 0; i < clients; i++)
		p[i] = spawn(client, i);
	WITHIN(3000, atomic_load(&T->knob[op].blocked) >= expected);
	if (expected == 1) {
		usleep(60000);
		EQ(atomic_load(&T->knob[op].blocked), 1);
	}
	atomic_store(&T->knob[op].block, 0);
	for (int i = 0; i < clients; i++)
		EQ(reap(p[i]), 0);
}

/* --- operations in one directory ---------------------------------------------------------------
 */

static void look_up(long i)
{
	char name[20];
	snprintf(name, sizeof(name), "none%ld", i);
	ERR(stat(P(name), &(struct stat){0}), ENOENT);
}
/* From 3.17 on the program is shown that it does not want them, and decides. */
static int by_default(void)
{
	return fuse_version() >= 317 ? 1 : 2;
}
CASE(par_lookups, "parallel.two-lookups-in-one-directory", .modes = T_MODE_POOL, KERNEL)
{
	at_once(OP_getattr, look_up, 2, by_default());
	SEEN("getattr /none?", 2);
}
CASE(par_no_lookups, "parallel.one-lookup-at-a-time-by-option", .modes = T_MODE_POOL,
     .opts = "no_parallel_dirops", KERNEL)
{
	at_once(OP_getattr, look_up, 2, 1);
	SEEN("getattr /none?", 2);
}
/* What any threaded program has to stand: names that the kernel has seen before. */
static void look_again(long i)
{
	OK(stat(P(i ? "b" : "a"), &(struct stat){0}));
}
CASE(par_known, "parallel.known-names-are-looked-up-at-once-in-any-case", .modes = T_MODE_POOL,
     .opts = "no_parallel_dirops", KERNEL)
{
	put(S("a"), "");
	put(S("b"), "");
	look_again(0);
	look_again(1);
	at_once(OP_getattr, look_again, 2, 2);
}

/* --- one large direct read or write ------------------------------------------------------------
 */

#define BIG (4 << 20)

static void *aligned(void)
{
	void *p;
	if (posix_memalign(&p, 4096, BIG))
		FAIL("no memory");
	memset(p, 'x', BIG);
	return p;
}
static void big_read(long i)
{
	int fd = OK(open(P("f"), O_RDONLY | O_DIRECT));
	(void)i;
	EQ(read(fd, aligned(), BIG), BIG);
}
static void big_write(long i)
{
	int fd = OK(open(P("f"), O_WRONLY | O_DIRECT));
	(void)i;
	EQ(write(fd, aligned(), BIG), BIG);
}
static void big_file(void)
{
	put(S("f"), "");
	OK(truncate(S("f"), BIG));
}
static int open_plain(const char *path, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	t_begin(&c, OP_open, NULL, 0, path, "%s", "");
	return (int)t_end(&c, 0);
}
static int read_any(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	memset(buf, 0, size);
	if (t_begin(&c, OP_read, NULL, 0, path, "%zu@%lld", size, (long long)off))
		return (int)c.ret;
	return (int)t_end(&c, (long)size);
}
static int write_any(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct t_call c;
	(void)buf, (void)fi;
	if (t_begin(&c, OP_write, NULL, 0, path, "%zu@%lld", size, (long long)off))
		return (int)c.ret;
	return (int)t_end(&c, (long)size);
}
static int nothing(const char *path, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	return 0;
}
/* No descriptors of the operating system behind the handles: they need not know O_DIRECT. */
static void by_memory(struct fuse_operations *ops)
{
	ops->open = open_plain;
	ops->read = read_any;
	ops->write = write_any;
	ops->flush = ops->release = nothing;
	ops->lock = NULL;
}
static void never_written(struct fuse_operations *ops)
{
	by_memory(ops);
	ops->write = NULL;
}

/* Each of the pieces begins where the one before it ended. */
static void in_order(const char *op)
{
	char pattern[40];
	long long at = 0;
	while (at < BIG) {
		snprintf(pattern, sizeof(pattern), "%s * *@*", op);
		const struct t_event *e = SAW(pattern);
		long long off = atoll(strchr(e->text, '@') + 1);
		EQ(off, at);
		at += atoll(strrchr(e->text, ' ') + 1);
	}
}

CASE(par_reads, "parallel.pieces-of-a-direct-read-if-nothing-is-ever-written", .ops = never_written,
     .modes = T_MODE_POOL, KERNEL)
{
	big_file();
	at_once(OP_read, big_read, 1, 2);
}
CASE(par_no_reads, "parallel.pieces-of-a-direct-read-one-by-one-by-option", .ops = never_written,
     .modes = T_MODE_POOL, .opts = "no_async_dio", KERNEL)
{
	big_file();
	at_once(OP_read, big_read, 1, 1);
	in_order("read");
}
/*
 * Pieces of a write would come in any order, and one that fails in the middle would make the whole
 * call fail: a program that was not asked must not see that.
 */
static void set_async_dio(struct fuse_conn_info *conn)
{
#if FUSE_API == 3
	conn->want &= ~(unsigned)FUSE_CAP_ASYNC_DIO;
#else
	(void)conn;
#endif
}
CASE(par_writes, "parallel.pieces-of-a-direct-write-come-one-by-one-and-in-order", .ops = by_memory,
     .init = set_async_dio, .modes = T_MODE_POOL, KERNEL)
{
	big_file();
	at_once(OP_write, big_write, 1, 1);
	in_order("write");
}
CASE(par_writes_opt, "parallel.pieces-of-a-direct-write-at-once-by-option", .ops = by_memory,
     .init = set_async_dio, .modes = T_MODE_POOL, .opts = "async_dio", KERNEL)
{
	big_file();
	at_once(OP_write, big_write, 1, 2);
}
CASE(par_single, "parallel.pieces-of-a-direct-read-with-one-thread", .ops = never_written,
     .modes = T_MODE_S, KERNEL)
{
	big_file();
	big_read(0);
#if FUSE_API == 2
	in_order("read");
#endif
}

/* --- writes of one file that has no page cache -------------------------------------------------
 */

static int open_direct(const char *path, struct fuse_file_info *fi)
{
	fi->direct_io = 1;
	return open_plain(path, fi);
}
static void direct_too(struct fuse_operations *ops)
{
	by_memory(ops);
	ops->open = open_direct;
}
static void write_there(long i)
{
	int fd = OK(open(P("f"), O_WRONLY));
	EQ(pwrite(fd, "xyz", 3, i * 65536), 3);
}
CASE(par_direct, "parallel.direct-writes-of-one-file-come-one-by-one", .ops = direct_too,
     .modes = T_MODE_POOL, KERNEL)
{
	big_file();
	at_once(OP_write, write_there, 2, 1);
}
CASE(par_direct_opt, "parallel.direct-writes-of-one-file-at-once-by-option", .ops = direct_too,
     .modes = T_MODE_POOL, .opts = "parallel_direct_writes", KERNEL)
{
	big_file();
	at_once(OP_write, write_there, 2, 2);
}
CASE(par_direct_no, "parallel.direct-writes-option-taken-back", .ops = direct_too,
     .modes = T_MODE_POOL, .opts = "parallel_direct_writes,no_parallel_direct_writes", KERNEL)
{
	big_file();
	at_once(OP_write, write_there, 2, 1);
}
/* What makes a file longer stays alone, whatever is allowed. */
static void append(long i)
{
	int fd = OK(open(P("f"), O_WRONLY));
	EQ(pwrite(fd, "xyz", 3, BIG + i * 3), 3);
}
CASE(par_append, "parallel.direct-writes-that-extend-come-one-by-one", .ops = direct_too,
     .modes = T_MODE_POOL, .opts = "parallel_direct_writes", KERNEL)
{
	big_file();
	at_once(OP_write, append, 2, 1);
}
