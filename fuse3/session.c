/*
 * Sessions: making, mounting, unmounting, and receiving for programs with a loop of their own.
 */
#include "fuse3/internal.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/daemon.h"
#include "core/session/signals.h"

/* In front of a payload: the in header and the operation's structure, with room to spare. */
#define MESSAGE_HEAD 4096

/* ---- life ---------------------------------------------------------------------------------------
 */

struct fuse_session *session_wrap(struct core_session *cs, struct core_mount *m)
{
	struct fuse_session *se = calloc(1, sizeof(*se));

	if (!se) {
		core_err("out of memory for a session\n");
		return NULL;
	}
	se->cs = cs;
	se->m = m;
	se->fd = -1;
	return se;
}

/* Frees all but the core's session. */
void session_unwrap(struct fuse_session *se)
{
	core_mount_free(se->m);
	free(se->mountpoint);
	free(se->cuse);
	free(se);
}

static bool usable_args(struct fuse_args *args)
{
	if (!args || args->argc < 1 || !args->argv || !args->argv[0]) {
		core_err("empty argv passed to fuse_session_new(): the first argument is the "
			 "program's name\n");
		return false;
	}
	if (args->argv[0][0] == '-')
		core_warn("warning: argv[0] looks like an option, but will be ignored\n");
	return true;
}

EXPORT struct fuse_session *fuse_session_new(struct fuse_args *args,
					     const struct fuse_lowlevel_ops *op, size_t op_size,
					     void *userdata)
{
	struct core_session_config cfg = {0};
	struct fuse_session *se;
	struct core_ll_ops ops;
	struct core_mount *m;

	if (!usable_args(args) || options_session(args, &cfg, &m))
		return NULL;
	if (options_check_left(args, false)) {
		core_mount_free(m);
		return NULL;
	}
	se = session_wrap(NULL, m);
	if (!se) {
		core_mount_free(m);
		return NULL;
	}
	copy_ops(&se->ll, sizeof(se->ll), op, op_size, "struct fuse_lowlevel_ops");
	se->userdata = userdata;
	lowlevel_make_ops(&se->ll, &ops);
	se->cs = core_session_new(&fuse3_ll_profile, &cfg, &ops, se);
	if (!se->cs) {
		session_unwrap(se);
		return NULL;
	}
	return se;
}

EXPORT void fuse_session_destroy(struct fuse_session *se)
{
	if (!se || se->fuse) /* a struct fuse's session goes with it, by fuse_destroy() */
		return;
	core_signals_remove(se->cs);
	core_session_free(se->cs);
	session_unwrap(se);
}

/* ---- mounting -----------------------------------------------------------------------------------
 */

static void attach(struct fuse_session *se, struct core_transport *t, int fd)
{
	/* A receive buffer is allocated before INIT has said how large messages get. */
	se->recv_size = atomic_load(&t->max_payload) + MESSAGE_HEAD;
	se->fd = fd;
	core_session_attach(se->cs, t);
}

int session_attach_device(struct fuse_session *se, int fd)
{
	struct core_transport *t;
	int res = core_transport_device(fd, &t);

	if (res)
		core_err("cannot use the device's descriptor: %s\n", strerror(-res));
	else
		attach(se, t, fd);
	return res;
}

EXPORT int fuse_session_mount(struct fuse_session *se, const char *mountpoint)
{
	struct core_transport *t;
	int fd, res;

	if (!se || !mountpoint) {
		core_err("missing mount point\n");
		return -1;
	}
	if (core_session_transport(se->cs)) {
		core_err("cannot mount on '%s': the session has a channel already\n", mountpoint);
		return -1;
	}
	fd = core_mount_open(se->m, mountpoint);
	if (fd < 0)
		return -1;
	res = core_transport_device(fd, &t);
	if (!res && !(se->mountpoint = strdup(mountpoint))) {
		core_transport_put(t);
		fd = -1;
		res = -ENOMEM;
	}
	if (res) {
		core_err("cannot use the channel to '%s': %s\n", mountpoint, strerror(-res));
		core_mount_unmount(se->m, mountpoint, fd);
		return -1;
	}
	core_transport_device_linger(t, core_mount_helper_sock(se->m));
	attach(se, t, fd);
	return 0;
}

