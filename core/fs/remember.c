/*
 * `remember`: nodes the kernel forgot keep their number for some time, or for ever; and telling
 * the kernel to forget a path.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <string.h>

/*
 * Each idle node is in the queue once, however often it was looked up and forgotten meanwhile:
 * when its turn comes it is freed, goes back to the end, or leaves if it is in use.
 */
struct forgotten {
	struct forgotten *next;
	uint64_t nodeid;
	uint32_t at; /* not before this, plus the time to remember */
};

static uint32_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint32_t)ts.tv_sec;
}

/* Under forget_lock. */
static void enqueue(struct core_fs *fs, struct forgotten *f)
{
	f->next = NULL;
	if (fs->forgotten_tail)
		fs->forgotten_tail->next = f;
	else
		fs->forgotten = f;
	fs->forgotten_tail = f;
}

/* True: it stays. */
bool remember_forgotten(struct core_fs *fs, uint32_t idx)
{
	struct node *n = &FS_NODES(fs)->at[idx];
	uint32_t now = now_s();
	struct forgotten *f;
	bool due;

	if (!atomic_load(&n->parent))
		return false; /* nothing to be remembered by */
	atomic_fetch_or(&n->flags, NODE_IDLE);
	if (atomic_load(&n->nlookup)) { /* looked up meanwhile */
		atomic_fetch_and(&n->flags, ~(uint32_t)NODE_IDLE);
		return true;
	}
	if (fs->cfg.remember < 0)
		return true;
	pthread_mutex_lock(&fs->forget_lock);
	atomic_store_explicit(&n->idle_since, now, memory_order_relaxed);
	if (!(atomic_load(&n->flags) & NODE_QUEUED)) {
		f = malloc(sizeof(*f));
		if (!f) {
			pthread_mutex_unlock(&fs->forget_lock);
			atomic_fetch_and(&n->flags, ~(uint32_t)NODE_IDLE);
			return false;
		}
		f->nodeid = node_id(FS_NODES(fs), idx);
		f->at = now;
		atomic_fetch_or(&n->flags, NODE_QUEUED);
		enqueue(fs, f);
	}
	due = !fs->cleaner_runs && now >= fs->next_clean;
	pthread_mutex_unlock(&fs->forget_lock);
	if (due)
		core_fs_clean_cache(fs);
	return true;
}

static int interval(struct core_fs *fs)
{
	int s = fs->cfg.remember / 10;

	return s < 1 ? 1 : s > 600 ? 600 : s;
}

/* Takes what is due from the queue. Under forget_lock. The node to free, or 0. */
static uint32_t next_due(struct core_fs *fs, uint32_t now)
{
	struct forgotten *f;

	while ((f = fs->forgotten) && f->at + (uint32_t)fs->cfg.remember <= now) {
		uint32_t idx = node_from_id(FS_NODES(fs), f->nodeid);
		struct node *n = &FS_NODES(fs)->at[idx];
		uint32_t since;

		fs->forgotten = f->next;
		if (!f->next)
			fs->forgotten_tail = NULL;
		if (!idx) {
			free(f);
			continue;
		}
		since = atomic_load_explicit(&n->idle_since, memory_order_relaxed);
		if ((atomic_load(&n->flags) & NODE_IDLE) && since > f->at) {
			f->at = since; /* used and forgotten again meanwhile */
			enqueue(fs, f);
			continue;
		}
		free(f);
		/* Its next forget, which waits for our lock, may enter it again. */
		if (atomic_fetch_and(&n->flags, ~(uint32_t)NODE_QUEUED) & NODE_IDLE)
			return idx;
	}
	return 0;
}

int core_fs_clean_cache(struct core_fs *fs)
{
	uint32_t now = now_s();

	for (;;) {
		uint32_t idx = 0;

		pthread_mutex_lock(&fs->forget_lock);
		if (fs->cfg.remember > 0)
			idx = next_due(fs, now);
		if (!idx)
			fs->next_clean = now + (uint32_t)interval(fs);
		pthread_mutex_unlock(&fs->forget_lock);
		if (!idx)
			return interval(fs);
		atomic_fetch_and(&FS_NODES(fs)->at[idx].flags, ~(uint32_t)NODE_IDLE);
		node_drop(FS_NODES(fs), idx);
	}
}

void remember_free(struct core_fs *fs)
{
	struct forgotten *f;

	while ((f = fs->forgotten)) {
		fs->forgotten = f->next;
		free(f);
	}
	fs->forgotten_tail = NULL;
}

static void *cleaner(void *arg)
{
	struct core_fs *fs = arg;

	pthread_mutex_lock(&fs->forget_lock);
	while (fs->cleaner_runs) {
		struct timespec ts;

		pthread_mutex_unlock(&fs->forget_lock);
		int wait = core_fs_clean_cache(fs);

		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec += wait;
		pthread_mutex_lock(&fs->forget_lock);
		if (fs->cleaner_runs)
			pthread_cond_timedwait(&fs->cleaner_cond, &fs->forget_lock, &ts);
	}
	pthread_mutex_unlock(&fs->forget_lock);
	return NULL;
}

int core_fs_start_cleanup_thread(struct core_fs *fs)
{
	int res;

	if (fs->cfg.remember <= 0 || fs->cleaner_runs)
		return 0;
	fs->cleaner_runs = true;
	res = core_thread_create(&fs->cleaner, cleaner, fs);
	if (res) {
		fs->cleaner_runs = false;
		core_err("cannot start the thread that frees remembered nodes: %s\n",
			 strerror(-res));
	}
	return res;
}

void core_fs_stop_cleanup_thread(struct core_fs *fs)
{
	if (!fs->cleaner_runs)
		return;
	pthread_mutex_lock(&fs->forget_lock);
	fs->cleaner_runs = false;
	pthread_cond_signal(&fs->cleaner_cond);
	pthread_mutex_unlock(&fs->forget_lock);
	pthread_join(fs->cleaner, NULL);
}
