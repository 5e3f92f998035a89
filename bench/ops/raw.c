/*
 * The limit that stands beside the libraries: bench/ops' file system without any library, answered
 * straight from the kernel's messages. raw MOUNTPOINT [-f] [-o OPTION,...]; needs root.
 *   transport=device|uring  readers of the device, or a queue's thread a processor
 *   readers=N               eight, of the device
 *   pin=own|other|none      where a queue's thread runs (own: the queue's processor)
 *   spin=US                 a thread looks that long for the next request before it sleeps
 *   yield=0|1               and lets others run meanwhile
 *   defer=0|1               IORING_SETUP_DEFER_TASKRUN
 *   one=0|1                 one thread and ring for all queues
 *   idle=0|1                queues' threads are SCHED_IDLE
 * Other options are for the libraries and are ignored. It has what getattr, stat, rr4k and
 * openclose of load.c ask for; the rest is ENOSYS.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/wire/proto.h"

#define FILE_SIZE (64L << 20)
#define MAX_WRITE (128 << 10) /* the least that the kernel takes for a queue's payload */
#define READERS   8
#define DEPTH     16
#define FILES     4 /* node numbers: 1 to 3 are /, /a, /a/b, and from 4 on files */

/* The kernel's interface, 7.42. */
enum { CMD_REGISTER = 1, CMD_COMMIT_AND_FETCH = 2 };
struct command {
	uint64_t flags, commit_id;
	uint16_t qid;
};
struct header {
	char in_out[128], op[128];
	struct {
		uint64_t flags, commit_id;
		uint32_t payload_size, padding;
		uint64_t reserved;
	} ent;
};
struct entry {
	struct header *hdr;
	char *payload;
	struct iovec iov[2];
	unsigned qid;
};

static int fd;
static enum { PIN_OWN, PIN_OTHER, PIN_NONE } pin;
static int uring, defer = 1, one, idle, yield;
static long spin_ns;
static int readers = READERS;
static unsigned queues;

static void die(const char *what, int err)
{
	fprintf(stderr, "raw: %s: %s\n", what, strerror(err));
	exit(1);
}

static void set_attr(struct wire_attr *a, uint64_t node)
{
	memset(a, 0, sizeof(*a));
	a->ino = node;
	a->nlink = 1;
	a->mode = node < FILES ? S_IFDIR | 0755 : S_IFREG | 0644;
	a->size = node < FILES ? 0 : FILE_SIZE;
}

static void init(const struct wire_init_in *in, struct wire_init_out *out)
{
	uint64_t flags = WIRE_CAP(ASYNC_READ) | WIRE_CAP(PARALLEL_DIROPS) | WIRE_CAP(BIG_WRITES) |
			 WIRE_CAP(INIT_EXT) | (uring ? WIRE_CAP(OVER_IO_URING) : 0);

	memset(out, 0, sizeof(*out));
	flags &= in->flags | (uint64_t)in->flags2 << 32;
	if (uring && !(flags & WIRE_CAP(OVER_IO_URING)))
		die("the kernel does not offer io_uring", EOPNOTSUPP);
	out->major = WIRE_MAJOR;
	out->minor = in->minor;
	out->max_readahead = in->max_readahead;
	out->flags = (uint32_t)flags;
	out->flags2 = (uint32_t)(flags >> 32);
	out->max_background = 12;
	out->congestion_threshold = 9;
	out->max_write = MAX_WRITE;
	out->time_gran = 1;
}

