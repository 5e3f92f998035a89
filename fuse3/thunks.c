/*
 * The core's path operations as calls on the top of the program's stack of file systems. A table
 * is made once, in fuse_new(); operations the program does not have stay NULL, so that the core
 * does what their absence means.
 */
#include "fuse3/internal.h"

#define TOP(d) (((struct fuse *)(d))->fs)

/* ---- init and destroy ---------------------------------------------------------------------------
 */

static void path_init(void *d, struct core_conn *conn, struct core_fs_config *cfg)
{
	struct fuse *f = d;
	struct fuse_conn_info pub;
	struct fuse_config config = {.modules = f->modules, .debug = f->debug};

	conn_to_public(&pub, conn, f->fs->op.write_buf);
	config_to_public(&config, cfg);
	fuse_fs_init(f->fs, &pub, &config);
	config_from_public(cfg, &config);
	conn_agree(f->se->cs, conn, &pub);
	ext_apply(f, conn, cfg);
}

static void path_destroy(void *d)
{
	struct fuse *f = d;
	struct core_context *ctx = core_context();
	void *before = ctx->fuse;

	ctx->fuse = f;
	fs_end(f->fs); /* freed by fuse_destroy(): another thread may be in an operation yet */
	ctx->fuse = before;
}

/* ---- names --------------------------------------------------------------------------------------
 */

static int path_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	if (core_unlikely(TOP(d)->ext.getattr))
		return ext_getattr(TOP(d), path, st, fi);
	return fuse_fs_getattr(TOP(d), path, &st->st, public_fi(&pub, fi));
}

static int path_readlink(void *d, const char *path, char *buf, size_t size)
{
	return fuse_fs_readlink(TOP(d), path, buf, size);
}

static int path_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	return fuse_fs_mknod(TOP(d), path, mode, dev);
}

static int path_mkdir(void *d, const char *path, mode_t mode)
{
	return fuse_fs_mkdir(TOP(d), path, mode);
}

static int path_unlink(void *d, const char *path)
{
	return fuse_fs_unlink(TOP(d), path);
}

static int path_rmdir(void *d, const char *path)
{
	return fuse_fs_rmdir(TOP(d), path);
}

static int path_symlink(void *d, const char *target, const char *path)
{
	return fuse_fs_symlink(TOP(d), target, path);
}

static int path_rename(void *d, const char *from, const char *to, unsigned flags)
{
	return fuse_fs_rename(TOP(d), from, to, flags);
}

static int path_link(void *d, const char *from, const char *to)
{
	return fuse_fs_link(TOP(d), from, to);
}

static int path_chmod(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_chmod(TOP(d), path, mode, public_fi(&pub, fi));
}

static int path_chown(void *d, const char *path, uid_t uid, gid_t gid, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_chown(TOP(d), path, uid, gid, public_fi(&pub, fi));
}

static int path_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_truncate(TOP(d), path, size, public_fi(&pub, fi));
}

static int path_utimens(void *d, const char *path, const struct timespec tv[2],
			struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_utimens(TOP(d), path, tv, public_fi(&pub, fi));
}

static int path_access(void *d, const char *path, int mask)
{
	return fuse_fs_access(TOP(d), path, mask);
}

static int path_statfs(void *d, const char *path, struct statvfs *stv)
{
	return fuse_fs_statfs(TOP(d), path, stv);
}

static int path_setxattr(void *d, const char *path, const char *name, const char *value,
			 size_t size, int flags)
{
	return fuse_fs_setxattr(TOP(d), path, name, value, size, flags);
}

static int path_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	return fuse_fs_getxattr(TOP(d), path, name, value, size);
}

static int path_listxattr(void *d, const char *path, char *list, size_t size)
{
	return fuse_fs_listxattr(TOP(d), path, list, size);
}

static int path_removexattr(void *d, const char *path, const char *name)
{
	return fuse_fs_removexattr(TOP(d), path, name);
}

static int path_bmap(void *d, const char *path, size_t blocksize, uint64_t *idx)
{
	return fuse_fs_bmap(TOP(d), path, blocksize, idx);
}

/* ---- open files ---------------------------------------------------------------------------------
 */

/* What the program sets in fi counts here, and only here. */
static int path_open(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = fuse_fs_open(TOP(d), path, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

static int path_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = fuse_fs_create(TOP(d), path, mode, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

static int path_opendir(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	int res = fuse_fs_opendir(TOP(d), path, public_fi(&pub, fi));

	fi_from_public(fi, &pub);
	return res;
}

/* Operations of (path, fi) and nothing else. */
#define FI_THUNK(op)                                                                               \
	static int path_##op(void *d, const char *path, struct core_file_info *fi)                 \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		return fuse_fs_##op(TOP(d), path, public_fi(&pub, fi));                            \
	}
FI_THUNK(flush)
FI_THUNK(release)
FI_THUNK(releasedir)

static int path_read(void *d, const char *path, char *buf, size_t size, off_t off,
		     struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_read(TOP(d), path, buf, size, off, public_fi(&pub, fi));
}

static int path_read_buf(void *d, const char *path, struct core_bufvec **bufp, size_t size,
			 off_t off, struct core_file_info *fi)
{
	struct fuse_file_info pub;
	struct fuse_bufvec *v = NULL;
	int res = fuse_fs_read_buf(TOP(d), path, &v, size, off, public_fi(&pub, fi));

	*bufp = bufv_take(v);
	return res;
}

static int path_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		      struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_write(TOP(d), path, buf, size, off, public_fi(&pub, fi));
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
	res = fuse_fs_write_buf(TOP(d), path, v, off, public_fi(&pub, fi));
	bufv_public_end(&form, buf);
	return res;
}

static int path_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_fsync(TOP(d), path, datasync, public_fi(&pub, fi));
}

