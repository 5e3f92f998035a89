/*
 * A session whose requests come over io_uring: whether it is done, how it starts, and which
 * requests are run at once in the thread of their queue.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/transport/uring.h"

/*
 * A kind of request is slow when its handler took this long lately: a thread woken for it
 * costs a fraction of that.
 */
#define SLOW_NS    50000
#define WORST_NS   10000000 /* one stall is no habit */
#define SAMPLE_BIT 7        /* of fast kinds one in eight is measured */
#define KNOWN      4        /* times a kind is measured before it may be fast */
/*
 * Looks (1 ms) until a handler that was to be fast and blocks is interrupted, if requests wait
 * that only its thread can get. Rare, as what it runs there is fast.
 */
#define PUMP_LOOKS 20

/* The reason why not, or 0. */
static int ring_obstacle(struct core_session *se, struct core_worker *w, uint64_t offered,
			 const char **why)
{
	int res;

	*why = NULL;
	if (se->cfg.transport == CORE_TRANSPORT_DEVICE)
		*why = "transport=device was given";
	else if (!w || !w->pt)
		*why = "the program runs a loop of its own, or one with a single thread";
	else if (session_device_fd(se) < 0)
		*why = "the session is not on /dev/fuse";
	else if (se->ceiling == 1)
		*why = "one thread is all it may have";
	if (*why)
		return -EOPNOTSUPP;
	res = core_uring_possible();
	if (!res && !(offered & WIRE_CAP(OVER_IO_URING)))
		res = -EOPNOTSUPP; /* switched on after the mount, or an old kernel */
	if (res)
		*why = core_uring_advice(res);
	return res;
}

/* The rings, held until core_transport_put(), or NULL. An unmount by another thread lets go of them. */
static struct core_transport *ring_get(struct core_session *se)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	if (se->ring)
		core_transport_get(se->ring);
	return se->ring;
}

/* Not after an unmount by another thread: the rings would keep the device open, and callers waiting. */
static int ring_set(struct core_session *se, struct core_transport *t)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	if (!se->t)
		return -ENOTCONN;
	core_transport_get(t);
	se->ring = t;
	return 0;
}

/* Lets go of t, if nobody else has. */
static void ring_drop(struct core_session *se, struct core_transport *t)
{
	bool ours;

	pthread_mutex_lock(&se->lock);
	ours = se->ring == t;
	if (ours)
		se->ring = NULL;
	pthread_mutex_unlock(&se->lock);
	if (ours)
		core_transport_put(t);
}

/* Threads with all they need, one a queue. Nothing stays if any fails. */
static int ring_start(struct core_session *se, size_t payload, const char **why)
{
	struct core_pool *pool = atomic_load(&se->pool);
	struct core_transport *t, *dev = session_transport_get(se);
	int res = dev ? core_transport_uring(dev, payload, se->cfg.ring_depth, &t) : -ENOTCONN;
	unsigned n;

	if (dev)
		core_transport_put(dev);

	*why = "its queues cannot be set up";
	if (res)
		return res;
	n = core_uring_groups(t);
	if (2 * n + CORE_POOL_FLOOR > se->ceiling && se->ceiling != CORE_POOL_CEILING) {
		*why = "two threads a processor are more than it may have";
		core_transport_put(t);
		return -E2BIG;
	}
	res = ring_set(se, t);
	if (res) {
		core_transport_put(t);
		return res;
	}
	res = core_pool_add_groups(pool, n, CORE_RING_DEVICE_THREADS);
	if (res) {
		core_uring_go(t, false);
		ring_drop(se, t);
	}
	core_transport_put(t);
	return res;
}

struct core_ring_look session_ring_look(struct core_req *req, uint64_t offered)
{
	struct core_ring_look look = {0};

	look.obstacle = ring_obstacle(req->se, req->w, offered, &look.why);
	return look;
}

enum core_ring_answer session_ring_prepare(struct core_req *req, struct core_ring_look look,
					   bool declined, size_t payload)
{
	struct core_session *se = req->se;
	const char *why = look.why;
	int res = look.obstacle;

	if (se->cfg.transport == CORE_TRANSPORT_DEVICE)
		return RING_NO;
	if (!res && declined && se->cfg.transport != CORE_TRANSPORT_URING) {
		why = "the program does not want it";
		res = -EOPNOTSUPP;
	}
	if (!res) {
		session_interrupt_prepare();
		res = ring_start(se, payload, &why);
	}
	if (!res)
		return RING_YES;
	if (se->cfg.transport == CORE_TRANSPORT_URING) {
		core_err("transport=uring: %s (%s)\n", why, strerror(-res));
		return RING_REFUSE;
	}
	if (se->debug)
		core_debug("io_uring is not used: %s (%s)\n", why, strerror(-res));
	return RING_NO;
}

void session_ring_go(struct core_session *se, bool ok)
{
	struct core_transport *t = ring_get(se);

	if (!t)
		return;
	core_uring_go(t, ok);
	core_transport_put(t);
}

