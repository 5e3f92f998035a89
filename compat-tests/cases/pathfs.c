/*
 * pathfs.c - the usual file system of the cases: shows the directory T->src through the path
 * API, records every operation, and does what the knobs say.  One implementation; the wrappers
 * at the end give it the signatures of the API it is built for.
 */
#include "conform.h"

#include <dirent.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <poll.h>

struct fuse *t_fuse;

#define HANDLES 65536
struct handle {
	int fd;
	DIR *dir;
	char path[256]; /* what a NULL path is replaced by, where a path is needed */
};
static struct handle *handles[HANDLES];
static atomic_uint next_handle = 1;
static int src_fd = -1;
static char private_mark; /* what init returns; every operation checks that it gets it back */

static struct fuse_ctx caller(void)
{
	struct fuse_context *c = fuse_get_context();
	struct fuse_ctx ctx = {.uid = c->uid, .gid = c->gid, .pid = c->pid};

	ctx.umask = c->umask;
	if (c->private_data != &private_mark)
		t_server_fail("fuse_get_context()->private_data is %p, init returned %p",
			      c->private_data, (void *)&private_mark);
	if (c->fuse != t_fuse)
		t_server_fail("fuse_get_context()->fuse changed");
	return ctx;
}

#define BEGIN(op, fi, path, ...)                                                                   \
	struct t_call c;                                                                           \
	struct fuse_ctx ctx = caller();                                                            \
	if (t_begin(&c, op, &ctx, (fi) ? handle_no(fi) : 0, path, __VA_ARGS__))                    \
	return (int)c.ret
#define END(expr) return (int)t_end(&c, (expr))
#define SYS(expr) ((expr) == -1 ? -errno : 0)

static uint64_t handle_no(const struct fuse_file_info *fi)
{
	return fi->fh;
}

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	struct handle *h = fi->fh < HANDLES ? handles[fi->fh] : NULL;
	static struct handle none = {.fd = -1};

	if (!h) {
		t_server_fail("handle %llu was never given out, or is released",
			      (unsigned long long)fi->fh);
		return &none;
	}
	return h;
}

int t_path_fd(const struct fuse_file_info *fi)
{
	return handle_of(fi)->fd;
}

static uint64_t handle_new(void)
{
	uint64_t no = atomic_fetch_add(&next_handle, 1) % HANDLES;
	struct handle *h = calloc(1, sizeof(*h));

	h->fd = -1;
	handles[no] = h;
	return no;
}

static void handle_drop(uint64_t no)
{
	struct handle *h = no < HANDLES ? handles[no] : NULL;

	if (!h) {
		t_server_fail("release of handle %llu, which is not open", (unsigned long long)no);
		return;
	}
	handles[no] = NULL;
	if (h->dir)
		closedir(h->dir);
	else if (h->fd >= 0)
		close(h->fd);
	free(h);
}

static const char *rel(const char *path)
{
	if (!path) {
		t_server_fail("NULL path where a path is needed");
		return "no-such-path";
	}
	if (*path != '/')
		t_server_fail("path \"%s\" does not begin with a slash", path);
	return path[1] ? path + 1 : ".";
}

/* The kernel's own file name for a descriptor: for calls that exist only by path. */
static const char *by_path(const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", T->src, rel(path));
	return buf;
}

static const char *flags_text(int flags, char buf[64])
{
	static const char *const mode[] = {"ro", "wo", "rw", "?"};

	snprintf(buf, 64, "%s%s%s%s%s%s%s%s", mode[flags & O_ACCMODE],
		 flags & O_APPEND ? ",append" : "", flags & O_TRUNC ? ",trunc" : "",
		 flags & O_EXCL ? ",excl" : "", flags & O_CREAT ? ",creat" : "",
		 flags & O_DIRECT ? ",direct" : "", flags & O_NONBLOCK ? ",nonblock" : "",
		 flags & O_SYNC ? ",sync" : "");
	return buf;
}

static const char *time_text(struct timespec t, char buf[40])
{
	if (t.tv_nsec == UTIME_NOW)
		return "now";
	if (t.tv_nsec == UTIME_OMIT)
		return "omit";
	snprintf(buf, 40, "%lld.%09ld", (long long)t.tv_sec, t.tv_nsec);
	return buf;
}

