/*
 * A sole reader on the device: when it begins, how it reads, when it ends. docs/workers.md.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#define LARGE         (128 * 1024) /* bytes: a READ or WRITE of that size counts apart */
#define SLOW_NS       50000        /* others may wait that long for the sole reader */
#define SLOW_LARGE_NS 500000
#define WORST_NS      1000000
#define KNOWN         4
#define SAMPLE        8      /* one request in so many is measured */
#define LOOK          32     /* requests of a worker between looks */
#define PERIOD_NS     150000 /* one request in that time at least, or it is not worth it */
#define PERIOD_LARGE  1000000
#define SPIN_NS       60000
#define REST_MS       2 /* nothing came for that long: it ends */
#define SCORE_MOST    1024
#define SCORE_LEAVE   640
#define WORTH_NS      20000000 /* as long as that it was right to begin */
#define BACKOFF_MIN   10       /* ms */
#define BACKOFF_MOST  200

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- kinds of requests ------------------------------------------------------------------- */

static bool is_large(const struct core_msg *msg)
{
	const struct wire_read_in *r = msg->op;

	if (msg->hdr->opcode == WIRE_READ && msg->op_len >= sizeof(*r))
		return r->size >= LARGE;
	return msg->hdr->opcode == WIRE_WRITE && msg->op_len + msg->payload_len >= LARGE;
}

static struct sole_cost *cost_of(struct core_sole *s, const struct core_msg *msg, bool large)
{
	uint32_t op = msg->hdr->opcode;

	if (large)
		return &s->large[op == WIRE_WRITE];
	return &s->cost[op < WIRE_OPCODE_MAX ? op : 0];
}

static bool faster(const struct sole_cost *c, uint32_t ns)
{
	return atomic_load_explicit(&c->known, memory_order_relaxed) >= KNOWN &&
	       atomic_load_explicit(&c->ns, memory_order_relaxed) < ns;
}

static bool fast(const struct core_msg *msg, const struct sole_cost *c, bool large)
{
	return msg->hdr->opcode != WIRE_SETLKW && faster(c, large ? SLOW_LARGE_NS : SLOW_NS);
}

static void measured(struct sole_cost *c, uint64_t dt)
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

static void handle(struct core_worker *w, const struct core_msg *msg, struct sole_cost *c)
{
	struct sole_view *v = &w->sole;
	uint32_t pid = msg->hdr->pid;
	uint64_t t0, end;

	if (pid && pid != v->pid) { /* 0: what the kernel sends by itself */
		v->pid = pid;
		v->changes++;
	}
	if (++v->served % SAMPLE &&
	    atomic_load_explicit(&c->known, memory_order_relaxed) >= KNOWN) {
		session_handle(w, msg);
	} else {
		core_device_time_answer(w->ch, msg->tag);
		t0 = now_ns();
		session_handle(w, msg);
		end = core_device_time_answer(w->ch, 0);
		measured(c, (end ? end : now_ns()) - t0);
	}
}

/* ---- beginning and ending ------------------------------------------------------------------ */

static void begin(struct core_session *se)
{
	struct core_sole *s = &se->sole;

	pthread_mutex_lock(&s->lock);
	if (!atomic_load(&s->on) && s->allowed && !se->ring) {
		s->since = now_ns();
		atomic_store(&s->on, true);
	}
	pthread_mutex_unlock(&s->lock);
}

/* The last thread that reads. */
static bool become(struct core_worker *w)
{
	struct core_sole *s = &w->se->sole;
	int fd = core_channel_device_fd(w->ch);
	bool ok = false;

	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->on) && !atomic_load(&s->who) && fd >= 0) {
		s->flags = fcntl(fd, F_GETFL);
		if (s->flags >= 0 && fcntl(fd, F_SETFL, s->flags | O_NONBLOCK) == 0) {
			s->fd = fd;
			w->sole.score = SCORE_MOST;
			w->sole.changes = w->sole.at_once = 0;
			atomic_store(&s->who, w);
			ok = true;
		}
	}
	pthread_mutex_unlock(&s->lock);
	if (!ok)
		session_sole_leave(w->se);
	return ok;
}

bool session_sole_leave(struct core_session *se)
{
	struct core_sole *s = &se->sole;
	uint32_t ms;
	uint64_t now;

	if (!atomic_load_explicit(&s->on, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&s->lock);
	if (!atomic_load(&s->on)) {
		pthread_mutex_unlock(&s->lock);
		return false;
	}
	now = now_ns();
	ms = atomic_load(&s->backoff);
	ms = now - s->since > WORTH_NS ? BACKOFF_MIN : ms * 2;
	atomic_store(&s->backoff, ms < BACKOFF_MOST ? ms : BACKOFF_MOST);
	atomic_store(&s->not_before, now + ms * 1000000ull);
	if (atomic_load(&s->who) && !(s->flags & O_NONBLOCK))
		fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) & ~O_NONBLOCK);
	atomic_store(&s->who, NULL);
	atomic_store(&s->on, false);
	atomic_fetch_add(&s->round, 1);
	syscall(SYS_futex, &s->round, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
	pthread_mutex_unlock(&s->lock);
	return true;
}

