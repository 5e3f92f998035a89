/*
 * The core's path operations as the program's: of the top of its stack of file systems.
 */
#include "internal.h"

/* ---- names --------------------------------------------------------------------------------------
 */

static int path_readlink(void *d, const char *path, char *buf, size_t size)
{
	return TOP(readlink, path, buf, size);
}

static int path_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	return TOP(mknod, path, mode, dev);
}

static int path_mkdir(void *d, const char *path, mode_t mode)
{
	return TOP(mkdir, path, mode);
}

static int path_unlink(void *d, const char *path)
{
	return TOP(unlink, path);
}

static int path_rmdir(void *d, const char *path)
{
	return TOP(rmdir, path);
}

static int path_symlink(void *d, const char *target, const char *path)
{
	return TOP(symlink, target, path);
}

static int path_link(void *d, const char *from, const char *to)
{
	return TOP(link, from, to);
}

static int path_access(void *d, const char *path, int mask)
{
	return TOP(access, path, mask);
}

static int path_setxattr(void *d, const char *path, const char *name, const char *value,
			 size_t size, int flags)
{
	return TOP(setxattr, path, name, value, size, flags);
}

static int path_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	return TOP(getxattr, path, name, value, size);
}

static int path_listxattr(void *d, const char *path, char *list, size_t size)
{
	return TOP(listxattr, path, list, size);
}

static int path_removexattr(void *d, const char *path, const char *name)
{
	return TOP(removexattr, path, name);
}

static int path_bmap(void *d, const char *path, size_t blocksize, uint64_t *idx)
{
	return TOP(bmap, path, blocksize, idx);
}

/* ---- open files ---------------------------------------------------------------------------------
 */

/* What the program sets in fi counts here, and only here. */
static int path_open(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = TOP(open, path, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

static int path_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = TOP(create, path, mode, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

static int path_opendir(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = TOP(opendir, path, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

/* Operations of (path, fi) and nothing else. */
#define FI_THUNK(op)                                                                               \
	static int path_##op(void *d, const char *path, struct core_file_info *fi)                 \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		return TOP(op, path, public_fi(&pub, fi));                                         \
	}
FI_THUNK(flush)
FI_THUNK(release)
FI_THUNK(releasedir)

static int path_read(void *d, const char *path, char *buf, size_t size, off_t off,
		     struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(read, path, buf, size, off, public_fi(&pub, fi));
}

static int path_read_buf(void *d, const char *path, struct core_bufvec **bufp, size_t size,
			 off_t off, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	struct fuse_bufvec *v = NULL;
	int res = TOP(read_buf, path, &v, size, off, public_fi(&pub, fi));

	*bufp = bufv_take(v);
	return res;
}

static int path_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		      struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(write, path, buf, size, off, public_fi(&pub, fi));
}

static int path_write_buf(void *d, const char *path, struct core_bufvec *buf, off_t off,
			  struct core_file_info *fi)
{
	struct fuse_file_info pub;
	struct bufv_public_form form;
	struct fuse_bufvec *v = bufv_public_begin(&form, buf);
	int res;

	if (!v)
		return -ENOMEM;
	res = TOP(write_buf, path, v, off, public_fi(&pub, fi));
	bufv_public_end(&form, buf);
	return res;
}

static int path_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(fsync, path, datasync, public_fi(&pub, fi));
}

static int path_fsyncdir(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(fsyncdir, path, datasync, public_fi(&pub, fi));
}

static int path_lock(void *d, const char *path, struct core_file_info *fi, int cmd,
		     struct flock *lock)
{
	struct fuse_file_info pub;

	return TOP(lock, path, public_fi(&pub, fi), cmd, lock);
}

static int path_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	struct fuse_file_info pub;

	return TOP(flock, path, public_fi(&pub, fi), op);
}

static int path_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		      unsigned flags, void *data)
{
	struct fuse_file_info pub;

	return TOP(ioctl, path, cmd, arg, public_fi(&pub, fi), flags, data);
}

static int path_poll(void *d, const char *path, struct core_file_info *fi,
		     struct core_pollhandle *ph, unsigned *revents)
{
	struct fuse_file_info pub;

	return TOP(poll, path, public_fi(&pub, fi), (struct fuse_pollhandle *)ph, revents);
}

static int path_fallocate(void *d, const char *path, int mode, off_t off, off_t len,
			  struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(fallocate, path, mode, off, len, public_fi(&pub, fi));
}

/* ---- the table ----------------------------------------------------------------------------------
 */

void thunks_common(const struct fuse_operations *op, struct core_fs_ops *out)
{
	memset(out, 0, sizeof(*out));
#define PATH_SET(name)                                                                             \
	if (op->name)                                                                              \
		out->name = path_##name;
	PATH_COMMON(PATH_SET)
#undef PATH_SET
}