static void give_to_caller(const char *path)
{
	struct fuse_context *c = fuse_get_context();

	if (c->uid || c->gid)
		(void)!fchownat(src_fd, rel(path), c->uid, c->gid, AT_SYMLINK_NOFOLLOW);
}

/* --- operations ------------------------------------------------------------------------------ */

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	BEGIN(OP_getattr, fi, path, "%s", "");
	if (fi && fi->fh && handle_of(fi)->fd >= 0)
		END(SYS(fstat(handle_of(fi)->fd, st)));
	END(SYS(fstatat(src_fd, rel(path), st, AT_SYMLINK_NOFOLLOW)));
}

static int do_readlink(const char *path, char *buf, size_t size)
{
	BEGIN(OP_readlink, (struct fuse_file_info *)NULL, path, "%s", "");
	ssize_t n = readlinkat(src_fd, rel(path), buf, size - 1);
	if (n < 0)
		END(-errno);
	buf[n] = 0;
	END(0);
}

static int do_mknod(const char *path, mode_t mode, dev_t rdev)
{
	BEGIN(OP_mknod, (struct fuse_file_info *)NULL, path, "%06o %llx", mode,
	      (unsigned long long)rdev);
	int r = SYS(mknodat(src_fd, rel(path), mode, rdev));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_mkdir(const char *path, mode_t mode)
{
	BEGIN(OP_mkdir, (struct fuse_file_info *)NULL, path, "%04o", mode);
	int r = SYS(mkdirat(src_fd, rel(path), mode));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_unlink(const char *path)
{
	BEGIN(OP_unlink, (struct fuse_file_info *)NULL, path, "%s", "");
	END(SYS(unlinkat(src_fd, rel(path), 0)));
}

static int do_rmdir(const char *path)
{
	BEGIN(OP_rmdir, (struct fuse_file_info *)NULL, path, "%s", "");
	END(SYS(unlinkat(src_fd, rel(path), AT_REMOVEDIR)));
}

static int do_symlink(const char *target, const char *path)
{
	BEGIN(OP_symlink, (struct fuse_file_info *)NULL, path, "%s", target);
	int r = SYS(symlinkat(target, src_fd, rel(path)));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_rename(const char *from, const char *to, unsigned flags)
{
	BEGIN(OP_rename, (struct fuse_file_info *)NULL, from, "%s %u", to ? to : "-", flags);
	END(SYS(renameat2(src_fd, rel(from), src_fd, rel(to), flags)));
}

static int do_link(const char *from, const char *to)
{
	BEGIN(OP_link, (struct fuse_file_info *)NULL, from, "%s", to ? to : "-");
	END(SYS(linkat(src_fd, rel(from), src_fd, rel(to), 0)));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	BEGIN(OP_chmod, fi, path, "%04o", mode & 07777);
	if (fi)
		END(SYS(fchmod(handle_of(fi)->fd, mode)));
	END(SYS(fchmodat(src_fd, rel(path), mode, 0)));
}

static int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	BEGIN(OP_chown, fi, path, "%d %d", (int)uid, (int)gid);
	if (fi)
		END(SYS(fchown(handle_of(fi)->fd, uid, gid)));
	END(SYS(fchownat(src_fd, rel(path), uid, gid, AT_SYMLINK_NOFOLLOW)));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	char buf[512];

	BEGIN(OP_truncate, fi, path, "%lld", (long long)size);
	if (fi)
		END(SYS(ftruncate(handle_of(fi)->fd, size)));
	END(SYS(truncate(by_path(path, buf, sizeof(buf)), size)));
}

static int do_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	char a[40], m[40];

	BEGIN(OP_utimens, fi, path, "%s %s", time_text(tv[0], a), time_text(tv[1], m));
	if (fi)
		END(SYS(futimens(handle_of(fi)->fd, tv)));
	END(SYS(utimensat(src_fd, rel(path), tv, AT_SYMLINK_NOFOLLOW)));
}

static int do_open_common(enum t_op op, const char *path, mode_t mode, struct fuse_file_info *fi)
{
	struct fuse_file_info mine = {.fh = handle_new()};
	struct handle *h = handles[mine.fh];
	int flags = fi->flags & ~(O_DIRECT | O_NOFOLLOW);
	char text[64], m[16] = "";

	flags_text(fi->flags, text);
	if (op == OP_create)
		snprintf(m, sizeof(m), "%04o ", mode & 07777);
	struct t_call c;
	struct fuse_ctx ctx = caller();
	if (t_begin(&c, op, &ctx, mine.fh, path, "%s%s", m, text)) {
		/* a forced success still has a handle */
		fi->fh = mine.fh;
		if (c.ret)
			handle_drop(mine.fh);
		return (int)c.ret;
	}
	if (op == OP_create)
		h->fd = openat(src_fd, rel(path), flags | O_CREAT | O_CLOEXEC, mode);
	else
		h->fd = openat(src_fd, rel(path), (flags & ~O_CREAT) | O_CLOEXEC);
	if (h->fd < 0) {
		int e = -errno;

		handle_drop(mine.fh);
		END(e);
	}
	if (op == OP_create)
		give_to_caller(path);
	fi->fh = mine.fh;
	END(0);
}

static int do_open(const char *path, struct fuse_file_info *fi)
{
	return do_open_common(OP_open, path, 0, fi);
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return do_open_common(OP_create, path, mode, fi);
}

static int do_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	BEGIN(OP_read, fi, path, "%zu@%lld", size, (long long)off);
	ssize_t n = pread(handle_of(fi)->fd, buf, size, off);
	END(n < 0 ? -errno : n);
}

