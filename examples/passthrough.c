/*
 * passthrough: a mount that shows another directory.  Path API, every operation it has that makes
 * sense for a directory (not: bmap, which is for block devices, and poll, since files are always
 * ready).
 *
 *	cc passthrough.c -o passthrough $(pkg-config --cflags --libs fuse3)	or: fuse
 *	./passthrough -o root=DIR MOUNTPOINT
 *
 * Options: root=DIR (needed), direct_io (no page cache on the mount), passthrough (the kernel reads
 * and writes the files of DIR by itself; with ambifuse, as root, else as without).  Run by root for other users,
 * add -o allow_other,default_permissions: the kernel then checks permissions, and new files are
 * given to who made them.  The mount point must not be below DIR, as paths would lead back into the
 * mount.
 */
#include "compat.h"
#include "posix_locks.h"

#if __has_include(<ambifuse.h>)
#include <ambifuse.h>
#else /* another FUSE library's headers */
#define AMBIFUSE_CAP_PASSTHROUGH 0
#define ambifuse_register(op, want)   (-ENOSYS)
#define ambifuse_passthrough(fi, fd)  (-ENOSYS)
#endif

#include <dirent.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

static struct options {
	char *root;
	int direct_io;
	int passthrough;
	int single; /* -s was given */
	int help;
} options;

static size_t root_length;

/* The path below root, as an absolute path.  root has no slash at its end ("/" is empty). */
#define FULL_PATH(name, path)                                                                      \
	char name[PATH_MAX];                                                                       \
	if (!full_path(name, path))                                                                \
	return -ENAMETOOLONG

static bool full_path(char buf[PATH_MAX], const char *path)
{
	size_t length = strlen(path);

	if (root_length + length >= PATH_MAX)
		return false;
	memcpy(buf, options.root, root_length);
	memcpy(buf + root_length, path, length + 1);
	return true;
}

static int result(int rc)
{
	return rc < 0 ? -errno : 0;
}

/* ---- handles ---- */

/* An open directory; entry was read from it but did not fit the last answer. */
struct dir {
	DIR *stream;
	struct dirent *entry;
	off_t offset;
};

static int file_of(const struct fuse_file_info *fi)
{
	return (int)fi->fh;
}

static struct dir *dir_of(const struct fuse_file_info *fi)
{
	return (struct dir *)(uintptr_t)fi->fh;
}

static void opened(struct fuse_file_info *fi, int fd)
{
	fi->fh = (uint64_t)fd;
	fi->direct_io = options.direct_io != 0;
	if (options.passthrough)
		(void)ambifuse_passthrough(fi, fd); /* if not, pass_read and pass_write do it */
}

/*
 * O_DIRECT stays between the client and the mount: the buffers that arrive here are not aligned as
 * the file below would want them.  O_APPEND is passed on, so that appends from several sides add
 * up.
 */
static int open_flags(const struct fuse_file_info *fi)
{
	return (fi->flags & ~O_DIRECT) | O_CLOEXEC;
}

/* ---- attributes ---- */

static int pass_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	if (fi)
		return result(fstat(file_of(fi), st));
	FULL_PATH(full, path);
	return result(lstat(full, st));
}
FS_ADAPT_GETATTR(pass_getattr)

static int pass_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	if (fi)
		return result(fchmod(file_of(fi), mode));
	FULL_PATH(full, path);
	return result(chmod(full, mode));
}
FS_ADAPT_CHMOD(pass_chmod)

static int pass_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	if (fi)
		return result(fchown(file_of(fi), uid, gid));
	FULL_PATH(full, path);
	return result(lchown(full, uid, gid));
}
FS_ADAPT_CHOWN(pass_chown)

static int pass_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	if (fi)
		return result(ftruncate(file_of(fi), size));
	FULL_PATH(full, path);
	return result(truncate(full, size));
}
FS_ADAPT_TRUNCATE(pass_truncate)

/* tv may hold UTIME_NOW and UTIME_OMIT, which utimensat() takes as they are. */
static int pass_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	if (fi)
		return result(futimens(file_of(fi), tv));
	FULL_PATH(full, path);
	return result(utimensat(AT_FDCWD, full, tv, AT_SYMLINK_NOFOLLOW));
}
FS_ADAPT_UTIMENS(pass_utimens)

static int pass_access(const char *path, int mask)
{
	FULL_PATH(full, path);
	return result(faccessat(AT_FDCWD, full, mask, AT_EACCESS));
}

static int pass_statfs(const char *path, struct statvfs *st)
{
	FULL_PATH(full, path);
	return result(statvfs(full, st));
}

/* ---- names ---- */

