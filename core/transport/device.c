/*
 * /dev/fuse, and descriptors or calls that stand in for it.
 *
 * A channel receives at an address 80 bytes below a page boundary: in header (40) and WRITE's
 * structure (40) end there, so its payload is page aligned and can go to an O_DIRECT descriptor.
 * Buffers have room for the kernel's largest request from the start, since a thread may wait in
 * read() while another one negotiates; untouched pages cost nothing.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>

#include "core/base/log.h"
#include "core/base/pages.h"
#include "core/transport/splice.h"
#include "core/transport/transport.h"

#define WRITE_HEAD      (sizeof(struct wire_in_header) + sizeof(struct wire_write_in))
#define DEFAULT_PAYLOAD (1024 * 1024)
#define IOC_CLONE       _IOR(229, 0, uint32_t)

struct device {
	struct core_transport base;
	int fd;
	int linger;  /* see core_transport_device_linger() */
	int wake_fd; /* for what is no FUSE device: an eventfd polled beside fd; else -1 */
	/*
	 * With wake_fd: from poll() to the end of read(). A thread that is told of a message which
	 * another one takes would stay in read(), where nothing wakes it.
	 */
	pthread_mutex_t stand_in;
	const struct core_custom_io *io;
	struct core_custom_io io_copy;
	void *io_user;
};

struct dev_channel {
	struct core_channel base;
	int fd; /* the device's, or a clone of ours */
	bool own_fd;
	char *map;
	size_t map_size;
	char *start;  /* where a message begins */
	size_t room;  /* bytes from there */
	bool huge;    /* of huge pages */
	bool large;   /* it is to be */
	struct core_splice splice;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t kernel_payload_limit(void)
{
	FILE *f = fopen("/proc/sys/fs/fuse/max_pages_limit", "re");
	size_t size = DEFAULT_PAYLOAD;
	unsigned pages;

	if (!f)
		return size;
	if (fscanf(f, "%u", &pages) == 1 && pages <= 65535 && pages * page_size() > size)
		size = pages * page_size();
	fclose(f);
	return size;
}

static int map_buffer(struct dev_channel *ch, size_t payload, bool huge)
{
	size_t page = page_size(), size = page + payload;
	char *map = core_pages_map(&size, huge);

	if (!map)
		return -ENOMEM;
	if (ch->map)
		munmap(ch->map, ch->map_size);
	ch->map = map;
	ch->map_size = size;
	ch->huge = huge;
	ch->start = map + page - WRITE_HEAD;
	ch->room = size - page + WRITE_HEAD;
	return 0;
}

/* Before a message is received: room for the largest, in huge pages once there was a large one. */
static int fit_buffer(struct dev_channel *ch)
{
	size_t payload = atomic_load_explicit(&ch->base.t->max_payload, memory_order_relaxed);
	bool huge = ch->large;

	ch->large = false;
	if (payload > ch->room - WRITE_HEAD)
		return map_buffer(ch, payload, huge || ch->huge);
	if (huge && !ch->huge)
		map_buffer(ch, payload, true); /* or it stays as it is */
	return 0;
}

static int clone_fd(struct device *d)
{
	uint32_t master = (uint32_t)d->fd;
	int fd;

	if (d->io) {
		fd = d->io->clone_fd(d->io_user, d->fd);
		if (fd < 0)
			core_warn("the program cannot clone its descriptor (%s): sharing one\n",
				  strerror(-fd));
		return fd;
	}
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, IOC_CLONE, &master) < 0) {
		core_warn("cannot clone the device descriptor (%s): sharing one\n",
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static const struct core_transport_ops device_ops;

static int dev_channel_new(struct core_transport *t, bool own_queue, struct core_channel **out)
{
	struct device *d = CORE_CONTAINER_OF(t, struct device, base);
	struct dev_channel *ch = calloc(1, sizeof(*ch));
	int res, fd;

	if (!ch)
		return -ENOMEM;
	res = map_buffer(ch, atomic_load(&t->max_payload), false);
	if (res) {
		free(ch);
		return res;
	}
	ch->base.ops = &device_ops;
	ch->base.t = t;
	ch->base.refs = 1;
	ch->fd = d->fd;
	if (own_queue && (d->io ? d->io->clone_fd != NULL : d->wake_fd < 0) &&
	    (fd = clone_fd(d)) >= 0) {
		ch->fd = fd;
		ch->own_fd = true;
	}
	*out = &ch->base;
	return 0;
}

static void dev_channel_free(struct core_channel *base)
{
	struct dev_channel *ch = CORE_CONTAINER_OF(base, struct dev_channel, base);

	core_splice_close(&ch->splice);
	if (ch->own_fd)
		close(ch->fd);
	munmap(ch->map, ch->map_size);
	free(ch);
}

/* Waits for data on a descriptor that cannot wake itself. 1: data; 0: woken; -errno. */
static int wait_stand_in(struct device *d, int fd)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { d->wake_fd, POLLIN, 0 } };
	uint64_t n;

	if (poll(p, d->wake_fd >= 0 ? 2 : 1, -1) < 0)
		return -errno;
	if (d->wake_fd >= 0 && p[1].revents && read(d->wake_fd, &n, sizeof(n)) > 0)
		return 0;
	return p[0].revents ? 1 : 0;
}

