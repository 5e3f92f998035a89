/*
 * FUSE over io_uring: one thread's ring, from completions to messages and from replies to
 * commits.
 */
#include "core/transport/uring_priv.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>

#include "core/base/log.h"

#define RING_SIZE 64
#define MAX_KEEPERS                                                                                \
	6 /* threads of a group that may keep entries; they cannot end while they do               \
	   */
/* Of Linux 6.15; liburing may be older. */
#define FEAT_NO_IOWAIT  (1u << 17)
#define ENTER_NO_IOWAIT (1u << 7)
#define WAKE_DATA       0 /* user_data of the eventfd's completions; entries have their address */

__thread struct ring_channel *ring_mine;

/* ---- lists ---------------------------------------------------------------------------------- */

/* Under ch->lock. */
void add_pending(struct ring_channel *ch, struct entry *e)
{
	e->next = NULL;
	*ch->pending_end = e;
	ch->pending_end = &e->next;
}

static void push_inbox(struct ring_channel *ch, struct entry *e)
{
	struct entry *old = atomic_load_explicit(&ch->inbox, memory_order_relaxed);

	do
		e->next = old;
	while (!atomic_compare_exchange_weak(&ch->inbox, &old, e));
}

/* Under the lock of `to`; from may be the same channel. */
void take_inbox(struct ring_channel *to, struct ring_channel *from)
{
	struct entry *e, *next;

	if (core_likely(!atomic_load_explicit(&from->inbox, memory_order_relaxed)))
		return;
	for (e = atomic_exchange(&from->inbox, NULL); e; e = next) {
		next = e->next;
		add_pending(to, e);
	}
}

void channel_signal(struct ring_channel *ch)
{
	uint64_t one = 1;

	if (write(ch->wake_fd, &one, sizeof(one)) < 0)
		core_err("cannot wake a queue's thread: %s\n", strerror(errno));
}

void channel_wake(struct ring_channel *ch)
{
	if (atomic_exchange(&ch->waiting, false))
		channel_signal(ch);
}

static int ring_setup(struct ring_channel *ch, unsigned size)
{
	struct io_uring_params p = {0};
	int res = step_fails(CORE_URING_RING), linger;

	if (res)
		return res;
	p.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		  IORING_SETUP_TASKRUN_FLAG;
	res = io_uring_queue_init_params(size, &ch->ring, &p);
	if (res)
		return res;
	/* saves a little; its failing matters not */
	if (io_uring_register_ring_fd(&ch->ring) == 1)
		ch->enter_flags = IORING_ENTER_REGISTERED_RING;
	if (p.features & FEAT_NO_IOWAIT) {
		ch->enter_flags |= ENTER_NO_IOWAIT;
		for (unsigned i = 0; i < p.sq_entries; i++)
			ch->ring.sq.array[i] = i;
	}
	linger = core_transport_device_lingers(ch->u->dev);
	if (linger >= 0)
		io_uring_register_files(&ch->ring, &linger, 1);
	return 0;
}

/* ---- submissions ----------------------------------------------------------------------------- */

static struct io_uring_sqe *get_sqe(struct ring_channel *ch)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ch->ring);

	if (core_unlikely(!sqe)) {
		io_uring_submit(&ch->ring);
		sqe = io_uring_get_sqe(&ch->ring);
	}
	if (core_likely(sqe != NULL))
		memset(sqe, 0, 2 * sizeof(*sqe));
	return sqe;
}

static struct io_uring_sqe *get_cmd(struct ring_channel *ch, struct entry *e, uint32_t op)
{
	struct io_uring_sqe *sqe = get_sqe(ch);
	struct ring_cmd *cmd;

	if (core_unlikely(!sqe))
		return NULL;
	sqe->opcode = IORING_OP_URING_CMD;
	/* No registered file: a ring gives that back late, and an end by SIGKILL shall abort at
	 * once. */
	sqe->fd = ch->u->fd;
	sqe->cmd_op = op;
	sqe->user_data = (uintptr_t)e;
	cmd = (struct ring_cmd *)sqe->cmd;
	cmd->qid = (uint16_t)e->qid;
	cmd->commit_id = e->commit_id;
	ch->avail++;
	return sqe;
}

