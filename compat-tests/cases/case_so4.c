/*
 * case_so4.c - what only libfuse3.so.4 has: releases 3.15 to 3.18. Built into conform4 alone.
 */
#include "llfs.h"

#if FUSE_API == 3 && defined(FUSE3_ABI) && FUSE3_ABI >= 4

#include <dlfcn.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <syslog.h>

/* --- statx --------------------------------------------------------------------------------------
 */

static void fill_statx(struct statx *stx, mode_t mode, uint64_t ino)
{
	stx->stx_mask = STATX_BASIC_STATS | STATX_BTIME;
	stx->stx_mode = (uint16_t)mode;
	stx->stx_ino = ino;
	stx->stx_nlink = 1;
	stx->stx_size = 5;
	stx->stx_btime.tv_sec = 42;
	stx->stx_btime.tv_nsec = 43;
}
static int path_statx(const char *path, int flags, int mask, struct statx *stx,
		      struct fuse_file_info *fi)
{
	struct t_call c;
	if (t_begin(&c, OP_other, NULL, 0, path, "statx 0x%x %d %d", flags, !!(mask & STATX_BTIME),
		    !!fi))
		return (int)c.ret;
	fill_statx(stx, S_IFREG | 0644, 7);
	return (int)t_end(&c, 0);
}
/* as a module calls it */
static int through_a_module(const char *path, int flags, int mask, struct statx *stx,
			    struct fuse_file_info *fi)
{
	struct fuse_operations below = {.statx = path_statx};
	struct fuse_fs *fs = fuse_fs_new(&below, sizeof(below), NULL);
	int res = fuse_fs_statx(fs, path, flags, mask, stx, fi);

	fuse_fs_destroy(fs);
	return res;
}
static void with_statx(struct fuse_operations *ops)
{
	ops->statx = through_a_module;
}
static void see_btime(void)
{
	struct statx stx;

	OK(statx(AT_FDCWD, P("f"), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &stx));
	YES(stx.stx_mask & STATX_BTIME);
	EQ(stx.stx_btime.tv_sec, 42);
	EQ(stx.stx_btime.tv_nsec, 43);
	EQ(stx.stx_size, 5);
}
CASE(so4_statx, "so4.statx-brings-the-birth-time", .ops = with_statx,
     .real = "statx of birth times")
{
	put(S("f"), "12345");
	see_btime();
	SAW("other /f statx 0x* 1 0");
	int fd = OK(open(P("f"), O_RDONLY));
	struct statx stx;
	OK(statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx));
	EQ(stx.stx_btime.tv_sec, 42);
}

static void ll_statx(fuse_req_t req, fuse_ino_t ino, int flags, int mask, struct fuse_file_info *fi)
{
	struct t_call c;
	struct statx stx = {0};

	(void)flags, (void)fi;
	if (ll_begin(&c, OP_other, req, 0, ino, NULL, "statx %d", !!(mask & STATX_BTIME))) {
		fuse_reply_err(req, (int)-c.ret);
		return;
	}
	t_end(&c, 0);
	fill_statx(&stx, ll_node(ino)->mode, ino);
	fuse_reply_statx(req, 0, &stx, 0);
}
static void with_ll_statx(struct fuse_lowlevel_ops *ops)
{
	ops->statx = ll_statx;
}
CASE(so4_ll_statx, "so4.statx-of-the-low-level", .ll = true, .ll_ops = with_ll_statx,
     .real = "statx of birth times")
{
	put(P("f"), "12345");
	see_btime();
	SAW("other * statx 1");
}

/* --- tmpfile ------------------------------------------------------------------------------------
 */

