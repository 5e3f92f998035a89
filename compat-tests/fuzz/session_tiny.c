/*
 * (b) The program of fuzz_session on the path API: a tiny file system that lies now and then, as
 * the input says.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

enum { FILES = 24, PATH = 40 };

static struct {
	char path[PATH];
	struct stat st;
} files[FILES];

static int find(const char *path)
{
	if (!path || strlen(path) >= PATH)
		return -1;
	for (int i = 0; i < FILES; i++)
		if (files[i].st.st_mode && !strcmp(files[i].path, path))
			return i;
	return -1;
}

static int add(const char *path, mode_t mode)
{
	touch(path, strlen(path) + 1);
	require(path[0] == '/');
	if (find(path) >= 0)
		return -EEXIST;
	if (strlen(path) >= PATH)
		return -ENAMETOOLONG;
	for (int i = 0; i < FILES; i++)
		if (!files[i].st.st_mode) {
			strcpy(files[i].path, path);
			files[i].st = (struct stat){.st_mode = mode ? mode : 0100644,
						    .st_ino = (ino_t)i + 1,
						    .st_nlink = 1};
			return 0;
		}
	return -ENOSPC;
}

static int t_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	int i = find(path);

	(void)d;
	(void)fi;
	if (i < 0)
		return -ENOENT;
	st->st = files[i].st;
	return byte() % 32 == 31 ? -EIO : 0;
}
static int t_readlink(void *d, const char *path, char *buf, size_t size)
{
	(void)d;
	(void)path;
	memset(buf, 'x', byte() % 2 ? size : 3); /* also not terminated */
	return 0;
}
static int t_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	(void)d;
	(void)dev;
	return add(path, mode);
}
static int t_mkdir(void *d, const char *path, mode_t mode)
{
	(void)d;
	(void)mode;
	return add(path, 040755);
}
static int t_unlink(void *d, const char *path)
{
	int i = find(path);

	(void)d;
	if (i < 0)
		return -ENOENT;
	files[i].st.st_mode = 0;
	return 0;
}
static int t_symlink(void *d, const char *target, const char *path)
{
	(void)d;
	touch(target, strlen(target) + 1);
	return add(path, 0120777);
}
static int t_rename(void *d, const char *from, const char *to, unsigned flags)
{
	int i = find(from), j = find(to);

	(void)d;
	touch(to, strlen(to) + 1);
	if (i < 0 || strlen(to) >= PATH)
		return -ENOENT;
	if (byte() % 8 == 7)
		return -EACCES;
	if (flags & 2) {
		char swap[PATH];

		if (j < 0)
			return -ENOENT;
		memcpy(swap, files[i].path, PATH);
		memcpy(files[i].path, files[j].path, PATH);
		memcpy(files[j].path, swap, PATH);
		return 0;
	}
	if (j >= 0 && j != i)
		files[j].st.st_mode = 0;
	memmove(files[i].path, to, strlen(to) + 1);
	return 0;
}
static int t_link(void *d, const char *from, const char *to)
{
	int i = find(from), res, j;

	(void)d;
	if (i < 0)
		return -ENOENT;
	res = add(to, files[i].st.st_mode);
	if (res)
		return res;
	j = find(to);
	files[i].st.st_nlink++;
	files[j].st = files[i].st;
	return 0;
}
static int t_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	(void)size;
	return find(path) < 0 ? -ENOENT : 0;
}
static int t_open(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	fi->fh = byte();
	return find(path) < 0 ? -ENOENT : 0;
}
static int t_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	(void)d;
	fi->fh = byte();
	return add(path, mode);
}
static int t_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	(void)d;
	(void)path;
	(void)off;
	(void)fi;
	if (size > 4096)
		size = 4096;
	memset(buf, 'r', size);
	return byte() % 16 == 15 ? INT32_MAX : (int)size; /* or lies */
}
static int t_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	(void)d;
	(void)path;
	(void)off;
	(void)fi;
	touch(buf, size);
	return (int)size + (byte() % 16 == 15);
}
static int t_handle(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	touch(path, path ? strlen(path) + 1 : 0);
	return 0;
}
static int t_opendir(void *d, const char *path, struct core_file_info *fi)
{
	return t_open(d, path, fi);
}
static int t_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		     struct core_file_info *fi, int flags)
{
	bool offsets = byte() % 2, complete = byte() % 2;

	(void)d;
	(void)fi;
	(void)flags;
	touch(path, path ? strlen(path) + 1 : 0);
	fill(buf, ".", NULL, 0, 0);
	for (int i = 0; i < FILES; i++) {
		if (!files[i].st.st_mode || (offsets && i + 1 <= off))
			continue;
		if (fill(buf, files[i].path + (files[i].path[1] != 0), &files[i].st,
			 offsets ? i + 1 : 0, complete ? CORE_FILL_PLUS : 0))
			break;
	}
	return byte() % 16 == 15 ? -EIO : 0;
}
static int t_lock(void *d, const char *path, struct core_file_info *fi, int cmd, struct flock *fl)
{
	(void)d;
	(void)path;
	(void)fi;
	(void)cmd;
	touch(fl, sizeof(*fl));
	return byte() % 4 == 3 ? -EAGAIN : 0;
}
static int t_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	(void)d;
	(void)path;
	(void)fi;
	(void)op;
	return byte() % 4 == 3 ? -EWOULDBLOCK : 0;
}
static int t_setxattr(void *d, const char *path, const char *name, const char *value, size_t size,
		      int flags)
{
	(void)d;
	(void)path;
	(void)name;
	(void)flags;
	touch(value, size);
	return 0;
}
static int t_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	(void)d;
	(void)path;
	touch(name, strlen(name) + 1);
	if (size > 100)
		size = 100;
	if (size)
		memset(value, 'v', size);
	return (int)byte() - 20;
}
static int t_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	(void)d;
	(void)path;
	(void)cmd;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)data;
	return (int)byte() - 20;
}

const struct core_fs_ops tiny = {
	.getattr = t_getattr,
	.readlink = t_readlink,
	.mknod = t_mknod,
	.mkdir = t_mkdir,
	.unlink = t_unlink,
	.rmdir = t_unlink,
	.symlink = t_symlink,
	.rename = t_rename,
	.link = t_link,
	.truncate = t_truncate,
	.open = t_open,
	.create = t_create,
	.read = t_read,
	.write = t_write,
	.flush = t_handle,
	.release = t_handle,
	.opendir = t_opendir,
	.readdir = t_readdir,
	.releasedir = t_handle,
	.lock = t_lock,
	.flock = t_flock,
	.setxattr = t_setxattr,
	.getxattr = t_getxattr,
	.ioctl = t_ioctl,
};

void tiny_begin(void)
{
	memset(files, 0, sizeof(files));
	add("/", 040755);
	add("/a", 0100644);
	add("/b", 040755);
}
