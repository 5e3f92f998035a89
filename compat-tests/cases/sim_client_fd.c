/* sim_client_fd.c - the client's system calls on descriptors of the simulated kernel; see
 * sim_client.h. */
#include "sim_client.h"
#include "simkernel.h"

#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* --- the library's reads
 * --------------------------------------------------------------------------- */

/*
 * The library's reads come here too, as this is the program's own read(). The end of the socket
 * becomes what the end of a mount is.
 */
__attribute__((visibility("default"))) ssize_t read(int fd, void *buf, size_t size)
{
	static ssize_t (*_Atomic real)(int, void *, size_t);
	ssize_t (*f)(int, void *, size_t) = atomic_load_explicit(&real, memory_order_relaxed);
	ssize_t n;

	if (!f) {
		f = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
		atomic_store_explicit(&real, f, memory_order_relaxed);
	}
	n = f(fd, buf, size);
	if (n == 0 && size && sim_server && fd == T->sim_fd) {
		errno = ENODEV;
		return -1;
	}
	return n;
}

/* --- reading, writing
 * ------------------------------------------------------------------------------ */

static ssize_t do_read(int fd, void *buf, size_t size, off_t off)
{
	ON_FD(fd)
	{
		OUT(buf, size);
		return GO(SIM_READ, (int64_t)size, off);
	}
	return -1;
}
static ssize_t do_write(int fd, const void *buf, size_t size, off_t off)
{
	ON_FD(fd)
	{
		c.data = buf;
		c.r.data_len = (uint32_t)size;
		return GO(SIM_WRITE, 0, off);
	}
	return -1;
}

static ssize_t bad_offset(void)
{
	errno = EINVAL;
	return -1;
}

WRAP(ssize_t, read, (int fd, void *buf, size_t size))
{
	return sim_fd_is_ours(fd) ? do_read(fd, buf, size, -1) : __real_read(fd, buf, size);
}
WRAP(ssize_t, pread64, (int fd, void *buf, size_t size, off_t off))
{
	if (sim_fd_is_ours(fd))
		return off < 0 ? bad_offset() : do_read(fd, buf, size, off);
	return __real_pread64(fd, buf, size, off);
}
WRAP(ssize_t, write, (int fd, const void *buf, size_t size))
{
	return sim_fd_is_ours(fd) ? do_write(fd, buf, size, -1) : __real_write(fd, buf, size);
}
WRAP(ssize_t, pwrite64, (int fd, const void *buf, size_t size, off_t off))
{
	if (sim_fd_is_ours(fd))
		return off < 0 ? bad_offset() : do_write(fd, buf, size, off);
	return __real_pwrite64(fd, buf, size, off);
}

static size_t total(const struct iovec *v, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += v[i].iov_len;
	return size;
}

static ssize_t do_writev(int fd, const struct iovec *v, int n, off_t off)
{
	char *all = malloc(total(v, n) + 1), *at = all;
	ssize_t r;

	for (int i = 0; i < n; at += v[i++].iov_len)
		memcpy(at, v[i].iov_base, v[i].iov_len);
	r = do_write(fd, all, total(v, n), off);
	free(all);
	return r;
}

static ssize_t do_readv(int fd, const struct iovec *v, int n, off_t off)
{
	char *all = malloc(total(v, n) + 1), *at = all;
	ssize_t r = do_read(fd, all, total(v, n), off), left = r;

	for (int i = 0; i < n && left > 0; i++) {
		size_t part = (size_t)left < v[i].iov_len ? (size_t)left : v[i].iov_len;

		memcpy(v[i].iov_base, at, part);
		at += part;
		left -= (ssize_t)part;
	}
	free(all);
	return r;
}

WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n))
{
	return sim_fd_is_ours(fd) ? do_writev(fd, v, n, -1) : __real_writev(fd, v, n);
}
WRAP(ssize_t, readv, (int fd, const struct iovec *v, int n))
{
	return sim_fd_is_ours(fd) ? do_readv(fd, v, n, -1) : __real_readv(fd, v, n);
}
WRAP(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off_t off))
{
	return sim_fd_is_ours(fd) ? do_writev(fd, v, n, off) : __real_pwritev64(fd, v, n, off);
}
WRAP(ssize_t, preadv64, (int fd, const struct iovec *v, int n, off_t off))
{
	return sim_fd_is_ours(fd) ? do_readv(fd, v, n, off) : __real_preadv64(fd, v, n, off);
}
WRAP(off_t, lseek64, (int fd, off_t off, int whence))
{
	ON_FD(fd) return GO(SIM_SEEK, off, whence);
	return __real_lseek64(fd, off, whence);
}
WRAP(int, fsync, (int fd))
{
	ON_FD(fd) return (int)GO(SIM_FSYNC, 0);
	return __real_fsync(fd);
}
WRAP(int, fdatasync, (int fd))
{
	ON_FD(fd) return (int)GO(SIM_FSYNC, 1);
	return __real_fdatasync(fd);
}
WRAP(int, fallocate64, (int fd, int mode, off_t off, off_t len))
{
	ON_FD(fd) return (int)GO(SIM_FALLOCATE, mode, off, len);
	return __real_fallocate64(fd, mode, off, len);
}
WRAP(ssize_t, copy_file_range,
     (int fd, off_t *off, int fd2, off_t *off2, size_t len, unsigned flags))
{
	if (sim_fd_is_ours(fd) && sim_fd_is_ours(fd2) && off && off2 && !flags) {
		struct call c = {.r = {.file = sim_fds[fd].id, .other = sim_fds[fd2].id}};
		long n = GO(SIM_COPY, *off, *off2, (int64_t)len);

		if (n > 0) {
			*off += n;
			*off2 += n;
		}
		return n;
	}
	if (sim_fd_is_ours(fd) || sim_fd_is_ours(fd2))
		t_na("copying between file systems");
	return __real_copy_file_range(fd, off, fd2, off2, len, flags);
}

