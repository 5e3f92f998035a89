/*
 * CUSE_INIT, and opening /dev/cuse.
 */
#include "core/session/cuse.h"
#include "core/session/session_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define DEVICE "/dev/cuse"

/* What a program gets in one READ; stock's figure in both APIs. The kernel splits larger ones. */
#define MAX_READ (128 * 1024)

/* Our receive buffers are never smaller; the kernel itself sends far less at once. */
#define MAX_WRITE (1024 * 1024)

struct session_cuse {
	struct wire_cuse_init_out out; /* but for what is negotiated */
	uint32_t max_write;
	void (*init_done)(void *userdata);
	size_t info_len;
	char info[]; /* the strings, each terminated */
};

/* Bytes of all strings, or a negative errno. */
static ssize_t info_size(const struct core_cuse_device *dev)
{
	size_t len = 0;

	for (unsigned i = 0; i < dev->info_count; i++) {
		if (!dev->info || !dev->info[i]) {
			core_err("cuse: string %u of the device's description is missing\n", i);
			return -EINVAL;
		}
		len += strlen(dev->info[i]) + 1;
	}
	if (len > CORE_CUSE_INFO_MAX) {
		core_err("cuse: the device's description has %zu bytes, the kernel takes %d\n", len,
			 CORE_CUSE_INFO_MAX);
		return -E2BIG;
	}
	return (ssize_t)len;
}

int core_session_make_cuse(struct core_session *se, const struct core_cuse_device *dev)
{
	ssize_t len = info_size(dev);
	struct session_cuse *c;
	char *p;

	if (len < 0)
		return (int)len;
	c = calloc(1, sizeof(*c) + (size_t)len);
	if (!c) {
		core_err("out of memory for a character device\n");
		return -ENOMEM;
	}
	c->out.major = WIRE_MAJOR;
	c->out.minor = WIRE_MINOR;
	c->out.flags = dev->flags;
	c->out.max_read = MAX_READ;
	c->out.dev_major = dev->dev_major;
	c->out.dev_minor = dev->dev_minor;
	c->max_write = dev->max_write;
	c->init_done = dev->init_done;
	c->info_len = (size_t)len;
	p = c->info;
	for (unsigned i = 0; i < dev->info_count; i++)
		p = stpcpy(p, dev->info[i]) + 1;
	free(se->cuse);
	se->cuse = c;
	return 0;
}

void session_cuse_free(struct core_session *se)
{
	free(se->cuse);
	se->cuse = NULL;
}

/* Without capabilities and read-ahead: CUSE negotiates neither. */
static void offer(struct core_session *se, const struct wire_cuse_init_in *in)
{
	struct core_conn *c = &se->conn;

	memset(c, 0, sizeof(*c));
	c->proto_major = in->major;
	c->proto_minor = in->minor;
	c->max_readahead = UINT32_MAX;
	c->max_write = se->cfg.max_write ? se->cfg.max_write : se->cuse->max_write;
	if (c->max_write > MAX_WRITE)
		c->max_write = MAX_WRITE;
	c->max_background = se->cfg.max_background;
	c->congestion_threshold = se->cfg.congestion_threshold;
}

static int answer(struct core_req *req)
{
	struct session_cuse *c = req->se->cuse;
	struct iovec iov[3] = {
		{0},
		{&c->out, sizeof(c->out)},
		{c->info, c->info_len},
	};

	c->out.max_write = req->se->conn.max_write;
	if (!req_claim(req))
		return -EALREADY;
	return reply_send_iov(req, 0, iov, c->info_len ? 3 : 2);
}

void session_do_cuse_init(struct core_req *req, const struct wire_cuse_init_in *in)
{
	struct core_session *se = req->se;
	struct core_conn *c = &se->conn;

	if (se->got_init) {
		core_err("the kernel sent a second CUSE_INIT; refused\n");
		core_reply_err(req, EIO);
		return;
	}
	if (in->major < WIRE_MAJOR || (in->major == WIRE_MAJOR && in->minor < WIRE_MINOR_MIN)) {
		core_err("cuse: the kernel speaks protocol %u.%u; %u.%u (Linux 2.6.31) is the "
			 "oldest "
			 "that works\n",
			 in->major, in->minor, WIRE_MAJOR, WIRE_MINOR_MIN);
		session_refuse(req, EPROTO);
		return;
	}
	/* A later major would take ours from the answer. */
	se->minor = in->major == WIRE_MAJOR && in->minor < WIRE_MINOR ? in->minor : WIRE_MINOR;
	offer(se, in);
	se->got_init = true;
	if (se->ops.init)
		se->ops.init(se->userdata, c);
	if (c->max_write > MAX_WRITE)
		c->max_write = MAX_WRITE;
	se->bufsize = (c->max_write < MAX_READ ? MAX_READ : c->max_write) + 4096;
	session_set_bufsize(se, se->bufsize - 4096);
	session_set_ready(se);
	if (answer(req) == 0 && se->cuse->init_done)
		se->cuse->init_done(se->userdata);
}

int core_cuse_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), high;

	if (fd < 0) {
		int err = errno;

		if (err == ENOENT || err == ENODEV || err == ENXIO)
			core_err("cuse: device not found, try 'modprobe cuse' first (%s: %s)\n",
				 DEVICE, strerror(err));
		else
			core_err("cuse: failed to open %s: %s%s\n", DEVICE, strerror(err),
				 err == EACCES || err == EPERM
					 ? "; it takes root, or permission for this file"
					 : "");
		return -err;
	}
	if (fd > 2)
		return fd;
	/* A program started without standard streams must not write messages to the device. */
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (high < 0) {
		high = -errno;
		core_err("cuse: cannot move the descriptor of %s: %s\n", DEVICE, strerror(-high));
	}
	close(fd);
	return high;
}