static ssize_t read_stand_in(struct device *d, struct dev_channel *ch)
{
	ssize_t res = d->io ? d->io->read(d->io_user, ch->fd, ch->start, ch->room)
			    : read(ch->fd, ch->start, ch->room);

	if (res == 0)
		return -ENODEV; /* the other end of a socket is gone */
	return res < 0 ? -errno : res;
}

static ssize_t read_one(struct device *d, struct dev_channel *ch)
{
	ssize_t res;

	if (core_likely(d->wake_fd < 0 && !d->io)) {
		res = read(ch->fd, ch->start, ch->room);
		return res < 0 ? -errno : res;
	}
	if (d->wake_fd < 0)
		return read_stand_in(d, ch);
	if (ch->own_fd) {
		res = wait_stand_in(d, ch->fd);
		return res == 1 ? read_stand_in(d, ch) : res == 0 ? -EAGAIN : res;
	}
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&d->stand_in);
	res = wait_stand_in(d, ch->fd);
	if (res <= 0)
		return res == 0 ? -EAGAIN : res;
	return read_stand_in(d, ch);
}

/* A descriptor that does not block, in one of our loops: the program's choice, so wait for it. */
static void wait_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	poll(&p, 1, -1);
}

/*
 * ECONNABORTED says that the connection was aborted, and also, while an unmount is under way, that
 * the request about to be read ended with it. Reading on tells which: once the queue is shut, each
 * read fails with ENODEV (unmounted) or ECONNABORTED (aborted). Until then each takes one request.
 */
#define ABORTED_RETRIES 1000

static int dev_receive(struct core_channel *base, struct core_msg *msg, int max)
{
	struct dev_channel *ch = CORE_CONTAINER_OF(base, struct dev_channel, base);
	struct device *d = CORE_CONTAINER_OF(base->t, struct device, base);
	struct wire_in_header *hdr;
	int again = ABORTED_RETRIES;
	ssize_t res;

	(void)max;
	if (core_unlikely(ch->large || atomic_load_explicit(&base->t->max_payload, memory_order_relaxed) >
					       ch->room - WRITE_HEAD) &&
	    fit_buffer(ch))
		return -ENOMEM;
	for (;;) {
		res = read_one(d, ch);
		if (core_likely(res > 0))
			break;
		if (res == -EAGAIN && d->wake_fd >= 0)
			return 0;
		if (res == -EAGAIN && !base->by_hand)
			wait_readable(ch->fd);
		else if (res == -ECONNABORTED && !d->io && again-- > 0)
			sched_yield();
		else if (res != -ENOENT) /* ENOENT: the request was taken back, the next one */
			return res ? (int)res : -ENODEV;
	}
	if (core_unlikely((size_t)res < sizeof(*hdr))) {
		core_err("short read from the kernel: %zd bytes\n", res);
		return -EIO;
	}
	if (core_unlikely((size_t)res >= CORE_PAGES_LARGE))
		ch->large = !ch->huge;
	hdr = (void *)ch->start;
	msg->hdr = hdr;
	msg->op = hdr + 1;
	msg->op_len = (size_t)res - sizeof(*hdr);
	msg->payload = NULL;
	msg->payload_len = 0;
	msg->tag = 0;
	return 1;
}

static int send_all(struct device *d, int fd, const struct iovec *iov, int niov)
{
	ssize_t res;

	if (d->io)
		res = d->io->writev(d->io_user, fd, (struct iovec *)iov, niov);
	else
		res = writev(fd, iov, niov);
	if (core_likely(res >= 0))
		return 0;
	return -errno;
}

