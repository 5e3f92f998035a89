/*
 * fuse_fs_*(): calling an operation of a file system on the stack, with its private_data in the
 * context. Modules use them on what is below them. An operation that is absent gives -ENOSYS, or
 * what its absence means to the path API.
 */
#include "internal.h"

#include <limits.h>

_Thread_local unsigned fs_depth;

/* ---- life ---------------------------------------------------------------------------------------
 */

void fs_free(struct fuse_fs *fs)
{
	struct module_so *so = fs->so;

	layer_free(fs->layer);
	free(fs);
	module_so_put(so);
}

void fs_end(struct fuse_fs *fs)
{
	if (fs->layer)
		fuse_fs_destroy(fs->layer->below);
	if (!fs->op.destroy)
		return;
	ENTER(fs);
	fs->op.destroy(fs->user_data);
}

EXPORT void fuse_fs_destroy(struct fuse_fs *fs)
{
	fs_end(fs);
	fs_free(fs);
}

void stack_free(struct fuse *f)
{
	if (!f->fs)
		return;
	if (f->ended) {
		fs_free(f->fs);
		return;
	}
	f->own->op.destroy = NULL;
	fuse_fs_destroy(f->fs);
}

/* ---- names --------------------------------------------------------------------------------------
 */

EXPORT int fuse_fs_readlink(struct fuse_fs *fs, const char *path, char *buf, size_t size)
{
	CALL_OWN(readlink, path, buf, size);
	if (fs->layer) {
		LOW_PATH(low, path);
		int res =
			low.err ? low.err : fuse_fs_readlink(fs->layer->below, low.path, buf, size);

		return res ? res : core_layer_target_up(&fs->layer->map, path, buf, size);
	}
	return -ENOSYS;
}

EXPORT int fuse_fs_mknod(struct fuse_fs *fs, const char *path, mode_t mode, dev_t dev)
{
	CALL(mknod, -ENOSYS, path, mode, dev);
}

EXPORT int fuse_fs_mkdir(struct fuse_fs *fs, const char *path, mode_t mode)
{
	CALL(mkdir, -ENOSYS, path, mode);
}

EXPORT int fuse_fs_unlink(struct fuse_fs *fs, const char *path)
{
	CALL(unlink, -ENOSYS, path);
}

EXPORT int fuse_fs_rmdir(struct fuse_fs *fs, const char *path)
{
	CALL(rmdir, -ENOSYS, path);
}

EXPORT int fuse_fs_symlink(struct fuse_fs *fs, const char *target, const char *path)
{
	CALL_OWN(symlink, target, path);
	if (fs->layer) {
		LOW_PATH(low, path);
		MAP_BUF room;
		int res = core_layer_target_down(&fs->layer->map, &target, &room);

		return low.err ? low.err
		       : res   ? res
			       : fuse_fs_symlink(fs->layer->below, target, low.path);
	}
	return -ENOSYS;
}

EXPORT int fuse_fs_link(struct fuse_fs *fs, const char *oldpath, const char *newpath)
{
	CALL_OWN(link, oldpath, newpath);
	THROUGH_TWO(oldpath, newpath, fuse_fs_link(fs->layer->below, low.path, low_to.path));
	return -ENOSYS;
}

EXPORT int fuse_fs_access(struct fuse_fs *fs, const char *path, int mask)
{
	CALL(access, -ENOSYS, path, mask);
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

static int default_statfs(struct statvfs *st)
{
	st->f_namemax = 255;
	st->f_bsize = 512;
	return 0;
}

EXPORT int fuse_fs_statfs(struct fuse_fs *fs, const char *path, struct statvfs *st)
{
	CALL(statfs, default_statfs(st), path, st);
}

/* ---- open files ---------------------------------------------------------------------------------
 */

EXPORT int fuse_fs_open(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(open, 0, path, fi);
}

EXPORT int fuse_fs_create(struct fuse_fs *fs, const char *path, mode_t mode,
			  struct fuse_file_info *fi)
{
	CALL(create, -ENOSYS, path, mode, fi);
}

EXPORT int fuse_fs_flush(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(flush, -ENOSYS, path, fi);
}

EXPORT int fuse_fs_release(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(release, 0, path, fi);
}

EXPORT int fuse_fs_fsync(struct fuse_fs *fs, const char *path, int datasync,
			 struct fuse_file_info *fi)
{
	CALL(fsync, -ENOSYS, path, datasync, fi);
}

EXPORT int fuse_fs_opendir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(opendir, 0, path, fi);
}