static bool prepare_register(struct ring_channel *ch, struct entry *e)
{
	struct io_uring_sqe *sqe = get_cmd(ch, e, CMD_REGISTER);

	if (!sqe)
		return false;
	sqe->addr = (uintptr_t)e->iov;
	/* A test's failing step: one piece instead of two, which the kernel refuses. */
	sqe->len = step_fails(CORE_URING_REGISTER) ? 1 : 2;
	return true;
}

static bool prepare_commit(struct ring_channel *ch, struct entry *e)
{
	if (!get_cmd(ch, e, CMD_COMMIT_AND_FETCH))
		return false;
	if (e->staged)
		memcpy(e->payload, e->heap ? e->heap : e->stage, e->reply_len);
	if (core_unlikely(e->heap != NULL)) {
		free(e->heap);
		e->heap = NULL;
	}
	memcpy(e->hdr->in_out, &e->out, sizeof(e->out));
	e->hdr->ent.payload_size = e->reply_len;
	return true;
}

/* Under ch->lock. */
static void prepare_pending(struct ring_channel *ch)
{
	struct entry *e;

	while ((e = ch->pending) && prepare_commit(ch, e)) {
		/* The kernel sees it with the next call; next is not used until it is back. */
		ch->pending = e->next;
	}
	if (!ch->pending)
		ch->pending_end = &ch->pending;
}

static void arm_wake(struct ring_channel *ch)
{
	struct io_uring_sqe *sqe = get_sqe(ch);

	if (!sqe)
		return;
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = ch->wake_fd;
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->poll32_events = POLLIN;
	sqe->user_data = WAKE_DATA;
	ch->wake_armed = true;
}

/* The first entries, once INIT is answered; other threads of a group begin without any. 0 or
 * -ESHUTDOWN. */
static int begin(struct ring_channel *ch)
{
	struct uring *u = ch->u;
	struct entry *e;

	pthread_mutex_lock(&u->lock);
	while (atomic_load(&u->state) == RING_WAIT)
		pthread_cond_wait(&u->cond, &u->lock);
	pthread_mutex_unlock(&u->lock);
	if (atomic_load(&u->state) == RING_FAILED)
		return -ESHUTDOWN;
	while ((e = ch->fresh) && prepare_register(ch, e))
		ch->fresh = e->next;
	ch->registered = true;
	return ch->fresh ? -ENOMEM : 0;
}

/*
 * Many requests are in hand: more entries for those that come, since what is queued inside the
 * kernel comes out only when some other request of the queue is answered.
 */
static void more_entries(struct ring_channel *ch)
{
	struct group *g = ch->group;
	struct entry *e;

	while (ch->avail < g->depth / 2 * g->nqids && !ch->gone)
		for (unsigned i = 0; i < g->nqids; i++)
			if (entry_new(ch->u, g->qids[i], &e) || !prepare_register(ch, e))
				return; /* answers bring entries back */
}

/* ---- completions ---------------------------------------------------------------------------- */

/* An entry came back without a request. */
static void refused(struct ring_channel *ch, struct entry *e, int res)
{
	if (res == -ENOTCONN || res == -ECONNABORTED || res == -ENODEV) {
		ch->gone = true;
		return;
	}
	if (e->commit_id) {
		/* Only this entry is lost; the request it answered is over, one way or another. */
		if (res != -ENOENT && res != -ECANCELED)
			core_err("the kernel refused a reply over io_uring: %s\n", strerror(-res));
		return;
	}
	/* Never registered. As long as the queue has another one, it can be used. */
	if (ch->group->nqids > 1 || !ch->avail) {
		core_debug("io_uring is not used: the kernel refuses entries (%s)\n",
			   strerror(-res));
		ch->gone = true;
		ring_fail(ch->u);
	}
}

/* Under ch->lock. The next entry with a request, or NULL. */
struct entry *next_completion(struct ring_channel *ch)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&ch->ring, &cqe) == 0 && cqe) {
		struct entry *e = (void *)(uintptr_t)cqe->user_data;
		unsigned flags = cqe->flags;
		int res = cqe->res;

		io_uring_cqe_seen(&ch->ring, cqe);
		if (core_unlikely(!e)) {
			if (!(flags & IORING_CQE_F_MORE))
				ch->wake_armed = false;
			continue;
		}
		ch->avail--;
		if (core_likely(res == 0))
			return e;
		refused(ch, e, res);
	}
	return NULL;
}