/* The reply's body into out; its length, or -errno; -EAGAIN: no reply. */
static int serve(const struct wire_in_header *h, const void *op, const char *name, char *out)
{
	struct wire_entry_out *e = (void *)out;
	const struct wire_read_in *rd = op;
	uint64_t node = 0;

	switch (h->opcode) {
	case WIRE_GETATTR:
		memset(out, 0, sizeof(struct wire_attr_out));
		set_attr(&((struct wire_attr_out *)out)->attr, h->nodeid);
		return sizeof(struct wire_attr_out);
	case WIRE_LOOKUP:
		if (h->nodeid == 3 && name[0] == 'f')
			node = (uint64_t)atoi(name + 1) + FILES;
		else if (h->nodeid < 3 && name[0] == "ab"[h->nodeid - 1])
			node = h->nodeid + 1;
		memset(e, 0, sizeof(*e)); /* the name may have been there */
		e->nodeid = node;
		set_attr(&e->attr, node);
		return node ? (int)sizeof(*e) : -ENOENT;
	case WIRE_READ:
		memset(out, 0, rd->size);
		return (int)rd->size;
	case WIRE_OPEN:
	case WIRE_OPENDIR:
		memset(out, 0, sizeof(struct wire_open_out));
		return sizeof(struct wire_open_out);
	case WIRE_INIT:
		init(op, (void *)out);
		return sizeof(struct wire_init_out);
	case WIRE_STATFS:
		memset(out, 0, sizeof(struct wire_statfs_out));
		return sizeof(struct wire_statfs_out);
	case WIRE_RELEASE:
	case WIRE_RELEASEDIR:
	case WIRE_DESTROY:
		return 0;
	case WIRE_FORGET:
	case WIRE_BATCH_FORGET:
	case WIRE_INTERRUPT:
		return -EAGAIN;
	}
	return -ENOSYS;
}

/* ---- the device ---------------------------------------------------------------------------- */

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static void device_spin(void)
{
	struct pollfd p = {fd, POLLIN, 0};
	long end = now_ns() + spin_ns;

	while (!poll(&p, 1, 0) && now_ns() < end)
		if (yield)
			sched_yield();
}

/* One request; false: the connection is over. */
static int device_turn(char *in, char *out)
{
	const struct wire_in_header *h = (void *)in;
	struct wire_out_header *o = (void *)out;
	ssize_t n;
	int res;

	if (spin_ns)
		device_spin();
	n = read(fd, in, MAX_WRITE + 4096);
	if (n < 0)
		return errno == ENOENT || errno == EINTR || errno == EAGAIN;
	res = serve(h, in + sizeof(*h), in + sizeof(*h), out + sizeof(*o));
	if (res == -EAGAIN)
		return 1;
	o->unique = h->unique;
	o->error = res < 0 ? res : 0;
	o->len = (uint32_t)(sizeof(*o) + (size_t)(res < 0 ? 0 : res));
	(void)!write(fd, out, o->len);
	return 1;
}

static void *device_thread(void *arg)
{
	char *in = malloc(MAX_WRITE + 4096), *out = malloc(MAX_WRITE + 4096);

	if (!in || !out)
		die("memory", ENOMEM);
	if (arg) /* INIT alone */
		device_turn(in, out);
	else
		while (device_turn(in, out))
			;
	free(in);
	free(out);
	return NULL;
}

/* ---- io_uring ------------------------------------------------------------------------------ */

static void command(struct io_uring *ring, struct entry *e, uint32_t cmd_op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct command *c;

	if (!sqe)
		die("io_uring is too small", ENOSPC);
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = cmd_op;
	sqe->user_data = (uintptr_t)e;
	c = (void *)sqe->cmd;
	c->qid = (uint16_t)e->qid;
	c->commit_id = e->hdr->ent.commit_id;
	if (cmd_op == CMD_REGISTER) {
		sqe->addr = (uintptr_t)e->iov;
		sqe->len = 2;
	}
}

static void register_queue(struct io_uring *ring, unsigned qid)
{
	for (unsigned i = 0; i < DEPTH; i++) {
		struct entry *e = calloc(1, sizeof(*e));

		if (!e || posix_memalign((void **)&e->hdr, 4096, 4096) ||
		    posix_memalign((void **)&e->payload, 4096, MAX_WRITE))
			die("memory", ENOMEM);
		memset(e->hdr, 0, sizeof(*e->hdr));
		e->qid = qid;
		e->iov[0] = (struct iovec){e->hdr, sizeof(*e->hdr)};
		e->iov[1] = (struct iovec){e->payload, MAX_WRITE};
		command(ring, e, CMD_REGISTER);
	}
}

/* Answers in place. */
static void answer(struct entry *e)
{
	struct wire_in_header h;
	struct wire_out_header *o = (void *)e->hdr->in_out;
	int res;

	memcpy(&h, e->hdr->in_out, sizeof(h));
	res = serve(&h, e->hdr->op, e->payload, e->payload);
	memset(o, 0, sizeof(*o));
	o->unique = h.unique;
	o->error = res < 0 ? res : 0;
	e->hdr->ent.payload_size = res < 0 ? 0 : (uint32_t)res;
}

