/*
 * case_stack.c - a file system laid over another: every operation handed down by its fuse_fs_*
 * function.  The outer table below counts and passes on; the inner one is pathfs, which asserts
 * that it still gets its own private data.
 */
#include "conform.h"

#include <dirent.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static struct fuse_fs *inner;

#define FI struct fuse_file_info *fi
#define DOWN(op, ret, params, call)                                                                \
	static ret st_##op params                                                                  \
	{                                                                                          \
		atomic_fetch_add(&T->word[OP_##op], 1);                                            \
		return fuse_fs_##call;                                                             \
	}
#define P_ const char *p
DOWN(readlink, int, (P_, char *b, size_t n), readlink(inner, p, b, n))
DOWN(mknod, int, (P_, mode_t m, dev_t d), mknod(inner, p, m, d))
DOWN(mkdir, int, (P_, mode_t m), mkdir(inner, p, m))
DOWN(unlink, int, (P_), unlink(inner, p))
DOWN(rmdir, int, (P_), rmdir(inner, p))
DOWN(symlink, int, (const char *t, P_), symlink(inner, t, p))
DOWN(link, int, (P_, const char *q), link(inner, p, q))
DOWN(open, int, (P_, FI), open(inner, p, fi))
DOWN(create, int, (P_, mode_t m, FI), create(inner, p, m, fi))
DOWN(read, int, (P_, char *b, size_t n, off_t o, FI), read(inner, p, b, n, o, fi))
DOWN(write, int, (P_, const char *b, size_t n, off_t o, FI), write(inner, p, b, n, o, fi))
DOWN(read_buf, int, (P_, struct fuse_bufvec **v, size_t n, off_t o, FI),
     read_buf(inner, p, v, n, o, fi))
DOWN(write_buf, int, (P_, struct fuse_bufvec *v, off_t o, FI), write_buf(inner, p, v, o, fi))
DOWN(statfs, int, (P_, struct statvfs *s), statfs(inner, p, s))
DOWN(flush, int, (P_, FI), flush(inner, p, fi))
DOWN(release, int, (P_, FI), release(inner, p, fi))
DOWN(fsync, int, (P_, int d, FI), fsync(inner, p, d, fi))
DOWN(setxattr, int, (P_, const char *k, const char *v, size_t n, int f),
     setxattr(inner, p, k, v, n, f))
DOWN(getxattr, int, (P_, const char *k, char *v, size_t n), getxattr(inner, p, k, v, n))
DOWN(listxattr, int, (P_, char *l, size_t n), listxattr(inner, p, l, n))
DOWN(removexattr, int, (P_, const char *k), removexattr(inner, p, k))
DOWN(opendir, int, (P_, FI), opendir(inner, p, fi))
DOWN(releasedir, int, (P_, FI), releasedir(inner, p, fi))
DOWN(fsyncdir, int, (P_, int d, FI), fsyncdir(inner, p, d, fi))
DOWN(access, int, (P_, int m), access(inner, p, m))
DOWN(lock, int, (P_, FI, int c, struct flock *l), lock(inner, p, fi, c, l))
DOWN(flock, int, (P_, FI, int op), flock(inner, p, fi, op))
DOWN(bmap, int, (P_, size_t n, uint64_t *i), bmap(inner, p, n, i))
DOWN(poll, int, (P_, FI, struct fuse_pollhandle *h, unsigned *r), poll(inner, p, fi, h, r))
DOWN(fallocate, int, (P_, int m, off_t o, off_t n, FI), fallocate(inner, p, m, o, n, fi))
#if FUSE_API == 2
DOWN(getattr, int, (P_, struct stat *s), getattr(inner, p, s))
DOWN(lookup, int, (P_, struct stat *s, FI), fgetattr(inner, p, s, fi)) /* any free counter */
DOWN(setattr, int, (P_, off_t n, FI), ftruncate(inner, p, n, fi))
DOWN(rename, int, (P_, const char *q), rename(inner, p, q))
DOWN(chmod, int, (P_, mode_t m), chmod(inner, p, m))
DOWN(chown, int, (P_, uid_t u, gid_t g), chown(inner, p, u, g))
DOWN(truncate, int, (P_, off_t n), truncate(inner, p, n))
DOWN(utimens, int, (P_, const struct timespec *t), utimens(inner, p, t))
DOWN(readdir, int, (P_, void *b, fuse_fill_dir_t f, off_t o, FI), readdir(inner, p, b, f, o, fi))
DOWN(ioctl, int, (P_, int c, void *a, FI, unsigned f, void *d), ioctl(inner, p, c, a, fi, f, d))
static void *st_init(struct fuse_conn_info *conn)
{
	fuse_fs_init(inner, conn);
	return &T->word[1];
}
#else
DOWN(getattr, int, (P_, struct stat *s, FI), getattr(inner, p, s, fi))
DOWN(rename, int, (P_, const char *q, unsigned f), rename(inner, p, q, f))
DOWN(chmod, int, (P_, mode_t m, FI), chmod(inner, p, m, fi))
DOWN(chown, int, (P_, uid_t u, gid_t g, FI), chown(inner, p, u, g, fi))
DOWN(truncate, int, (P_, off_t n, FI), truncate(inner, p, n, fi))
DOWN(utimens, int, (P_, const struct timespec *t, FI), utimens(inner, p, t, fi))
DOWN(readdir, int, (P_, void *b, fuse_fill_dir_t f, off_t o, FI, enum fuse_readdir_flags fl),
     readdir(inner, p, b, f, o, fi, fl))
DOWN(ioctl, int, (P_, unsigned c, void *a, FI, unsigned f, void *d),
     ioctl(inner, p, c, a, fi, f, d))
DOWN(lseek, off_t, (P_, off_t o, int w, FI), lseek(inner, p, o, w, fi))
DOWN(copy_file_range, ssize_t,
     (P_, FI, off_t o, const char *q, struct fuse_file_info *fq, off_t oq, size_t n, int f),
     copy_file_range(inner, p, fi, o, q, fq, oq, n, f))
static void *st_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	fuse_fs_init(inner, conn, cfg);
	return &T->word[1];
}
#endif

static void st_destroy(void *data)
{
	if (data != &T->word[1])
		t_server_fail("the outer destroy was not given what the outer init returned");
	fuse_fs_destroy(inner);
}

static void stacked(struct fuse_operations *ops)
{
	struct fuse_operations own = *ops;

	own.destroy = ops->destroy;
	inner = fuse_fs_new(&own, sizeof(own), &T->word[0]);
#define PASS(op) ops->op = ops->op ? st_##op : NULL
	PASS(getattr), PASS(readlink), PASS(mknod), PASS(mkdir), PASS(unlink), PASS(rmdir);
	PASS(symlink), PASS(rename), PASS(link), PASS(chmod), PASS(chown), PASS(truncate);
	PASS(open), PASS(read), PASS(write), PASS(statfs), PASS(flush), PASS(release);
	PASS(fsync), PASS(setxattr), PASS(getxattr), PASS(listxattr), PASS(removexattr);
	PASS(opendir), PASS(readdir), PASS(releasedir), PASS(fsyncdir), PASS(access);
	PASS(create), PASS(lock), PASS(utimens), PASS(bmap), PASS(ioctl), PASS(poll);
	PASS(write_buf), PASS(read_buf), PASS(flock), PASS(fallocate);
	PASS(init), PASS(destroy);
#if FUSE_API == 2
	ops->fgetattr = st_lookup;
	ops->ftruncate = st_setattr;
#else
	PASS(copy_file_range), PASS(lseek);
#endif
#undef PASS
}

/* The inner file system saw it because the outer one handed it down. */
static void by_outer(const char *ops)
{
	for (int i = 0; i < OP_MAX; i++)
		if (t_word_in(ops, t_op_name[i]))
			YES(atomic_load(&T->word[i]) > 0, "the outer %s was not called",
			    t_op_name[i]);
}

CASE(stack_names, "stack.names", .ops = stacked)
{
	char buf[20] = "";
	OK(mkdir(P("d"), 0750));
	SAW_RET("mkdir /d 0750", 0);
	OK(mknod(P("p"), S_IFIFO | 0640, 0));
	SAW_RET("mknod /p 010640 0", 0);
	OK(symlink("target", P("l")));
	SAW_RET("symlink /l target", 0);
	EQ(readlink(P("l"), buf, sizeof(buf)), 6);
	STR(buf, "target");
	SAW_RET("readlink /l", 0);
	put(S("f"), "x");
	OK(link(P("f"), P("g")));
	SAW_RET("link /f /g", 0);
	OK(rename(P("g"), P("d/g")));
	SAW_RET("rename /g /d/g 0", 0);
	OK(unlink(P("d/g")));
	SAW_RET("unlink /d/g", 0);
	OK(rmdir(P("d")));
	SAW_RET("rmdir /d", 0);
	by_outer("mkdir mknod symlink readlink link rename unlink");
	by_outer("rmdir getattr");
}

CASE(stack_attr, "stack.attributes", .ops = stacked)
{
	struct statvfs sv;
	put(S("f"), "0123456789");
	OK(chmod(P("f"), 0604));
	SAW_RET("chmod /f 0604", 0);
	OK(chown(P("f"), 5, 6));
	SAW_RET("chown /f 5 6", 0);
	OK(truncate(P("f"), 4));
	SAW_RET("truncate /f 4", 0);
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	SAW_RET("utimens /f 11.000000022 33.000000044", 0);
	OK(access(P("f"), R_OK | W_OK));
	SAW_RET("access /f 6", 0);
	OK(statvfs(P("f"), &sv));
	SAW_RET("statfs /*", 0);
	EQ(sv.f_blocks, 1000);
	struct stat st = st_of(P("f"));
	EQ(st.st_size, 4);
	EQ(st.st_mode & 07777, 0604);
	EQ(st.st_uid, 5);
	EQ(st.st_mtim.tv_nsec, 44);
	int fd = OK(open(P("f"), O_RDWR));
	OK(ftruncate(fd, 7));
	SAW_RET("truncate fh* /f 7", 0);
	EQ((fstat(fd, &st), st.st_size), 7);
	SAW("getattr fh* /f");
	by_outer("chmod chown truncate utimens access statfs getattr");
#if FUSE_API == 2
	by_outer("lookup setattr"); /* fgetattr, ftruncate */
#endif
}

CASE(stack_io, "stack.files", .ops = stacked)
{
	char buf[20] = "";
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0644));
	SAW_RET("create fh1 /f 0644 *", 0);
	EQ(write(fd, "hello", 5), 5);
	SAW_RET("write fh1 /f 5@0", 5);
	EQ(pread(fd, buf, 20, 1), 4);
	STR(buf, "ello");
	SAW_RET("read fh1 /f *@0", 5);
	OK(fsync(fd));
	SAW_RET("fsync fh1 /f 0", 0);
	OK(fallocate(fd, 0, 5, 95));
	SAW_RET("fallocate fh1 /f 0 5+95", 0);
	OK(close(fd));
	SAW_RET("flush fh1 /f", 0);
	SAW_RET("release fh1 /f", 0);
	EQ(slurp(P("f"))[0], 'h');
	SAW_RET("open fh2 /f ro", 0);
	by_outer("create write read fsync fallocate flush release open");
}

