/*
 * hello: the smallest file system that is of any use.  One directory, one file, read only.
 * Path API: every operation gets the path, the library keeps track of the rest.
 *
 *	cc hello.c -o hello $(pkg-config --cflags --libs fuse3)	or: fuse
 *	./hello MOUNTPOINT; cat MOUNTPOINT/hello; fusermount3 -u MOUNTPOINT
 */
#include "compat.h"

#include <errno.h>
#include <fcntl.h>

static const char file_path[] = "/hello";
static const char file_text[] = "Hello, world\n";
#define FILE_SIZE (sizeof(file_text) - 1)

static int hello_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	memset(st, 0, sizeof(*st));
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	} else if (strcmp(path, file_path) == 0) {
		st->st_mode = S_IFREG | 0444;
		st->st_nlink = 1;
		st->st_size = FILE_SIZE;
	} else {
		return -ENOENT;
	}
	return 0;
}
FS_ADAPT_GETATTR(hello_getattr)

/* With offset 0 for every entry the library collects the whole directory by itself. */
static int hello_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
			 struct fuse_file_info *fi, bool plus)
{
	(void)offset, (void)fi, (void)plus;
	if (strcmp(path, "/") != 0)
		return -ENOENT;
	fs_fill(fill, buf, ".", NULL, 0, false);
	fs_fill(fill, buf, "..", NULL, 0, false);
	fs_fill(fill, buf, file_path + 1, NULL, 0, false);
	return 0;
}
FS_ADAPT_READDIR(hello_readdir)

static int hello_open(const char *path, struct fuse_file_info *fi)
{
	if (strcmp(path, file_path) != 0)
		return -ENOENT;
	return (fi->flags & O_ACCMODE) == O_RDONLY ? 0 : -EACCES;
}

static int hello_read(const char *path, char *buf, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	if (offset < 0 || (size_t)offset >= FILE_SIZE)
		return 0;
	if (size > FILE_SIZE - (size_t)offset)
		size = FILE_SIZE - (size_t)offset;
	memcpy(buf, file_text + offset, size);
	return (int)size;
}

static const struct fuse_operations hello_ops = {
	FS_GETATTR(hello_getattr),
	FS_READDIR(hello_readdir),
	.open = hello_open,
	.read = hello_read,
};

int main(int argc, char **argv)
{
	return fuse_main(argc, argv, &hello_ops, NULL);
}
