/*
 * pathfs_ops.c - the operations of pathfs, each once; the wrappers at the end give it the
 * signatures of the API it is built for.
 */
#include "pathfs.h"

#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <poll.h>

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
		(void)!fchownat(path_src_fd, rel(path), c->uid, c->gid, AT_SYMLINK_NOFOLLOW);
}

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	BEGIN(OP_getattr, fi, path, "%s", "");
	if (fi && fi->fh && path_handle(fi)->fd >= 0)
		END(SYS(fstat(path_handle(fi)->fd, st)));
	END(SYS(fstatat(path_src_fd, rel(path), st, AT_SYMLINK_NOFOLLOW)));
}

static int do_readlink(const char *path, char *buf, size_t size)
{
	BEGIN(OP_readlink, (struct fuse_file_info *)NULL, path, "%s", "");
	ssize_t n = readlinkat(path_src_fd, rel(path), buf, size - 1);
	if (n < 0)
		END(-errno);
	buf[n] = 0;
	END(0);
}

static int do_mknod(const char *path, mode_t mode, dev_t rdev)
{
	BEGIN(OP_mknod, (struct fuse_file_info *)NULL, path, "%06o %llx", mode,
	      (unsigned long long)rdev);
	int r = SYS(mknodat(path_src_fd, rel(path), mode, rdev));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_mkdir(const char *path, mode_t mode)
{
	BEGIN(OP_mkdir, (struct fuse_file_info *)NULL, path, "%04o", mode);
	int r = SYS(mkdirat(path_src_fd, rel(path), mode));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_unlink(const char *path)
{
	BEGIN(OP_unlink, (struct fuse_file_info *)NULL, path, "%s", "");
	END(SYS(unlinkat(path_src_fd, rel(path), 0)));
}

static int do_rmdir(const char *path)
{
	BEGIN(OP_rmdir, (struct fuse_file_info *)NULL, path, "%s", "");
	END(SYS(unlinkat(path_src_fd, rel(path), AT_REMOVEDIR)));
}

static int do_symlink(const char *target, const char *path)
{
	BEGIN(OP_symlink, (struct fuse_file_info *)NULL, path, "%s", target);
	int r = SYS(symlinkat(target, path_src_fd, rel(path)));
	if (!r)
		give_to_caller(path);
	END(r);
}

static int do_rename(const char *from, const char *to, unsigned flags)
{
	BEGIN(OP_rename, (struct fuse_file_info *)NULL, from, "%s %u", to ? to : "-", flags);
	END(SYS(renameat2(path_src_fd, rel(from), path_src_fd, rel(to), flags)));
}

static int do_link(const char *from, const char *to)
{
	BEGIN(OP_link, (struct fuse_file_info *)NULL, from, "%s", to ? to : "-");
	END(SYS(linkat(path_src_fd, rel(from), path_src_fd, rel(to), 0)));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	BEGIN(OP_chmod, fi, path, "%04o", mode & 07777);
	if (fi)
		END(SYS(fchmod(path_handle(fi)->fd, mode)));
	END(SYS(fchmodat(path_src_fd, rel(path), mode, 0)));
}

static int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	BEGIN(OP_chown, fi, path, "%d %d", (int)uid, (int)gid);
	if (fi)
		END(SYS(fchown(path_handle(fi)->fd, uid, gid)));
	END(SYS(fchownat(path_src_fd, rel(path), uid, gid, AT_SYMLINK_NOFOLLOW)));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	char buf[512];

	BEGIN(OP_truncate, fi, path, "%lld", (long long)size);
	if (fi)
		END(SYS(ftruncate(path_handle(fi)->fd, size)));
	END(SYS(truncate(by_path(path, buf, sizeof(buf)), size)));
}

static int do_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	char a[40], m[40];

	BEGIN(OP_utimens, fi, path, "%s %s", time_text(tv[0], a), time_text(tv[1], m));
	if (fi)
		END(SYS(futimens(path_handle(fi)->fd, tv)));
	END(SYS(utimensat(path_src_fd, rel(path), tv, AT_SYMLINK_NOFOLLOW)));
}

