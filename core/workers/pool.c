#include "core/workers/pool.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"

#define SAMPLE_NS      1000000L /* how often a saturated pool is looked at */
#define PATIENT_LOOKS  4        /* looks with nobody idle before growing although work goes on */
#define GROUP_FLOOR    2        /* threads of a group beside the pool's own */
#define QUIET_LOOKS    8        /* looks without need after which the supervisor sleeps */
#define EXIT_PATIENCE  1000     /* looks (2 ms) before an exit interrupts what still runs */

enum role { ROLE_POOL, ROLE_BLOCKED };

/* Threads that can take each other's requests. */
struct group {
	_Alignas(64) _Atomic int idle; /* threads waiting for a request */
	_Atomic int exposed;           /* threads in handlers, before which others may wait */
	_Atomic unsigned wanted;       /* threads asked for */
	unsigned number;
	_Atomic unsigned live;         /* these are changed under pool->lock */
	_Atomic unsigned away;         /* in lock waits */
	unsigned floor;
	unsigned starts;               /* threads whose start has ended, well or not */
	unsigned saturated;
	bool had_first;
};

struct core_pool_thread {
	struct core_pool *pool;
	struct group *group;
	bool first;                /* of a group beside the pool's own */
	bool ready;                /* has started and not ended; under pool->lock */
	void *local;
	pthread_t thread;
	struct core_pool_thread *next;
	_Atomic unsigned long seq; /* odd: in a handler; moves with every request */
	unsigned long seen;        /* supervisor's: seq at its last look */
	enum role role;            /* under pool->lock */
	bool finished;             /* under pool->lock */
};

struct core_pool {
	const struct core_pool_ops *ops;
	void *owner;
	struct core_pool_config cfg;

	struct group own;                  /* number 0 */
	struct group *more;                /* 1 to ngroups */
	unsigned ngroups;
	_Alignas(64) _Atomic bool armed;   /* the supervisor looks or has been told to */
	_Atomic bool stop;
	_Atomic int retire;                /* threads asked to go */
	_Atomic int status;
	sem_t kick;


	pthread_mutex_t lock;              /* guards what follows */
	pthread_cond_t started_one;        /* of a group */
	int group_error;                   /* why a group could not start */
	bool running;
	struct core_pool_thread *threads;
	unsigned live, blocked, peak;      /* in the pool / in lock waits */
	unsigned long started;
	unsigned starting, ready;          /* not yet in their loops / in them */
	unsigned failed_starts;            /* since the last that succeeded */
	bool spawn_failed;
	int low_idle;                      /* fewest idle since the last shrink look */
};

static void kick(struct core_pool *p)
{
	if (!atomic_exchange_explicit(&p->armed, true, memory_order_seq_cst))
		sem_post(&p->kick);
}