static int do_write(const char *path, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	BEGIN(OP_write, fi, path, "%zu@%lld", size, (long long)off);
	ssize_t n = pwrite(handle_of(fi)->fd, buf, size, off);
	END(n < 0 ? -errno : n);
}

static int do_read_buf(const char *path, struct fuse_bufvec **out, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	BEGIN(OP_read_buf, fi, path, "%zu@%lld", size, (long long)off);
	struct fuse_bufvec *v = malloc(sizeof(*v));

	*v = FUSE_BUFVEC_INIT(size);
	v->buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	v->buf[0].fd = handle_of(fi)->fd;
	v->buf[0].pos = off;
	*out = v;
	END(0);
}

static int do_write_buf(const char *path, struct fuse_bufvec *in, off_t off,
			struct fuse_file_info *fi)
{
	struct fuse_bufvec dst = FUSE_BUFVEC_INIT(fuse_buf_size(in));

	BEGIN(OP_write_buf, fi, path, "%zu@%lld", fuse_buf_size(in), (long long)off);
	dst.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	dst.buf[0].fd = handle_of(fi)->fd;
	dst.buf[0].pos = off;
	END(fuse_buf_copy(&dst, in, FUSE_BUF_SPLICE_NONBLOCK));
}

static int do_statfs(const char *path, struct statvfs *sv)
{
	BEGIN(OP_statfs, (struct fuse_file_info *)NULL, path, "%s", "");
	*sv = (struct statvfs){.f_bsize = 4096,
			       .f_frsize = 1024,
			       .f_blocks = 1000,
			       .f_bfree = 600,
			       .f_bavail = 500,
			       .f_files = 77,
			       .f_ffree = 33,
			       .f_favail = 33,
			       .f_namemax = 199};
	END(0);
}

static int do_flush(const char *path, struct fuse_file_info *fi)
{
	BEGIN(OP_flush, fi, path, "%s", "");
	END(0);
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
	/* never refused: the handle is gone whatever we say */
	struct t_call c;
	struct fuse_ctx ctx = caller();
	bool forced = t_begin(&c, OP_release, &ctx, fi->fh, path, "%s", "");

	handle_drop(fi->fh);
	return forced ? (int)c.ret : (int)t_end(&c, 0);
}

static int do_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
	BEGIN(OP_fsync, fi, path, "%d", datasync);
	END(0);
}

static int do_setxattr(const char *path, const char *name, const char *value, size_t size,
		       int flags)
{
	char buf[512];

	BEGIN(OP_setxattr, (struct fuse_file_info *)NULL, path, "%s %zu %d", name, size, flags);
	END(SYS(lsetxattr(by_path(path, buf, sizeof(buf)), name, value, size, flags)));
}

