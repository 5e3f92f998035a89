/*
 * The file system of bench/ops on /dev/fuse without any library: what the kernel's interface allows
 * on the device. device MOUNTPOINT [threads=N] [spin=US] [max_write=BYTES]
 * threads: of read() and writev() on one descriptor (4, as the libraries have waiting). spin: with
 * one thread, so many microseconds of asking again before it sleeps. Needs root: it mounts by
 * itself. Nothing is checked that a library has to check.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
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
#define MOST_NEW  4096
#define PAGE      4096

/* Node numbers. */
enum { ROOT = 1, A, A_B, NEW, FILES = 100, MADE = 100000 };

static int fd;
static long threads = 4, spin_us, max_write = 1 << 20;
static _Atomic char made[MOST_NEW];

struct thread {
	char *in, *out;
};

static void fill_attr(struct wire_attr *a, uint64_t node)
{
	memset(a, 0, sizeof(*a));
	a->ino = node;
	a->nlink = 2;
	a->mode = S_IFDIR | 0755;
	if (node >= FILES) {
		a->mode = S_IFREG | 0644;
		a->nlink = 1;
		a->size = (uint64_t)FILE_SIZE;
	}
}

static uint64_t child(uint64_t parent, const char *name)
{
	unsigned long n;

	if (parent == ROOT)
		return !strcmp(name, "a") ? A : !strcmp(name, "new") ? NEW : 0;
	if (parent == A)
		return !strcmp(name, "b") ? A_B : 0;
	if (parent == A_B && name[0] == 'f')
		return FILES + strtoul(name + 1, NULL, 10);
	n = strtoul(name, NULL, 10);
	return parent == NEW && n < MOST_NEW && made[n] ? MADE + n : 0;
}

static void reply(uint64_t unique, int error, const void *data, size_t len)
{
	struct wire_out_header h = {(uint32_t)(sizeof(h) + len), error, unique};
	struct iovec v[2] = {{&h, sizeof(h)}, {(void *)data, len}};

	/* ENOENT: who asked is gone. */
	if (writev(fd, v, len ? 2 : 1) < 0 && errno != ENOENT)
		perror("writev");
}

static void reply_init(uint64_t unique, const struct wire_init_in *in)
{
	struct wire_init_out out = {.major = WIRE_MAJOR, .minor = WIRE_MINOR};

	out.max_readahead = in->max_readahead;
	out.flags = in->flags & (uint32_t)(WIRE_CAP(ASYNC_READ) | WIRE_CAP(BIG_WRITES) |
					   WIRE_CAP(MAX_PAGES) | WIRE_CAP(PARALLEL_DIROPS));
	out.max_write = (uint32_t)max_write;
	out.max_pages = (uint16_t)(max_write / PAGE);
	out.time_gran = 1;
	reply(unique, 0, &out, sizeof(out));
}

static void reply_node(const struct wire_in_header *h, uint64_t node, int create)
{
	struct wire_create_out out;

	if (!node) {
		reply(h->unique, -ENOENT, NULL, 0);
		return;
	}
	memset(&out, 0, sizeof(out));
	out.entry.nodeid = node;
	fill_attr(&out.entry.attr, node);
	reply(h->unique, 0, &out, create ? sizeof(out) : sizeof(out.entry));
}

static void serve(struct thread *t)
{
	const struct wire_in_header *h = (void *)t->in;
	const void *arg = h + 1;
	const char *name = arg;
	struct wire_attr_out attr = {0};
	struct wire_open_out open_out = {0};
	struct wire_write_out written = {0};
	struct wire_statfs_out statfs = {.bsize = PAGE, .namelen = 255};
	uint64_t node;

	switch (h->opcode) {
	case WIRE_INIT:
		reply_init(h->unique, arg);
		break;
	case WIRE_LOOKUP:
		reply_node(h, child(h->nodeid, name), 0);
		break;
	case WIRE_GETATTR:
	case WIRE_SETATTR:
		fill_attr(&attr.attr, h->nodeid);
		reply(h->unique, 0, &attr, sizeof(attr));
		break;
	case WIRE_OPEN:
	case WIRE_OPENDIR:
		reply(h->unique, 0, &open_out, sizeof(open_out));
		break;
	case WIRE_CREATE:
		name += sizeof(struct wire_create_in);
		node = strtoul(name, NULL, 10) % MOST_NEW;
		made[node] = 1;
		reply_node(h, MADE + node, 1);
		break;
	case WIRE_UNLINK:
		made[strtoul(name, NULL, 10) % MOST_NEW] = 0;
		reply(h->unique, 0, NULL, 0);
		break;
	case WIRE_READ:
		memset(t->out, 0, ((const struct wire_read_in *)arg)->size);
		reply(h->unique, 0, t->out, ((const struct wire_read_in *)arg)->size);
		break;
	case WIRE_WRITE:
		written.size = ((const struct wire_write_in *)arg)->size;
		reply(h->unique, 0, &written, sizeof(written));
		break;
	case WIRE_STATFS:
		reply(h->unique, 0, &statfs, sizeof(statfs));
		break;
	case WIRE_RELEASE:
	case WIRE_RELEASEDIR:
	case WIRE_READDIR:
	case WIRE_DESTROY:
		reply(h->unique, 0, NULL, 0);
		break;
	case WIRE_FORGET:
	case WIRE_BATCH_FORGET:
	case WIRE_INTERRUPT:
		break;
	default:
		reply(h->unique, -ENOSYS, NULL, 0);
	}
}

static long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static ssize_t receive(struct thread *t, size_t room)
{
	struct pollfd p = {fd, POLLIN, 0};
	long end = 0;
	ssize_t n;

	while ((n = read(fd, t->in, room)) < 0 && errno == EAGAIN) {
		if (!end)
			end = now_us() + spin_us;
		else if (now_us() > end)
			poll(&p, 1, -1);
		__builtin_ia32_pause();
	}
	return n;
}

static void *serve_all(void *arg)
{
	size_t room = (size_t)max_write + PAGE;
	struct thread t;

	(void)arg;
	if (posix_memalign((void **)&t.in, PAGE, room + PAGE) ||
	    posix_memalign((void **)&t.out, PAGE, room))
		return NULL;
	/* What is written comes to a page of its own, as in the library. */
	t.in += PAGE - sizeof(struct wire_in_header) - sizeof(struct wire_write_in);
	for (;;) {
		ssize_t n = receive(&t, room);

		if (n > 0)
			serve(&t);
		else if (errno != ENOENT && errno != EINTR)
			return NULL;
	}
}

int main(int argc, char **argv)
{
	char options[100];
	pthread_t thread;

	for (int i = 2; i < argc; i++)
		if (sscanf(argv[i], "threads=%ld", &threads) != 1 &&
		    sscanf(argv[i], "spin=%ld", &spin_us) != 1 &&
		    sscanf(argv[i], "max_write=%ld", &max_write) != 1)
			argc = 0;
	if (argc < 2) {
		fprintf(stderr,
			"usage: device MOUNTPOINT [threads=N] [spin=US] [max_write=BYTES]\n");
		return 2;
	}
	fd = open("/dev/fuse", O_RDWR | (spin_us ? O_NONBLOCK : 0));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fd);
	if (fd < 0 || mount("raw", argv[1], "fuse.raw", MS_NOSUID | MS_NODEV, options)) {
		perror(argv[1]);
		return 1;
	}
	for (long i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, serve_all, NULL))
			perror("pthread_create");
	serve_all(NULL);
	return 0;
}
