/*
 * `max_nodes`: a bound on what the kernel keeps of the file system, and we of its nodes. When there
 * are more, a thread names nodes that are not open and have no children in the table, in the
 * order of the table, and the kernel forgets those that nobody uses (NOTIFY_PRUNE, Linux 6.18).
 *
 * A thread of its own, since the kernel may write dirty pages back before it lets a node go: it
 * waits for requests, which the loop has to answer meanwhile.
 */
#include "core/fs/fs_priv.h"

#include <time.h>

enum {
	BATCH = 512,        /* nodes a notification */
	REST_MS = 20,       /* until the FORGETs are there */
	LONG_REST_MS = 1000 /* when a round through the table brought nothing */
};

struct prune {
	struct core_fs *fs;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool ends;           /* under lock */
	_Atomic bool wanted; /* there are too many nodes */
	uint32_t hand;       /* where the table was left */
};

static uint64_t node_count(struct core_fs *fs)
{
	return atomic_load_explicit(&FS_NODES(fs)->count, memory_order_relaxed);
}

/* Nodes beyond an eighth less than allowed, so that not each new node costs a notification. */
static uint64_t too_many(struct core_fs *fs)
{
	uint64_t aim = fs->cfg.max_nodes - fs->cfg.max_nodes / 8, count = node_count(fs);

	return count > aim ? count - aim : 0;
}

static bool may_go(const struct node *n)
{
	return (atomic_load_explicit(&n->flags, memory_order_relaxed) &
		(NODE_USED | NODE_ALIAS | NODE_MARKED | NODE_IDLE)) == NODE_USED &&
	       atomic_load_explicit(&n->nlookup, memory_order_relaxed) &&
	       !atomic_load_explicit(&n->children, memory_order_relaxed) &&
	       !atomic_load_explicit(&n->open, memory_order_relaxed);
}

/* The next nodes that may go; *round: the table's end was passed. */
static size_t collect(struct prune *p, uint64_t *ids, bool *round)
{
	struct nodes *t = FS_NODES(p->fs);
	uint32_t limit = atomic_load_explicit(&t->limit, memory_order_acquire);
	uint64_t most = too_many(p->fs); /* 0 by now, perhaps: FORGETs come at any time */
	size_t n = 0;

	*round = false;
	if (most > BATCH)
		most = BATCH;
	for (uint32_t seen = 0; seen < limit && n < most; seen++) {
		if (++p->hand >= limit) {
			p->hand = NODE_ROOT + 1;
			*round = true;
		}
		if (p->hand > NODE_ROOT && p->hand < limit && may_go(&t->at[p->hand]))
			ids[n++] = node_id(t, p->hand);
	}
	return n;
}

/* Under p->lock; true when it is over. */
static bool rest(struct prune *p, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (!p->ends && pthread_cond_timedwait(&p->cond, &p->lock, &until) == 0)
		;
	return p->ends;
}

/* One notification. False: it is no use. Called and left with p->lock. */
static bool prune_some(struct prune *p, uint64_t *before, bool *ends)
{
	uint64_t ids[BATCH];
	bool round;
	size_t n;
	int res;

	pthread_mutex_unlock(&p->lock);
	n = collect(p, ids, &round);
	res = n ? core_notify_prune(p->fs->se, ids, n) : 0;
	pthread_mutex_lock(&p->lock);
	if (res == -ENOSYS) {
		core_err("-o max_nodes: this kernel cannot be told to forget nodes (Linux 6.18 can); "
			 "there is no bound\n");
		return false;
	}
	*ends = rest(p, REST_MS);
	if (!*ends && (round || !n)) {
		/* What is left is in use: not the whole table again and again. */
		if (node_count(p->fs) >= *before)
			*ends = rest(p, LONG_REST_MS);
		*before = node_count(p->fs);
	}
	return true;
}

static void *prune_main(void *arg)
{
	struct prune *p = arg;
	bool works = true, ends = false;

	pthread_mutex_lock(&p->lock);
	while (!p->ends && works) {
		uint64_t before = UINT64_MAX;

		while (!p->ends && !atomic_load_explicit(&p->wanted, memory_order_relaxed))
			pthread_cond_wait(&p->cond, &p->lock);
		while (works && !ends && !p->ends && too_many(p->fs))
			works = prune_some(p, &before, &ends);
		if (works)
			atomic_store_explicit(&p->wanted, false, memory_order_relaxed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void prune_wanted(struct core_fs *fs)
{
	struct prune *p = fs->prune;

	if (!p || atomic_exchange_explicit(&p->wanted, true, memory_order_relaxed))
		return;
	pthread_mutex_lock(&p->lock);
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
}

void prune_start(struct core_fs *fs)
{
	pthread_condattr_t attr;
	struct prune *p;
	int res = -ENOMEM;

	if (!fs->cfg.max_nodes || fs->prune)
		return;
	p = calloc(1, sizeof(*p));
	if (p) {
		p->fs = fs;
		pthread_mutex_init(&p->lock, NULL);
		pthread_condattr_init(&attr);
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		pthread_cond_init(&p->cond, &attr);
		pthread_condattr_destroy(&attr);
		res = core_thread_create(&p->thread, prune_main, p);
	}
	if (!res) {
		fs->prune = p;
		return;
	}
	core_err("cannot start the thread for max_nodes: %s; there is no bound\n", strerror(-res));
	free(p);
}

void prune_stop(struct core_fs *fs)
{
	struct prune *p = fs->prune;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	fs->prune = NULL;
	pthread_cond_destroy(&p->cond);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