static int do_getxattr(const char *path, const char *name, char *value, size_t size)
{
	char buf[512];

	BEGIN(OP_getxattr, (struct fuse_file_info *)NULL, path, "%s %zu", name, size);
	ssize_t n = lgetxattr(by_path(path, buf, sizeof(buf)), name, value, size);
	END(n < 0 ? -errno : n);
}

static int do_listxattr(const char *path, char *list, size_t size)
{
	char buf[512];

	BEGIN(OP_listxattr, (struct fuse_file_info *)NULL, path, "%zu", size);
	ssize_t n = llistxattr(by_path(path, buf, sizeof(buf)), list, size);
	END(n < 0 ? -errno : n);
}

static int do_removexattr(const char *path, const char *name)
{
	char buf[512];

	BEGIN(OP_removexattr, (struct fuse_file_info *)NULL, path, "%s", name);
	END(SYS(lremovexattr(by_path(path, buf, sizeof(buf)), name)));
}

static int do_opendir(const char *path, struct fuse_file_info *fi)
{
	uint64_t no = handle_new();
	struct t_call c;
	struct fuse_ctx ctx = caller();

	if (t_begin(&c, OP_opendir, &ctx, no, path, "%s", "")) {
		handle_drop(no);
		return (int)c.ret;
	}
	int fd = openat(src_fd, rel(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int e = -errno;

		handle_drop(no);
		END(e);
	}
	handles[no]->fd = fd;
	handles[no]->dir = fdopendir(fd);
	fi->fh = no;
	END(0);
}

static int do_readdir(T_READDIR_ARGS)
{
	BEGIN(OP_readdir, fi, path, "%lld", (long long)off);
	bool offsets = atomic_load(&T->readdir_offsets);
	/* without opendir there is no handle */
	DIR *mine = fi->fh ? NULL : opendir(by_path(path, (char[512]){0}, 512));
	DIR *d = mine ? mine : handle_of(fi)->dir;
	struct dirent *e;

#if FUSE_API == 3
	(void)flags;
#endif
	if (!d)
		END(-EBADF);
	if (off)
		seekdir(d, off);
	else
		rewinddir(d);
	while ((e = readdir(d))) {
		struct stat st = {.st_ino = e->d_ino, .st_mode = (mode_t)e->d_type << 12};

		if (T_FILL(filler, buf, e->d_name, &st, offsets ? telldir(d) : 0))
			break;
	}
	if (mine)
		closedir(mine);
	END(0);
}

static int do_releasedir(const char *path, struct fuse_file_info *fi)
{
	struct t_call c;
	struct fuse_ctx ctx = caller();
	bool forced = t_begin(&c, OP_releasedir, &ctx, fi->fh, path, "%s", "");

	if (fi->fh)
		handle_drop(fi->fh);
	return forced ? (int)c.ret : (int)t_end(&c, 0);
}

static int do_fsyncdir(const char *path, int datasync, struct fuse_file_info *fi)
{
	BEGIN(OP_fsyncdir, fi, path, "%d", datasync);
	END(0);
}

static int do_access(const char *path, int mask)
{
	BEGIN(OP_access, (struct fuse_file_info *)NULL, path, "%d", mask);
	END(SYS(faccessat(src_fd, rel(path), mask, 0)));
}

/*
 * POSIX locks in open file description locks of the backing file would need a descriptor an
 * owner; the cases only need to see the call and one conflict table, so the locks are counted
 * here: one table of byte ranges, by owner, for the whole file system.
 */
static struct posix_lock {
	uint64_t owner;
	ino_t ino;
	off_t start, end;
	short type;
	pid_t pid;
} locks[512];
static pthread_mutex_t locks_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct posix_lock *lock_conflict(ino_t ino, uint64_t owner, const struct flock *fl)
{
	off_t end = fl->l_len ? fl->l_start + fl->l_len - 1 : INT64_MAX;

	for (size_t i = 0; i < 512; i++) {
		struct posix_lock *l = &locks[i];

		if (l->owner && l->ino == ino && l->owner != owner && l->start <= end &&
		    l->end >= fl->l_start && (l->type == F_WRLCK || fl->l_type == F_WRLCK))
			return l;
	}
	return NULL;
}

/* Ranges are removed only when the unlock covers them whole: enough for the cases. */
static void lock_apply(ino_t ino, uint64_t owner, const struct flock *fl)
{
	off_t end = fl->l_len ? fl->l_start + fl->l_len - 1 : INT64_MAX;

	for (size_t i = 0; i < 512; i++)
		if (locks[i].owner == owner && locks[i].ino == ino &&
		    locks[i].start >= fl->l_start && locks[i].end <= end)
			locks[i].owner = 0;
	if (fl->l_type == F_UNLCK)
		return;
	for (size_t i = 0; i < 512; i++)
		if (!locks[i].owner) {
			locks[i] = (struct posix_lock){owner, ino,        fl->l_start,
						       end,   fl->l_type, fl->l_pid};
			return;
		}
}

static int do_lock(const char *path, struct fuse_file_info *fi, int cmd, struct flock *fl)
{
	static const char *const types[] = {[F_RDLCK] = "rd", [F_WRLCK] = "wr", [F_UNLCK] = "un"};
	struct stat st;

	BEGIN(OP_lock, fi, path, "%s %s %lld+%lld",
	      cmd == F_GETLK    ? "get"
	      : cmd == F_SETLK  ? "set"
	      : cmd == F_SETLKW ? "wait"
				: "?",
	      types[fl->l_type], (long long)fl->l_start, (long long)fl->l_len);
	fstat(handle_of(fi)->fd, &st);
	for (;;) {
		pthread_mutex_lock(&locks_mutex);
		struct posix_lock *l =
			fl->l_type == F_UNLCK ? NULL : lock_conflict(st.st_ino, fi->lock_owner, fl);
		if (cmd == F_GETLK) {
			if (!l) {
				fl->l_type = F_UNLCK;
			} else {
				fl->l_type = l->type;
				fl->l_whence = SEEK_SET;
				fl->l_start = l->start;
				fl->l_len = l->end == INT64_MAX ? 0 : l->end - l->start + 1;
				fl->l_pid = l->pid;
			}
			pthread_mutex_unlock(&locks_mutex);
			END(0);
		}
		if (!l) {
			lock_apply(st.st_ino, fi->lock_owner, fl);
			pthread_mutex_unlock(&locks_mutex);
			END(0);
		}
		pthread_mutex_unlock(&locks_mutex);
		if (cmd == F_SETLK)
			END(-EAGAIN);
		if (fuse_interrupted())
			END(-EINTR);
		usleep(2000);
	}
}

static int do_flock(const char *path, struct fuse_file_info *fi, int op)
{
	BEGIN(OP_flock, fi, path, "%s%s",
	      (op & 11) == LOCK_SH   ? "sh"
	      : (op & 11) == LOCK_EX ? "ex"
	      : (op & 11) == LOCK_UN ? "un"
				     : "?",
	      op & LOCK_NB ? ",nb" : "");
	/* waits in steps, as a program that looks at fuse_interrupted does */
	while (flock(handle_of(fi)->fd, op | LOCK_NB)) {
		if (errno != EWOULDBLOCK || (op & LOCK_NB))
			END(-errno);
		if (fuse_interrupted())
			END(-EINTR);
		usleep(2000);
	}
	END(0);
}

static int do_bmap(const char *path, size_t bs, uint64_t *idx)
{
	BEGIN(OP_bmap, (struct fuse_file_info *)NULL, path, "%zu %llu", bs,
	      (unsigned long long)*idx);
	*idx += 1000;
	END(0);
}

/* Commands: see case_ioctl.c.  The argument's bytes are turned upside down for reading. */
static int do_ioctl(const char *path, unsigned cmd, void *arg, struct fuse_file_info *fi,
		    unsigned flags, void *data)
{
	(void)arg;
	BEGIN(OP_ioctl, fi, path, "%x %x", cmd, flags & ~(1u << 4));
	size_t n = _IOC_SIZE(cmd);
	if ((_IOC_DIR(cmd) & _IOC_WRITE) && n)
		memcpy(T->data, data, n);
	if ((_IOC_DIR(cmd) & _IOC_READ) && n)
		for (size_t i = 0; i < n; i++)
			((char *)data)[i] = (char)~T->data[i];
	END(_IOC_NR(cmd) == 99 ? -ENOTTY : (int)_IOC_NR(cmd));
}

static struct fuse_pollhandle *poll_handle;
static pthread_mutex_t poll_mutex = PTHREAD_MUTEX_INITIALIZER;

static int do_poll(const char *path, struct fuse_file_info *fi, struct fuse_pollhandle *ph,
		   unsigned *revents)
{
	/* the handle is ours from here on, forced or not */
	if (ph) {
		pthread_mutex_lock(&poll_mutex);
		if (poll_handle)
			fuse_pollhandle_destroy(poll_handle);
		poll_handle = ph;
		pthread_mutex_unlock(&poll_mutex);
	}
	BEGIN(OP_poll, fi, path, "%s", ph ? "notify" : "");
	*revents = (unsigned)atomic_load(&T->poll_revents);
	END(0);
}

static int do_fallocate(const char *path, int mode, off_t off, off_t len, struct fuse_file_info *fi)
{
	BEGIN(OP_fallocate, fi, path, "%d %lld+%lld", mode, (long long)off, (long long)len);
	END(SYS(fallocate(handle_of(fi)->fd, mode, off, len)));
}

#if FUSE_API == 3
static ssize_t do_copy_file_range(const char *path_in, struct fuse_file_info *fi_in, off_t off_in,
				  const char *path_out, struct fuse_file_info *fi_out,
				  off_t off_out, size_t len, int flags)
{
	(void)path_out;
	BEGIN(OP_copy_file_range, fi_in, path_in, "@%lld fh%u @%lld %zu %d", (long long)off_in,
	      (unsigned)fi_out->fh, (long long)off_out, len, flags);
	ssize_t n = copy_file_range(handle_of(fi_in)->fd, &off_in, handle_of(fi_out)->fd, &off_out,
				    len, 0);
	return t_end(&c, n < 0 ? -errno : n);
}

static off_t do_lseek(const char *path, off_t off, int whence, struct fuse_file_info *fi)
{
	BEGIN(OP_lseek, fi, path, "%lld %d", (long long)off, whence);
	off_t n = lseek(handle_of(fi)->fd, off, whence);
	return t_end(&c, n < 0 ? -errno : n);
}
#endif

/* --- start and end -----------------------------------------------------------------------------
 */

static void started(struct fuse_conn_info *conn)
{
	struct t_call c;
	struct fuse_context *ctx = fuse_get_context();

	t_fuse = ctx->fuse;
	if (ctx->private_data != &T->word[0])
		t_server_fail("private_data in init is %p, fuse_main was given %p",
			      ctx->private_data, (void *)&T->word[0]);
	t_begin(&c, OP_init, NULL, 0, "/", "%u.%u", conn->proto_major, conn->proto_minor);
	if (t_this->init)
		t_this->init(conn);
	t_command_start();
	t_end(&c, 0);
}

static void do_destroy(void *data)
{
	struct t_call c;

	if (data != &private_mark)
		t_server_fail("destroy was given %p, init returned %p", data,
			      (void *)&private_mark);
	t_begin(&c, OP_destroy, NULL, 0, "/", "%s", "");
	t_command_stop();
	t_end(&c, 0);
}

#if FUSE_API == 2
static void *do_init(struct fuse_conn_info *conn)
{
	started(conn);
	return &private_mark;
}
static int f2_getattr(const char *p, struct stat *st)
{
	return do_getattr(p, st, NULL);
}
static int f2_rename(const char *a, const char *b)
{
	return do_rename(a, b, 0);
}
static int f2_chmod(const char *p, mode_t m)
{
	return do_chmod(p, m, NULL);
}
static int f2_chown(const char *p, uid_t u, gid_t g)
{
	return do_chown(p, u, g, NULL);
}
static int f2_truncate(const char *p, off_t n)
{
	return do_truncate(p, n, NULL);
}
static int f2_ftruncate(const char *p, off_t n, struct fuse_file_info *fi)
{
	return do_truncate(p, n, fi);
}
static int f2_utimens(const char *p, const struct timespec tv[2])
{
	return do_utimens(p, tv, NULL);
}
static int f2_ioctl(const char *p, int cmd, void *arg, struct fuse_file_info *fi, unsigned flags,
		    void *data)
{
	return do_ioctl(p, (unsigned)cmd, arg, fi, flags, data);
}
#else
static void *do_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	if (t_this->config)
		t_this->config(cfg);
	started(conn);
	return &private_mark;
}
#endif