void session_sole_gone(struct core_worker *w)
{
	if (atomic_load(&w->se->sole.who) == w)
		session_sole_leave(w->se);
}

void session_sole_begin(struct core_session *se)
{
	struct core_sole *s = &se->sole;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	s->allowed = !se->cfg.no_sole && cpus > 1 && se->ceiling > 1 &&
		     core_transport_device_fd(se->t) >= 0;
	atomic_store(&s->backoff, BACKOFF_MIN);
}

void session_sole_end(struct core_session *se)
{
	session_sole_leave(se);
	se->sole.allowed = false;
}

/* ---- the usual way -------------------------------------------------------------------------- */

static void consider(struct core_worker *w, bool large)
{
	struct core_sole *s = &w->se->sole;
	struct sole_view *v = &w->sole;
	uint64_t now = now_ns(), dt = now - v->looked;
	unsigned changes = v->changes, slow = v->slow;

	v->looked = now;
	v->changes = v->slow = 0;
	if (slow || now < atomic_load_explicit(&s->not_before, memory_order_relaxed) ||
	    dt > LOOK * core_pool_live(w->pt) * (uint64_t)(large ? PERIOD_LARGE : PERIOD_NS))
		return;
	if (changes <= 1)
		begin(w->se);
}

void session_sole_handle(struct core_worker *w, const struct core_msg *msg)
{
	struct core_sole *s = &w->se->sole;
	bool large = is_large(msg);
	struct sole_cost *c = cost_of(s, msg, large);

	if (core_unlikely(!s->allowed)) {
		session_handle(w, msg);
		return;
	}
	if (!fast(msg, c, large))
		w->sole.slow++;
	handle(w, msg, c);
	if (w->sole.served % LOOK == 0)
		consider(w, large);
}

/* ---- as the only one ------------------------------------------------------------------------ */

static void park(struct core_session *se)
{
	struct core_sole *s = &se->sole;
	uint32_t round = atomic_load(&s->round);

	if (atomic_load(&s->on) && !core_session_exited(se))
		syscall(SYS_futex, &s->round, FUTEX_WAIT_PRIVATE, round, NULL, NULL, 0);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	for (int i = 0; i < 4; i++)
		__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	for (int i = 0; i < 16; i++)
		__asm__ volatile("yield");
#endif
}

static bool asked_enough(struct core_worker *w, uint64_t t0)
{
	return now_ns() - t0 > SPIN_NS || core_session_exited(w->se);
}

/* A request came without sleep. */
static int hit(struct core_worker *w, int res)
{
	w->sole.score += (SCORE_MOST - w->sole.score) / 16;
	return res;
}

/* > 0: a message; 0: none, it has ended or is to look at flags; -errno. */
static int receive(struct core_worker *w, struct core_msg *msg)
{
	struct pollfd p = {core_channel_device_fd(w->ch), POLLIN, 0};
	int res = w->ch->ops->receive(w->ch, msg, 1);
	uint64_t t0;

	if (res != -EAGAIN) {
		w->sole.at_once++;
		return hit(w, res);
	}
	t0 = now_ns();
	do {
		relax();
		res = w->ch->ops->receive(w->ch, msg, 1);
		if (res != -EAGAIN)
			return hit(w, res);
	} while (!asked_enough(w, t0));
	w->sole.score -= w->sole.score / 16;
	if (w->sole.score < SCORE_LEAVE || poll(&p, 1, REST_MS) == 0)
		session_sole_leave(w->se);
	return 0;
}

/* Several clients, or large requests at the same time: they are better served by several readers.
 */
static bool crowded(struct core_worker *w, bool large)
{
	struct sole_view *v = &w->sole;
	unsigned changes = v->changes, at_once = v->at_once;

	if (v->served % LOOK)
		return false;
	v->changes = v->at_once = 0;
	return changes > 2 || (large && at_once > LOOK / 4);
}

int session_sole_turn(struct core_worker *w)
{
	struct core_session *se = w->se;
	struct core_sole *s = &se->sole;
	struct sole_cost *c;
	struct core_msg msg;
	bool large;
	int res;

	if (atomic_load(&s->who) != w) {
		if (core_pool_park(w->pt)) {
			atomic_store_explicit(&w->waiting, true, memory_order_relaxed);
			park(se);
			atomic_store_explicit(&w->waiting, false, memory_order_relaxed);
			core_pool_unpark(w->pt);
			return 0;
		}
		if (!become(w))
			return 0;
	}
	w->ch->by_hand = true;
	atomic_store_explicit(&w->waiting, true, memory_order_relaxed);
	res = receive(w, &msg);
	atomic_store_explicit(&w->waiting, false, memory_order_relaxed);
	w->ch->by_hand = false;
	if (res <= 0)
		return res == -EINTR || res == -EAGAIN ? 0 : res;
	large = is_large(&msg);
	c = cost_of(s, &msg, large);
	core_pool_busy(w->pt);
	if (!fast(&msg, c, large) || crowded(w, large))
		session_sole_leave(se);
	handle(w, &msg, c);
	core_pool_idle(w->pt);
	return 0;
}
