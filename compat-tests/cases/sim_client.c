/*
 * sim_client.c - the client's system calls on the simulated kernel (see sim.h). The linker's --wrap
 * leads the calls of our own objects here; in every process but a client of the simulated kernel
 * they go straight on to the C library.
 */
#include "sim_client.h"

#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

bool sim_on;
struct sim_fd sim_fds[SIM_FDS];
static mode_t mask = 022;
static _Thread_local int conn = -1;
static _Thread_local pid_t conn_owner;

void t_na(const char *why)
{
	if (!*T->na)
		snprintf(T->na, sizeof(T->na), "%s", why);
	_exit(0);
}

/* --- calls to the kernel -------------------------------------------------------------------------
 */

static int kernel_conn(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	pid_t me = (pid_t)syscall(SYS_gettid);

	if (conn >= 0 && conn_owner == me)
		return conn;
	if (conn >= 0)
		close(conn); /* of the process that forked this one */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/kernel", T->dir);
	conn = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* out of the way: cases count on small numbers */
	int high = fcntl(conn, F_DUPFD_CLOEXEC, 900);
	if (high >= 0) {
		close(conn);
		conn = high;
	}
	if (connect(conn, (struct sockaddr *)&addr, sizeof(addr)))
		t_na("the simulated kernel is gone");
	conn_owner = me;
	return conn;
}

static bool get(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf = (char *)buf + n;
		len -= (size_t)n;
	}
	return true;
}

static bool give(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf = (const char *)buf + n;
		len -= (size_t)n;
	}
	return true;
}

/*
 * The reply's head, with a descriptor if one comes along. Signals, which come through only while it
 * waits, go on to the kernel: none is lost that arrives after the kernel knows of the call.
 */
static bool get_head(int fd, struct sim_rep *rep, int *new_fd, const sigset_t *signals)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {rep, sizeof(*rep)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	while (ppoll(&p, 1, NULL, signals) < 0 && errno == EINTR)
		give(fd, "I", 1);
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (h)
		memcpy(new_fd, CMSG_DATA(h), sizeof(int));
	return n == sizeof(*rep);
}

long sim_call(struct call *c)
{
	int fd = kernel_conn();
	sigset_t all, before;
	char *rest = NULL;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	c->new_fd = -1;
	c->r.mark = 'R';
	c->r.uid = geteuid();
	c->r.gid = getegid();
	c->r.pid = (uint32_t)syscall(SYS_gettid);
	c->r.tgid = (uint32_t)getpid();
	c->r.umask = mask;
	c->r.path_len = c->path ? (uint32_t)strlen(c->path) + 1 : 0;
	c->r.path2_len = c->path2 ? (uint32_t)strlen(c->path2) + 1 : 0;
	if (!give(fd, &c->r, sizeof(c->r)) || !give(fd, c->path, c->r.path_len) ||
	    !give(fd, c->path2, c->r.path2_len) || !give(fd, c->data, c->r.data_len) ||
	    !get_head(fd, &c->rep, &c->new_fd, &before))
		t_na("the simulated kernel is gone");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (c->rep.data_len) {
		rest = malloc(c->rep.data_len);
		if (!get(fd, rest, c->rep.data_len))
			t_na("the simulated kernel is gone");
		if (c->rep.ret == SIM_NA)
			t_na(rest);
		if (c->out)
			memcpy(c->out, rest,
			       c->rep.data_len < c->out_size ? c->rep.data_len : c->out_size);
		free(rest);
	}
	if (c->rep.ret < 0) {
		errno = (int)-c->rep.ret;
		return -1;
	}
	return c->rep.ret;
}

