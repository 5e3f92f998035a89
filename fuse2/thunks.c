/*
 * The core's path operations as those of a program's struct fuse_operations that only FUSE 2 has in
 * this form. The rest: core/front/thunks.c.
 *
 * The table is made once, when the file system is created. What FUSE 2 spells in two ways
 * (fgetattr and getattr, ftruncate and truncate, utimens and utime, readdir and getdir) is
 * decided here.
 */
#include "internal.h"

#include <utime.h>

#define OP(d) (&top_of(d)->op)

static int t_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	if (core_unlikely(top_of(d)->ext.getattr))
		return top_of(d)->ext.getattr(path, (struct ambifuse_stat *)st,
					      public_fi(&pub, fi));
	if (fi && OP(d)->fgetattr)
		return OP(d)->fgetattr(path, &st->st, public_fi(&pub, fi));
	if (!OP(d)->getattr)
		return -ENOSYS;
	return path ? OP(d)->getattr(path, &st->st) : -ENOENT;
}

static int t_rename(void *d, const char *from, const char *to, unsigned flags)
{
	return flags ? -EINVAL : OP(d)->rename(from, to);
}

static int t_chmod(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	(void)fi;
	return path ? OP(d)->chmod(path, mode) : -ENOENT;
}

static int t_chown(void *d, const char *path, uid_t uid, gid_t gid, struct core_file_info *fi)
{
	(void)fi;
	return path ? OP(d)->chown(path, uid, gid) : -ENOENT;
}

static int t_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	if (fi && OP(d)->ftruncate)
		return OP(d)->ftruncate(path, size, public_fi(&pub, fi));
	if (!OP(d)->truncate)
		return -ENOSYS;
	return path ? OP(d)->truncate(path, size) : -ENOENT;
}

static int t_utimens(void *d, const char *path, const struct timespec tv[2],
		     struct core_file_info *fi)
{
	struct utimbuf ut;

	(void)fi;
	if (!path)
		return -ENOENT;
	if (OP(d)->utimens)
		return OP(d)->utimens(path, tv);
	ut.actime = tv[0].tv_sec;
	ut.modtime = tv[1].tv_sec;
	return OP(d)->utime(path, &ut);
}

static int t_statfs(void *d, const char *path, struct statvfs *st)
{
	return OP(d)->statfs(path ? path : "/", st);
}

static int t_release(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return OP(d)->release(path ? path : NO_PATH, public_fi(&pub, fi));
}

static int t_releasedir(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	return OP(d)->releasedir(path ? path : NO_PATH, public_fi(&pub, fi));
}

/* The program's buffer: what called readdir may be a module with a fill function of its own. */
struct filling {
	core_fill_dir fill;
	void *buf;
	int flags; /* if there are attributes */
};

static int fill(void *buf, const char *name, const struct stat *st, off_t off)
{
	struct filling *f = buf;

	return f->fill(f->buf, name, st, off, st ? f->flags : 0);
}

struct fuse_dirhandle {
	void *buf;
};

static int fill_getdir(fuse_dirh_t h, const char *name, int type, ino_t ino)
{
	struct stat st = { .st_mode = (mode_t)type << 12, .st_ino = ino };

	return fill(h->buf, name, &st, 0);
}

static int t_readdir(void *d, const char *path, void *buf, core_fill_dir fill_core, off_t off,
		     struct core_file_info *fi, int flags)
{
	bool complete = top_of(d)->ext_want & AMBIFUSE_CAP_READDIR_PLUS;
	struct filling f = { fill_core, buf, complete ? CORE_FILL_PLUS : 0 };
	struct fuse_dirhandle h = { &f };
	struct fuse_file_info pub;

	(void)flags;
	if (OP(d)->readdir)
		return OP(d)->readdir(path, &f, fill, off, public_fi(&pub, fi));
	return OP(d)->getdir(path, &h, fill_getdir);
}

static void t_init(void *d, struct core_conn *conn, struct core_fs_config *cfg)
{
	struct fuse_fs *fs = top_of(d), *before;
	struct fuse_conn_info pub;

	conn->want |= conn->capable & WIRE_CAP(EXPORT_SUPPORT);
	if (fs->op.init) {
		conn_to_public(&pub, conn);
		before = ext_init_begin(fs, &pub);
		if (fs->compat <= 25)
			fs->user_data = ((void *(*)(void))(void *)fs->op.init)();
		else
			fs->user_data = fs->op.init(&pub);
		ext_init_end(fs, before, &pub);
		conn_from_public(conn, &pub);
	}
	/* The core wants it because it can do it; this API's programs do not know it. */
	conn->want &= ~(WIRE_CAP(DO_READDIRPLUS) | WIRE_CAP(READDIRPLUS_AUTO));
	ext_apply(d, conn, cfg);
}

static void t_destroy(void *d)
{
	((struct fuse *)d)->ended = true;
	OP(d)->destroy(top_of(d)->user_data);
}

void thunks_make(const struct fuse_operations *op, bool null_ok, struct core_fs_ops *out)
{
	thunks_common(op, out);
	out->init = t_init;
#define TAKE(name)                                                                                 \
	if (op->name)                                                                              \
		out->name = t_##name;
	TAKE(getattr) TAKE(rename) TAKE(chmod) TAKE(chown) TAKE(truncate) TAKE(utimens)
	TAKE(statfs) TAKE(readdir) TAKE(destroy)
#undef TAKE
	if (op->fgetattr)
		out->getattr = t_getattr;
	if (op->ftruncate)
		out->truncate = t_truncate;
	if (op->utime)
		out->utimens = t_utimens;
	if (op->getdir)
		out->readdir = t_readdir;
	if (op->release && !null_ok)
		out->release = t_release;
	if (op->releasedir && !null_ok)
		out->releasedir = t_releasedir;
	ext_thunks(out);
}
