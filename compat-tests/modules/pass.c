/*
 * Shows the directory PASS_ROOT. With -DIN_PROGRAM (FUSE 2) it has the module rot13 inside and
 * registers it.
 */
#ifdef IN_PROGRAM
#include "rot13.c"
#undef TURN
#define op_getattr  pass_getattr
#define op_readlink pass_readlink
#define op_mkdir    pass_mkdir
#define op_unlink   pass_unlink
#define op_rmdir    pass_rmdir
#define op_symlink  pass_symlink
#define op_rename   pass_rename
#define op_link     pass_link
#define op_chmod    pass_chmod
#define op_truncate pass_truncate
#define op_utimens  pass_utimens
#define op_statfs   pass_statfs
#define op_open     pass_open
#define op_create   pass_create
#define op_read     pass_read
#define op_write    pass_write
#define op_release  pass_release
#define op_readdir  pass_readdir
#define ops         pass_ops
#endif
#include "compat.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *root;

/* private_data must be this file system's own, whatever is above it. */
static const char *at(const char *path, char *buf)
{
	if (fuse_get_context()->private_data != &root)
		return "/nonexistent/wrong-private-data";
	snprintf(buf, PATH_MAX, "%s%s", root, path);
	return buf;
}

#define AT(path) at(path, (char[PATH_MAX]){0})
#define DO(call) return (call) == -1 ? -errno : 0

static int op_getattr(const char *path, struct stat *st FI)
{
	DO(lstat(AT(path), st));
}

static int op_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n = readlink(AT(path), buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = 0;
	return 0;
}

static int op_mkdir(const char *path, mode_t mode)
{
	DO(mkdir(AT(path), mode));
}

static int op_unlink(const char *path)
{
	DO(unlink(AT(path)));
}

static int op_rmdir(const char *path)
{
	DO(rmdir(AT(path)));
}

static int op_symlink(const char *target, const char *path)
{
	DO(symlink(target, AT(path)));
}

static int op_rename(const char *from, const char *to RENAME_FLAGS)
{
	DO(rename(AT(from), AT(to)));
}

static int op_link(const char *from, const char *to)
{
	DO(link(AT(from), AT(to)));
}

static int op_chmod(const char *path, mode_t mode FI)
{
	DO(chmod(AT(path), mode));
}

static int op_truncate(const char *path, off_t size FI)
{
	DO(truncate(AT(path), size));
}

static int op_utimens(const char *path, const struct timespec tv[2] FI)
{
	DO(utimensat(AT_FDCWD, AT(path), tv, AT_SYMLINK_NOFOLLOW));
}

static int op_statfs(const char *path, struct statvfs *st)
{
	DO(statvfs(AT(path), st));
}

static int op_open(const char *path, struct fuse_file_info *fi)
{
	int fd = open(AT(path), fi->flags);

	fi->fh = (uint64_t)fd;
	return fd < 0 ? -errno : 0;
}

static int op_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	int fd = open(AT(path), fi->flags | O_CREAT, mode);

	fi->fh = (uint64_t)fd;
	return fd < 0 ? -errno : 0;
}

static int op_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	ssize_t n = pread((int)fi->fh, buf, size, off);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

static int op_write(const char *path, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	ssize_t n = pwrite((int)fi->fh, buf, size, off);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

static int op_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	DO(close((int)fi->fh));
}

static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		      struct fuse_file_info *fi READDIR_FLAGS)
{
	DIR *d = opendir(AT(path));
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (fill(buf, e->d_name, NULL, 0 NO_FLAGS))
			break;
	closedir(d);
	return 0;
}

static const struct fuse_operations ops = {
	PATH_OPERATIONS,
};

int main(int argc, char **argv)
{
#ifdef IN_PROGRAM
	static struct fuse_module module = {.name = "rot13", .factory = rot13_new};

	fuse_register_module(&module);
#endif
	root = getenv("PASS_ROOT");
	return fuse_main(argc, argv, &ops, &root);
}
