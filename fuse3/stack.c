/*
 * fuse_fs_*: calls an operation of a file system on the stack, with its private_data in the
 * context. Modules use them on what is below them; the thunks (thunks.c) on the top.
 */
#include "fuse3/internal.h"

#include <limits.h>

#define CALL(fs, name, absent, ...)                                                                \
	do {                                                                                       \
		if (!(fs)->op.name)                                                                \
			return absent;                                                             \
		ENTER(fs);                                                                         \
		return (fs)->op.name(__VA_ARGS__);                                                 \
	} while (0)

/* ---- life ---------------------------------------------------------------------------------------
 */

EXPORT struct fuse_fs *fuse_fs_new(const struct fuse_operations *op, size_t op_size,
				   void *private_data)
{
	struct fuse_fs *fs = calloc(1, sizeof(*fs));

	if (!fs) {
		core_err("out of memory for a file system\n");
		return NULL;
	}
	copy_ops(&fs->op, sizeof(fs->op), op, op_size, "struct fuse_operations");
	fs->user_data = private_data;
	return fs;
}

EXPORT void fuse_fs_init(struct fuse_fs *fs, struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	struct fuse_fs *before;

	ENTER(fs);
	if (!fs->op.init)
		return;
	before = ext_init_begin(fs);
	fs->user_data = fs->op.init(conn, cfg);
	ext_init_end(before);
}

void fs_end(struct fuse_fs *fs)
{
	ENTER(fs);
	if (fs->op.destroy)
		fs->op.destroy(fs->user_data);
}

void fs_free(struct fuse_fs *fs)
{
	struct module_so *so = fs->so;

	free(fs);
	module_so_put(so);
}

EXPORT void fuse_fs_destroy(struct fuse_fs *fs)
{
	fs_end(fs);
	fs_free(fs);
}

/* ---- names --------------------------------------------------------------------------------------
 */

EXPORT int fuse_fs_getattr(struct fuse_fs *fs, const char *path, struct stat *st,
			   struct fuse_file_info *fi)
{
	CALL(fs, getattr, -ENOSYS, path, st, fi);
}

EXPORT int fuse_fs_readlink(struct fuse_fs *fs, const char *path, char *buf, size_t size)
{
	CALL(fs, readlink, -ENOSYS, path, buf, size);
}

EXPORT int fuse_fs_mknod(struct fuse_fs *fs, const char *path, mode_t mode, dev_t dev)
{
	CALL(fs, mknod, -ENOSYS, path, mode, dev);
}

EXPORT int fuse_fs_mkdir(struct fuse_fs *fs, const char *path, mode_t mode)
{
	CALL(fs, mkdir, -ENOSYS, path, mode);
}

EXPORT int fuse_fs_unlink(struct fuse_fs *fs, const char *path)
{
	CALL(fs, unlink, -ENOSYS, path);
}

EXPORT int fuse_fs_rmdir(struct fuse_fs *fs, const char *path)
{
	CALL(fs, rmdir, -ENOSYS, path);
}

EXPORT int fuse_fs_symlink(struct fuse_fs *fs, const char *target, const char *path)
{
	CALL(fs, symlink, -ENOSYS, target, path);
}

EXPORT int fuse_fs_rename(struct fuse_fs *fs, const char *oldpath, const char *newpath,
			  unsigned int flags)
{
	CALL(fs, rename, -ENOSYS, oldpath, newpath, flags);
}

EXPORT int fuse_fs_link(struct fuse_fs *fs, const char *oldpath, const char *newpath)
{
	CALL(fs, link, -ENOSYS, oldpath, newpath);
}

EXPORT int fuse_fs_chmod(struct fuse_fs *fs, const char *path, mode_t mode,
			 struct fuse_file_info *fi)
{
	CALL(fs, chmod, -ENOSYS, path, mode, fi);
}

EXPORT int fuse_fs_chown(struct fuse_fs *fs, const char *path, uid_t uid, gid_t gid,
			 struct fuse_file_info *fi)
{
	CALL(fs, chown, -ENOSYS, path, uid, gid, fi);
}

EXPORT int fuse_fs_truncate(struct fuse_fs *fs, const char *path, off_t size,
			    struct fuse_file_info *fi)
{
	CALL(fs, truncate, -ENOSYS, path, size, fi);
}

EXPORT int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv,
			   struct fuse_file_info *fi)
{
	CALL(fs, utimens, -ENOSYS, path, tv, fi);
}

