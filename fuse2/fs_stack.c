/*
 * fuse_fs_*: calling one file system from another (stacking). Each sets the context's
 * private_data to that of the file system called, then calls its operation; an operation that is
 * absent gives -ENOSYS, or what its absence means to the path API.
 */
#include "internal.h"

#include <utime.h>

_Thread_local unsigned fs_depth;

/* The context's private_data is this file system's while its operation runs, then as before. */
struct entered {
	struct core_context *ctx;
	void *before;
};

static inline struct entered enter(struct fuse_fs *fs)
{
	struct core_context *ctx = core_context();
	struct entered e = { ctx, ctx->private_data };

	ctx->private_data = fs->user_data;
	fs_depth++;
	return e;
}

static inline void leave(struct entered *e)
{
	fs_depth--;
	e->ctx->private_data = e->before;
}

/* The rest of the scope runs in fs. */
#define ENTER(fs) struct entered in_ __attribute__((cleanup(leave), unused)) = enter(fs)

#define CALL(name_, absent_, ...)                                                                  \
	do {                                                                                       \
		ENTER(fs);                                                                         \
		return fs->op.name_ ? fs->op.name_(__VA_ARGS__) : (absent_);                       \
	} while (0)

EXPORT struct fuse_fs *fuse_fs_new(const struct fuse_operations *op, size_t op_size,
				   void *user_data)
{
	struct fuse_fs *fs = calloc(1, sizeof(*fs));

	if (!fs) {
		core_err("out of memory for a file system\n");
		return NULL;
	}
	copy_ops(&fs->op, op, op_size);
	fs->user_data = user_data;
	ext_from_table(fs, op_size);
	return fs;
}

void fs_free(struct fuse_fs *fs)
{
	struct module_so *so = fs->so;

	free(fs);
	module_so_put(so);
}

EXPORT int fuse_fs_getattr(struct fuse_fs *fs, const char *path, struct stat *buf)
{
	return fuse_fs_fgetattr(fs, path, buf, NULL);
}
EXPORT int fuse_fs_fgetattr(struct fuse_fs *fs, const char *path, struct stat *buf,
			    struct fuse_file_info *fi)
{
	struct core_stat big;
	struct stat *st = buf;
	int res = -ENOSYS;

	ENTER(fs);
	/* Such a program fills in more than the caller has room for. */
	if (fs->tail_stat) {
		memset(&big, 0, sizeof(big));
		st = &big.st;
	}
	if (fi && fs->op.fgetattr)
		res = fs->op.fgetattr(path, st, fi);
	else if (fs->op.getattr)
		res = fs->op.getattr(path, st);
	if (fs->tail_stat)
		*buf = *st;
	return res;
}
EXPORT int fuse_fs_rename(struct fuse_fs *fs, const char *oldpath, const char *newpath)
{
	CALL(rename, -ENOSYS, oldpath, newpath);
}
EXPORT int fuse_fs_unlink(struct fuse_fs *fs, const char *path)
{
	CALL(unlink, -ENOSYS, path);
}
EXPORT int fuse_fs_rmdir(struct fuse_fs *fs, const char *path)
{
	CALL(rmdir, -ENOSYS, path);
}
EXPORT int fuse_fs_symlink(struct fuse_fs *fs, const char *linkname, const char *path)
{
	CALL(symlink, -ENOSYS, linkname, path);
}
EXPORT int fuse_fs_link(struct fuse_fs *fs, const char *oldpath, const char *newpath)
{
	CALL(link, -ENOSYS, oldpath, newpath);
}
EXPORT int fuse_fs_release(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(release, 0, path, fi);
}
EXPORT int fuse_fs_open(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(open, 0, path, fi);
}
EXPORT int fuse_fs_write(struct fuse_fs *fs, const char *path, const char *buf, size_t size,
			 off_t off, struct fuse_file_info *fi)
{
	CALL(write, -ENOSYS, path, buf, size, off, fi);
}
EXPORT int fuse_fs_flush(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(flush, -ENOSYS, path, fi);
}
EXPORT int fuse_fs_statfs(struct fuse_fs *fs, const char *path, struct statvfs *buf)
{
	ENTER(fs);
	if (fs->op.statfs)
		return fs->op.statfs(path, buf);
	buf->f_namemax = 255;
	buf->f_bsize = 512;
	return 0;
}
EXPORT int fuse_fs_opendir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(opendir, 0, path, fi);
}

