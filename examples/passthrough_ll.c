/*
 * passthrough_ll: a mount that shows another directory, on the low-level API.
 *
 *	cc passthrough_ll.c -o passthrough_ll $(pkg-config --cflags --libs fuse3)	or: fuse
 *	./passthrough_ll -o root=DIR MOUNTPOINT
 *
 * A node is an O_PATH descriptor; the inode number the kernel sees is the node's address.  So
 * there are no paths, renames need no bookkeeping, and files that were unlinked stay reachable. The
 * price is a descriptor for each file the kernel remembers, hence the raised limit in main().
 *
 * Options: root=DIR (needed), direct_io.
 * Run by root for others, add -o allow_other,default_permissions.
 */
#include "compat_ll.h"
#include "passthrough_nodes.h"
#include "posix_locks.h"

#include <dirent.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define TIMEOUT 1.0 /* seconds for which the kernel may use names and attributes unasked */

static struct options {
	char *root;
	int direct_io;
	int help;
} options;

static bool single; /* one thread: never wait for a lock */

/* ---- small helpers ---- */

/* A path to what a descriptor stands for: O_PATH descriptors are no good for most calls. */
struct proc_path {
	char s[40];
};

static struct proc_path proc_path(int fd)
{
	struct proc_path p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

/* rc as system calls return it */
static void reply_result(fuse_req_t req, int rc)
{
	fuse_reply_err(req, rc < 0 ? errno : 0);
}

static void reply_error(fuse_req_t req, int negative)
{
	fuse_reply_err(req, -negative);
}

/* Count the node behind fd (taken over) and describe it. */
static int make_entry(int fd, struct fuse_entry_param *entry)
{
	struct node *n;
	int rc;

	memset(entry, 0, sizeof(*entry));
	if (fstat(fd, &entry->attr) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = node_take(fd, &entry->attr, &n);
	entry->ino = (uintptr_t)n;
	entry->attr_timeout = entry->entry_timeout = TIMEOUT;
	return rc;
}

static int lookup_name(fuse_ino_t parent, const char *name, struct fuse_entry_param *entry)
{
	int fd = openat(node_of(parent)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : make_entry(fd, entry);
}

/* If the request was given up meanwhile the kernel never learns of the node: count it back. */
static void reply_name(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry;
	int rc = lookup_name(parent, name, &entry);

	if (rc)
		reply_error(req, rc);
	else if (fuse_reply_entry(req, &entry) == -ENOENT)
		node_forget(node_of(entry.ino), 1);
}

/*
 * What root makes for somebody else belongs to him.  A group that is not ours was inherited from a
 * set-group-ID directory and stays.  mode is set again since chown drops the set-ID bits.
 */
static int give_to_caller(fuse_req_t req, int parent_fd, const char *name, mode_t mode)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct stat st;
	gid_t gid;

	if (geteuid() != 0 || (ctx->uid == 0 && ctx->gid == getegid()))
		return 0;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	gid = st.st_gid == getegid() ? ctx->gid : st.st_gid;
	if (fchownat(parent_fd, name, ctx->uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && (mode & (S_ISUID | S_ISGID)))
		return fchmodat(parent_fd, name, mode & 07777, 0);
	return 0;
}

/* ---- names and attributes ---- */

static void pass_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
#if FS_API == 2
	fs_want(conn, FUSE_CAP_BIG_WRITES);
#endif
	fs_want(conn, FUSE_CAP_IOCTL_DIR);
}

static void pass_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	reply_name(req, parent, name);
}

static void pass_forget(fuse_req_t req, fuse_ino_t ino, fs_nlookup count)
{
	node_forget(node_of(ino), count);
	fuse_reply_none(req);
}

static void pass_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		node_forget(node_of((fuse_ino_t)forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

static void pass_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	if (fstat(node_of(ino)->fd, &st) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_attr(req, &st, TIMEOUT);
}

static int set_times(int fd, const struct stat *attr, int to_set)
{
	struct timespec tv[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};

	if (to_set & FUSE_SET_ATTR_ATIME_NOW)
		tv[0].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_ATIME)
		tv[0] = attr->st_atim;
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		tv[1].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_MTIME)
		tv[1] = attr->st_mtim;
	/* through /proc, since AT_EMPTY_PATH here needs Linux 5.8; a symlink is not followed there
	 */
	return utimensat(AT_FDCWD, proc_path(fd).s, tv, 0);
}

/* fi is there for ftruncate(), which works on files the caller could not open for writing again. */
static int set_attributes(int fd, const struct stat *attr, int to_set,
			  const struct fuse_file_info *fi)
{
	struct proc_path path = proc_path(fd);

	if ((to_set & FUSE_SET_ATTR_MODE) && chmod(path.s, attr->st_mode & 07777) < 0)
		return -1;
	if (to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) {
		uid_t uid = to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1;
		gid_t gid = to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1;

		if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
	}
	if (to_set & FUSE_SET_ATTR_SIZE) {
		int rc = fi ? ftruncate((int)fi->fh, attr->st_size)
			    : truncate(path.s, attr->st_size);

		if (rc < 0)
			return -1;
	}
	if (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW |
		      FUSE_SET_ATTR_MTIME_NOW))
		return set_times(fd, attr, to_set);
	return 0;
}

