/*
 * Sessions, their workers, and the loops.
 */
#include "core/base/pages.h"
#include "core/session/session_priv.h"
#include "core/transport/uring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

__thread struct core_worker *core_worker_current;
static __thread struct core_context outside_context;

/* ---- workers ---------------------------------------------------------------------------- */

char *worker_out(struct core_worker *w, size_t size)
{
	size_t want = size > w->se->bufsize ? size : w->se->bufsize;
	bool huge = size >= CORE_PAGES_LARGE || w->out_huge;
	void *p;

	if (w->on_ring && (p = core_uring_payload(w->ch, w->req->tag, size)))
		return p; /* the kernel takes it from there */
	if (core_likely(size <= w->out_size && huge == w->out_huge))
		return w->out;
	p = core_pages_map(&want, huge);
	if (!p)
		return NULL;
	if (w->out)
		munmap(w->out, w->out_size);
	w->out = p;
	w->out_size = want;
	w->out_huge = huge;
	return w->out;
}

/* The program may unmount meanwhile. */
static int channel_new(struct core_session *se, bool own_queue, struct core_channel **ch)
{
	struct core_transport *t = session_transport_get(se);
	int res = t ? core_channel_new(t, own_queue, ch) : -ENOTCONN;

	if (t)
		core_transport_put(t);
	return res;
}

struct core_worker *worker_new(struct core_session *se, bool own_queue, struct core_pool_thread *pt)
{
	struct core_worker *w = calloc(1, sizeof(*w));
	int res = -ENOMEM;

	if (!w) {
		core_err("cannot set up a worker: out of memory\n");
		errno = ENOMEM;
		return NULL;
	}
	w->se = se;
	pthread_mutex_init(&w->intr_lock, NULL);
	w->thread = pthread_self();
	w->pt = pt;
	w->on_ring = pt && core_pool_thread_group(pt);
	w->req = req_alloc(se);
	if (w->req && w->on_ring)
		res = session_ring_channel(se, pt, &w->ch);
	else if (w->req)
		res = channel_new(se, own_queue, &w->ch);
	if (!res && se->worker_init)
		res = se->worker_init(se, w);
	if (res) {
		if (!w->on_ring)
			core_err("cannot set up a worker: %s\n", strerror(-res));
		if (w->ch)
			core_channel_put(w->ch);
		free(w->req);
		pthread_mutex_destroy(&w->intr_lock);
		free(w);
		errno = -res;
		return NULL;
	}
	pthread_mutex_lock(&se->lock);
	w->next = se->workers;
	if (w->next)
		w->next->prev = w;
	se->workers = w;
	pthread_mutex_unlock(&se->lock);
	return w;
}

void worker_free(struct core_worker *w)
{
	struct core_session *se = w->se;

	pthread_mutex_lock(&se->lock);
	if (w->prev)
		w->prev->next = w->next;
	else
		se->workers = w->next;
	if (w->next)
		w->next->prev = w->prev;
	pthread_mutex_unlock(&se->lock);
	if (se->worker_fini)
		se->worker_fini(se, w);
	if (w->on_ring)
		core_uring_close(w->ch);
	if (w->ch)
		core_channel_put(w->ch);
	if (w->out)
		munmap(w->out, w->out_size);
	free(w->req);
	pthread_mutex_destroy(&w->intr_lock);
	free(w);
}

struct core_context *core_context(void)
{
	struct core_worker *w = core_worker_current;

	if (!w)
		return &outside_context;
	w->context.uid = w->req->ctx.uid;
	w->context.gid = w->req->ctx.gid;
	w->context.pid = w->req->ctx.pid;
	w->context.umask = w->req->ctx.umask;
	return &w->context;
}

struct core_req *core_req_current(void)
{
	struct core_worker *w = core_worker_current;

	return w && atomic_load_explicit(&w->current, memory_order_relaxed) ? w->req : NULL;
}

/* ---- life ------------------------------------------------------------------------------- */

struct core_session *core_session_new(const struct core_profile *profile,
				      const struct core_session_config *cfg,
				      const struct core_ll_ops *ops, void *userdata)
{
	struct core_session *se = calloc(1, sizeof(*se));

	if (!se) {
		core_err("out of memory for a session\n");
		return NULL;
	}
	se->profile = profile;
	se->cfg = *cfg;
	se->debug = cfg->debug;
	se->watch = true;
	se->ops = *ops;
	se->userdata = userdata;
	se->minor = WIRE_MINOR;
	se->owner = getuid();
	se->bufsize = CORE_TRANSPORT_DEFAULT_PAYLOAD + 4096;
	pthread_mutex_init(&se->lock, NULL);
	pthread_cond_init(&se->intr_cond, NULL);
	return se;
}