EXPORT void fuse_session_unmount(struct fuse_session *se)
{
	struct core_transport *t;
	int fd = -1;

	if (!se || !se->mountpoint)
		return;
	t = core_session_detach(se->cs);
	if (t) {
		/* The transport closes its descriptor; the mount wants one to see if it is dead. */
		fd = fcntl(t->ops->fd(t), F_DUPFD_CLOEXEC, 3);
		core_transport_put(t);
	}
	se->fd = -1;
	core_mount_unmount(se->m, se->mountpoint, fd);
	free(se->mountpoint);
	se->mountpoint = NULL;
}

static ssize_t io_read(void *user, int fd, void *buf, size_t len)
{
	struct fuse_session *se = user;

	return se->io.read(fd, buf, len, se->userdata);
}

static ssize_t io_writev(void *user, int fd, struct iovec *iov, int niov)
{
	struct fuse_session *se = user;

	return se->io.writev(fd, iov, niov, se->userdata);
}

#if FUSE3_ABI >= 4
static int io_clone_fd(void *user, int fd)
{
	struct fuse_session *se = user;

	return se->io.clone_fd(fd);
}
#endif

int session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io, size_t io_size,
		      int fd)
{
	struct core_custom_io core_io = {.read = io_read, .writev = io_writev};
	struct core_transport *t;
	int res;

	if (fd < 0) {
		core_err("fuse_session_custom_io: invalid file descriptor %d\n", fd);
		return -EBADF;
	}
	if (!se || !io || !io->read || !io->writev) {
		core_err("fuse_session_custom_io: both read and writev are needed\n");
		return -EINVAL;
	}
	if (core_session_transport(se->cs)) {
		core_err("fuse_session_custom_io: the session has a channel already\n");
		return -EBUSY;
	}
	copy_ops(&se->io, sizeof(se->io), io, io_size, "struct fuse_custom_io");
#if FUSE3_ABI >= 4
	if (se->io.clone_fd)
		core_io.clone_fd = io_clone_fd;
#endif
	res = core_transport_custom(fd, &core_io, se, &t);
	if (!res)
		attach(se, t, fd);
	return res;
}

#if FUSE3_ABI < 4
EXPORT int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io, int fd)
{
	return session_custom_io(se, io, sizeof(*io), fd);
}
#endif

EXPORT int fuse_open_channel(const char *mountpoint, const char *options)
{
	/* mount.fuse3 hands the descriptor on to the program it starts, as /dev/fd/N. */
	static const struct core_mount_profile profile = {.take_n = true};
	struct core_args args = {0, NULL, 0};
	struct core_mount *m;
	int fd;

	if (core_opt_add_arg(&args, "fuse") ||
	    (options && *options &&
	     (core_opt_add_arg(&args, "-o") || core_opt_add_arg(&args, options)))) {
		core_opt_free_args(&args);
		return -1;
	}
	m = core_mount_parse(&args, &profile);
	if (m && options_check_left((struct fuse_args *)&args, false)) {
		core_mount_free(m);
		m = NULL;
	}
	core_opt_free_args(&args);
	if (!m)
		return -1;
	fd = core_mount_open(m, mountpoint);
	if (fd < 0)
		core_mount_free(m);
	/* else m stays: an auto_unmount helper would take its end for the file system's */
	return fd < 0 ? -1 : fd;
}

/* ---- state --------------------------------------------------------------------------------------
 */

EXPORT int fuse_session_fd(struct fuse_session *se)
{
	return se ? se->fd : -1;
}

EXPORT void fuse_session_exit(struct fuse_session *se)
{
	core_session_exit(se->cs, 0);
}

EXPORT void fuse_session_reset(struct fuse_session *se)
{
	core_session_reset(se->cs);
}

EXPORT int fuse_session_exited(struct fuse_session *se)
{
	return core_session_exited(se->cs);
}

