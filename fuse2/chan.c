/*
 * Channels: FUSE 2's name for the connection to the kernel.
 */
#include "internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DEFAULT_BUFSIZE (1024 * 1024 + 4096)

/* ---- a program's own channel operations as a transport ------------------------------------- */

static ssize_t own_read(void *user, int fd, void *buf, size_t len)
{
	struct fuse_chan *ch = user, *in = ch;
	int res = ch->op.receive(&in, buf, len < ch->bufsize ? len : ch->bufsize);

	(void)fd;
	if (res >= 0)
		return res;
	errno = -res;
	return -1;
}

static ssize_t own_writev(void *user, int fd, struct iovec *iov, int niov)
{
	struct fuse_chan *ch = user;
	int res = ch->op.send(ch, iov, (size_t)niov);

	(void)fd;
	if (res >= 0)
		return 1;
	errno = -res;
	return -1;
}

static int make_transport(struct fuse_chan *ch)
{
	static const struct core_custom_io io = { .read = own_read, .writev = own_writev };
	int fd, res;

	if (ch->op.receive)
		return core_transport_custom(-1, &io, ch, &ch->t);
	/* Its own copy: the program may ask for ours, and unmounting closes that. */
	fd = fcntl(ch->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	res = core_transport_device(fd, &ch->t);
	if (res)
		close(fd);
	return res;
}

struct core_transport *chan_take_transport(struct fuse_chan *ch)
{
	struct core_transport *t = ch->t;

	ch->t = NULL;
	return t;
}

static struct fuse_chan *chan_new(const struct fuse_chan_ops *op, int fd, size_t bufsize, void *data)
{
	struct fuse_chan *ch = calloc(1, sizeof(*ch));
	int res = -ENOMEM;

	if (ch) {
		if (op)
			ch->op = *op;
		ch->fd = fd;
		ch->bufsize = bufsize;
		ch->data = data;
		res = make_transport(ch);
	}
	if (res) {
		core_err("cannot make a channel: %s\n", strerror(-res));
		free(ch);
		return NULL;
	}
	return ch;
}

EXPORT struct fuse_chan *fuse_chan_new(struct fuse_chan_ops *op, int fd, size_t bufsize, void *data)
{
	return chan_new(op, fd, bufsize, data);
}

EXPORT struct fuse_chan *fuse_kern_chan_new(int fd)
{
	return chan_new(NULL, fd, DEFAULT_BUFSIZE, NULL);
}

EXPORT int fuse_chan_fd(struct fuse_chan *ch)
{
	return ch->fd;
}

EXPORT size_t fuse_chan_bufsize(struct fuse_chan *ch)
{
	size_t need = ch->se && ch->se->cs ? core_session_bufsize(ch->se->cs) : 0;

	return need > ch->bufsize ? need : ch->bufsize;
}

EXPORT void *fuse_chan_data(struct fuse_chan *ch)
{
	return ch->data;
}

EXPORT struct fuse_session *fuse_chan_session(struct fuse_chan *ch)
{
	return ch->se;
}

/* One request; the size, 0 when the loop should end, or -errno. */
EXPORT int fuse_chan_recv(struct fuse_chan **chp, char *buf, size_t size)
{
	struct fuse_chan *ch = *chp;
	ssize_t res;

	if (ch->op.receive)
		return ch->op.receive(chp, buf, size);
	if (ch->se && ch->se->cs)
		return core_session_receive(ch->se->cs, buf, size);
	do
		res = read(ch->fd, buf, size);
	while (res < 0 && errno == ENOENT);
	if (res >= 0)
		return (int)res;
	if (errno == ENODEV) {
		if (ch->se)
			fuse_session_exit(ch->se);
		return 0;
	}
	return -errno;
}

EXPORT int fuse_chan_receive(struct fuse_chan *ch, char *buf, size_t size)
{
	int res = fuse_chan_recv(&ch, buf, size);

	return res >= 0 ? res : res != -EINTR ? -1 : 0;
}

EXPORT int fuse_chan_send(struct fuse_chan *ch, const struct iovec iov[], size_t count)
{
	if (ch->op.send)
		return ch->op.send(ch, iov, count);
	if (iov && writev(ch->fd, iov, (int)count) < 0)
		return -errno;
	return 0;
}

EXPORT void fuse_chan_destroy(struct fuse_chan *ch)
{
	fuse_session_remove_chan(ch);
	if (ch->t)
		core_transport_put(ch->t);
	if (ch->op.destroy)
		ch->op.destroy(ch);
	else if (ch->fd >= 0)
		close(ch->fd);
	core_mount_free(ch->m);
	free(ch);
}

/* ---- sessions and their channel -------------------------------------------------------------- */

EXPORT void fuse_session_add_chan(struct fuse_session *se, struct fuse_chan *ch)
{
	if (se->ch || ch->se) {
		core_err("fuse_session_add_chan: the session or the channel is in use already\n");
		return;
	}
	se->ch = ch;
	ch->se = se;
	if (se->cs && ch->t)
		core_session_attach(se->cs, chan_take_transport(ch));
}

EXPORT void fuse_session_remove_chan(struct fuse_chan *ch)
{
	struct fuse_session *se = ch->se;

	if (!se)
		return;
	if (se->cs)
		ch->t = core_session_detach(se->cs);
	se->ch = NULL;
	ch->se = NULL;
}

EXPORT struct fuse_chan *fuse_session_next_chan(struct fuse_session *se, struct fuse_chan *ch)
{
	return ch ? NULL : se->ch;
}

/* ---- mounting ---------------------------------------------------------------------------------- */

/* -h and -V: each part of the library answers, nothing is mounted, and creation fails later. */
static struct fuse_chan *only_help(const struct core_mount *m)
{
	struct fuse_chan *ch = calloc(1, sizeof(*ch));

	if (core_mount_help_wanted(m))
		core_mount_help(stderr, &fuse2_mount_profile);
	if (ch)
		ch->fd = -1;
	else
		core_err("cannot make a channel: out of memory\n");
	return ch;
}

EXPORT struct fuse_chan *fuse_mount(const char *mountpoint, struct fuse_args *args)
{
	struct core_mount *m = core_mount_parse(core_args_of(args), &fuse2_mount_profile);
	struct fuse_chan *ch;
	int fd;

	if (!m)
		return NULL;
	if (core_mount_help_wanted(m) || core_mount_version_wanted(m)) {
		ch = only_help(m);
		core_mount_free(m);
		return ch;
	}
	if (!mountpoint) {
		core_err("missing mountpoint parameter: PROGRAM MOUNTPOINT [OPTION...]\n");
		core_mount_free(m);
		return NULL;
	}
	fd = core_mount_open(m, mountpoint);
	if (fd < 0) {
		core_mount_free(m);
		return NULL;
	}
	ch = fuse_kern_chan_new(fd);
	if (!ch) {
		core_mount_unmount(m, mountpoint, fd);
		core_mount_free(m);
		return NULL;
	}
	ch->m = m;
	if (ch->t)
		core_transport_device_linger(ch->t, core_mount_helper_sock(m));
	return ch;
}

EXPORT void fuse_unmount(const char *mountpoint, struct fuse_chan *ch)
{
	struct core_mount *m = NULL;
	int fd = -1;

	if (ch) {
		m = ch->m;
		fd = ch->fd;
		ch->m = NULL;
		ch->fd = -1;
		fuse_chan_destroy(ch);
	}
	if (mountpoint)
		core_mount_unmount(m, mountpoint, fd);
	else if (fd >= 0)
		close(fd);
	core_mount_free(m);
}

/* API 2.5: only the descriptor is handed out. */
EXPORT int fuse_mount_compat25(const char *mountpoint, struct fuse_args *args)
{
	struct core_mount *m = core_mount_parse(core_args_of(args), &fuse2_mount_profile);
	int fd;

	if (!m)
		return -1;
	if (core_mount_help_wanted(m))
		core_mount_help(stderr, &fuse2_mount_profile);
	if (!mountpoint || core_mount_help_wanted(m)) {
		core_mount_free(m);
		return -1;
	}
	fd = core_mount_open(m, mountpoint);
	/* With auto_unmount its helper watches us; the object must stay. */
	if (fd < 0)
		core_mount_free(m);
	return fd < 0 ? -1 : fd;
}

EXPORT void fuse_unmount_compat22(const char *mountpoint)
{
	if (mountpoint)
		core_mount_unmount(NULL, mountpoint, -1);
}