static void free_manual(struct core_session *se)
{
	struct core_worker *w;

	while ((w = se->manual)) {
		se->manual = w->manual_next;
		worker_free(w);
	}
}

/*
 * A loop may end before the exit by another thread that ended it is through with the pool and the
 * transport. Not for ever: that thread may have been cancelled there.
 */
static void wait_for_exits(struct core_session *se)
{
	for (int i = 0; atomic_load(&se->exits) && i < 10000; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

void core_session_free(struct core_session *se)
{
	struct retrieve *r;

	wait_for_exits(se);
	if (se->got_init && !se->got_destroy && se->ops.destroy) {
		se->got_destroy = true;
		se->ops.destroy(se->userdata);
	}
	req_wait_answers(se);
	free_manual(se);
	req_free_all(se);
	while ((r = se->retrieves)) {
		se->retrieves = r->next;
		free(r);
	}
	if (se->ring)
		core_transport_put(se->ring);
	if (se->t)
		core_transport_put(se->t);
	if (atomic_load(&se->manual_wakes))
		session_wake_end(se);
	if (se->kept_pool)
		core_pool_free(se->kept_pool);
	core_interrupt_release(se);
	session_cuse_free(se);
	pthread_mutex_destroy(&se->lock);
	pthread_cond_destroy(&se->intr_cond);
	free(se);
}

void core_session_attach(struct core_session *se, struct core_transport *t)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	se->t = t;
}

struct core_transport *core_session_detach(struct core_session *se)
{
	struct core_transport *t, *ring;

	pthread_mutex_lock(&se->lock);
	t = __atomic_exchange_n(&se->t, NULL, __ATOMIC_SEQ_CST);
	ring = se->ring;
	se->ring = NULL;
	pthread_mutex_unlock(&se->lock);
	/* An exit by another thread either sees that it is gone, or is waited for. */
	wait_for_exits(se);
	free_manual(se);
	if (ring) {
		core_uring_give_up(ring); /* INIT is being answered, and will not find it */
		core_transport_put(ring);
	}
	return t;
}

struct core_transport *session_transport_get(struct core_session *se)
{
	struct core_transport *t;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	t = se->t;
	if (t)
		core_transport_get(t);
	return t;
}

int session_device_fd(struct core_session *se)
{
	struct core_transport *t = session_transport_get(se);
	int fd = t ? core_transport_device_fd(t) : -1;

	if (t)
		core_transport_put(t);
	return fd;
}

void session_set_bufsize(struct core_session *se, size_t payload)
{
	struct core_transport *t = session_transport_get(se);

	if (!t)
		return;
	if (t->ops->set_bufsize)
		t->ops->set_bufsize(t, payload);
	core_transport_put(t);
}

struct core_transport *core_session_transport(struct core_session *se)
{
	return se->t;
}

void *core_session_userdata(struct core_session *se)
{
	return se->userdata;
}

struct core_session_config *core_session_config(struct core_session *se)
{
	return &se->cfg;
}

size_t core_session_bufsize(struct core_session *se)
{
	return se->bufsize;
}

/* ---- leaving ---------------------------------------------------------------------------- */

void core_session_exit(struct core_session *se, int reason)
{
	struct core_transport *t;
	struct core_pool *pool;

	/* Everything here may be done in a signal handler. */
	atomic_fetch_add(&se->exits, 1);
	if (reason)
		atomic_store(&se->exit_reason, reason);
	atomic_store(&se->exited, true);
	pool = atomic_load(&se->pool);
	if (pool) {
		core_pool_stop(pool);
	} else {
		session_exit_timer_fire(se);
		t = __atomic_load_n(&se->t, __ATOMIC_SEQ_CST);
		if (t && t->ops->wake)
			t->ops->wake(t);
	}
	atomic_fetch_sub(&se->exits, 1);
}

bool core_session_exited(struct core_session *se)
{
	return atomic_load_explicit(&se->exited, memory_order_acquire);
}

void core_session_reset(struct core_session *se)
{
	atomic_store(&se->exited, false);
	atomic_store(&se->exit_reason, 0);
	atomic_store(&se->error, 0);
}

void core_session_set_error(struct core_session *se, int err)
{
	atomic_store(&se->error, err);
}

/* What a finished loop returns, from how receiving ended. */
static int verdict(struct core_session *se, int res)
{
	int error = atomic_load(&se->error), reason = atomic_load(&se->exit_reason);

	if (res == -ENODEV || res == -EINTR)
		res = 0; /* unmounted; exit */
	else if (res == -ECONNABORTED)
		core_err("the connection to the kernel was aborted\n");
	else if (res < 0)
		core_err("reading from the kernel failed: %s\n", strerror(-res));
	core_session_reset(se);
	if (error)
		return error;
	return res < 0 ? res : reason;
}

/* ---- loops ------------------------------------------------------------------------------ */

static int worker_receive(struct core_worker *w, struct core_msg *msg)
{
	int res;

	atomic_store_explicit(&w->waiting, true, memory_order_relaxed);
	res = w->ch->ops->receive(w->ch, msg, 1);
	atomic_store_explicit(&w->waiting, false, memory_order_relaxed);
	return res;
}

int core_session_loop(struct core_session *se)
{
	struct core_worker *w, *outer = core_worker_current;
	struct core_msg msg;
	int res = 0;

	if (!se->t) {
		core_err("the session has no channel: mount first\n");
		return -ENOTCONN;
	}
	w = worker_new(se, false, NULL);
	if (!w)
		return -errno;
	core_worker_current = w;
	session_wake_begin(se);
	worker_accept_wake(w);
	session_exit_timer_new(se);
	while (!core_session_exited(se)) {
		res = worker_receive(w, &msg);
		if (core_likely(res > 0))
			session_handle(w, &msg);
		else if (res < 0 && res != -EINTR)
			break;
		else if (se->on_wake)
			se->on_wake(se->userdata);
	}
	session_exit_timer_free(se);
	session_wake_end(se);
	core_worker_current = outer;
	worker_free(w);
	return verdict(se, res > 0 ? 0 : res);
}

struct mt {
	struct core_session *se;
	bool own_queue;
};

static int mt_start(void *owner, struct core_pool_thread *pt, void **local)
{
	struct mt *mt = owner;
	struct core_worker *w = worker_new(mt->se, mt->own_queue, pt);

	if (!w)
		return -errno;
	worker_accept_wake(w);
	core_worker_current = w;
	*local = w;
	return 0;
}

static int mt_turn(void *owner, void *local)
{
	struct core_worker *w = local;
	struct core_msg msg;
	int res;

	(void)owner;
	if (w->on_ring)
		return session_ring_turn(w);
	res = worker_receive(w, &msg);
	if (core_likely(res > 0)) {
		core_pool_busy(w->pt);
		session_handle(w, &msg);
		core_pool_idle(w->pt);
	}
	return res > 0 || res == -EINTR ? 0 : res;
}

static bool mt_stuck(void *owner, void *local)
{
	(void)owner;
	return session_ring_stuck(local);
}

static void mt_end(void *owner, void *local)
{
	(void)owner;
	core_worker_current = NULL;
	worker_free(local);
}

static int mt_wake(void *owner)
{
	struct mt *mt = owner;

	return core_session_wake(mt->se);
}

static void mt_interrupt_all(void *owner)
{
	struct mt *mt = owner;

	session_interrupt_all(mt->se);
}

int core_session_loop_mt(struct core_session *se, const struct core_pool_config *cfg)
{
	static const struct core_pool_ops ops = {
		.thread_start = mt_start, .turn = mt_turn, .thread_end = mt_end, .wake = mt_wake,
		.interrupt_all = mt_interrupt_all, .stuck = mt_stuck,
	};
	struct mt mt = { se, cfg->own_queue };
	struct core_pool_config c = *cfg;
	struct core_pool *pool;
	int res;

	if (!se->t) {
		core_err("the session has no channel: mount first\n");
		return -ENOTCONN;
	}
	if (!c.ceiling)
		c.ceiling = se->profile->max_threads;
	if (se->cfg.min_threads)
		c.floor = se->cfg.min_threads;
	if (se->cfg.max_threads)
		c.ceiling = se->cfg.max_threads;
	se->ceiling = c.ceiling ? c.ceiling : CORE_POOL_CEILING;
	/* Lock waits must be breakable, or a killed process waits for ever. */
	if (core_interrupt_setup(se, 0))
		core_warn("no free real-time signal: lock waits cannot be interrupted\n");
	/* It lives as long as the session: an exit may come while the loop ends. */
	pool = se->kept_pool;
	if (pool)
		core_pool_reset(pool, &mt, &c);
	else
		pool = se->kept_pool = core_pool_new(&ops, &mt, &c);
	if (!pool) {
		core_err("out of memory for a pool of threads\n");
		return -ENOMEM;
	}
	session_ring_restart(se, pool);
	session_wake_begin(se);
	atomic_store(&se->pool, pool);
	if (core_session_exited(se))
		core_pool_stop(pool);
	res = core_pool_run(pool);
	atomic_store(&se->pool, NULL);
	session_wake_end(se);
	return verdict(se, res);
}

/* ---- programs with a loop of their own ---------------------------------------------------- */

static struct core_worker *manual_get(struct core_session *se)
{
	struct core_worker *w;

	pthread_mutex_lock(&se->lock);
	w = se->manual;
	if (w)
		se->manual = w->manual_next;
	pthread_mutex_unlock(&se->lock);
	return w ? w : worker_new(se, false, NULL);
}

static void manual_put(struct core_session *se, struct core_worker *w)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	w->manual_next = se->manual;
	se->manual = w;
}