#if FUSE_API == 3
#define DEFINE(field)                                                                              \
	void t_set_##field(struct fuse_config *cfg)                                                \
	{                                                                                          \
		cfg->field = 1;                                                                    \
	}
T_SETTINGS(DEFINE)
#undef DEFINE
#endif

void t_path_ops(struct fuse_operations *ops)
{
	*ops = (struct fuse_operations)
	{
		.readlink = do_readlink, .mknod = do_mknod, .mkdir = do_mkdir, .unlink = do_unlink,
		.rmdir = do_rmdir, .symlink = do_symlink, .link = do_link, .open = do_open,
		.read = do_read, .write = do_write, .statfs = do_statfs, .flush = do_flush,
		.release = do_release, .fsync = do_fsync, .setxattr = do_setxattr,
		.getxattr = do_getxattr, .listxattr = do_listxattr, .removexattr = do_removexattr,
		.opendir = do_opendir, .readdir = do_readdir, .releasedir = do_releasedir,
		.fsyncdir = do_fsyncdir, .init = do_init, .destroy = do_destroy,
		.access = do_access, .create = do_create, .lock = do_lock, .bmap = do_bmap,
		.poll = do_poll, .flock = do_flock, .fallocate = do_fallocate,
#if FUSE_API == 2
		.getattr = f2_getattr, .rename = f2_rename, .chmod = f2_chmod, .chown = f2_chown,
		.truncate = f2_truncate, .ftruncate = f2_ftruncate, .fgetattr = do_getattr,
		.utimens = f2_utimens, .ioctl = f2_ioctl, .flag_utime_omit_ok = 1,
#else
		.getattr = do_getattr, .rename = do_rename, .chmod = do_chmod, .chown = do_chown,
		.truncate = do_truncate, .utimens = do_utimens, .ioctl = do_ioctl,
		.copy_file_range = do_copy_file_range, .lseek = do_lseek,
#endif
	};
	if (t_this->buf) {
		ops->read_buf = do_read_buf;
		ops->write_buf = do_write_buf;
	}
}

