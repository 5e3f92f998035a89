/*
 * Extensions: <ambifuse.h>.
 */
#include "fuse3/internal.h"

#define EXT_OPS(d)   (((struct fuse *)(d))->fs->ext)
#define EXT_ENTER(d) ENTER(((struct fuse *)(d))->fs)
#define EXT_FI(fi)   public_fi(&(struct fuse_file_info){0}, fi)

#include "core/fs/ext_front.h"

static _Thread_local struct fuse_fs *in_init; /* whose init this thread runs */

struct fuse_fs *ext_init_begin(struct fuse_fs *fs)
{
	struct fuse_fs *before = in_init;

	in_init = fs;
	return before;
}

void ext_init_end(struct fuse_fs *before)
{
	in_init = before;
}

void ext_thunks(struct core_fs_ops *out)
{
	ext_set_all(out);
}

void ext_apply(struct fuse *f, struct core_conn *conn, struct core_fs_config *cfg)
{
	ext_configure(f, f->fs->ext_want, conn, cfg);
}

int ext_getattr(struct fuse_fs *fs, const char *path, struct core_stat *st,
		const struct core_file_info *fi)
{
	ENTER(fs);
	return fs->ext.getattr(path, (struct ambifuse_stat *)st, EXT_FI(fi));
}

/* ---- <ambifuse.h> -------------------------------------------------------------------------------
 */

EXPORT unsigned int ambifuse3_features(void);
EXPORT int ambifuse3_register(const struct ambifuse_operations *op, size_t op_size,
			      unsigned int want);
EXPORT int ambifuse3_notify(struct fuse *f, const char *path, unsigned int action);
EXPORT int ambifuse3_passthrough(struct fuse_file_info *fi, int fd);

unsigned int ambifuse3_features(void)
{
	return EXT_ALL_CAPS;
}

int ambifuse3_register(const struct ambifuse_operations *op, size_t op_size, unsigned int want)
{
	return in_init ? ext_register(&in_init->ext, &in_init->ext_want, false, op, op_size, want)
		       : -EINVAL;
}

int ambifuse3_notify(struct fuse *f, const char *path, unsigned int action)
{
	return core_fs_notify(f->core, path, action);
}

int ambifuse3_passthrough(struct fuse_file_info *fi, int fd)
{
	(void)fi;
	return core_fs_passthrough(fd);
}
