/*
 * Extensions: the end of a program's table of operations, as WinFsp and macFUSE have it. The rest:
 * core/front/ext.c.
 */
#include "internal.h"

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

/* ---- init ---------------------------------------------------------------------------------- */

struct fuse_fs *ext_init_begin(struct fuse_fs *fs, struct fuse_conn_info *conn)
{
	for (size_t i = 0; fs->tail && i < CORE_ARRAY_SIZE(caps); i++)
		conn->capable |= caps[i].conn;
	return ext_in_init(fs);
}

void ext_init_end(struct fuse_fs *fs, struct fuse_fs *before, struct fuse_conn_info *conn)
{
	ext_in_init(before);
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

EXPORT int fuse_notify(struct fuse *f, const char *path, uint32_t action)
{
	return core_fs_notify(f->core, path, action);
}