static void pass_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
			 struct fuse_file_info *fi)
{
	if (set_attributes(node_of(ino)->fd, attr, to_set, fi) < 0)
		fuse_reply_err(req, errno);
	else
		pass_getattr(req, ino, fi);
}

static void pass_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	reply_result(req, faccessat(AT_FDCWD, proc_path(node_of(ino)->fd).s, mask, AT_EACCESS));
}

static void pass_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st;

	if (fstatvfs(node_of(ino)->fd, &st) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_statfs(req, &st);
}

static void pass_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(node_of(ino)->fd, "", target, sizeof(target) - 1);

	if (n < 0) {
		fuse_reply_err(req, errno);
		return;
	}
	target[n] = '\0';
	fuse_reply_readlink(req, target);
}

static void reply_made(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, int rc)
{
	if (rc < 0 || give_to_caller(req, node_of(parent)->fd, name, mode) < 0)
		fuse_reply_err(req, errno);
	else
		reply_name(req, parent, name);
}

static void pass_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	reply_made(req, parent, name, mode, mknodat(node_of(parent)->fd, name, mode, rdev));
}

static void pass_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	reply_made(req, parent, name, mode, mkdirat(node_of(parent)->fd, name, mode));
}

static void pass_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	reply_made(req, parent, name, 0, symlinkat(target, node_of(parent)->fd, name));
}

static void pass_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	if (linkat(AT_FDCWD, proc_path(node_of(ino)->fd).s, node_of(parent)->fd, name,
		   AT_SYMLINK_FOLLOW) < 0)
		fuse_reply_err(req, errno);
	else
		reply_name(req, parent, name);
}

static void pass_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	reply_result(req, unlinkat(node_of(parent)->fd, name, 0));
}

static void pass_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	reply_result(req, unlinkat(node_of(parent)->fd, name, AT_REMOVEDIR));
}

static void pass_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
			const char *newname, unsigned int flags)
{
	reply_result(req,
		     renameat2(node_of(parent)->fd, name, node_of(newparent)->fd, newname, flags));
}
FS_LL_ADAPT_RENAME(pass_rename)

/* ---- directories ---- */

/* entry was read from the stream but did not fit the last answer; offset is where it was read. */
struct dir {
	DIR *stream;
	struct dirent *entry;
	off_t offset;
};

static struct dir *dir_of(const struct fuse_file_info *fi)
{
	return (struct dir *)(uintptr_t)fi->fh;
}

static void dir_free(struct dir *dir)
{
	if (dir && dir->stream)
		closedir(dir->stream);
	free(dir);
}

static void pass_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct dir *dir = calloc(1, sizeof(*dir));
	int fd = openat(node_of(ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir && fd >= 0)
		dir->stream = fdopendir(fd);
	if (!dir || !dir->stream) {
		fuse_reply_err(req, dir ? errno : ENOMEM);
		if (fd >= 0)
			close(fd);
		free(dir);
		return;
	}
	fi->fh = (uintptr_t)dir;
	if (fuse_reply_open(req, fi) == -ENOENT)
		dir_free(dir);
}