/*
 * What root makes for somebody else belongs to him.  A group that is not ours was inherited from a
 * set-group-ID directory and stays.  mode is set again since chown drops the set-ID bits.
 */
static int give_to_caller(const char *full, mode_t mode)
{
	const struct fuse_context *ctx = fuse_get_context();
	struct stat st;
	gid_t gid;

	if (geteuid() != 0 || (ctx->uid == 0 && ctx->gid == getegid()))
		return 0;
	if (lstat(full, &st) < 0)
		return -errno;
	gid = st.st_gid == getegid() ? ctx->gid : st.st_gid;
	if (lchown(full, ctx->uid, gid) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && (mode & (S_ISUID | S_ISGID)))
		return result(chmod(full, mode & 07777));
	return 0;
}

static int pass_mknod(const char *path, mode_t mode, dev_t rdev)
{
	FULL_PATH(full, path);
	if (mknod(full, mode, rdev) < 0)
		return -errno;
	return give_to_caller(full, mode);
}

static int pass_mkdir(const char *path, mode_t mode)
{
	FULL_PATH(full, path);
	if (mkdir(full, mode) < 0)
		return -errno;
	return give_to_caller(full, mode);
}

static int pass_symlink(const char *target, const char *path)
{
	FULL_PATH(full, path);
	if (symlink(target, full) < 0)
		return -errno;
	return give_to_caller(full, 0);
}

/* The buffer is to end with a null byte, which readlink() does not write. */
static int pass_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n;

	FULL_PATH(full, path);
	n = readlink(full, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static int pass_link(const char *from, const char *to)
{
	FULL_PATH(full_from, from);
	FULL_PATH(full_to, to);
	return result(link(full_from, full_to));
}

static int pass_rename(const char *from, const char *to, unsigned int flags)
{
	FULL_PATH(full_from, from);
	FULL_PATH(full_to, to);
	return result(renameat2(AT_FDCWD, full_from, AT_FDCWD, full_to, flags));
}
FS_ADAPT_RENAME(pass_rename)

static int pass_unlink(const char *path)
{
	FULL_PATH(full, path);
	return result(unlink(full));
}

static int pass_rmdir(const char *path)
{
	FULL_PATH(full, path);
	return result(rmdir(full));
}

/* ---- directories ---- */

static int pass_opendir(const char *path, struct fuse_file_info *fi)
{
	struct dir *dir;

	FULL_PATH(full, path);
	dir = calloc(1, sizeof(*dir));
	if (!dir)
		return -ENOMEM;
	dir->stream = opendir(full);
	if (!dir->stream) {
		int rc = -errno;

		free(dir);
		return rc;
	}
	fi->fh = (uintptr_t)dir;
	return 0;
}

/*
 * Offsets are those of the directory below, so that seeking works however it changes meanwhile.
 * A client reading on from where it stopped (the usual case) needs no seek.
 */
static int pass_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
			struct fuse_file_info *fi, bool plus)
{
	struct dir *dir = dir_of(fi);

	(void)path;
	if (offset != dir->offset) {
		seekdir(dir->stream, offset);
		dir->entry = NULL;
		dir->offset = offset;
	}
	for (;;) {
		struct stat st;
		bool have_attr = false;

		if (!dir->entry) {
			errno = 0;
			dir->entry = readdir(dir->stream);
			if (!dir->entry)
				return -errno;
		}
		if (plus)
			have_attr = fstatat(dirfd(dir->stream), dir->entry->d_name, &st,
					    AT_SYMLINK_NOFOLLOW) == 0;
		if (!have_attr) {
			memset(&st, 0, sizeof(st));
			st.st_ino = dir->entry->d_ino;
			st.st_mode = (mode_t)DTTOIF(dir->entry->d_type);
		}
		if (fs_fill(fill, buf, dir->entry->d_name, &st, dir->entry->d_off, have_attr))
			return 0;
		dir->offset = dir->entry->d_off;
		dir->entry = NULL;
	}
}
FS_ADAPT_READDIR(pass_readdir)

static int pass_releasedir(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	closedir(dir_of(fi)->stream);
	free(dir_of(fi));
	return 0;
}

static int pass_fsyncdir(const char *path, int datasync, struct fuse_file_info *fi)
{
	int fd = dirfd(dir_of(fi)->stream);

	(void)path;
	return result(datasync ? fdatasync(fd) : fsync(fd));
}

/* ---- files ---- */

static int pass_open(const char *path, struct fuse_file_info *fi)
{
	int fd;

	FULL_PATH(full, path);
	fd = open(full, open_flags(fi));
	if (fd < 0)
		return -errno;
	opened(fi, fd);
	return 0;
}