struct fuse_dirhandle {
	void *buf;
	fuse_fill_dir_t filler;
};

static int fill_getdir(fuse_dirh_t h, const char *name, int type, ino_t ino)
{
	struct stat st = { .st_mode = (mode_t)type << 12, .st_ino = ino };

	return h->filler(h->buf, name, &st, 0);
}

EXPORT int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
			   off_t off, struct fuse_file_info *fi)
{
	struct fuse_dirhandle h = { buf, filler };

	ENTER(fs);
	if (fs->op.readdir)
		return fs->op.readdir(path, buf, filler, off, fi);
	return fs->op.getdir ? fs->op.getdir(path, &h, fill_getdir) : -ENOSYS;
}
EXPORT int fuse_fs_fsyncdir(struct fuse_fs *fs, const char *path, int datasync,
			    struct fuse_file_info *fi)
{
	CALL(fsyncdir, -ENOSYS, path, datasync, fi);
}
EXPORT int fuse_fs_releasedir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(releasedir, 0, path, fi);
}
EXPORT int fuse_fs_create(struct fuse_fs *fs, const char *path, mode_t mode,
			  struct fuse_file_info *fi)
{
	CALL(create, -ENOSYS, path, mode, fi);
}
EXPORT int fuse_fs_lock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int cmd,
			struct flock *lock)
{
	CALL(lock, -ENOSYS, path, fi, cmd, lock);
}
EXPORT int fuse_fs_flock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int op)
{
	CALL(flock, -ENOSYS, path, fi, op);
}
EXPORT int fuse_fs_chmod(struct fuse_fs *fs, const char *path, mode_t mode)
{
	CALL(chmod, -ENOSYS, path, mode);
}
EXPORT int fuse_fs_chown(struct fuse_fs *fs, const char *path, uid_t uid, gid_t gid)
{
	CALL(chown, -ENOSYS, path, uid, gid);
}
EXPORT int fuse_fs_truncate(struct fuse_fs *fs, const char *path, off_t size)
{
	CALL(truncate, -ENOSYS, path, size);
}
EXPORT int fuse_fs_ftruncate(struct fuse_fs *fs, const char *path, off_t size,
			     struct fuse_file_info *fi)
{
	ENTER(fs);
	if (fs->op.ftruncate)
		return fs->op.ftruncate(path, size, fi);
	return fs->op.truncate ? fs->op.truncate(path, size) : -ENOSYS;
}
EXPORT int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv)
{
	struct utimbuf ut;

	ENTER(fs);
	if (fs->op.utimens)
		return fs->op.utimens(path, tv);
	if (!fs->op.utime)
		return -ENOSYS;
	ut.actime = tv[0].tv_sec;
	ut.modtime = tv[1].tv_sec;
	return fs->op.utime(path, &ut);
}
EXPORT int fuse_fs_access(struct fuse_fs *fs, const char *path, int mask)
{
	CALL(access, -ENOSYS, path, mask);
}
EXPORT int fuse_fs_readlink(struct fuse_fs *fs, const char *path, char *buf, size_t len)
{
	CALL(readlink, -ENOSYS, path, buf, len);
}
EXPORT int fuse_fs_mknod(struct fuse_fs *fs, const char *path, mode_t mode, dev_t rdev)
{
	CALL(mknod, -ENOSYS, path, mode, rdev);
}
EXPORT int fuse_fs_mkdir(struct fuse_fs *fs, const char *path, mode_t mode)
{
	CALL(mkdir, -ENOSYS, path, mode);
}
EXPORT int fuse_fs_fsync(struct fuse_fs *fs, const char *path, int datasync,
			 struct fuse_file_info *fi)
{
	CALL(fsync, -ENOSYS, path, datasync, fi);
}
EXPORT int fuse_fs_setxattr(struct fuse_fs *fs, const char *path, const char *name,
			    const char *value, size_t size, int flags)
{
	CALL(setxattr, -ENOSYS, path, name, value, size, flags);
}
EXPORT int fuse_fs_getxattr(struct fuse_fs *fs, const char *path, const char *name, char *value,
			    size_t size)
{
	CALL(getxattr, -ENOSYS, path, name, value, size);
}
EXPORT int fuse_fs_listxattr(struct fuse_fs *fs, const char *path, char *list, size_t size)
{
	CALL(listxattr, -ENOSYS, path, list, size);
}
EXPORT int fuse_fs_removexattr(struct fuse_fs *fs, const char *path, const char *name)
{
	CALL(removexattr, -ENOSYS, path, name);
}
EXPORT int fuse_fs_bmap(struct fuse_fs *fs, const char *path, size_t blocksize, uint64_t *idx)
{
	CALL(bmap, -ENOSYS, path, blocksize, idx);
}
EXPORT int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, int cmd, void *arg,
			 struct fuse_file_info *fi, unsigned int flags, void *data)
{
	CALL(ioctl, -ENOSYS, path, cmd, arg, fi, flags, data);
}
EXPORT int fuse_fs_poll(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi,
			struct fuse_pollhandle *ph, unsigned *reventsp)
{
	CALL(poll, -ENOSYS, path, fi, ph, reventsp);
}
EXPORT int fuse_fs_fallocate(struct fuse_fs *fs, const char *path, int mode, off_t offset,
			     off_t length, struct fuse_file_info *fi)
{
	CALL(fallocate, -ENOSYS, path, mode, offset, length, fi);
}