/* Add one entry; returns the bytes it needs, which is more than size if it did not fit. */
static size_t add_entry(fuse_req_t req, char *buf, size_t size, const struct dir *dir, bool plus)
{
	const struct dirent *e = dir->entry;
	struct fuse_entry_param entry = {
		.attr = {.st_ino = e->d_ino, .st_mode = (mode_t)DTTOIF(e->d_type)},
	};
	size_t need;

	if (!plus)
		return fuse_add_direntry(req, buf, size, e->d_name, &entry.attr, e->d_off);
#if FS_API == 3
	/* . and .. must not be counted; a file that went away meanwhile is listed without
	 * attributes */
	if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
		int fd = openat(dirfd(dir->stream), e->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && make_entry(fd, &entry) != 0)
			entry.ino = 0;
	}
	need = fuse_add_direntry_plus(req, buf, size, e->d_name, &entry, e->d_off);
	if (need > size && entry.ino)
		node_forget(node_of(entry.ino), 1);
#else
	need = 0;
#endif
	return need;
}

static void read_directory(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi,
			   bool plus)
{
	struct dir *dir = dir_of(fi);
	char *buf = malloc(size);
	size_t used = 0;
	int rc = 0;

	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (offset != dir->offset) {
		seekdir(dir->stream, offset);
		dir->entry = NULL;
		dir->offset = offset;
	}
	for (;;) {
		size_t need;

		if (!dir->entry) {
			errno = 0;
			dir->entry = readdir(dir->stream);
			if (!dir->entry) {
				rc = errno;
				break;
			}
		}
		need = add_entry(req, buf + used, size - used, dir, plus);
		if (need > size - used)
			break;
		used += need;
		dir->offset = dir->entry->d_off;
		dir->entry = NULL;
	}
	/* entries with counted nodes are in the buffer already: send those, the error comes next
	 * time */
	if (rc && !used)
		fuse_reply_err(req, rc);
	else
		fuse_reply_buf(req, buf, used);
	free(buf);
}

static void pass_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			 struct fuse_file_info *fi)
{
	(void)ino;
	read_directory(req, size, offset, fi, false);
}

#if FS_API == 3
static void pass_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			     struct fuse_file_info *fi)
{
	(void)ino;
	read_directory(req, size, offset, fi, true);
}
#endif

static void pass_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	dir_free(dir_of(fi));
	fuse_reply_err(req, 0);
}

static void pass_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	int fd = dirfd(dir_of(fi)->stream);

	(void)ino;
	reply_result(req, datasync ? fdatasync(fd) : fsync(fd));
}

/* ---- files ---- */

/* O_DIRECT stays between client and mount: buffers here are not aligned as the file below wants. */
static int open_flags(const struct fuse_file_info *fi)
{
	return (fi->flags & ~(O_DIRECT | O_NOFOLLOW)) | O_CLOEXEC;
}

static void pass_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int fd = open(proc_path(node_of(ino)->fd).s, open_flags(fi));

	if (fd < 0) {
		fuse_reply_err(req, errno);
		return;
	}
	fi->fh = (uint64_t)fd;
	fi->direct_io = options.direct_io != 0;
	if (fuse_reply_open(req, fi) == -ENOENT)
		close(fd);
}

static void pass_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			struct fuse_file_info *fi)
{
	int parent_fd = node_of(parent)->fd, path_fd, rc;
	int fd = openat(parent_fd, name, open_flags(fi) | O_NOFOLLOW | O_CREAT, mode);
	struct fuse_entry_param entry;

	if (fd < 0) {
		fuse_reply_err(req, errno);
		return;
	}
	/* the node comes from the descriptor, not the name: somebody may rename it right now */
	rc = give_to_caller(req, parent_fd, name, mode) < 0 ? -errno : 0;
	if (!rc) {
		path_fd = open(proc_path(fd).s, O_PATH | O_CLOEXEC);
		rc = path_fd < 0 ? -errno : make_entry(path_fd, &entry);
	}
	if (rc) {
		close(fd);
		reply_error(req, rc);
		return;
	}
	fi->fh = (uint64_t)fd;
	fi->direct_io = options.direct_io != 0;
	if (fuse_reply_create(req, &entry, fi) == -ENOENT) {
		close(fd);
		node_forget(node_of(entry.ino), 1);
	}
}

/* Say where the data is instead of reading it: the library may splice it. */
static void pass_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	struct fuse_bufvec vec = FUSE_BUFVEC_INIT(size);

	(void)ino;
	vec.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	vec.buf[0].fd = (int)fi->fh;
	vec.buf[0].pos = offset;
	fuse_reply_data(req, &vec, FUSE_BUF_SPLICE_MOVE);
}