void t_path_select(struct fuse_operations *ops, const struct t_case *c)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
#define F(op) {#op, offsetof(struct fuse_operations, op)}
		F(getattr),
		F(readlink),
		F(mknod),
		F(mkdir),
		F(unlink),
		F(rmdir),
		F(symlink),
		F(rename),
		F(link),
		F(chmod),
		F(chown),
		F(truncate),
		F(open),
		F(read),
		F(write),
		F(statfs),
		F(flush),
		F(release),
		F(fsync),
		F(setxattr),
		F(getxattr),
		F(listxattr),
		F(removexattr),
		F(opendir),
		F(readdir),
		F(releasedir),
		F(fsyncdir),
		F(init),
		F(destroy),
		F(access),
		F(create),
		F(lock),
		F(utimens),
		F(bmap),
		F(ioctl),
		F(poll),
		F(write_buf),
		F(read_buf),
		F(flock),
		F(fallocate),
#if FUSE_API == 2
		F(fgetattr),
		F(ftruncate),
		F(utime),
#else
		F(copy_file_range),
		F(lseek),
#endif
#undef F
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if ((c->only && !t_word_in(c->only, fields[i].name)) ||
		    t_word_in(c->without, fields[i].name))
			*(void **)((char *)ops + fields[i].offset) = NULL;
}

void t_path_prepare(struct fuse_operations *ops)
{
	umask(0);
	src_fd = open(T->src, O_PATH | O_DIRECTORY | O_CLOEXEC);
	t_path_ops(ops);
	t_path_select(ops, t_this);
	if (t_this->ops)
		t_this->ops(ops);
}

void t_path_finish(void)
{
	t_command_stop();
	if (poll_handle)
		fuse_pollhandle_destroy(poll_handle);
	poll_handle = NULL;
	for (unsigned i = 0; i < HANDLES; i++)
		if (handles[i]) {
			if (!t_this->may_leak)
				t_server_fail("handle %u was not released", i);
			handle_drop(i);
		}
	close(src_fd);
}

int t_path_server(int argc, char **argv)
{
	struct fuse_operations ops;

	t_path_prepare(&ops);
	int ret = t_fuse_main(argc, argv, &ops, &T->word[0]);
	t_path_finish();
	return ret;
}
