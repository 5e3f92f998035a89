/*
 * One file, /file, on the path API as it was at each FUSE_USE_VERSION: 11, 21, 22, 25 to 29.
 * Compiled against the stock headers. WAY: "parts" goes by fuse_mount, fuse_new and fuse_loop,
 * "setup" by fuse_setup and fuse_loop_mt; else fuse_main.
 */
#include "path.h"
#include <sys/statfs.h>
#include <unistd.h>

static int op_getattr(const char *path, struct stat *st)
{
	return stat_of(path, st);
}

static int op_truncate(const char *path, off_t size)
{
	return truncate_to(path, size);
}

#if FUSE_USE_VERSION < 22
#define FI_OPEN , int flags
#define FI
#define CHECK_OPEN (flags & O_ACCMODE) == 3
#define CHECK      0
#define SET
static int op_getdir(const char *path, fuse_dirh_t h, fuse_dirfil_t filler)
{
	(void)path;
	return filler(h, ".", 4) || filler(h, "..", 4) || filler(h, "file", 8) ? -EIO : 0;
}
#else
#define FI_OPEN    , struct fuse_file_info *fi
#define FI         FI_OPEN
#define CHECK_OPEN 0
#define CHECK      fi->fh != 4711 /* what open set comes back */
#define SET        fi->fh = 4711
static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off FI)
{
	(void)path, (void)off, (void)fi;
	return fill(buf, ".", NULL, 0) || fill(buf, "..", NULL, 0) || fill(buf, "file", NULL, 0);
}
#endif

static int op_open(const char *path FI_OPEN)
{
	if (CHECK_OPEN)
		return -EINVAL;
	SET;
	return is_file(path) ? 0 : -ENOENT;
}

static int op_read(const char *path, char *buf, size_t size, off_t off FI)
{
	(void)path;
	return CHECK ? -EBADF : read_from(buf, size, off);
}

static int op_write(const char *path, const char *buf, size_t size, off_t off FI)
{
	(void)path;
	return CHECK ? -EBADF : write_to(buf, size, off);
}

static int op_release(const char *path FI_OPEN)
{
	return CHECK_OPEN || CHECK ? -EBADF : say_released(path);
}

#if FUSE_USE_VERSION == 11
static int op_statfs(struct fuse_statfs *st)
{
	st->block_size = 512;
	st->blocks = 1234;
	st->namelen = 99;
	return 0;
}
#else
#if FUSE_USE_VERSION <= 22
static int op_statfs(const char *path, struct statfs *st)
#else
static int op_statfs(const char *path, struct statvfs *st)
#endif
{
	(void)path;
	st->f_bsize = 512;
#if FUSE_USE_VERSION > 22
	st->f_frsize = 512;
#endif
	st->f_blocks = 1234;
	return 0;
}
#endif

/* Mounts and makes the file system; each version has functions of its own under these names. */
static int parts(char **argv, struct fuse_operations *op)
{
	const char *mnt = argv[1];
	struct fuse *f;
	int res;
#if FUSE_USE_VERSION >= 25
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	if (fuse_opt_add_arg(&args, argv[0]) || fuse_opt_add_arg(&args, "-ofsname=old"))
		return 1;
#endif
#if FUSE_USE_VERSION == 11
	static const char *none[] = {NULL};
	int fd = fuse_mount(mnt, none);

	if (fd < 0)
		return 1;
	f = fuse_new(fd, 0, op);
#elif FUSE_USE_VERSION == 21
	int fd = fuse_mount(mnt, "fsname=old");

	if (fd < 0)
		return 1;
	f = fuse_new(fd, "hard_remove", op);
#elif FUSE_USE_VERSION == 22
	int fd = fuse_mount(mnt, "fsname=old");

	if (fd < 0)
		return 1;
	f = fuse_new(fd, "hard_remove", op, sizeof(*op));
#elif FUSE_USE_VERSION == 25
	int fd = fuse_mount(mnt, &args);

	if (fd < 0)
		return 1;
	f = fuse_new(fd, &args, op, sizeof(*op));
#else
	struct fuse_chan *ch = fuse_mount(mnt, &args);

	if (!ch)
		return 1;
	f = fuse_new(ch, &args, op, sizeof(*op), NULL);
#endif
	if (!f)
		return 1;
	res = fuse_loop(f);
#if FUSE_USE_VERSION >= 26
	fuse_unmount(mnt, ch);
	fuse_destroy(f);
#else
	fuse_destroy(f);
	close(fd);
	fuse_unmount(mnt);
#endif
	return res ? 1 : 0;
}

#if FUSE_USE_VERSION >= 21
static int setup(int argc, char **argv, struct fuse_operations *op)
{
	struct fuse *f;
	char *mnt = NULL;
	int mt = 0, fd = -1, res;

#if FUSE_USE_VERSION == 21
	f = __fuse_setup(argc, argv, op, &mnt, &mt, &fd);
#elif FUSE_USE_VERSION < 26
	f = fuse_setup(argc, argv, op, sizeof(*op), &mnt, &mt, &fd);
#else
	f = fuse_setup(argc, argv, op, sizeof(*op), &mnt, &mt, NULL);
#endif
	if (!f || !mt || !mnt)
		return 1;
	res = fuse_loop_mt(f);
#if FUSE_USE_VERSION == 21
	__fuse_teardown(f, fd, mnt);
#elif FUSE_USE_VERSION < 26
	fuse_teardown(f, fd, mnt);
#else
	fuse_teardown(f, mnt);
#endif
	return res ? 1 : 0;
}
#endif

int main(int argc, char **argv)
{
	static struct fuse_operations ops;

	ops.getattr = op_getattr;
	ops.truncate = op_truncate;
	ops.open = op_open;
	ops.read = op_read;
	ops.write = op_write;
	ops.release = op_release;
	ops.statfs = op_statfs;
#if FUSE_USE_VERSION < 22
	ops.getdir = op_getdir;
#else
	ops.readdir = op_readdir;
#endif
	if (strcmp(getenv("WAY"), "parts") == 0)
		return parts(argv, &ops);
#if FUSE_USE_VERSION >= 21
	if (strcmp(getenv("WAY"), "setup") == 0)
		return setup(argc, argv, &ops);
#endif
#if FUSE_USE_VERSION == 11
	fuse_main(argc, argv, &ops);
	return 0;
#elif FUSE_USE_VERSION < 26
	return fuse_main(argc, argv, &ops);
#else
	return fuse_main(argc, argv, &ops, NULL);
#endif
}