CASE(stack_buf, "stack.read-buf-and-write-buf", .ops = stacked, .buf = true)
{
	put(P("f"), "hello");
	SAW_RET("write_buf fh* /f 5@0", 5);
	STR(slurp(P("f")), "hello");
	SAW_RET("read_buf fh* /f *@0", 0);
	by_outer("write_buf read_buf");
}

/* read and write handed down to a table that has read_buf and write_buf only */
static void plain_over_buf(struct fuse_operations *ops)
{
	ops->read = NULL, ops->write = NULL;
	stacked(ops);
	ops->read = st_read, ops->write = st_write;
	ops->read_buf = NULL, ops->write_buf = NULL;
}
/* only one way: a table without `write` is offered its bytes by fuse_fs_write_buf alone */
CASE(stack_buf_down, "stack.read-over-a-table-with-read-buf-only", .ops = plain_over_buf,
     .buf = true)
{
	put(S("f"), "hello");
	STR(slurp(P("f")), "hello");
	SAW_RET("read_buf fh* /f *@0", 0);
	by_outer("read");
}

static void buf_over_plain(struct fuse_operations *ops)
{
	stacked(ops);
	ops->read_buf = st_read_buf, ops->write_buf = st_write_buf;
}
CASE(stack_buf_plain, "stack.buffers-over-a-table-with-read-and-write-only", .ops = buf_over_plain)
{
	put(P("f"), "hello");
	SAW_RET("write fh* /f 5@0", 5);
	STR(slurp(P("f")), "hello");
	SAW_RET("read fh* /f *@0", 5);
	by_outer("write_buf read_buf");
}

