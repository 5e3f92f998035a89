/*
 * One file, /file, on the path API as it was at each FUSE_USE_VERSION: 11, 21, 22, 25, 26.
 * Compiled against the stock headers.
 */
#include <fuse.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

static char data[4096] = "old but alive\n";
static size_t length = 14;

static int is_file(const char *path)
{
	return strcmp(path, "/file") == 0;
}

static int op_getattr(const char *path, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = is_file(path) ? S_IFREG | 0644 : S_IFDIR | 0755;
	st->st_nlink = 1;
	st->st_size = is_file(path) ? (off_t)length : 0;
	return is_file(path) || strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int op_truncate(const char *path, off_t size)
{
	if (!is_file(path) || size > (off_t)sizeof(data))
		return -EINVAL;
	length = (size_t)size;
	return 0;
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
	if (CHECK)
		return -EBADF;
	if ((size_t)off >= length)
		return 0;
	size = size < length - (size_t)off ? size : length - (size_t)off;
	memcpy(buf, data + off, size);
	return (int)size;
}

static int op_write(const char *path, const char *buf, size_t size, off_t off FI)
{
	(void)path;
	if (CHECK)
		return -EBADF;
	if ((size_t)off + size > sizeof(data))
		return -EFBIG;
	memcpy(data + off, buf, size);
	length = (size_t)off + size > length ? (size_t)off + size : length;
	return (int)size;
}

static int op_release(const char *path FI_OPEN)
{
	if (CHECK_OPEN || CHECK)
		return -EBADF;
	printf("released %s\n", path);
	fflush(stdout);
	return 0;
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
#if FUSE_USE_VERSION == 11
	fuse_main(argc, argv, &ops);
	return 0;
#elif FUSE_USE_VERSION < 26
	return fuse_main(argc, argv, &ops);
#else
	return fuse_main(argc, argv, &ops, NULL);
#endif
}