static int dev_reply(struct core_channel *base, uint64_t tag, const struct iovec *iov, int niov)
{
	struct dev_channel *ch = CORE_CONTAINER_OF(base, struct dev_channel, base);

	(void)tag;
	return send_all(CORE_CONTAINER_OF(base->t, struct device, base), ch->fd, iov, niov);
}

static int dev_reply_data(struct core_channel *base, uint64_t tag, struct wire_out_header *hdr,
			  const struct core_buf *data, bool move)
{
	struct device *d = CORE_CONTAINER_OF(base->t, struct device, base);
	struct dev_channel *ch = CORE_CONTAINER_OF(base, struct dev_channel, base);

	(void)tag;
	if (d->io || d->wake_fd >= 0)
		return -EAGAIN;
	return core_splice_reply(&ch->splice, ch->fd, hdr, data, move);
}

static int dev_notify(struct core_transport *t, const struct iovec *iov, int niov)
{
	struct device *d = CORE_CONTAINER_OF(t, struct device, base);

	return send_all(d, d->fd, iov, niov);
}

/*
 * A read of the device cannot be woken through the device (asking the kernel for cached data of
 * the root would bring a message, but newer kernels refuse that for directories): signals do it.
 */
static int dev_wake(struct core_transport *t)
{
	struct device *d = CORE_CONTAINER_OF(t, struct device, base);
	uint64_t one = 1;
	int saved = errno, res = -EOPNOTSUPP;

	if (d->wake_fd >= 0)
		res = write(d->wake_fd, &one, sizeof(one)) < 0 ? -errno : 0;
	errno = saved;
	return res;
}

static int dev_set_bufsize(struct core_transport *t, size_t payload)
{
	if (payload > atomic_load(&t->max_payload))
		atomic_store(&t->max_payload, payload);
	return 0;
}

static int dev_fd(struct core_transport *t)
{
	return CORE_CONTAINER_OF(t, struct device, base)->fd;
}

static void dev_free(struct core_transport *t)
{
	struct device *d = CORE_CONTAINER_OF(t, struct device, base);

	if (d->io && d->io->destroy)
		d->io->destroy(d->io_user);
	if (d->fd >= 0)
		close(d->fd);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	pthread_mutex_destroy(&d->stand_in);
	free(d);
}

static const struct core_transport_ops device_ops = {
	.name = "device",
	.channel_new = dev_channel_new,
	.channel_free = dev_channel_free,
	.receive = dev_receive,
	.reply = dev_reply,
	.reply_data = dev_reply_data,
	.notify = dev_notify,
	.wake = dev_wake,
	.set_bufsize = dev_set_bufsize,
	.fd = dev_fd,
	.free = dev_free,
};

static struct device *device_new(int fd)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->base.ops = &device_ops;
	atomic_store(&d->base.max_payload, kernel_payload_limit());
	d->fd = fd;
	d->wake_fd = -1;
	pthread_mutex_init(&d->stand_in, NULL);
	return d;
}

int core_transport_device(int fd, struct core_transport **out)
{
	struct device *d;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	d = device_new(fd);
	if (!d)
		return -ENOMEM;
	if (!S_ISCHR(st.st_mode))
		d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*out = &d->base;
	return 0;
}

int core_transport_custom(int fd, const struct core_custom_io *io, void *user,
			  struct core_transport **out)
{
	struct device *d = device_new(fd);
	struct stat st;

	if (!d)
		return -ENOMEM;
	d->io_copy = *io;
	d->io = &d->io_copy;
	d->io_user = user;
	/* Where it can be polled it can be woken. */
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*out = &d->base;
	return 0;
}

int core_transport_device_fd(struct core_transport *t)
{
	struct device *d = CORE_CONTAINER_OF(t, struct device, base);

	return t->ops == &device_ops && !d->io && d->wake_fd < 0 ? d->fd : -1;
}

void core_transport_device_linger(struct core_transport *t, int fd)
{
	if (core_transport_device_fd(t) >= 0)
		CORE_CONTAINER_OF(t, struct device, base)->linger = fd;
}

int core_transport_device_lingers(struct core_transport *t)
{
	return core_transport_device_fd(t) < 0
		       ? -1 : CORE_CONTAINER_OF(t, struct device, base)->linger;
}
