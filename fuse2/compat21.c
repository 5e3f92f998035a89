/*
 * API 1.1 and 2.1: operations without handles, and the entry points of that time.
 *
 * A table of API 1.1 is kept in the form of API 2.1's, which has flush before release; only
 * statfs differs then. Both are kept at the beginning of the struct fuse_operations of a struct
 * fuse_fs.
 */
#include "internal.h"

#include <stdio.h>
#include <sys/statfs.h>

#define OP(d) ((const struct fuse_operations_compat2 *)(const void *)&((struct fuse *)(d))->fs->op)

/* ---- thunks ---------------------------------------------------------------------------------- */

struct fuse_dirhandle {
	core_fill_dir fill; /* the core's, or a module's */
	void *buf;
};

static int fill_old(fuse_dirh_t h, const char *name, int type)
{
	/* The program tells no inode number; this one stands for unknown. */
	struct stat st = {.st_mode = (mode_t)type << 12, .st_ino = UINT32_MAX};

	return h->fill(h->buf, name, &st, 0, 0);
}

static int o_readdir(void *d, const char *path, void *buf, core_fill_dir fill_core, off_t off,
		     struct core_file_info *fi, int flags)
{
	struct fuse_dirhandle h = {fill_core, buf};

	(void)off;
	(void)fi;
	(void)flags;
	return OP(d)->getdir(path, &h, fill_old);
}
static int o_open(void *d, const char *path, struct core_file_info *fi)
{
	return OP(d)->open(path, fi->flags);
}
static int o_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	(void)fi;
	return OP(d)->read(path, buf, size, off);
}
static int o_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	(void)fi;
	return OP(d)->write(path, buf, size, off);
}
static int o_flush(void *d, const char *path, struct core_file_info *fi)
{
	(void)fi;
	return OP(d)->flush(path);
}
static int o_release(void *d, const char *path, struct core_file_info *fi)
{
	return OP(d)->release(path ? path : NO_PATH, fi->flags);
}
static int o_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	(void)fi;
	return OP(d)->fsync(path, datasync);
}

static int o_statfs(void *d, const char *path, struct statvfs *st)
{
	return statfs_by_compat(OP(d)->statfs, path, st);
}

static int o_statfs_compat1(void *d, const char *path, struct statvfs *st)
{
	int (*op)(struct fuse_statfs_compat1 *) =
		(int (*)(struct fuse_statfs_compat1 *))(void *)OP(d)->statfs;
	struct fuse_statfs_compat1 old;
	int res;

	(void)path;
	memset(&old, 0, sizeof(old));
	res = op(&old);
	st->f_bsize = st->f_frsize = (unsigned long)old.block_size;
	st->f_blocks = (fsblkcnt_t)old.blocks;
	st->f_bfree = st->f_bavail = (fsblkcnt_t)old.blocks_free;
	st->f_files = (fsfilcnt_t)old.files;
	st->f_ffree = (fsfilcnt_t)old.files_free;
	st->f_namemax = (unsigned long)old.namelen;
	return res;
}

void thunks_compat21(const struct fuse_operations *op, int compat, struct core_fs_ops *ops)
{
#define REPLACE(name)                                                                              \
	if (op->name)                                                                              \
		ops->name = o_##name;
	REPLACE(open)
	REPLACE(read) REPLACE(write) REPLACE(flush) REPLACE(release) REPLACE(fsync) REPLACE(statfs)
#undef REPLACE
		if (op->getdir) ops->readdir = o_readdir;
	if (op->statfs && compat < 21)
		ops->statfs = o_statfs_compat1;
}

/* ---- API 2.1 -----------------------------------------------------------------------------------
 */

#define OPS2(op)  ((const struct fuse_operations *)(const void *)(op))
#define OPS2_SIZE sizeof(struct fuse_operations_compat2)

EXPORT int fuse_main_compat2(int argc, char *argv[], const struct fuse_operations_compat2 *op)
{
	return main_common(argc, argv, OPS2(op), OPS2_SIZE, NULL, 21);
}