EXPORT int fuse_fs_access(struct fuse_fs *fs, const char *path, int mask)
{
	CALL(fs, access, -ENOSYS, path, mask);
}

EXPORT int fuse_fs_setxattr(struct fuse_fs *fs, const char *path, const char *name,
			    const char *value, size_t size, int flags)
{
	CALL(fs, setxattr, -ENOSYS, path, name, value, size, flags);
}

EXPORT int fuse_fs_getxattr(struct fuse_fs *fs, const char *path, const char *name, char *value,
			    size_t size)
{
	CALL(fs, getxattr, -ENOSYS, path, name, value, size);
}

EXPORT int fuse_fs_listxattr(struct fuse_fs *fs, const char *path, char *list, size_t size)
{
	CALL(fs, listxattr, -ENOSYS, path, list, size);
}

EXPORT int fuse_fs_removexattr(struct fuse_fs *fs, const char *path, const char *name)
{
	CALL(fs, removexattr, -ENOSYS, path, name);
}

EXPORT int fuse_fs_bmap(struct fuse_fs *fs, const char *path, size_t blocksize, uint64_t *idx)
{
	CALL(fs, bmap, -ENOSYS, path, blocksize, idx);
}

EXPORT int fuse_fs_statfs(struct fuse_fs *fs, const char *path, struct statvfs *stv)
{
	if (!fs->op.statfs) {
		stv->f_namemax = 255;
		stv->f_bsize = 512;
		return 0;
	}
	CALL(fs, statfs, -ENOSYS, path, stv);
}

/* ---- open files ---------------------------------------------------------------------------------
 */

EXPORT int fuse_fs_open(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(fs, open, 0, path, fi);
}

EXPORT int fuse_fs_create(struct fuse_fs *fs, const char *path, mode_t mode,
			  struct fuse_file_info *fi)
{
	CALL(fs, create, -ENOSYS, path, mode, fi);
}

EXPORT int fuse_fs_flush(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(fs, flush, -ENOSYS, path, fi);
}

EXPORT int fuse_fs_release(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(fs, release, 0, path, fi);
}

EXPORT int fuse_fs_fsync(struct fuse_fs *fs, const char *path, int datasync,
			 struct fuse_file_info *fi)
{
	CALL(fs, fsync, -ENOSYS, path, datasync, fi);
}

EXPORT int fuse_fs_opendir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(fs, opendir, 0, path, fi);
}

EXPORT int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
			   off_t off, struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	CALL(fs, readdir, -ENOSYS, path, buf, filler, off, fi, flags);
}

EXPORT int fuse_fs_releasedir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(fs, releasedir, 0, path, fi);
}

EXPORT int fuse_fs_fsyncdir(struct fuse_fs *fs, const char *path, int datasync,
			    struct fuse_file_info *fi)
{
	CALL(fs, fsyncdir, -ENOSYS, path, datasync, fi);
}

EXPORT int fuse_fs_lock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int cmd,
			struct flock *lock)
{
	CALL(fs, lock, -ENOSYS, path, fi, cmd, lock);
}

EXPORT int fuse_fs_flock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int op)
{
	CALL(fs, flock, -ENOSYS, path, fi, op);
}

EXPORT int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, unsigned int cmd, void *arg,
			 struct fuse_file_info *fi, unsigned int flags, void *data)
{
	CALL(fs, ioctl, -ENOSYS, path, cmd, arg, fi, flags, data);
}

EXPORT int fuse_fs_poll(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi,
			struct fuse_pollhandle *ph, unsigned *revents)
{
	if (!fs->op.poll)
		fuse_pollhandle_destroy(ph); /* the operation's to keep; there is none */
	CALL(fs, poll, -ENOSYS, path, fi, ph, revents);
}

EXPORT int fuse_fs_fallocate(struct fuse_fs *fs, const char *path, int mode, off_t off, off_t len,
			     struct fuse_file_info *fi)
{
	CALL(fs, fallocate, -ENOSYS, path, mode, off, len, fi);
}

EXPORT ssize_t fuse_fs_copy_file_range(struct fuse_fs *fs, const char *path_in,
				       struct fuse_file_info *fi_in, off_t off_in,
				       const char *path_out, struct fuse_file_info *fi_out,
				       off_t off_out, size_t size, int flags)
{
	CALL(fs, copy_file_range, -ENOSYS, path_in, fi_in, off_in, path_out, fi_out, off_out, size,
	     flags);
}