/* One piece of memory (malloc'ed, the caller frees it) where the file system only has read. */
static int read_into_memory(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp,
			    size_t size, off_t off, struct fuse_file_info *fi)
{
	struct fuse_bufvec *v = calloc(1, sizeof(*v));
	void *mem = v ? malloc(size ? size : 1) : NULL;
	int res;

	if (!mem) {
		free(v);
		return -ENOMEM;
	}
	*v = FUSE_BUFVEC_INIT(size);
	v->buf[0].mem = mem;
	*bufp = v;
	res = fs->op.read(path, mem, size, off, fi);
	if (res >= 0)
		v->buf[0].size = (size_t)res;
	return res < 0 ? res : 0;
}

EXPORT int fuse_fs_read_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp,
			    size_t size, off_t off, struct fuse_file_info *fi)
{
	ENTER(fs);
	if (fs->op.read_buf)
		return fs->op.read_buf(path, bufp, size, off, fi);
	return fs->op.read ? read_into_memory(fs, path, bufp, size, off, fi) : -ENOSYS;
}

EXPORT int fuse_fs_read(struct fuse_fs *fs, const char *path, char *mem, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	struct fuse_bufvec dst = FUSE_BUFVEC_INIT(size), *src = NULL;
	int res;

	ENTER(fs);
	if (fs->op.read)
		return fs->op.read(path, mem, size, off, fi);
	if (!fs->op.read_buf)
		return -ENOSYS;
	res = fs->op.read_buf(path, &src, size, off, fi);
	if (res >= 0 && src) {
		dst.buf[0].mem = mem;
		res = (int)fuse_buf_copy(&dst, src, (enum fuse_buf_copy_flags)0);
	}
	for (size_t i = 0; src && i < src->count; i++)
		if (!(src->buf[i].flags & FUSE_BUF_IS_FD))
			free(src->buf[i].mem);
	free(src);
	return res;
}

EXPORT int fuse_fs_write_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf,
			     off_t off, struct fuse_file_info *fi)
{
	size_t size = fuse_buf_size(buf);
	struct fuse_bufvec flat = FUSE_BUFVEC_INIT(size);
	void *copy CLEANUP_FREE = NULL;
	ssize_t res;

	ENTER(fs);
	if (fs->op.write_buf)
		return fs->op.write_buf(path, buf, off, fi);
	if (!fs->op.write)
		return -ENOSYS;
	if (buf->count == 1 && !(buf->buf[0].flags & FUSE_BUF_IS_FD))
		return fs->op.write(path, (char *)buf->buf[0].mem + buf->off, size - buf->off, off,
				    fi);
	copy = malloc(size ? size : 1);
	if (!copy)
		return -ENOMEM;
	flat.buf[0].mem = copy;
	res = fuse_buf_copy(&flat, buf, (enum fuse_buf_copy_flags)0);
	return res <= 0 ? (int)res : fs->op.write(path, copy, (size_t)res, off, fi);
}

EXPORT void fuse_fs_init(struct fuse_fs *fs, struct fuse_conn_info *conn)
{
	struct fuse_fs *before;

	ENTER(fs);
	if (!fs->op.init)
		return;
	before = ext_init_begin(fs, conn);
	fs->user_data = fs->op.init(conn);
	ext_init_end(fs, before, conn);
}

EXPORT void fuse_fs_destroy(struct fuse_fs *fs)
{
	ENTER(fs);
	if (fs->op.destroy)
		fs->op.destroy(fs->user_data);
	fs_free(fs);
}
