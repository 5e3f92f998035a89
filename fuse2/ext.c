/*
 * Extensions: the end of a program's table of operations, as WinFsp and macFUSE have it, and
 * <ambifuse.h>.
 */
#include "internal.h"

#define EXT_OPS(d)   (((struct fuse *)(d))->fs->ext)
#define EXT_ENTER(d) ((void)0)
#define EXT_FI(fi)   public_fi(&(struct fuse_file_info){0}, fi)

#include "core/fs/ext_front.h"

_Static_assert(sizeof(struct fuse_stat_ex) == sizeof(struct core_stat) &&
		       offsetof(struct fuse_stat_ex, st_birthtim) ==
			       offsetof(struct core_stat, birthtim) &&
		       offsetof(struct fuse_stat_ex, st_flags) == offsetof(struct core_stat, flags),
	       "passed through");
_Static_assert(sizeof(struct fuse_setattr_x) == sizeof(struct core_setattr_x), "passed through");

/* The same capabilities in the word of fuse_conn_info and in that of ambifuse_register(). */
static const struct {
	unsigned conn, own;
} caps[] = {
	{FSP_FUSE_CAP_READDIR_PLUS, AMBIFUSE_CAP_READDIR_PLUS},
	{FSP_FUSE_CAP_READ_ONLY, AMBIFUSE_CAP_READ_ONLY},
	{FSP_FUSE_CAP_STAT_EX, AMBIFUSE_CAP_STAT_EX},
	{FSP_FUSE_CAP_DELETE_ACCESS, AMBIFUSE_CAP_DELETE_ACCESS},
	{FSP_FUSE_CAP_CASE_INSENSITIVE, AMBIFUSE_CAP_CASE_INSENSITIVE},
};

static _Thread_local struct fuse_fs *in_init; /* whose init this thread runs */

/* ---- the table's end ----------------------------------------------------------------------- */

/* A program with the larger struct fuse_stat has one slot more. */
static const size_t with_stat_ex = sizeof(struct fuse_operations) + sizeof(void *);

bool ext_in_table(size_t op_size)
{
	return op_size == sizeof(struct fuse_operations) || op_size == with_stat_ex;
}

void ext_from_table(struct fuse_fs *fs, size_t op_size)
{
	fs->tail = ext_in_table(op_size);
	fs->tail_stat = op_size == with_stat_ex;
#define FROM_TABLE(op_) fs->ext.op_ = (void *)fs->op.op_;
	CORE_EXT_OPS(FROM_TABLE)
#undef FROM_TABLE
}

void ext_thunks(struct core_fs_ops *out)
{
	ext_set_all(out);
}

/* ---- init ---------------------------------------------------------------------------------- */

struct fuse_fs *ext_init_begin(struct fuse_fs *fs, struct fuse_conn_info *conn)
{
	struct fuse_fs *before = in_init;

	in_init = fs;
	for (size_t i = 0; fs->tail && i < CORE_ARRAY_SIZE(caps); i++)
		conn->capable |= caps[i].conn;
	return before;
}

void ext_init_end(struct fuse_fs *fs, struct fuse_fs *before, struct fuse_conn_info *conn)
{
	in_init = before;
	for (size_t i = 0; fs->tail && i < CORE_ARRAY_SIZE(caps); i++) {
		if (conn->want & caps[i].conn)
			fs->ext_want |= caps[i].own;
		/* A module's init above this one must not see them. */
		conn->want &= ~caps[i].conn;
		conn->capable &= ~caps[i].conn;
	}
	if ((fs->ext_want & AMBIFUSE_CAP_STAT_EX) && !fs->tail_stat && !fs->ext.getattr) {
		core_warn("the file system wants FSP_FUSE_CAP_STAT_EX, but was compiled without "
			  "FSP_FUSE_USE_STAT_EX: it has no birth times and no flags\n");
		fs->ext_want &= ~AMBIFUSE_CAP_STAT_EX;
	}
}

void ext_apply(struct fuse *f, struct core_conn *conn, struct core_fs_config *cfg)
{
	/* The core wants it because it can do it; this API's programs do not know it. */
	conn->want &= ~(WIRE_CAP(DO_READDIRPLUS) | WIRE_CAP(READDIRPLUS_AUTO));
	ext_configure(f, f->fs->ext_want, conn, cfg);
}

/* ---- <ambifuse.h> -------------------------------------------------------------------------- */

EXPORT unsigned int ambifuse2_features(void);
EXPORT int ambifuse2_register(const struct ambifuse_operations *op, size_t op_size,
			      unsigned int want);
EXPORT int ambifuse2_notify(struct fuse *f, const char *path, unsigned int action);
EXPORT int ambifuse2_passthrough(struct fuse_file_info *fi, int fd);

unsigned int ambifuse2_features(void)
{
	return EXT_ALL_CAPS;
}

int ambifuse2_register(const struct ambifuse_operations *op, size_t op_size, unsigned int want)
{
	return in_init ? ext_register(&in_init->ext, &in_init->ext_want, in_init->tail_stat, op,
				      op_size, want)
		       : -EINVAL;
}

int ambifuse2_notify(struct fuse *f, const char *path, unsigned int action)
{
	return core_fs_notify(f->core, path, action);
}

int ambifuse2_passthrough(struct fuse_file_info *fi, int fd)
{
	(void)fi;
	return core_fs_passthrough(fd);
}

EXPORT int fuse_notify(struct fuse *f, const char *path, uint32_t action)
{
	return core_fs_notify(f->core, path, action);
}