/* Below the mount: the rest of the path, else NULL. */
static const char *below(const char *path)
{
	size_t n = strlen(T->mnt);

	if (!path || strncmp(path, T->mnt, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path + n;
}

bool sim_fd_is_ours(int fd)
{
	return sim_on && fd >= 0 && fd < SIM_FDS && sim_fds[fd].id;
}

bool sim_ours(int at, const char *path, const char **rest, uint32_t *file)
{
	if (!sim_on || !path)
		return false;
	*file = 0;
	*rest = below(path);
	if (*rest)
		return true;
	if (*path == '/' || !sim_fd_is_ours(at))
		return false;
	*file = sim_fds[at].id;
	*rest = path;
	return true;
}

/* --- names ---------------------------------------------------------------------------------------
 */

int sim_opened(struct call *c, long r, int flags)
{
	int fd = c->new_fd;

	if (r < 0)
		return -1;
	if (fd >= SIM_FDS)
		t_na("more descriptors than the suite counts");
	if (!(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	sim_fds[fd].id = c->rep.file;
	sim_fds[fd].dir = r == SIM_ISDIR;
	return fd;
}

static int do_open(int at, const char *path, int flags, mode_t mode, bool *mine)
{
	OURS(at, path)
	{
		*mine = true;
		return sim_opened(&c, GO(SIM_OPEN, flags, mode), flags);
	}
	*mine = false;
	return -1;
}

#define OPEN_MODE                                                                                  \
	mode_t mode = 0;                                                                           \
	bool mine;                                                                                 \
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                      \
		va_list ap;                                                                        \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, mode_t);                                                         \
		va_end(ap);                                                                        \
	}

WRAP(int, open64, (const char *path, int flags, ...))
{
	OPEN_MODE
	int fd = do_open(AT_FDCWD, path, flags, mode, &mine);
	return mine ? fd : __real_open64(path, flags, mode);
}
WRAP(int, openat64, (int at, const char *path, int flags, ...))
{
	OPEN_MODE
	int fd = do_open(at, path, flags, mode, &mine);
	return mine ? fd : __real_openat64(at, path, flags, mode);
}
WRAP(int, stat64, (const char *p, struct stat *st))
{
	OURS(AT_FDCWD, p)
	{
		OUT(st, sizeof(*st));
		return (int)GO(SIM_STAT, 1);
	}
	return __real_stat64(p, st);
}
WRAP(int, lstat64, (const char *p, struct stat *st))
{
	OURS(AT_FDCWD, p)
	{
		OUT(st, sizeof(*st));
		return (int)GO(SIM_STAT, 0);
	}
	return __real_lstat64(p, st);
}
WRAP(int, fstat64, (int fd, struct stat *st))
{
	ON_FD(fd)
	{
		OUT(st, sizeof(*st));
		return (int)GO(SIM_FSTAT);
	}
	return __real_fstat64(fd, st);
}
WRAP(int, fstatat64, (int at, const char *p, struct stat *st, int flags))
{
	OURS(at, p)
	{
		OUT(st, sizeof(*st));
		return (int)GO(SIM_STAT, !(flags & AT_SYMLINK_NOFOLLOW));
	}
	return __real_fstatat64(at, p, st, flags);
}
WRAP(int, mkdir, (const char *p, mode_t m))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_MKDIR, m);
	return __real_mkdir(p, m);
}
WRAP(int, mkdirat, (int at, const char *p, mode_t m))
{
	OURS(at, p) return (int)GO(SIM_MKDIR, m);
	return __real_mkdirat(at, p, m);
}
WRAP(int, mknod, (const char *p, mode_t m, dev_t d))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_MKNOD, m, (int64_t)d);
	return __real_mknod(p, m, d);
}
WRAP(int, mknodat, (int at, const char *p, mode_t m, dev_t d))
{
	OURS(at, p) return (int)GO(SIM_MKNOD, m, (int64_t)d);
	return __real_mknodat(at, p, m, d);
}
WRAP(int, mkfifo, (const char *p, mode_t m))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_MKNOD, S_IFIFO | m, 0);
	return __real_mkfifo(p, m);
}
WRAP(int, unlink, (const char *p))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_UNLINK, 0);
	return __real_unlink(p);
}
WRAP(int, unlinkat, (int at, const char *p, int flags))
{
	OURS(at, p) return (int)GO(SIM_UNLINK, flags);
	return __real_unlinkat(at, p, flags);
}
WRAP(int, rmdir, (const char *p))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_UNLINK, AT_REMOVEDIR);
	return __real_rmdir(p);
}
WRAP(int, symlink, (const char *to, const char *p))
{
	OURS(AT_FDCWD, p)
	{
		c.path2 = to;
		return (int)GO(SIM_SYMLINK, 0);
	}
	return __real_symlink(to, p);
}
WRAP(int, symlinkat, (const char *to, int at, const char *p))
{
	OURS(at, p)
	{
		c.path2 = to;
		return (int)GO(SIM_SYMLINK, 0);
	}
	return __real_symlinkat(to, at, p);
}
WRAP(ssize_t, readlink, (const char *p, char *buf, size_t size))
{
	OURS(AT_FDCWD, p)
	{
		OUT(buf, size);
		return GO(SIM_READLINK, (int64_t)size);
	}
	return __real_readlink(p, buf, size);
}
WRAP(ssize_t, readlinkat, (int at, const char *p, char *buf, size_t size))
{
	OURS(at, p)
	{
		OUT(buf, size);
		return GO(SIM_READLINK, (int64_t)size);
	}
	return __real_readlinkat(at, p, buf, size);
}
WRAP(int, rename, (const char *p, const char *q))
{
	OURS2(AT_FDCWD, p, AT_FDCWD, q) return (int)GO(SIM_RENAME, 0);
	return __real_rename(p, q);
}
WRAP(int, renameat, (int at, const char *p, int at2, const char *q))
{
	OURS2(at, p, at2, q) return (int)GO(SIM_RENAME, 0);
	return __real_renameat(at, p, at2, q);
}
WRAP(int, renameat2, (int at, const char *p, int at2, const char *q, unsigned flags))
{
	OURS2(at, p, at2, q) return (int)GO(SIM_RENAME, flags);
	return __real_renameat2(at, p, at2, q, flags);
}
WRAP(int, link, (const char *p, const char *q))
{
	OURS2(AT_FDCWD, p, AT_FDCWD, q) return (int)GO(SIM_LINK, 0);
	return __real_link(p, q);
}
WRAP(int, linkat, (int at, const char *p, int at2, const char *q, int flags))
{
	OURS2(at, p, at2, q) return (int)GO(SIM_LINK, flags & AT_SYMLINK_FOLLOW);
	return __real_linkat(at, p, at2, q, flags);
}
WRAP(int, chmod, (const char *p, mode_t m))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_CHMOD, m);
	return __real_chmod(p, m);
}
WRAP(int, fchmod, (int fd, mode_t m))
{
	ON_FD(fd) return (int)GO(SIM_CHMOD, m);
	return __real_fchmod(fd, m);
}
WRAP(int, fchmodat, (int at, const char *p, mode_t m, int flags))
{
	OURS(at, p) return (int)GO(SIM_CHMOD, m);
	return __real_fchmodat(at, p, m, flags);
}
WRAP(int, chown, (const char *p, uid_t u, gid_t g))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_CHOWN, u, g, 1);
	return __real_chown(p, u, g);
}
WRAP(int, lchown, (const char *p, uid_t u, gid_t g))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_CHOWN, u, g, 0);
	return __real_lchown(p, u, g);
}
WRAP(int, fchown, (int fd, uid_t u, gid_t g))
{
	ON_FD(fd) return (int)GO(SIM_CHOWN, u, g, 1);
	return __real_fchown(fd, u, g);
}
WRAP(int, fchownat, (int at, const char *p, uid_t u, gid_t g, int flags))
{
	OURS(at, p) return (int)GO(SIM_CHOWN, u, g, !(flags & AT_SYMLINK_NOFOLLOW));
	return __real_fchownat(at, p, u, g, flags);
}
WRAP(int, truncate64, (const char *p, off_t n))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_TRUNCATE, n);
	return __real_truncate64(p, n);
}
WRAP(int, ftruncate64, (int fd, off_t n))
{
	ON_FD(fd) return (int)GO(SIM_TRUNCATE, n);
	return __real_ftruncate64(fd, n);
}

