/*
 * A connection in memory: the other end is a peer in this process.
 *
 * Two queues. Requests: the peer copies a message into a block of its own, laid out as the
 * device's buffers are (a WRITE's payload on a page boundary); receive() hands the block to the
 * channel, which frees it at its next receive(). A block ends where its message ends, so that
 * a sanitizer sees the first byte read beyond. Replies: reply() and notify() append, the peer
 * takes.
 *
 * Receivers sleep on a semaphore with one token for each queued message, for each wake() and,
 * after a disconnect, one that is put back by each receiver that finds it. So wake() is
 * sem_post() and may be called from a signal handler.
 *
 * Lifetime: the state is shared by the transport, its channels and the peer, and freed with the
 * last of them. Lock: m->lock guards both queues; nothing is called with it held.
 */
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include "core/transport/transport.h"

/* Where a WRITE's payload starts in its message, and what its address is a multiple of. */
#define PAYLOAD_AT    (sizeof(struct wire_in_header) + sizeof(struct wire_write_in))
#define PAYLOAD_ALIGN 4096U

struct item {
	struct item *next;
	void *block; /* what is freed; data lies in it */
	char *data;
	size_t len;
};
struct queue {
	struct item *head, **tail;
};

/* A reply that will be refused. */
struct refusal {
	struct refusal *next;
	uint64_t unique;
	int err;
};

struct mem {
	_Atomic int refs;
	_Atomic int wakes;
	sem_t tokens;
	pthread_mutex_t lock;
	pthread_cond_t replied;
	struct queue requests, replies;
	struct refusal *refusals;
	int gone;          /* errno that receive() ends with; 0: connected */
	bool peer_gone;    /* nobody takes replies any more */
	bool library_gone; /* the transport was freed */
};

struct mem_transport {
	struct core_transport base;
	struct mem *m;
};
struct mem_channel {
	struct core_channel base;
	struct mem *m;
	struct item *current; /* the message the last receive() gave */
};
struct core_mem_peer {
	struct mem *m;
};

/* ---- queues -------------------------------------------------------------------------------- */

