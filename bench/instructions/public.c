/*
 * Through the public API: functions of our own in place of /dev/fuse. Any library that has them
 * can be measured; what it costs to copy the message into the library's buffer is in the figures.
 */
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instr.h"
#include "join.h"

static ssize_t receive(void *buf, size_t size)
{
	size_t len;
	const void *msg = feed_next(&len);

	if (!msg || len > size)
		return -1;
	memcpy(buf, msg, len);
	return (ssize_t)len;
}

#if FUSE_USE_VERSION < 30
static int chan_receive(struct fuse_chan **ch, char *buf, size_t size)
{
	ssize_t n = receive(buf, size);

	if (n >= 0)
		return (int)n;
	fuse_session_exit(fuse_chan_session(*ch));
	return 0;
}

static int chan_send(struct fuse_chan *ch, const struct iovec *iov, size_t count)
{
	(void)ch;
	return iov ? feed_reply(iov, (int)count) : 0;
}

static void chan_destroy(struct fuse_chan *ch)
{
	(void)ch;
}

struct fuse_chan *join_chan(void)
{
	static struct fuse_chan_ops ops = {chan_receive, chan_send, chan_destroy};

	return fuse_chan_new(&ops, -1, 1024 * 1024 + 4096, NULL);
}
#else
static ssize_t io_read(int fd, void *buf, size_t size, void *user)
{
	ssize_t n = receive(buf, size);

	(void)fd, (void)user;
	if (n < 0)
		errno = ENODEV;
	return n;
}

static ssize_t io_writev(int fd, struct iovec *iov, int count, void *user)
{
	ssize_t n = 0;

	(void)fd, (void)user;
	feed_reply(iov, count);
	for (int i = 0; i < count; i++)
		n += (ssize_t)iov[i].iov_len;
	return n;
}

int join_session(struct fuse_session *se)
{
	static const struct fuse_custom_io io = {.writev = io_writev, .read = io_read};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fuse_session_custom_io(se, &io, fd) ? -1 : 0;
}
#endif

int join_loop(struct fuse_session *se, struct fuse *f, bool mt)
{
	if (mt) {
		fprintf(stderr, "instr: mt is for the direct transport, which has one thread\n");
		exit(2);
	}
	return f ? fuse_loop(f) : fuse_session_loop(se);
}