static void pass_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *data, off_t offset,
			   struct fuse_file_info *fi)
{
	struct fuse_bufvec to = FUSE_BUFVEC_INIT(fuse_buf_size(data));
	bool append = (fi->flags & O_APPEND) != 0; /* which splice() refuses */
	ssize_t n;

	(void)ino;
	to.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	to.buf[0].fd = (int)fi->fh;
	to.buf[0].pos = offset;
	n = fuse_buf_copy(&to, data, append ? FUSE_BUF_NO_SPLICE : FUSE_BUF_SPLICE_NONBLOCK);
	if (n < 0)
		reply_error(req, (int)n);
	else
		fuse_reply_write(req, (size_t)n);
}

/* Called for each close() of a client, so closing a duplicate reports what close() would report. */
static void pass_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int copy = dup((int)fi->fh);

	(void)ino;
	plock_release(fi->lock_owner, (int)fi->fh);
	reply_result(req, copy < 0 ? -1 : close(copy));
}

static void pass_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	close((int)fi->fh);
	fuse_reply_err(req, 0);
}

static void pass_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	int fd = (int)fi->fh;

	(void)ino;
	reply_result(req, datasync ? fdatasync(fd) : fsync(fd));
}

static void pass_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			   struct fuse_file_info *fi)
{
	(void)ino;
	reply_result(req, fallocate((int)fi->fh, mode, offset, length));
}

#if FS_API == 3
static void pass_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
				 struct fuse_file_info *fi_in, fuse_ino_t ino_out, off_t off_out,
				 struct fuse_file_info *fi_out, size_t size, int flags)
{
	ssize_t n = copy_file_range((int)fi_in->fh, &off_in, (int)fi_out->fh, &off_out, size,
				    (unsigned int)flags);

	(void)ino_in, (void)ino_out;
	if (n < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_write(req, (size_t)n);
}

static void pass_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		       struct fuse_file_info *fi)
{
	off_t pos = lseek((int)fi->fh, offset, whence);

	(void)ino;
	if (pos < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_lseek(req, pos);
}
#endif

/* ---- locks, extended attributes, file flags ---- */

static int interrupted(void *req)
{
	return fuse_req_interrupted(req);
}

static void pass_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		       struct flock *lock)
{
	int rc = plock(fi->lock_owner, (int)fi->fh, F_GETLK, lock, false, interrupted, req);

	(void)ino;
	if (rc)
		reply_error(req, rc);
	else
		fuse_reply_lock(req, lock);
}

static void pass_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		       struct flock *lock, int sleep)
{
	(void)ino;
	reply_error(req, plock(fi->lock_owner, (int)fi->fh, sleep ? F_SETLKW : F_SETLK, lock,
			       !single, interrupted, req));
}

static void pass_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int op)
{
	(void)ino;
	reply_error(req, plock_flock((int)fi->fh, op, !single, interrupted, req));
}

static void pass_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			  size_t size, int flags)
{
	reply_result(req, setxattr(proc_path(node_of(ino)->fd).s, name, value, size, flags));
}

static void pass_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	reply_result(req, removexattr(proc_path(node_of(ino)->fd).s, name));
}

/* Size 0 asks how much there is; otherwise the value itself is the answer.  No name: list the
 * names. */
static void reply_xattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct proc_path path = proc_path(node_of(ino)->fd);
	char *buf = size ? malloc(size) : NULL;
	ssize_t n;

	if (size && !buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	n = name ? getxattr(path.s, name, buf, size) : listxattr(path.s, buf, size);
	if (n < 0)
		fuse_reply_err(req, errno);
	else if (size == 0)
		fuse_reply_xattr(req, (size_t)n);
	else
		fuse_reply_buf(req, buf, (size_t)n);
	free(buf);
}

static void pass_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	reply_xattr(req, ino, name, size);
}

static void pass_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	reply_xattr(req, ino, NULL, size);
}