EXPORT int fuse_fs_releasedir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi)
{
	CALL(releasedir, 0, path, fi);
}

EXPORT int fuse_fs_fsyncdir(struct fuse_fs *fs, const char *path, int datasync,
			    struct fuse_file_info *fi)
{
	CALL(fsyncdir, -ENOSYS, path, datasync, fi);
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

EXPORT int fuse_fs_poll(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi,
			struct fuse_pollhandle *ph, unsigned *revents)
{
	int res = -ENOSYS;

	CALL_OWN(poll, path, fi, ph, revents);
	if (fs->layer) {
		LOW_PATH(low, path);

		if (!low.err)
			return fuse_fs_poll(fs->layer->below, low.path, fi, ph, revents);
		res = low.err;
	}
	fuse_pollhandle_destroy(ph); /* the operation's to keep; there is none */
	return res;
}

EXPORT int fuse_fs_fallocate(struct fuse_fs *fs, const char *path, int mode, off_t off, off_t len,
			     struct fuse_file_info *fi)
{
	CALL(fallocate, -ENOSYS, path, mode, off, len, fi);
}

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
	ssize_t res;

	ENTER(fs);
	res = fs->op.read_buf(path, &src, size, off, fi);
	if (res >= 0 && src) {
		dst.buf[0].mem = buf;
		res = fuse_buf_copy(&dst, src, FUSE_BUF_NO_SPLICE);
	}
	free_bufv(src);
	return (int)res;
}

EXPORT int fuse_fs_read(struct fuse_fs *fs, const char *path, char *buf, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	if (!fs->op.read && fs->op.read_buf)
		return read_by_buf(fs, path, buf, size, off, fi);
	CALL(read, -ENOSYS, path, buf, size, off, fi);
}

static int buf_by_read(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp, size_t size,
		       off_t off, struct fuse_file_info *fi)
{
	struct fuse_bufvec *v = malloc(sizeof(*v));
	void *mem = malloc(size ? size : 1);
	int res = -ENOMEM;

	ENTER(fs);
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
	if (!fs->op.read_buf && fs->op.read)
		return buf_by_read(fs, path, bufp, size, off, fi);
	CALL(read_buf, -ENOSYS, path, bufp, size, off, fi);
}

static int write_by_buf(struct fuse_fs *fs, const char *path, const char *buf, size_t size,
			off_t off, struct fuse_file_info *fi)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);

	ENTER(fs);
	v.buf[0].mem = (void *)buf;
	return fs->op.write_buf(path, &v, off, fi);
}

EXPORT int fuse_fs_write(struct fuse_fs *fs, const char *path, const char *buf, size_t size,
			 off_t off, struct fuse_file_info *fi)
{
	if (!fs->op.write && fs->op.write_buf)
		return write_by_buf(fs, path, buf, size, off, fi);
	CALL(write, -ENOSYS, path, buf, size, off, fi);
}

static int buf_by_write(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf, off_t off,
			struct fuse_file_info *fi)
{
	size_t size = fuse_buf_size(buf);
	struct fuse_bufvec flat = FUSE_BUFVEC_INIT(size);
	char *mem CLEANUP_FREE = NULL;
	ssize_t n;

	ENTER(fs);
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
	if (!fs->op.write_buf && fs->op.write)
		return buf_by_write(fs, path, buf, off, fi);
	CALL(write_buf, -ENOSYS, path, buf, off, fi);
}
