/*
 * The path API: thunks from the core's operations to a program's struct fuse_operations.
 *
 * The table is made once, when the file system is created. What FUSE 2 spells in two ways
 * (fgetattr and getattr, ftruncate and truncate, utimens and utime, readdir and getdir) is
 * decided here.
 */
#include "internal.h"

#include <utime.h>

#define FS(d) (((struct fuse *)(d))->fs)
#define OP(d) (&FS(d)->op)

#define WITH_FI(fi_, call_)                                                                        \
	({                                                                                         \
		struct fuse_file_info pub;                                                         \
		int res_;                                                                          \
                                                                                                   \
		fi_to_public(&pub, fi_);                                                           \
		res_ = (call_);                                                                    \
		res_;                                                                              \
	})
/* For open, create, opendir: the program writes into it. */
#define WITH_FI_OUT(fi_, call_)                                                                    \
	({                                                                                         \
		struct fuse_file_info pub;                                                         \
		int res_;                                                                          \
                                                                                                   \
		fi_to_public(&pub, fi_);                                                           \
		res_ = (call_);                                                                    \
		fi_from_public(fi_, &pub);                                                         \
		res_;                                                                              \
	})

static int t_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	if (core_unlikely(FS(d)->ext.getattr)) {
		struct ambifuse_stat *x = (struct ambifuse_stat *)st;

		return fi ? WITH_FI(fi, FS(d)->ext.getattr(path, x, &pub))
			  : FS(d)->ext.getattr(path, x, NULL);
	}
	if (fi && OP(d)->fgetattr)
		return WITH_FI(fi, OP(d)->fgetattr(path, &st->st, &pub));
	if (!OP(d)->getattr)
		return -ENOSYS;
	return path ? OP(d)->getattr(path, &st->st) : -ENOENT;
}
static int t_readlink(void *d, const char *path, char *buf, size_t size)
{
	return OP(d)->readlink(path, buf, size);
}
static int t_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	return OP(d)->mknod(path, mode, dev);
}
static int t_mkdir(void *d, const char *path, mode_t mode)
{
	return OP(d)->mkdir(path, mode);
}
static int t_unlink(void *d, const char *path)
{
	return OP(d)->unlink(path);
}
static int t_rmdir(void *d, const char *path)
{
	return OP(d)->rmdir(path);
}
static int t_symlink(void *d, const char *target, const char *path)
{
	return OP(d)->symlink(target, path);
}
static int t_rename(void *d, const char *from, const char *to, unsigned flags)
{
	return flags ? -EINVAL : OP(d)->rename(from, to);
}
static int t_link(void *d, const char *from, const char *to)
{
	return OP(d)->link(from, to);
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
	if (fi && OP(d)->ftruncate)
		return WITH_FI(fi, OP(d)->ftruncate(path, size, &pub));
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
static int t_open(void *d, const char *path, struct core_file_info *fi)
{
	return WITH_FI_OUT(fi, OP(d)->open(path, &pub));
}
static int t_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->read(path, buf, size, off, &pub));
}
static int t_read_buf(void *d, const char *path, struct core_bufvec **bufp, size_t size, off_t off,
		      struct core_file_info *fi)
{
	struct fuse_bufvec *v = NULL;
	int res = WITH_FI(fi, OP(d)->read_buf(path, &v, size, off, &pub));