/* --- descriptors
 * ------------------------------------------------------------------------------------ */

WRAP(int, close, (int fd))
{
	int r = 0, err = 0;

	if (sim_fd_is_ours(fd)) {
		uint32_t file = sim_fds[fd].id;
		struct call c = {.r = {.file = file}};

		r = sim_fds[fd].dir ? 0 : (int)GO(SIM_FLUSH);
		err = errno;
		sim_fds[fd].id = 0;
		__real_close(fd);
		c.r = (struct sim_req){.op = 0};
		GO(SIM_CLOSED, file);
		errno = err;
		return r;
	}
	return __real_close(fd);
}
WRAP(int, dup, (int fd))
{
	int copy = __real_dup(fd);

	if (copy >= 0 && sim_fd_is_ours(fd))
		sim_fds[copy] = sim_fds[fd];
	return copy;
}
WRAP(int, dup2, (int fd, int to))
{
	if (sim_fd_is_ours(to))
		__wrap_close(to);
	int copy = __real_dup2(fd, to);
	if (copy >= 0 && sim_fd_is_ours(fd))
		sim_fds[copy] = sim_fds[fd];
	return copy;
}

static int do_fcntl(int fd, int cmd, void *arg)
{
	struct call c = {.r = {.file = sim_fds[fd].id}};
	bool ofd = cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW || cmd == F_OFD_GETLK;
	int plain = cmd == F_OFD_SETLK    ? F_SETLK
		    : cmd == F_OFD_SETLKW ? F_SETLKW
		    : cmd == F_OFD_GETLK  ? F_GETLK
					  : cmd;

	c.data = arg;
	c.r.data_len = sizeof(struct flock);
	OUT(arg, sizeof(struct flock));
	return (int)GO(SIM_LOCK, plain, ofd);
}

WRAP(int, fcntl64, (int fd, int cmd, ...))
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!sim_fd_is_ours(fd))
		return __real_fcntl64(fd, cmd, arg);
	switch (cmd) {
	case F_SETLK:
	case F_SETLKW:
	case F_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
	case F_OFD_GETLK:
		return do_fcntl(fd, cmd, arg);
	case F_GETFD:
	case F_SETFD:
		return __real_fcntl64(fd, cmd, arg);
	default:
		t_na("fcntl with a command that the kernel serves alone");
	}
}
WRAP(int, flock, (int fd, int op))
{
	ON_FD(fd) return (int)GO(SIM_FLOCK, op);
	return __real_flock(fd, op);
}
WRAP(int, ioctl, (int fd, unsigned long cmd, ...))
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	ON_FD(fd)
	{
		if (_IOC_TYPE(cmd) == 0 || _IOC_TYPE(cmd) == 'T' || _IOC_TYPE(cmd) == 'f')
			t_na("an ioctl that the kernel serves or translates");
		if (_IOC_DIR(cmd) & _IOC_WRITE) {
			c.data = arg;
			c.r.data_len = _IOC_SIZE(cmd);
		}
		if (_IOC_DIR(cmd) & _IOC_READ)
			OUT(arg, _IOC_SIZE(cmd));
		return (int)GO(SIM_IOCTL, (int64_t)(uint32_t)cmd, (int64_t)(intptr_t)arg);
	}
	return __real_ioctl(fd, cmd, arg);
}