static int do_open_common(enum t_op op, const char *path, mode_t mode, struct fuse_file_info *fi)
{
	struct fuse_file_info mine = {.fh = path_handle_new()};
	struct path_handle *h = path_handle(&mine);
	int flags = fi->flags & ~(O_DIRECT | O_NOFOLLOW);
	char text[64], m[16] = "";

	flags_text(fi->flags, text);
	if (op == OP_create)
		snprintf(m, sizeof(m), "%04o ", mode & 07777);
	struct t_call c;
	struct fuse_ctx ctx = path_caller();
	if (t_begin(&c, op, &ctx, mine.fh, path, "%s%s", m, text)) {
		/* a forced success still has a handle */
		fi->fh = mine.fh;
		if (c.ret)
			path_handle_drop(mine.fh);
		return (int)c.ret;
	}
	if (op == OP_create)
		h->fd = openat(path_src_fd, rel(path), flags | O_CREAT | O_CLOEXEC, mode);
	else
		h->fd = openat(path_src_fd, rel(path), (flags & ~O_CREAT) | O_CLOEXEC);
	if (h->fd < 0) {
		int e = -errno;

		path_handle_drop(mine.fh);
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
	ssize_t n = pread(path_handle(fi)->fd, buf, size, off);
	END(n < 0 ? -errno : n);
}

static int do_write(const char *path, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	BEGIN(OP_write, fi, path, "%zu@%lld", size, (long long)off);
	ssize_t n = pwrite(path_handle(fi)->fd, buf, size, off);
	END(n < 0 ? -errno : n);
}

static int do_read_buf(const char *path, struct fuse_bufvec **out, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	BEGIN(OP_read_buf, fi, path, "%zu@%lld", size, (long long)off);
	struct fuse_bufvec *v = malloc(sizeof(*v));

	*v = FUSE_BUFVEC_INIT(size);
	v->buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	v->buf[0].fd = path_handle(fi)->fd;
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
	dst.buf[0].fd = path_handle(fi)->fd;
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
	struct fuse_ctx ctx = path_caller();
	bool forced = t_begin(&c, OP_release, &ctx, fi->fh, path, "%s", "");

	path_handle_drop(fi->fh);
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
	uint64_t no = path_handle_new();
	struct t_call c;
	struct fuse_ctx ctx = path_caller();

	if (t_begin(&c, OP_opendir, &ctx, no, path, "%s", "")) {
		path_handle_drop(no);
		return (int)c.ret;
	}
	int fd = openat(path_src_fd, rel(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int e = -errno;

		path_handle_drop(no);
		END(e);
	}
	fi->fh = no;
	path_handle(fi)->fd = fd;
	path_handle(fi)->dir = fdopendir(fd);
	END(0);
}

static int do_readdir(T_READDIR_ARGS)
{
	BEGIN(OP_readdir, fi, path, "%lld", (long long)off);
	bool offsets = atomic_load(&T->readdir_offsets);
	/* without opendir there is no handle */
	DIR *mine = fi->fh ? NULL : opendir(by_path(path, (char[512]){0}, 512));
	DIR *d = mine ? mine : path_handle(fi)->dir;
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
	struct fuse_ctx ctx = path_caller();
	bool forced = t_begin(&c, OP_releasedir, &ctx, fi->fh, path, "%s", "");

	if (fi->fh)
		path_handle_drop(fi->fh);
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
	END(SYS(faccessat(path_src_fd, rel(path), mask, 0)));
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

void path_poll_end(void)
{
	if (poll_handle)
		fuse_pollhandle_destroy(poll_handle);
	poll_handle = NULL;
}

static int do_fallocate(const char *path, int mode, off_t off, off_t len, struct fuse_file_info *fi)
{
	BEGIN(OP_fallocate, fi, path, "%d %lld+%lld", mode, (long long)off, (long long)len);
	END(SYS(fallocate(path_handle(fi)->fd, mode, off, len)));
}

#if FUSE_API == 3
static ssize_t do_copy_file_range(const char *path_in, struct fuse_file_info *fi_in, off_t off_in,
				  const char *path_out, struct fuse_file_info *fi_out,
				  off_t off_out, size_t len, int flags)
{
	(void)path_out;
	BEGIN(OP_copy_file_range, fi_in, path_in, "@%lld fh%u @%lld %zu %d", (long long)off_in,
	      (unsigned)fi_out->fh, (long long)off_out, len, flags);
	ssize_t n = copy_file_range(path_handle(fi_in)->fd, &off_in, path_handle(fi_out)->fd,
				    &off_out, len, 0);
	return t_end(&c, n < 0 ? -errno : n);
}

static off_t do_lseek(const char *path, off_t off, int whence, struct fuse_file_info *fi)
{
	BEGIN(OP_lseek, fi, path, "%lld %d", (long long)off, whence);
	off_t n = lseek(path_handle(fi)->fd, off, whence);
	return t_end(&c, n < 0 ? -errno : n);
}
#endif

/* --- the table ------------------------------------------------------------------------------ */

#if FUSE_API == 2
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
		.fsyncdir = do_fsyncdir, .init = path_init, .destroy = path_destroy,
		.access = do_access, .create = do_create, .lock = path_lock, .bmap = do_bmap,
		.poll = do_poll, .flock = path_flock, .fallocate = do_fallocate,
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
