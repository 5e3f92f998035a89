/*
 * `remember`: nodes the kernel forgot keep their number for some time, or for ever; and telling
 * the kernel to forget a path.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <string.h>

struct forgotten {
	struct forgotten *next;
	uint64_t nodeid;
	time_t at;
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* True: it stays. */
bool remember_forgotten(struct core_fs *fs, uint32_t idx)
{
	struct node *n = &FS_NODES(fs)->at[idx];
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
	f = malloc(sizeof(*f));
	if (!f) {
		atomic_fetch_and(&n->flags, ~(uint32_t)NODE_IDLE);
		return false;
	}
	f->nodeid = node_id(FS_NODES(fs), idx);
	f->at = now_s();
	f->next = NULL;
	pthread_mutex_lock(&fs->forget_lock);
	if (fs->forgotten_tail)
		fs->forgotten_tail->next = f;
	else
		fs->forgotten = f;
	fs->forgotten_tail = f;
	due = !fs->cleaner_runs && f->at >= fs->next_clean;
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

int core_fs_clean_cache(struct core_fs *fs)
{
	time_t now = now_s();
	struct forgotten *f;

	for (;;) {
		uint32_t idx;

		pthread_mutex_lock(&fs->forget_lock);
		f = fs->forgotten;
		if (!f || fs->cfg.remember < 0 || f->at + fs->cfg.remember > now) {
			fs->next_clean = now + interval(fs);
			pthread_mutex_unlock(&fs->forget_lock);
			return interval(fs);
		}
		fs->forgotten = f->next;
		if (!f->next)
			fs->forgotten_tail = NULL;
		pthread_mutex_unlock(&fs->forget_lock);
		idx = node_from_id(FS_NODES(fs), f->nodeid);
		if (idx && atomic_load(&FS_NODES(fs)->at[idx].nlookup) == 0) {
			atomic_fetch_and(&FS_NODES(fs)->at[idx].flags, ~(uint32_t)NODE_IDLE);
			node_drop(FS_NODES(fs), idx);
		}
		free(f);
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

int core_fs_invalidate_path(struct core_fs *fs, const char *path)
{
	uint32_t idx = NODE_ROOT;
	char name[NODE_NAME_MAX + 1];

	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len)
			break;
		if (len > NODE_NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = 0;
		path += len;
		idx = node_find(FS_NODES(fs), idx, name);
		if (!idx)
			return -ENOENT;
		idx = node_target(FS_NODES(fs), idx);
	}
	return core_notify_inval_inode(fs->se, node_id(FS_NODES(fs), idx), 0, 0);
}