/* A loop after another one on the same connection. */
void session_ring_restart(struct core_session *se, struct core_pool *pool)
{
	struct core_transport *t = ring_get(se);

	if (!t)
		return;
	if (!core_uring_failed(t) &&
	    core_pool_add_groups(pool, core_uring_groups(t), CORE_RING_DEVICE_THREADS))
		core_err("out of memory for the queues' threads\n");
	core_transport_put(t);
}

int session_ring_channel(struct core_session *se, struct core_pool_thread *pt,
			 struct core_channel **ch)
{
	struct core_transport *t = ring_get(se);
	int res;

	if (!t)
		return -ENOTCONN;
	res = core_uring_channel_new(t, core_pool_thread_group(pt) - 1, core_pool_thread_first(pt),
				     ch);
	core_transport_put(t);
	return res;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void measured(struct ring_cost *c, uint64_t dt)
{
	int64_t old = atomic_load_explicit(&c->ns, memory_order_relaxed);
	unsigned known = atomic_load_explicit(&c->known, memory_order_relaxed);

	if (dt > WORST_NS)
		dt = WORST_NS;
	old = known ? old + ((int64_t)dt - old) / 8 : (int64_t)dt;
	atomic_store_explicit(&c->ns, (uint32_t)old, memory_order_relaxed);
	if (known < KNOWN)
		atomic_store_explicit(&c->known, known + 1, memory_order_relaxed);
}

static void handle(struct core_worker *w, const struct core_msg *msg, struct ring_cost *c,
		   bool fast)
{
	bool exposed = core_uring_exposed(w->ch);
	uint64_t t0;

	if (exposed)
		core_pool_busy_exposed(w->pt);
	else
		core_pool_busy(w->pt);
	if (fast && (++w->sampled & SAMPLE_BIT)) {
		session_handle(w, msg);
	} else {
		t0 = now_ns();
		session_handle(w, msg);
		measured(c, now_ns() - t0);
	}
	if (exposed)
		core_pool_idle_exposed(w->pt);
	else
		core_pool_idle(w->pt);
}

/* A thread of the ring has received a message. */
static void ring_message(struct core_worker *w, const struct core_msg *msg)
{
	uint32_t op = msg->hdr->opcode < WIRE_OPCODE_MAX ? msg->hdr->opcode : 0;
	struct ring_cost *c = &w->se->cost[op];
	bool waits = op == WIRE_SETLKW; /* for another request, perhaps */
	bool fast = !waits && atomic_load_explicit(&c->known, memory_order_relaxed) >= KNOWN &&
		    atomic_load_explicit(&c->ns, memory_order_relaxed) < SLOW_NS;

	if (core_unlikely(!fast) && (waits || !core_pool_alone(w->pt)) &&
	    (core_pool_thread_first(w->pt) || core_uring_exposed(w->ch))) {
		if (!core_uring_hand_over(w->ch, msg->tag))
			core_pool_need_reader(w->pt);
		return;
	}
	core_uring_keep(w->ch, !fast && !waits);
	handle(w, msg, c, fast);
}

int session_ring_turn(struct core_worker *w)
{
	struct core_pool *pool = atomic_load(&w->se->pool);
	struct core_msg msg;
	int res;

	atomic_store_explicit(&w->waiting, true, memory_order_relaxed);
	res = w->ch->ops->receive(w->ch, &msg, 1);
	atomic_store_explicit(&w->waiting, false, memory_order_relaxed);
	if (core_likely(res > 0)) {
		ring_message(w, &msg);
		return 0;
	}
	if (res == 0 && core_uring_idle_end(w->ch) && core_pool_surplus(w->pt))
		return CORE_POOL_LEAVE;
	if (res != -ESHUTDOWN)
		return res == -EINTR ? 0 : res;
	/* The device's readers hear why: unmounted, aborted, or all goes on there. */
	if (pool)
		core_pool_close_groups(pool);
	return CORE_POOL_LEAVE;
}

/* Called by the pool's supervisor at each look, under its lock: the worker stays. */
bool session_ring_stuck(struct core_worker *w)
{
	int signo = atomic_load(&w->se->wake_signal);
	uint64_t unique = atomic_load(&w->current);
	unsigned needs;

	if (!w->on_ring)
		return false;
	w->stuck_looks = unique == w->stuck_unique ? w->stuck_looks + 1 : 0;
	w->stuck_unique = unique;
	needs = core_uring_rescue(w->ch);
	if ((needs & CORE_URING_NEEDS_PUMP) && w->stuck_looks >= PUMP_LOOKS && signo &&
	    w->accepts_wake)
		pthread_kill(w->thread, signo);
	return needs & CORE_URING_NEEDS_READER;
}

int core_req_payload(struct core_req *req, char **payload, size_t *size)
{
	return core_uring_buffer(req->ch, req->tag, payload, size);
}