	*bufp = CBUFVEC(v);
	return res;
}
static int t_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->write(path, buf, size, off, &pub));
}
static int t_write_buf(void *d, const char *path, struct core_bufvec *buf, off_t off,
		       struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->write_buf(path, BUFVEC(buf), off, &pub));
}
static int t_statfs(void *d, const char *path, struct statvfs *st)
{
	return OP(d)->statfs(path ? path : "/", st);
}
static int t_flush(void *d, const char *path, struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->flush(path, &pub));
}
static int t_release(void *d, const char *path, struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->release(path, &pub));
}
static int t_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->fsync(path, datasync, &pub));
}
static int t_setxattr(void *d, const char *path, const char *name, const char *value, size_t size,
		      int flags)
{
	return OP(d)->setxattr(path, name, value, size, flags);
}
static int t_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	return OP(d)->getxattr(path, name, value, size);
}
static int t_listxattr(void *d, const char *path, char *list, size_t size)
{
	return OP(d)->listxattr(path, list, size);
}
static int t_removexattr(void *d, const char *path, const char *name)
{
	return OP(d)->removexattr(path, name);
}
static int t_opendir(void *d, const char *path, struct core_file_info *fi)
{
	return WITH_FI_OUT(fi, OP(d)->opendir(path, &pub));
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
	bool complete = FS(d)->ext_want & AMBIFUSE_CAP_READDIR_PLUS;
	struct filling f = { fill_core, buf, complete ? CORE_FILL_PLUS : 0 };

	(void)flags;
	if (OP(d)->readdir)
		return WITH_FI(fi, OP(d)->readdir(path, &f, fill, off, &pub));
	struct fuse_dirhandle h = { &f };

	return OP(d)->getdir(path, &h, fill_getdir);
}
static int t_releasedir(void *d, const char *path, struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->releasedir(path, &pub));
}
static int t_fsyncdir(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->fsyncdir(path, datasync, &pub));
}

static void t_init(void *d, struct core_conn *conn, struct core_fs_config *cfg)
{
	struct fuse_fs *fs = FS(d), *before;
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
	ext_apply(d, conn, cfg);
}
static void t_destroy(void *d)
{
	struct core_context *c = core_context();

	/* Also called when no request is being handled. */
	c->fuse = d;
	c->private_data = FS(d)->user_data;
	OP(d)->destroy(FS(d)->user_data);
}
static int t_access(void *d, const char *path, int mask)
{
	return OP(d)->access(path, mask);
}
static int t_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	return WITH_FI_OUT(fi, OP(d)->create(path, mode, &pub));
}
static int t_lock(void *d, const char *path, struct core_file_info *fi, int cmd, struct flock *fl)
{
	return WITH_FI(fi, OP(d)->lock(path, &pub, cmd, fl));
}
static int t_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	return WITH_FI(fi, OP(d)->flock(path, &pub, op));
}
static int t_bmap(void *d, const char *path, size_t blocksize, uint64_t *idx)
{
	return OP(d)->bmap(path, blocksize, idx);
}
static int t_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	return WITH_FI(fi, OP(d)->ioctl(path, (int)cmd, arg, &pub, flags, data));
}
static int t_poll(void *d, const char *path, struct core_file_info *fi, struct core_pollhandle *ph,
		  unsigned *revents)
{
	return WITH_FI(fi, OP(d)->poll(path, &pub, (struct fuse_pollhandle *)ph, revents));
}
static int t_fallocate(void *d, const char *path, int mode, off_t off, off_t len,
		       struct core_file_info *fi)
{
	return WITH_FI(fi, OP(d)->fallocate(path, mode, off, len, &pub));
}

void thunks_make(const struct fuse_operations *op, struct core_fs_ops *out)
{
	memset(out, 0, sizeof(*out));
	out->init = t_init;
#define TAKE(name)                                                                                 \
	if (op->name)                                                                              \
		out->name = t_##name;
	TAKE(getattr) TAKE(readlink) TAKE(mknod) TAKE(mkdir) TAKE(unlink) TAKE(rmdir) TAKE(symlink)
	TAKE(rename) TAKE(link) TAKE(chmod) TAKE(chown) TAKE(truncate) TAKE(utimens) TAKE(open)
	TAKE(read) TAKE(read_buf) TAKE(write) TAKE(write_buf) TAKE(statfs) TAKE(flush) TAKE(release)
	TAKE(fsync) TAKE(setxattr) TAKE(getxattr) TAKE(listxattr) TAKE(removexattr) TAKE(opendir)
	TAKE(readdir) TAKE(releasedir) TAKE(fsyncdir) TAKE(destroy) TAKE(access) TAKE(create)
	TAKE(lock) TAKE(flock) TAKE(bmap) TAKE(ioctl) TAKE(poll) TAKE(fallocate)
#undef TAKE
	if (op->fgetattr)
		out->getattr = t_getattr;
	if (op->ftruncate)
		out->truncate = t_truncate;
	if (op->utime)
		out->utimens = t_utimens;
	if (op->getdir)
		out->readdir = t_readdir;
	ext_thunks(out);
}