static int hand_out(struct entry *e, struct core_msg *msg)
{
	struct wire_in_header *hdr = (void *)e->hdr->in_out;
	size_t payload = e->hdr->ent.payload_size, body = hdr->len - sizeof(*hdr);

	e->commit_id = e->hdr->ent.commit_id;
	e->in_payload = payload > 0;
	if (core_unlikely(hdr->len < sizeof(*hdr) || payload > e->iov[1].iov_len ||
			  payload > body || body - payload > sizeof(e->hdr->op))) {
		core_err("a request over io_uring of impossible length: %u with %zu bytes of "
			 "payload\n",
			 hdr->len, payload);
		return -EIO;
	}
	msg->hdr = hdr;
	if (core_unlikely(hdr->opcode == WIRE_NOTIFY_REPLY && body == payload)) {
		/* Linux 6.18: the one request whose structure comes with the payload. */
		msg->op = e->payload;
		msg->op_len = payload;
		payload = 0;
	} else {
		msg->op = e->hdr->op;
		msg->op_len = body - payload;
	}
	msg->payload = payload ? e->payload : NULL;
	msg->payload_len = payload;
	msg->tag = (uintptr_t)e;
	return 1;
}

/* ---- receive -----------------------------------------------------------------------------------
 */

/* What can be had without waiting; prepares what is to be submitted otherwise. */
static struct entry *at_hand(struct ring_channel *ch)
{
	struct entry *e;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&ch->lock);

	if (core_unlikely(atomic_load_explicit(&ch->stuck, memory_order_relaxed)))
		atomic_store(&ch->stuck, false);
	e = ch->taken;
	if (core_unlikely(e != NULL)) {
		ch->taken = e->next;
		return e;
	}
	if (!ch->first && !ch->avail) {
		e = take_orphan(ch->group);
		if (e)
			return e;
	}
	e = next_completion(ch);
	if (!e) {
		take_inbox(ch, ch);
		prepare_pending(ch);
	}
	return e;
}

/*
 * Waiting for requests is no waiting for I/O: without saying so an idle mount would show as
 * processors that wait for a disk, which liburing cannot.
 */
static int submit_and_wait(struct ring_channel *ch)
{
	struct io_uring_sq *sq = &ch->ring.sq;
	long res;

	if (core_unlikely(!(ch->enter_flags & ENTER_NO_IOWAIT)))
		return io_uring_submit_and_wait(&ch->ring, 1);
	sq->sqe_head = sq->sqe_tail;
	__atomic_store_n(sq->ktail, sq->sqe_tail, __ATOMIC_RELEASE);
	res = syscall(SYS_io_uring_enter, ch->ring.enter_ring_fd,
		      sq->sqe_tail - __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE), 1,
		      ch->enter_flags | IORING_ENTER_GETEVENTS, NULL, 0);
	return res < 0 ? -errno : (int)res;
}

static int wait_ring(struct ring_channel *ch)
{
	int res;

	if (core_unlikely(!ch->wake_armed))
		arm_wake(ch);
	atomic_store(&ch->waiting, true);
	/* Whoever answers pushes first and looks at `waiting` then; here it is the other way. */
	if (core_unlikely(atomic_load(&ch->inbox) != NULL ||
			  atomic_load(&ch->u->state) != RING_GO || atomic_load(&ch->group->help)))
		res = io_uring_submit(&ch->ring);
	else
		res = submit_and_wait(ch);
	atomic_store_explicit(&ch->waiting, false, memory_order_relaxed);
	return res;
}

int uring_receive(struct core_channel *base, struct core_msg *msg, int max)
{
	struct ring_channel *ch = channel_of(base);
	struct entry *e;
	int res;

	(void)max;
	if (core_unlikely(!ch->registered)) {
		res = begin(ch);
		if (res)
			return res;
	}
	for (;;) {
		if (core_unlikely(atomic_load_explicit(&ch->group->help, memory_order_relaxed)))
			help_stuck(ch);
		e = at_hand(ch);
		if (e)
			return hand_out(e, msg);
		if (core_unlikely(ch->gone || atomic_load(&ch->u->state) == RING_FAILED))
			return -ESHUTDOWN;
		if (ch->first && core_unlikely(ch->avail < ch->group->depth / 2 * ch->group->nqids))
			more_entries(ch);
		if (!ch->first && !ch->avail && !io_uring_sq_ready(&ch->ring)) {
			res = wait_empty(ch);
			if (res < 0)
				return res;
			if (!atomic_load(&ch->group->norphans) && !atomic_load(&ch->group->help))
				return 0;
			continue;
		}
		res = wait_ring(ch);
		if (core_unlikely(res < 0))
			return res == -EAGAIN || res == -EBUSY ? 0 : res;
		if (core_unlikely(!io_uring_cq_ready(&ch->ring) && !atomic_load(&ch->inbox) &&
				  !atomic_load(&ch->group->help)))
			return 0; /* a signal, after something was submitted */
	}
}