EXPORT int fuse_set_signal_handlers(struct fuse_session *se)
{
	return se && core_signals_add(se->cs) == 0 ? 0 : -1;
}

EXPORT void fuse_remove_signal_handlers(struct fuse_session *se)
{
	if (se)
		core_signals_remove(se->cs);
}

#if FUSE3_ABI >= 4
EXPORT int fuse_set_fail_signal_handlers(struct fuse_session *se)
{
	return se && core_signals_add_fail() == 0 ? 0 : -1;
}
#endif

EXPORT int fuse_daemonize(int foreground)
{
	return core_daemonize(foreground) ? -1 : 0;
}

/* ---- loops of the program's own -----------------------------------------------------------------
 */

/* Bytes that buf->mem has room for. */
static size_t room_of(const struct fuse_session *se, const struct fuse_buf *buf)
{
#if FUSE3_ABI >= 4
	if (buf->mem_size) /* the program's own memory, or ours of before */
		return buf->mem_size;
#else
	(void)buf;
#endif
	return se->recv_size;
}

EXPORT int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf)
{
	int res;

	if (!core_session_transport(se->cs)) {
		core_err("the session has no channel: mount first\n");
		return -ENOTCONN;
	}
	if (!buf->mem) {
		buf->mem = malloc(se->recv_size);
		if (!buf->mem) {
			core_err("no memory for a receive buffer of %zu bytes\n", se->recv_size);
			return -ENOMEM;
		}
#if FUSE3_ABI >= 4
		buf->mem_size = se->recv_size;
#endif
	}
	res = core_session_receive(se->cs, buf->mem, room_of(se, buf));
	if (res > 0) {
		buf->size = (size_t)res;
		buf->flags = (enum fuse_buf_flags)0;
	}
	return res;
}

/* A message in a pipe, read into memory of its own. */
static void process_fd(struct fuse_session *se, const struct fuse_buf *buf)
{
	struct core_bufvec src = CORE_BUFVEC_INIT(buf->size), dst = CORE_BUFVEC_INIT(buf->size);
	void *mem CLEANUP_FREE = malloc(buf->size ? buf->size : 1);
	ssize_t n;

	if (!mem) {
		core_err("no memory for a message of %zu bytes\n", buf->size);
		return;
	}
	src.buf[0].flags = (int)buf->flags | CORE_BUF_FD_RETRY;
	src.buf[0].fd = buf->fd;
	src.buf[0].pos = buf->pos;
	dst.buf[0].mem = mem;
	n = core_bufvec_copy(&dst, &src, CORE_BUF_NO_SPLICE);
	if (n != (ssize_t)buf->size) {
		core_err("cannot read a message of %zu bytes from descriptor %d: %s\n", buf->size,
			 buf->fd, n < 0 ? strerror((int)-n) : "it is cut short");
		return;
	}
	core_session_process(se->cs, mem, buf->size, NULL);
}

EXPORT void fuse_session_process_buf(struct fuse_session *se, const struct fuse_buf *buf)
{
	if (buf->flags & FUSE_BUF_IS_FD)
		process_fd(se, buf);
	else
		core_session_process(se->cs, buf->mem, buf->size, NULL);
}

/* ---- texts --------------------------------------------------------------------------------------
 */

EXPORT int fuse_version(void)
{
	return FUSE_VERSION;
}

EXPORT const char *fuse_pkgversion(void)
{
	return FUSE3_VERSION_TEXT;
}

EXPORT void fuse_lowlevel_version(void)
{
	char *argv[] = {(char *)"fusermount3", (char *)"--version", NULL};
	unsigned major, minor;
	pid_t pid;
	extern char **environ;

	protocol_version(&major, &minor);
	printf("using FUSE kernel interface version %u.%u\n", major, minor);
	fflush(stdout);
	/* The helper prints a line of its own. It may be missing: root does without. */
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

EXPORT void fuse_lowlevel_help(void)
{
	core_mount_help(stdout, &fuse3_mount_profile);
	fputs(core_session_options_help, stdout);
}