void core_pool_busy(struct core_pool_thread *pt)
{
	struct core_pool *p = pt->pool;

	atomic_store_explicit(&pt->seq, atomic_load_explicit(&pt->seq, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	if (atomic_fetch_sub_explicit(&pt->group->idle, 1, memory_order_seq_cst) == 1)
		kick(p);
}

void core_pool_idle(struct core_pool_thread *pt)
{
	atomic_store_explicit(&pt->seq, atomic_load_explicit(&pt->seq, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_fetch_add_explicit(&pt->group->idle, 1, memory_order_seq_cst);
}

void core_pool_busy_exposed(struct core_pool_thread *pt)
{
	atomic_fetch_add_explicit(&pt->group->exposed, 1, memory_order_seq_cst);
	core_pool_busy(pt);
	/* what comes to this thread only the supervisor can see, whoever else is free */
	if (core_unlikely(!atomic_load_explicit(&pt->pool->armed, memory_order_seq_cst)))
		kick(pt->pool);
}

void core_pool_idle_exposed(struct core_pool_thread *pt)
{
	core_pool_idle(pt);
	atomic_fetch_sub_explicit(&pt->group->exposed, 1, memory_order_relaxed);
}

/* Under p->lock. */
static bool cannot_grow(const struct core_pool *p)
{
	return p->spawn_failed || p->failed_starts;
}

int core_pool_block_begin(struct core_pool_thread *pt)
{
	struct core_pool *p = pt->pool;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	if (p->blocked >= CORE_POOL_MAX_BLOCKED || (cannot_grow(p) && p->live <= 1))
		return -EAGAIN;
	pt->role = ROLE_BLOCKED;
	p->blocked++;
	p->live--;
	pt->group->away++;
	if (--pt->group->live < pt->group->floor)
		kick(p);
	return 0;
}

void core_pool_block_end(struct core_pool_thread *pt)
{
	struct core_pool *p = pt->pool;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	pt->role = ROLE_POOL;
	p->blocked--;
	p->live++;
	pt->group->live++;
	pt->group->away--;
}

unsigned core_pool_thread_group(const struct core_pool_thread *pt)
{
	return pt->group->number;
}

bool core_pool_thread_first(const struct core_pool_thread *pt)
{
	return pt->first;
}

void core_pool_need_reader(struct core_pool_thread *pt)
{
	struct core_pool *p = pt->pool;

	if (atomic_fetch_add(&pt->group->wanted, 1))
		return; /* the supervisor is on its way */
	atomic_store(&p->armed, true);
	sem_post(&p->kick);
}

bool core_pool_alone(const struct core_pool_thread *pt)
{
	return pt->group->live + pt->group->away <= 1;
}

bool core_pool_surplus(struct core_pool_thread *pt)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&pt->pool->lock);

	return pt->group->number && !pt->first && pt->group->live > pt->group->floor;
}

/* One retirement claimed, if any is wanted. */
static bool claim_retirement(struct core_pool *p)
{
	int n = atomic_load_explicit(&p->retire, memory_order_relaxed);

	while (n > 0)
		if (atomic_compare_exchange_weak(&p->retire, &n, n - 1))
			return true;
	return false;
}

/* A thread that cannot start is no reason to end the others; if there are none, there is no pool. */
static void start_failed(struct core_pool *p, int res)
{
	bool first, hopeless;
	int none = 0;

	pthread_mutex_lock(&p->lock);
	first = p->failed_starts++ == 0;
	/* After a stop there are none because they have left. */
	hopeless = !p->ready && !p->starting && !atomic_load(&p->stop);
	pthread_mutex_unlock(&p->lock);
	if (first)
		core_err("cannot start a worker thread: %s\n", strerror(-res));
	if (hopeless) {
		atomic_compare_exchange_strong(&p->status, &none, res);
		core_pool_stop(p);
	}
}

/* Notes how a thread's start went; whether it may serve. */
static bool group_started(struct core_pool_thread *pt, int res)
{
	struct core_pool *p = pt->pool;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	p->starting--;
	pt->group->starts++;
	if (pt->group->number) {
		if (res < 0 && !p->group_error)
			p->group_error = res;
		pthread_cond_broadcast(&p->started_one);
	}
	if (res < 0)
		return false;
	p->ready++;
	pt->ready = true;
	if (!pt->group->number)
		p->failed_starts = 0;
	return true;
}

static void *thread_main(void *arg)
{
	struct core_pool_thread *pt = arg;
	struct core_pool *p = pt->pool;
	int res = p->ops->thread_start(p->owner, pt, &pt->local);
	bool started = res >= 0;

	if (group_started(pt, res)) {
		atomic_fetch_add(&pt->group->idle, 1);
		while (!atomic_load_explicit(&p->stop, memory_order_acquire)) {
			res = p->ops->turn(p->owner, pt->local);
			if (res || (!pt->group->number && claim_retirement(p)))
				break;
		}
		atomic_fetch_sub(&pt->group->idle, 1);
	}
	if (!started) {
		if (!pt->group->number)
			start_failed(p, res);
	} else {
		int none = 0;

		if (res < 0) {
			atomic_compare_exchange_strong(&p->status, &none, res);
			core_pool_stop(p);
		}
		pthread_mutex_lock(&p->lock);
		pt->ready = false; /* nobody calls stuck() for it from here on */
		pthread_mutex_unlock(&p->lock);
		p->ops->thread_end(p->owner, pt->local);
	}

	pthread_mutex_lock(&p->lock);
	p->ready -= started;
	pt->finished = true;
	p->live--;
	pt->group->live--;
	pthread_mutex_unlock(&p->lock);
	if (atomic_load(&p->stop))
		sem_post(&p->kick);
	else if (started)
		kick(p); /* one that failed is not replaced before there is need again */
	return NULL;
}

int core_thread_create(pthread_t *thread, void *(*func)(void *), void *arg)
{
	static const int blocked[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	const char *stack = getenv("FUSE_THREAD_STACK");
	pthread_attr_t attr;
	sigset_t set, old;
	int res;

	pthread_attr_init(&attr);
	if (stack) {
		char *end;
		unsigned long size = strtoul(stack, &end, 0);

		if (*end || pthread_attr_setstacksize(&attr, size))
			core_warn("FUSE_THREAD_STACK=%s is not a stack size in bytes; ignored\n",
				  stack);
	}
	/* The program's signals are for the thread that runs the loop. */
	sigemptyset(&set);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(blocked); i++)
		sigaddset(&set, blocked[i]);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	res = pthread_create(thread, &attr, func, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -res;
}

/* Under p->lock. */
static int spawn(struct core_pool *p, struct group *g)
{
	struct core_pool_thread *pt = calloc(1, sizeof(*pt));
	int res;

	if (!pt)
		return -ENOMEM;
	pt->pool = p;
	pt->group = g;
	pt->first = g->number && !g->had_first;
	res = core_thread_create(&pt->thread, thread_main, pt);
	if (res) {
		free(pt);
		if (!p->spawn_failed)
			core_warn("cannot create another worker thread: %s\n", strerror(-res));
		p->spawn_failed = true;
		return res;
	}
	p->spawn_failed = false;
	pt->next = p->threads;
	p->threads = pt;
	p->live++;
	g->live++;
	g->had_first = true;
	p->started++;
	p->starting++;
	if (p->live + p->blocked > p->peak)
		p->peak = p->live + p->blocked;
	return 0;
}

/* Joins what has ended. */
static void reap(struct core_pool *p)
{
	struct core_pool_thread *dead = NULL, **link, *pt;

	pthread_mutex_lock(&p->lock);
	for (link = &p->threads; (pt = *link);) {
		if (pt->finished) {
			*link = pt->next;
			pt->next = dead;
			dead = pt;
		} else {
			link = &pt->next;
		}
	}
	pthread_mutex_unlock(&p->lock);
	while ((pt = dead)) {
		dead = pt->next;
		pthread_join(pt->thread, NULL);
		free(pt);
	}
}

static bool wait_kick(struct core_pool *p, long ns)
{
	struct timespec ts;

	if (ns < 0) {
		while (sem_wait(&p->kick) && errno == EINTR)
			if (atomic_load(&p->stop))
				break;
		return true;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts); /* a clock that is set must not stop the supervisor */
	ts.tv_sec += ns / 1000000000L;
	ts.tv_nsec += ns % 1000000000L;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000L;
	}
	while (sem_clockwait(&p->kick, CLOCK_MONOTONIC, &ts)) {
		if (errno != EINTR)
			return false;
		if (atomic_load(&p->stop))
			return true;
	}
	return true;
}

/*
 * Has any thread of the group in a handler come further since the last look? Of a group beside
 * the pool's own, those that have not are reported. Under p->lock.
 */
static bool progress(struct core_pool *p, struct group *g)
{
	bool moved = false, more = false;

	for (struct core_pool_thread *pt = p->threads; pt; pt = pt->next) {
		unsigned long seq = atomic_load_explicit(&pt->seq, memory_order_relaxed);

		if (pt->group != g)
			continue;
		if (pt->role == ROLE_POOL && seq != pt->seen)
			moved = true;
		else if (g->number && (seq & 1) && pt->ready)
			more = p->ops->stuck(p->owner, pt->local) || more;
		pt->seen = seq;
	}
	if (more)
		atomic_fetch_add(&g->wanted, 1);
	return moved;
}

/* Processor time this process used since the last call, as a share of all processors. */
static double cpu_share(struct timespec *wall0, struct timespec *cpu0)
{
	struct timespec wall, cpu;
	double dw, dc;

	clock_gettime(CLOCK_MONOTONIC, &wall);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	dw = (double)(wall.tv_sec - wall0->tv_sec) + 1e-9 * (double)(wall.tv_nsec - wall0->tv_nsec);
	dc = (double)(cpu.tv_sec - cpu0->tv_sec) + 1e-9 * (double)(cpu.tv_nsec - cpu0->tv_nsec);
	*wall0 = wall;
	*cpu0 = cpu;
	return dw > 0 ? dc / dw / (double)sysconf(_SC_NPROCESSORS_ONLN) : 1;
}

static struct group *group_at(struct core_pool *p, unsigned i)
{
	return i ? &p->more[i - 1] : &p->own;
}

struct usage {
	struct timespec wall, cpu;
};

/*
 * One look at a group. True: somebody waits for requests and nothing has to be watched.
 * Grows it when all are stuck, when a slow request wants another reader, or, in group 0, when
 * for some looks nobody was free although processors are. A queue's group is content with one
 * thread that is always busy: fast requests are best served so. Under p->lock.
 */
static bool look(struct core_pool *p, struct group *g, struct usage *u, bool *full)
{
	bool moved = progress(p, g), none_idle = atomic_load(&g->idle) <= 0;
	unsigned want = g->live < g->floor ? g->floor - g->live : 0, asked;

	if (!none_idle) {
		g->saturated = 0;
	} else if (!moved) {
		unsigned more = g->number ? 1 : g->live / 2 + 1;

		want = want > more ? want : more;
	} else if (!g->number && ++g->saturated >= PATIENT_LOOKS &&
		   cpu_share(&u->wall, &u->cpu) < 0.5) {
		want = want ? want : 1;
		g->saturated = 0;
	}
	asked = atomic_exchange(&g->wanted, 0);
	if (want < asked)
		want = asked;
	if (!g->floor)
		want = 0; /* closed */
	if (p->failed_starts && want > 1)
		want = 1;
	while (want > 0 && (p->live < p->cfg.ceiling || g->live < g->floor)) {
		if (spawn(p, g))
			break;
		want--;
	}
	if (none_idle && (want || cannot_grow(p)))
		*full = true;
	return !none_idle && !(g->number && moved) && atomic_load(&g->exposed) <= 0;
}

/* Nobody waits for requests in some group. Looks every SAMPLE_NS until all is quiet again. */
static void supervise(struct core_pool *p)
{
	struct usage u = { { 0 }, { 0 } };
	unsigned free_looks = 0;

	cpu_share(&u.wall, &u.cpu);
	while (!atomic_load(&p->stop)) {
		bool all_free = true, full = false;

		pthread_mutex_lock(&p->lock);
		for (unsigned i = 0; i <= p->ngroups; i++)
			if (!look(p, group_at(p, i), &u, &full))
				all_free = false;
		if (atomic_load(&p->own.idle) <= 0)
			p->low_idle = 0;
		pthread_mutex_unlock(&p->lock);
		reap(p);
		free_looks = all_free ? free_looks + 1 : 0;
		if (free_looks >= QUIET_LOOKS) {
			/* Disarm, then look once more: a kick may have been swallowed meanwhile. */
			atomic_store_explicit(&p->armed, false, memory_order_seq_cst);
			for (unsigned i = 0; i <= p->ngroups; i++)
				if (atomic_load(&group_at(p, i)->idle) <= 0 ||
				    atomic_load(&group_at(p, i)->exposed) > 0)
					all_free = false;
			if (all_free)
				return;
			atomic_store(&p->armed, true);
			free_looks = 0;
		}
		wait_kick(p, full && !p->ngroups ? 20 * SAMPLE_NS : SAMPLE_NS);
	}
}

/* Gives half of the threads that were not needed since the last look back. */
static void shrink(struct core_pool *p)
{
	int idle = atomic_load(&p->own.idle), extra = 0;
	bool quiet;

	pthread_mutex_lock(&p->lock);
	if (p->low_idle > idle)
		p->low_idle = idle;
	if (p->own.live > p->own.floor && p->low_idle > 1) {
		extra = (int)(p->own.live - p->own.floor);
		if (extra > p->low_idle - 1)
			extra = p->low_idle - 1;
		extra = (extra + 1) / 2;
	}
	p->low_idle = idle;
	quiet = idle == (int)p->own.live;
	pthread_mutex_unlock(&p->lock);
	/*
	 * The next threads that come back from a request go. When nothing at all happens they are
	 * woken for it; not otherwise, since a wake-up is a signal that could meet a thread which
	 * has just left for the program's code. What nobody takes until the next look lapses.
	 */
	atomic_store(&p->retire, extra);
	if (extra && quiet)
		p->ops->wake(p->owner);
}

static unsigned thread_count(struct core_pool *p, unsigned *live)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	*live = p->live;
	return p->live + p->blocked;
}

static bool anybody_idle(struct core_pool *p)
{
	for (unsigned i = 0; i <= p->ngroups; i++)
		if (atomic_load(&group_at(p, i)->idle) > 0)
			return true;
	return false;
}

/* All threads out: wakes those that wait, waits for those that work. */
static void drain(struct core_pool *p)
{
	unsigned live, looks = 0;

	while (thread_count(p, &live) > 0) {
		if (anybody_idle(p))
			p->ops->wake(p->owner);
		wait_kick(p, 2 * SAMPLE_NS);
		reap(p);
		if (++looks == EXIT_PATIENCE / 20 || looks % EXIT_PATIENCE == 0)
			p->ops->interrupt_all(p->owner);
		if (looks == EXIT_PATIENCE)
			core_warn("exit: waiting for %u operations of the file system to end\n",
				  thread_count(p, &live));
	}
	reap(p);
}

/* Under p->lock. */
static int make_groups(struct core_pool *p, unsigned n, unsigned floor)
{
	if (p->more)
		return -EBUSY;
	p->more = aligned_alloc(64, n * sizeof(*p->more));
	if (!p->more)
		return -ENOMEM;
	memset(p->more, 0, n * sizeof(*p->more));
	for (unsigned i = 0; i < n; i++) {
		p->more[i].number = i + 1;
		/* The supervisor keeps out of a start that may yet fail. */
		p->more[i].floor = p->running ? 0 : GROUP_FLOOR;
	}
	p->ngroups = n;
	p->group_error = 0;
	if (floor < p->own.floor)
		p->own.floor = floor;
	return 0;
}

/* Under p->lock. */
static void close_groups(struct core_pool *p)
{
	for (unsigned i = 0; i < p->ngroups; i++)
		p->more[i].floor = 0;
	p->own.floor = p->cfg.floor;
	if (p->own.live < p->own.floor)
		kick(p);
}

int core_pool_add_groups(struct core_pool *p, unsigned n, unsigned floor)
{
	unsigned created = 0, i;
	int res;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	res = make_groups(p, n, floor);
	if (res || !p->running)
		return res;
	for (i = 0; i < n * GROUP_FLOOR && !res; i++) {
		res = spawn(p, &p->more[i / GROUP_FLOOR]);
		created += !res;
	}
	for (i = 0; i < created; i++)
		while (p->more[i / GROUP_FLOOR].starts <= i % GROUP_FLOOR)
			pthread_cond_wait(&p->started_one, &p->lock);
	if (!res)
		res = p->group_error;
	if (res)
		close_groups(p);
	for (i = 0; i < n && !res; i++)
		p->more[i].floor = GROUP_FLOOR;
	return res;
}

void core_pool_close_groups(struct core_pool *p)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	close_groups(p);
}