static void queue_init(struct queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

static void queue_push(struct queue *q, struct item *it)
{
	it->next = NULL;
	*q->tail = it;
	q->tail = &it->next;
}

static struct item *queue_pop(struct queue *q)
{
	struct item *it = q->head;

	if (it) {
		q->head = it->next;
		if (!q->head)
			q->tail = &q->head;
	}
	return it;
}

static void item_free(struct item *it)
{
	if (it)
		free(it->block);
	free(it);
}

static void queue_clear(struct queue *q)
{
	struct item *it;

	while ((it = queue_pop(q)))
		item_free(it);
}

/* Room for len bytes, of which the first PAYLOAD_AT lie before a page boundary. */
static struct item *request_new(size_t len)
{
	size_t before = PAYLOAD_ALIGN - PAYLOAD_AT, total;
	struct item *it;

	if (!core_add_size(before, len, &total))
		return NULL;
	it = malloc(sizeof(*it));
	if (!it)
		return NULL;
	if (posix_memalign(&it->block, PAYLOAD_ALIGN, total)) {
		free(it);
		return NULL;
	}
	it->data = (char *)it->block + before;
	it->len = len;
	return it;
}

static struct item *reply_new(const struct iovec *iov, int niov)
{
	struct item *it = malloc(sizeof(*it));
	char *to;

	if (!it)
		return NULL;
	it->len = 0;
	for (int i = 0; i < niov; i++)
		it->len += iov[i].iov_len;
	it->block = malloc(it->len ? it->len : 1);
	if (!it->block) {
		free(it);
		return NULL;
	}
	to = it->data = it->block;
	for (int i = 0; i < niov; i++) {
		if (iov[i].iov_len)
			memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
	}
	return it;
}

/* ---- the shared state ---------------------------------------------------------------------- */

static struct mem *mem_new(void)
{
	struct mem *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	if (!m)
		return NULL;
	m->refs = 1;
	queue_init(&m->requests);
	queue_init(&m->replies);
	sem_init(&m->tokens, 0, 0);
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->replied, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

static struct mem *mem_get(struct mem *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

static void mem_put(struct mem *m)
{
	if (atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	queue_clear(&m->requests);
	queue_clear(&m->replies);
	while (m->refusals) {
		struct refusal *r = m->refusals;

		m->refusals = r->next;
		free(r);
	}
	pthread_cond_destroy(&m->replied);
	pthread_mutex_destroy(&m->lock);
	sem_destroy(&m->tokens);
	free(m);
}

/* ---- the library's side -------------------------------------------------------------------- */

/* Takes one of the wakes if there is any. */
static bool take_wake(struct mem *m)
{
	int n = atomic_load(&m->wakes);

	while (n > 0)
		if (atomic_compare_exchange_weak(&m->wakes, &n, n - 1))
			return true;
	return false;
}

static int mem_receive(struct core_channel *ch, struct core_msg *msgs, int max)
{
	struct mem_channel *mc = CORE_CONTAINER_OF(ch, struct mem_channel, base);
	struct mem *m = mc->m;
	struct item *it;
	int gone;

	if (max < 1)
		return -EINVAL;
	item_free(mc->current);
	mc->current = NULL;
	if (sem_wait(&m->tokens))
		return -errno;
	if (take_wake(m))
		return 0;
	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
		it = queue_pop(&m->requests);
		gone = m->gone;
	}
	if (!it) {
		sem_post(&m->tokens); /* the next receiver has to see it too */
		return -gone;
	}
	mc->current = it;
	msgs[0] = (struct core_msg){
		.hdr = (const struct wire_in_header *)it->data,
		.op = it->data + sizeof(struct wire_in_header),
		.op_len = it->len - sizeof(struct wire_in_header),
		.tag = ((const struct wire_in_header *)it->data)->unique,
	};
	return 1;
}

/* With m->lock held: what the kernel would answer to a write with this unique. */
static int refused(const struct mem *m, uint64_t unique)
{
	if (m->peer_gone || m->gone == ECONNABORTED)
		return -ENOENT;
	for (const struct refusal *r = m->refusals; r; r = r->next)
		if (r->unique == unique)
			return r->err;
	return 0;
}

static int mem_append(struct mem *m, uint64_t unique, const struct iovec *iov, int niov)
{
	struct item *it;
	int err;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
	err = refused(m, unique);
	if (err)
		return err;
	it = reply_new(iov, niov);
	if (!it)
		return -ENOMEM;
	queue_push(&m->replies, it);
	pthread_cond_signal(&m->replied);
	return 0;
}

static int mem_reply(struct core_channel *ch, uint64_t tag, const struct iovec *iov, int niov)
{
	struct mem_channel *mc = CORE_CONTAINER_OF(ch, struct mem_channel, base);

	return mem_append(mc->m, tag, iov, niov);
}

static int mem_notify(struct core_transport *t, const struct iovec *iov, int niov)
{
	return mem_append(CORE_CONTAINER_OF(t, struct mem_transport, base)->m, 0, iov, niov);
}

static int mem_wake(struct core_transport *t)
{
	struct mem *m = CORE_CONTAINER_OF(t, struct mem_transport, base)->m;

	atomic_fetch_add(&m->wakes, 1);
	sem_post(&m->tokens);
	return 0;
}

static int mem_channel_new(struct core_transport *t, bool own_queue, struct core_channel **ch)
{
	struct mem_channel *mc = calloc(1, sizeof(*mc));

	(void)own_queue; /* there is but one queue */
	if (!mc)
		return -ENOMEM;
	mc->base.ops = t->ops;
	mc->base.t = t;
	mc->base.refs = 1;
	mc->m = mem_get(CORE_CONTAINER_OF(t, struct mem_transport, base)->m);
	*ch = &mc->base;
	return 0;
}

static void mem_channel_free(struct core_channel *ch)
{
	struct mem_channel *mc = CORE_CONTAINER_OF(ch, struct mem_channel, base);

	item_free(mc->current);
	mem_put(mc->m);
	free(mc);
}

static int mem_set_bufsize(struct core_transport *t, size_t max_payload)
{
	atomic_store(&t->max_payload, max_payload); /* blocks are made to measure */
	return 0;
}

static int mem_fd(struct core_transport *t)
{
	(void)t;
	return -1;
}

static void mem_free(struct core_transport *t)
{
	struct mem_transport *mt = CORE_CONTAINER_OF(t, struct mem_transport, base);
	struct mem *m = mt->m;

	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
		m->library_gone = true;
		pthread_cond_broadcast(&m->replied);
	}
	mem_put(m);
	free(mt);
}

static const struct core_transport_ops mem_ops = {
	.name = "memory",
	.channel_new = mem_channel_new,
	.channel_free = mem_channel_free,
	.receive = mem_receive,
	.reply = mem_reply,
	.notify = mem_notify,
	.wake = mem_wake,
	.set_bufsize = mem_set_bufsize,
	.fd = mem_fd,
	.free = mem_free,
};

int core_transport_memory(struct core_transport **out, struct core_mem_peer **peer)
{
	struct mem_transport *t CLEANUP_FREE = calloc(1, sizeof(*t));
	struct core_mem_peer *p CLEANUP_FREE = calloc(1, sizeof(*p));
	struct mem *m;

	if (!t || !p)
		return -ENOMEM;
	m = mem_new();
	if (!m)
		return -ENOMEM;
	t->base.ops = &mem_ops;
	t->base.max_payload = CORE_TRANSPORT_DEFAULT_PAYLOAD;
	t->m = m;
	p->m = mem_get(m);
	*out = &t->base;
	*peer = p;
	t = NULL;
	p = NULL;
	return 0;
}

/* ---- the peer's side ----------------------------------------------------------------------- */

int core_mem_send(struct core_mem_peer *p, const void *msg, size_t len)
{
	struct mem *m = p->m;
	struct item *it;

	if (len < sizeof(struct wire_in_header))
		return -EINVAL; /* no transport can give less than a header */
	it = request_new(len);
	if (!it)
		return -ENOMEM;
	memcpy(it->data, msg, len);
	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
		if (!m->gone && !m->library_gone) {
			queue_push(&m->requests, it);
			sem_post(&m->tokens);
			return 0;
		}
	}
	item_free(it);
	return -ENOTCONN;
}

static struct timespec after_ms(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

ssize_t core_mem_recv(struct core_mem_peer *p, void *buf, size_t size, int timeout_ms)
{
	struct timespec until = after_ms(timeout_ms < 0 ? INT_MAX : timeout_ms);
	struct mem *m = p->m;
	struct item *it;
	ssize_t n;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
	while (!m->replies.head) {
		if (m->library_gone)
			return -ENOTCONN;
		if (pthread_cond_timedwait(&m->replied, &m->lock, &until) == ETIMEDOUT &&
		    !m->replies.head)
			return m->library_gone ? -ENOTCONN : -ETIMEDOUT;
	}
	if (m->replies.head->len > size)
		return -EMSGSIZE; /* it stays: ask again with more room */
	it = queue_pop(&m->replies);
	memcpy(buf, it->data, it->len);
	n = (ssize_t)it->len;
	item_free(it);
	return n;
}

void core_mem_disconnect(struct core_mem_peer *p, int err)
{
	struct mem *m = p->m;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
	if (!m->gone)
		sem_post(&m->tokens);
	m->gone = err;
}

void core_mem_fail_reply(struct core_mem_peer *p, uint64_t unique, int err)
{
	struct mem *m = p->m;
	struct refusal **at, *r;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
	for (at = &m->refusals; *at && (*at)->unique != unique; at = &(*at)->next)
		;
	r = *at;
	if (!err) {
		if (r) {
			*at = r->next;
			free(r);
		}
		return;
	}
	if (!r) {
		r = calloc(1, sizeof(*r));
		if (!r)
			return;
		r->unique = unique;
		*at = r;
	}
	r->err = err;
}

void core_mem_peer_free(struct core_mem_peer *p)
{
	struct mem *m = p->m;

	core_mem_disconnect(p, ENODEV);
	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m->lock);
		m->peer_gone = true;
	}
	mem_put(m);
	free(p);
}
