/*
 * The core's path operations as calls on the top of the program's stack of file systems, as only
 * FUSE 3 has them. The rest: core/front/thunks.c. A table is made once, in fuse_new(); operations the
 * program does not have stay NULL, so that the core does what their absence means.
 */
#include "fuse3/internal.h"

/* ---- init and destroy ---------------------------------------------------------------------------
 */

static void path_init(void *d, struct core_conn *conn, struct core_fs_config *cfg)
{
	struct fuse *f = d;
	struct fuse_conn_info pub;
	struct fuse_config config = {.modules = f->modules, .debug = f->debug};

	conn_offer(&pub, conn, f->fs->op.write_buf);
	config_to_public(&config, cfg);
	fuse_fs_init(f->fs, &pub, &config);
	config_from_public(cfg, &config);
	conn_agree(f->se->cs, conn, &pub);
	ext_apply(f, conn, cfg);
}

static void path_destroy(void *d)
{
	struct fuse *f = d;

	f->ended = true;
	fs_end(f->fs); /* freed by fuse_destroy(): another thread may be in an operation yet */
}

/* ---- operations ---------------------------------------------------------------------------------
 */

static int path_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	if (core_unlikely(top_of(d)->ext.getattr))
		return top_of(d)->ext.getattr(path, (struct ambifuse_stat *)st,
					      public_fi(&pub, fi));
	return TOP(getattr, path, &st->st, public_fi(&pub, fi));
}

static int path_rename(void *d, const char *from, const char *to, unsigned flags)
{
	return TOP(rename, from, to, flags);
}

static int path_chmod(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(chmod, path, mode, public_fi(&pub, fi));
}

static int path_chown(void *d, const char *path, uid_t uid, gid_t gid, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(chown, path, uid, gid, public_fi(&pub, fi));
}

static int path_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(truncate, path, size, public_fi(&pub, fi));
}

static int path_utimens(void *d, const char *path, const struct timespec tv[2],
			struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(utimens, path, tv, public_fi(&pub, fi));
}

static int path_statfs(void *d, const char *path, struct statvfs *stv)
{
	return TOP(statfs, path, stv);
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
	bool complete = top_of(d)->ext_want & AMBIFUSE_CAP_READDIR_PLUS;
	struct filling f = {core_fill, buf, complete ? CORE_FILL_PLUS : 0};

	return TOP(readdir, path, &f, fill, off, public_fi(&pub, fi),
		   (enum fuse_readdir_flags)flags);
}

static ssize_t path_copy_file_range(void *d, const char *path_in, struct core_file_info *fi_in,
				    off_t off_in, const char *path_out,
				    struct core_file_info *fi_out, off_t off_out, size_t len,
				    int flags)
{
	struct fuse_file_info in, out;

	return TOP(copy_file_range, path_in, public_fi(&in, fi_in), off_in, path_out,
		   public_fi(&out, fi_out), off_out, len, flags);
}

static off_t path_lseek(void *d, const char *path, off_t off, int whence, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(lseek, path, off, whence, public_fi(&pub, fi));
}

#if FUSE3_ABI >= 4
static int path_statx(void *d, const char *path, int flags, int mask, struct statx *stx,
		      struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return TOP(statx, path, flags, mask, stx, public_fi(&pub, fi));
}
#endif

/* ---- the table ----------------------------------------------------------------------------------
 */

#if FUSE3_ABI >= 4
#define PATH_OPS_318(F) F(statx)
#else
#define PATH_OPS_318(F)
#endif
#define PATH_OPS(F)                                                                                \
	F(getattr)                                                                                 \
	F(rename) F(chmod) F(chown) F(truncate) F(utimens) F(statfs) F(readdir) F(copy_file_range) \
		F(lseek) PATH_OPS_318(F)

#define PATH_COUNT(op) +1
_Static_assert(sizeof(struct fuse_operations) ==
		       (2 PATH_COMMON(PATH_COUNT) PATH_OPS(PATH_COUNT)) * sizeof(void (*)(void)),
	       "every operation has its thunk");
#undef PATH_COUNT

void thunks_make(const struct fuse_operations *op, struct core_fs_ops *out)
{
	thunks_common(op, out);
	/* always there: they also end the stack */
	out->init = path_init;
	out->destroy = path_destroy;
#define PATH_SET(name)                                                                             \
	if (op->name)                                                                              \
		out->name = path_##name;
	PATH_OPS(PATH_SET)
#undef PATH_SET
	ext_thunks(out);
}