static const struct timespec now2[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

WRAP(int, utimensat, (int at, const char *p, const struct timespec t[2], int flags))
{
	OURS(at, p)
	{
		c.data = t ? t : now2;
		c.r.data_len = sizeof(now2);
		return (int)GO(SIM_UTIMENS, 0, 0, !(flags & AT_SYMLINK_NOFOLLOW));
	}
	return __real_utimensat(at, p, t, flags);
}
WRAP(int, futimens, (int fd, const struct timespec t[2]))
{
	ON_FD(fd)
	{
		c.data = t ? t : now2;
		c.r.data_len = sizeof(now2);
		return (int)GO(SIM_UTIMENS, 0, 0, 1);
	}
	return __real_futimens(fd, t);
}
WRAP(int, access, (const char *p, int m))
{
	OURS(AT_FDCWD, p) return (int)GO(SIM_ACCESS, m);
	return __real_access(p, m);
}
WRAP(int, faccessat, (int at, const char *p, int m, int flags))
{
	OURS(at, p) return (int)GO(SIM_ACCESS, m);
	return __real_faccessat(at, p, m, flags);
}
WRAP(int, statvfs64, (const char *p, struct statvfs *sv))
{
	OURS(AT_FDCWD, p)
	{
		OUT(sv, sizeof(*sv));
		return (int)GO(SIM_STATFS);
	}
	return __real_statvfs64(p, sv);
}
WRAP(int, fstatvfs64, (int fd, struct statvfs *sv))
{
	ON_FD(fd)
	{
		OUT(sv, sizeof(*sv));
		return (int)GO(SIM_STATFS);
	}
	return __real_fstatvfs64(fd, sv);
}
WRAP(mode_t, umask, (mode_t m))
{
	if (sim_on)
		mask = m & 0777;
	return __real_umask(m);
}
WRAP(int, chdir, (const char *p))
{
	OURS(AT_FDCWD, p) t_na("a working directory on the mount");
	return __real_chdir(p);
}
WRAP(int, umount2, (const char *p, int flags))
{
	OURS(AT_FDCWD, p) t_na("unmounting");
	return __real_umount2(p, flags);
}
WRAP(int, mount,
     (const char *src, const char *p, const char *type, unsigned long flags, const void *d))
{
	OURS(AT_FDCWD, p) t_na("mounting");
	return __real_mount(src, p, type, flags, d);
}

/* Of these there is no counterpart in the simulated kernel. */
WRAP(int, statx, (int at, const char *p, int flags, unsigned want, struct statx *sx))
{
	OURS(at, p) t_na("statx");
	return __real_statx(at, p, flags, want, sx);
}
WRAP(int, name_to_handle_at, (int at, const char *p, struct file_handle *h, int *id, int flags))
{
	OURS(at, p) t_na("handles of files");
	return __real_name_to_handle_at(at, p, h, id, flags);
}
WRAP(int, execv, (const char *p, char *const argv[]))
{
	OURS(AT_FDCWD, p) t_na("executing a program");
	return __real_execv(p, argv);
}
WRAP(int, inotify_add_watch, (int fd, const char *p, uint32_t m))
{
	OURS(AT_FDCWD, p) t_na("inotify");
	return __real_inotify_add_watch(fd, p, m);
}
WRAP(ssize_t, sendfile64, (int to, int from, off_t *off, size_t n))
{
	if (sim_fd_is_ours(to) || sim_fd_is_ours(from))
		t_na("sendfile: the page cache");
	return __real_sendfile64(to, from, off, n);
}
WRAP(ssize_t, getdents64, (int fd, void *buf, size_t n))
{
	if (sim_fd_is_ours(fd))
		t_na("a buffer for directories that the C library does not give");
	return __real_getdents64(fd, buf, n);
}

/* --- extended attributes
 * --------------------------------------------------------------------------- */

#define XATTR(prefix, key_type, is_ours, follow)                                                   \
	WRAP(int, prefix##setxattr,                                                                \
	     (key_type p, const char *name, const void *value, size_t size, int flags))            \
	{                                                                                          \
		is_ours                                                                            \
		{                                                                                  \
			c.path2 = name;                                                            \
			c.data = value;                                                            \
			c.r.data_len = (uint32_t)size;                                             \
			return (int)GO(SIM_SETXATTR, flags, 0, follow);                            \
		}                                                                                  \
		return __real_##prefix##setxattr(p, name, value, size, flags);                     \
	}                                                                                          \
	WRAP(ssize_t, prefix##getxattr, (key_type p, const char *name, void *value, size_t size))  \
	{                                                                                          \
		is_ours                                                                            \
		{                                                                                  \
			c.path2 = name;                                                            \
			OUT(value, size);                                                          \
			return GO(SIM_GETXATTR, (int64_t)size, 0, follow);                         \
		}                                                                                  \
		return __real_##prefix##getxattr(p, name, value, size);                            \
	}                                                                                          \
	WRAP(ssize_t, prefix##listxattr, (key_type p, char *list, size_t size))                    \
	{                                                                                          \
		is_ours                                                                            \
		{                                                                                  \
			OUT(list, size);                                                           \
			return GO(SIM_LISTXATTR, (int64_t)size, 0, follow);                        \
		}                                                                                  \
		return __real_##prefix##listxattr(p, list, size);                                  \
	}                                                                                          \
	WRAP(int, prefix##removexattr, (key_type p, const char *name))                             \
	{                                                                                          \
		is_ours                                                                            \
		{                                                                                  \
			c.path2 = name;                                                            \
			return (int)GO(SIM_REMOVEXATTR, 0, 0, follow);                             \
		}                                                                                  \
		return __real_##prefix##removexattr(p, name);                                      \
	}
XATTR(, const char *, OURS(AT_FDCWD, p), 1)
XATTR(l, const char *, OURS(AT_FDCWD, p), 0)
XATTR(f, int, ON_FD(p), 1)

void t_sim_client(void)
{
	sim_on = true;
}

/* --- the server, FUSE 2
 * ----------------------------------------------------------------------------- */

#if FUSE_API == 2
/* Options of the mount: fuse_mount would have taken them out. */
static const struct fuse_opt mount_options[] = {
	FUSE_OPT_KEY("fsname=", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("subtype=", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("allow_other", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("default_permissions", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("ro", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("blkdev", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("blksize=", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("auto_unmount", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("nonempty", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_KEY("max_read=", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_END,
};

int t_sim_strip(struct fuse_args *args)
{
	return fuse_opt_parse(args, NULL, mount_options, NULL);
}

static int sim_main(int argc, char **argv, const struct fuse_operations *ops, void *user)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	char *mnt = NULL;
	int multi, foreground, ret = 1;
	struct fuse_chan *ch;
	struct fuse *fuse;

	if (fuse_parse_cmdline(&args, &mnt, &multi, &foreground) == -1 || t_sim_strip(&args) == -1)
		return 1;
	ch = fuse_kern_chan_new(T->sim_fd);
	fuse = ch ? fuse_new(ch, &args, ops, sizeof(*ops), user) : NULL;
	fuse_opt_free_args(&args);
	if (!fuse) {
		free(mnt);
		if (ch)
			fuse_chan_destroy(ch);
		return 1;
	}
	if (fuse_set_signal_handlers(fuse_get_session(fuse)) == 0) {
		ret = multi ? fuse_loop_mt(fuse) : fuse_loop(fuse);
		fuse_remove_signal_handlers(fuse_get_session(fuse));
	}
	fuse_session_remove_chan(ch);
	fuse_chan_destroy(ch);
	fuse_destroy(fuse);
	free(mnt);
	return ret ? 1 : 0;
}
#endif

int t_fuse_main(int argc, char **argv, const struct fuse_operations *ops, void *user)
{
#if FUSE_API == 2
	if (T->sim)
		return sim_main(argc, argv, ops, user);
#endif
	return fuse_main(argc, argv, ops, user);
}