CASE(stack_xattr, "stack.extended-attributes", .ops = stacked)
{
	char buf[40];
	put(S("f"), "");
	OK(setxattr(P("f"), "user.n", "value", 5, XATTR_CREATE));
	SAW_RET("setxattr /f user.n 5 1", 0);
	EQ(getxattr(P("f"), "user.n", buf, 40), 5);
	SAW_RET("getxattr /f user.n 40", 5);
	EQ(listxattr(P("f"), buf, 40), 7);
	SAW_RET("listxattr /f 40", 7);
	OK(removexattr(P("f"), "user.n"));
	SAW_RET("removexattr /f user.n", 0);
	by_outer("setxattr getxattr listxattr removexattr");
}

CASE(stack_dir, "stack.directories", .ops = stacked)
{
	int n = 0;
	put(S("a"), ""), put(S("b"), "");
	DIR *d = opendir(P(""));
	YES(d);
	SAW_RET("opendir fh1 /", 0);
	while (readdir(d))
		n++;
	EQ(n, 4);
	SAW_RET("readdir fh1 / 0", 0);
	OK(fsync(dirfd(d)));
	SAW_RET("fsyncdir fh1 / 0", 0);
	closedir(d);
	SAW_RET("releasedir fh1 /", 0);
	by_outer("opendir readdir fsyncdir releasedir");
}