/* ---- reply --------------------------------------------------------------------------------------
 */

char *core_uring_payload(struct core_channel *base, uint64_t tag, size_t size)
{
	struct entry *e = (void *)(uintptr_t)tag;

	(void)base;
	return e->in_payload || size > e->iov[1].iov_len ? NULL : e->payload;
}

int core_uring_buffer(struct core_channel *base, uint64_t tag, char **payload, size_t *size)
{
	struct entry *e = (void *)(uintptr_t)tag;

	if (base->ops != &uring_ops)
		return -EINVAL;
	*payload = e->payload;
	*size = e->iov[1].iov_len;
	return 0;
}

/*
 * Where the reply waits: in the payload buffer, unless the request's arguments are there,
 * which the program may use until its handler returns.
 */
static char *room_for(struct entry *e, size_t len)
{
	e->staged = false;
	if (!e->in_payload)
		return e->payload;
	e->staged = true;
	if (len <= sizeof(e->stage))
		return e->stage;
	free(e->heap);
	e->heap = malloc(len);
	return e->heap;
}

/* No thread serves the group any more, the loop has ended: an answer of the program still counts.
 */
static void commit_alone(struct entry *e, struct uring *u)
{
	struct ring_channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return;
	ch->u = u;
	if (ring_setup(ch, 2) == 0) {
		if (prepare_commit(ch, e))
			io_uring_submit(&ch->ring);
		io_uring_queue_exit(&ch->ring);
	}
	free(ch);
}

/* The group's first channel, which has most of the entries, commits it. */
static void give_back(struct group *g, struct entry *e)
{
	struct uring *u = g->u;
	struct ring_channel *to;

	pthread_mutex_lock(&u->lock);
	to = g->first;
	if (to) {
		push_inbox(to, e);
		channel_wake(to);
	}
	pthread_mutex_unlock(&u->lock);
	if (core_unlikely(!to))
		commit_alone(e, u);
}

int uring_reply(struct core_channel *base, uint64_t tag, const struct iovec *iov, int niov)
{
	struct ring_channel *ch = channel_of(base);
	struct entry *e = (void *)(uintptr_t)tag;
	size_t len = 0;
	char *p;

	memcpy(&e->out, iov[0].iov_base, sizeof(e->out));
	for (int i = 1; i < niov; i++)
		len += iov[i].iov_len;
	if (core_unlikely(len > e->iov[1].iov_len))
		return -EINVAL;
	e->reply_len = (uint32_t)len;
	p = room_for(e, len);
	if (core_unlikely(!p))
		return -ENOMEM;
	/* From the end: a later piece may lie where an earlier one goes. */
	for (int i = niov - 1; i > 0; i--) {
		len -= iov[i].iov_len;
		if (iov[i].iov_base != p + len)
			memmove(p + len, iov[i].iov_base, iov[i].iov_len);
	}
	if (core_likely(ch == ring_mine && ch->keeps)) {
		pthread_mutex_lock(&ch->lock);
		add_pending(ch, e);
		pthread_mutex_unlock(&ch->lock);
		return 0;
	}
	give_back(ch->group, e);
	return 0;
}

/* What wants no answer holds its entry all the same. */
void uring_done(struct core_channel *base, uint64_t tag)
{
	struct wire_out_header out = {.len = sizeof(out)};
	struct iovec iov = {&out, sizeof(out)};
	struct entry *e = (void *)(uintptr_t)tag;

	out.unique = ((struct wire_in_header *)e->hdr->in_out)->unique;
	uring_reply(base, tag, &iov, 1);
}

/* ---- life
 * ------------------------------------------------------------------------------------------- */

static void detach(struct ring_channel *ch)
{
	struct ring_channel **link;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&ch->u->lock);

	for (link = &ch->group->channels; *link; link = &(*link)->next)
		if (*link == ch) {
			*link = ch->next;
			break;
		}
	if (ch->group->first == ch)
		ch->group->first = NULL;
	ch->closed = true;
	atomic_store(&ch->stuck, false);
}