void core_session_process(struct core_session *se, const void *buf, size_t len,
			  struct core_channel *ch)
{
	struct core_worker *outer = core_worker_current, *w = manual_get(se);
	struct core_channel *own;
	struct core_msg msg;
	void *aligned CLEANUP_FREE = NULL;

	if (!w)
		return;
	if (len < sizeof(struct wire_in_header)) {
		core_err("a message of %zu bytes is too short for a request\n", len);
		manual_put(se, w);
		return;
	}
	if (core_unlikely((uintptr_t)buf & 7)) {
		/* Wherever it lies, some processors read it aligned only. */
		aligned = malloc(len);
		if (!aligned) {
			core_err("out of memory for a message of %zu bytes\n", len);
			manual_put(se, w);
			return;
		}
		buf = memcpy(aligned, buf, len);
	}
	memset(&msg, 0, sizeof(msg));
	msg.hdr = buf;
	msg.op = msg.hdr + 1;
	msg.op_len = len - sizeof(*msg.hdr);
	msg.tag = msg.hdr->unique;
	own = w->ch;
	if (ch)
		w->ch = ch;
	w->thread = pthread_self();
	core_worker_current = w;
	session_handle(w, &msg);
	core_worker_current = outer;
	w->ch = own;
	manual_put(se, w);
}