/* The program's buffer: what called readdir may be a module with a fill function of its own. */
struct filling {
	core_fill_dir fill;
	void *buf;
	int flags; /* if there are attributes */
};

static int fill(void *buf, const char *name, const struct stat *st, off_t off,
		enum fuse_fill_dir_flags flags)
{
	struct filling *f = buf;

	return f->fill(f->buf, name, st, off, st ? (int)flags | f->flags : (int)flags);
}

static int path_readdir(void *d, const char *path, void *buf, core_fill_dir core_fill, off_t off,
			struct core_file_info *fi, int flags)
{
	struct fuse_file_info pub;
	bool complete = TOP(d)->ext_want & AMBIFUSE_CAP_READDIR_PLUS;
	struct filling f = {core_fill, buf, complete ? CORE_FILL_PLUS : 0};

	return fuse_fs_readdir(TOP(d), path, &f, fill, off, public_fi(&pub, fi),
			       (enum fuse_readdir_flags)flags);
}

static int path_fsyncdir(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_fsyncdir(TOP(d), path, datasync, public_fi(&pub, fi));
}

static int path_lock(void *d, const char *path, struct core_file_info *fi, int cmd,
		     struct flock *lock)
{
	struct fuse_file_info pub;

	return fuse_fs_lock(TOP(d), path, public_fi(&pub, fi), cmd, lock);
}

static int path_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	struct fuse_file_info pub;

	return fuse_fs_flock(TOP(d), path, public_fi(&pub, fi), op);
}

static int path_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		      unsigned flags, void *data)
{
	struct fuse_file_info pub;

	return fuse_fs_ioctl(TOP(d), path, cmd, arg, public_fi(&pub, fi), flags, data);
}

static int path_poll(void *d, const char *path, struct core_file_info *fi,
		     struct core_pollhandle *ph, unsigned *revents)
{
	struct fuse_file_info pub;

	return fuse_fs_poll(TOP(d), path, public_fi(&pub, fi), (struct fuse_pollhandle *)ph,
			    revents);
}

static int path_fallocate(void *d, const char *path, int mode, off_t off, off_t len,
			  struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_fallocate(TOP(d), path, mode, off, len, public_fi(&pub, fi));
}

static ssize_t path_copy_file_range(void *d, const char *path_in, struct core_file_info *fi_in,
				    off_t off_in, const char *path_out,
				    struct core_file_info *fi_out, off_t off_out, size_t len,
				    int flags)
{
	struct fuse_file_info in, out;

	return fuse_fs_copy_file_range(TOP(d), path_in, public_fi(&in, fi_in), off_in, path_out,
				       public_fi(&out, fi_out), off_out, len, flags);
}

static off_t path_lseek(void *d, const char *path, off_t off, int whence, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_lseek(TOP(d), path, off, whence, public_fi(&pub, fi));
}

#if FUSE3_ABI >= 4
static int path_statx(void *d, const char *path, int flags, int mask, struct statx *stx,
		      struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return fuse_fs_statx(TOP(d), path, flags, mask, stx, public_fi(&pub, fi));
}
#endif

/* ---- the table ----------------------------------------------------------------------------------
 */

/* init and destroy are always there: they also end the stack. */
#if FUSE3_ABI >= 4
#define PATH_OPS_318(F) F(statx)
#else
#define PATH_OPS_318(F)
#endif
#define PATH_OPS(F)                                                                                \
	F(getattr)                                                                                 \
	F(readlink)                                                                                \
	F(mknod)                                                                                   \
	F(mkdir)                                                                                   \
	F(unlink) F(rmdir) F(symlink) F(rename) F(link) F(chmod) F(chown) F(truncate) F(open)      \
		F(read) F(write) F(statfs) F(flush) F(release) F(fsync) F(setxattr) F(getxattr)    \
			F(listxattr) F(removexattr) F(opendir) F(readdir) F(releasedir)            \
				F(fsyncdir) F(access) F(create) F(lock) F(utimens) F(bmap)         \
					F(ioctl) F(poll) F(write_buf) F(read_buf) F(flock)         \
						F(fallocate) F(copy_file_range) F(lseek)           \
							PATH_OPS_318(F)

#define PATH_COUNT(op) +1
_Static_assert(sizeof(struct fuse_operations) == (2 PATH_OPS(PATH_COUNT)) * sizeof(void (*)(void)),
	       "every operation has its thunk");
#undef PATH_COUNT

void thunks_make(const struct fuse_operations *op, struct core_fs_ops *out)
{
	memset(out, 0, sizeof(*out));
	out->init = path_init;
	out->destroy = path_destroy;
#define PATH_SET(name)                                                                             \
	if (op->name)                                                                              \
		out->name = path_##name;
	PATH_OPS(PATH_SET)
#undef PATH_SET
	ext_thunks(out);
}