int core_pool_run(struct core_pool *p)
{
	int res = 0;

	pthread_mutex_lock(&p->lock);
	p->running = true;
	for (unsigned g = 0; g <= p->ngroups; g++)
		for (unsigned i = 0; i < group_at(p, g)->floor && !res; i++)
			res = spawn(p, group_at(p, g));
	if (res && p->own.live) {
		kick(p); /* the supervisor tries again */
		res = 0;
	}
	pthread_mutex_unlock(&p->lock);
	if (res) {
		core_err("cannot start any worker thread: %s\n", strerror(-res));
		return res;
	}
	while (!atomic_load(&p->stop)) {
		bool above;

		pthread_mutex_lock(&p->lock);
		above = p->own.live > p->own.floor;
		pthread_mutex_unlock(&p->lock);
		if (wait_kick(p, above ? p->cfg.shrink_ms * 1000000L : -1)) {
			if (!atomic_load(&p->stop))
				supervise(p);
		} else {
			shrink(p);
		}
		reap(p);
	}
	drain(p);
	p->running = false;
	return atomic_load(&p->status);
}

void core_pool_stop(struct core_pool *p)
{
	atomic_store(&p->stop, true);
	sem_post(&p->kick);
}

void core_pool_get_stats(struct core_pool *p, struct core_pool_stats *st)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&p->lock);

	st->threads = p->live;
	st->blocked = p->blocked;
	st->peak = p->peak;
	st->started = p->started;
	st->idle = 0;
	for (unsigned i = 0; i <= p->ngroups; i++)
		st->idle += (unsigned)atomic_load(&group_at(p, i)->idle);
}