/* One file at a time: what the cases do. */
WRAP(int, poll, (struct pollfd * p, nfds_t n, int ms))
{
	struct call c = {0};
	long r;

	if (!n || !sim_fd_is_ours(p->fd))
		return __real_poll(p, n, ms);
	if (n > 1)
		t_na("poll of several files");
	c.r.file = sim_fds[p->fd].id;
	r = GO(SIM_POLL, p->events, 0, ms != 0);
	r = r < 0 ? r : r & (p->events | POLLERR | POLLHUP);
	if (!r && ms)
		r = GO(SIM_POLL, p->events, ms < 0 ? 60000 : ms);
	if (r < 0)
		return -1;
	p->revents = (short)(r & (p->events | POLLERR | POLLHUP));
	return p->revents != 0;
}
WRAP(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *tv))
{
	for (int i = 0; i < n; i++)
		if (sim_fd_is_ours(i) && ((r && FD_ISSET(i, r)) || (w && FD_ISSET(i, w))))
			t_na("select");
	return __real_select(n, r, w, e, tv);
}
WRAP(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off_t off))
{
	if (sim_fd_is_ours(fd))
		t_na("mmap: the page cache");
	return __real_mmap64(at, len, prot, flags, fd, off);
}
WRAP(int, posix_fallocate64, (int fd, off_t off, off_t len))
{
	if (sim_fd_is_ours(fd))
		return __wrap_fallocate64(fd, 0, off, len) ? errno : 0;
	return __real_posix_fallocate64(fd, off, len);
}
WRAP(FILE *, fopen64, (const char *path, const char *mode))
{
	OURS(AT_FDCWD, path) t_na("streams of the C library");
	return __real_fopen64(path, mode);
}
WRAP(long, syscall, (long nr, long a, long b, long c, long d, long e, long f))
{
	if (sim_on && nr != SYS_gettid && (sim_fd_is_ours((int)a) || sim_fd_is_ours((int)b)))
		t_na("a system call by number");
	return __real_syscall(nr, a, b, c, d, e, f);
}

/* --- directories
 * ------------------------------------------------------------------------------------ */

static struct sim_dir {
	int fd;
	size_t n, at;
	struct sk_dirent *list;
	struct dirent entry;
	long pos;
	bool used;
} dirs[64];

static struct sim_dir *dir_of(DIR *d)
{
	struct sim_dir *s = (struct sim_dir *)(void *)d;

	return s >= dirs && s < dirs + 64 ? s : NULL;
}

static DIR *dir_new(int fd)
{
	for (int i = 0; fd >= 0 && i < 64; i++)
		if (!dirs[i].used) {
			dirs[i] = (struct sim_dir){.fd = fd, .used = true};
			return (DIR *)(void *)&dirs[i];
		}
	return NULL;
}

WRAP(DIR *, opendir, (const char *path))
{
	OURS(AT_FDCWD, path)
	{
		int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;

		return dir_new(sim_opened(&c, GO(SIM_OPEN, flags), flags));
	}
	return __real_opendir(path);
}
WRAP(DIR *, fdopendir, (int fd))
{
	return sim_fd_is_ours(fd) ? dir_new(fd) : __real_fdopendir(fd);
}
WRAP(struct dirent *, readdir64, (DIR * d))
{
	struct sim_dir *s = dir_of(d);

	if (!s)
		return __real_readdir64(d);
	if (s->at == s->n) {
		struct call c = {.r = {.file = sim_fds[s->fd].id}};
		enum { ROOM = 4096 };

		free(s->list);
		s->list = malloc(ROOM * sizeof(*s->list));
		s->at = s->n = 0;
		OUT(s->list, ROOM * sizeof(*s->list));
		long n = GO(SIM_GETDENTS);
		if (n <= 0)
			return NULL;
		s->n = (size_t)n;
	}
	const struct sk_dirent *e = &s->list[s->at++];
	s->pos = (long)e->off;
	s->entry.d_ino = e->ino;
	s->entry.d_off = (off_t)e->off;
	s->entry.d_type = (unsigned char)e->type;
	snprintf(s->entry.d_name, sizeof(s->entry.d_name), "%.255s", e->name);
	return &s->entry;
}

static void dir_to(struct sim_dir *s, long pos)
{
	struct call c = {.r = {.file = sim_fds[s->fd].id}};

	GO(SIM_SEEK, pos, SEEK_SET);
	s->pos = pos;
	s->n = s->at = 0;
}

WRAP(void, seekdir, (DIR * d, long pos))
{
	if (dir_of(d))
		dir_to(dir_of(d), pos);
	else
		__real_seekdir(d, pos);
}
WRAP(void, rewinddir, (DIR * d))
{
	if (dir_of(d))
		dir_to(dir_of(d), 0);
	else
		__real_rewinddir(d);
}
WRAP(long, telldir, (DIR * d))
{
	return dir_of(d) ? dir_of(d)->pos : __real_telldir(d);
}
WRAP(int, dirfd, (DIR * d))
{
	return dir_of(d) ? dir_of(d)->fd : __real_dirfd(d);
}
WRAP(int, closedir, (DIR * d))
{
	struct sim_dir *s = dir_of(d);
	int fd;

	if (!s)
		return __real_closedir(d);
	fd = s->fd;
	free(s->list);
	s->list = NULL;
	s->used = false;
	return __wrap_close(fd);
}