static void ll_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode, struct fuse_file_info *fi)
{
	struct t_call c;
	struct fuse_entry_param e;

	if (ll_begin(&c, OP_other, req, 0, parent, NULL, "tmpfile %04o", mode & 07777)) {
		fuse_reply_err(req, (int)-c.ret);
		return;
	}
	fuse_ino_t ino = ll_make(parent, "#unnamed", S_IFREG | (mode & 07777), "");
	ll_node(ino)->opened++;
	ll_entry(ino, &e);
	e.attr.st_nlink = 0;
	fi->fh = 777;
	t_end(&c, 0);
	fuse_reply_create(req, &e, fi);
}
static void with_tmpfile(struct fuse_lowlevel_ops *ops)
{
	ops->tmpfile = ll_tmpfile;
}
CASE(so4_tmpfile, "so4.tmpfile-makes-a-file-without-a-name", .ll = true, .ll_ops = with_tmpfile,
     .real = "O_TMPFILE")
{
	char buf[8];
	int fd = OK(open(P(""), O_TMPFILE | O_RDWR, 0640));
	SAW("other * tmpfile 0640");
	EQ(write(fd, "1234", 4), 4);
	EQ(pread(fd, buf, 8, 0), 4);
	EQ(memcmp(buf, "1234", 4), 0);
}
CASE(so4_no_tmpfile, "so4.tmpfile-that-is-absent", .ll = true, .real = "O_TMPFILE")
{
	ERR(open(P(""), O_TMPFILE | O_RDWR, 0640), EOPNOTSUPP);
}

/* --- passthrough --------------------------------------------------------------------------------
 */

static void want_passthrough(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[1], fuse_set_feature_flag(conn, FUSE_CAP_PASSTHROUGH));
	/* the scratch directory is a tmpfs */
	conn->max_backing_stack_depth = FUSE_BACKING_STACKED_UNDER;
}
static void passing_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct t_call c;
	char path[128];
	int fd;

	ll_begin(&c, OP_open, req, 0, ino, NULL, "%s", "");
	snprintf(path, sizeof(path), "%s/backing", T->src);
	fd = open(path, O_RDWR);
	fi->backing_id = fuse_passthrough_open(req, fd);
	atomic_store(&T->word[2], fi->backing_id);
	atomic_store(&T->word[3], fuse_passthrough_open(req, -1));
	close(fd);
	fi->fh = (uint64_t)fi->backing_id;
	ll_node(ino)->opened++;
	t_end(&c, 0);
	fuse_reply_open(req, fi);
}
static void passing_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct t_call c;

	ll_begin(&c, OP_release, req, 0, ino, NULL, "%s", "");
	atomic_store(&T->word[4], fuse_passthrough_close(req, (int)fi->fh));
	atomic_store(&T->word[5], fuse_passthrough_close(req, 4711));
	ll_node(ino)->opened--;
	t_end(&c, 0);
	fuse_reply_err(req, 0);
}
static void passing(struct fuse_lowlevel_ops *ops)
{
	ops->open = passing_open;
	ops->release = passing_release;
}
CASE(so4_passthrough, "so4.passthrough-goes-to-the-backing-file", .ll = true, .ll_ops = passing,
     .init = want_passthrough, .without = "create", .real = "a kernel that passes through")
{
	char buf[32] = {0};

	put(S("backing"), "from behind");
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	if (!atomic_load(&T->word[1]))
		t_skip("no passthrough in this kernel");
	int fd = OK(open(P("f"), O_RDWR));
	YES(atomic_load(&T->word[2]) > 0, "%ld", atomic_load(&T->word[2]));
	EQ(atomic_load(&T->word[3]), 0);
	LOGGED("cannot make file descriptor -1 a backing file");
	EQ(pread(fd, buf, 11, 0), 11);
	STR(buf, "from behind");
	EQ(pwrite(fd, "FROM", 4, 0), 4);
	UNSEEN("read *");
	UNSEEN("write *");
	close(fd);
	SAW("release *");
	WITHIN(1000, atomic_load(&T->word[5]) == -ENOENT);
	EQ(atomic_load(&T->word[4]), 0);
	STR(slurp(S("backing")), "FROM behind");
}
CASE(so4_no_passthrough, "so4.passthrough-that-was-not-wanted", .ll = true, .ll_ops = passing,
     .without = "create", .real = "a kernel that passes through")
{
	put(S("backing"), "");
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	int fd = OK(open(P("f"), O_RDWR));
	EQ(atomic_load(&T->word[2]), 0);
	LOGGED("want FUSE_CAP_PASSTHROUGH in init()");
	close(fd);
}