EXPORT off_t fuse_fs_lseek(struct fuse_fs *fs, const char *path, off_t off, int whence,
			   struct fuse_file_info *fi)
{
	CALL(fs, lseek, -ENOSYS, path, off, whence, fi);
}

#if FUSE3_ABI >= 4
EXPORT int fuse_fs_statx(struct fuse_fs *fs, const char *path, int flags, int mask,
			 struct statx *stx, struct fuse_file_info *fi)
{
	CALL(fs, statx, -ENOSYS, path, flags, mask, stx, fi);
}
#endif

/* ---- data: each form by the other where a file system has only that -----------------------------
 */

/* Frees what read_buf made: the row and the memory in it. */
static void free_bufv(struct fuse_bufvec *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		if (!(v->buf[i].flags & FUSE_BUF_IS_FD))
			free(v->buf[i].mem);
	free(v);
}

static int read_by_buf(struct fuse_fs *fs, const char *path, char *buf, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	struct fuse_bufvec dst = FUSE_BUFVEC_INIT(size), *src = NULL;
	ssize_t res = fs->op.read_buf(path, &src, size, off, fi);

	if (res == 0 && src) {
		dst.buf[0].mem = buf;
		res = fuse_buf_copy(&dst, src, FUSE_BUF_NO_SPLICE);
	}
	free_bufv(src);
	return (int)res;
}

EXPORT int fuse_fs_read(struct fuse_fs *fs, const char *path, char *buf, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	if (!fs->op.read && fs->op.read_buf) {
		ENTER(fs);
		return read_by_buf(fs, path, buf, size, off, fi);
	}
	CALL(fs, read, -ENOSYS, path, buf, size, off, fi);
}

static int buf_by_read(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp, size_t size,
		       off_t off, struct fuse_file_info *fi)
{
	struct fuse_bufvec *v = malloc(sizeof(*v));
	void *mem = malloc(size ? size : 1);
	int res = -ENOMEM;

	if (v && mem)
		res = fs->op.read(path, mem, size, off, fi);
	if (res < 0) {
		free(v);
		free(mem);
		return res;
	}
	*v = FUSE_BUFVEC_INIT((size_t)res < size ? (size_t)res : size);
	v->buf[0].mem = mem;
	*bufp = v;
	return 0;
}

EXPORT int fuse_fs_read_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp,
			    size_t size, off_t off, struct fuse_file_info *fi)
{
	if (!fs->op.read_buf && fs->op.read) {
		ENTER(fs);
		return buf_by_read(fs, path, bufp, size, off, fi);
	}
	CALL(fs, read_buf, -ENOSYS, path, bufp, size, off, fi);
}

EXPORT int fuse_fs_write(struct fuse_fs *fs, const char *path, const char *buf, size_t size,
			 off_t off, struct fuse_file_info *fi)
{
	if (!fs->op.write && fs->op.write_buf) {
		struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);
		ENTER(fs);

		v.buf[0].mem = (void *)buf;
		return fs->op.write_buf(path, &v, off, fi);
	}
	CALL(fs, write, -ENOSYS, path, buf, size, off, fi);
}

static int buf_by_write(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf, off_t off,
			struct fuse_file_info *fi)
{
	size_t size = fuse_buf_size(buf);
	struct fuse_bufvec flat = FUSE_BUFVEC_INIT(size);
	char *mem CLEANUP_FREE = NULL;
	ssize_t n;

	/* One whole piece of memory needs no copy. */
	if (buf->count == 1 && !buf->idx && !buf->off && !(buf->buf[0].flags & FUSE_BUF_IS_FD))
		return fs->op.write(path, buf->buf[0].mem, size, off, fi);
	if (size > INT_MAX)
		return -EINVAL;
	mem = malloc(size ? size : 1);
	if (!mem)
		return -ENOMEM;
	flat.buf[0].mem = mem;
	n = fuse_buf_copy(&flat, buf, FUSE_BUF_NO_SPLICE);
	return n < 0 ? (int)n : fs->op.write(path, mem, (size_t)n, off, fi);
}

EXPORT int fuse_fs_write_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf,
			     off_t off, struct fuse_file_info *fi)
{
	if (!fs->op.write_buf && fs->op.write) {
		ENTER(fs);
		return buf_by_write(fs, path, buf, off, fi);
	}
	CALL(fs, write_buf, -ENOSYS, path, buf, off, fi);
}