CASE(stack_event, "stack.locks-ioctl-poll", .ops = stacked)
{
	struct flock l = {.l_type = F_WRLCK, .l_start = 2, .l_len = 3};
	char data[8] = "abcdefg";
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	SAW_RET("lock fh1 /f set wr 2+3", 0);
	OK(flock(fd, LOCK_EX | LOCK_NB));
	SAW_RET("flock fh1 /f ex,nb", 0);
	EQ(ioctl(fd, _IOW('E', 7, char[8]), data), 7);
	SAW_RET("ioctl fh1 /f 40084507 0", 7);
	STR(T->data, "abcdefg");
	atomic_store(&T->poll_revents, POLLIN);
	struct pollfd pf = {.fd = fd, .events = POLLIN};
	EQ(poll(&pf, 1, 1000), 1);
	SAW("poll fh1 /f*");
	by_outer("lock flock ioctl poll");
}

#if FUSE_API == 3
CASE(stack_copy, "stack.lseek-and-copy-file-range", .apis = T_API3, .ops = stacked)
{
	off_t a = 1, b = 2;
	put(S("f"), "0123456789"), put(S("g"), "abcdefghij");
	int f = OK(open(P("f"), O_RDWR)), g = OK(open(P("g"), O_RDWR));
	EQ(lseek(f, 3, SEEK_DATA), 3);
	SAW_RET("lseek fh1 /f 3 3", 3);
	EQ(copy_file_range(f, &a, g, &b, 4, 0), 4);
	SAW_RET("copy_file_range fh1 /f @1 fh2 @2 4 0", 4);
	STR(slurp(S("g")), "ab1234ghij");
	by_outer("lseek copy_file_range");
}
#endif

CASE(stack_error, "stack.errors-come-back", .ops = stacked)
{
	put(S("f"), "x");
	force(OP_mkdir, -EDQUOT, 1);
	ERR(mkdir(P("d"), 0755), EDQUOT);
	force(OP_open, -EBUSY, 1);
	ERR(open(P("f"), O_RDONLY), EBUSY);
	force(OP_statfs, -EIO, 1);
	ERR(statvfs(P(""), &(struct statvfs){0}), EIO);
	force(OP_read, -EIO, -1);
	int fd = OK(open(P("f"), O_RDONLY));
	ERR(read(fd, (char[2]){0}, 1), EIO);
}

CASE(stack_hidden, "stack.unlinked-while-open-is-hidden-below", .ops = stacked)
{
	put(S("f"), "still");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	SAW("rename /f /.fuse_hidden*");
	EQ(read(fd, (char[9]){0}, 9), 5);
	OK(close(fd));
	SAW("unlink /.fuse_hidden*");
}

/* --- a lower table with nothing in it -----------------------------------------------------------
 */

enum {
	ASK_GETATTR,
	ASK_OPEN,
	ASK_OPENDIR,
	ASK_RELEASE,
	ASK_STATFS,
	ASK_READ,
	ASK_WRITE,
	ASK_FLUSH,
	ASK_MKDIR,
	ASK_READDIR,
	ASK_LOCK,
	ASK_ACCESS,
	ASK_BMAP,
	ASK_UTIMENS,
	ASK_POLL,
	ASK_FALLOCATE
};