void core_uring_close(struct core_channel *base)
{
	struct ring_channel *ch = channel_of(base);
	struct entry *e;

	if (ch->closed)
		return;
	detach(ch);
	if (ch->keeper)
		atomic_fetch_sub(&ch->group->nkeepers, 1);
	take_inbox(ch, ch);
	if (ch->registered && ch->u->dev) {
		/* On this ring: its entries are gone with the thread, but the answers are out. */
		prepare_pending(ch);
		io_uring_submit(&ch->ring);
	}
	while ((e = ch->taken)) {
		ch->taken = e->next;
		core_uring_hand_over(base, (uintptr_t)e);
	}
	if (ring_mine == ch)
		ring_mine = NULL;
}

bool core_uring_idle_end(struct core_channel *base)
{
	struct ring_channel *ch = channel_of(base);

	return !ch->first && !ch->avail && !ch->pending && !ch->taken &&
	       !atomic_load(&ch->group->norphans);
}

/* One thread at least stays without entries, to take what is handed over. */
static bool may_keep(struct group *g)
{
	bool others;

	if (atomic_load(&g->nkeepers) >= MAX_KEEPERS)
		return false;
	pthread_mutex_lock(&g->lock);
	others = g->empty != NULL;
	pthread_mutex_unlock(&g->lock);
	return others;
}

static void set_keeper(struct ring_channel *ch, bool keeper)
{
	if (ch->keeper == keeper)
		return;
	ch->keeper = keeper;
	atomic_fetch_add(&ch->group->nkeepers, keeper ? 1 : -1);
}

void core_uring_keep(struct core_channel *base, bool keeps)
{
	struct ring_channel *ch = channel_of(base);

	if (ch->first)
		return;
	ch->keeps = keeps && (ch->keeper || may_keep(ch->group));
	set_keeper(ch, ch->keeps || ch->avail);
}

void uring_channel_free(struct core_channel *base)
{
	struct ring_channel *ch = channel_of(base);

	core_uring_close(base);
	io_uring_queue_exit(&ch->ring);
	close(ch->wake_fd);
	pthread_mutex_destroy(&ch->lock);
	free(ch);
}

static void pin_thread(struct ring_channel *ch)
{
	cpu_set_t set;

	if (ch->group->cpu < 0 || ch->group->cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(ch->group->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		core_debug("cannot bind a queue's thread to processor %d: %s\n", ch->group->cpu,
			   strerror(errno));
}

int core_uring_channel_new(struct core_transport *t, unsigned group, bool first,
			   struct core_channel **out)
{
	struct uring *u = CORE_CONTAINER_OF(t, struct uring, base);
	struct ring_channel *ch = calloc(1, sizeof(*ch));
	int res = 0;

	if (!ch)
		return -ENOMEM;
	ch->base.ops = &uring_ops;
	ch->base.t = t;
	ch->base.refs = 1;
	ch->u = u;
	ch->group = &u->groups[group];
	ch->pending_end = &ch->pending;
	ch->first = ch->keeps = first;
	pthread_mutex_init(&ch->lock, NULL);
	ch->wake_fd = step_fails(CORE_URING_EVENTFD) ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	res = ch->wake_fd < 0 ? -EMFILE : ring_setup(ch, RING_SIZE);
	for (unsigned i = 0; first && !res && i < ch->group->nqids * ch->group->depth; i++) {
		struct entry *e;

		/* The transport owns it, also when a later step fails. */
		res = entry_new(u, ch->group->qids[i % ch->group->nqids], &e);
		if (res) {
			io_uring_queue_exit(&ch->ring);
			break;
		}
		e->next = ch->fresh;
		ch->fresh = e;
	}
	if (res) {
		if (ch->wake_fd >= 0)
			close(ch->wake_fd);
		pthread_mutex_destroy(&ch->lock);
		free(ch);
		return res;
	}
	if (first)
		pin_thread(ch);
	pthread_mutex_lock(&u->lock);
	ch->next = ch->group->channels;
	ch->group->channels = ch;
	if (first)
		ch->group->first = ch;
	pthread_mutex_unlock(&u->lock);
	core_transport_get(t);
	ring_mine = ch;
	*out = &ch->base;
	return 0;
}
