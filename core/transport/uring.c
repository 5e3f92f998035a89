/*
 * FUSE over io_uring: the connection's side, and what can fail before the first request.
 */
#include "core/transport/uring_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "core/base/log.h"

#define PARAMETER "/sys/module/fuse/parameters/enable_uring"

int (*core_uring_fault)(enum core_uring_step step);

int core_uring_possible(void)
{
	FILE *f = fopen(PARAMETER, "re");
	struct io_uring_params p = {0};
	int c, fd;

	if (!f)
		return -ENOSYS;
	c = getc(f);
	fclose(f);
	if (c != 'Y' && c != '1')
		return -EOPNOTSUPP;
	p.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	fd = (int)syscall(SYS_io_uring_setup, 2, &p);
	if (fd < 0)
		return errno == EPERM ? -EPERM : -ENOSYS;
	close(fd);
	return 0;
}

const char *core_uring_advice(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "the kernel has it switched off: echo Y > " PARAMETER " before mounting";
	case -EPERM:
		return "io_uring is forbidden here (sysctl kernel.io_uring_disabled, or seccomp)";
	case -ENOSYS:
		return "the kernel does not have it: Linux 6.14 with CONFIG_FUSE_IO_URING is "
		       "needed";
	}
	return strerror(-err);
}

/* ---- entries ------------------------------------------------------------------------------ */

/* One mapping: header page, then payload. Pages that are never written cost nothing. */
int entry_new(struct uring *u, unsigned qid, struct entry **out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct entry *e;
	char *map;
	int res = step_fails(CORE_URING_ENTRY);

	e = res ? NULL : calloc(1, sizeof(*e));
	if (!e)
		return res ? res : -ENOMEM;
	res = step_fails(CORE_URING_MAP);
	map = res ? MAP_FAILED
		  : mmap(NULL, page + u->payload, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		free(e);
		return res ? res : -ENOMEM;
	}
	e->qid = qid;
	e->hdr = (void *)map;
	e->payload = map + page;
	e->iov[0].iov_base = e->hdr;
	e->iov[0].iov_len = sizeof(*e->hdr);
	e->iov[1].iov_base = e->payload;
	e->iov[1].iov_len = u->payload;
	pthread_mutex_lock(&u->lock);
	e->all = u->entries;
	u->entries = e;
	pthread_mutex_unlock(&u->lock);
	*out = e;
	return 0;
}

static void entries_free(struct uring *u)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct entry *e;

	while ((e = u->entries)) {
		u->entries = e->all;
		munmap(e->hdr, page + u->payload);
		free(e->heap);
		free(e);
	}
}

/* ---- processors ---------------------------------------------------------------------------- */

/* A list such as "0-3,8" from sysfs into a bitmap of max; how many bits were set, or -errno. */
static int read_cpus(const char *path, bool *set, unsigned max)
{
	FILE *f = fopen(path, "re");
	unsigned a, b, n = 0;
	int c;

	if (!f)
		return -errno;
	while (fscanf(f, "%u", &a) == 1) {
		b = a;
		c = getc(f);
		if (c == '-') {
			if (fscanf(f, "%u", &b) != 1)
				break;
			c = getc(f);
		}
		for (; a <= b && a < max; a++, n++)
			set[a] = true;
		if (c != ',')
			break;
	}
	fclose(f);
	return (int)n;
}

/* Queues are numbered as processors are, and there are as many as processors may come to be. */
static int make_groups(struct uring *u, unsigned depth)
{
	enum { MAX = 8192 };
	bool *possible CLEANUP_FREE = calloc(MAX, sizeof(bool));
	bool *online CLEANUP_FREE = calloc(MAX, sizeof(bool));
	unsigned q, n, far = 0, used = 0;
	int res;

	if (!possible || !online)
		return -ENOMEM;
	res = read_cpus("/sys/devices/system/cpu/possible", possible, MAX);
	if (res <= 0)
		return res ? res : -EIO;
	n = (unsigned)res;
	if (read_cpus("/sys/devices/system/cpu/online", online, MAX) <= 0)
		memcpy(online, possible, MAX * sizeof(bool));
	u->groups = calloc(n + 1, sizeof(*u->groups));
	u->qids = calloc(n, sizeof(*u->qids));
	if (!u->groups || !u->qids)
		return -ENOMEM;
	for (q = 0; q < n; q++) {
		struct group *g = &u->groups[u->ngroups];

		if (!online[q]) {
			far++;
			continue;
		}
		g->cpu = (int)q;
		g->qids = &u->qids[used];
		g->nqids = 1;
		g->depth = depth;
		u->qids[used++] = q;
		u->ngroups++;
	}
	if (far) {
		struct group *g = &u->groups[u->ngroups++];

		g->cpu = -1;
		g->qids = &u->qids[used];
		g->nqids = far;
		g->depth = FAR_DEPTH;
		for (q = 0; q < n; q++)
			if (!online[q])
				u->qids[used++] = q;
	}
	return 0;
}