/* --- capabilities in 64 bits --------------------------------------------------------------------
 */

static void see_truncate(bool separate)
{
	put(S("f"), "12345");
	int fd = OK(open(P("f"), O_WRONLY | O_TRUNC));
	SEEN("truncate /f 0", separate);
	close(fd);
}
static void ext_only(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[1], conn->want == (uint32_t)conn->want_ext &&
					  conn->capable == (uint32_t)conn->capable_ext);
	conn->want_ext &= ~(uint64_t)FUSE_CAP_ATOMIC_O_TRUNC;
}
CASE(so4_want_ext, "so4.want-ext-alone-counts", .init = ext_only)
{
	see_truncate(true);
	EQ(atomic_load(&T->word[1]), 1);
}
static void want_only(struct fuse_conn_info *conn)
{
	conn->want &= ~(uint32_t)FUSE_CAP_ATOMIC_O_TRUNC;
}
CASE(so4_want, "so4.want-alone-counts", .init = want_only)
{
	see_truncate(true);
}
static void flags_of(struct fuse_conn_info *conn)
{
	fuse_unset_feature_flag(conn, FUSE_CAP_ATOMIC_O_TRUNC);
	atomic_store(&T->word[1], conn->want == (uint32_t)conn->want_ext);
	atomic_store(&T->word[2], fuse_get_feature_flag(conn, FUSE_CAP_ATOMIC_O_TRUNC));
	atomic_store(&T->word[3], fuse_set_feature_flag(conn, 1ULL << 60));
	atomic_store(&T->word[4], fuse_get_feature_flag(conn, 1ULL << 60));
	atomic_store(&T->word[5], (conn->want_ext >> 60 & 1) == 0);
}
CASE(so4_flags, "so4.feature-flags", .init = flags_of)
{
	see_truncate(true);
	EQ(atomic_load(&T->word[1]), 1);
	EQ(atomic_load(&T->word[2]), 1);
	EQ(atomic_load(&T->word[3]), 0);
	EQ(atomic_load(&T->word[4]), 0);
	EQ(atomic_load(&T->word[5]), 1);
}
static void both(struct fuse_conn_info *conn)
{
	conn->want |= FUSE_CAP_DONT_MASK;
	conn->want_ext &= ~(uint64_t)FUSE_CAP_ATOMIC_O_TRUNC;
	atomic_store(&T->word[1], fuse_convert_to_conn_want_ext(conn));
}
CASE(so4_both, "so4.want-and-want-ext-that-do-not-agree", .init = both)
{
	see_truncate(true); /* want_ext counts */
	EQ(atomic_load(&T->word[1]), -EINVAL);
	LOGGED("which do not agree");
}
static void convert(struct fuse_conn_info *conn)
{
	conn->want &= ~(uint32_t)FUSE_CAP_ATOMIC_O_TRUNC;
	atomic_store(&T->word[1], fuse_convert_to_conn_want_ext(conn));
	atomic_store(&T->word[2], conn->want == (uint32_t)conn->want_ext);
	conn->want_ext |= FUSE_CAP_ATOMIC_O_TRUNC; /* and again, after that */
}
CASE(so4_convert, "so4.conversion-in-init-and-a-change-after-it", .init = convert)
{
	see_truncate(false);
	EQ(atomic_load(&T->word[1]), 0);
	EQ(atomic_load(&T->word[2]), 1);
}
static void unknown(struct fuse_conn_info *conn)
{
	conn->want_ext |= 1ULL << 60;
}
CASE(so4_unknown, "so4.wanting-what-nobody-knows-ends-the-file-system", .init = unknown,
     .any_exit = true, .no_mount = true)
{
	SERVER_EXITS(3000, 8);
	LOGGED("unknown capabilities (bits 0x1000000000000000");
}