static int pass_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	int fd, rc;

	FULL_PATH(full, path);
	fd = open(full, open_flags(fi) | O_CREAT, mode);
	if (fd < 0)
		return -errno;
	rc = give_to_caller(full, mode);
	if (rc) {
		close(fd);
		return rc;
	}
	opened(fi, fd);
	return 0;
}

static int pass_read(const char *path, char *buf, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	ssize_t n = pread(file_of(fi), buf, size, offset);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

static int pass_write(const char *path, const char *buf, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	ssize_t n = pwrite(file_of(fi), buf, size, offset);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

/* Instead of data, say where it is: the library may then splice it without copying. */
static int pass_read_buf(const char *path, struct fuse_bufvec **bufp, size_t size, off_t offset,
			 struct fuse_file_info *fi)
{
	struct fuse_bufvec *vec = malloc(sizeof(*vec));

	(void)path;
	if (!vec)
		return -ENOMEM;
	*vec = FUSE_BUFVEC_INIT(size);
	vec->buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	vec->buf[0].fd = file_of(fi);
	vec->buf[0].pos = offset;
	*bufp = vec; /* the library frees it */
	return 0;
}

static int pass_write_buf(const char *path, struct fuse_bufvec *data, off_t offset,
			  struct fuse_file_info *fi)
{
	struct fuse_bufvec to = FUSE_BUFVEC_INIT(fuse_buf_size(data));
	bool append = (fi->flags & O_APPEND) != 0; /* which splice() refuses */

	(void)path;
	to.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	to.buf[0].fd = file_of(fi);
	to.buf[0].pos = offset;
	return (int)fuse_buf_copy(&to, data,
				  append ? FUSE_BUF_NO_SPLICE : FUSE_BUF_SPLICE_NONBLOCK);
}

/* Called for each close() of a client, so closing a duplicate reports what close() would report. */
static int pass_flush(const char *path, struct fuse_file_info *fi)
{
	int copy = dup(file_of(fi));

	(void)path;
	plock_release(fi->lock_owner, file_of(fi));
	return copy < 0 ? -errno : result(close(copy));
}

static int pass_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	close(file_of(fi));
	return 0;
}

static int pass_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
	(void)path;
	return result(datasync ? fdatasync(file_of(fi)) : fsync(file_of(fi)));
}

static int pass_fallocate(const char *path, int mode, off_t offset, off_t length,
			  struct fuse_file_info *fi)
{
	(void)path;
	return result(fallocate(file_of(fi), mode, offset, length));
}

#if FS_API == 3
static ssize_t pass_copy_file_range(const char *path_in, struct fuse_file_info *fi_in, off_t off_in,
				    const char *path_out, struct fuse_file_info *fi_out,
				    off_t off_out, size_t size, int flags)
{
	ssize_t n = copy_file_range(file_of(fi_in), &off_in, file_of(fi_out), &off_out, size,
				    (unsigned int)flags);

	(void)path_in, (void)path_out;
	return n < 0 ? -errno : n;
}

static off_t pass_lseek(const char *path, off_t offset, int whence, struct fuse_file_info *fi)
{
	off_t pos = lseek(file_of(fi), offset, whence);

	(void)path;
	return pos < 0 ? -errno : pos;
}
#endif

/* ---- locks ---- */

static int interrupted(void *unused)
{
	(void)unused;
	return fuse_interrupted();
}

static int pass_lock(const char *path, struct fuse_file_info *fi, int cmd, struct flock *lock)
{
	(void)path;
	return plock(fi->lock_owner, file_of(fi), cmd, lock, !options.single, interrupted, NULL);
}

static int pass_flock(const char *path, struct fuse_file_info *fi, int op)
{
	(void)path;
	return plock_flock(file_of(fi), op, !options.single, interrupted, NULL);
}

/* ---- extended attributes, file flags ---- */

static int pass_setxattr(const char *path, const char *name, const char *value, size_t size,
			 int flags)
{
	FULL_PATH(full, path);
	return result(lsetxattr(full, name, value, size, flags));
}

static int pass_getxattr(const char *path, const char *name, char *value, size_t size)
{
	ssize_t n;

	FULL_PATH(full, path);
	n = lgetxattr(full, name, value, size);
	return n < 0 ? -errno : (int)n;
}

static int pass_listxattr(const char *path, char *list, size_t size)
{
	ssize_t n;

	FULL_PATH(full, path);
	n = llistxattr(full, list, size);
	return n < 0 ? -errno : (int)n;
}

static int pass_removexattr(const char *path, const char *name)
{
	FULL_PATH(full, path);
	return result(lremovexattr(full, name));
}

