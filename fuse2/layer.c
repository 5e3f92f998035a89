/*
 * A built-in module as a file system of the program's stack: below a module that comes from a file,
 * which knows nothing but fuse_fs_*(). Elsewhere built-in ones are layers of the core's table
 * (core/modules/), which costs less. The mapping is the same.
 */
#include "internal.h"

struct layer {
	struct core_layer l;
	struct fuse_fs *below;
};

/* Such a file system is never on top of the stack, so it is always entered by fuse_fs_*(). */
static struct layer *self(void)
{
	return core_context()->private_data;
}

/* Declares low_path, the mapped path; leaves the operation if there is none. */
#define MAP(path)                                                                                  \
	MAP_BUF buf_##path;                                                                        \
	const int err_##path = core_map_path(me->l.map, me->l.self, path, &buf_##path);            \
	const char *const low_##path = path ? buf_##path.mem : NULL;                               \
                                                                                                   \
	if (err_##path)                                                                            \
	return err_##path

/* Parenthesised lists of further parameters and of their names. */
#define WITH(...) , ##__VA_ARGS__
#define FI        struct fuse_file_info *fi

/* An operation of one path, which comes first. */
#define ONE_PATH(type, op, params, names)                                                          \
	static type layer_##op(const char *path params)                                            \
	{                                                                                          \
		struct layer *me = self();                                                         \
		MAP(path);                                                                         \
                                                                                                   \
		return fuse_fs_##op(me->below, low_path names);                                    \
	}

ONE_PATH(int, getattr, WITH(struct stat *st), WITH(st))
ONE_PATH(int, fgetattr, WITH(struct stat *st, FI), WITH(st, fi))
ONE_PATH(int, mknod, WITH(mode_t mode, dev_t dev), WITH(mode, dev))
ONE_PATH(int, mkdir, WITH(mode_t mode), WITH(mode))
ONE_PATH(int, unlink, , )
ONE_PATH(int, rmdir, , )
ONE_PATH(int, chmod, WITH(mode_t mode), WITH(mode))
ONE_PATH(int, chown, WITH(uid_t uid, gid_t gid), WITH(uid, gid))
ONE_PATH(int, truncate, WITH(off_t size), WITH(size))
ONE_PATH(int, ftruncate, WITH(off_t size, FI), WITH(size, fi))
ONE_PATH(int, utimens, WITH(const struct timespec tv[2]), WITH(tv))
ONE_PATH(int, open, WITH(FI), WITH(fi))
ONE_PATH(int, read, WITH(char *buf, size_t size, off_t off, FI), WITH(buf, size, off, fi))
ONE_PATH(int, read_buf, WITH(struct fuse_bufvec **bufp, size_t size, off_t off, FI),
	 WITH(bufp, size, off, fi))
ONE_PATH(int, write, WITH(const char *buf, size_t size, off_t off, FI), WITH(buf, size, off, fi))
ONE_PATH(int, write_buf, WITH(struct fuse_bufvec *buf, off_t off, FI), WITH(buf, off, fi))
ONE_PATH(int, statfs, WITH(struct statvfs *st), WITH(st))
ONE_PATH(int, flush, WITH(FI), WITH(fi))
ONE_PATH(int, release, WITH(FI), WITH(fi))
ONE_PATH(int, fsync, WITH(int datasync, FI), WITH(datasync, fi))
ONE_PATH(int, setxattr, WITH(const char *name, const char *value, size_t size, int flags),
	 WITH(name, value, size, flags))
ONE_PATH(int, getxattr, WITH(const char *name, char *value, size_t size), WITH(name, value, size))
ONE_PATH(int, listxattr, WITH(char *list, size_t size), WITH(list, size))
ONE_PATH(int, removexattr, WITH(const char *name), WITH(name))
ONE_PATH(int, opendir, WITH(FI), WITH(fi))
ONE_PATH(int, releasedir, WITH(FI), WITH(fi))
ONE_PATH(int, fsyncdir, WITH(int datasync, FI), WITH(datasync, fi))
ONE_PATH(int, access, WITH(int mask), WITH(mask))
ONE_PATH(int, create, WITH(mode_t mode, FI), WITH(mode, fi))
ONE_PATH(int, lock, WITH(FI, int cmd, struct flock *fl), WITH(fi, cmd, fl))
ONE_PATH(int, flock, WITH(FI, int op), WITH(fi, op))
ONE_PATH(int, bmap, WITH(size_t blocksize, uint64_t *idx), WITH(blocksize, idx))
ONE_PATH(int, ioctl, WITH(int cmd, void *arg, FI, unsigned int flags, void *data),
	 WITH(cmd, arg, fi, flags, data))
ONE_PATH(int, poll, WITH(FI, struct fuse_pollhandle *ph, unsigned *revents), WITH(fi, ph, revents))
ONE_PATH(int, fallocate, WITH(int mode, off_t off, off_t len, FI), WITH(mode, off, len, fi))

static int layer_readlink(const char *path, char *buf, size_t size)
{
	struct layer *me = self();
	MAP(path);
	int res = fuse_fs_readlink(me->below, low_path, buf, size);

	return res || !me->l.map->target_up ? res
					    : me->l.map->target_up(me->l.self, path, buf, size);
}

static int layer_symlink(const char *target, const char *path)
{
	struct layer *me = self();
	MAP(path);
	MAP_BUF to;
	int res = 0;

	map_buf_init(&to);
	if (me->l.map->target_down)
		res = me->l.map->target_down(me->l.self, target, &to);
	return res ? res
		   : fuse_fs_symlink(me->below, me->l.map->target_down ? to.mem : target, low_path);
}

static int layer_rename(const char *from, const char *to)
{
	struct layer *me = self();
	MAP(from);
	MAP(to);

	return fuse_fs_rename(me->below, low_from, low_to);
}

static int layer_link(const char *from, const char *to)
{
	struct layer *me = self();
	MAP(from);
	MAP(to);

	return fuse_fs_link(me->below, low_from, low_to);
}

struct filling {
	const struct layer *me;
	fuse_fill_dir_t fill;
	void *buf;
};

static int fill_mapped(void *buf, const char *name, const struct stat *st, off_t off)
{
	struct filling *f = buf;
	MAP_BUF up;

	map_buf_init(&up);
	if (f->me->l.map->name_up(f->me->l.self, name, &up))
		return 0; /* the module has said so; the others are shown */
	return f->fill(f->buf, up.mem, st, off);
}

static int layer_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
			 struct fuse_file_info *fi)
{
	struct layer *me = self();
	struct filling f = {me, fill, buf};
	MAP(path);