/* --- fields that moved or are new ---------------------------------------------------------------
 */

CASE(so4_masks, "so4.masks-for-files-and-directories", .opts = "fmask=0137,dmask=0027")
{
	put(S("f"), "");
	OK(mkdir(S("d"), 0700));
	EQ(st_of(P("f")).st_mode, S_IFREG | 0640);
	EQ(st_of(P("d")).st_mode, S_IFDIR | 0750);
}
CASE(so4_fmask, "so4.fmask-alone-is-for-directories-too", .opts = "umask=077,fmask=0022")
{
	put(S("f"), "");
	OK(mkdir(S("d"), 0700));
	EQ(st_of(P("f")).st_mode, S_IFREG | 0755);
	EQ(st_of(P("d")).st_mode, S_IFDIR | 0755);
}

static int parallel_open(const char *path, struct fuse_file_info *fi)
{
	struct t_call c;

	(void)path;
	fi->direct_io = 1;
	fi->parallel_direct_writes = atomic_load(&T->word[1]) != 0;
	fi->fh = 0;
	t_begin(&c, OP_open, NULL, 0, path, "%s", "");
	return (int)t_end(&c, 0);
}
static int any_write(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct t_call c;

	(void)buf;
	atomic_store(&T->word[2], fi->kill_suidgid);
	if (t_begin(&c, OP_write, NULL, 0, path, "%zu@%lld", size, (long long)off))
		return (int)c.ret;
	return (int)t_end(&c, (long)size);
}
static int no_release(const char *path, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	return 0;
}
static void parallel(struct fuse_operations *ops)
{
	ops->open = parallel_open;
	ops->write = any_write;
	ops->release = no_release;
	ops->flush = NULL;
	ops->lock = NULL;
}
static void writer(long at)
{
	int fd = OK(open(P("f"), O_WRONLY));
	EQ(pwrite(fd, "x", 1, at), 1);
}
CASE(so4_parallel, "so4.parallel-direct-writes", .ops = parallel, .modes = T_MODE_POOL,
     .real = "the kernel's lock of a file")
{
	put(S("f"), "12345");
	for (long wanted = 1; wanted >= 0; wanted--) {
		atomic_store(&T->word[1], wanted);
		atomic_store(&T->knob[OP_write].block, 1);
		pid_t a = spawn(writer, 0), b = spawn(writer, 1);
		WITHIN(2000, atomic_load(&T->knob[OP_write].blocked) == 1 + wanted);
		usleep(50000);
		EQ(atomic_load(&T->knob[OP_write].blocked), 1 + wanted);
		atomic_store(&T->knob[OP_write].block, 0);
		EQ(reap(a), 0);
		EQ(reap(b), 0);
	}
}

static void killpriv_v2(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[1], fuse_set_feature_flag(conn, FUSE_CAP_HANDLE_KILLPRIV_V2));
}
static void plain_write(struct fuse_operations *ops)
{
	ops->write = any_write;
}
CASE(so4_kill, "so4.write-says-when-to-drop-set-user-id-bits", .init = killpriv_v2,
     .ops = plain_write, .opts = "allow_other", .real = "the kernel's checks of a writer")
{
	put(S("f"), "x");
	OK(chmod(S("f"), 06777));
	OK(stat(P("f"), &(struct stat){0})); /* init is over then */
	if (!atomic_load(&T->word[1]))
		t_skip("no killpriv_v2 in this kernel");
	int fd = OK(open(P("f"), O_WRONLY));
	EQ(write(fd, "y", 1), 1); /* root's */
	EQ(atomic_load(&T->word[2]), 0);
	OK(setgid(98));
	OK(setuid(99));
	EQ(write(fd, "y", 1), 1);
	EQ(atomic_load(&T->word[2]), 1);
	UNSEEN("chmod *");
}