static long ask_nothing(int what)
{
	static const struct fuse_operations none;
	struct fuse_fs *fs = fuse_fs_new(&none, sizeof(none), NULL);
	struct fuse_file_info fi = {0};
	struct statvfs sv = {0};
	uint64_t idx = 0;
	char buf[8];
	long r = -9999;

	switch (what) {
#if FUSE_API == 2
	case ASK_GETATTR:
		r = fuse_fs_getattr(fs, "/", &(struct stat){0});
		break;
	case ASK_READDIR:
		r = fuse_fs_readdir(fs, "/", NULL, NULL, 0, &fi);
		break;
	case ASK_UTIMENS:
		r = fuse_fs_utimens(fs, "/", (struct timespec[2]){{0}});
		break;
#else
	case ASK_GETATTR:
		r = fuse_fs_getattr(fs, "/", &(struct stat){0}, NULL);
		break;
	case ASK_READDIR:
		r = fuse_fs_readdir(fs, "/", NULL, NULL, 0, &fi, 0);
		break;
	case ASK_UTIMENS:
		r = fuse_fs_utimens(fs, "/", (struct timespec[2]){{0}}, NULL);
		break;
#endif
	case ASK_OPEN:
		r = fuse_fs_open(fs, "/f", &fi);
		break;
	case ASK_OPENDIR:
		r = fuse_fs_opendir(fs, "/", &fi);
		break;
	case ASK_RELEASE:
		r = fuse_fs_release(fs, "/f", &fi);
		break;
	case ASK_STATFS:
		r = fuse_fs_statfs(fs, "/", &sv) ? -1 : (long)sv.f_namemax;
		break;
	case ASK_READ:
		r = fuse_fs_read(fs, "/f", buf, 8, 0, &fi);
		break;
	case ASK_WRITE:
		r = fuse_fs_write(fs, "/f", "x", 1, 0, &fi);
		break;
	case ASK_FLUSH:
		r = fuse_fs_flush(fs, "/f", &fi);
		break;
	case ASK_MKDIR:
		r = fuse_fs_mkdir(fs, "/d", 0700);
		break;
	case ASK_LOCK:
		r = fuse_fs_lock(fs, "/f", &fi, F_SETLK, &(struct flock){0});
		break;
	case ASK_ACCESS:
		r = fuse_fs_access(fs, "/f", 4);
		break;
	case ASK_BMAP:
		r = fuse_fs_bmap(fs, "/f", 512, &idx);
		break;
	case ASK_POLL:
		r = fuse_fs_poll(fs, "/f", &fi, NULL, &(unsigned){0});
		break;
	case ASK_FALLOCATE:
		r = fuse_fs_fallocate(fs, "/f", 0, 0, 1, &fi);
		break;
	default:
		break;
	}
	fuse_fs_destroy(fs);
	return r;
}

/* within a request: elsewhere FUSE 3 has no context to work with */
static int ask_all(const char *path, struct statvfs *sv)
{
	(void)path, (void)sv;
	for (int i = 0; i <= ASK_FALLOCATE; i++)
		atomic_store(&T->word[i], ask_nothing(i));
	return 0;
}
static void asks(struct fuse_operations *ops)
{
	ops->statfs = ask_all;
}
CASE(stack_nothing, "stack.table-of-nulls-below", .ops = asks)
{
	static const int want[] = {
		[ASK_GETATTR] = -ENOSYS,   [ASK_OPEN] = 0,          [ASK_OPENDIR] = 0,
		[ASK_RELEASE] = 0,         [ASK_STATFS] = 255,      [ASK_READ] = -ENOSYS,
		[ASK_WRITE] = -ENOSYS,     [ASK_FLUSH] = -ENOSYS,   [ASK_MKDIR] = -ENOSYS,
		[ASK_READDIR] = -ENOSYS,   [ASK_LOCK] = -ENOSYS,    [ASK_ACCESS] = -ENOSYS,
		[ASK_BMAP] = -ENOSYS,      [ASK_UTIMENS] = -ENOSYS, [ASK_POLL] = -ENOSYS,
		[ASK_FALLOCATE] = -ENOSYS,
	};
	OK(statvfs(P(""), &(struct statvfs){0}));
	for (int i = 0; i <= ASK_FALLOCATE; i++) {
		long r = atomic_load(&T->word[i]);
		YES(r == want[i], "question %d: %ld, expected %d", i, r, want[i]);
	}
}
