/*
 * API 2.2 to 2.4: operations with the old struct fuse_file_info and struct statfs. Their table is
 * the beginning of today's, so only the thunks of what changed are other ones.
 */
#include "internal.h"

#include <sys/statfs.h>

#define OP(d) ((const struct fuse_operations_compat22 *)(const void *)&((struct fuse *)(d))->fs->op)

void fi_to_compat(struct fuse_file_info_compat *old, const struct core_file_info *fi)
{
	memset(old, 0, sizeof(*old));
	old->flags = fi->flags;
	old->fh = (unsigned long)fi->fh;
	old->writepage = fi->bits & CORE_FI_WRITEPAGE;
	old->direct_io = (fi->bits & CORE_FI_DIRECT_IO) != 0;
	old->keep_cache = (fi->bits & CORE_FI_KEEP_CACHE) != 0;
}

void fi_from_compat(struct core_file_info *fi, const struct fuse_file_info_compat *old)
{
	fi->flags = old->flags;
	fi->fh = old->fh;
	fi->bits = (old->direct_io ? CORE_FI_DIRECT_IO : 0) | (old->keep_cache ? CORE_FI_KEEP_CACHE : 0);
}

#define WITH_OLD(call_)                                                                            \
	struct fuse_file_info_compat old;                                                          \
	int res;                                                                                   \
                                                                                                   \
	fi_to_compat(&old, fi);                                                                          \
	res = (call_);                                                                             \
	return res

static int c_open(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info_compat old;
	int res;

	fi_to_compat(&old, fi);
	res = OP(d)->open(path, &old);
	fi_from_compat(fi, &old);
	return res;
}
static int c_opendir(void *d, const char *path, struct core_file_info *fi)
{
	struct fuse_file_info_compat old;
	int res;

	fi_to_compat(&old, fi);
	res = OP(d)->opendir(path, &old);
	fi_from_compat(fi, &old);
	return res;
}
static int c_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	WITH_OLD(OP(d)->read(path, buf, size, off, &old));
}
static int c_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	WITH_OLD(OP(d)->write(path, buf, size, off, &old));
}
static int c_flush(void *d, const char *path, struct core_file_info *fi)
{
	WITH_OLD(OP(d)->flush(path, &old));
}
static int c_release(void *d, const char *path, struct core_file_info *fi)
{
	WITH_OLD(OP(d)->release(path ? path : NO_PATH, &old));
}
static int c_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	WITH_OLD(OP(d)->fsync(path, datasync, &old));
}
static int c_releasedir(void *d, const char *path, struct core_file_info *fi)
{
	WITH_OLD(OP(d)->releasedir(path ? path : NO_PATH, &old));
}
static int c_fsyncdir(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	WITH_OLD(OP(d)->fsyncdir(path, datasync, &old));
}

/* The program's buffer: what called readdir may be a module with a fill function of its own. */
struct filling {
	core_fill_dir fill;
	void *buf;
};

static int fill(void *buf, const char *name, const struct stat *st, off_t off)
{
	struct filling *f = buf;

	return f->fill(f->buf, name, st, off, 0);
}
static int c_readdir(void *d, const char *path, void *buf, core_fill_dir fill_core, off_t off,
		     struct core_file_info *fi, int flags)
{
	struct filling f = { fill_core, buf };

	(void)flags;
	WITH_OLD(OP(d)->readdir(path, &f, fill, off, &old));
}

void statfs_from_compat(struct statvfs *st, const struct statfs *old)
{
	st->f_bsize = st->f_frsize = (unsigned long)old->f_bsize;
	st->f_blocks = old->f_blocks;
	st->f_bfree = old->f_bfree;
	st->f_bavail = old->f_bavail;
	st->f_files = old->f_files;
	st->f_ffree = old->f_ffree;
	st->f_namemax = (unsigned long)old->f_namelen;
}

int statfs_by_compat(int (*op)(const char *, struct statfs *), const char *path, struct statvfs *st)
{
	struct statfs old;
	int res;

	memset(&old, 0, sizeof(old));
	res = op(path ? path : "/", &old);
	statfs_from_compat(st, &old);
	return res;
}