/* --- rows of several pieces ---------------------------------------------------------------------
 */

struct row {
	struct fuse_bufvec v;
	struct fuse_buf more[2];
};
static struct fuse_buf *piece(struct row *r, int i)
{
	return i ? &r->more[i - 1] : r->v.buf;
}
static void row_of(struct row *r, const char *const text[3])
{
	memset(r, 0, sizeof(*r));
	r->v.count = 3;
	for (int i = 0; i < 3; i++) {
		piece(r, i)->size = strlen(text[i]);
		piece(r, i)->mem = (void *)text[i];
	}
}
CASE(so4_copy, "so4.copy-between-rows-of-several-pieces", .only = "none")
{
	const char *const text[3] = {"abc", "defgh", "ij"};
	char to[3][5];
	const char *const room[3] = {to[0], to[1], to[2]};
	struct row from, dst = {0};

	row_of(&from, text);
	memset(to, '.', sizeof(to));
	dst.v.count = 3;
	for (int i = 0; i < 3; i++) {
		piece(&dst, i)->size = 4;
		piece(&dst, i)->mem = (void *)room[i];
		piece(&dst, i)->mem_size = 99; /* not the library's business */
	}
	EQ(fuse_buf_size(&from.v), 10);
	from.v.off = 1;
	EQ(fuse_buf_copy(&dst.v, &from.v, 0), 9);
	EQ(memcmp(to, "bcde.fghi.j...", 14), 0);
	EQ(from.v.idx, 3);
	EQ(dst.more[1].mem_size, 99);
	EQ(dst.v.idx, 2);
}

static int pieces_read_buf(const char *path, struct fuse_bufvec **bufp, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	struct row *r = calloc(1, sizeof(*r));
	struct t_call c;

	(void)fi;
	t_begin(&c, OP_read_buf, NULL, 0, path, "%zu@%lld", size, (long long)off);
	r->v.count = 3;
	for (int i = 0; i < 3 && off == 0; i++) {
		piece(r, i)->size = 2;
		piece(r, i)->mem = strdup(&"aabbcc"[2 * i]);
	}
	*bufp = &r->v;
	return (int)t_end(&c, 0);
}
static void pieces(struct fuse_operations *ops)
{
	ops->read_buf = pieces_read_buf;
}
CASE(so4_read_buf, "so4.read-buf-of-several-pieces", .ops = pieces)
{
	char buf[16] = {0};

	put(S("f"), "123456");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(read(fd, buf, 6), 6);
	STR(buf, "aabbcc");
}

static void pieces_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	const char *const text[3] = {"one", "two", "three"};
	struct row r;
	struct t_call c;
	char *payload;
	size_t room;

	(void)fi;
	row_of(&r, text);
	ll_begin(&c, OP_read, req, 0, ino, NULL, "%zu@%lld", size, (long long)off);
	/* whichever way it came, the two agree */
	if (fuse_req_get_payload(req, &payload, &room, NULL) !=
	    (fuse_req_is_uring(req) ? 0 : -EINVAL))
		t_server_fail("a request over io_uring, or not?");
	if (fuse_req_is_uring(req) && (!payload || room < size))
		t_server_fail("%zu bytes of payload for %zu", room, size);
	t_end(&c, 0);
	if (off)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_data(req, &r.v, FUSE_BUF_SPLICE_MOVE);
}
static void with_pieces_read(struct fuse_lowlevel_ops *ops)
{
	ops->read = pieces_read;
}
CASE(so4_reply_data, "so4.reply-data-of-several-pieces", .ll = true, .ll_ops = with_pieces_read)
{
	char buf[16] = {0};

	put(P("f"), "12345678901");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(read(fd, buf, 11), 11);
	STR(buf, "onetwothree");
}