/* chattr and lsattr.  Other commands are not passed on: their data could be anything. */
static void pass_ioctl(fuse_req_t req, fuse_ino_t ino, fs_ioctl_cmd cmd, void *arg,
		       struct fuse_file_info *fi, unsigned int flags, const void *in_buf,
		       size_t in_size, size_t out_size)
{
	int fd = flags & FUSE_IOCTL_DIR ? dirfd(dir_of(fi)->stream) : (int)fi->fh;
	char data[64] = {0};

	(void)ino, (void)arg;
	switch ((unsigned int)cmd) {
	case FS_IOC_GETFLAGS:
	case FS_IOC_SETFLAGS:
	case FS_IOC_FSGETXATTR:
	case FS_IOC_FSSETXATTR:
		break;
	default:
		fuse_reply_err(req, ENOTTY);
		return;
	}
	if ((flags & FUSE_IOCTL_COMPAT) || in_size > sizeof(data) || out_size > sizeof(data)) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	if (in_size)
		memcpy(data, in_buf, in_size);
	if (ioctl(fd, (unsigned int)cmd, data) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_ioctl(req, 0, data, out_size);
}

/* ---- start ---- */

static const struct fuse_lowlevel_ops pass_ops = {
	.init = pass_init,
	.lookup = pass_lookup,
	.forget = pass_forget,
	.forget_multi = pass_forget_multi,
	.getattr = pass_getattr,
	.setattr = pass_setattr,
	.access = pass_access,
	.statfs = pass_statfs,
	.readlink = pass_readlink,
	.mknod = pass_mknod,
	.mkdir = pass_mkdir,
	.symlink = pass_symlink,
	.link = pass_link,
	.unlink = pass_unlink,
	.rmdir = pass_rmdir,
	FS_LL_RENAME(pass_rename),
	.opendir = pass_opendir,
	.readdir = pass_readdir,
	.releasedir = pass_releasedir,
	.fsyncdir = pass_fsyncdir,
	.open = pass_open,
	.create = pass_create,
	.read = pass_read,
	.write_buf = pass_write_buf,
	.flush = pass_flush,
	.release = pass_release,
	.fsync = pass_fsync,
	.fallocate = pass_fallocate,
	.getlk = pass_getlk,
	.setlk = pass_setlk,
	.flock = pass_flock,
	.setxattr = pass_setxattr,
	.getxattr = pass_getxattr,
	.listxattr = pass_listxattr,
	.removexattr = pass_removexattr,
	.ioctl = pass_ioctl,
#if FS_API == 3
	.readdirplus = pass_readdirplus,
	.copy_file_range = pass_copy_file_range,
	.lseek = pass_lseek,
#endif
};

enum { KEY_HELP };

static const struct fuse_opt option_spec[] = {
	{"root=%s", offsetof(struct options, root), 1},
	{"direct_io", offsetof(struct options, direct_io), 1},
	FUSE_OPT_KEY("-h", KEY_HELP),
	FUSE_OPT_KEY("--help", KEY_HELP),
	FUSE_OPT_END,
};

static int option_proc(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct options *o = data;

	(void)arg;
	if (key == KEY_HELP) {
		printf("usage: %s -o root=DIR[,direct_io] [options] MOUNTPOINT\n\n", args->argv[0]);
		o->help = 1;
	}
	return 1;
}

/*
 * A descriptor for each file the kernel knows: ask for many, take what we may have.  Only root
 * (with CAP_SYS_RESOURCE) may go beyond the hard limit.
 */
static void raise_descriptor_limit(const char *program)
{
	struct rlimit limit, wish = {.rlim_cur = 1048576, .rlim_max = 1048576};

	if (setrlimit(RLIMIT_NOFILE, &wish) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 100000)
		fprintf(stderr,
			"%s: with more than about %llu files in use, opening more will fail; "
			"raise the limit with ulimit -n\n",
			program, (unsigned long long)limit.rlim_max);
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct stat st;
	int rc;

	if (fuse_opt_parse(&args, &options, option_spec, option_proc) != 0)
		return 1;
	if (!options.root && !options.help) {
		fprintf(stderr, "%s: say which directory to show: -o root=DIR\n", argv[0]);
		return 1;
	}
	root_node.fd = open(options.root ? options.root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_node.fd < 0 || fstat(root_node.fd, &st) < 0) {
		fprintf(stderr, "%s: root=%s: %s\n", argv[0], options.root, strerror(errno));
		return 1;
	}
	if (!nodes_init())
		return 1;
	raise_descriptor_limit(argv[0]);
	umask(0); /* modes arrive with the caller's umask applied */
	rc = fs_ll_main(&args, &pass_ops, sizeof(pass_ops), NULL, &single);
	nodes_free();
	close(root_node.fd);
	fuse_opt_free_args(&args);
	free(options.root);
	return rc;
}