	if (!me->l.map->name_up)
		return fuse_fs_readdir(me->below, low_path, buf, fill, off, fi);
	return fuse_fs_readdir(me->below, low_path, &f, fill_mapped, off, fi);
}

static void *layer_init(struct fuse_conn_info *conn)
{
	struct layer *me = self();

	fuse_fs_init(me->below, conn);
	return me;
}

static void layer_destroy(void *data)
{
	struct layer *me = data;

	fuse_fs_destroy(me->below);
	core_layer_free(&me->l);
	free(me);
}

/* As the program has them; getdir and utime of old programs are readdir and utimens here. */
#define LAYER_OPS(F)                                                                               \
	F(getattr)                                                                                 \
	F(fgetattr)                                                                                \
	F(readlink) F(mknod) F(mkdir) F(unlink) F(rmdir) F(symlink) F(rename) F(link) F(chmod)     \
		F(chown) F(truncate) F(ftruncate) F(open) F(read) F(write) F(statfs) F(flush)      \
			F(release) F(fsync) F(setxattr) F(getxattr) F(listxattr) F(removexattr)    \
				F(opendir) F(readdir) F(releasedir) F(fsyncdir) F(access)          \
					F(create) F(lock) F(utimens) F(bmap) F(ioctl) F(poll)      \
						F(write_buf) F(read_buf) F(flock) F(fallocate)

struct fuse_fs *layer_new(const char *name, struct fuse_fs *below, struct fuse_args *args)
{
	struct fuse_operations op = {.init = layer_init, .destroy = layer_destroy};
	struct layer *me = calloc(1, sizeof(*me));
	struct fuse_fs *fs;

	if (!me || core_layer_init(&me->l, name, CARGS(args))) {
		free(me);
		return NULL;
	}
	me->below = below;
	/* What is absent below is absent here, so that its absence means the same. */
#define LAYER_SET(name_)                                                                           \
	if (below->op.name_)                                                                       \
		op.name_ = layer_##name_;
	LAYER_OPS(LAYER_SET)
#undef LAYER_SET
	if (below->op.getdir)
		op.readdir = layer_readdir;
	if (below->op.utime)
		op.utimens = layer_utimens;
	op.flag_nullpath_ok = below->op.flag_nullpath_ok;
	op.flag_nopath = below->op.flag_nopath;
	op.flag_utime_omit_ok = below->op.flag_utime_omit_ok;
	fs = fuse_fs_new(&op, sizeof(op), me);
	if (fs) {
		fs->compat = 26;
	} else { /* what is below stays the caller's */
		core_layer_free(&me->l);
		free(me);
	}
	return fs;
}