/* --- custom io: a descriptor a thread, and the older forms --------------------------------------
 */

static ssize_t own_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	(void)userdata;
	return writev(fd, iov, count);
}
static ssize_t own_read(int fd, void *buf, size_t size, void *userdata)
{
	(void)userdata;
	return read(fd, buf, size);
}
static int own_clone(int master)
{
	uint32_t number = (uint32_t)master;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, _IOR(229, 0, uint32_t), &number))
		t_server_fail("clone: %s", strerror(errno));
	atomic_fetch_add(&T->word[1], 1);
	return fd;
}
static const struct fuse_custom_io own_io = {
	.writev = own_writev, .read = own_read, .clone_fd = own_clone};

static int own_main(int (*connect)(struct fuse_session *, int))
{
	static struct fuse_lowlevel_ops ops;
	static char *argv[] = {"own", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	char opts[100];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(opts, sizeof(opts), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("own", T->mnt, "fuse.own", MS_NOSUID | MS_NODEV, opts))
		t_server_fail("mount: %s", strerror(errno));
	t_ll_prepare(&ops);
	t_session = fuse_session_new(&args, &ops, sizeof(ops), &T->word[0]);
	if (connect(t_session, fd))
		t_server_fail("custom_io refused");
	fuse_loop_cfg_set_clone_fd(config, 1);
	int ret = fuse_session_loop_mt(t_session, config);
	fuse_loop_cfg_destroy(config);
	fuse_session_destroy(t_session);
	fuse_opt_free_args(&args);
	return ret ? 1 : 0;
}
static int connect_317(struct fuse_session *se, int fd)
{
	return fuse_session_custom_io_317(se, &own_io, sizeof(own_io), fd);
}
static int clones(int argc, char **argv)
{
	(void)argc, (void)argv;
	return own_main(connect_317);
}
static void served(void)
{
	put(P("f"), "12345");
	STR(slurp(P("f")), "12345");
}
CASE(so4_clone, "so4.custom-io-with-a-descriptor-a-thread", .server = clones, .modes = T_MODE_POOL,
     .real = "mounts itself")
{
	served();
	YES(atomic_load(&T->word[1]) > 0, "nothing was cloned");
}

/* The structure ended before clone_fd then: it must not be looked at. */
static int connect_by(const char *symbol, const char *version, struct fuse_session *se, int fd)
{
	int (*fn)(struct fuse_session *, const struct fuse_custom_io *, int);

	fn = dlvsym(RTLD_DEFAULT, symbol, version);
	return fn ? fn(se, &own_io, fd) : -1;
}
static int connect_30(struct fuse_session *se, int fd)
{
	return connect_by("fuse_session_custom_io", "FUSE_3.0", se, fd);
}
static int connect_by_name(struct fuse_session *se, int fd)
{
	return connect_by("fuse_session_custom_io_30", "FUSE_3.17", se, fd);
}
static int does_not_clone(int argc, char **argv)
{
	(void)argc, (void)argv;
	return own_main(connect_30);
}
CASE(so4_no_clone, "so4.custom-io-of-3.0", .server = does_not_clone, .modes = T_MODE_POOL,
     .real = "mounts itself")
{
	served();
	EQ(atomic_load(&T->word[1]), 0);
}
static int does_not_clone_by_name(int argc, char **argv)
{
	(void)argc, (void)argv;
	return own_main(connect_by_name);
}
CASE(so4_no_clone_name, "so4.custom-io-of-3.0-by-its-own-name", .server = does_not_clone_by_name,
     .modes = T_MODE_POOL, .real = "mounts itself")
{
	served();
	EQ(atomic_load(&T->word[1]), 0);
}

/* fuse_new: two old forms, and no default one, as programs find it that look it up. */
static int old_new(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse *(*fn)(struct fuse_args *, const struct fuse_operations *, size_t, void *);
	struct fuse_operations ops;
	struct fuse_cmdline_opts opts;

	if (dlsym(RTLD_DEFAULT, "fuse_new") || !dlvsym(RTLD_DEFAULT, "fuse_new", "FUSE_3.0"))
		t_server_fail("fuse_new has a default version, or not that of 3.0");
	fn = dlvsym(RTLD_DEFAULT, "fuse_new", "FUSE_3.1");
	t_path_prepare(&ops);
	if (fuse_parse_cmdline(&args, &opts))
		return 1;
	struct fuse *f = fn(&args, &ops, sizeof(ops), &T->word[0]);
	if (!f || fuse_mount(f, opts.mountpoint))
		return 1;
	int ret = fuse_loop(f);
	fuse_unmount(f);
	fuse_destroy(f);
	t_path_finish();
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return ret ? 1 : 0;
}
CASE(so4_new, "so4.fuse-new-by-its-old-versions", .server = old_new, .real = "mounts itself")
{
	served();
}

/* --- the rest -----------------------------------------------------------------------------------
 */

static long increment(long cmd, long a, long b)
{
	(void)cmd, (void)a, (void)b;
	return fuse_lowlevel_notify_increment_epoch(t_session);
}
static void for_long(struct fuse_conn_info *conn)
{
	ll_timeout = 100;
	atomic_store(&T->word[1], conn->proto_minor >= 44);
}
CASE(so4_epoch, "so4.increment-epoch-makes-all-names-be-looked-up", .ll = true, .init = for_long,
     .on_command = increment, .real = "the kernel's cache of names")
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	UNSEEN("lookup*");
	EQ(command(0, 0, 0), atomic_load(&T->word[1]) ? 0 : -ENOSYS);
	OK(stat(P("f"), &(struct stat){0}));
	if (atomic_load(&T->word[1]))
		SAW("lookup 1/f");
}

