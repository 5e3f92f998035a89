/*
 * fuse_fs_*() as only FUSE 2 has them: without a handle beside the path, or with one in a function
 * of its own; and the operations that older programs have instead. The rest: core/front/stack.c.
 */
#include "internal.h"

#include <utime.h>

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

	THROUGH(path, fuse_fs_fgetattr(fs->layer->below, low.path, buf, fi));
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
	CALL_OWN(rename, oldpath, newpath);
	THROUGH_TWO(oldpath, newpath, fuse_fs_rename(fs->layer->below, low.path, low_to.path));
	return -ENOSYS;
}

/* ---- directories --------------------------------------------------------------------------------
 */

struct fuse_dirhandle {
	void *buf;
	fuse_fill_dir_t filler;
};

static int fill_getdir(fuse_dirh_t h, const char *name, int type, ino_t ino)
{
	struct stat st = { .st_mode = (mode_t)type << 12, .st_ino = ino };

	return h->filler(h->buf, name, &st, 0);
}

/* A reader's fill function behind a built-in module. */
struct layer_filling {
	const struct layer *layer;
	fuse_fill_dir_t filler;
	void *buf;
};

static int fill_mapped(void *buf, const char *name, const struct stat *st, off_t off)
{
	struct layer_filling *f = buf;
	MAP_BUF room;

	if (core_layer_name_up(&f->layer->map, &name, &room))
		return 0; /* the module has said so; the others are shown */
	return f->filler(f->buf, name, st, off);
}

EXPORT int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
			   off_t off, struct fuse_file_info *fi)
{
	struct layer_filling f = {fs->layer, filler, buf};
	struct fuse_dirhandle h = {buf, filler};

	CALL_OWN(readdir, path, buf, filler, off, fi);
	THROUGH(path, fuse_fs_readdir(fs->layer->below, low.path, &f, fill_mapped, off, fi));
	ENTER(fs);
	return fs->op.getdir ? fs->op.getdir(path, &h, fill_getdir) : -ENOSYS;
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
	CALL_OWN(ftruncate, path, size, fi);
	THROUGH(path, fuse_fs_ftruncate(fs->layer->below, low.path, size, fi));
	ENTER(fs);
	return fs->op.truncate ? fs->op.truncate(path, size) : -ENOSYS;
}

EXPORT int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv)
{
	struct utimbuf ut;

	CALL_OWN(utimens, path, tv);
	THROUGH(path, fuse_fs_utimens(fs->layer->below, low.path, tv));
	if (!fs->op.utime)
		return -ENOSYS;
	ENTER(fs);
	ut.actime = tv[0].tv_sec;
	ut.modtime = tv[1].tv_sec;
	return fs->op.utime(path, &ut);
}

EXPORT int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, int cmd, void *arg,
			 struct fuse_file_info *fi, unsigned int flags, void *data)
{
	CALL(ioctl, -ENOSYS, path, cmd, arg, fi, flags, data);
}

EXPORT void fuse_fs_init(struct fuse_fs *fs, struct fuse_conn_info *conn)
{
	struct fuse_fs *before;

	if (fs->layer)
		fuse_fs_init(fs->layer->below, conn);
	if (!fs->op.init)
		return;
	ENTER(fs);
	before = ext_init_begin(fs, conn);
	fs->user_data = fs->op.init(conn);
	ext_init_end(fs, before, conn);
}
