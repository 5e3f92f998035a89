/*
 * fuse_fs_*() as only FUSE 3 has them. The rest: core/front/stack.c.
 */
#include "fuse3/internal.h"

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

	if (fs->layer)
		fuse_fs_init(fs->layer->below, conn, cfg);
	if (!fs->op.init)
		return;
	ENTER(fs);
	before = ext_in_init(fs);
	fs->user_data = fs->op.init(conn, cfg);
	ext_in_init(before);
}

EXPORT int fuse_fs_getattr(struct fuse_fs *fs, const char *path, struct stat *st,
			   struct fuse_file_info *fi)
{
	CALL(getattr, -ENOSYS, path, st, fi);
}

EXPORT int fuse_fs_rename(struct fuse_fs *fs, const char *oldpath, const char *newpath,
			  unsigned int flags)
{
	CALL_OWN(rename, oldpath, newpath, flags);
	THROUGH_TWO(oldpath, newpath,
		    fuse_fs_rename(fs->layer->below, low.path, low_to.path, flags));
	return -ENOSYS;
}

EXPORT int fuse_fs_chmod(struct fuse_fs *fs, const char *path, mode_t mode,
			 struct fuse_file_info *fi)
{
	CALL(chmod, -ENOSYS, path, mode, fi);
}

EXPORT int fuse_fs_chown(struct fuse_fs *fs, const char *path, uid_t uid, gid_t gid,
			 struct fuse_file_info *fi)
{
	CALL(chown, -ENOSYS, path, uid, gid, fi);
}

EXPORT int fuse_fs_truncate(struct fuse_fs *fs, const char *path, off_t size,
			    struct fuse_file_info *fi)
{
	CALL(truncate, -ENOSYS, path, size, fi);
}

EXPORT int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv,
			   struct fuse_file_info *fi)
{
	CALL(utimens, -ENOSYS, path, tv, fi);
}

/* A reader's fill function behind a built-in module. */
struct layer_filling {
	const struct layer *layer;
	fuse_fill_dir_t filler;
	void *buf;
};

static int fill_mapped(void *buf, const char *name, const struct stat *st, off_t off,
		       enum fuse_fill_dir_flags flags)
{
	struct layer_filling *f = buf;
	MAP_BUF room;

	if (core_layer_name_up(&f->layer->map, &name, &room))
		return 0; /* the module has said so; the others are shown */
	return f->filler(f->buf, name, st, off, flags);
}

EXPORT int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
			   off_t off, struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	struct layer_filling f = {fs->layer, filler, buf};

	CALL_OWN(readdir, path, buf, filler, off, fi, flags);
	THROUGH(path, fuse_fs_readdir(fs->layer->below, low.path, &f, fill_mapped, off, fi, flags));
	return -ENOSYS;
}

EXPORT int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, unsigned int cmd, void *arg,
			 struct fuse_file_info *fi, unsigned int flags, void *data)
{
	CALL(ioctl, -ENOSYS, path, cmd, arg, fi, flags, data);
}

EXPORT ssize_t fuse_fs_copy_file_range(struct fuse_fs *fs, const char *path_in,
				       struct fuse_file_info *fi_in, off_t off_in,
				       const char *path_out, struct fuse_file_info *fi_out,
				       off_t off_out, size_t size, int flags)
{
	CALL_OWN(copy_file_range, path_in, fi_in, off_in, path_out, fi_out, off_out, size, flags);
	THROUGH_TWO(path_in, path_out,
		    fuse_fs_copy_file_range(fs->layer->below, low.path, fi_in, off_in, low_to.path,
					    fi_out, off_out, size, flags));
	return -ENOSYS;
}

EXPORT off_t fuse_fs_lseek(struct fuse_fs *fs, const char *path, off_t off, int whence,
			   struct fuse_file_info *fi)
{
	CALL(lseek, -ENOSYS, path, off, whence, fi);
}

#if FUSE3_ABI >= 4
EXPORT int fuse_fs_statx(struct fuse_fs *fs, const char *path, int flags, int mask,
			 struct statx *stx, struct fuse_file_info *fi)
{
	CALL(statx, -ENOSYS, path, flags, mask, stx, fi);
}
#endif