static int dies(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_lowlevel_ops ops = {0};
	struct fuse_session *se = fuse_session_new(&args, &ops, sizeof(ops), NULL);

	(void)argc;
	if (fuse_set_fail_signal_handlers(se))
		return 1;
	raise(SIGABRT);
	return 2;
}
CASE(so4_fault, "so4.fault-is-shown-before-the-program-dies", .server = dies, .no_mount = true,
     .any_exit = true, .may_leak = true)
{
	int s = t_server_end(3000);
	YES(WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT, "status 0x%x", s);
	LOGGED("dies by signal 06");
	LOGGED("conform"); /* a function of the program's */
}
static int not_any_more(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_lowlevel_ops ops = {0};
	struct fuse_session *se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	struct sigaction sa;

	(void)argc;
	if (fuse_set_signal_handlers(se) || fuse_set_fail_signal_handlers(se))
		return 1;
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
	fuse_opt_free_args(&args);
	sigaction(SIGSEGV, NULL, &sa);
	return sa.sa_handler == SIG_DFL ? 42 : 2;
}
CASE(so4_no_fault, "so4.fault-handlers-are-removed", .server = not_any_more, .no_mount = true,
     .exit_status = 42)
{
	SERVER_EXITS(3000, 42);
}

static int to_syslog(int argc, char **argv)
{
	fuse_log_enable_syslog("conform", LOG_PID | LOG_PERROR, LOG_DAEMON);
	fuse_log(FUSE_LOG_ERR, "first\n");
	fuse_log_close_syslog();
	fuse_log(FUSE_LOG_ERR, "second\n");
	return t_path_server(argc, argv);
}
CASE(so4_syslog, "so4.log-to-syslog-and-back", .server = to_syslog)
{
	OK(stat(P(""), &(struct stat){0}));
	LOGGED("conform[");
	LOGGED("]: first");
	LOGGED("\nsecond");
}

#endif
