/*
 * A file system of one file, "/file", on the path API of either library; compiled against the
 * headers of the stock libraries. fuse_get_context() is asked in each operation.
 */
#ifndef ONE_FILE_H
#define ONE_FILE_H

#include <fuse.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#if FUSE_MAJOR_VERSION >= 3
#define API                   3
#define FI_ARG                , struct fuse_file_info *fi
#define FILL(buf, name, fill) fill(buf, name, NULL, 0, (enum fuse_fill_dir_flags)0)
#define FLAGS_ARG             , enum fuse_readdir_flags flags
#else
#define API 2
#define FI_ARG
#define FILL(buf, name, fill) fill(buf, name, NULL, 0)
#define FLAGS_ARG
#endif

/* How operations find the context; a program that has the library from dlopen() sets its own. */
static struct fuse_context *(*one_file_context)(void);
static const char *one_file_text = "alive\n";

static int one_file_getattr(const char *path, struct stat *st FI_ARG)
{
	int is_file = strcmp(path, "/file") == 0;

	if (one_file_context && !one_file_context()->fuse)
		return -EIO;
	memset(st, 0, sizeof(*st));
	st->st_mode = is_file ? S_IFREG | 0444 : S_IFDIR | 0755;
	st->st_nlink = is_file ? 1 : 2;
	st->st_size = is_file ? (off_t)strlen(one_file_text) : 0;
	return is_file || strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int one_file_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
			    struct fuse_file_info *fi FLAGS_ARG)
{
	(void)path;
	return FILL(buf, ".", fill) || FILL(buf, "..", fill) || FILL(buf, "file", fill) ? -EIO : 0;
}

static int one_file_open(const char *path, struct fuse_file_info *fi)
{
	fi->direct_io = 1;
	return strcmp(path, "/file") ? -ENOENT : 0;
}

static int one_file_read(const char *path, char *buf, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	size_t len = strlen(one_file_text);

	if (one_file_context && !one_file_context()->fuse)
		return -EIO;
	if ((size_t)off >= len)
		return 0;
	size = size < len - (size_t)off ? size : len - (size_t)off;
	memcpy(buf, one_file_text + off, size);
	return (int)size;
}

static struct fuse_operations one_file_ops = {
	.getattr = one_file_getattr,
	.readdir = one_file_readdir,
	.open = one_file_open,
	.read = one_file_read,
};

#endif