/* chattr and lsattr.  Other commands are not passed on: their data could be anything. */
static int pass_ioctl(const char *path, fs_ioctl_cmd cmd, void *arg, struct fuse_file_info *fi,
		      unsigned int flags, void *data)
{
	int fd = flags & FUSE_IOCTL_DIR ? dirfd(dir_of(fi)->stream) : file_of(fi);

	(void)path, (void)arg;
	if (flags & FUSE_IOCTL_COMPAT)
		return -ENOSYS;
	switch ((unsigned int)cmd) {
	case FS_IOC_GETFLAGS:
	case FS_IOC_SETFLAGS:
	case FS_IOC_FSGETXATTR:
	case FS_IOC_FSSETXATTR:
		return result(ioctl(fd, (unsigned int)cmd, data));
	default:
		return -ENOTTY;
	}
}

/* ---- start ---- */

static void pass_init(struct fuse_conn_info *conn)
{
	fs_want(conn, FUSE_CAP_IOCTL_DIR);
	if (options.passthrough && ambifuse_register(NULL, AMBIFUSE_CAP_PASSTHROUGH) != 0)
		fprintf(stderr, "passthrough: this FUSE library has none\n");
}
FS_ADAPT_INIT(pass_init, FS_USE_INO)

static const struct fuse_operations pass_ops = {
	FS_INIT(pass_init),
	FS_GETATTR(pass_getattr),
	FS_CHMOD(pass_chmod),
	FS_CHOWN(pass_chown),
	FS_TRUNCATE(pass_truncate),
	FS_UTIMENS(pass_utimens),
	FS_RENAME(pass_rename),
	FS_READDIR(pass_readdir),
	FS_NULLPATH.access = pass_access,
	.statfs = pass_statfs,
	.mknod = pass_mknod,
	.mkdir = pass_mkdir,
	.symlink = pass_symlink,
	.readlink = pass_readlink,
	.link = pass_link,
	.unlink = pass_unlink,
	.rmdir = pass_rmdir,
	.opendir = pass_opendir,
	.releasedir = pass_releasedir,
	.fsyncdir = pass_fsyncdir,
	.open = pass_open,
	.create = pass_create,
	.read = pass_read,
	.write = pass_write,
	.read_buf = pass_read_buf,
	.write_buf = pass_write_buf,
	.flush = pass_flush,
	.release = pass_release,
	.fsync = pass_fsync,
	.fallocate = pass_fallocate,
	.lock = pass_lock,
	.flock = pass_flock,
	.setxattr = pass_setxattr,
	.getxattr = pass_getxattr,
	.listxattr = pass_listxattr,
	.removexattr = pass_removexattr,
	.ioctl = pass_ioctl,
#if FS_API == 3
	.copy_file_range = pass_copy_file_range,
	.lseek = pass_lseek,
#endif
};

enum { KEY_SINGLE, KEY_HELP };

static const struct fuse_opt option_spec[] = {
	{"root=%s", offsetof(struct options, root), 1},
	{"direct_io", offsetof(struct options, direct_io), 1},
	{"passthrough", offsetof(struct options, passthrough), 1},
	FUSE_OPT_KEY("-s", KEY_SINGLE),
	FUSE_OPT_KEY("-h", KEY_HELP),
	FUSE_OPT_KEY("--help", KEY_HELP),
	FUSE_OPT_END,
};

/* 1: leave the argument for the library to see as well. */
static int option_proc(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct options *o = data;

	(void)arg;
	if (key == KEY_SINGLE)
		o->single = 1;
	if (key == KEY_HELP) {
		printf("usage: %s -o root=DIR[,direct_io][,passthrough] [options] MOUNTPOINT\n\n", args->argv[0]);
		o->help = 1;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	char *root = NULL;
	int rc;

	if (fuse_opt_parse(&args, &options, option_spec, option_proc) != 0)
		return 1;
	if (!options.root && !options.help) {
		fprintf(stderr, "%s: say which directory to show: -o root=DIR\n", argv[0]);
		return 1;
	}
	if (options.root) {
		root = realpath(options.root, NULL); /* a daemon changes to / */
		if (!root) {
			fprintf(stderr, "%s: root=%s: %s\n", argv[0], options.root,
				strerror(errno));
			return 1;
		}
		free(options.root);
		options.root = root;
		root_length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	}
	umask(0); /* modes arrive with the caller's umask applied */
	if (fs_path_defaults(&args, FS_USE_INO) != 0)
		return 1;
	rc = fuse_main(args.argc, args.argv, &pass_ops, NULL);
	fuse_opt_free_args(&args);
	free(root);
	return rc;
}