void core_pool_reset(struct core_pool *p, void *owner, const struct core_pool_config *cfg)
{
	p->owner = owner;
	p->cfg = *cfg;
	if (!p->cfg.ceiling)
		p->cfg.ceiling = CORE_POOL_CEILING;
	if (!p->cfg.floor)
		p->cfg.floor = CORE_POOL_FLOOR;
	if (p->cfg.floor > p->cfg.ceiling)
		p->cfg.floor = p->cfg.ceiling;
	if (!p->cfg.shrink_ms)
		p->cfg.shrink_ms = CORE_POOL_SHRINK_MS;
	p->peak = 0;
	p->started = 0;
	p->failed_starts = 0;
	p->spawn_failed = false;
	p->low_idle = 0;
	memset(&p->own, 0, sizeof(p->own));
	p->own.floor = p->cfg.floor;
	free(p->more);
	p->more = NULL;
	p->ngroups = 0;
	atomic_store(&p->armed, false);
	atomic_store(&p->retire, 0);
	atomic_store(&p->status, 0);
	atomic_store(&p->stop, false);
}

struct core_pool *core_pool_new(const struct core_pool_ops *ops, void *owner,
				const struct core_pool_config *cfg)
{
	struct core_pool *p = aligned_alloc(64, (sizeof(*p) + 63) & ~(size_t)63);

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->ops = ops;
	sem_init(&p->kick, 0, 0);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->started_one, NULL);
	core_pool_reset(p, owner, cfg);
	return p;
}

void core_pool_free(struct core_pool *p)
{
	sem_destroy(&p->kick);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->started_one);
	free(p->more);
	free(p);
}