static int c_statfs(void *d, const char *path, struct statvfs *st)
{
	return statfs_by_compat(OP(d)->statfs, path, st);
}

void thunks_compat22(const struct fuse_operations *op, struct core_fs_ops *ops)
{
#define REPLACE(name)                                                                              \
	if (op->name)                                                                              \
		ops->name = c_##name;
	REPLACE(open) REPLACE(opendir) REPLACE(read) REPLACE(write) REPLACE(flush) REPLACE(release)
	REPLACE(fsync) REPLACE(readdir) REPLACE(releasedir) REPLACE(fsyncdir) REPLACE(statfs)
#undef REPLACE
}

#define OPS22(op)        ((const struct fuse_operations *)(const void *)(op))
#define OPS22_SIZE(size) ((size) < sizeof(struct fuse_operations_compat22) ? (size) : \
			  sizeof(struct fuse_operations_compat22))

EXPORT int fuse_main_real_compat22(int argc, char *argv[],
				   const struct fuse_operations_compat22 *op, size_t op_size)
{
	return main_common(argc, argv, OPS22(op), OPS22_SIZE(op_size), NULL, 22);
}

EXPORT struct fuse *fuse_setup_compat22(int argc, char *argv[],
					const struct fuse_operations_compat22 *op, size_t op_size,
					char **mountpoint, int *multithreaded, int *fd)
{
	struct fuse *f = setup_common(argc, argv, OPS22(op), OPS22_SIZE(op_size), mountpoint,
				      multithreaded, NULL, 22);

	if (f && fd)
		*fd = fuse_chan_fd(f->se->ch);
	return f;
}

int args_from_opts(struct fuse_args *args, const char *opts)
{
	if (fuse_opt_add_arg(args, "") == -1)
		return -1;
	return opts ? fuse_opt_add_arg(args, "-o") || fuse_opt_add_arg(args, opts) : 0;
}

EXPORT struct fuse *fuse_new_compat22(int fd, const char *opts,
				      const struct fuse_operations_compat22 *op, size_t op_size)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse *f = NULL;

	if (args_from_opts(&args, opts) == 0)
		f = new_on_fd(fd, &args, OPS22(op), OPS22_SIZE(op_size), 22);
	fuse_opt_free_args(&args);
	return f;
}

EXPORT int fuse_mount_compat22(const char *mountpoint, const char *opts)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int fd = -1;

	if (args_from_opts(&args, opts) == 0)
		fd = fuse_mount_compat25(mountpoint, &args);
	fuse_opt_free_args(&args);
	return fd;
}

/* Binaries that ask for the plain name at API 2.2's node. */
SYMVER("fuse_main_real@FUSE_2.2")
int main_real_22(int argc, char *argv[], const struct fuse_operations_compat22 *op, size_t size);
int main_real_22(int argc, char *argv[], const struct fuse_operations_compat22 *op, size_t size)
{
	return fuse_main_real_compat22(argc, argv, op, size);
}

SYMVER("fuse_setup@FUSE_2.2")
struct fuse *setup_22(int argc, char *argv[], const struct fuse_operations_compat22 *op,
		      size_t size, char **mountpoint, int *mt, int *fd);
struct fuse *setup_22(int argc, char *argv[], const struct fuse_operations_compat22 *op,
		      size_t size, char **mountpoint, int *mt, int *fd)
{
	return fuse_setup_compat22(argc, argv, op, size, mountpoint, mt, fd);
}

SYMVER("fuse_new@FUSE_2.2")
struct fuse *new_22(int fd, const char *opts, const struct fuse_operations_compat22 *op,
		    size_t size);
struct fuse *new_22(int fd, const char *opts, const struct fuse_operations_compat22 *op,
		    size_t size)
{
	return fuse_new_compat22(fd, opts, op, size);
}

SYMVER("fuse_mount@FUSE_2.2") int mount_22(const char *mountpoint, const char *opts);
int mount_22(const char *mountpoint, const char *opts)
{
	return fuse_mount_compat22(mountpoint, opts);
}