/* Submits; true: something came while it looked. */
static int spin(struct io_uring *ring)
{
	long end = now_ns() + spin_ns;

	io_uring_submit_and_get_events(ring);
	do {
		if (io_uring_cq_ready(ring))
			return 1;
		if (IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_TASKRUN)
			io_uring_get_events(ring);
		if (yield)
			sched_yield();
	} while (now_ns() < end);
	return 0;
}

static void *ring_thread(void *arg)
{
	unsigned qid = (unsigned)(uintptr_t)arg, cpu = pin == PIN_OTHER ? (qid + 1) % queues : qid;
	struct io_uring_params p = {.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER};
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	cpu_set_t set;
	int res, over = 0;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pin != PIN_NONE && !one)
		sched_setaffinity(0, sizeof(set), &set);
	if (idle)
		sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
	p.flags |= (defer ? IORING_SETUP_DEFER_TASKRUN : IORING_SETUP_COOP_TASKRUN) |
		   IORING_SETUP_TASKRUN_FLAG;
	res = io_uring_queue_init_params(DEPTH * (one ? queues : 1), &ring, &p);
	if (res)
		die("io_uring", -res);
	io_uring_register_ring_fd(&ring);
	for (unsigned q = one ? 0 : qid; q <= (one ? queues - 1 : qid); q++)
		register_queue(&ring, q);
	while (!over) {
		if (!spin_ns || !spin(&ring)) {
			res = io_uring_submit_and_wait(&ring, 1);
			if (res < 0 && res != -EINTR)
				die("io_uring_enter", -res);
		}
		while (!io_uring_peek_cqe(&ring, &cqe) && cqe) {
			struct entry *e = io_uring_cqe_get_data(cqe);

			over = over || cqe->res < 0;
			res = cqe->res;
			io_uring_cqe_seen(&ring, cqe);
			if (res)
				continue;
			answer(e);
			command(&ring, e, CMD_COMMIT_AND_FETCH);
		}
	}
	io_uring_queue_exit(&ring);
	return NULL;
}

/* ---- start --------------------------------------------------------------------------------- */

static void option(const char *o)
{
	if (!strcmp(o, "transport=uring"))
		uring = 1;
	else if (!strncmp(o, "readers=", 8))
		readers = atoi(o + 8) > READERS || atoi(o + 8) < 1 ? READERS : atoi(o + 8);
	else if (!strncmp(o, "pin=", 4))
		pin = o[5] == 'w' ? PIN_OWN : o[5] == 't' ? PIN_OTHER : PIN_NONE;
	else if (!strncmp(o, "spin=", 5))
		spin_ns = atol(o + 5) * 1000;
	else if (!strncmp(o, "defer=", 6))
		defer = atoi(o + 6);
	else if (!strncmp(o, "one=", 4))
		one = atoi(o + 4);
	else if (!strncmp(o, "yield=", 6))
		yield = atoi(o + 6);
	else if (!strncmp(o, "idle=", 5))
		idle = atoi(o + 5);
}

int main(int argc, char **argv)
{
	pthread_t threads[READERS];
	char data[128], *at;

	if (argc < 2) {
		fprintf(stderr, "usage: raw MOUNTPOINT [-f] [-o OPTION,...]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		for (at = strtok(argv[i], ","); at; at = strtok(NULL, ","))
			option(at);
	queues = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/fuse", errno);
	snprintf(data, sizeof(data), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("raw", argv[1], "fuse.raw", MS_NOSUID | MS_NODEV, data))
		die(argv[1], errno);
	device_thread(&fd);
	for (unsigned q = 0; uring && q < (one ? 1 : queues); q++) {
		pthread_t t;

		if (pthread_create(&t, NULL, ring_thread, (void *)(uintptr_t)q))
			die("thread", errno);
		pthread_detach(t);
	}
	for (int i = 0; i < (uring ? 1 : readers); i++)
		if (pthread_create(&threads[i], NULL, device_thread, NULL))
			die("thread", errno);
	for (int i = 0; i < (uring ? 1 : readers); i++)
		pthread_join(threads[i], NULL);
	return 0;
}