EXPORT struct fuse *fuse_setup_compat2(int argc, char *argv[],
				       const struct fuse_operations_compat2 *op, char **mountpoint,
				       int *multithreaded, int *fd)
{
	struct fuse *f =
		setup_common(argc, argv, OPS2(op), OPS2_SIZE, mountpoint, multithreaded, NULL, 21);

	if (f && fd)
		*fd = fuse_chan_fd(f->se->ch);
	return f;
}

static struct fuse *new_old(int fd, const char *opts, const struct fuse_operations_compat2 *op,
			    int compat)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse *f = NULL;

	if (args_from_opts(&args, opts) == 0)
		f = new_on_fd(fd, &args, OPS2(op), OPS2_SIZE, compat);
	fuse_opt_free_args(&args);
	return f;
}

EXPORT struct fuse *fuse_new_compat2(int fd, const char *opts,
				     const struct fuse_operations_compat2 *op)
{
	return new_old(fd, opts, op, 21);
}

/* ---- API 1.1 -----------------------------------------------------------------------------------
 */

static void ops_from_compat1(struct fuse_operations_compat2 *to,
			     const struct fuse_operations_compat1 *from)
{
	const size_t same = offsetof(struct fuse_operations_compat1, release);

	_Static_assert(offsetof(struct fuse_operations_compat1, statfs) ==
			       offsetof(struct fuse_operations_compat2, statfs),
		       "the same up to statfs");
	memset(to, 0, sizeof(*to));
	memcpy(to, from, same);
	to->release = from->release;
	to->fsync = from->fsync;
}

EXPORT void fuse_main_compat1(int argc, char *argv[], const struct fuse_operations_compat1 *op)
{
	struct fuse_operations_compat2 ops;

	ops_from_compat1(&ops, op);
	main_common(argc, argv, OPS2(&ops), OPS2_SIZE, NULL, 11);
}

EXPORT struct fuse *fuse_new_compat1(int fd, int flags, const struct fuse_operations_compat1 *op)
{
	struct fuse_operations_compat2 ops;

	ops_from_compat1(&ops, op);
	return new_old(fd, flags & FUSE_DEBUG_COMPAT1 ? "debug" : NULL, &ops, 11);
}

/* The arguments were of a helper program of that time; none of them means anything today. */
EXPORT int fuse_mount_compat1(const char *mountpoint, const char *args[])
{
	(void)args;
	return fuse_mount_compat22(mountpoint, NULL);
}

/* ---- names without a version -------------------------------------------------------------------
 */

/*
 * Programs linked before there were versions ask for these, and dlsym() without a version finds
 * them first. A .symver needs the function in the same file, hence the ones that only pass on.
 */
#define UNVERSIONED(function, name) __asm__(".symver " #function "," #name "@")

UNVERSIONED(fuse_main_compat2, fuse_main);
UNVERSIONED(fuse_new_compat2, fuse_new);
UNVERSIONED(fuse_setup_compat2, __fuse_setup);

#define PASS_ON(name, ret, args, call)                                                             \
	EXPORT ret old_##name args;                                                                \
	EXPORT ret old_##name args                                                                 \
	{                                                                                          \
		call;                                                                              \
	}                                                                                          \
	UNVERSIONED(old_##name, __##name)

PASS_ON(fuse_exited, int, (struct fuse * f), return fuse_exited(f));
PASS_ON(fuse_loop_mt, int, (struct fuse * f, fuse_processor_t proc, void *data),
	return fuse_loop_mt_proc(f, proc, data));
PASS_ON(fuse_process_cmd, void, (struct fuse * f, struct fuse_cmd *cmd), fuse_process_cmd(f, cmd));
PASS_ON(fuse_read_cmd, struct fuse_cmd *, (struct fuse * f), return fuse_read_cmd(f));
PASS_ON(fuse_set_getcontext_func, void, (struct fuse_context * (*func)(void)),
	fuse_set_getcontext_func(func));
PASS_ON(fuse_teardown, void, (struct fuse * f, char *mountpoint), fuse_teardown(f, mountpoint));