/* ---- the transport ----------------------------------------------------------------------------
 */

static void uring_free(struct core_transport *t)
{
	struct uring *u = CORE_CONTAINER_OF(t, struct uring, base);

	entries_free(u);
	for (unsigned i = 0; i < u->ngroups; i++)
		pthread_mutex_destroy(&u->groups[i].lock);
	free(u->groups);
	free(u->qids);
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->cond);
	core_transport_put(u->dev);
	free(u);
}

static int no_channel(struct core_transport *t, bool own_queue, struct core_channel **ch)
{
	(void)t, (void)own_queue, (void)ch;
	return -EOPNOTSUPP; /* a channel belongs to a group: core_uring_channel_new() */
}

static int uring_notify(struct core_transport *t, const struct iovec *iov, int niov)
{
	struct uring *u = CORE_CONTAINER_OF(t, struct uring, base);

	return u->dev->ops->notify(u->dev, iov, niov);
}

static int uring_wake(struct core_transport *t)
{
	(void)t;
	return -EOPNOTSUPP; /* io_uring_enter() ends with a signal as read() does */
}

static int uring_fd(struct core_transport *t)
{
	return CORE_CONTAINER_OF(t, struct uring, base)->fd;
}

const struct core_transport_ops uring_ops = {
	.name = "io_uring",
	.channel_new = no_channel,
	.channel_free = uring_channel_free,
	.receive = uring_receive,
	.reply = uring_reply,
	.done = uring_done,
	.notify = uring_notify,
	.wake = uring_wake,
	.fd = uring_fd,
	.free = uring_free,
};

int core_transport_uring(struct core_transport *dev, size_t payload, unsigned depth,
			 struct core_transport **out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct uring *u;
	int res = step_fails(CORE_URING_NEW);

	u = res ? NULL : calloc(1, sizeof(*u));
	if (!u)
		return res ? res : -ENOMEM;
	u->base.ops = &uring_ops;
	/* What the kernel takes at least: 32 pages, whatever was agreed. */
	if (payload < 32 * page)
		payload = 32 * page;
	u->payload = (payload + page - 1) & ~(page - 1);
	atomic_store(&u->base.max_payload, u->payload);
	u->fd = dev->ops->fd(dev);
	u->dev = dev;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->cond, NULL);
	core_transport_get(dev);
	/* never fewer: a burst that finds none left stays in the kernel until an answer goes there */
	res = make_groups(u, depth > CORE_URING_DEPTH ? depth : CORE_URING_DEPTH);
	for (unsigned i = 0; i < u->ngroups; i++) {
		u->groups[i].u = u;
		u->groups[i].orphans_end = &u->groups[i].orphans;
		pthread_mutex_init(&u->groups[i].lock, NULL);
	}
	if (res) {
		uring_free(&u->base);
		return res;
	}
	*out = &u->base;
	return 0;
}

unsigned core_uring_groups(struct core_transport *t)
{
	return CORE_CONTAINER_OF(t, struct uring, base)->ngroups;
}

static void set_state(struct uring *u, int state)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&u->lock);

	if (atomic_load(&u->state) != RING_FAILED)
		atomic_store(&u->state, state);
	pthread_cond_broadcast(&u->cond);
}

void core_uring_go(struct core_transport *t, bool ok)
{
	set_state(CORE_CONTAINER_OF(t, struct uring, base), ok ? RING_GO : RING_FAILED);
}

void core_uring_give_up(struct core_transport *t)
{
	struct uring *u = CORE_CONTAINER_OF(t, struct uring, base);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&u->lock);

	if (atomic_load(&u->state) == RING_WAIT)
		atomic_store(&u->state, RING_FAILED);
	pthread_cond_broadcast(&u->cond);
}

void ring_fail(struct uring *u)
{
	set_state(u, RING_FAILED);
	pthread_mutex_lock(&u->lock);
	for (unsigned i = 0; i < u->ngroups; i++)
		for (struct ring_channel *ch = u->groups[i].channels; ch; ch = ch->next)
			channel_wake(ch);
	pthread_mutex_unlock(&u->lock);
}

bool core_uring_failed(struct core_transport *t)
{
	return atomic_load(&CORE_CONTAINER_OF(t, struct uring, base)->state) == RING_FAILED;
}