/* From the first time on the session can wake its readers, and so its thread. */
static void manual_wake(struct core_session *se, struct core_worker *w)
{
	if (!atomic_exchange(&se->manual_wakes, true))
		session_wake_begin(se);
	if (!w->accepts_wake || !pthread_equal(w->thread, pthread_self()))
		worker_accept_wake(w);
}

int core_session_receive(struct core_session *se, void *buf, size_t size)
{
	struct core_worker *w;
	struct core_msg msg;
	size_t len;
	int res;

	if (core_session_exited(se))
		return 0;
	w = manual_get(se);
	if (!w)
		return -errno;
	manual_wake(se, w);
	w->ch->by_hand = true;
	res = worker_receive(w, &msg);
	if (res > 0) {
		len = sizeof(*msg.hdr) + msg.op_len + msg.payload_len;
		if (len > size) {
			struct wire_out_header out = { sizeof(out), -EIO, msg.hdr->unique };
			struct iovec iov = { &out, sizeof(out) };

			core_err("a request of %zu bytes does not fit the buffer of %zu\n", len,
				 size);
			w->ch->ops->reply(w->ch, msg.tag, &iov, 1);
			res = -EINVAL;
		} else {
			memcpy(buf, msg.hdr, sizeof(*msg.hdr));
			memcpy((char *)buf + sizeof(*msg.hdr), msg.op, msg.op_len);
			if (msg.payload_len)
				memcpy((char *)buf + sizeof(*msg.hdr) + msg.op_len, msg.payload,
				       msg.payload_len);
			res = (int)len;
		}
	} else if (res == -ENODEV) {
		core_session_exit(se, 0);
		res = 0;
	} else if (res == 0) {
		res = core_session_exited(se) ? 0 : -EINTR;
	}
	manual_put(se, w);
	return res;
}
